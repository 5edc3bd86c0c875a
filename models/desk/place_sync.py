"""The configuration's grids, buildings and duties become dated rows; imported rows that it does not name stay."""

from sqlmodel import col, select

from models.desk.places import COMMUNITY, MICROGRID, PlaceDesk, split_building
from models.place import Building, BuildingGrid, Duty, Estate, Grid, Source, Worker
from models.roles import DISPATCHER, LEAD, WORKER
from models.rules import GridRule


class PlaceSync(PlaceDesk):
    """Rules → rows."""

    def sync_places(self) -> None:
        """Make the rows say what the rules say; what ended keeps its row with an end (G6: history stays).

        The rules decide about the grids, buildings and workers that they name. An imported row stays as it is
        unless the rules name its grid or building too: then theirs counts.
        """
        root = self._sync_grid("", COMMUNITY, "社区", None)
        wanted: dict[tuple[int, int, str, str], None] = {}
        for userid in self.rules.community_desk:
            wanted[(self._sync_worker(userid), root, DISPATCHER, "A")] = None
        homes: dict[int, int] = {}
        named: set[int] = set()
        for rule in self.rules.grids:
            grid = self._sync_grid(rule.code, MICROGRID, rule.name, root)
            named.add(grid)
            for userid, role, rank in _people(rule):
                wanted[(self._sync_worker(userid), grid, role, rank)] = None
        for name, code in self._named_buildings().items():
            homes[self._sync_building(*name)] = self._grid_id(code)
        for worker in self.rules.workers:
            self._sync_worker(worker.userid)
        ended = self._end_grids({root, *named})
        self._sync_duties(wanted, named, ended)
        self._sync_homes(homes, ended)
        self.session.flush()

    def _named_buildings(self) -> dict[tuple[str, str], str]:
        return {split_building(name): rule.code for rule in self.rules.grids for name in rule.buildings}

    def _grid_id(self, code: str) -> int:
        found = self.session.exec(
            select(Grid.id).where(Grid.community_id == self.community_id, Grid.code == code)
        ).one()
        assert found is not None
        return found

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
        narrower = kind == MICROGRID != row.kind
        row.name, row.kind, row.source = name, kind, Source.CONFIG
        row.valid_to = None
        self.session.flush()
        assert row.id is not None
        if narrower:  # what an import put below it moves up: a microgrid holds none (G1)
            for below in self.session.exec(select(Grid).where(Grid.parent_id == row.id)).all():
                below.parent_id, below.path = parent, f"{self.community_id}/{below.code}"
            self.session.flush()
        return row.id

    def _end_grids(self, kept: set[int]) -> set[int]:
        """Grids that the rules made and no longer name; imported ones go on."""
        ended: set[int] = set()
        for grid in self.session.exec(
            select(Grid).where(
                Grid.community_id == self.community_id,
                col(Grid.valid_to).is_(None),
                Grid.source == Source.CONFIG,
            )
        ).all():
            if grid.id is not None and grid.id not in kept:
                grid.valid_to = self.now
                ended.add(grid.id)
        return ended

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
        """The row of a building; 「3栋」 without its estate is the imported one where only one estate has a 3栋."""
        numbered = self.session.exec(
            select(Building).where(Building.community_id == self.community_id, Building.no == no)
        ).all()
        row = next((one for one in numbered if one.estate == estate), None)
        if row is None and not estate:
            others = [one for one in numbered if (one.estate, no) not in self._named_buildings()]
            row = others[0] if len(others) == 1 else None
        if row is None:
            row = Building(community_id=self.community_id, estate=estate, no=no)
            self.session.add(row)
            self.session.flush()
        if row.estate:
            self._know_estate(row.estate)
        assert row.id is not None
        return row.id

    def _know_estate(self, name: str) -> None:
        known = self.session.exec(
            select(Estate.id).where(Estate.community_id == self.community_id, Estate.name == name)
        ).first()
        if known is None:
            self.session.add(Estate(community_id=self.community_id, name=name))
            self.session.flush()

    def _sync_duties(
        self, wanted: dict[tuple[int, int, str, str], None], named: set[int], ended: set[int]
    ) -> None:
        for duty in self.session.exec(
            select(Duty).where(Duty.community_id == self.community_id, col(Duty.valid_to).is_(None))
        ).all():
            key = (duty.worker_id or 0, duty.grid_id or 0, duty.role, duty.rank)
            ours = duty.source == Source.CONFIG or (duty.grid_id in named and duty.role in (WORKER, LEAD))
            if key in wanted and ours:
                del wanted[key]
                duty.source = Source.CONFIG
            elif ours or duty.grid_id in ended:
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

    def _sync_homes(self, homes: dict[int, int], ended: set[int]) -> None:
        gone: set[int] = set()
        for link in self.session.exec(
            select(BuildingGrid).where(
                BuildingGrid.community_id == self.community_id, col(BuildingGrid.valid_to).is_(None)
            )
        ).all():
            grid_id = homes.get(link.building_id)
            if grid_id == link.grid_id:
                del homes[link.building_id]
                link.source = Source.CONFIG
            elif grid_id is not None or link.source == Source.CONFIG or link.grid_id in ended:
                link.valid_to = self.now
                if grid_id is None:
                    gone.add(link.building_id)
        self.session.flush()  # the ends before the beginnings: one open row a building (G2)
        for building_id, grid_id in homes.items():
            self.session.add(
                BuildingGrid(
                    community_id=self.community_id,
                    building_id=building_id,
                    grid_id=grid_id,
                    valid_from=self.now,
                )
            )
        for building in self.session.exec(
            select(Building).where(col(Building.id).in_([*gone, *homes]))
        ).all():
            building.gone_at = self.now if building.id in gone else None


def _people(rule: GridRule) -> list[tuple[str, str, str]]:
    named = [(rule.worker, WORKER, "A"), (rule.backup, WORKER, "B"), (rule.lead, LEAD, "A")]
    return [person for person in named if person[0]]
