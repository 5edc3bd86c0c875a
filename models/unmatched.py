"""What residents said that was not understood: masked, for the admin who teaches the bot new words."""

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from models.columns import UtcDateTime

OUT_OF_SCOPE = "oos"


class Unmatched(SQLModel, table=True):
    """One message; `text` has no telephone, name or room in it. `guess` is the likeliest intent, "" for none.

    `sorted_as` is "" until an admin has sorted it: the 标识 of an intent, or "oos" for none of ours.
    """

    __table_args__ = (Index("ix_unmatched_heard", "community_id", "heard_at"),)

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    text: str = Field(max_length=200)
    guess: str = Field(default="", max_length=40)
    sorted_as: str = Field(default="", max_length=40)
    heard_at: datetime = Field(sa_type=UtcDateTime)
