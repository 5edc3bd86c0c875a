"""The rows of the five clocks: read, started, stopped, put to another deadline, their breaches noted once."""

from collections.abc import Hashable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, null, update
from sqlmodel import col, select

from models.calendar import Calendar, NoHolidayData
from models.desk.calendars import CalendarDesk
from models.desk.outbox import withdraw
from models.desk.rows import Found, Written
from models.prepared import Prepared
from models.rules import StageRule
from models.sla import (
    ClockSegment,
    HolidaysUnknown,
    Schedule,
    SlaBreach,
    SlaChange,
    SlaClock,
    judge,
    plan,
    rung_at,
    schedule,
    topic_of,
)
from models.sla_time import Run
from models.ticket import Stage, Ticket

ORDER = tuple(Stage)

# Built once: putting a statement together costs as much as running it.
_CLOCKS = Found(
    SlaClock,
    lambda clock: clock.where(
        col(SlaClock.ticket_id) == bindparam("ticket"), col(SlaClock.cycle) == bindparam("cycle")
    ),
)
# Columns, not objects: segments are written past the session.
_SEGMENTS = (
    select(ClockSegment.run_from, ClockSegment.run_to)
    .where(ClockSegment.clock_id == bindparam("clock"))
    .order_by(col(ClockSegment.run_from))
)
_WRITTEN = Written(SlaClock)
# A clock that is paused and goes on at the same moment has not been paused.
_OPEN = Prepared(
    lambda dialect: (
        dialect.insert(ClockSegment)
        .on_conflict_do_update(index_elements=["clock_id", "run_from"], set_={"run_to": null()})
        .inline()
    ),
    ("community_id", "clock_id", "run_from", "run_to"),
)
_SHUT = Prepared(
    lambda _: (
        update(ClockSegment)
        .where(
            col(ClockSegment.clock_id) == bindparam("clock"),
            col(ClockSegment.run_to).is_(None),
        )
        .values(run_to=bindparam("run_to", type_=ClockSegment.__table__.c.run_to.type))  # type: ignore[attr-defined]
    )
)
_BREACH = Prepared(
    lambda dialect: dialect.insert(SlaBreach).on_conflict_do_nothing(index_elements=["clock_id"]).inline(),
    [name for name in SlaBreach.model_fields],
)


def _clocks_key(ticket: Ticket) -> Hashable:
    return "clocks", ticket.id, ticket.cycle


class ClockRows(CalendarDesk):
    """Clocks as rows."""

    def rule_for(self, ticket: Ticket, stage: Stage) -> StageRule:
        """The rule of one clock of one ticket, by its type, urgency and estate."""
        sla = self.rules.sla
        if not sla.policies:
            rule: StageRule = getattr(sla, stage.value)
            return rule
        return sla.stage(stage.value, type=ticket.type, urgency=ticket.urgency.value, estate=ticket.estate)

    def clocks_of(self, ticket: Ticket) -> list[SlaClock]:
        """All clocks of the present cycle, in the order of the stages."""
        rows = self.seen.get(_clocks_key(ticket))
        if rows is None:
            rows = _CLOCKS.all(self.session, {"ticket": ticket.id, "cycle": ticket.cycle})
        return sorted(rows, key=lambda clock: ORDER.index(clock.stage))

    def clock_of(self, ticket: Ticket, stage: Stage) -> SlaClock | None:
        """The clock of a stage in the present cycle that has not stopped; it may be held."""
        return next(
            (clock for clock in self.clocks_of(ticket) if clock.stage is stage and clock.stopped_at is None),
            None,
        )

    def next_deadline(self, ticket: Ticket) -> SlaClock | None:
        """The running clock that ends first; None when nothing runs."""
        running = [
            (clock.due_at, clock)
            for clock in self.clocks_of(ticket)
            if clock.stopped_at is None and clock.due_at is not None
        ]
        return min(running, key=lambda one: one[0])[1] if running else None

    def earliest_due(self, ticket: Ticket) -> datetime | None:
        """When the first running clock is due; None when nothing runs."""
        clock = self.next_deadline(ticket)
        return None if clock is None else clock.due_at

    def runs_of(self, clock: SlaClock) -> list[Run]:
        """The spans in which a clock ran, the last one open while it runs."""
        rows = self.session.exec(_SEGMENTS, params={"clock": clock.id}).all()
        return [(begin, end) for begin, end in rows]

    def begin_clocks(self, ticket: Ticket) -> None:
        """A ticket filed this moment has no clock yet: for the rest of the message nobody need look."""
        self.seen[_clocks_key(ticket)] = []

    def _know_clocks(self, tickets: Sequence[Ticket]) -> None:
        """Read the clocks of many tickets at once: each reminder asks for its ticket's."""
        if len(tickets) < 2:
            return
        known: dict[Hashable, list[SlaClock]] = {_clocks_key(ticket): [] for ticket in tickets}
        wanted = [ticket.id for ticket in tickets]
        for clock in self.session.exec(select(SlaClock).where(col(SlaClock.ticket_id).in_(wanted))).all():
            known.get(("clocks", clock.ticket_id, clock.cycle), []).append(clock)
        self.seen.update(known)

    def _start(self, ticket: Ticket, stage: Stage) -> None:
        rule = self.rule_for(ticket, stage)
        calendar = self.calendar_of_rule(rule)
        if calendar is not None:
            self.keep_calendar(calendar)
        placed, missing_year = self._placed(rule.limit, plan(rule), [(self.now, None)], calendar)
        assert placed.due_at is not None
        clock = _WRITTEN.add(
            self.session,
            {
                "community_id": self.community_id,
                "ticket_id": ticket.id,
                "cycle": ticket.cycle,
                "stage": stage,
                "policy_version": self.rules.sla.version,
                "calendar_version": "" if calendar is None else calendar.version,
                "target_s": rule.limit.total_seconds(),
                "started_at": self.now,
                "due_at": placed.due_at,
                "late_after": placed.late_after,
                "missing_year": missing_year,
                "rungs": placed.rungs,
                "next_rung_at": rung_at(placed.due_at, placed.rungs, 0),
            },
        )
        self._run(clock, self.now)
        if (known := self.seen.get(_clocks_key(ticket))) is not None:
            known.append(clock)

    def calendar_of_rule(self, rule: StageRule) -> Calendar | None:
        """None for natural time, the usual case, which reads and writes nothing."""
        if rule.calendar == "natural" or self.rules.sla.duty is None:
            return None
        return self.calendar_for(self.rules.sla.duty)

    def _placed(
        self, target: timedelta, rungs: list[list[float]], runs: list[Run], calendar: Calendar | None
    ) -> tuple[Schedule, int | None]:
        """The deadline; where a year's holidays are not known by the plain week, with that year, and told (C10)."""
        try:
            return schedule(target, rungs, runs, calendar), None
        except NoHolidayData as gap:
            assert calendar is not None
            self.note(HolidaysUnknown(gap.year))
            return schedule(target, rungs, runs, calendar.assuming_no_holidays()), gap.year

    def _run(self, clock: SlaClock, since: datetime) -> None:
        """A new segment."""
        row = {"community_id": self.community_id, "clock_id": clock.id, "run_from": since, "run_to": None}
        _OPEN.run(self.session.connection(), row)

    def _run_on(self, clock: SlaClock) -> list[Run]:
        """A new segment from now, and all of them; a system clock that was put back counts no second twice."""
        ended = [end for _, end in self.runs_of(clock) if end is not None]
        self._run(clock, max([self.now, *ended]))
        return self.runs_of(clock)

    def _pause(self, clock: SlaClock) -> None:
        """The running segment ends now."""
        _SHUT.run(self.session.connection(), {"clock": clock.id, "run_to": self.now})

    def _stop(self, clock: SlaClock, reason: str) -> None:
        """Stop it, its reminders with it (C6); a deadline that was missed is noted (C8)."""
        if clock.stopped_at is not None:
            return
        self._note_lateness(clock)
        clock.stopped_at, clock.stop_reason, clock.next_rung_at = self.now, reason, None
        if not clock.is_held:
            self._pause(clock)
        self._save(clock)

    def _note_lateness(self, clock: SlaClock) -> None:
        """Equality is on time (a). A provisional deadline condemns nobody: that waits for the holidays."""
        if clock.late_after is None or clock.missing_year is not None:
            return
        if self.now > clock.late_after:
            assert clock.due_at is not None
            self._note_breach(clock, clock.due_at, "late")

    def _note_breach(self, clock: SlaClock, at: datetime, cause: str) -> None:
        """Once for a clock, and never removed (f)."""
        if clock.breached_at is not None:
            return
        clock.breached_at = at
        _BREACH.run(
            self.session.connection(),
            {
                "clock_id": clock.id,
                "community_id": self.community_id,
                "at": at,
                "cause": cause,
                "target_s": clock.target_s,
                "noted_at": self.now,
            },
        )

    def _put(
        self, clock: SlaClock, runs: list[Run], calendar: Calendar | None, *, ring_again: bool = False
    ) -> None:
        """Its deadline and rungs anew from target, runs and calendar; what has passed is not rung again, or once."""
        placed, clock.missing_year = self._placed(
            timedelta(seconds=clock.target_s), clock.rungs, runs, calendar
        )
        clock.due_at, clock.late_after, clock.rungs = placed.due_at, placed.late_after, placed.rungs
        clock.calendar_version = "" if calendar is None else calendar.version
        clock.epoch += 1
        clock.rung, clock.next_rung_at = 0, None
        if placed.due_at is None:
            return
        if ring_again:
            clock.next_rung_at = rung_at(placed.due_at, placed.rungs, 0)
            return
        verdict = judge(clock, self.now)
        clock.rung, clock.next_rung_at = verdict.next_rung, verdict.next_rung_at

    def _save(self, clock: SlaClock) -> None:
        """Write the row; what was to be said about its old deadline need not be said any more."""
        self.session.add(clock)
        self.session.flush()
        withdraw(self.session.connection(), topic_of(clock), self.now)

    def _trail(self, clock: SlaClock, cause: str, before: dict[str, Any], *, actor: str, reason: str) -> None:
        assert clock.id is not None
        self.session.add(
            SlaChange(
                community_id=self.community_id,
                clock_id=clock.id,
                at=self.now,
                cause=cause,
                actor=actor,
                reason=reason,
                before=before,
                after=state_of(clock),
            )
        )
        self.session.flush()


def state_of(clock: SlaClock) -> dict[str, Any]:
    """What the trail keeps of a clock: JSON."""
    return {
        "due": None if clock.due_at is None else clock.due_at.isoformat(),
        "target_s": clock.target_s,
        "policy": clock.policy_version,
        "calendar": clock.calendar_version,
        "epoch": clock.epoch,
    }
