"""The trees, links, duties and bindings judged as they stand, trusting nothing that was checked when it was written."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from sqlmodel import col, select

from models.desk import Desk
from models.desk.places import COMMUNITY, GRID, MICROGRID
from models.person import Binding
from models.place import Building, BuildingGrid, Grid, Household, Unit

ABOVE = {COMMUNITY: (None,), GRID: (COMMUNITY,), MICROGRID: (COMMUNITY, GRID)}


@dataclass(frozen=True, slots=True)
class PlaceFinding:
    """One broken invariant of domain.md §1: its letter and number, which row, and a Chinese sentence."""

    rule: str
    where: str
    what: str


def place_offences(desk: Desk) -> list[PlaceFinding]:
    """Every finding of G1 to G5 in this community. (G6 and G7 say how things are done, not how they stand.)"""
    return [*_trees(desk), *_links(desk), *_manned(desk), *_doors(desk), *_representatives(desk)]


def _trees(desk: Desk) -> Iterator[PlaceFinding]:
    """G1: acyclic, each level under a higher one, `path` equal to the walk."""
    grids = {
        g.id: g for g in desk.session.exec(select(Grid).where(Grid.community_id == desk.community_id)).all()
    }
    for grid in grids.values():
        walk: list[Grid] = []
        at: Grid | None = grid
        while at is not None and at not in walk:
            walk.insert(0, at)
            at = grids.get(at.parent_id) if at.parent_id is not None else None
        if at is not None:
            yield PlaceFinding("G1", grid.code, "上级网格绕成了圈")
            continue
        path = "/".join([str(desk.community_id), *(one.code for one in walk if one.code)])
        if path != grid.path:
            yield PlaceFinding("G1", grid.code, f"路径写的是 {grid.path}，一级一级走是 {path}")
        above = grids[grid.parent_id].kind if grid.parent_id is not None else None
        if above not in ABOVE.get(grid.kind, ()):
            yield PlaceFinding("G1", grid.code, f"{grid.kind} 不能在 {above or '最上面'}")


def _links(desk: Desk) -> Iterator[PlaceFinding]:
    """G2: an active building has one microgrid now, and its earlier ones do not overlap."""
    grids = {
        g.id: g for g in desk.session.exec(select(Grid).where(Grid.community_id == desk.community_id)).all()
    }
    links: dict[int, list[BuildingGrid]] = {}
    for link in desk.session.exec(
        select(BuildingGrid)
        .where(BuildingGrid.community_id == desk.community_id)
        .order_by(col(BuildingGrid.valid_from), col(BuildingGrid.id))
    ).all():
        links.setdefault(link.building_id, []).append(link)
    for building in desk.session.exec(
        select(Building).where(Building.community_id == desk.community_id)
    ).all():
        own = links.get(building.id or 0, [])
        where = f"{building.estate}{building.no}栋"
        now = [link for link in own if link.valid_to is None]
        if building.gone_at is None and len(now) != 1:
            yield PlaceFinding("G2", where, f"现在属于 {len(now)} 个微网格，应当正好一个")
        if building.gone_at is not None and now:
            yield PlaceFinding("G2", where, "已经停用，却还属于一个微网格")
        for link in now:
            grid = grids[link.grid_id]
            if grid.kind != MICROGRID or grid.valid_to is not None:
                yield PlaceFinding("G2", where, f"属于「{grid.code}」，那不是在用的微网格")
        for before, after in pairwise(own):
            if before.valid_to is None or before.valid_to > after.valid_from:
                yield PlaceFinding("G2", where, "有一段时间同时属于两个微网格")


def _manned(desk: Desk) -> Iterator[PlaceFinding]:
    for one in desk.unmanned():
        yield PlaceFinding("G3", one.grid_code, f"没有微网格员（A 角），报事先交给 {one.heir or '社区'}")


def _doors(desk: Desk) -> Iterator[PlaceFinding]:
    """G4: (building, unit, room) once in an estate."""
    seen: set[tuple[str, str, str, str]] = set()
    for household, unit, building in desk.session.exec(
        select(Household, Unit, Building)
        .join(Unit, col(Unit.id) == col(Household.unit_id))
        .join(Building, col(Building.id) == col(Unit.building_id))
        .where(Household.community_id == desk.community_id)
    ).all():
        door = (building.estate, building.no, unit.no, household.room)
        if door in seen:
            yield PlaceFinding("G4", "".join(door), "同一户有两行")
        seen.add(door)


def _representatives(desk: Desk) -> Iterator[PlaceFinding]:
    """G5: at no instant two representatives of a household, or one person twice in it."""
    rows = desk.session.exec(
        select(Binding)
        .where(Binding.community_id == desk.community_id)
        .order_by(col(Binding.valid_from), col(Binding.id))
    ).all()
    for what, groups in (
        ("同时有两个户代表", _grouped((row.household_id, row) for row in rows if row.is_representative)),
        ("同一个人登记了两次", _grouped(((row.household_id, row.person_id), row) for row in rows)),
    ):
        for own in groups.values():
            for before, after in pairwise(own):
                if before.valid_to is None or before.valid_to > after.valid_from:
                    yield PlaceFinding("G5", f"户 {after.household_id}", what)


def _grouped(pairs: Iterator[tuple[object, Binding]]) -> dict[object, list[Binding]]:
    groups: dict[object, list[Binding]] = {}
    for key, row in pairs:
        groups.setdefault(key, []).append(row)
    return groups
