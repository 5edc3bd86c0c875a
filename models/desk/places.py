"""The Desk's part for places: a building finds its grid, and a grid the people who answer for it now."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import aliased
from sqlmodel import col, select

from models.desk.base import DeskBase
from models.desk.memory import Shelf, remembered
from models.duty_plan import Answering, Post, answering
from models.place import Absence, Building, BuildingGrid, Duty, Estate, Grid, Worker

_BUILDING = re.compile(
    r"^(?P<estate>.*?)(?:(?P<zone>[A-Za-z0-9东西南北中一二三四五六七八九])(?P<kind>[区期]))?"
    r"(?P<no>[A-Za-z]?\d+[A-Za-z]?|[A-Za-z])\s*(?:栋|幢|号楼|座|楼)?$"
)
_DIGITS = str.maketrans("一二三四五六七八九", "123456789")

# Who answers where changes with the configuration, which each process reads again within some seconds by itself.
PEOPLE = Shelf(
    "people",
    timedelta(seconds=5),
    lambda _: None,
    frozenset({"worker", "grid", "building", "duty", "building_grid", "absence", "estate"}),
)

COMMUNITY, GRID, MICROGRID = "community", "grid", "microgrid"


@dataclass(frozen=True, slots=True)
class Route:
    """Who answers for a place now: 企业微信 accounts, "" where there is nobody; `dispatchers` are the community's desk.

    Absences and shifts are worked in (`models.duty_plan`); `off` have a post here but do not answer at present.
    """

    grid_code: str = ""
    grid_name: str = ""
    grid_path: str = ""
    worker: str = ""
    backup: str = ""
    lead: str = ""
    dispatchers: tuple[str, ...] = ()
    off: tuple[str, ...] = ()


def split_building(name: str) -> tuple[str, str]:
    """`("槐树苑", "3")` from 「槐树苑3栋」; the number is "" when there is none.

    A zone is part of the number as in the slots of what residents say: "A3" from 「A区3栋」, "1区3" from 「1区3栋」.
    """
    found = _BUILDING.match(name.strip())
    if found is None:
        return name.strip(), ""
    zone = (found["zone"] or "").translate(_DIGITS)
    return found["estate"].strip(), in_zone(zone + (found["kind"] or ""), found["no"])


def in_zone(zone: str, no: str) -> str:
    """The building's number with its zone: "A3"; with a digit "1区3", which is not building 13."""
    zone = zone.removesuffix("区")
    return (f"{zone}区{no}" if zone.isdigit() else f"{zone}{no}").upper()


class PlaceDesk(DeskBase):
    """Places and duties."""

    @remembered(PEOPLE)
    def worker(self, userid: str) -> Worker | None:
        return self.session.exec(
            select(Worker).where(Worker.community_id == self.community_id, Worker.userid == userid)
        ).first()

    def name_of(self, userid: str) -> str:
        """The name that residents read; the account itself when nobody wrote a name, 「社区」 when nobody is named."""
        if not userid:
            return "社区"
        row = self.worker(userid)
        return row.name if row is not None else userid

    def find_worker(self, words: str) -> Worker | None:
        """A worker named by account or by name; None when nobody or more than one fits."""
        hits = self.session.exec(
            select(Worker).where(
                Worker.community_id == self.community_id,
                (Worker.userid == words) | (Worker.name == words),
            )
        ).all()
        return hits[0] if len(hits) == 1 else None

    def worker_in(self, words: str, *, but: str = "") -> str:
        """The account of the one worker whose name or account stands in the words; "" for none or several."""
        rows = self.session.exec(select(Worker).where(Worker.community_id == self.community_id)).all()
        hits = {
            row.userid for row in rows if row.userid != but and (row.name in words or row.userid in words)
        }
        return hits.pop() if len(hits) == 1 else ""

    @remembered(PEOPLE)
    def estates_with(self, no: str) -> list[str]:
        """The estates that have a building of this number ("" for the unnamed one)."""
        return list(
            self.session.exec(
                select(Building.estate)
                .join(BuildingGrid, col(BuildingGrid.building_id) == col(Building.id))
                .where(
                    Building.community_id == self.community_id,
                    Building.no == no,
                    col(BuildingGrid.valid_to).is_(None),
                )
                .order_by(Building.estate)
            ).all()
        )

    @remembered(PEOPLE)
    def estates(self) -> list[str]:
        """The names of all estates, and what else residents call them."""
        named = [
            name
            for name in self.session.exec(
                select(Building.estate).where(Building.community_id == self.community_id).distinct()
            ).all()
            if name
        ]
        return list(dict.fromkeys([*named, *self.estate_names()]))

    @remembered(PEOPLE)
    def estate_names(self) -> dict[str, str]:
        """Every name and alias of an estate, with the name that its buildings carry."""
        rows = self.session.exec(
            select(Estate.name, Estate.aliases).where(Estate.community_id == self.community_id)
        ).all()
        names = {alias: name for name, aliases in rows for alias in aliases}
        return names | {name: name for name, _ in rows}

    def estate_name(self, words: str) -> str:
        """The estate's own name for one of its names; other words stay as they are."""
        return self.estate_names().get(words, words) if words else words

    def building_named(self, words: str) -> tuple[str, str] | None:
        """(estate, number) of the one building whose alias stands in the words, the longest alias first."""
        found = [place for alias, place in self._building_aliases() if alias in words]
        return found[0] if found else None

    @remembered(PEOPLE)
    def _building_aliases(self) -> list[tuple[str, tuple[str, str]]]:
        """Aliases that mean one active building only and cannot be part of a number."""
        places: dict[str, set[tuple[str, str]]] = {}
        for estate, no, aliases in self.session.exec(
            select(Building.estate, Building.no, Building.aliases).where(
                Building.community_id == self.community_id, col(Building.gone_at).is_(None)
            )
        ).all():
            for alias in aliases:
                if len(alias) >= 2 and not split_building(alias)[1]:
                    places.setdefault(alias, set()).add((estate, no))
        single = [(alias, next(iter(where))) for alias, where in places.items() if len(where) == 1]
        return sorted(single, key=lambda pair: (-len(pair[0]), pair[0]))

    @remembered(PEOPLE)
    def route(self, estate: str, no: str) -> Route:
        """Who answers for a building now; without a building, or for an unknown one, the community's desk alone."""
        grid = None
        if no:
            query = (
                select(Grid)
                .join(BuildingGrid, col(BuildingGrid.grid_id) == col(Grid.id))
                .join(Building, col(Building.id) == col(BuildingGrid.building_id))
                .where(
                    Building.community_id == self.community_id,
                    Building.no == no,
                    col(BuildingGrid.valid_to).is_(None),
                )
            )
            if estate:
                query = query.where(Building.estate == self.estate_name(estate))
            grids = self.session.exec(query).all()
            grid = grids[0] if len({g.id for g in grids}) == 1 else None
        return self._route_of(grid)

    @remembered(PEOPLE)
    def route_of_grid(self, code: str) -> Route:
        """Who answers for a grid now, by its code."""
        grid = self.session.exec(
            select(Grid).where(Grid.community_id == self.community_id, Grid.code == code)
        ).first()
        return self._route_of(grid if code else None)

    def _route_of(self, grid: Grid | None) -> Route:
        who = self.answering(grid)
        if grid is None:
            return Route(dispatchers=who.dispatchers)
        return Route(
            grid_code=grid.code,
            grid_name=grid.name,
            grid_path=grid.path,
            worker=who.worker,
            backup=who.backup,
            lead=who.lead,
            dispatchers=who.dispatchers,
            off=who.off,
        )

    def answering(self, grid: Grid | None, at: datetime | None = None, *, present: str = "") -> Answering:
        """Who answers for a grid, or for what has none, now or at another moment; as if `present` were not absent."""
        at = at or self.now
        heights = self._heights(grid)
        rows = self.session.exec(
            select(Duty, Worker.userid)
            .join(Worker, col(Worker.id) == col(Duty.worker_id))
            .where(
                Duty.community_id == self.community_id,
                col(Duty.valid_from) <= at,
                col(Duty.valid_to).is_(None) | (col(Duty.valid_to) > at),
                col(Duty.grid_id).in_(heights),
            )
            .order_by(col(Duty.id))
        ).all()
        away = {key: both for key, both in self._away(at).items() if both[0] != present}
        posts = [
            Post(
                userid,
                duty.role,
                duty.rank,
                duty.shift,
                heights[duty.grid_id or 0],
                duty.worker_id in away,
                away.get(duty.worker_id, ("", ""))[1],
            )
            for duty, userid in rows
        ]
        return answering(posts, frozenset(userid for userid, _ in away.values()), at)

    def _heights(self, grid: Grid | None) -> dict[int, int]:
        """The grid and everything above it by id, counted upwards."""
        heights: dict[int, int] = {}
        while grid is not None and grid.id is not None and grid.id not in heights:
            heights[grid.id] = len(heights)
            if grid.kind == COMMUNITY:
                return heights
            grid = self.session.get(Grid, grid.parent_id) if grid.parent_id else None
        root = self.session.exec(
            select(Grid.id).where(Grid.community_id == self.community_id, Grid.code == "")
        ).first()
        if root is not None:
            heights.setdefault(root, len(heights))
        return heights

    def _away(self, at: datetime) -> dict[int | None, tuple[str, str]]:
        """Who is absent at a moment: worker id → (account, the account that stands in or "")."""
        stand_in = aliased(Worker)
        rows = self.session.exec(
            select(Absence.worker_id, Worker.userid, stand_in.userid)
            .join(Worker, col(Worker.id) == col(Absence.worker_id))
            .join(stand_in, col(stand_in.id) == col(Absence.stand_in_id), isouter=True)
            .where(
                Absence.community_id == self.community_id,
                col(Absence.starts_at) <= at,
                col(Absence.ends_at) > at,
                col(Absence.ended_at).is_(None),
            )
            .order_by(col(Absence.id))
        ).all()
        return {worker_id: (userid, instead or "") for worker_id, userid, instead in rows}

    def is_away(self, userid: str) -> bool:
        return any(account == userid for account, _ in self._away(self.now).values())
