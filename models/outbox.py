"""Notices on their way out: written in the transaction of their cause, sent afterwards, once."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from models.columns import StringEnum, UtcDateTime


class OutboxState(StrEnum):
    """`unknown`: the process died, or the line was cut, between the call and its answer; `held`: the platform lets
    nothing through until the person writes again, which makes it pending."""

    PENDING = "pending"
    HELD = "held"
    SENDING = "sending"
    SENT = "sent"
    DRY_RUN = "dry_run"
    FAILED = "failed"  # dead letter: an admin sees it and can resend it
    UNKNOWN = "unknown"
    SUPERSEDED = "superseded"


class OutboxRow(SQLModel, table=True):
    """One push to one person; `dedupe_key` is unique for ever, so nothing is said twice.

    `about` is a ticket's number. What `must_reach` somebody on duty takes another way when this one does not bring
    it there; `relayed` says that it has. `called_at` is when the platform was last called with it, None when it is
    known that nothing came of the call (models/quota.py).
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_due", "state", "urgent", "due_at"),
        Index("ix_outbox_topic", "topic", "person", "state"),
        Index("ix_outbox_called", "person", "called_at"),
        Index("ix_outbox_stranded", "must_reach", "relayed", "state"),
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    dedupe_key: str = Field(unique=True, max_length=240)
    account: str = Field(max_length=32)
    person: str = Field(max_length=128)
    topic: str = Field(default="", max_length=160)
    urgent: bool = False
    resend: bool = True
    about: str = Field(default="", max_length=64)
    must_reach: bool = False
    relayed: bool = False
    notice: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    state: OutboxState = Field(sa_column=Column(StringEnum(OutboxState), nullable=False))
    due_at: datetime = Field(sa_type=UtcDateTime)
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempts: int = 0
    called_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    created_at: datetime = Field(sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    way: str = Field(default="", max_length=16)
    reference: str = Field(default="", max_length=64)
    error_code: int = 0
    error: str = ""


class PushPause(SQLModel, table=True):
    """A platform that takes nothing of an account for a while: by one `way` (custom, template …), or "" by any.

    `tries` counts how often it was found closed in a row.
    """

    __tablename__ = "push_pause"

    community_id: int = Field(foreign_key="community.id", primary_key=True)
    account: str = Field(primary_key=True, max_length=32)
    way: str = Field(primary_key=True, max_length=16)
    until: datetime = Field(sa_type=UtcDateTime)
    tries: int = 1
    error_code: int = 0
    error: str = ""
