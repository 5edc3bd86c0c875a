"""Every module with tables, so that migrations and `create_all` know them all."""

from models import (
    activity,
    alarm,
    community,
    fund,
    inbox,
    outbox,
    person,
    place,
    policy,
    proposal,
    sla,
    ticket,
    ticket_people,
    ticket_time,
    unmatched,
    worker_link,
)

__all__ = [
    "activity",
    "alarm",
    "community",
    "fund",
    "inbox",
    "outbox",
    "person",
    "place",
    "policy",
    "proposal",
    "sla",
    "ticket",
    "ticket_people",
    "ticket_time",
    "unmatched",
    "worker_link",
]
