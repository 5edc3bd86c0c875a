"""Alarms: what a person in the office must see until somebody has taken care of it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from models.columns import StringEnum, UtcDateTime
from models.facts import Fact
from models.ticket import Ticket


class AlarmKind(StrEnum):
    """`emergency`: a person is in danger and nobody has answered yet; `unreachable`: a reminder reached nobody on
    duty; `account`: a platform takes nothing of an account any more."""

    EMERGENCY = "emergency"
    UNREACHABLE = "unreachable"
    ACCOUNT = "account"


class Alarm(SQLModel, table=True):
    """One alarm; open while `cleared_at` is None. `about` is a ticket's number, or the 编号 of an account.

    `next_at` is when an alarm that nobody answers is raised again (None: it only waits to be seen), `level` how often
    it was. `cleared_by` is a worker's account, or "system" when what it was about was over.
    """

    __table_args__ = (
        Index("ix_alarm_open", "community_id", "cleared_at", "next_at"),
        Index("ix_alarm_about", "community_id", "about", "kind"),
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    kind: AlarmKind = Field(sa_column=Column(StringEnum(AlarmKind), nullable=False))
    about: str = Field(max_length=64)
    details: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    level: int = 0
    raised_at: datetime = Field(sa_type=UtcDateTime)
    next_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    cleared_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    cleared_by: str = Field(default="", max_length=64)


@dataclass(frozen=True, slots=True)
class AlarmRaised(Fact):
    """An alarm stands that was not there before; `ticket` when it is about one."""

    alarm: Alarm
    ticket: Ticket | None = None


@dataclass(frozen=True, slots=True)
class EmergencyUnanswered(Fact):
    """Nobody has answered an emergency in time: its ticket, and the alarm at its new level."""

    alarm: Alarm
    ticket: Ticket
