"""The duties in a file of people: for which grid or building, and what the configuration decides instead."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from sqlmodel import select

from models.desk import Desk
from models.desk.places import split_building
from models.door_cells import arabic
from models.person import Person
from models.person_rows import PersonRow
from models.place import Building, Duty, Grid, Source, Worker
from models.roles import LEAD, ROLES, WORKER
from models.shifts import SHANGHAI


@dataclass(slots=True, eq=False)
class Someone:
    """A person of the file: `known` is the row that is there already, `number` its id once it has one."""

    name: str
    first: int
    known: Person | None = None
    phone: str = ""
    birth_month: str = ""
    number: int = 0


def every(desk: Desk, kind: type[Any]) -> list[Any]:
    """All rows of a table in the desk's community."""
    return list(desk.session.exec(select(kind).where(kind.community_id == desk.community_id)).all())


def current(desk: Desk, kind: type[Any]) -> list[Any]:
    """Those of them that have not ended."""
    return [row for row in every(desk, kind) if row.valid_to is None or row.valid_to > desk.now]


@dataclass(slots=True)
class DutyImport:
    """Checks the rows' duties first, writes them afterwards; `count` hears of each (noun, is it new)."""

    desk: Desk
    count: Callable[[str, bool], None]
    workers: dict[str, Worker] = field(default_factory=dict)
    grids: dict[str, Grid] = field(default_factory=dict)
    buildings: dict[tuple[str, str], Building] = field(default_factory=dict)
    estates: dict[str, str] = field(default_factory=dict)
    places: dict[int, tuple[int | None, int | None]] = field(default_factory=dict)  # by the row's number

    def __post_init__(self) -> None:
        self.estates = self.desk.estate_names()
        self.grids = {grid.code: grid for grid in every(self.desk, Grid) if grid.valid_to is None}
        self.buildings = {(one.estate, one.no): one for one in every(self.desk, Building)}
        self.workers = {worker.userid: worker for worker in every(self.desk, Worker)}

    def _place_of(self, each: PersonRow) -> tuple[int | None, int | None] | None:
        """(grid, building) that a row's duty answers for; a mistake when it cannot be told."""
        words, role = each.place, ROLES[each.role]
        if words in ("全社区", "社区", "整个社区") or (not words and role.wide):
            return self.grids[""].id, None
        code = words.upper()
        if code in self.grids and code:
            return self.grids[code].id, None
        if not words and each.home:
            words = f"{each.estate}{each.building}栋"
        estate, no = split_building(arabic(words)) if words else ("", "")
        fitting = [
            one
            for (name, number), one in self.buildings.items()
            if number == no and (not estate or name == self.estates.get(estate, estate))
        ]
        if no and len(fitting) == 1:
            return None, fitting[0].id
        if not words:
            each.row.wrong(
                "负责", f"{role.name}请填负责哪里：网格编号（如 W01）、楼栋（如 槐树苑3栋）或「全社区」"
            )
        elif len(fitting) > 1:
            each.row.wrong("负责", f"有几个小区都有 {no}栋，请写成「槐树苑{no}栋」这样")
        else:
            each.row.wrong("负责", f"没有「{words}」这个网格或楼栋；请先用 linli import places 导入，或核对")
        return None

    def check(self, each: PersonRow) -> None:
        """What the configuration decides is not decided here: its grids' workers and leads, its people's names."""
        rules = self.desk.rules
        named = {rule.userid: rule.name for rule in rules.workers}
        if each.userid and named.get(each.userid, each.name) != each.name:
            each.row.wrong(
                "姓名", f"config.yaml 的「人员」里 {each.userid} 是「{named[each.userid]}」，请写成一样"
            )
        if not each.role:
            return
        place = self._place_of(each)
        if place is not None and not self._ruled(each):
            self.places[each.row.number] = place
        if each.role not in (WORKER, LEAD):
            return
        if place is not None and place[1] is not None:
            each.row.wrong("负责", f"{ROLES[each.role].name}管的是网格，请写网格编号，例如 W01")
        rule = next((one for one in rules.grids if one.code == each.place.upper()), None)
        if rule is not None and not self._ruled(each):
            each.row.wrong(
                "负责", f"网格 {rule.code} 的负责、后备、网格长写在 config.yaml 里，请在那里改，这一行删去"
            )

    def _ruled(self, each: PersonRow) -> bool:
        """Whether the configuration says the very same, so that the row need not be written."""
        rule = next((one for one in self.desk.rules.grids if one.code == each.place.upper()), None)
        if rule is None or each.role not in (WORKER, LEAD):
            return False
        said = rule.lead if each.role == LEAD else rule.worker if each.rank == "A" else rule.backup
        return said == each.userid and not each.shift

    def _worker(self, each: PersonRow) -> int | None:
        if not each.userid:
            return None
        worker = self.workers.get(each.userid)
        if worker is None:
            worker = Worker(community_id=self.desk.community_id, userid=each.userid, name=each.name)
            self.desk.session.add(worker)
            self.desk.session.flush()
            self.workers[each.userid] = worker
        elif worker.name == worker.userid:  # a configuration that named the account only
            worker.name = each.name
        return worker.id

    def write(self, people: Sequence[tuple[PersonRow, Someone]]) -> None:
        known: dict[tuple[object, ...], Duty] = {}
        for duty in current(self.desk, Duty):
            who = ("account", duty.worker_id) if duty.worker_id else ("person", duty.person_id)
            known[*who, duty.role, duty.grid_id, duty.building_id, duty.rank] = duty
        for each, someone in people:
            place = self.places.get(each.row.number)
            if place is None:
                continue
            grid, building = place
            account = self._worker(each)
            holder = ("account", account) if account else ("person", someone.number)
            key = (*holder, each.role, grid, building, each.rank)
            since, until = begin(each.since), end(each.until)
            duty = known.get(key)
            if duty is None:
                if until is not None and until <= self.desk.now:
                    continue
                duty = Duty(
                    community_id=self.desk.community_id,
                    worker_id=account,
                    person_id=someone.number,
                    grid_id=grid,
                    building_id=building,
                    role=each.role,
                    rank=each.rank,
                    shift=each.shift,
                    source=Source.IMPORT,
                    valid_from=since or self.desk.now,
                    valid_to=until,
                )
                self.desk.session.add(duty)
                known[key] = duty
                self.count("职务", True)
                continue
            before = (duty.shift, duty.valid_from, duty.valid_to)
            duty.shift = each.shift or duty.shift
            duty.valid_from, duty.valid_to = since or duty.valid_from, until or duty.valid_to
            if before != (duty.shift, duty.valid_from, duty.valid_to):
                self.count("职务", False)
        self.desk.session.flush()


def begin(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), SHANGHAI) if day is not None else None


def end(day: date | None) -> datetime | None:
    """The day itself still counts."""
    return datetime.combine(day + timedelta(days=1), time(), SHANGHAI) if day is not None else None
