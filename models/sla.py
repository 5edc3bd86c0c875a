"""The five clocks (5个1): rows with a deadline and the next rung, and the pure judgement of what is due."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import JSON, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.columns import StringEnum, UtcDateTime
from models.facts import Fact
from models.rules import StageRule
from models.ticket import Stage, Ticket


class SlaClock(SQLModel, table=True):
    """One deadline of one ticket in one cycle (C5: unique).

    `target_s` in seconds of natural time; `rungs` are `[seconds from the deadline, level]` in order (level 0 the
    worker, 1 the grid lead, 2 the community, 3 the street), frozen when the clock starts, so that an edit of the
    rules touches only later clocks. `next_rung_at` is what the tick looks for; None when no rung is left.
    `breached_at` is written once and never removed. `epoch` counts changes of the target.
    """

    __tablename__ = "sla_clock"
    __table_args__ = (
        UniqueConstraint("ticket_id", "cycle", "stage"),
        Index("ix_sla_clock_next", "stopped_at", "next_rung_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    ticket_id: int = Field(foreign_key="ticket.id")
    cycle: int
    stage: Stage = Field(sa_column=Column(StringEnum(Stage), nullable=False))
    target_s: float
    started_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    stopped_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    stop_reason: str = Field(default="", max_length=16)
    epoch: int = 1
    breached_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    rungs: list[list[float]] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    rung: int = 0
    next_rung_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


@dataclass(frozen=True, slots=True)
class ClockRung(Fact):
    """A reminder is due: `left` until the deadline (negative: overdue by that much), `level` how high it goes."""

    ticket: Ticket
    clock: SlaClock
    rung: int
    level: int
    left: timedelta


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


def rung_at(due_at: datetime, rungs: Sequence[Sequence[float]], number: int) -> datetime | None:
    """When rung `number` rings; None past the last."""
    return due_at + timedelta(seconds=rungs[number][0]) if number < len(rungs) else None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a clock wants at a moment: the rung to ring now (the highest that has passed; None: nothing yet),
    where the clock goes on, and whether the deadline has been missed."""

    ring: int | None
    next_rung: int
    next_rung_at: datetime | None
    breached: bool


def judge(clock: SlaClock, now: datetime) -> Judgement:
    """Pure: the same clock and moment always give the same judgement.

    After an outage only the highest rung that has passed is rung, the lower ones are skipped (domain.md §3).
    Equality is on time: a clock is breached only after its deadline.
    """
    passed = clock.rung
    while (at := rung_at(clock.due_at, clock.rungs, passed)) is not None and at <= now:
        passed += 1
    return Judgement(
        ring=passed - 1 if passed > clock.rung else None,
        next_rung=passed,
        next_rung_at=rung_at(clock.due_at, clock.rungs, passed),
        breached=now > clock.due_at,
    )
