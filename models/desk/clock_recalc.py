"""Clocks put under other rules on purpose: `linli clocks recalc`, and provisional deadlines once holidays are known."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select

from models.calendar import CHINA, Calendar, NoHolidayData
from models.desk.clock_changes import ClockChanges
from models.desk.clock_rows import state_of
from models.duty_calendar import completed
from models.holidays import ends_soon
from models.sla import HolidaysEnd, SlaClock, schedule
from models.sla_time import Run, effective, exceeded, reached
from models.ticket import Stage, Ticket

PORTION = 200


@dataclass(frozen=True, slots=True)
class Recalculation:
    """What the rules in force make of a running clock; the moments are None while it is held.

    `provisional`: the new deadline lies where holidays are not known.
    """

    number: str
    stage: Stage
    old_due: datetime | None
    new_due: datetime | None
    old_target: timedelta
    new_target: timedelta
    late_now: bool
    provisional: bool


class ClockRecalc(ClockChanges):
    """Edits of policies and calendars touch only later clocks (e); this is the explicit other way."""

    def recalculation(self, *, number: str = "") -> Iterator[Recalculation]:
        """What `recalculate` would change, nothing written; of one ticket by its number, else of all."""
        for clock, ticket in self._open_clocks(number):
            wanted = self._wanted(clock, ticket)
            if wanted.is_had_by(clock):
                continue
            target, runs = timedelta(seconds=wanted.target_s), self.runs_of(clock)
            provisional = False
            try:
                placed = schedule(target, wanted.rungs, runs, wanted.calendar)
            except NoHolidayData:
                assert wanted.calendar is not None
                placed = schedule(target, wanted.rungs, runs, wanted.calendar.assuming_no_holidays())
                provisional = True
            late = placed.late_after is not None and self.now > placed.late_after
            yield Recalculation(
                ticket.number,
                clock.stage,
                clock.due_at,
                placed.due_at,
                timedelta(seconds=clock.target_s),
                target,
                late and clock.breached_at is None,
                provisional,
            )

    def recalculate(self, *, actor: str, reason: str, number: str = "") -> int:
        """Put every running clock (of one ticket, else of all) under the rules in force; how many changed.

        Each change is written to the trail with who and why. What becomes late by it is late now.
        """
        count = 0
        for clock, ticket in self._open_clocks(number):
            self._note_lateness(clock)
            count += self.follow_rules(clock, ticket, "recalculated", actor=actor, reason=reason)
        return count

    def _open_clocks(self, number: str) -> Iterator[tuple[SlaClock, Ticket]]:
        last = 0
        query = (
            select(SlaClock, Ticket)
            .join(Ticket, col(Ticket.id) == col(SlaClock.ticket_id))
            .where(SlaClock.community_id == self.community_id, col(SlaClock.stopped_at).is_(None))
            .order_by(col(SlaClock.id))
            .limit(PORTION)
            .with_for_update(of=SlaClock)
        )
        if number:
            query = query.where(Ticket.number == number)
        while rows := self.session.exec(query.where(col(SlaClock.id) > last)).all():
            yield from rows
            last = rows[-1][0].id or last

    def mind_calendars(self, limit: int = PORTION) -> int:
        """From time to time: warn before the known holidays end, make provisional deadlines final; how many were."""
        until = self.holidays_known_until()
        if self.rules.sla.uses_duty and ends_soon(until, self.now.astimezone(CHINA).date()):
            self.note(HolidaysEnd(until))
        return self.complete_calendars(limit)

    def complete_calendars(self, limit: int = PORTION) -> int:
        """Provisional deadlines whose year is known by now become final, of stopped clocks too; how many (C10)."""
        known = sorted(self.holidays())
        clocks = self.session.exec(
            select(SlaClock)
            .where(SlaClock.community_id == self.community_id, col(SlaClock.missing_year).in_(known))
            .order_by(col(SlaClock.id))
            .limit(limit)
            .with_for_update(skip_locked=True, of=SlaClock)
        ).all()
        for clock in clocks:
            self._complete(clock)
        return len(clocks)

    def _complete(self, clock: SlaClock) -> None:
        before = state_of(clock)
        calendar = self.calendar_named(clock.calendar_version)
        assert calendar is not None
        calendar = completed(calendar, self.holidays())
        self.keep_calendar(calendar)
        runs = self.runs_of(clock)
        if clock.stopped_at is None:
            self._put(clock, runs, calendar)
        else:
            self._judge_stopped(clock, runs, calendar)
        if clock.missing_year is None:
            self._note_late_run(clock, runs, calendar)
        self._save(clock)
        self._trail(clock, "completed", before, actor="system", reason="")

    def _judge_stopped(self, clock: SlaClock, runs: list[Run], calendar: Calendar) -> None:
        """Where a stopped clock's deadline would have been: its last run is followed as if it had gone on."""
        clock.calendar_version, clock.missing_year = calendar.version, None
        if clock.is_held:
            return
        onward: list[Run] = [*runs[:-1], (runs[-1][0], None)]
        target = timedelta(seconds=clock.target_s)
        try:
            clock.due_at = reached(onward, target, calendar)
            clock.late_after = exceeded(onward, target, calendar)
        except NoHolidayData as gap:
            clock.missing_year = gap.year

    def _note_late_run(self, clock: SlaClock, runs: list[Run], calendar: Calendar) -> None:
        """What nobody could judge while the holidays were unknown (C8), of held and stopped clocks too."""
        target = timedelta(seconds=clock.target_s)
        try:
            late = effective(runs, clock.stopped_at or self.now, calendar) > target
        except NoHolidayData:
            return
        if late and (missed_at := reached(runs, target, calendar)) is not None:
            self._note_breach(clock, missed_at, "late")
