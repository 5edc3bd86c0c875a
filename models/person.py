"""People, the accounts they write from, and the households they belong to (domain.md §1)."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from models.columns import StringEnum, UtcDateTime
from models.place import OPEN_ROW

OPEN_REPRESENTATIVE = text("valid_to IS NULL AND is_representative")


class Relation(StrEnum):
    """How somebody belongs to a household."""

    OWNER = "owner"
    FAMILY = "family"
    TENANT = "tenant"


class VerifiedBy(StrEnum):
    """Who vouched for a binding: a code on paper, the community's own lists, an owner."""

    CODE = "code"
    WORKER = "worker"
    OWNER_CONFIRM = "owner_confirm"


class Person(SQLModel, table=True):
    """A resident or somebody on duty. The phone is stored sealed, with a fingerprint to find it again (`models.vault`)."""

    __table_args__ = (Index("ix_person_phone", "community_id", "phone_print"),)

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    name: str = Field(default="", max_length=64)
    phone_enc: str = Field(default="", max_length=256)
    phone_print: str = Field(default="", max_length=32)
    birth_month: str = Field(default="", max_length=7)  # YYYY-MM


class ChannelIdentity(SQLModel, table=True):
    """An account that a person writes from: `person_key` is `<account>:<openid>`; nobody's until it is bound.

    `code_misses` counts wrong codes since `missed_at`, so that nobody can try them all.
    """

    __tablename__ = "channel_identity"
    __table_args__ = (UniqueConstraint("community_id", "person_key"),)

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    person_key: str = Field(max_length=128)
    unionid: str = Field(default="", max_length=64)
    person_id: int | None = Field(default=None, foreign_key="person.id", index=True)
    bound_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    code_misses: int = 0
    missed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Binding(SQLModel, table=True):
    """That a person belongs to a household, from when to when.

    G5 is the database's own: one open binding for a person and a household, one open representative a household.
    """

    __table_args__ = (
        Index(
            "ux_binding_open",
            "person_id",
            "household_id",
            unique=True,
            sqlite_where=OPEN_ROW,
            postgresql_where=OPEN_ROW,
        ),
        Index(
            "ux_binding_representative",
            "household_id",
            unique=True,
            sqlite_where=OPEN_REPRESENTATIVE,
            postgresql_where=OPEN_REPRESENTATIVE,
        ),
        Index("ix_binding_household", "household_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    person_id: int = Field(foreign_key="person.id")
    household_id: int = Field(foreign_key="household.id")
    relation: Relation = Field(sa_column=Column(StringEnum(Relation), nullable=False))
    verified_by: VerifiedBy = Field(sa_column=Column(StringEnum(VerifiedBy), nullable=False))
    is_representative: bool = False
    valid_from: datetime = Field(sa_type=UtcDateTime)
    valid_to: datetime | None = Field(default=None, sa_type=UtcDateTime)


class HouseholdCode(SQLModel, table=True):
    """A code on paper that binds one person to a household, once; only its fingerprint is kept."""

    __tablename__ = "household_code"
    __table_args__ = (UniqueConstraint("community_id", "code_print"),)

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    household_id: int = Field(foreign_key="household.id", index=True)
    code_print: str = Field(max_length=32)
    issued_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    used_by: str = Field(default="", max_length=128)
