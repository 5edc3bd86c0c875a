"""The two trees (domain.md §1): grids, and estates with buildings, units and households; dated rows join them."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import JSON, Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from models.columns import StringEnum, UtcDateTime

OPEN_ROW = text("valid_to IS NULL")


class Source(StrEnum):
    """Who said it: the configuration, whose word counts for the grids it names, or an imported file."""

    CONFIG = "config"
    IMPORT = "import"


class EstateKind(StrEnum):
    """小区类型."""

    NEW = "new"
    RESETTLED = "resettled"
    OLD = "old"
    RURAL = "rural"
    DISPUTED = "disputed"


class Management(StrEnum):
    """How an estate pays for its management (管理方式)."""

    LUMP_SUM = "lump_sum"
    REMUNERATION = "remuneration"
    TRUST = "trust"
    SELF = "self"


class Occupancy(StrEnum):
    """How a household's rooms are used (状态)."""

    LIVED_IN = "lived_in"
    RENTED = "rented"
    VACANT = "vacant"
    BUSINESS = "business"
    OTHER = "other"


def _aliases() -> Column[list[str]]:
    return Column(JSON, nullable=False, server_default="[]")


class Grid(SQLModel, table=True):
    """网格. `kind`: community > grid > microgrid; `path` is the walk from the root, e.g. `1/G01/W01` (G1).

    `special` names what a special grid (专属网格) is for: 学校, 市场; "" for an ordinary one.
    """

    __table_args__ = (UniqueConstraint("community_id", "code"),)

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    parent_id: int | None = Field(default=None, foreign_key="grid.id")
    kind: str = Field(default="microgrid", max_length=16)
    code: str = Field(max_length=16)
    name: str = Field(max_length=64)
    path: str = Field(max_length=128)
    special: str = Field(default="", max_length=16, sa_column_kwargs={"server_default": ""})
    source: str = Field(default=Source.CONFIG, max_length=8, sa_column_kwargs={"server_default": "config"})
    valid_from: datetime = Field(sa_type=UtcDateTime)
    valid_to: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Estate(SQLModel, table=True):
    """小区、院落. Its buildings carry its name; `aliases` are other names that residents use."""

    __table_args__ = (UniqueConstraint("community_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    name: str = Field(max_length=64)
    kind: EstateKind | None = Field(default=None, sa_column=Column(StringEnum(EstateKind)))
    management: Management | None = Field(default=None, sa_column=Column(StringEnum(Management)))
    aliases: list[str] = Field(default_factory=list, sa_column=_aliases())


class Building(SQLModel, table=True):
    """楼栋. `estate` is "" where the community has one estate; `no` as in `nlp` slots: "3", "A2".

    Its microgrid, of today and of earlier days, is in `BuildingGrid` (G2: exactly one at any instant while the
    building is active). `gone_at` says since when no grid names it any more; an active one has none.
    """

    __table_args__ = (UniqueConstraint("community_id", "estate", "no"),)

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    estate: str = Field(default="", max_length=64)
    no: str = Field(max_length=16)
    aliases: list[str] = Field(default_factory=list, sa_column=_aliases())
    gone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class BuildingGrid(SQLModel, table=True):
    """Which microgrid a building belonged to, from when to when; one open row at most for each building (G2)."""

    __tablename__ = "building_grid"
    __table_args__ = (
        Index("ix_building_grid", "building_id", "valid_to"),
        Index(
            "ux_building_grid_open",
            "building_id",
            unique=True,
            sqlite_where=OPEN_ROW,
            postgresql_where=OPEN_ROW,
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    building_id: int = Field(foreign_key="building.id")
    grid_id: int = Field(foreign_key="grid.id")
    source: str = Field(default=Source.CONFIG, max_length=8, sa_column_kwargs={"server_default": "config"})
    valid_from: datetime = Field(sa_type=UtcDateTime)
    valid_to: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Unit(SQLModel, table=True):
    """单元; `no` is "" where a building has none."""

    __table_args__ = (UniqueConstraint("building_id", "no"),)

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    building_id: int = Field(foreign_key="building.id")
    no: str = Field(default="", max_length=8)


class Household(SQLModel, table=True):
    """户: what votes, pays and lives behind one door (G4: one for each room). `area` in 0.01 m²."""

    __table_args__ = (UniqueConstraint("unit_id", "room"),)

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    unit_id: int = Field(foreign_key="unit.id")
    room: str = Field(max_length=16)
    area: int | None = None
    occupancy: Occupancy | None = Field(default=None, sa_column=Column(StringEnum(Occupancy)))


class Worker(SQLModel, table=True):
    """微网格员、网格长、社区工作人员: known by the 企业微信 account."""

    __table_args__ = (UniqueConstraint("community_id", "userid"),)

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    userid: str = Field(max_length=64)
    name: str = Field(max_length=64)
    phone: str = Field(default="", max_length=32)


class Duty(SQLModel, table=True):
    """Who answers for a grid or a building, in one of the roles of `models.roles`; rank A, then B.

    Whoever has a 企业微信 account is named by `worker_id`, everybody else by `person_id`. `shift` as in
    `models.shifts`, "" for round the clock.
    """

    __table_args__ = (Index("ix_duty", "community_id", "grid_id", "valid_to"),)

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    worker_id: int | None = Field(default=None, foreign_key="worker.id")
    person_id: int | None = Field(default=None, foreign_key="person.id")
    grid_id: int | None = Field(default=None, foreign_key="grid.id")
    building_id: int | None = Field(default=None, foreign_key="building.id")
    role: str = Field(max_length=16)
    rank: str = Field(default="A", max_length=1)
    shift: str = Field(default="", max_length=32, sa_column_kwargs={"server_default": ""})
    source: str = Field(default=Source.CONFIG, max_length=8, sa_column_kwargs={"server_default": "config"})
    valid_from: datetime = Field(sa_type=UtcDateTime)
    valid_to: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Absence(SQLModel, table=True):
    """请假: from when to when a worker is away, and whom he named to stand in; `ended_at` when he came back early."""

    __table_args__ = (Index("ix_absence", "community_id", "worker_id", "ends_at"),)

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    worker_id: int = Field(foreign_key="worker.id")
    stand_in_id: int | None = Field(default=None, foreign_key="worker.id")
    starts_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    reported_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
