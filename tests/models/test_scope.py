"""G7: a user sees exactly the rows under one of his duties; the SQL filter and a plain walk over the rows agree."""

from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import delete, select

from models.community import Community
from models.database import Database, session_on
from models.desk import Desk
from models.desk.scope import Scope, seen_tickets
from models.desk.tickets import NewTicket
from models.place import Building, BuildingGrid, Duty, Grid, Worker
from models.roles import ROLES, Sees
from models.rules import Rules
from models.ticket import Ticket
from tests.conftest import NOW

# Codes that are beginnings of each other, so that a careless prefix would be seen.
GRIDS = [("G1", "grid", ""), ("G11", "grid", ""), ("W1", "microgrid", "G1"), ("W11", "microgrid", "G1"),
         ("W2", "microgrid", "G11"), ("S1", "microgrid", "")]  # fmt: skip
BUILDINGS = [("甲苑", "1", "W1"), ("甲苑", "11", "W11"), ("乙苑", "1", "W2"), ("", "2", "S1")]


def prepared(database: Database) -> None:
    with database.write() as connection:
        session = session_on(connection)
        session.add(Community(id=1, code="demo", name="示例社区"))
        session.add(Community(id=2, code="other", name="别的社区"))
        session.flush()
        for community in (1, 2):
            desk = Desk(session, community_id=community, now=NOW, rules=Rules())
            desk.sync_places()
            ids = {"": session.exec(select(Grid.id).where(Grid.community_id == community)).one()}
            paths = {"": str(community)}
            for code, kind, above in GRIDS:
                paths[code] = f"{paths[above]}/{code}"
                grid = Grid(community_id=community, parent_id=ids[above], kind=kind, code=code, name=code,
                            path=paths[code], valid_from=NOW)  # fmt: skip
                session.add(grid)
                session.flush()
                ids[code] = grid.id
            for estate, no, code in BUILDINGS:
                building = Building(community_id=community, estate=estate, no=no)
                session.add(building)
                session.flush()
                assert building.id is not None and ids[code] is not None
                session.add(BuildingGrid(community_id=community, building_id=building.id, grid_id=ids[code] or 0,
                                         valid_from=NOW))  # fmt: skip
            session.add(Worker(community_id=community, userid="u", name="某人"))
            session.flush()
            for estate, no, _ in [*BUILDINGS, ("丙苑", "9", ""), ("", "", "")]:
                for _ in range(2):
                    desk.file_ticket(NewTicket("mp:r", "灯坏了", NOW, estate=estate, building=no))


duties = st.lists(
    st.tuples(
        st.sampled_from(sorted(ROLES)),
        st.one_of(
            st.tuples(st.just("grid"), st.sampled_from(["", *(code for code, *_ in GRIDS)])),
            st.tuples(st.just("building"), st.sampled_from([(e, n) for e, n, _ in BUILDINGS])),
        ),
        st.sampled_from(["now", "over", "later"]),
    ),
    max_size=5,
)


def test_the_filter_shows_what_a_walk_over_the_rows_shows(database: Database) -> None:
    prepared(database)

    @settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
    @given(held=duties)
    def check(held: list[tuple[str, tuple[str, object], str]]) -> None:
        with database.write() as connection:
            session = session_on(connection)
            desk = Desk(session, community_id=1, now=NOW, rules=Rules())
            session.execute(delete(Duty))
            worker = session.exec(select(Worker).where(Worker.community_id == 1)).one()
            grids = {g.code: g for g in session.exec(select(Grid).where(Grid.community_id == 1)).all()}
            buildings = {
                (b.estate, b.no): b
                for b in session.exec(select(Building).where(Building.community_id == 1)).all()
            }
            for role, (kind, which), when in held:
                session.add(
                    Duty(
                        community_id=1,
                        worker_id=worker.id,
                        grid_id=grids[which].id if kind == "grid" else None,  # type: ignore[index]
                        building_id=buildings[which].id if kind == "building" else None,  # type: ignore[index]
                        role=role,
                        valid_from=NOW + timedelta(days=1 if when == "later" else -2),
                        valid_to=NOW - timedelta(days=1) if when == "over" else None,
                    )
                )
            session.flush()
            for sees in (Sees.ROWS, Sees.FIGURES):
                allowed = {Sees.ROWS, sees}
                active = [one for one in held if one[2] == "now" and ROLES[one[0]].sees in allowed]

                def visible(
                    ticket: Ticket, active: list[tuple[str, tuple[str, object], str]] = active
                ) -> bool:
                    for _, (kind, which), _ in active:
                        if kind == "building" and (ticket.estate, ticket.building) == which:
                            return True
                        if kind == "grid" and which == "":
                            return True
                        if kind == "grid" and which in ticket.grid_path.split("/")[1:]:
                            return True
                    return False

                tickets = session.exec(select(Ticket).where(Ticket.community_id == 1)).all()
                scope = desk.scope_of("u", sees)
                found = session.exec(
                    select(Ticket.id).where(Ticket.community_id == 1, seen_tickets(scope))
                ).all()
                assert set(found) == {ticket.id for ticket in tickets if visible(ticket)}
                assert set(found) == {t.id for t in tickets if scope.holds(t.grid_path, t.estate, t.building)}
            session.expunge_all()

    check()


def test_the_duties_of_another_community_open_nothing(database: Database) -> None:
    prepared(database)
    with database.write() as connection:
        session = session_on(connection)
        other = session.exec(select(Worker).where(Worker.community_id == 2)).one()
        root = session.exec(select(Grid).where(Grid.community_id == 2, Grid.code == "")).one()
        session.add(
            Duty(community_id=2, worker_id=other.id, grid_id=root.id, role="dispatcher", valid_from=NOW)
        )
        session.flush()
        assert Desk(session, community_id=2, now=NOW, rules=Rules()).scope_of("u") == Scope(whole=True)
        assert Desk(session, community_id=1, now=NOW, rules=Rules()).scope_of("u") == Scope()
        found = session.exec(select(Ticket.id).where(seen_tickets(Scope()))).all()
        assert found == []
