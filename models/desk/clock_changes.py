"""What changes a running clock: hold, resume, extension, another urgency, merging and its undoing (domain.md §3 d-i)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, select

from models.calendar import Calendar, NoHolidayData
from models.desk.clock_rows import ClockRows, state_of
from models.errors import DomainError
from models.sla import SlaClock, plan
from models.sla_time import Run, effective
from models.ticket import Stage, Ticket

MERGED = "merged"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the rules in force have for a clock."""

    target_s: float
    lowered_s: float
    rungs: list[list[float]]
    calendar: Calendar | None

    def is_had_by(self, clock: SlaClock) -> bool:
        return (
            self.target_s == clock.target_s
            and self.rungs == [rung[:2] for rung in clock.rungs]
            and clock.calendar_version == ("" if self.calendar is None else self.calendar.version)
        )


class ClockChanges(ClockRows):
    """Changes of clocks. Each is written to the trail (`SlaChange`); a changed deadline counts `epoch` on."""

    def hold_clock(self, ticket: Ticket, until: datetime | None) -> None:
        """Pause the close clock, the only one that may be held (i); again: another `until`.

        Raises:
            DomainError: `clock.none`, it does not run yet or any more.
        """
        clock = self._close_clock(ticket)
        if not clock.is_held:
            self._note_lateness(clock)
            self._pause(clock)
            clock.due_at = clock.late_after = clock.next_rung_at = None
        clock.held_until = until
        self._save(clock)

    def resume_clock(self, ticket: Ticket) -> SlaClock:
        """Let the close clock run on: the pause moves its deadline by exactly its own working time (C4).

        Raises:
            DomainError: `clock.none`; `clock.not_held`, it runs.
        """
        clock = self._close_clock(ticket)
        if not clock.is_held:
            raise DomainError("clock.not_held", 编号=ticket.number)
        self._put(clock, self._run_on(clock), self.calendar_named(clock.calendar_version))
        clock.held_until = None
        self._save(clock)
        return clock

    def extend_clock(self, ticket: Ticket, by: timedelta, *, actor: str = "", reason: str = "") -> SlaClock:
        """A longer target for the close clock; start and holds are kept (d).

        Raises:
            DomainError: `clock.none`; `clock.overdue`, its deadline has passed: that cannot be undone.
        """
        clock = self._close_clock(ticket)
        self._note_lateness(clock)
        if clock.breached_at is not None or (clock.late_after is not None and self.now > clock.late_after):
            raise DomainError("clock.overdue", 编号=ticket.number)
        before = state_of(clock)
        clock.target_s += by.total_seconds()
        clock.extended_s += by.total_seconds()
        self._replace(clock)
        self._trail(clock, "extended", before, actor=actor, reason=reason)
        return clock

    def reprioritise(self, ticket: Ticket, *, actor: str = "", reason: str = "") -> None:
        """Type, urgency or place of the ticket changed: its clocks get the targets that now hold for it (d).

        Start, holds and extensions are kept, and what a merge has lowered is not raised. A new deadline that has
        passed already is missed now.
        """
        for clock in self._unstopped(ticket):
            self._note_lateness(clock)
            self.follow_rules(clock, ticket, "reprioritised", actor=actor, reason=reason)

    def follow_rules(self, clock: SlaClock, ticket: Ticket, cause: str, *, actor: str, reason: str) -> bool:
        """Give a clock the target, calendar and reminders that the rules in force have for it; False: it has them."""
        wanted = self._wanted(clock, ticket)
        if wanted.is_had_by(clock):
            return False
        before = state_of(clock)
        clock.target_s, clock.lowered_s, clock.rungs = wanted.target_s, wanted.lowered_s, wanted.rungs
        clock.policy_version = self.rules.sla.version
        if wanted.calendar is not None:
            self.keep_calendar(wanted.calendar)
        runs = self.runs_of(clock)
        self._put(clock, runs, wanted.calendar, ring_again=True)
        self._late_at_once(clock, runs, wanted.calendar, cause)
        self._save(clock)
        self._trail(clock, cause, before, actor=actor, reason=reason)
        return True

    def _wanted(self, clock: SlaClock, ticket: Ticket) -> "Wanted":
        """What was granted is kept, and what a merge has lowered is not raised."""
        rule = self.rule_for(ticket, clock.stage)
        own = rule.limit.total_seconds() + clock.extended_s
        target = min(own, clock.target_s) if clock.lowered_s else own
        return Wanted(target, own - target, plan(rule), self.calendar_of_rule(rule))

    def stop_clocks(self, ticket: Ticket, reason: str) -> None:
        """Stop all clocks of the present cycle, without a breach unless the deadline had passed (h)."""
        for clock in self.clocks_of(ticket):
            self._stop(clock, reason)

    def revive_clocks(
        self, ticket: Ticket, stopped: str = MERGED, *, actor: str = "", reason: str = ""
    ) -> None:
        """Undo a stop of all clocks: they run, or are held, as they were; the time between does not count."""
        for clock in self.clocks_of(ticket):
            if clock.stopped_at is None or clock.stop_reason != stopped:
                continue
            before = state_of(clock)
            clock.stopped_at, clock.stop_reason = None, ""
            if clock.is_held:
                clock.epoch += 1
            else:
                self._put(clock, self._run_on(clock), self.calendar_named(clock.calendar_version))
            self._save(clock)
            self._trail(clock, "revived", before, actor=actor, reason=reason)

    def lower_dues(
        self, ticket: Ticket, others: Sequence[SlaClock], *, actor: str = "", reason: str = ""
    ) -> None:
        """Let no clock of a merge's primary end later than those `others` of the same stage (merged or open).

        A held clock has no deadline and lowers none. The target is shortened, so that holds go on counting; never
        to less than nothing: a deadline from before the clock began is its beginning.
        """
        for clock in self._unstopped(ticket):
            dues = [
                other.due_at for other in others if other.stage is clock.stage and other.due_at is not None
            ]
            if clock.due_at is None or not dues or min(dues) >= clock.due_at:
                continue
            self._note_lateness(clock)
            before = state_of(clock)
            calendar = self.calendar_named(clock.calendar_version)
            runs = self.runs_of(clock)
            if clock.missing_year is not None and calendar is not None:
                calendar = calendar.assuming_no_holidays()
            target = effective(runs, min(dues), calendar).total_seconds()
            clock.lowered_s += clock.target_s - target
            clock.target_s = target
            calendar = self.calendar_named(clock.calendar_version)
            self._put(clock, runs, calendar, ring_again=True)
            self._late_at_once(clock, runs, calendar, MERGED)
            self._save(clock)
            self._trail(clock, MERGED, before, actor=actor, reason=reason)

    def raise_dues(
        self, ticket: Ticket, others: Sequence[SlaClock] = (), *, actor: str = "", reason: str = ""
    ) -> None:
        """Undo `lower_dues` (unmerge), as if only `others` had been merged; what was missed stays missed."""
        for clock in self._unstopped(ticket):
            if not clock.lowered_s:
                continue
            self._note_lateness(clock)
            before = state_of(clock)
            clock.target_s += clock.lowered_s
            clock.lowered_s = 0
            self._replace(clock)
            self._trail(clock, "unmerged", before, actor=actor, reason=reason)
        if others:
            self.lower_dues(ticket, others, actor=actor, reason=reason)

    def holds_over(self, limit: int = 200) -> list[Ticket]:
        """Tickets whose hold has lasted until its announced end: whoever ticks resumes them."""
        return list(
            self.session.exec(
                select(Ticket)
                .join(SlaClock, col(Ticket.id) == col(SlaClock.ticket_id))
                .where(
                    SlaClock.community_id == self.community_id,
                    col(SlaClock.held_until).is_not(None),
                    col(SlaClock.held_until) <= self.now,
                    col(SlaClock.stopped_at).is_(None),
                    SlaClock.cycle == Ticket.cycle,
                )
                .order_by(col(SlaClock.held_until))
                .limit(limit)
                .with_for_update(skip_locked=True, of=Ticket)
            ).all()
        )

    def _unstopped(self, ticket: Ticket) -> list[SlaClock]:
        return [clock for clock in self.clocks_of(ticket) if clock.stopped_at is None]

    def _close_clock(self, ticket: Ticket) -> SlaClock:
        clock = self.clock_of(ticket, Stage.CLOSE)
        if clock is None:
            raise DomainError("clock.none", 编号=ticket.number)
        return clock

    def _replace(self, clock: SlaClock) -> None:
        """Another target over the same runs."""
        self._put(clock, self.runs_of(clock), self.calendar_named(clock.calendar_version))
        self._save(clock)

    def _late_at_once(self, clock: SlaClock, runs: list[Run], calendar: Calendar | None, cause: str) -> None:
        """A deadline that was moved into the past is missed now, not since then (d), also by a held clock (C8)."""
        if clock.missing_year is not None:
            return
        try:
            late = effective(runs, self.now, calendar) > timedelta(seconds=clock.target_s)
        except NoHolidayData:  # judged when it runs on: then its deadline is provisional
            return
        if late:
            self._note_breach(clock, self.now, cause)
