"""The Desk's part for 请假: a worker is away for a while, who stands in, and grids that have nobody (G3)."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from models.desk.places import MICROGRID, PlaceDesk
from models.errors import DomainError
from models.facts import Fact
from models.place import Absence, Duty, Grid, Worker
from models.roles import LEAD, WORKER


@dataclass(frozen=True, slots=True)
class Cover:
    """Who answers for a grid while somebody is away: "" when nobody does; `lead` hears of it."""

    grid_code: str
    grid_name: str
    stand_in: str
    lead: str


@dataclass(frozen=True, slots=True)
class AbsenceReported(Fact):
    """Somebody will be away; `covers` are the grids whose work he would have got."""

    userid: str
    absence_id: int
    starts_at: datetime
    ends_at: datetime
    covers: tuple[Cover, ...]


@dataclass(frozen=True, slots=True)
class AbsenceEnded(Fact):
    """Somebody is back, earlier than he had said."""

    userid: str
    absence_ids: tuple[int, ...]
    covers: tuple[Cover, ...]


@dataclass(frozen=True, slots=True)
class Unmanned:
    """A microgrid without a worker of rank A: its tickets go to `heir`, its lead before all (G3)."""

    grid_code: str
    grid_name: str
    heir: str
    lead: str


@dataclass(frozen=True, slots=True)
class GridsUnmanned(Fact):
    """Somebody has to name a worker for each of these."""

    grids: tuple[Unmanned, ...]


class AbsenceDesk(PlaceDesk):
    """Absences and unmanned grids."""

    def report_absence(
        self, userid: str, starts_at: datetime, ends_at: datetime, stand_in: str = ""
    ) -> AbsenceReported:
        """Note an absence; what overlaps it is replaced, so that saying it again corrects it.

        Raises:
            DomainError: `absence.past`, `absence.who`, `absence.himself`, `absence.both_away`.
        """
        worker = self._worker_row(userid)
        if ends_at <= max(starts_at, self.now):
            raise DomainError("absence.past")
        other = self._worker_row(stand_in) if stand_in else None
        if other is not None:
            if other.id == worker.id:
                raise DomainError("absence.himself")
            if self._absences(other, starts_at, ends_at):
                raise DomainError("absence.both_away", 姓名=other.name)
        for old in self._absences(worker, starts_at, ends_at):
            old.ended_at = self.now
        assert worker.id is not None
        row = Absence(
            community_id=self.community_id,
            worker_id=worker.id,
            stand_in_id=other.id if other is not None else None,
            starts_at=starts_at,
            ends_at=ends_at,
            reported_at=self.now,
        )
        self.session.add(row)
        self.session.flush()
        assert row.id is not None
        fact = AbsenceReported(
            userid, row.id, starts_at, ends_at, self._covers(userid, max(starts_at, self.now))
        )
        self.note(fact)
        return fact

    def end_absence(self, userid: str) -> AbsenceEnded | None:
        """Back again: present and coming absences end; None when there are none."""
        worker = self._worker_row(userid)
        rows = self._absences(worker, self.now, None)
        if not rows:
            return None
        covers = self._covers(userid, max(self.now, min(row.starts_at for row in rows)))
        for row in rows:
            row.ended_at = self.now
        self.session.flush()
        fact = AbsenceEnded(userid, tuple(row.id or 0 for row in rows), covers)
        self.note(fact)
        return fact

    def _worker_row(self, userid: str) -> Worker:
        row = self.worker(userid)
        if row is None or row.id is None:
            raise DomainError("absence.who")
        return row

    def _absences(self, worker: Worker, starts_at: datetime, ends_at: datetime | None) -> list[Absence]:
        """His absences that are not over at `starts_at` and begin before `ends_at`."""
        query = select(Absence).where(
            Absence.community_id == self.community_id,
            Absence.worker_id == worker.id,
            col(Absence.ended_at).is_(None),
            col(Absence.ends_at) > starts_at,
        )
        if ends_at is not None:
            query = query.where(col(Absence.starts_at) < ends_at)
        return list(self.session.exec(query.order_by(col(Absence.id))).all())

    def _covers(self, userid: str, at: datetime) -> tuple[Cover, ...]:
        """Who answers at a moment for each grid whose work or late tickets would come to him if he were there."""
        found: list[Cover] = []
        for grid in self.session.exec(
            select(Grid)
            .join(Duty, col(Duty.grid_id) == col(Grid.id))
            .join(Worker, col(Worker.id) == col(Duty.worker_id))
            .where(
                Grid.community_id == self.community_id,
                Worker.userid == userid,
                col(Duty.role).in_([WORKER, LEAD]),
                col(Duty.valid_to).is_(None) | (col(Duty.valid_to) > at),
            )
            .order_by(col(Grid.code))
            .distinct()
        ).all():
            who, usual = self.answering(grid, at), self.answering(grid, at, present=userid)
            if userid not in (usual.worker, usual.lead):
                continue  # a B whose A is there
            stand_in = who.worker if userid == usual.worker else who.lead
            lead = who.lead if who.lead != userid else ""
            found.append(Cover(grid.code, grid.name, stand_in if stand_in != userid else "", lead))
        return tuple(found)

    def unmanned(self) -> list[Unmanned]:
        """Every microgrid without a worker of rank A at this moment (G3)."""
        found: list[Unmanned] = []
        for grid in self.session.exec(
            select(Grid)
            .where(
                Grid.community_id == self.community_id,
                Grid.kind == MICROGRID,
                col(Grid.valid_to).is_(None),
            )
            .order_by(col(Grid.code))
        ).all():
            who = self.answering(grid)
            if not who.manned:
                heir = who.worker or next(iter(who.dispatchers), "")
                found.append(Unmanned(grid.code, grid.name, heir, who.lead))
        return found

    def alarm_unmanned(self) -> int:
        """Note them as a fact; how many. The people concerned are told once a day while it lasts."""
        grids = tuple(self.unmanned())
        if grids:
            self.note(GridsUnmanned(grids))
        return len(grids)
