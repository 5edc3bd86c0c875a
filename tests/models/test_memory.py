"""What is remembered saves statements, and never outlives what it says."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import event

from models.community import Community
from models.database import Database, session_on
from models.desk import Desk
from models.desk.activity_demo import demo_activities
from models.desk.memory import Memory
from models.fund import FundKind
from models.ledger import NewEntry, received
from models.place import Worker
from models.rules import Rules, WorkerRule
from tests.conftest import NOW

JANUARY = date(2026, 1, 1)


@contextmanager
def a_desk(
    database: Database, memory: Memory | None = None, now: datetime = NOW, rules: Rules | None = None
) -> Iterator[Desk]:
    with database.write() as connection:
        session = session_on(connection)
        if memory is not None:
            memory.attach(session)
        yield Desk(session, community_id=1, now=now, rules=rules or Rules())
        session.flush()
        session.expunge_all()


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    said: list[str] = []

    def note(_c: object, _u: object, statement: str, *_: object) -> None:
        said.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    yield said
    event.remove(database.engine, "before_cursor_execute", note)


@pytest.fixture
def opened(database: Database) -> Database:
    with a_desk(database) as desk:
        desk.session.add(Community(id=1, code="demo", name="示例社区"))
        desk.session.flush()
        fund = desk.open_fund("WJJ", "微基金", FundKind.MICRO, opened_on=JANUARY)
        desk.post_entry(fund, NewEntry(JANUARY, received("merchant_donation", 100_00)))
        demo_activities(desk)
    return database


def balance(desk: Desk) -> int:
    fund = desk.fund("WJJ")
    assert fund is not None
    return desk.fund_balance(fund)


def test_the_same_question_is_read_once_over_transactions(opened: Database) -> None:
    memory = Memory()
    with a_desk(opened, memory) as desk:
        assert balance(desk) == 100_00
    with counted(opened) as said, a_desk(opened, memory) as desk:
        assert balance(desk) == balance(desk) == 100_00
    stamps = [statement for statement in said if statement.startswith("SELECT")]
    assert len(stamps) == 1 and "max(" in stamps[0]


def test_a_new_entry_is_seen_by_the_next_transaction(opened: Database) -> None:
    memory = Memory()
    with a_desk(opened, memory) as desk:
        assert balance(desk) == 100_00
    with a_desk(opened) as elsewhere:
        fund = elsewhere.fund("WJJ")
        assert fund is not None
        elsewhere.post_entry(fund, NewEntry(JANUARY, received("merchant_donation", 1)))
    with a_desk(opened, memory) as desk:
        assert balance(desk) == 100_01


def test_another_community_reads_its_own_books(opened: Database) -> None:
    memory = Memory()
    with a_desk(opened, memory) as desk:
        assert [fund.code for fund in desk.funds()] == ["WJJ"]
    with opened.write() as connection:
        session = session_on(connection)
        memory.attach(session)
        assert Desk(session, community_id=2, now=NOW, rules=Rules()).funds() == []


def test_the_name_of_a_worker_is_not_kept_for_long(opened: Database) -> None:
    memory = Memory()
    rules = Rules(workers=(WorkerRule(userid="zhangsan", name="张三"),))
    with a_desk(opened, rules=rules) as desk:
        desk.sync_places()
    with a_desk(opened, memory) as desk:
        assert desk.name_of("zhangsan") == "张三"
    renamed = Rules(workers=(WorkerRule(userid="zhangsan", name="张小三"),))
    with a_desk(opened, rules=renamed) as desk:
        desk.sync_places()
    with a_desk(opened, memory, NOW + timedelta(seconds=6)) as desk:
        assert desk.name_of("zhangsan") == "张小三"


def test_a_write_ends_what_is_remembered_of_its_table(opened: Database) -> None:
    memory = Memory()
    with a_desk(opened, memory) as desk:
        assert desk.name_of("lisi") == "lisi"
        desk.session.add(Worker(community_id=1, userid="lisi", name="李四"))
        desk.session.flush()
        assert desk.name_of("lisi") == "李四"


def test_seats_are_right_within_the_transaction_that_takes_them(opened: Database) -> None:
    memory = Memory()
    with a_desk(opened, memory) as desk:
        before = {activity.code: activity.seats_left for activity in desk.upcoming_activities()}
        activity = next(a for a in desk.upcoming_activities() if a.code == "CYY")
        assert activity.id is not None
        desk.session.expunge_all()  # as the engine does after each message
        desk.sign_up(activity.id, "mp:wang", 2)
        desk.session.flush()
        after = {activity.code: activity.seats_left for activity in desk.upcoming_activities()}
    assert after == {**before, "CYY": before["CYY"] - 2}


def test_activities_are_read_as_objects_once_over_transactions(opened: Database) -> None:
    memory = Memory()
    for reads in (1, 0):
        with counted(opened) as said, a_desk(opened, memory) as desk:
            assert desk.upcoming_activities() == desk.upcoming_activities()
        assert len([statement for statement in said if "FROM activity" in statement]) == reads


def test_a_seat_taken_elsewhere_is_seen_by_the_next_transaction(opened: Database) -> None:
    memory = Memory()

    def left() -> int:
        with a_desk(opened, memory) as desk:
            return next(a.seats_left for a in desk.upcoming_activities() if a.code == "CYY")

    before = left()
    with a_desk(opened) as elsewhere:
        activity = next(a for a in elsewhere.upcoming_activities() if a.code == "CYY")
        assert activity.id is not None
        elsewhere.sign_up(activity.id, "mp:wang", 2)
    assert left() == before - 2


def test_a_cleared_memory_forgets_within_the_transaction(opened: Database) -> None:
    memory = Memory()
    with counted(opened) as said, a_desk(opened, memory) as desk:
        desk.worker("nobody")
        memory.clear()
        desk.worker("nobody")
        desk.worker("nobody")
    assert len([statement for statement in said if "FROM worker" in statement]) == 2
