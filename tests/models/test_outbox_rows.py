"""The outbox's rows: said once, claimed by one, urgent first, sent again only where that does less harm."""

import threading
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from models.community import Community
from models.database import Database, session_on
from models.desk import outbox
from models.outbox import OutboxRow, OutboxState
from tests.conftest import NOW

S = OutboxState
MINUTE = timedelta(minutes=1)


def row(key: str, person: str = "mp:r", **more: Any) -> dict[str, Any]:
    return {
        "community_id": 1,
        "dedupe_key": key,
        "account": person.partition(":")[0],
        "person": person,
        "topic": "",
        "urgent": False,
        "resend": True,
        "notice": {"text": f"说 {key}"},
        "state": S.PENDING,
        "due_at": NOW,
        "attempts": 0,
        "created_at": NOW,
        "way": "",
        "reference": "",
        "error_code": 0,
        "error": "",
    } | more


def community(database: Database) -> None:
    with database.write() as connection:
        session = session_on(connection)
        session.add(Community(id=1, code="demo", name="示例社区"))
        session.flush()


@pytest.fixture
def stored(database: Database) -> Database:
    community(database)
    return database


def enqueue(database: Database, *rows: dict[str, Any]) -> None:
    with database.write() as connection:
        outbox.enqueue(connection, rows, NOW)


def claim(database: Database, at: datetime = NOW, **more: Any) -> list[str]:
    with database.write() as connection:
        return [outgoing.dedupe_key for outgoing in outbox.claim_due(connection, at, **more)]


def states(database: Database) -> dict[str, OutboxState]:
    with database.read() as connection:
        found = connection.execute(select(OutboxRow.dedupe_key, OutboxRow.state))  # type: ignore[call-overload]
        return {key: state for key, state in found}


def mark(database: Database, key: str, state: OutboxState, at: datetime = NOW, **values: Any) -> None:
    with database.write() as connection:
        number = connection.execute(select(OutboxRow.id).where(OutboxRow.dedupe_key == key)).scalar_one()  # type: ignore[call-overload]
        outbox.mark(connection, number, at, state, **values)


def test_what_was_said_is_not_said_again(stored: Database) -> None:
    enqueue(stored, row("a"), row("a"))
    enqueue(stored, row("a", notice={"text": "anders"}), row("b"))
    assert claim(stored) == ["a", "b"]
    mark(stored, "a", S.SENT)
    enqueue(stored, row("a"))
    assert claim(stored) == []


def test_writing_leaves_a_mark_to_wake_the_sender(stored: Database) -> None:
    with stored.write() as connection:
        outbox.written(connection)
        outbox.enqueue(connection, [], NOW)
        assert not outbox.written(connection)
        outbox.enqueue(connection, [row("a")], NOW)
        assert outbox.written(connection)
        assert not outbox.written(connection)


def test_a_newer_word_on_a_topic_takes_the_place_of_one_not_yet_sent(stored: Database) -> None:
    enqueue(
        stored, row("a1", topic="clock:1"), row("b1", topic="clock:2"), row("c1", "mp:x", topic="clock:1")
    )
    enqueue(stored, row("a2", topic="clock:1"))
    assert states(stored) == {"a1": S.SUPERSEDED, "b1": S.PENDING, "c1": S.PENDING, "a2": S.PENDING}
    assert claim(stored) == ["b1", "c1", "a2"]
    enqueue(stored, row("a3", topic="clock:1"))
    assert states(stored)["a2"] == S.SENDING, "what is on its way is not called back"


def test_of_several_words_on_a_topic_in_one_breath_the_last_counts(stored: Database) -> None:
    enqueue(stored, row("a1", topic="clock:1"), row("b", topic="clock:2"), row("a2", topic="clock:1"))
    assert states(stored) == {"a1": S.SUPERSEDED, "a2": S.PENDING, "b": S.PENDING}
    enqueue(stored, row("a3", topic="clock:1"), row("a1", topic="clock:1"))
    assert states(stored)["a3"] is S.PENDING, "an old word repeated silences nothing here either"


def test_an_old_word_repeated_does_not_silence_the_newer_one(stored: Database) -> None:
    enqueue(stored, row("first", topic="clock:1"))
    enqueue(stored, row("second", topic="clock:1"))
    enqueue(stored, row("first", topic="clock:1"))
    assert states(stored) == {"first": S.SUPERSEDED, "second": S.PENDING}


def test_withdrawn_words_are_not_sent(stored: Database) -> None:
    enqueue(stored, row("a", topic="clock:1"), row("b", topic="clock:2"), row("c", "mp:x", topic="clock:1"))
    with stored.write() as connection:
        outbox.withdraw(connection, "clock:1", NOW)
    assert claim(stored) == ["b"]


def test_urgent_ones_come_first_then_those_that_wait_longest(stored: Database) -> None:
    enqueue(
        stored,
        row("plain", due_at=NOW - MINUTE),
        row("older", due_at=NOW - 2 * MINUTE),
        row("urgent", urgent=True),
        row("urgent and older", urgent=True, due_at=NOW - MINUTE),
    )
    assert claim(stored, limit=3) == ["urgent and older", "urgent", "older"]
    assert claim(stored) == ["plain"]


def test_what_is_not_due_waits_for_its_time(stored: Database) -> None:
    enqueue(stored, row("morning", due_at=NOW + 9 * MINUTE), row("now"))
    assert claim(stored) == ["now"]
    mark(stored, "now", S.SENT)
    assert claim(stored, NOW + 9 * MINUTE) == ["morning"]


def test_accounts_that_cannot_push_hand_over_with_the_next_answer(stored: Database) -> None:
    later = row("later", due_at=NOW + MINUTE)
    enqueue(stored, *[row(f"mp{number}") for number in range(6)], row("work", "work:zhangsan"), later)
    assert claim(stored, held_accounts=["mp"]) == ["work"]
    with stored.write() as connection:
        assert outbox.take_held(connection, "mp:x", NOW) == []
        first = outbox.take_held(connection, "mp:r", NOW)
        rest = outbox.take_held(connection, "mp:r", NOW)
    assert [notice["text"] for notice in first] == [f"说 mp{number}" for number in range(5)]
    assert [notice["text"] for notice in rest] == ["说 mp5"]
    assert Counter(states(stored).values()) == {S.SENT: 6, S.SENDING: 1, S.PENDING: 1}


def test_a_lost_sender_is_replaced_once_where_silence_would_be_worse(stored: Database) -> None:
    enqueue(stored, row("again", resend=True), row("never again", resend=False))
    assert claim(stored) == ["again", "never again"]
    after = NOW + 3 * outbox.LEASE
    assert claim(stored, after) == [], "nobody said that the sender has died"
    assert claim(stored, after, lost=in_hand(stored)) == ["again"]
    assert states(stored) == {"again": S.SENDING, "never again": S.UNKNOWN}
    assert claim(stored, after, lost=[(1, 1), (2, 1)]) == [], "that claim is not this one"
    assert claim(stored, after, lost=in_hand(stored)) == [], "only once"
    assert states(stored)["again"] == S.UNKNOWN


def in_hand(database: Database) -> list[tuple[int, int]]:
    with database.read() as connection:
        return outbox.in_hand(connection)


@pytest.mark.parametrize("how", ["withdrawn", "a newer word"])
def test_what_is_called_back_on_its_way_is_not_tried_again(stored: Database, how: str) -> None:
    """C6: the clock stopped while its reminder was being pushed, and the push failed."""
    enqueue(stored, row("sent", topic="t"), row("fails", "mp:x", topic="t"), row("lost", "mp:y", topic="t"))
    assert claim(stored) == ["sent", "fails", "lost"]
    if how == "withdrawn":
        with stored.write() as connection:
            outbox.withdraw(connection, "t", NOW)
    else:
        enqueue(stored, *[row(f"{person}2", person, topic="t") for person in ("mp:r", "mp:x", "mp:y")])
    mark(stored, "sent", S.SENT, NOW + MINUTE)
    mark(stored, "fails", S.PENDING, due_at=NOW + MINUTE, error_code=-1, error="平台繁忙")
    newer = claim(stored, lost=in_hand(stored)[:1])
    found = states(stored)
    assert (found["sent"], found["fails"], found["lost"]) == (S.SENT, S.SUPERSEDED, S.UNKNOWN)
    assert newer == ([] if how == "withdrawn" else ["mp:r2", "mp:x2", "mp:y2"])


def test_what_became_of_a_push_is_written_once(stored: Database) -> None:
    enqueue(stored, row("a"))
    claim(stored)
    mark(stored, "a", S.SENT, way="custom", reference="4711")
    mark(stored, "a", S.FAILED, error="too late")
    with stored.read() as connection:
        columns = (OutboxRow.state, OutboxRow.way, OutboxRow.error, OutboxRow.lease_until, OutboxRow.done_at)
        assert tuple(connection.execute(select(*columns)).one()) == (S.SENT, "custom", "", None, NOW)  # type: ignore[call-overload]


def test_a_refused_one_comes_back_at_its_time_with_its_count(stored: Database) -> None:
    enqueue(stored, row("a"))
    claim(stored)
    mark(stored, "a", S.PENDING, due_at=NOW + MINUTE, error_code=45009, error="次数用完")
    assert claim(stored) == []
    with stored.write() as connection:
        (again,) = outbox.claim_due(connection, NOW + MINUTE)
    assert (again.attempts, again.notice, again.account, again.person) == (2, {"text": "说 a"}, "mp", "mp:r")


@pytest.mark.parametrize("dead", [S.FAILED, S.UNKNOWN])
def test_a_dead_letter_can_be_sent_again(stored: Database, dead: OutboxState) -> None:
    enqueue(stored, row("a"), row("b"))
    claim(stored)
    mark(stored, "a", dead, error_code=43004, error="没有关注")
    mark(stored, "b", S.SENT)
    with stored.write() as connection:
        (letter,) = outbox.dead_letters(connection)
        assert (letter["dedupe_key"], letter["error_code"], letter["error"]) == ("a", 43004, "没有关注")
        assert outbox.counts(connection) == {dead.value: 1, "sent": 1}
        assert outbox.resend(connection, letter["id"], NOW)
        assert not outbox.resend(connection, letter["id"], NOW)
        assert not outbox.resend(connection, 4711, NOW)
        assert outbox.dead_letters(connection) == []
        (again,) = outbox.claim_due(connection, NOW)
    assert (again.dedupe_key, again.attempts) == ("a", 1)


def test_two_that_claim_at_once_never_take_the_same(busy_database: Database) -> None:
    community(busy_database)
    keys = [f"n{number:03}" for number in range(120)]
    enqueue(busy_database, *[row(key, urgent=key.endswith("7")) for key in keys])
    start = threading.Barrier(4)
    taken: list[str] = []
    sizes: list[int] = []

    def take() -> None:
        start.wait(10)
        while mine := claim(busy_database, limit=7):
            taken.extend(mine)
            sizes.append(len(mine))

    run([take] * 4)
    assert sorted(taken) == keys
    assert max(sizes) <= 7, "more than was asked for"


def test_a_claim_passes_over_what_another_transaction_has_in_hand(busy_database: Database) -> None:
    if busy_database.is_sqlite:
        pytest.skip("SQLite has one writer: nobody else has anything in hand")
    community(busy_database)
    enqueue(busy_database, row("a"), row("b"), row("c"))
    with busy_database.write() as one, busy_database.write() as two:
        first = [outgoing.dedupe_key for outgoing in outbox.claim_due(one, NOW, limit=2)]
        second = [outgoing.dedupe_key for outgoing in outbox.claim_due(two, NOW, limit=2)]
    assert (first, second) == (["a", "b"], ["c"])


def run(works: Sequence[Any]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
