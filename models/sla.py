"""The five clocks (5个1): rows with a deadline and the next rung, and the pure judgement of what is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import JSON, Column, Connection, Index, MetaData, UniqueConstraint, event, text
from sqlmodel import Field, SQLModel

from models.calendar import Calendar
from models.columns import StringEnum, UtcDateTime
from models.facts import Fact
from models.rules import StageRule
from models.sla_time import Run, exceeded, reached
from models.sla_triggers import TRIGGERS
from models.ticket import Stage, Ticket

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)


class SlaClock(SQLModel, table=True):
    """One deadline of one ticket in one cycle (C5: unique).

    `target_s` in seconds of the clock's calendar (`calendar_version`; "" is natural time), of which `extended_s` were
    granted and `lowered_s` taken away by a merge. `due_at` is when the target is reached, `late_after` the last moment
    that is still on time (later where the target ends with the working day); both None while the clock is held, until
    `held_until` where that is known. `rungs` are `[seconds from the deadline, level]` in order (level 0 the worker,
    1 the grid lead, 2 the community, 3 the street), and third, where it cannot be told from the deadline, the moment
    as microseconds since 1970; frozen when the clock starts, so that an edit of the rules touches only later clocks.
    `next_rung_at` is when the tick must look; None when nothing is left. `breached_at` is written once and never
    removed (its row is `SlaBreach`). `epoch` counts changes of the deadline. `missing_year`: the deadline is
    provisional because nobody has said which days of that year are holidays.
    """

    __tablename__ = "sla_clock"
    __table_args__ = (
        UniqueConstraint("ticket_id", "cycle", "stage"),
        Index("ix_sla_clock_next", "stopped_at", "next_rung_at"),
        Index(
            "ix_sla_clock_held",
            "held_until",
            sqlite_where=text("held_until IS NOT NULL"),
            postgresql_where=text("held_until IS NOT NULL"),
        ),
        Index(
            "ix_sla_clock_missing",
            "missing_year",
            sqlite_where=text("missing_year IS NOT NULL"),
            postgresql_where=text("missing_year IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    ticket_id: int = Field(foreign_key="ticket.id")
    cycle: int
    stage: Stage = Field(sa_column=Column(StringEnum(Stage), nullable=False))
    policy_version: str = Field(default="", max_length=16)
    calendar_version: str = Field(default="", max_length=16)
    target_s: float
    extended_s: float = 0
    lowered_s: float = 0
    started_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    late_after: datetime | None = Field(default=None, sa_type=UtcDateTime)
    held_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    missing_year: int | None = None
    stopped_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    stop_reason: str = Field(default="", max_length=16)
    epoch: int = 1
    breached_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    rungs: list[list[float]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    rung: int = 0
    next_rung_at: datetime | None = Field(default=None, sa_type=UtcDateTime)

    @property
    def is_held(self) -> bool:
        return self.due_at is None


class ClockSegment(SQLModel, table=True):
    """A span in which a clock ran; the last one is open while it runs. Their working time is the clock's (C1)."""

    __tablename__ = "clock_segment"
    __table_args__ = (UniqueConstraint("clock_id", "run_from"),)

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    clock_id: int = Field(foreign_key="sla_clock.id")
    run_from: datetime = Field(sa_type=UtcDateTime)
    run_to: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SlaBreach(SQLModel, table=True):
    """A deadline was missed: written once for a clock, never changed nor removed (triggers see to it).

    `cause`: `late`; `reprioritised`, `merged` or `recalculated` when a changed target lay in the past already.
    """

    __tablename__ = "sla_breach"

    clock_id: int = Field(foreign_key="sla_clock.id", primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    at: datetime = Field(sa_type=UtcDateTime)
    cause: str = Field(max_length=16)
    target_s: float
    noted_at: datetime = Field(sa_type=UtcDateTime)


@event.listens_for(SQLModel.metadata, "after_create")
def _stand_triggers(_target: MetaData, connection: Connection, **_: Any) -> None:
    """Where tables are made at once (tests); a migration executes the same statements."""
    for statement in TRIGGERS.get(connection.dialect.name, ()):
        connection.exec_driver_sql(statement)


class SlaChange(SQLModel, table=True):
    """The trail of every change of a running clock, by whom and why; `before` and `after` hold what changed."""

    __tablename__ = "sla_change"

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    clock_id: int = Field(foreign_key="sla_clock.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    cause: str = Field(max_length=16)
    actor: str = Field(default="", max_length=128)
    reason: str = Field(default="", max_length=200)
    before: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))
    after: dict[str, Any] = Field(sa_column=Column(JSON, nullable=False))


@dataclass(frozen=True, slots=True)
class ClockRung(Fact):
    """A reminder is due: `left` until the deadline (negative: overdue by that much), `level` how high it goes."""

    ticket: Ticket
    clock: SlaClock
    rung: int
    level: int
    left: timedelta


@dataclass(frozen=True, slots=True)
class HolidaysUnknown(Fact):
    """A deadline leads into a year whose holidays nobody has entered (C10): it is provisional."""

    year: int


@dataclass(frozen=True, slots=True)
class HolidaysEnd(Fact):
    """The known holidays end within 60 days, or have ended; `last` is their last day."""

    last: date


def topic_of(clock: SlaClock) -> str:
    """What all reminders of one clock share: stopping the clock withdraws those not yet sent (C6)."""
    return f"clock:{clock.ticket_id}:{clock.cycle}:{clock.stage.value}"


def plan(rule: StageRule) -> list[list[float]]:
    """The rungs of a stage in order: before, at, and after the deadline.

    The rung at the deadline goes to the worker unless the ladder itself starts there (accept: to the lead).
    """
    rungs = [[-wait.total_seconds(), 0.0] for wait in rule.before if wait < rule.limit]
    ladder = [[wait.total_seconds(), float(level)] for level, wait in enumerate(rule.ladder, start=1)]
    if not any(seconds == 0 for seconds, _ in ladder):
        rungs.append([0.0, 0.0])
    return sorted(rungs + ladder)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a clock is due, until when it is on time, and when its rungs ring; all None and plain while it is held."""

    due_at: datetime | None
    late_after: datetime | None
    rungs: list[list[float]]


def schedule(
    target: timedelta, rungs: Sequence[Sequence[float]], runs: Sequence[Run], calendar: Calendar | None
) -> Schedule:
    """Where the runs so far and the calendar put the deadline and each rung (pure).

    Raises:
        NeverWorks, NoHolidayData: the calendar cannot say.
    """
    plain = [list(rung[:2]) for rung in rungs]
    if not runs or runs[-1][1] is not None:
        return Schedule(None, None, plain)
    due_at = reached(runs, target, calendar)
    if calendar is None and len(runs) == 1:  # the deadline tells them all
        return Schedule(due_at, due_at, plain)
    placed = []
    for offset, level in plain:
        at = reached(runs, target + timedelta(seconds=offset), calendar)
        assert at is not None
        placed.append([offset, level, (at - _EPOCH) // _MICRO])
    return Schedule(due_at, exceeded(runs, target, calendar), placed)


def rung_at(due_at: datetime, rungs: Sequence[Sequence[float]], number: int) -> datetime | None:
    """When rung `number` rings; None past the last."""
    if number >= len(rungs):
        return None
    rung = rungs[number]
    return due_at + timedelta(seconds=rung[0]) if len(rung) < 3 else _EPOCH + int(rung[2]) * _MICRO


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a clock wants at a moment: the rung to ring now (the highest that has passed; None: nothing yet),
    where the clock goes on, when to look again, and whether the deadline has been missed."""

    ring: int | None
    next_rung: int
    next_rung_at: datetime | None
    breached: bool


def judge(clock: SlaClock, now: datetime) -> Judgement:
    """Pure: the same clock and moment always give the same judgement.

    After an outage only the highest rung that has passed is rung, the lower ones are skipped (domain.md §3).
    Equality is on time: a clock is breached only after its deadline, and looked at then, not at its next rung.
    """
    if clock.due_at is None or clock.late_after is None:
        return Judgement(None, clock.rung, None, False)
    passed = clock.rung
    while (at := rung_at(clock.due_at, clock.rungs, passed)) is not None and at <= now:
        passed += 1
    breached = now > clock.late_after
    look = rung_at(clock.due_at, clock.rungs, passed)
    if not breached and clock.breached_at is None and (look is None or look > clock.late_after):
        look = clock.late_after + _MICRO
    return Judgement(
        ring=passed - 1 if passed > clock.rung else None,
        next_rung=passed,
        next_rung_at=look,
        breached=breached,
    )
