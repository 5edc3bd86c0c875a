"""Two services on one database, as two processes are: what one knows in memory the other must find."""

import asyncio
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from bot.bootstrap import Service
from bot.settings import Settings
from bot.ticker import sweep
from models.database import Database
from models.inbox import Inbox, PlainSignature
from models.outbox import OutboxRow
from tests.bot import test_callback as callback
from tests.talk import ROOT, StandingClock, Talk, at, understander

START = at("2026-10-12 10:00")
WITHIN_S = 0.3


@dataclass
class Pair:
    one: Talk
    two: Talk

    def webs(self, **options: Any) -> tuple[callback.Web, callback.Web]:
        return callback.Web(self.one, **options), callback.Web(self.two, **options)


@pytest.fixture
def pair(tmp_path: Path, busy_database: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Pair]:
    monkeypatch.setenv("LINLI_ACCOUNT_MP_TOKEN", callback.TOKEN)
    talks = [Talk(tmp_path / name, at=START, database=busy_database) for name in ("one", "two")]
    yield Pair(*talks)
    for talk in talks:  # both writers first: they share the pool of connections
        talk.service.engine.stop()
    for talk in talks:
        talk.close()


def test_a_captured_signature_carries_no_other_words_to_another_process(pair: Pair) -> None:
    one, two = pair.webs()
    words, query = callback.text("我想报事", 1), callback.query("n1")
    first = one(words, query)
    assert first[0] == 200
    assert two(words, query) == first, "the platform's own retry, wherever it arrives"
    assert two(callback.text("取消我的报事", 2), query) == (403, "")
    assert two(callback.text("我想报事", 1, person="o2"), query) == (403, "")
    assert one(words, query) == first
    assert pair.one.row(select(func.count().label("n")).select_from(Inbox))["n"] == 1
    again = Talk(pair.one.service.spool.folder.parent / "again", at=START, database=pair.one.database)
    try:
        assert callback.Web(again)(callback.text("取消我的报事", 2), query) == (403, ""), (
            "nor after a restart"
        )
    finally:
        again.service.engine.stop()
        again.loop.close()


def test_of_two_bodies_at_once_under_one_signature_one_is_heard(pair: Pair) -> None:
    async def both() -> list[tuple[int, str]]:
        one, two = pair.webs()
        query = callback.query("n2")
        return await asyncio.gather(
            one.ask(callback.text("你好", 1), query), two.ask(callback.text("别的", 2, person="o2"), query)
        )

    answers = pair.one.loop.run_until_complete(both())
    assert sorted(status for status, _ in answers) == [200, 403]


def test_spent_signatures_are_swept(pair: Pair) -> None:
    one, _ = pair.webs()
    one(callback.text("你好"), callback.query("n3"))
    state, engine = pair.one.service.state, pair.one.service.engine

    def left() -> int:
        return int(pair.one.row(select(func.count().label("n")).select_from(PlainSignature))["n"])

    kept = timedelta(minutes=11)
    pair.one.clock.at += kept
    engine.run(lambda connection: sweep(connection, state, pair.one.clock, kept)).result(10)
    assert left() == 1
    pair.one.clock.at += timedelta(seconds=1)
    engine.run(lambda connection: sweep(connection, state, pair.one.clock, kept)).result(10)
    assert left() == 0


def test_words_kept_for_later_do_not_pass_under_a_spent_signature(pair: Pair) -> None:
    """The database is away: the other process acknowledges a replay unheard, and forgets it when it can ask."""
    one, two = pair.webs(answer_within_s=WITHIN_S)
    query = callback.query("n4")
    assert one(callback.text("我想报事", 1), query)[0] == 200
    with pair.two.database.write() as other:
        if not pair.two.database.is_sqlite:
            other.execute(text("LOCK TABLE plain_signature"))
        assert two(callback.text("取消", 2), query) == (200, "success")
        assert len(list(pair.two.service.spool.replay())) == 1
    pair.two.tick()
    pair.two.loop.run_until_complete(_moment())
    assert list(pair.two.service.spool.replay()) == []
    assert pair.one.row(select(func.count().label("n")).select_from(Inbox))["n"] == 1
    # The same from a process that was killed in between: its folder still holds the words.
    late = pair.two.message("mp:o1", "取消", signed=signed(query))
    pair.two.service.spool.add(late)
    (read,) = pair.two.service.spool.replay()
    assert read.signed == late.signed
    pair.two.service.engine.hear_late(read, pair.two.service.understand(read))
    pair.two.tick()
    assert list(pair.two.service.spool.replay()) == []
    assert pair.one.row(select(func.count().label("n")).select_from(Inbox))["n"] == 1


async def _moment() -> None:
    await asyncio.sleep(0.05)


def signed(query: str) -> tuple[str, str]:
    signature = query.partition("signature=")[2].partition("&")[0]
    return signature, hashlib.sha256(b"other words").hexdigest()[:32]


def test_the_last_delivery_is_known_by_its_age_where_others_had_the_first_two(pair: Pair) -> None:
    """An account that cannot push: whoever hears the last delivery says 「received」 and keeps the words."""
    talk = pair.two
    channel = talk.service.state.channels["mp"]
    channel.capabilities = type(channel.capabilities)(push=False)
    clock: StandingClock = talk.clock
    with talk.database.write() as other:
        if not talk.database.is_sqlite:
            other.execute(text("LOCK TABLE inbox"))
        web = callback.Web(talk, answer_within_s=WITHIN_S)
        clock.at = START + timedelta(seconds=10)
        assert web(callback.text("你好"), callback.query("n5")) == (200, "success")
        assert len(list(talk.service.spool.replay())) == 1, "kept, for nobody will ask again"


@pytest.mark.parametrize("second", [0, 29, 59])
def test_an_edit_that_every_process_sees_is_told_once(
    tmp_path: Path, busy_database: Database, second: int
) -> None:
    config = tmp_path / "config.yaml"
    config.write_bytes((ROOT / "config.yaml").read_bytes())
    clock = StandingClock(START + timedelta(seconds=second, milliseconds=900))
    services = []
    for name in ("one", "two"):
        settings = Settings(home=tmp_path / name, config=config)
        service = Service(settings, busy_database, clock=clock, work=False, understander=understander)
        service.engine.start()
        services.append(service)
    for times, limit in enumerate(("90秒", "80秒"), start=1):
        source = config.read_text(encoding="utf-8")
        before = source.partition("受理: {限: ")[2].partition(",")[0]
        config.write_text(
            source.replace(f"受理: {{限: {before}", f"受理: {{限: {limit}", 1), encoding="utf-8"
        )
        for service in services:
            service.reloader.poll()
            assert service.reloader.poll()
            service.engine.run(lambda _: None).result(10)
            clock.at += timedelta(milliseconds=700)
        with busy_database.read() as connection:
            told = connection.execute(
                select(OutboxRow.person).where(OutboxRow.dedupe_key.like("config:%"))  # type: ignore[call-overload,attr-defined]
            ).all()
        admins = len(services[0].state.office.admins)
        assert admins and len(told) == times * admins
    for service in services:
        service.engine.stop()
