"""活动 and 报名: the tables, their state machines, and what people hear of (domain.md §6)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, Index, text
from sqlmodel import Field, SQLModel

from models.columns import StringEnum, UtcDateTime
from models.facts import Fact


class ActivityState(StrEnum):
    """Where an activity stands. FULL is no state: it is `taken == capacity_people`, and undone by a cancel."""

    DRAFT = "draft"
    PUBLISHED = "published"  # shown, sign-up not open yet
    OPEN = "open"
    CLOSED = "closed"  # sign-up over, not begun
    RUNNING = "running"
    DONE = "done"
    SETTLED = "settled"
    CANCELLED = "cancelled"


class ActivityStep(StrEnum):
    PUBLISH = "publish"
    OPEN = "open"
    CLOSE = "close"
    REOPEN = "reopen"
    START = "start"
    FINISH = "finish"
    SETTLE = "settle"
    CANCEL = "cancel"


_A, _S = ActivityState, ActivityStep
STEPS: dict[tuple[ActivityState, ActivityStep], ActivityState] = {
    (_A.DRAFT, _S.PUBLISH): _A.PUBLISHED,
    (_A.PUBLISHED, _S.OPEN): _A.OPEN,
    (_A.OPEN, _S.CLOSE): _A.CLOSED,
    (_A.CLOSED, _S.REOPEN): _A.OPEN,
    (_A.CLOSED, _S.START): _A.RUNNING,
    (_A.RUNNING, _S.FINISH): _A.DONE,
    (_A.DONE, _S.SETTLE): _A.SETTLED,
    (_A.DRAFT, _S.CANCEL): _A.CANCELLED,
    (_A.PUBLISHED, _S.CANCEL): _A.CANCELLED,
    (_A.OPEN, _S.CANCEL): _A.CANCELLED,
    (_A.CLOSED, _S.CANCEL): _A.CANCELLED,
    (_A.RUNNING, _S.CANCEL): _A.CANCELLED,
}

# Before the start: seats may still move between people.
AHEAD = frozenset({_A.PUBLISHED, _A.OPEN, _A.CLOSED})


class SignUpState(StrEnum):
    """Where one group stands."""

    PENDING = "pending"  # written, its seats not decided yet; never outlives a transaction
    CONFIRMED = "confirmed"
    WAITLISTED = "waitlisted"
    OFFERED = "offered"  # a seat is held until `offer_expires_at`
    LAPSED = "lapsed"
    CANCELLED = "cancelled"
    CHECKED_IN = "checked_in"
    NO_SHOW = "no_show"


class SignUpStep(StrEnum):
    CONFIRM = "confirm"
    WAIT = "wait"
    OFFER = "offer"
    LAPSE = "lapse"
    CANCEL = "cancel"
    CHECK_IN = "check_in"
    MISS = "miss"


_U, _T = SignUpState, SignUpStep
SIGN_UP_STEPS: dict[tuple[SignUpState, SignUpStep], SignUpState] = {
    (_U.PENDING, _T.CONFIRM): _U.CONFIRMED,
    (_U.PENDING, _T.WAIT): _U.WAITLISTED,
    (_U.WAITLISTED, _T.OFFER): _U.OFFERED,
    (_U.WAITLISTED, _T.LAPSE): _U.LAPSED,
    (_U.WAITLISTED, _T.CANCEL): _U.CANCELLED,
    (_U.OFFERED, _T.CONFIRM): _U.CONFIRMED,
    (_U.OFFERED, _T.LAPSE): _U.LAPSED,
    (_U.OFFERED, _T.CANCEL): _U.CANCELLED,
    (_U.CONFIRMED, _T.CANCEL): _U.CANCELLED,
    (_U.CONFIRMED, _T.CHECK_IN): _U.CHECKED_IN,
    (_U.CONFIRMED, _T.MISS): _U.NO_SHOW,
    (_U.CHECKED_IN, _T.CANCEL): _U.CANCELLED,  # only when the whole activity is cancelled
}

SEATED = frozenset({_U.CONFIRMED, _U.OFFERED, _U.CHECKED_IN, _U.NO_SHOW})  # counted in `Activity.taken`
LIVE = frozenset({_U.PENDING, _U.CONFIRMED, _U.WAITLISTED, _U.OFFERED, _U.CHECKED_IN})
GONE = frozenset({_U.CANCELLED, _U.LAPSED})
_NOT_GONE = text("state NOT IN ('cancelled', 'lapsed')")


class Activity(SQLModel, table=True):
    """活动。

    `taken` counts the people of all SEATED sign-ups and is only ever changed together with one of them.
    `next_at` is the next moment at which the tick has something to do here (None: never again).
    `aliases` are other names people use, separated by 「、」.
    """

    __table_args__ = (
        Index("ux_activity_code", "community_id", "code", unique=True),
        Index("ix_activity_next", "community_id", "next_at"),
        Index("ix_activity_starts", "community_id", "starts_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    code: str = Field(max_length=32)
    title: str = Field(max_length=64)
    aliases: str = Field(default="", max_length=200)
    place: str = Field(max_length=100)
    starts_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    ends_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    opens_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    closes_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    capacity_people: int
    taken: int = 0
    person_max: int = 0  # people in one sign-up; 0: no limit but the capacity
    household_max: int = 0  # people of one household over all its sign-ups; 0: no limit
    waitlist: bool = True
    allow_skip: bool = False  # a smaller later group may pass one that does not fit
    state: ActivityState = Field(sa_column=Column(StringEnum(ActivityState), nullable=False))
    note: str = Field(default="", max_length=500)
    organiser: str = Field(default="", max_length=64)
    remind_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    reminded_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    next_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    cancel_reason: str = Field(default="", max_length=200)
    created_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    version: int = 1

    @property
    def seats_left(self) -> int:
        return max(0, self.capacity_people - self.taken)

    @property
    def names(self) -> tuple[str, ...]:
        """The title and every alias."""
        return (self.title, *(name for name in self.aliases.split("、") if name))


class SignUp(SQLModel, table=True):
    """报名: one group, whole or not at all.

    `sequence` grows with every sign-up of the activity and is the order of the waiting list. `household` is empty
    as long as nobody knows where the person lives.
    """

    __tablename__ = "sign_up"
    __table_args__ = (
        Index(
            "ux_sign_up_person",
            "activity_id",
            "person",
            unique=True,
            sqlite_where=_NOT_GONE,
            postgresql_where=_NOT_GONE,
        ),
        Index("ix_sign_up_queue", "activity_id", "state", "sequence"),
        Index("ix_sign_up_person", "community_id", "person"),
        Index("ix_sign_up_offer", "community_id", "offer_expires_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    activity_id: int = Field(foreign_key="activity.id")
    person: str = Field(max_length=128)
    household: str = Field(default="", max_length=64)
    name: str = Field(default="", max_length=32)
    phone: str = Field(default="", max_length=20)
    people: int
    companions: str = Field(default="", max_length=64)
    state: SignUpState = Field(sa_column=Column(StringEnum(SignUpState), nullable=False))
    sequence: int
    offer_expires_at: datetime | None = Field(default=None, sa_column=Column(UtcDateTime))
    signed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    changed_at: datetime = Field(sa_column=Column(UtcDateTime, nullable=False))
    version: int = 1


@dataclass(frozen=True, slots=True)
class Guest:
    """One group as a notice needs it."""

    sign_up_id: int
    person: str
    people: int


@dataclass(frozen=True, slots=True)
class SignedUp(Fact):
    """A group has its seats; whoever did it reads the answer itself."""

    code: str
    guest: Guest


@dataclass(frozen=True, slots=True)
class Promoted(Fact):
    """A waiting group is offered its seats until `expires_at`."""

    code: str
    title: str
    starts_at: datetime
    place: str
    guest: Guest
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class OfferLapsed(Fact):
    """Nobody answered the offer in time; the seats went on."""

    code: str
    title: str
    guest: Guest


@dataclass(frozen=True, slots=True)
class WaitOver(Fact):
    """The activity began, and these were still waiting."""

    code: str
    title: str
    guests: tuple[Guest, ...]


@dataclass(frozen=True, slots=True)
class ActivityTomorrow(Fact):
    """The reminder the day before, to everybody with a confirmed seat."""

    code: str
    title: str
    starts_at: datetime
    place: str
    note: str
    guests: tuple[Guest, ...]


@dataclass(frozen=True, slots=True)
class ActivityMoved(Fact):
    """Time or place changed: everybody signed up or waiting must hear it. `version` tells changes apart."""

    code: str
    title: str
    starts_at: datetime
    place: str
    version: int
    guests: tuple[Guest, ...]


@dataclass(frozen=True, slots=True)
class ActivityCancelled(Fact):
    """It will not take place; `guests` are all who were signed up or waiting."""

    code: str
    title: str
    starts_at: datetime
    reason: str
    guests: tuple[Guest, ...]
