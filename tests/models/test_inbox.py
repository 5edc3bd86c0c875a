"""What was heard, what was answered, where a conversation stands: on both engines."""

import re
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from models.community import Community
from models.database import Database, session_on
from models.desk import inbox
from models.inbox import Inbox
from tests.conftest import NOW

ONE, TWO = ("mp", "msgid:1"), ("mp", "msgid:2")


def heard(*keys: tuple[str, str], text: str = "你好", at: Any = NOW) -> list[dict[str, Any]]:
    return [
        {
            "community_id": 1,
            "account": account,
            "message_id": number,
            "person": "mp:r",
            "kind": "text",
            "text": text,
            "intent": "",
            "decision": "",
            "heard_at": at,
        }
        for account, number in keys
    ]


def answered(key: tuple[str, str], *texts: str) -> dict[str, Any]:
    return {
        "at_account": key[0],
        "at_message": key[1],
        "answer": {"texts": list(texts)},
        "intent": "greeting",
        "decision": "sure",
        "understood": {"why": "就是「问候」"},
    }


def spoken(person: str, state: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "community_id": 1,
        "chat": person,
        "person": person,
        "state": state,
        "draft": None,
        "updated_at": NOW,
    } | more


@pytest.fixture
def stored(database: Database) -> Database:
    with database.write() as connection:
        session = session_on(connection)
        session.add(Community(id=1, code="demo", name="示例社区"))
        session.flush()
    return database


@pytest.fixture
def busy(busy_database: Database) -> Iterator[Database]:
    with busy_database.write() as connection:
        session = session_on(connection)
        session.add(Community(id=1, code="demo", name="示例社区"))
        session.flush()
    yield busy_database


def test_a_message_is_fresh_once(stored: Database) -> None:
    with stored.write() as connection:
        assert inbox.claim(connection, []) == set()
        assert inbox.claim(connection, heard(ONE)) == {ONE}
        assert inbox.claim(connection, heard(ONE, TWO)) == {TWO}
    with stored.write() as connection:
        assert inbox.claim(connection, heard(ONE, TWO, ("work", "msgid:1"))) == {("work", "msgid:1")}


def test_a_claim_that_is_rolled_back_was_never_made(stored: Database) -> None:
    with pytest.raises(RuntimeError), stored.write() as connection:
        inbox.claim(connection, heard(ONE))
        raise RuntimeError
    with stored.write() as connection:
        assert inbox.claim(connection, heard(ONE)) == {ONE}


def test_many_messages_are_claimed_at_once(stored: Database) -> None:
    keys = [("mp", f"msgid:{number}") for number in range(300)]
    with stored.write() as connection:
        assert inbox.claim(connection, heard(*keys[::2])) == set(keys[::2])
        assert inbox.claim(connection, heard(*keys)) == set(keys[1::2])


@pytest.mark.parametrize("commits", [True, False])
def test_the_second_of_two_waits_and_learns_what_the_first_did(busy: Database, commits: bool) -> None:
    """It is known with its answer when the first committed, and the second's own when the first rolled back."""
    claimed, begun = threading.Event(), threading.Event()

    def second() -> tuple[set[tuple[str, str]], dict[tuple[str, str], Any]]:
        assert claimed.wait(10)
        begun.set()
        with busy.write() as connection:
            fresh = inbox.claim(connection, heard(ONE))
            return fresh, inbox.answers(connection, [ONE])

    with ThreadPoolExecutor(1) as pool:
        future: Future[tuple[set[tuple[str, str]], dict[tuple[str, str], Any]]] = pool.submit(second)
        with busy.engine.connect().execution_options(linli_write=True) as connection:
            transaction = connection.begin()
            assert inbox.claim(connection, heard(ONE)) == {ONE}
            inbox.keep(connection, [answered(ONE, "您好")], [])
            claimed.set()
            assert begun.wait(10)
            with pytest.raises(TimeoutError):
                future.result(0.3)
            if commits:
                transaction.commit()
            else:
                transaction.rollback()
        fresh, known = future.result(10)
    if commits:
        assert (fresh, known) == (set(), {ONE: {"texts": ["您好"]}})
    else:
        assert (fresh, known) == ({ONE}, {})


def test_only_what_was_answered_has_an_answer(stored: Database) -> None:
    with stored.write() as connection:
        inbox.claim(connection, heard(ONE, TWO))
        inbox.keep(connection, [answered(ONE, "第一", "「第二」")], [])
    with stored.read() as connection:
        assert inbox.answers(connection, [ONE, TWO, ("mp", "nobody")]) == {
            ONE: {"texts": ["第一", "「第二」"]}
        }
        kept = connection.execute(select(Inbox.intent, Inbox.decision).order_by(Inbox.id)).all()  # type: ignore[call-overload]
    assert [tuple(row) for row in kept] == [("greeting", "sure"), ("", "")]


def test_where_a_conversation_stands_is_written_over(stored: Database) -> None:
    with stored.write() as connection:
        inbox.keep(connection, [], [spoken("mp:r", {"form": "report"}), spoken("mp:x", {})])
    later = NOW + timedelta(minutes=3)
    with stored.write() as connection:
        again = spoken("mp:r", {"form": "rate"}, draft={"form": "report"}, updated_at=later)
        inbox.keep(connection, [], [again])
    with stored.read() as connection:
        found = inbox.dialogs(connection, [("mp:r", "mp:r"), ("mp:x", "mp:x"), ("group", "mp:r")])
    assert found == {
        ("mp:r", "mp:r"): inbox.StoredDialog({"form": "rate"}, {"form": "report"}, later),
        ("mp:x", "mp:x"): inbox.StoredDialog({}, None, NOW),
    }


def test_looking_up_never_reads_a_whole_table(stored: Database) -> None:
    """The hundred-thousandth message is answered as fast as the first."""
    asked: list[tuple[str, Any]] = []
    with stored.read() as connection:
        if (
            not stored.is_sqlite
        ):  # a table this small is read whole by right; there must be nothing else to choose
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")

        def note(_: Any, __: Any, statement: str, values: Any, *___: Any) -> None:
            asked.append((statement, values))

        event.listen(connection, "before_cursor_execute", note)
        inbox.answers(connection, [ONE, TWO])
        inbox.dialogs(connection, [("mp:r", "mp:r"), ("mp:s", "mp:s")])
        event.remove(connection, "before_cursor_execute", note)
        assert len(asked) == 2
        for statement, values in asked:
            explain = "EXPLAIN QUERY PLAN " if stored.is_sqlite else "EXPLAIN "
            plan = "\n".join(str(row) for row in connection.exec_driver_sql(explain + statement, values))
            assert not re.search(r"SCAN (inbox|dialog)|Seq Scan on (inbox|dialog)", plan), plan


def test_old_words_are_emptied_some_at_a_time_and_the_answers_stay(stored: Database) -> None:
    old = [("mp", f"msgid:old{number}") for number in range(3)]
    with stored.write() as connection:
        inbox.claim(connection, heard(*old, at=NOW - timedelta(days=91)))
        inbox.claim(connection, heard(ONE, text="新的"))
        inbox.keep(connection, [answered(old[0], "您好")], [])
    with stored.write() as connection:
        before = NOW - timedelta(days=90)
        assert [inbox.forget(connection, before, limit=2) for _ in range(3)] == [2, 1, 0]
        texts = list(connection.execute(select(Inbox.text).order_by(Inbox.id)).scalars())  # type: ignore[call-overload]
        assert texts == ["", "", "", "新的"]
        assert inbox.answers(connection, old) == {old[0]: {"texts": ["您好"]}}
        assert inbox.claim(connection, heard(*old)) == set(), "what was heard stays heard"


def test_conversations_that_nobody_took_up_are_removed(stored: Database) -> None:
    with stored.write() as connection:
        inbox.keep(connection, [], [spoken("mp:old", {}, updated_at=NOW - timedelta(days=8))])
        inbox.keep(connection, [], [spoken("mp:new", {})])
        assert inbox.forget_dialogs(connection, NOW - inbox.DRAFT_KEPT) == 1
        found = inbox.dialogs(connection, [("mp:old", "mp:old"), ("mp:new", "mp:new")])
    assert list(found) == [("mp:new", "mp:new")]
