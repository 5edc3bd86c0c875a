"""What a user on duty may see: rows whose path lies under one of his duties, and no others (G7)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, true
from sqlmodel import col, select

from models.desk.places import COMMUNITY, PlaceDesk
from models.person import ChannelIdentity
from models.place import Building, Duty, Grid, Worker
from models.roles import ROLES, Sees
from models.ticket import Ticket


@dataclass(frozen=True, slots=True)
class Scope:
    """The whole community, or what stands under these grid paths and in these buildings as (estate, number)."""

    whole: bool = False
    paths: frozenset[str] = frozenset()
    buildings: frozenset[tuple[str, str]] = frozenset()

    def holds(self, path: str, estate: str, building: str) -> bool:
        """The same judgement as `within`, for one row at hand."""
        return (
            self.whole
            or any(path == top or path.startswith(f"{top}/") for top in self.paths)
            or (bool(building) and (estate, building) in self.buildings)
        )


def within(scope: Scope, path: Any, estate: Any, building: Any) -> ColumnElement[bool]:
    """The SQL filter of a scope over three columns: a row's grid path, its estate's name, its building's number."""
    if scope.whole:
        return true()
    parts: list[ColumnElement[bool]] = []
    for top in sorted(scope.paths):
        parts += [path == top, path.startswith(f"{top}/", autoescape=True)]
    parts += [and_(estate == name, building == no) for name, no in sorted(scope.buildings) if no]
    return or_(*parts) if parts else false()


def seen_tickets(scope: Scope) -> ColumnElement[bool]:
    """`within` for tickets, by the path that was frozen when they were filed (G6)."""
    return within(scope, col(Ticket.grid_path), col(Ticket.estate), col(Ticket.building))


class ScopeDesk(PlaceDesk):
    """Scopes of users."""

    def scope_of(self, userid: str, sees: Sees = Sees.ROWS) -> Scope:
        """What the duties of a 企业微信 account show at this moment: rows, or also figures with `Sees.FIGURES`.

        A duty whose role shows nothing (a volunteer's, a system administrator's) opens nothing.
        """
        mine = select(Worker.id).where(Worker.community_id == self.community_id, Worker.userid == userid)
        return self._held(col(Duty.worker_id).in_(mine), sees)

    def scope_of_person(self, person_key: str, sees: Sees = Sees.ROWS) -> Scope:
        """The same for a resident with a duty (a 楼栋长), by the account that he is bound from."""
        mine = select(ChannelIdentity.person_id).where(
            ChannelIdentity.community_id == self.community_id, ChannelIdentity.person_key == person_key
        )
        return self._held(col(Duty.person_id).in_(mine), sees)

    def _held(self, held: ColumnElement[bool], sees: Sees) -> Scope:
        allowed = {Sees.ROWS} if sees is Sees.ROWS else {Sees.ROWS, Sees.FIGURES}
        roles = [key for key, role in ROLES.items() if role.sees in allowed]
        rows = self.session.exec(
            select(Duty, Grid, Building)
            .join(Grid, col(Grid.id) == col(Duty.grid_id), isouter=True)
            .join(Building, col(Building.id) == col(Duty.building_id), isouter=True)
            .where(
                Duty.community_id == self.community_id,
                held,
                col(Duty.role).in_(roles),
                col(Duty.valid_from) <= self.now,
                col(Duty.valid_to).is_(None) | (col(Duty.valid_to) > self.now),
            )
        ).all()
        return _scope((grid, building) for _, grid, building in rows)


def _scope(places: Iterable[tuple[Grid | None, Building | None]]) -> Scope:
    """Of a duty that names both, the building counts: it is the narrower one."""
    whole, paths, buildings = False, set(), set()
    for grid, building in places:
        if building is not None:
            buildings.add((building.estate, building.no))
        elif grid is not None and grid.kind == COMMUNITY:
            whole = True
        elif grid is not None:
            paths.add(grid.path)
    return Scope(whole, frozenset(paths), frozenset(buildings))
