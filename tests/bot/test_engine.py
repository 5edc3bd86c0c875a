"""The message road inside one process: durable before answered, the same answer to a retry, apology, late answers."""

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, func, select, text
from sqlalchemy.exc import IntegrityError, OperationalError

from bot import hearing as hearing_module
from bot.spool import Spool
from bot.ticker import sweep
from handlers.context import Context
from handlers.message import Dialog, Kind, Message, Turn
from models.community import Community
from models.database import Database, session_on
from models.inbox import Inbox
from models.outbox import OutboxRow
from models.ticket import Ticket
from tests.talk import Talk, at, shown

START = at("2026-10-12 10:00")


@pytest.fixture
def talk(tmp_path: Path, busy_database: Database) -> Iterator[Talk]:
    made = Talk(tmp_path, at=START, database=busy_database)
    yield made
    made.close()


def count(talk: Talk, table: Any) -> int:
    return int(talk.row(select(func.count().label("n")).select_from(table))["n"])


def hear_all(talk: Talk, messages: list[Message]) -> list[Turn]:
    async def wait() -> list[Turn]:
        service = talk.service
        pending = [service.engine.hear(m, service.understand(m)) for m in messages]
        return list(await asyncio.gather(*(p.future for p in pending if p.future is not None)))

    return talk.loop.run_until_complete(wait())


def test_three_copies_at_once_get_one_answer_and_one_effect(talk: Talk) -> None:
    talk.say("mp:r", "3栋2单元楼道灯坏了")
    message = talk.message("mp:r", "1")
    turns = hear_all(talk, [message, message, message])
    assert len({shown(turn) for turn in turns}) == 1
    assert "已登记" in shown(turns[0])
    assert count(talk, Ticket) == 1


def test_a_retry_later_gets_the_same_answer(talk: Talk) -> None:
    talk.say("mp:r", "3栋2单元楼道灯坏了")
    message = talk.message("mp:r", "1")
    first = talk.hear(message)
    talk.clock.at += timedelta(seconds=5)
    assert shown(talk.hear(message)) == shown(first)
    assert count(talk, Ticket) == 1


def test_the_same_number_from_another_account_is_another_message(talk: Talk) -> None:
    one = talk.message("mp:r", "你好")
    turns = hear_all(talk, [one, replace(one, account="work", person="work:zhangsan", chat="work:zhangsan")])
    assert shown(turns[0]) != shown(turns[1])
    assert count(talk, Inbox) == 2


def test_messages_of_one_batch_see_each_other(talk: Talk) -> None:
    """The second message of a person continues the dialog that the first one of the same batch opened."""
    turns = hear_all(talk, [talk.message("mp:r", "3栋2单元楼道灯坏了"), talk.message("mp:r", "1")])
    assert "请核对" in shown(turns[0])
    assert "已登记" in shown(turns[1])


def test_a_failing_handler_apologises_and_leaves_nothing_half_done(
    talk: Talk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = hearing_module.respond

    def broken(message: Message, *rest: Any) -> Turn:
        turn = real(message, *rest)
        if message.text == "1":
            raise RuntimeError("bug")
        return turn

    monkeypatch.setattr(hearing_module, "respond", broken)
    talk.say("mp:r", "3栋2单元楼道灯坏了")
    message = talk.message("mp:r", "1")
    other = talk.message("mp:x", "你好")
    turns = hear_all(talk, [message, other])
    assert "没有办成" in shown(turns[0]) and "028-8888-0000" in shown(turns[0])
    assert "您好" in shown(turns[1])
    assert count(talk, Ticket) == 0
    assert count(talk, OutboxRow) == 0
    assert "handler_failed" in caplog.text
    monkeypatch.setattr(hearing_module, "respond", real)
    assert "没有办成" in shown(talk.hear(message)), "the apology is the answer, also to a retry"
    assert "已登记" in talk.say("mp:r", "1"), "the dialog stayed where it was"


def test_what_the_database_refuses_takes_nobody_else_with_it(
    talk: Talk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A refused flush ends the transaction of the whole batch: the others are heard once more, and only once."""
    real = hearing_module.respond

    def broken(message: Message, dialog: Dialog, draft: Dialog | None, slept: bool, context: Context) -> Turn:
        turn = real(message, dialog, draft, slept, context)
        if message.person == "mp:bad":
            context.desk.session.add(Community(code="twice", name="一"))
            context.desk.session.add(Community(code="twice", name="二"))
        return turn

    monkeypatch.setattr(hearing_module, "respond", broken)
    talk.say("mp:r", "3栋2单元楼道灯坏了")
    started = time.monotonic()
    turns = hear_all(
        talk, [talk.message("mp:r", "1"), talk.message("mp:bad", "你好"), talk.message("mp:x", "你好")]
    )
    assert ["已登记" in shown(turns[0]), "没有办成" in shown(turns[1]), "您好" in shown(turns[2])] == [
        True
    ] * 3
    assert time.monotonic() - started < 3, "nobody waits for a retry that cannot help"
    assert count(talk, Ticket) == 1
    assert count(talk, Community) == 1
    assert "handler_failed" in caplog.text


def test_a_job_that_the_database_refuses_takes_nobody_with_it(talk: Talk) -> None:
    def twice(connection: Connection) -> None:
        session = session_on(connection)
        session.add(Community(code="twice", name="一"))
        session.add(Community(code="twice", name="二"))
        session.flush()

    job = talk.service.engine.run(twice)
    assert "您好" in talk.say("mp:r", "你好")
    with pytest.raises(IntegrityError):
        job.result(10)
    assert count(talk, Inbox) == 1


def test_an_answer_leaves_only_after_the_commit(talk: Talk) -> None:
    """While another process holds the database, nobody is answered; afterwards everybody is, once."""
    answered = threading.Event()
    blocker = talk.database.engine.connect().execution_options(linli_write=True)
    transaction = blocker.begin()
    if not talk.database.is_sqlite:
        blocker.execute(text("LOCK TABLE inbox"))
    message = talk.message("mp:r", "你好")

    async def wait() -> Turn:
        pending = talk.service.engine.hear(message, talk.service.understand(message))
        assert pending.future is not None
        await asyncio.wait((pending.future,), timeout=0.3)
        assert not pending.future.done()
        transaction.rollback()
        blocker.close()
        answered.set()
        return await asyncio.wait_for(pending.future, 10)

    assert "您好" in shown(talk.loop.run_until_complete(wait()))
    assert answered.is_set()


def test_the_database_going_away_for_a_moment_loses_nothing(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = iter([True, True, False])
    real = talk.database.write

    def flaky() -> Any:
        if next(failures, False):
            raise OperationalError("BEGIN", {}, Exception("database is locked"))
        return real()

    monkeypatch.setattr(talk.database, "write", flaky)
    assert "您好" in talk.say("mp:r", "你好")
    assert count(talk, Inbox) == 1


def test_whoever_waited_too_long_is_answered_by_push(talk: Talk) -> None:
    message = talk.message("mp:r", "你好")

    async def wait() -> None:
        pending = talk.service.engine.hear(message, talk.service.understand(message))
        pending.late = True
        talk.service.spool.add(message)
        await asyncio.sleep(0.3)
        assert pending.future is not None and not pending.future.done()

    talk.loop.run_until_complete(wait())
    talk.service.engine.run(lambda _: None).result(10)
    assert [(person, "您好" in text) for person, text in talk.pushes()] == [("mp:r", True)]
    deadline = time.monotonic() + 5
    while list(talk.service.spool.replay()) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert list(talk.service.spool.replay()) == []
    assert "您好" in shown(talk.hear(message)), "a retry still gets the answer"
    assert talk.pushes() == []


def test_the_spool_brings_a_message_back_whole(tmp_path: Path, talk: Talk) -> None:
    spool = Spool(tmp_path / "late")
    message = talk.message("mp:r", "3栋的灯", kind=Kind.VOICE, origin="g=1")
    spool.add(message)
    spool.add(message)
    assert list(spool.replay()) == [replace(message, late=True)]
    spool.remove(message)
    assert list(spool.replay()) == []


def test_a_message_left_by_a_dead_process_is_answered_by_the_next(tmp_path: Path, talk: Talk) -> None:
    """Acknowledged, then killed before the commit: the next start answers it by push, once."""
    message = talk.message("mp:r", "你好")
    talk.service.spool.add(message)
    for late in talk.service.spool.replay():
        talk.service.engine.hear_late(late, talk.service.understand(late))
        talk.service.engine.hear_late(late, talk.service.understand(late))
    talk.service.engine.run(lambda _: None).result(10)
    assert [person for person, _ in talk.pushes()] == ["mp:r"]
    assert list(talk.service.spool.replay()) == []


def test_an_account_that_cannot_push_gets_its_notices_with_the_next_answer(
    tmp_path: Path, busy_database: Database, request: pytest.FixtureRequest
) -> None:
    config = tmp_path / "config.yaml"
    shipped = (Path(__file__).parents[2] / "config.yaml").read_text(encoding="utf-8")
    config.write_text(shipped.replace("能力: 主动推送", "能力: 被动回复"), encoding="utf-8")
    talk = Talk(tmp_path, at=START, config=config, database=busy_database)
    request.addfinalizer(talk.close)
    talk.say("mp:r", "3栋2单元楼道灯坏了")
    talk.say("mp:r", "1")
    talk.say("work:zhangsan", "受理")
    answer = talk.say("mp:r", "你好")
    assert "已由 张三 受理" in answer and "您好" in answer
    assert "已由 张三 受理" not in talk.say("mp:r", "你好")


def test_a_job_that_fails_takes_nobody_with_it(talk: Talk) -> None:
    def broken(_: Any) -> None:
        raise ValueError("bug")

    job = talk.service.engine.run(broken)
    assert "您好" in talk.say("mp:r", "你好")
    with pytest.raises(ValueError, match="bug"):
        job.result(10)


def test_stored_words_are_forgotten_after_their_time(talk: Talk) -> None:
    talk.say("mp:r", "我家住在3栋2单元501")
    state = talk.service.state
    talk.clock.at += timedelta(days=91)
    talk.service.engine.run(lambda connection: sweep(connection, state, talk.clock)).result(10)
    assert talk.row(select(Inbox.text))["text"] == ""


def test_only_written_notices_wake_the_sender(talk: Talk) -> None:
    """A claim or a mark is a job as well: if it woke the sender, the sender would never rest."""
    woken: list[int] = []
    talk.service.engine.on_notices = lambda: woken.append(1)
    talk.service.engine.run(lambda _: None).result(10)
    talk.say("mp:r", "你好")
    talk.tick()
    assert woken == []
    talk.say("mp:r", "3栋2单元楼道灯坏了")
    talk.say("mp:r", "1")
    assert woken == [1]
