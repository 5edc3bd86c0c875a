"""Codes on paper: used once whoever comes at once, forgotten codes, who becomes whom (G5)."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import select

from models.community import Community
from models.database import Database, session_on
from models.desk import Desk
from models.desk.households import CODE_KIND, CODE_LETTERS, CODE_VALID
from models.errors import DomainError
from models.person import Binding, Person, Relation, VerifiedBy
from models.person_import import import_people
from models.place_audit import place_offences
from models.place_import import import_places
from models.rules import Rules
from models.vault import Vault
from tests.conftest import NOW
from tests.estate import written

VAULT = Vault("a secret of the tests")
DOORS = [("甲苑", "7栋", "1单元", room, "X7") for room in ("1001", "101", "202")]


def settle(desk: Desk, folder: Path) -> None:
    import_places(desk, written(folder / "p.csv", ("小区", "楼栋", "单元", "房号", "微网格"), DOORS))


@pytest.fixture
def settled(desk: Desk, tmp_path: Path) -> Desk:
    settle(desk, tmp_path)
    return desk


def print_of(code: str) -> str:
    return VAULT.fingerprint(CODE_KIND, code)


def test_codes_are_printed_in_the_order_of_the_doors_and_kept_as_fingerprints(settled: Desk) -> None:
    homes = settled.homes()
    assert [home.room for home in homes] == ["101", "202", "1001"]
    codes = settled.issue_codes(homes, VAULT, each=2)
    assert len({one.code for one in codes}) == 6 and all(set(one.code) <= set(CODE_LETTERS) for one in codes)
    stored = str(settled.session.execute(text("SELECT * FROM household_code")).all())
    assert not any(one.code in stored for one in codes)
    assert settled.issue_codes(homes, VAULT) == []  # they have theirs
    fresh = settled.issue_codes(homes[:1], VAULT, again=True)
    assert settled.home_of_code("mp:r", print_of(codes[0].code)) is None  # voided
    assert settled.home_of_code("mp:r", print_of(fresh[0].code)) == homes[0]
    assert settled.home_of_code("mp:r", print_of(codes[2].code)) == homes[1]
    settled.now += CODE_VALID
    assert settled.home_of_code("mp:s", print_of(fresh[0].code)) is None  # run out
    assert len(settled.issue_codes(homes, VAULT)) == 3


def test_somebody_on_the_list_is_known_by_name_and_nobody_else_is(settled: Desk, tmp_path: Path) -> None:
    people = written(
        tmp_path / "people.csv",
        ("姓名", "电话", "小区", "楼栋", "单元", "房号", "关系", "户代表"),
        [("王秀英", "13900000001", "甲苑", "7栋", "1单元", "101", "业主", "是")],
    )
    import_people(settled, people, VAULT)
    home = settled.homes()[0]
    codes = [print_of(one.code) for one in settled.issue_codes([home], VAULT, each=4)]
    settled.bind("mp:wang", codes[0], Relation.OWNER, "王秀英")
    settled.bind("mp:thief", codes[1], Relation.FAMILY, "王秀英")  # hers is taken: he is somebody else
    settled.bind("mp:son", codes[2], Relation.FAMILY, "")
    with pytest.raises(DomainError, match="already"):
        settled.bind("mp:son", codes[3], Relation.FAMILY)
    assert settled.home_of_code("mp:x", codes[3]) == home  # the refused one is not used up
    rows = settled.session.exec(select(Binding).order_by(Binding.id)).all()  # type: ignore[arg-type]
    assert [(row.verified_by, row.is_representative) for row in rows] == [
        (VerifiedBy.WORKER, True),
        (VerifiedBy.CODE, False),
        (VerifiedBy.CODE, False),
    ]
    assert len(settled.session.exec(select(Person)).all()) == 3
    settled.now += timedelta(days=1)
    assert settled.unbind("mp:wang", home.household_id) and not settled.unbind("mp:wang", home.household_id)
    assert settled.homes_of("mp:wang") == [] and settled.homes_of("mp:son") == [home]
    settled.bind("mp:wang", codes[3], Relation.OWNER)
    assert [one for one in place_offences(settled) if one.rule == "G5"] == []


def test_five_wrong_codes_and_the_sixth_is_not_looked_at(settled: Desk) -> None:
    code = print_of(settled.issue_codes(settled.homes()[:1], VAULT)[0].code)
    for _ in range(5):
        assert settled.home_of_code("mp:bad", "0" * 32) is None
    with pytest.raises(DomainError, match="too_many"):
        settled.home_of_code("mp:bad", code)
    assert settled.home_of_code("mp:good", code) is not None
    settled.now += timedelta(days=1, seconds=1)
    assert settled.home_of_code("mp:bad", code) is not None


def test_one_code_binds_one_of_those_who_come_at_once(busy_database: Database, tmp_path: Path) -> None:
    with busy_database.write() as connection:
        session = session_on(connection)
        session.add(Community(id=1, code="demo", name="示例社区"))
        session.flush()
        desk = Desk(session, community_id=1, now=NOW, rules=Rules())
        settle(desk, tmp_path)
        code = print_of(desk.issue_codes(desk.homes()[:1], VAULT)[0].code)
        session.flush()
    start, done = threading.Barrier(4), []

    def come(person: str) -> None:
        start.wait(10)
        with busy_database.write() as connection:
            session = session_on(connection)
            try:
                Desk(session, community_id=1, now=NOW, rules=Rules()).bind(person, code, Relation.OWNER)
                done.append("bound")
            except DomainError as refusal:
                done.append(refusal.code)

    threads = [threading.Thread(target=come, args=(f"mp:{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(done) == ["bound", "home.code_gone", "home.code_gone", "home.code_gone"]
    with busy_database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM binding")).scalar() == 1
