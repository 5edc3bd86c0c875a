"""Configurations, files, absences and bindings in any order: G1, G2, G4, G5 hold after each, G6 for every ticket."""

import csv
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import select

from models.community import Community
from models.database import Database, session_on
from models.desk import Desk
from models.desk.households import CODE_KIND
from models.desk.tickets import NewTicket
from models.errors import DomainError, ImportProblem
from models.person import Relation
from models.person_import import import_people
from models.place import Building, BuildingGrid, Grid
from models.place_audit import place_offences
from models.place_import import import_places
from models.rules import GridRule, Rules
from models.ticket import Ticket
from models.vault import Vault
from tests.conftest import NOW

VAULT = Vault("a secret of the tests")
PLACE_HEAD = ("小区", "楼栋", "单元", "房号", "微网格", "网格")
PEOPLE_HEAD = ("姓名", "小区", "楼栋", "单元", "房号", "关系", "户代表", "企业微信", "职务", "负责")
codes, estates, numbers = (
    st.sampled_from(["W1", "W2", "X1"]),
    st.sampled_from(["", "甲苑", "乙苑"]),
    st.sampled_from("123"),
)

configs = st.tuples(
    st.just("config"),
    st.lists(
        st.builds(
            GridRule,
            code=codes,
            name=st.sampled_from(["一", "二"]),
            buildings=st.lists(st.builds("{}{}栋".format, estates, numbers), max_size=2).map(tuple),
            worker=st.sampled_from(["a", "b"]),
            lead=st.sampled_from(["", "l"]),
        ),
        max_size=2,
        unique_by=lambda rule: rule.code,
    ),
)
places = st.tuples(
    st.just("places"),
    st.lists(
        st.tuples(
            estates,
            numbers.map("{}栋".format),
            st.sampled_from(["", "1"]),
            st.sampled_from(["", "101", "102"]),
            st.one_of(st.just(""), codes),
            st.sampled_from(["", "G1", "G2", "X1"]),
        ),
        min_size=1,
        max_size=3,
    ),
)
people = st.tuples(
    st.just("people"),
    st.lists(
        st.tuples(
            st.sampled_from(["王", "李"]),
            estates,
            numbers,
            st.sampled_from(["", "1"]),
            st.sampled_from(["101", "102"]),
            st.just("业主"),
            st.sampled_from(["", "是", "否"]),
            st.sampled_from(["", "a", "c"]),
            st.sampled_from(["", "微网格员", "楼栋长"]),
            st.one_of(st.just(""), codes),
        ),
        min_size=1,
        max_size=2,
    ),
)
others = st.sampled_from(
    [("ticket", None), ("away", None), ("back", None), ("bind", None), ("unbind", None), ("wait", None)]
)


def table(folder: Path, head: tuple[str, ...], rows: list[tuple[str, ...]]) -> Path:
    path = folder / "file.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return path


def take(desk: Desk, folder: Path, what: str, given: object) -> None:
    """One thing that may happen; what is refused must have changed nothing, which the next judgement sees."""
    match what:
        case "config":
            assert isinstance(given, list)
            seen: set[str] = set()
            rules = []
            for rule in given:  # the configuration's own check: a building in one grid only
                own = tuple(name for name in dict.fromkeys(rule.buildings) if name not in seen)
                seen |= set(own)
                rules.append(rule.model_copy(update={"buildings": own}))
            desk.rules = Rules(grids=tuple(rules), community_desk=("d",))
            desk.sync_places()
        case "places":
            try:
                import_places(desk, table(folder, PLACE_HEAD, given))  # type: ignore[arg-type]
            except ImportProblem:
                desk.session.expire_all()
        case "people":
            try:
                import_people(desk, table(folder, PEOPLE_HEAD, given), VAULT)  # type: ignore[arg-type]
            except ImportProblem:
                desk.session.expire_all()
        case "ticket":
            for no in "12":
                desk.file_ticket(NewTicket("mp:r", "灯坏了", desk.now, building=no))
        case "away":
            for userid in ("a", "l"):
                if desk.worker(userid) is not None:
                    desk.report_absence(userid, desk.now, desk.now + timedelta(days=1))
        case "back":
            if desk.worker("a") is not None:
                desk.end_absence("a")
        case "bind":
            for one in desk.issue_codes(desk.homes()[:2], VAULT, again=True):
                code_print = VAULT.fingerprint(CODE_KIND, one.code)
                assert desk.home_of_code("mp:r", code_print) == one.home
                try:
                    assert desk.bind("mp:r", code_print, Relation.TENANT, "王") == one.home
                except DomainError as refusal:
                    assert refusal.code == "home.already"
        case "unbind":
            for home in desk.homes_of("mp:r"):
                assert desk.unbind("mp:r", home.household_id)
        case "wait":
            desk.now += timedelta(hours=20)
    desk.session.flush()


def judge(desk: Desk, paths: dict[int, str]) -> None:
    assert [one for one in place_offences(desk) if one.rule != "G3"] == []
    tickets = {ticket.id or 0: ticket for ticket in desk.session.exec(select(Ticket)).all()}
    assert {number: tickets[number].grid_path for number in paths} == paths  # G6
    paths |= {number: ticket.grid_path for number, ticket in tickets.items()}
    for building, code in desk.session.exec(
        select(Building, Grid.code)
        .join(BuildingGrid, BuildingGrid.building_id == Building.id)  # type: ignore[arg-type]
        .join(Grid, Grid.id == BuildingGrid.grid_id)  # type: ignore[arg-type]
        .where(BuildingGrid.valid_to.is_(None))  # type: ignore[union-attr]
    ).all():
        route = desk.route(building.estate, building.no)
        same = len(desk.estates_with(building.no)) == 1
        assert route.grid_code == code or (not building.estate and not same)
        if any(duty for duty in (route.worker, route.backup, route.lead)):
            assert route.worker  # nobody's tickets lie in silence while somebody has a post
    unmanned = {one.grid_code: one for one in desk.unmanned()}
    for code, one in unmanned.items():
        route = desk.route_of_grid(code)
        if route.lead and not desk.is_away(route.lead):
            assert route.worker == route.lead == one.heir  # G3


@pytest.mark.slow
def test_whatever_happens_the_places_hold(database: Database, tmp_path: Path) -> None:
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.one_of(configs, places, people, others), min_size=1, max_size=8))
    def run(events: list[tuple[str, object]]) -> None:
        with database.engine.connect().execution_options(linli_write=True) as connection:
            transaction = connection.begin()
            session = session_on(connection)
            session.add(Community(id=1, code="demo", name="示例社区"))
            session.flush()
            desk = Desk(session, community_id=1, now=NOW, rules=Rules())
            desk.sync_places()
            paths: dict[int, str] = {}
            for what, given_ in events:
                take(desk, tmp_path, what, given_)
                judge(desk, paths)
            session.close()
            transaction.rollback()

    run()
