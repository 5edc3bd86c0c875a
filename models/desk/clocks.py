"""The Desk's part for the five clocks: started and stopped by steps, rung by the tick."""

from datetime import timedelta

from sqlalchemy import bindparam, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import col, select

from models.desk.clock_figures import ClockFigures
from models.desk.clock_recalc import ClockRecalc
from models.desk.clock_rows import ORDER
from models.prepared import Prepared
from models.sla import ClockRung, SlaClock, judge
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
STOPS_ALL = {
    Step.CANCEL: "cancelled",
    Step.REJECT: "rejected",
    Step.MERGE: "merged",
    Step.CONVERT: "converted",
}

_CLOCK = SlaClock.__table__  # type: ignore[attr-defined]
_RUNG = Prepared(
    lambda _: (
        update(_CLOCK)
        .where(_CLOCK.c.id == bindparam("clock"))
        .values(
            rung=bindparam("new_rung", type_=_CLOCK.c.rung.type),
            next_rung_at=bindparam("look_at", type_=_CLOCK.c.next_rung_at.type),
            breached_at=bindparam("breached", type_=_CLOCK.c.breached_at.type),
        )
    )
)


class ClockDesk(ClockRecalc, ClockFigures):
    """Clocks of tickets."""

    def turn_clocks(self, ticket: Ticket, step: Step) -> None:
        """Stop and start what this step stops and starts, in the step's own transaction (C6)."""
        if step in STOPS_ALL:
            self.stop_clocks(ticket, STOPS_ALL[step])
            return
        clocks = {clock.stage: clock for clock in self.clocks_of(ticket)}
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
            if moment is not None and self.rule_for(ticket, stage).start == moment and stage not in clocks:
                self._start(ticket, stage)

    def ring_clocks(self, limit: int = 200) -> int:
        """Look at every clock whose moment has come, at most `limit`: ring it, note its breach; how many there were.

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
        self._know_clocks([ticket for _, ticket in due])
        moved = []
        for clock, ticket in due:
            self._note_lateness(clock)
            verdict = judge(clock, self.now)
            moved.append(
                {
                    "clock": clock.id,
                    "new_rung": verdict.next_rung,
                    "look_at": verdict.next_rung_at,
                    "breached": clock.breached_at,
                }
            )
            set_committed_value(clock, "rung", verdict.next_rung)
            set_committed_value(clock, "next_rung_at", verdict.next_rung_at)
            set_committed_value(clock, "breached_at", clock.breached_at)
            if verdict.ring is not None and clock.due_at is not None:
                level = int(clock.rungs[verdict.ring][1])
                left: timedelta = clock.due_at - self.now
                self.note(ClockRung(ticket, clock, verdict.ring, level, left))
        _RUNG.run_many(self.session.connection(), moved)
        return len(due)
