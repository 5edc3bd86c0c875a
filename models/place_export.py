"""Places and people as rows of the very columns that an import reads: what was exported can be imported again."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import col, select

from models.desk import Desk
from models.desk.households import by_number
from models.desk.places import COMMUNITY, MICROGRID
from models.desk.scope import Scope
from models.door_cells import door_words
from models.person import Binding, Person
from models.person_rows import COLUMNS as PEOPLE_COLUMNS
from models.person_rows import RELATIONS, masked
from models.place import Building, BuildingGrid, Duty, Estate, Grid, Household, Source, Unit, Worker
from models.place_rows import COLUMNS as PLACE_COLUMNS
from models.place_rows import ESTATE_KINDS, MANAGEMENTS, OCCUPANCIES
from models.roles import ROLES
from models.shifts import SHANGHAI, shift_words
from models.vault import Vault

Row = list[str]
WHOLE = Scope(whole=True)
LOST = "（密钥变了，读不出）"


class _Register:
    """Everything that stands somewhere, read at once."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        community = desk.community_id
        session = desk.session
        self.grids = {g.id: g for g in session.exec(select(Grid).where(Grid.community_id == community)).all()}
        self.estates = {
            e.name: e for e in session.exec(select(Estate).where(Estate.community_id == community)).all()
        }
        self.buildings = {
            b.id: b for b in session.exec(select(Building).where(Building.community_id == community)).all()
        }
        self.units = {u.id: u for u in session.exec(select(Unit).where(Unit.community_id == community)).all()}
        self.households = {
            h.id: h for h in session.exec(select(Household).where(Household.community_id == community)).all()
        }
        self.grid_of = {
            link.building_id: self.grids[link.grid_id]
            for link in session.exec(
                select(BuildingGrid).where(
                    BuildingGrid.community_id == community, col(BuildingGrid.valid_to).is_(None)
                )
            ).all()
        }

    def seen(self, building: Building, scope: Scope) -> bool:
        grid = self.grid_of.get(building.id or 0)
        return scope.holds(grid.path if grid is not None else "", building.estate, building.no)

    def door(self, household: Household) -> tuple[Building, Unit]:
        unit = self.units[household.unit_id]
        return self.buildings[unit.building_id], unit


def place_rows(desk: Desk, scope: Scope = WHOLE) -> Iterator[Row]:
    """Grids without buildings, then building by building with its doors, as far as the scope reaches (G7)."""
    book = _Register(desk)
    for grid in sorted(book.grids.values(), key=lambda one: one.code):
        empty = grid.kind == MICROGRID and all(own.id != grid.id for own in book.grid_of.values())
        if empty and grid.valid_to is None and scope.holds(grid.path, "", ""):
            yield _place(book, None, "", None, grid)
    doors: dict[int, list[tuple[str, Household | None]]] = {}
    for unit in book.units.values():
        doors.setdefault(unit.building_id, [])
    for household in book.households.values():
        building, unit = book.door(household)
        doors.setdefault(building.id or 0, []).append((unit.no, household))
    for building in sorted(book.buildings.values(), key=lambda one: (one.estate, by_number(one.no))):
        if building.gone_at is not None or not book.seen(building, scope):
            continue
        rows = doors.get(building.id or 0) or [("", None)]
        for no, one in sorted(
            rows, key=lambda row: (by_number(row[0]), by_number(row[1].room if row[1] else ""))
        ):
            yield _place(book, building, no, one, book.grid_of.get(building.id or 0))


def _place(
    book: _Register, building: Building | None, unit: str, household: Household | None, grid: Grid | None
) -> Row:
    estate = book.estates.get(building.estate) if building is not None else None
    above = book.grids.get(grid.parent_id) if grid is not None else None
    above = None if above is not None and above.kind == COMMUNITY else above
    doors = door_words(building.no if building else "", unit, household.room if household else "")
    cells = {
        "小区": building.estate if building is not None else "",
        "小区别名": "、".join(estate.aliases) if estate is not None else "",
        "小区类型": _name(ESTATE_KINDS, estate.kind if estate is not None else None),
        "管理方式": _name(MANAGEMENTS, estate.management if estate is not None else None),
        "楼栋别名": "、".join(building.aliases) if building is not None else "",
        "面积": f"{household.area / 100:.2f}" if household is not None and household.area else "",
        "状态": _name(OCCUPANCIES, household.occupancy if household is not None else None),
        "微网格": grid.code if grid is not None else "",
        "微网格名称": grid.name if grid is not None else "",
        "网格": above.code if above is not None else "",
        "网格名称": above.name if above is not None else "",
        "专属": grid.special if grid is not None else "",
        **dict(zip(("楼栋", "单元", "房号"), doors, strict=True)),
    }
    return [cells[name] for name in PLACE_COLUMNS]


def people_rows(desk: Desk, vault: Vault, scope: Scope = WHOLE, *, phones: bool = False) -> Iterator[Row]:
    """One row for each household somebody belongs to and for each imported duty; phones masked unless asked for."""
    book, now = _Register(desk), desk.now
    people = {
        p.id: p
        for p in desk.session.exec(select(Person).where(Person.community_id == desk.community_id)).all()
    }
    shown = {number: _phone(person, vault, phones) for number, person in people.items()}
    bindings = desk.session.exec(
        select(Binding).where(
            Binding.community_id == desk.community_id,
            col(Binding.valid_to).is_(None) | (col(Binding.valid_to) > now),
        )
    ).all()

    def door(binding: Binding) -> tuple[str, tuple[int, str], tuple[int, str], tuple[int, str], int]:
        household = book.households[binding.household_id]
        building, unit = book.door(household)
        numbers = by_number(building.no), by_number(unit.no), by_number(household.room)
        return building.estate, *numbers, binding.id or 0

    for binding in sorted(bindings, key=door):
        household = book.households[binding.household_id]
        building, unit = book.door(household)
        if not book.seen(building, scope):
            continue
        person = people[binding.person_id]
        cells = {
            "姓名": person.name,
            "电话": shown[person.id],
            "小区": building.estate,
            **dict(
                zip(("楼栋", "单元", "房号"), door_words(building.no, unit.no, household.room), strict=True)
            ),
            "关系": _name(RELATIONS, binding.relation),
            "户代表": "是" if binding.is_representative else "",
            "出生年月": person.birth_month,
            "止": _last_day(binding.valid_to),
        }
        yield [cells.get(name, "") for name in PEOPLE_COLUMNS]
    yield from _duty_rows(desk, book, people, shown, scope)


def _duty_rows(
    desk: Desk,
    book: _Register,
    people: dict[int | None, Person],
    shown: dict[int | None, str],
    scope: Scope,
) -> Iterator[Row]:
    """Imported duties; those of the configuration stand there."""
    workers = {
        w.id: w
        for w in desk.session.exec(select(Worker).where(Worker.community_id == desk.community_id)).all()
    }
    for duty in desk.session.exec(
        select(Duty)
        .where(
            Duty.community_id == desk.community_id,
            Duty.source == Source.IMPORT,
            col(Duty.valid_to).is_(None) | (col(Duty.valid_to) > desk.now),
        )
        .order_by(col(Duty.id))
    ).all():
        grid, building = book.grids.get(duty.grid_id), book.buildings.get(duty.building_id)
        worker, person = workers.get(duty.worker_id), people.get(duty.person_id)
        if building is not None and not book.seen(building, scope):
            continue
        if building is None and (grid is None or not scope.holds(grid.path, "", "")):
            continue
        where = f"{building.estate}{building.no}栋" if building is not None else ""
        cells = {
            "姓名": person.name if person is not None else worker.name if worker is not None else "",
            "电话": shown[person.id] if person is not None else "",
            "企业微信": worker.userid if worker is not None else "",
            "职务": ROLES[duty.role].name,
            "负责": where or (grid.code if grid is not None else "") or "全社区",
            "AB角": duty.rank,
            "班次": shift_words(duty.shift),
            "起": f"{duty.valid_from.astimezone(SHANGHAI):%Y-%m-%d}" if _midnight(duty.valid_from) else "",
            "止": _last_day(duty.valid_to),
        }
        yield [cells.get(name, "") for name in PEOPLE_COLUMNS]


def _phone(person: Person, vault: Vault, phones: bool) -> str:
    if not person.phone_enc:
        return ""
    phone = vault.reveal(person.phone_enc)
    if phone is None:
        return LOST
    return phone if phones else masked(phone)


def _name(names: Mapping[str, StrEnum], value: StrEnum | None) -> str:
    return next((name for name, known in names.items() if value is not None and known == value), "")


def _midnight(at: datetime) -> bool:
    return at.astimezone(SHANGHAI).time() == datetime.min.time()


def _last_day(valid_to: datetime | None) -> str:
    return f"{valid_to.astimezone(SHANGHAI) - timedelta(seconds=1):%Y-%m-%d}" if valid_to is not None else ""
