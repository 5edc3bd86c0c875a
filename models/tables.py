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
    sla,
    ticket,
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
    "sla",
    "ticket",
    "unmatched",
    "worker_link",
]
