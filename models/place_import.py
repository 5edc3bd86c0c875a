"""`linli import places`: a file of grids, estates, buildings and doors into the two trees, all of it or nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import insert, update
from sqlmodel import SQLModel, select

from models.database import take_turn
from models.desk import Desk
from models.desk.absences import Unmanned
from models.desk.places import COMMUNITY, GRID, MICROGRID
from models.errors import ImportProblem
from models.place import Building, BuildingGrid, Estate, Grid, Household, Source, Unit
from models.place_checks import agree, fits_config
from models.place_rows import PlaceRow, read_places
from models.sheet import read_sheet


@dataclass(frozen=True, slots=True)
class PlacesImported:
    """What one file brought: new and changed rows by noun, and in words what moved."""

    rows: int
    new: Mapping[str, int]
    changed: Mapping[str, int]
    moves: tuple[str, ...]
    unmanned: tuple[Unmanned, ...]


def import_places(desk: Desk, path: Path, *, sheet: str = "", dry_run: bool = False) -> PlacesImported:
    """Read a CSV or XLSX and lay it over what is there; nothing is removed, nothing doubled.

    `dry_run` does it all and takes it back.

    Raises:
        ImportProblem: every mistake with row and column; nothing was written.
    """
    rows = read_places(read_sheet(path, sheet))
    take_turn(desk.session.connection(), desk.community_id)
    nested = desk.session.begin_nested()
    try:
        done = _Import(desk, rows).run()
    except BaseException:
        nested.rollback()
        raise
    if dry_run:
        nested.rollback()
    else:
        nested.commit()
    return done


@dataclass(slots=True)
class _Import:
    """One import on its way: what is there is read at once, mistakes are collected, then written in bulk."""

    desk: Desk
    rows: list[PlaceRow]
    new: dict[str, int] = field(default_factory=dict)
    changed: dict[str, int] = field(default_factory=dict)
    moves: list[str] = field(default_factory=list)
    grids: dict[str, Grid] = field(default_factory=dict)
    estates: dict[str, Estate] = field(default_factory=dict)
    buildings: dict[tuple[str, str], Building] = field(default_factory=dict)
    of: dict[int, Building] = field(default_factory=dict)  # by the row's number

    def run(self) -> PlacesImported:
        self._load()
        agree(self.rows)
        fits_config(self.rows, self.desk.rules, self.grids, self.buildings)
        self._refuse()
        self._write_grids()
        self._write_estates()
        self._write_buildings()
        self._write_links()
        self._refuse()
        self._write_doors()
        return PlacesImported(
            len(self.rows), self.new, self.changed, tuple(self.moves), tuple(self.desk.unmanned())
        )

    def _refuse(self) -> None:
        mistakes = [mistake for each in self.rows for mistake in each.row.mistakes]
        if mistakes:
            raise ImportProblem(sorted(mistakes))

    def _all(self, kind: type[Any]) -> list[Any]:
        return list(
            self.desk.session.exec(select(kind).where(kind.community_id == self.desk.community_id)).all()
        )

    def _load(self) -> None:
        self.desk.sync_places()  # the configuration as it now is
        self.grids = {grid.code: grid for grid in self._all(Grid)}
        self.estates = {estate.name: estate for estate in self._all(Estate)}
        self.buildings = {(one.estate, one.no): one for one in self._all(Building)}

    def _count(self, noun: str, new: bool, by: int = 1) -> None:
        counts = self.new if new else self.changed
        counts[noun] = counts.get(noun, 0) + by

    def _write_grids(self) -> None:
        root = self.grids[""]
        for level in ("grid", "microgrid"):
            for each in self.rows:
                code = each.grid if level == "grid" else each.microgrid
                if not code:
                    continue
                name = each.grid_name if level == "grid" else each.microgrid_name
                parent = self.grids.get(each.grid, root) if level == "microgrid" and each.grid else None
                self._write_grid(code, level, name, parent, each.special if level == "microgrid" else "")
        self._flush()
        self._walk_paths()

    def _write_grid(self, code: str, kind: str, name: str, parent: Grid | None, special: str) -> None:
        grid, root = self.grids.get(code), self.grids[""]
        if grid is None:
            parent = parent or root
            grid = Grid(
                community_id=self.desk.community_id,
                parent_id=parent.id,
                kind=kind,
                code=code,
                name=name or code,
                path=f"{parent.path}/{code}",
                special=special,
                source=Source.IMPORT,
                valid_from=self.desk.now,
            )
            self.desk.session.add(grid)
            self._flush()
            self.grids[code] = grid
            self._count("微网格" if kind == MICROGRID else "网格", True)
            return
        before = (grid.name, grid.special, grid.parent_id, grid.valid_to)
        grid.name, grid.special = name or grid.name, special or grid.special
        if parent is not None:
            grid.parent_id = parent.id
        if grid.valid_to is not None:  # an import brings back what a configuration has let go
            grid.valid_to, grid.source = None, Source.IMPORT
        if before != (grid.name, grid.special, grid.parent_id, grid.valid_to):
            self._count("微网格" if kind == MICROGRID else "网格", False)
            if before[2] != grid.parent_id and parent is not None:
                self.moves.append(f"{code}：改属网格 {parent.code or '社区'}")

    def _walk_paths(self) -> None:
        """`path` is the walk from the root (G1); the tree has three levels, so it has no cycle."""
        by_id = {grid.id: grid for grid in self.grids.values()}
        for grid in sorted(self.grids.values(), key=lambda one: (COMMUNITY, GRID, MICROGRID).index(one.kind)):
            parent = by_id.get(grid.parent_id) if grid.parent_id else None
            if parent is not None:
                grid.path = f"{parent.path}/{grid.code}"
        self._flush()

    def _write_estates(self) -> None:
        for each in self.rows:
            if not each.estate:
                continue
            estate = self.estates.get(each.estate)
            if estate is None:
                estate = Estate(community_id=self.desk.community_id, name=each.estate)
                self.desk.session.add(estate)
                self.estates[each.estate] = estate
                self._count("小区", True)
            before = (estate.kind, estate.management, estate.aliases)
            estate.kind = each.estate_kind or estate.kind
            estate.management = each.management or estate.management
            estate.aliases = list(each.estate_aliases) or estate.aliases
            if before != (estate.kind, estate.management, estate.aliases) and estate.id is not None:
                self._count("小区", False)
        self._flush()

    def _building(self, each: PlaceRow) -> Building | None:
        return self.of.get(each.row.number)

    def _write_buildings(self) -> None:
        """Each row's building; rows that name the estate first, so that the others find what is meant."""
        for each in sorted(self.rows, key=lambda row: not row.estate):
            if each.building:
                building = self.buildings.get((each.estate, each.building)) or self._new_building(each)
                self.of[each.row.number] = building
                self.buildings[building.estate, building.no] = building
        for each in self.rows:
            own = self._building(each)
            if own is not None and each.aliases and list(each.aliases) != own.aliases:
                if own.id is not None:
                    self._count("楼栋", False)
                own.aliases = list(each.aliases)
        self._flush()

    def _new_building(self, each: PlaceRow) -> Building:
        """A building known without its estate gets the one estate that claims it; without one the only one is meant."""
        no = each.building
        numbered = [one for one in self.buildings.values() if one.no == no]
        claims = {row.estate for row in self.rows if row.building == no and row.estate}
        if each.estate and len(claims) == 1 and [one.estate for one in numbered] == [""]:
            building = self.buildings.pop(("", no))
            building.estate = each.estate
            self.moves.append(f"{no}栋：归入小区 {each.estate}")
            return building
        if not each.estate and len(numbered) == 1:
            return numbered[0]
        if not each.estate and numbered:
            names = "、".join(sorted(one.estate for one in numbered))
            each.row.wrong("小区", f"{names} 都有 {no}栋，请写是哪个小区")
            return numbered[0]
        building = Building(
            community_id=self.desk.community_id, estate=each.estate, no=no, gone_at=self.desk.now
        )
        self.desk.session.add(building)
        self._count("楼栋", True)
        return building

    def _write_links(self) -> None:
        """Each building's microgrid from now on; the row of before is ended, not changed (G2, G6)."""
        open_links: dict[int, BuildingGrid] = {
            link.building_id: link for link in self._all(BuildingGrid) if link.valid_to is None
        }
        codes = {grid.id: grid.code for grid in self.grids.values()}
        wanted: dict[int, tuple[Building, Grid]] = {}
        for each in self.rows:
            building = self._building(each)
            if building is None or building.id is None:
                continue
            grid = self.grids[each.microgrid] if each.microgrid else None
            if grid is not None and wanted.setdefault(building.id, (building, grid))[1] is not grid:
                other = wanted[building.id][1].code  # one row with the estate's name, one without
                each.row.wrong(
                    "微网格", f"{building.estate}{building.no}栋 在别的行写的是 {other}，请写成一样"
                )
        for each in self.rows:
            building = self._building(each)
            if building is not None and building.id not in {*wanted, *open_links}:
                each.row.wrong("微网格", f"{each.building}栋 还不知道归哪个微网格，请填网格编号，例如 W01")
                wanted[building.id or 0] = (building, self.grids[""])  # said once is enough
        fresh: list[BuildingGrid] = []
        for number, (building, grid) in wanted.items():
            link = open_links.get(number)
            if link is not None and link.grid_id == grid.id:
                continue
            if link is not None:
                link.valid_to = self.desk.now
                self.moves.append(f"{building.estate}{building.no}栋：{codes[link.grid_id]} → {grid.code}")
            assert grid.id is not None
            fresh.append(
                BuildingGrid(
                    community_id=self.desk.community_id,
                    building_id=number,
                    grid_id=grid.id,
                    source=Source.IMPORT,
                    valid_from=self.desk.now,
                )
            )
            building.gone_at = None
        self._flush()  # the ends before the beginnings: one open row a building
        self.desk.session.add_all(fresh)
        self._flush()

    def _write_doors(self) -> None:
        community = self.desk.community_id
        units: dict[tuple[int, str], int] = {(one.building_id, one.no): one.id for one in self._all(Unit)}
        wanted = {
            (self._id(each), each.unit): None
            for each in self.rows
            if each.building and (each.unit or each.room)
        }
        fresh = [key for key in wanted if key not in units]
        self._insert(Unit, [{"community_id": community, "building_id": b, "no": no} for b, no in fresh])
        self._count("单元", True, sum(bool(no) for _, no in fresh))
        units = {(one.building_id, one.no): one.id for one in self._all(Unit)}
        known: dict[tuple[int, str], Household] = {
            (one.unit_id, one.room): one for one in self._all(Household)
        }
        new: list[dict[str, object]] = []
        changes: list[dict[str, object]] = []
        seen: dict[tuple[int, str], int] = {}
        for each in self.rows:
            if not each.room:
                continue
            unit = units[self._id(each), each.unit]
            first = seen.setdefault((unit, each.room), each.row.number)
            if first != each.row.number:  # one with its estate's name, one without
                each.row.wrong("房号", f"与第 {first} 行是同一户，请删去一行")
                continue
            household = known.get((unit, each.room))
            if household is None:
                new.append(
                    {
                        "community_id": community,
                        "unit_id": unit,
                        "room": each.room,
                        "area": each.area,
                        "occupancy": each.occupancy,
                    }
                )
                continue
            area, occupancy = each.area or household.area, each.occupancy or household.occupancy
            if (area, occupancy) != (household.area, household.occupancy):
                changes.append({"id": household.id, "area": area, "occupancy": occupancy})
        self._refuse()
        self._insert(Household, new)
        if changes:
            self.desk.session.execute(update(Household), changes)
        self._count("户", True, len(new))
        self._count("户", False, len(changes))

    def _id(self, each: PlaceRow) -> int:
        number = self.of[each.row.number].id
        assert number is not None
        return number

    def _insert(self, kind: type[SQLModel], rows: list[dict[str, object]]) -> None:
        if rows:
            self.desk.session.execute(insert(kind), rows)

    def _flush(self) -> None:
        self.desk.session.flush()
