"""The Desk's part for the five clocks: started and stopped by steps, rung by the tick."""

from collections.abc import Hashable
from datetime import timedelta

from sqlalchemy import bindparam, update
from sqlmodel import col, select

from models.desk.base import DeskBase
from models.desk.outbox import withdraw
from models.desk.rows import Found, Written
from models.rules import StageRule
from models.sla import ClockRung, SlaClock, judge, plan, rung_at, topic_of
from models.ticket import Stage, Step, Ticket

# Which step ends which clock, and which moment a step is (the 「从」 of a stage's rule).
ENDS = {
    Step.ACCEPT: Stage.ACCEPT,
    Step.ARRIVE: Stage.ONSITE,
    Step.REPORT: Stage.REPORT,
    Step.CLOSE: Stage.CLOSE,
    Step.FEEDBACK: Stage.FEEDBACK,
}
MOMENTS = {
    Step.SUBMIT: "submitted",
    Step.ACCEPT: "accepted",
    Step.ARRIVE: "arrived",
    Step.REPORT: "reported",
    Step.CLOSE: "closed",
}
STOPS_ALL = {Step.CANCEL: "cancelled", Step.REJECT: "rejected", Step.MERGE: "merged"}
ORDER = tuple(Stage)

# Built once: putting a statement together costs as much as running it.
_CLOCKS = Found(
    SlaClock,
    lambda clock: clock.where(
        col(SlaClock.ticket_id) == bindparam("ticket"), col(SlaClock.cycle) == bindparam("cycle")
    ),
)
_WRITTEN = Written(SlaClock)


def _clocks_key(ticket: Ticket) -> Hashable:
    return "clocks", ticket.id, ticket.cycle


class ClockDesk(DeskBase):
    """Clocks of tickets."""

    def stage_rule(self, stage: Stage) -> StageRule:
        rule: StageRule = getattr(self.rules.sla, stage.value)
        return rule

    def clocks_of(self, ticket: Ticket) -> list[SlaClock]:
        """All clocks of the present cycle, in the order of the stages."""
        rows = self.seen.get(_clocks_key(ticket))
        if rows is None:
            rows = _CLOCKS.all(self.session, {"ticket": ticket.id, "cycle": ticket.cycle})
        return sorted(rows, key=lambda clock: ORDER.index(clock.stage))

    def next_deadline(self, ticket: Ticket) -> SlaClock | None:
        """The running clock that ends first; None when nothing runs."""
        running = [clock for clock in self.clocks_of(ticket) if clock.stopped_at is None]
        return min(running, key=lambda clock: clock.due_at, default=None)

    def turn_clocks(self, ticket: Ticket, step: Step) -> None:
        """Stop and start what this step stops and starts, in the step's own transaction (C6)."""
        clocks = {clock.stage: clock for clock in self.clocks_of(ticket)}
        if step in STOPS_ALL:
            for clock in clocks.values():
                self._stop(clock, STOPS_ALL[step])
            return
        if step in ENDS and ENDS[step] in clocks:
            self._stop(clocks[ENDS[step]], "done")
        if step is Step.CLOSE:  # a desk ticket closes without having been on site
            for stage in (Stage.ONSITE, Stage.REPORT):
                if stage in clocks:
                    self._stop(clocks[stage], "done")
        if step is Step.REOPEN:
            for stage in (Stage.ONSITE, Stage.CLOSE):
                self._start(ticket, stage)
            return
        moment = MOMENTS.get(step)
        for stage in ORDER:
            if moment is not None and self.stage_rule(stage).start == moment and stage not in clocks:
                self._start(ticket, stage)

    def _start(self, ticket: Ticket, stage: Stage) -> None:
        rule = self.stage_rule(stage)
        rungs = plan(rule)
        due_at = self.now + rule.limit
        clock = _WRITTEN.add(
            self.session,
            {
                "community_id": self.community_id,
                "ticket_id": ticket.id,
                "cycle": ticket.cycle,
                "stage": stage,
                "target_s": rule.limit.total_seconds(),
                "started_at": self.now,
                "due_at": due_at,
                "rungs": rungs,
                "next_rung_at": rung_at(due_at, rungs, 0),
            },
        )
        if (known := self.seen.get(_clocks_key(ticket))) is not None:
            known.append(clock)

    def begin_clocks(self, ticket: Ticket) -> None:
        """A ticket filed this moment has no clock yet: for the rest of the message nobody need look."""
        self.seen[_clocks_key(ticket)] = []

    def _stop(self, clock: SlaClock, reason: str) -> None:
        if clock.stopped_at is not None:
            return
        clock.stopped_at, clock.stop_reason, clock.next_rung_at = self.now, reason, None
        if self.now > clock.due_at and clock.breached_at is None:  # C8; equality is on time
            clock.breached_at = clock.due_at
        self.session.add(clock)
        self.session.flush()
        withdraw(self.session.connection(), topic_of(clock), self.now)

    def ring_clocks(self, limit: int = 200) -> int:
        """Ring every clock whose next rung has come, at most `limit`; how many were rung.

        Several processes may tick at once: PostgreSQL's row locks, SQLite's single writer decide who rings.
        """
        due = self.session.exec(
            select(SlaClock, Ticket)
            .join(Ticket, col(Ticket.id) == col(SlaClock.ticket_id))
            .where(col(SlaClock.stopped_at).is_(None), col(SlaClock.next_rung_at) <= self.now)
            .where(SlaClock.community_id == self.community_id)
            .order_by(col(SlaClock.next_rung_at))
            .limit(limit)
            .with_for_update(skip_locked=True, of=SlaClock)
        ).all()
        for clock, ticket in due:
            verdict = judge(clock, self.now)
            breached_at = clock.breached_at or (clock.due_at if verdict.breached else None)
            self.session.execute(
                update(SlaClock)
                .where(col(SlaClock.id) == clock.id)
                .values(rung=verdict.next_rung, next_rung_at=verdict.next_rung_at, breached_at=breached_at)
                .execution_options(synchronize_session=False)
            )
            if verdict.ring is not None:
                level = int(clock.rungs[verdict.ring][1])
                left: timedelta = clock.due_at - self.now
                self.note(ClockRung(ticket, clock, verdict.ring, level, left))
        return len(due)
