"""The Desk: the one door to the database, one file for each noun."""

from models.desk.activities import ActivityDesk
from models.desk.funds import FundDesk
from models.desk.places import PlaceDesk
from models.desk.tickets import TicketDesk


class Desk(TicketDesk, FundDesk, ActivityDesk, PlaceDesk):
    """All parts of the Desk over one transaction."""


__all__ = ["Desk"]
