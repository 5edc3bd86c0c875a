"""What clocks were started under: versions of policies and calendars, and the holidays that an office entered."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, SQLModel

from models.columns import UtcDateTime


class PolicyVersion(SQLModel, table=True):
    """时限 as they once stood; `version` is what clocks carry."""

    __tablename__ = "policy_version"

    community_id: int = Field(foreign_key="community.id", primary_key=True)
    version: str = Field(primary_key=True, max_length=16)
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    since: datetime = Field(sa_type=UtcDateTime)


class CalendarVersion(SQLModel, table=True):
    """A working calendar with its holidays as it once stood; clocks go on counting by theirs."""

    __tablename__ = "calendar_version"

    community_id: int = Field(foreign_key="community.id", primary_key=True)
    version: str = Field(primary_key=True, max_length=16)
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    since: datetime = Field(sa_type=UtcDateTime)


class HolidayEntry(SQLModel, table=True):
    """A year's holidays that were imported; it goes before the year that was shipped."""

    __tablename__ = "holiday_year"

    community_id: int = Field(foreign_key="community.id", primary_key=True)
    year: int = Field(primary_key=True)
    body: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    digest: str = Field(max_length=16)
    imported_at: datetime = Field(sa_type=UtcDateTime)
