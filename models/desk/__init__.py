"""The Desk: the one door to the database, one file for each noun."""

from models.desk.absences import AbsenceDesk
from models.desk.activities import ActivityDesk
from models.desk.funds import FundDesk
from models.desk.households import HouseholdDesk
from models.desk.overdue import OverdueDesk
from models.desk.place_sync import PlaceSync
from models.desk.sayings import SayingDesk
from models.desk.scope import ScopeDesk
from models.desk.tickets import TicketDesk
from models.desk.worker_links import WorkerLinkDesk


class Desk(
    TicketDesk,
    FundDesk,
    ActivityDesk,
    HouseholdDesk,
    AbsenceDesk,
    ScopeDesk,
    PlaceSync,
    OverdueDesk,
    SayingDesk,
    WorkerLinkDesk,
):
    """All parts of the Desk over one transaction."""


__all__ = ["Desk"]
