"""The Desk's part for grids, buildings and duties: the configuration becomes dated rows, a building finds its people."""

import re
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import col, select

from models.desk.base import DeskBase
from models.desk.memory import Shelf, remembered
from models.place import Building, BuildingGrid, Duty, Grid, Worker
from models.rules import GridRule

_BUILDING = re.compile(
    r"^(?P<estate>.*?)(?:(?P<zone>[A-Za-z0-9东西南北中一二三四五六七八九])(?P<kind>[区期]))?"
    r"(?P<no>[A-Za-z]?\d+|[A-Za-z])\s*(?:栋|幢|号楼|座|楼)?$"
)
_DIGITS = str.maketrans("一二三四五六七八九", "123456789")

# Who answers where changes with the configuration, which each process reads again within some seconds by itself.
PEOPLE = Shelf(
    "people",
    timedelta(seconds=5),
    lambda _: None,
    frozenset({"worker", "grid", "building", "duty", "building_grid"}),
)

COMMUNITY, MICROGRID = "community", "microgrid"
WORKER, LEAD, DISPATCHER = "micro_worker", "grid_lead", "dispatcher"


@dataclass(frozen=True, slots=True)
class Route:
    """Who answers for a place: 企业微信 accounts, "" where nobody is named; `dispatchers` are the community's desk."""

    grid_code: str = ""
    grid_name: str = ""
    grid_path: str = ""
    worker: str = ""
    backup: str = ""
    lead: str = ""
    dispatchers: tuple[str, ...] = ()


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

    def sync_places(self) -> None:
        """Make the rows say what the rules say; what ended keeps its row with an end (G6: history stays)."""
        root = self._sync_grid("", COMMUNITY, "社区", None)
        wanted: dict[tuple[int, int, str, str], None] = {}
        for userid in self.rules.community_desk:
            wanted[(self._sync_worker(userid), root, DISPATCHER, "A")] = None
        homes: dict[int, int] = {}
        kept = {root}
        for rule in self.rules.grids:
            grid = self._sync_grid(rule.code, MICROGRID, rule.name, root)
            kept.add(grid)
            for userid, role, rank in _people(rule):
                wanted[(self._sync_worker(userid), grid, role, rank)] = None
            for name in rule.buildings:
                homes[self._sync_building(*split_building(name))] = grid
        for worker in self.rules.workers:
            self._sync_worker(worker.userid)
        self._sync_duties(wanted)
        self._sync_homes(homes)
        for grid_row in self.session.exec(
            select(Grid).where(Grid.community_id == self.community_id, col(Grid.valid_to).is_(None))
        ).all():
            if grid_row.id not in kept:
                grid_row.valid_to = self.now
        self.session.flush()

    def _sync_grid(self, code: str, kind: str, name: str, parent: int | None) -> int:
        row = self.session.exec(
            select(Grid).where(Grid.community_id == self.community_id, Grid.code == code)
        ).first()
        if row is None:
            path = f"{self.community_id}" + (f"/{code}" if code else "")
            row = Grid(
                community_id=self.community_id,
                parent_id=parent,
                kind=kind,
                code=code,
                name=name,
                path=path,
                valid_from=self.now,
            )
            self.session.add(row)
        row.name = name
        row.valid_to = None
        self.session.flush()
        assert row.id is not None
        return row.id

    def _sync_worker(self, userid: str) -> int:
        rule = next((w for w in self.rules.workers if w.userid == userid), None)
        row = self.worker(userid)
        if row is None:
            row = Worker(community_id=self.community_id, userid=userid, name=userid)
            self.session.add(row)
        if rule is not None:
            row.name, row.phone = rule.name, rule.phone
        self.session.flush()
        assert row.id is not None
        return row.id

    def _sync_building(self, estate: str, no: str) -> int:
        row = self.session.exec(
            select(Building).where(
                Building.community_id == self.community_id, Building.estate == estate, Building.no == no
            )
        ).first()
        if row is None:
            row = Building(community_id=self.community_id, estate=estate, no=no)
            self.session.add(row)
            self.session.flush()
        assert row.id is not None
        return row.id

    def _sync_duties(self, wanted: dict[tuple[int, int, str, str], None]) -> None:
        for duty in self.session.exec(
            select(Duty).where(Duty.community_id == self.community_id, col(Duty.valid_to).is_(None))
        ).all():
            key = (duty.worker_id, duty.grid_id, duty.role, duty.rank)
            if key in wanted:
                del wanted[key]
            else:
                duty.valid_to = self.now
        for worker_id, grid_id, role, rank in wanted:
            self.session.add(
                Duty(
                    community_id=self.community_id,
                    worker_id=worker_id,
                    grid_id=grid_id,
                    role=role,
                    rank=rank,
                    valid_from=self.now,
                )
            )

    def _sync_homes(self, homes: dict[int, int]) -> None:
        for link in self.session.exec(
            select(BuildingGrid).where(
                BuildingGrid.community_id == self.community_id, col(BuildingGrid.valid_to).is_(None)
            )
        ).all():
            if homes.get(link.building_id) == link.grid_id:
                del homes[link.building_id]
            else:
                link.valid_to = self.now
        for building_id, grid_id in homes.items():
            self.session.add(
                BuildingGrid(
                    community_id=self.community_id,
                    building_id=building_id,
                    grid_id=grid_id,
                    valid_from=self.now,
                )
            )

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

    def estates(self) -> list[str]:
        """The names of all estates."""
        return [
            name
            for name in self.session.exec(
                select(Building.estate).where(Building.community_id == self.community_id).distinct()
            ).all()
            if name
        ]

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
                query = query.where(Building.estate == estate)
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
        root = self.session.exec(
            select(Grid.id).where(Grid.community_id == self.community_id, Grid.code == "")
        ).first()
        rows = self.session.exec(
            select(Duty.grid_id, Duty.role, Duty.rank, Worker.userid)
            .join(Worker, col(Worker.id) == col(Duty.worker_id))
            .where(
                Duty.community_id == self.community_id,
                col(Duty.valid_to).is_(None),
                col(Duty.grid_id).in_([grid.id if grid else -1, root]),
            )
            .order_by(col(Duty.id))
        ).all()
        dispatchers = tuple(userid for _, role, _, userid in rows if role == DISPATCHER)
        if grid is None:
            return Route(dispatchers=dispatchers)
        people = {(role, rank): userid for _, role, rank, userid in reversed(rows)}
        return Route(
            grid_code=grid.code,
            grid_name=grid.name,
            grid_path=grid.path,
            worker=people.get((WORKER, "A"), ""),
            backup=people.get((WORKER, "B"), ""),
            lead=people.get((LEAD, "A"), ""),
            dispatchers=dispatchers,
        )


def _people(rule: GridRule) -> list[tuple[str, str, str]]:
    named = [(rule.worker, WORKER, "A"), (rule.backup, WORKER, "B"), (rule.lead, LEAD, "A")]
    return [person for person in named if person[0]]
