"""Statistics by stage, straight from the clocks: how many were in time, late, still running (domain.md §4)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, case, func, select

from models.desk.base import DeskBase
from models.sla import SlaClock
from models.ticket import Stage, Ticket

BY_ITSELF = "system"
_CLOCK = SlaClock.__table__  # type: ignore[attr-defined]
_TICKET = Ticket.__table__  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class StageFigures:
    """The clocks of one stage that began in a period.

    `in_time` were done without a breach; `late` have one, done or not; `running` are within their time still, held or
    not; `given_up` were stopped (cancelled, merged, rejected, converted) before they were late; `open_question` were
    done under a provisional deadline. The first two decide: whatever is not yet known counts neither way.
    `automatic` of those in time were accepted by the system (domain.md §4), `extended` of all got more time.
    """

    stage: Stage
    in_time: int = 0
    late: int = 0
    running: int = 0
    given_up: int = 0
    open_question: int = 0
    automatic: int = 0
    extended: int = 0

    @property
    def share(self) -> float | None:
        """In time, of what is decided (0 to 1); None when nothing is."""
        decided = self.in_time + self.late
        return self.in_time / decided if decided else None


class ClockFigures(DeskBase):
    """Questions about all clocks."""

    def stage_figures(
        self, since: datetime | None = None, until: datetime | None = None
    ) -> list[StageFigures]:
        """For each stage, the clocks that started in [since, until); one statement."""
        late, stopped = _CLOCK.c.breached_at.is_not(None), _CLOCK.c.stopped_at.is_not(None)
        done = and_(stopped, ~late, _CLOCK.c.stop_reason == "done")
        certain = _CLOCK.c.missing_year.is_(None)
        by_itself = and_(_CLOCK.c.stage == Stage.ACCEPT, _TICKET.c.accepted_by == BY_ITSELF)
        counted = (
            and_(done, certain),
            late,
            and_(~stopped, ~late),
            and_(stopped, ~late, _CLOCK.c.stop_reason != "done"),
            and_(done, ~certain),
            and_(done, certain, by_itself),
            _CLOCK.c.extended_s > 0,
        )
        query = (
            select(_CLOCK.c.stage, *(func.sum(case((one, 1), else_=0)) for one in counted))
            .join_from(_CLOCK, _TICKET, _TICKET.c.id == _CLOCK.c.ticket_id)
            .where(_CLOCK.c.community_id == self.community_id)
            .group_by(_CLOCK.c.stage)
        )
        if since is not None:
            query = query.where(_CLOCK.c.started_at >= since)
        if until is not None:
            query = query.where(_CLOCK.c.started_at < until)
        rows = self.session.connection().execute(query).all()
        found = {row[0]: StageFigures(row[0], *map(int, row[1:])) for row in rows}
        return [found.get(stage, StageFigures(stage)) for stage in Stage]

    def provisional_clocks(self) -> list[tuple[int, int]]:
        """The years whose holidays deadlines wait for, each with how many wait (C10)."""
        query = (
            select(_CLOCK.c.missing_year, func.count())
            .where(_CLOCK.c.missing_year.is_not(None), _CLOCK.c.community_id == self.community_id)
            .group_by(_CLOCK.c.missing_year)
            .order_by(_CLOCK.c.missing_year)
        )
        return [(int(year), int(count)) for year, count in self.session.connection().execute(query)]
