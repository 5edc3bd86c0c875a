"""Who else has to do with a ticket: residents who follow it, everyone's rating, and whom the lead must call back."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.columns import UtcDateTime


class TicketFollower(SQLModel, table=True):
    """A resident who follows a ticket that somebody else reported.

    Who reported, or follows, a ticket that was merged follows the primary without a row of its own: taking the
    merge back then restores everybody (R6).
    """

    __tablename__ = "ticket_follower"
    __table_args__ = (
        UniqueConstraint("ticket_id", "person"),
        Index("ix_ticket_follower_person", "community_id", "person"),
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    ticket_id: int = Field(foreign_key="ticket.id")
    person: str = Field(max_length=128)
    text: str = ""
    at: datetime = Field(sa_type=UtcDateTime)


class TicketRating(SQLModel, table=True):
    """What one person said of one cycle's work: each once."""

    __tablename__ = "ticket_rating"
    __table_args__ = (UniqueConstraint("ticket_id", "cycle", "person"),)

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    ticket_id: int = Field(foreign_key="ticket.id")
    cycle: int
    person: str = Field(max_length=128)
    solved: bool | None = None
    stars: int | None = None
    text: str = ""
    at: datetime = Field(sa_type=UtcDateTime)


class TicketCallBack(SQLModel, table=True):
    """A resident to be called back, because the rating was low or the work did not help."""

    __tablename__ = "ticket_call_back"
    __table_args__ = (
        UniqueConstraint("ticket_id", "cycle", "person"),
        Index("ix_ticket_call_back", "community_id", "userid", "done_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    ticket_id: int = Field(foreign_key="ticket.id")
    cycle: int
    person: str = Field(max_length=128)
    userid: str = Field(max_length=64)
    reason: str = ""
    at: datetime = Field(sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_by: str = Field(default="", max_length=64)
    said: str = ""
