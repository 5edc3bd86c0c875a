"""What was heard and answered, and where each conversation stands."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.columns import UtcDateTime


class Inbox(SQLModel, table=True):
    """One message and the answer it got: a retry reads the same answer here (R5).

    `answer` is the turn as JSON, None while the message is being worked on in an open transaction. `text` is kept
    for the community's retention time and then emptied, and so is `understood`: why it was understood so (one line in
    Chinese), the other likely intents, and the slots.
    `intent` of an event is the event's name: a click or a follow opens a window in which an account may write
    (models/quota.py).
    """

    __table_args__ = (
        UniqueConstraint("account", "message_id"),
        Index("ix_inbox_person", "person", "heard_at"),
        Index("ix_inbox_heard", "heard_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    account: str = Field(max_length=32)
    message_id: str = Field(max_length=200)
    person: str = Field(max_length=128)
    kind: str = Field(max_length=16)
    text: str = ""
    intent: str = Field(default="", max_length=32)
    decision: str = Field(default="", max_length=8)
    heard_at: datetime = Field(sa_type=UtcDateTime)
    answer: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    understood: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))


class PlainSignature(SQLModel, table=True):
    """A signature that does not cover its body (plain mode), and the body it came with: no other may stand under it.

    Shared by all processes and kept over restarts, for as long as the signature's time would be accepted.
    """

    __tablename__ = "plain_signature"
    __table_args__ = (Index("ix_plain_signature_heard", "heard_at"),)

    account: str = Field(primary_key=True, max_length=32)
    signature: str = Field(primary_key=True, max_length=64)
    community_id: int = Field(foreign_key="community.id")
    digest: str = Field(max_length=32)
    heard_at: datetime = Field(sa_type=UtcDateTime)


class DialogRow(SQLModel, table=True):
    """The open dialog of one person in one chat; an idle one becomes the `draft` that 「继续」 takes up again."""

    __tablename__ = "dialog"

    community_id: int = Field(foreign_key="community.id")
    chat: str = Field(primary_key=True, max_length=128)
    person: str = Field(primary_key=True, max_length=128)
    state: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    draft: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True)))
    updated_at: datetime = Field(sa_type=UtcDateTime)
