"""Time that a ticket is given beyond its deadline: holds while somebody else is waited for, and extensions."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from models.columns import StringEnum, UtcDateTime

HOLD_MOST = timedelta(hours=72)  # one hold (domain.md §2)
HOLD_TOTAL = timedelta(days=7)  # all holds of a cycle
HOLD_ALONE = timedelta(hours=8)  # longer, or a second one, needs the lead
EXTENSIONS = 2
EXTEND_MOST = timedelta(days=7)


class HoldReason(StrEnum):
    """Whom or what the work waits for; nothing else stops the clock."""

    RESIDENT = "等居民"
    PARTS = "等配件"
    APPOINTMENT = "居民另约"
    WEATHER = "天气安全"
    APPROVAL = "上级审批"


# A word of the resident ends these: he is who is waited for.
FOR_RESIDENT = frozenset({HoldReason.RESIDENT, HoldReason.APPOINTMENT})


class TicketHold(SQLModel, table=True):
    """One hold: asked for (`since` is None), running (`ended_at` is None), or over.

    `ended_by`: timer, resident, step (somebody went on with the work), merge, denied, or the worker's account.
    """

    __tablename__ = "ticket_hold"
    __table_args__ = (
        Index("ix_ticket_hold", "ticket_id", "cycle"),
        Index("ix_ticket_hold_until", "ended_at", "until"),
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    ticket_id: int = Field(foreign_key="ticket.id")
    cycle: int
    reason: HoldReason = Field(sa_column=Column(StringEnum(HoldReason), nullable=False))
    note: str = ""
    asked_by: str = Field(max_length=64)
    asked_at: datetime = Field(sa_type=UtcDateTime)
    decided_by: str = Field(default="", max_length=64)
    since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    until: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_by: str = Field(default="", max_length=64)


class TicketExtension(SQLModel, table=True):
    """More time for the work: asked for by the assignee, granted or denied by the level above."""

    __tablename__ = "ticket_extension"
    __table_args__ = (Index("ix_ticket_extension", "ticket_id", "cycle"),)

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    ticket_id: int = Field(foreign_key="ticket.id")
    cycle: int
    by_s: int
    reason: str = ""
    asked_by: str = Field(max_length=64)
    asked_at: datetime = Field(sa_type=UtcDateTime)
    decided_by: str = Field(default="", max_length=64)
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    granted: bool | None = None
