"""Every module with tables, so that migrations and `create_all` know them all."""

from models import activity, community, fund, inbox, outbox, person, place, sla, ticket, unmatched

__all__ = [
    "activity",
    "community",
    "fund",
    "inbox",
    "outbox",
    "person",
    "place",
    "sla",
    "ticket",
    "unmatched",
]
