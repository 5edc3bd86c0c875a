"""议事 (proposals): what many have to talk about before anybody can do it (domain.md §8)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.columns import StringEnum, UtcDateTime


class ProposalState(StrEnum):
    RAISED = "raised"
    SCREENED = "screened"
    SUPPORTED = "supported"
    DELIBERATING = "deliberating"
    RESOLVED = "resolved"
    EXECUTING = "executing"
    REVIEWING = "reviewing"
    CLOSED = "closed"
    DECLINED = "declined"


class Proposal(SQLModel, table=True):
    """One 议题. `number` is `YYMMDD-YS-nnnn`; `raised_by` is a person key, `owner` who answers for the next hop."""

    __table_args__ = (
        UniqueConstraint("community_id", "number"),
        Index("ix_proposal_state", "community_id", "state"),
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    number: str = Field(max_length=32)
    state: ProposalState = Field(sa_column=Column(StringEnum(ProposalState), nullable=False))
    title: str = Field(max_length=100)
    text: str
    category: str = Field(default="其他", max_length=32)
    grid_path: str = Field(default="", max_length=128)
    raised_by: str = Field(max_length=128)
    owner: str = Field(default="", max_length=64)
    raised_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    version: int = 1
