"""Grids, buildings and who is on duty for them."""

from datetime import datetime

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.columns import UtcDateTime


class Grid(SQLModel, table=True):
    """网格。`kind`: community > grid > microgrid; `path` is the walk from the root, e.g. `demo/W01` (G1)."""

    __table_args__ = (UniqueConstraint("community_id", "code"),)

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    parent_id: int | None = Field(default=None, foreign_key="grid.id")
    kind: str = Field(default="microgrid", max_length=16)
    code: str = Field(max_length=16)
    name: str = Field(max_length=64)
    path: str = Field(max_length=128)
    valid_from: datetime = Field(sa_type=UtcDateTime)
    valid_to: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Building(SQLModel, table=True):
    """楼栋。`estate` is "" where the community has one estate; `no` as in `nlp` slots: "3", "A2".

    Its microgrid, of today and of earlier days, is in `BuildingGrid` (G2: exactly one at any instant).
    """

    __table_args__ = (UniqueConstraint("community_id", "estate", "no"),)

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    estate: str = Field(default="", max_length=64)
    no: str = Field(max_length=16)


class BuildingGrid(SQLModel, table=True):
    """Which microgrid a building belonged to, from when to when."""

    __tablename__ = "building_grid"
    __table_args__ = (Index("ix_building_grid", "building_id", "valid_to"),)

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    building_id: int = Field(foreign_key="building.id")
    grid_id: int = Field(foreign_key="grid.id")
    valid_from: datetime = Field(sa_type=UtcDateTime)
    valid_to: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Worker(SQLModel, table=True):
    """微网格员、网格长、社区工作人员: known by the 企业微信 account."""

    __table_args__ = (UniqueConstraint("community_id", "userid"),)

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    userid: str = Field(max_length=64)
    name: str = Field(max_length=64)
    phone: str = Field(default="", max_length=32)


class Duty(SQLModel, table=True):
    """Who answers for a grid: role `micro_worker` (rank A, then B), `grid_lead`, or `dispatcher` of the community."""

    __table_args__ = (Index("ix_duty", "community_id", "grid_id", "valid_to"),)

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    worker_id: int = Field(foreign_key="worker.id")
    grid_id: int = Field(foreign_key="grid.id")
    role: str = Field(max_length=16)
    rank: str = Field(default="A", max_length=1)
    valid_from: datetime = Field(sa_type=UtcDateTime)
    valid_to: datetime | None = Field(default=None, sa_type=UtcDateTime)
