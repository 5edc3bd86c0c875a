"""Notices on their way out: written in the transaction of their cause, sent afterwards, once."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, SQLModel

from models.columns import StringEnum, UtcDateTime


class OutboxState(StrEnum):
    """`unknown`: the process died, or the line was cut, between the call and its answer."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    DRY_RUN = "dry_run"
    FAILED = "failed"  # dead letter: an admin sees it and can resend it
    UNKNOWN = "unknown"
    SUPERSEDED = "superseded"


class OutboxRow(SQLModel, table=True):
    """One push to one person; `dedupe_key` is unique for ever, so nothing is said twice."""

    __tablename__ = "outbox"
    __table_args__ = (
        Index("ix_outbox_due", "state", "due_at"),
        Index("ix_outbox_topic", "topic", "person", "state"),
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    dedupe_key: str = Field(unique=True, max_length=240)
    account: str = Field(max_length=32)
    person: str = Field(max_length=128)
    topic: str = Field(default="", max_length=160)
    urgent: bool = False
    resend: bool = True
    notice: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    state: OutboxState = Field(sa_column=Column(StringEnum(OutboxState), nullable=False))
    due_at: datetime = Field(sa_type=UtcDateTime)
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    attempts: int = 0
    created_at: datetime = Field(sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    way: str = Field(default="", max_length=16)
    reference: str = Field(default="", max_length=64)
    error_code: int = 0
    error: str = ""
