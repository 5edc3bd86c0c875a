"""The database goes away while people write: an answer in time or by push, never two, and the service lives on."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event, func, make_url, select, text
from sqlalchemy.exc import OperationalError
from starlette.testclient import TestClient

from bot import hearing
from bot.app import create_app
from bot.engine import RETRY_WAIT_S
from bot.ticker import Ticker
from handlers.message import Message, Turn
from models import database as database_module
from models.database import Database
from models.inbox import Inbox
from models.ticket import Ticket
from tests.bot import test_callback as callback
from tests.talk import Talk, at, shown

START = at("2026-10-12 10:00")
WITHIN_S = 0.4
QUICK = (0.01, 0.02, 0.05)


@dataclass
class House:
    talk: Talk
    lock: Callable[[], Any]  # another process holds what the writer needs
    close: Callable[[], Any]  # nobody gets in

    def web(self) -> callback.Web:
        return callback.Web(self.talk, answer_within_s=WITHIN_S)

    def pages(self) -> TestClient:
        return TestClient(create_app(self.talk.service))

    def until(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 10
        while not done():
            assert time.monotonic() < deadline, "it did not come about"
            self.talk.loop.run_until_complete(
                asyncio.sleep(0.01)
            )  # what the writer hands to the loop is heard

    def heard(self) -> int:
        return int(self.talk.row(select(func.count().label("n")).select_from(Inbox))["n"])

    def spooled(self) -> int:
        return len(list(self.talk.service.spool.replay()))


@contextmanager
def sqlite_house(folder: Path) -> Iterator[tuple[Database, Callable[[], Any], Callable[[], Any]]]:
    database = Database(f"sqlite:///{folder}/linli.db")
    database.create_all()

    @contextmanager
    def lock() -> Iterator[None]:
        with database.engine.connect().execution_options(linli_write=True) as other, other.begin():
            yield

    yield database, lock, lock
    database.close()


@contextmanager
def postgres_house(url: str) -> Iterator[tuple[Database, Callable[[], Any], Callable[[], Any]]]:
    name = f"{make_url(url).database}_away"  # the processes of a run share the server
    admin = create_engine(url, isolation_level="AUTOCOMMIT")

    def say(*statements: str) -> None:
        with admin.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))

    say(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
    database = Database(make_url(url).set(database=name).render_as_string(hide_password=False))
    database.create_all()

    @contextmanager
    def lock() -> Iterator[None]:
        with database.engine.connect() as other, other.begin():
            other.execute(text("LOCK TABLE inbox"))
            yield

    @contextmanager
    def close() -> Iterator[None]:
        say(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false", KICK.format(name))
        try:
            yield
        finally:
            say(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")

    yield database, lock, close
    database.close()
    say(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


KICK = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'"


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    monkeypatch.setenv("LINLI_ACCOUNT_MP_TOKEN", callback.TOKEN)
    monkeypatch.setattr(database_module, "BUSY_TIMEOUT_MS", 50)
    if request.param == "sqlite":
        manager = sqlite_house(tmp_path)
    else:
        manager = postgres_house(request.getfixturevalue("postgres_url"))
    with manager as (database, lock, close):
        talk = Talk(tmp_path, at=START, database=database)
        yield House(talk, lock, close)
        talk.close()


def check_answered_late(house: House, number: int = 1) -> None:
    """The answer of message `number` comes by push, once, and a retry reads the same."""
    house.until(lambda: house.spooled() == 0)
    pushes = house.talk.pushes()
    assert [(person, "您好" in said) for person, said in pushes] == [("mp:o1", True)]
    status, answer = house.web()(callback.text("你好", number), callback.query("again"))
    assert status == 200
    assert callback.content(answer).split() == pushes[0][1].split()
    assert house.talk.pushes() == []
    assert house.heard() == 1


def test_a_lock_of_another_process_delays_and_loses_nothing(house: House) -> None:
    with house.lock():
        started = time.monotonic()
        assert house.web()(callback.text("你好"), callback.query()) == (200, "success")
        assert time.monotonic() - started < WITHIN_S + 1
        assert house.spooled() == 1
    check_answered_late(house)


def test_a_database_that_is_gone_for_longer_than_any_retry(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    engine = house.talk.service.engine
    engine.retry_waits_s = QUICK
    pages = house.pages()
    with house.close():
        assert house.web()(callback.text("你好"), callback.query()) == (200, "success")
        house.until(lambda: "database_away" in caplog.text)
        assert not engine.keeps_up
        ready = pages.get("/readyz")
        assert ready.status_code == 503
        assert "writer" in ready.json()["problems"]
        assert pages.get("/healthz").status_code == 200
        metrics = pages.get("/metrics")
        assert metrics.status_code == 200
        assert "linli_writer_queue" in metrics.text
        if not house.talk.database.is_sqlite:  # a reader of SQLite does not mind the writer
            assert "linli_database_up 0.0" in metrics.text
            assert "database" in ready.json()["problems"]
        house.talk.service.replay()
        assert engine.waiting == 0, "what waits already is not queued once more each second"
    check_answered_late(house)
    assert engine.keeps_up and engine.alive and engine.failed == 0
    assert pages.get("/readyz").status_code == 200
    assert "linli_database_up 1.0" in pages.get("/metrics").text


def test_a_server_that_only_reads_is_away(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """After a failover the old primary, or the standby that is asked too early, takes no writes: wait, never refuse."""
    if house.talk.database.is_sqlite:
        pytest.skip("a file has no standby")
    engine, url = house.talk.service.engine, make_url(house.talk.database.url)
    engine.retry_waits_s = QUICK
    admin = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")

    def read_only(state: str) -> None:
        with admin.connect() as connection:
            name = url.database
            connection.execute(text(f"ALTER DATABASE {name} SET default_transaction_read_only = {state}"))
            connection.execute(text(KICK.format(name)))

    read_only("on")
    try:
        assert house.web()(callback.text("你好"), callback.query()) == (200, "success")
        house.until(lambda: "database_away" in caplog.text)
        assert not engine.keeps_up
    finally:
        read_only("off")
        admin.dispose()
    check_answered_late(house)
    assert engine.failed == 0, "nobody reads an apology"


def test_a_full_disk_is_a_database_that_is_away(house: House, caplog: pytest.LogCaptureFixture) -> None:
    """Asked whether it is there, it must write: an empty transaction goes through on a full disk."""
    if not house.talk.database.is_sqlite:
        pytest.skip("a file alone can be told how large it may grow")
    talk, engine = house.talk, house.talk.service.engine
    engine.retry_waits_s = QUICK

    def room(pages: int) -> None:
        """Each connection has its own limit; a limit below the size is taken as the size."""

        def limit(connection: Any, _record: Any) -> None:
            connection.execute(f"PRAGMA max_page_count={pages}")

        event.listen(talk.database.engine, "connect", limit)
        talk.database.engine.dispose()

    filler = "x" * 3000
    for number in range(40):
        talk.say("mp:r", f"{number}{filler}")
    room(1)
    with talk.database.engine.connect() as connection:
        room_left = connection.execute(text("PRAGMA freelist_count")).scalar_one()
    assert room_left == 0
    promise = engine.run(fill)
    house.until(lambda: "database_away" in caplog.text)
    assert not promise.done() and engine.failed == 0
    room(1_000_000)
    assert promise.result(20) is None
    assert engine.keeps_up


def fill(connection: Any) -> None:
    """What a mark of the outbox is too: something that must be written, whenever that is possible."""
    connection.execute(text("CREATE TABLE IF NOT EXISTS filler (words TEXT)"))
    connection.execute(text("INSERT INTO filler VALUES (:words)"), {"words": "x" * 100_000})


def test_a_tick_waits_for_the_database_too(house: House) -> None:
    talk = house.talk
    talk.service.engine.retry_waits_s = QUICK
    talk.say("mp:r", "3栋2单元楼道灯坏了")
    talk.say("mp:r", "1")
    talk.pushes()
    talk.clock.at = at("2026-10-12 10:02")
    ticker = Ticker(talk.service.engine, lambda: talk.service.state, talk.clock)
    with house.close():
        job = threading.Thread(target=ticker.tick)
        job.start()
        job.join(0.5)
        assert job.is_alive()
    job.join(10)
    assert not job.is_alive()
    assert len(talk.pushes()) >= 1


def test_a_service_that_stops_does_not_wait_for_the_database(house: House) -> None:
    talk = house.talk
    with house.close():
        future = talk.service.engine.run(lambda _: None)
        time.sleep(0.2)
        started = time.monotonic()
        talk.service.engine.stop()
        assert time.monotonic() - started < 5
        assert future.exception(1) is not None


def test_connections_cut_again_and_again_under_load(house: House) -> None:
    """Every message is answered once, whatever moment its connection broke at."""
    if house.talk.database.is_sqlite:
        pytest.skip("nobody can cut the line to a file")
    talk, stop = house.talk, threading.Event()
    admin = create_engine(make_url(talk.database.url).set(database="postgres"), isolation_level="AUTOCOMMIT")
    cuts = 0
    answered: list[str] = []

    def cut() -> None:
        nonlocal cuts
        before = -1
        while not stop.wait(0.1):
            if len(answered) == before:
                continue  # on a slow machine nothing at all would come through
            before = len(answered)
            with admin.connect() as connection:
                cuts += len(connection.execute(text(KICK.format(make_url(talk.database.url).database))).all())

    cutter = threading.Thread(target=cut)
    cutter.start()
    try:
        talk.service.engine.retry_waits_s = tuple(wait / 10 for wait in RETRY_WAIT_S)
        turns = talk.loop.run_until_complete(crowd(talk, time.monotonic() + 3, answered))
    finally:
        stop.set()
        cutter.join(10)
        admin.dispose()
    assert cuts > 3, "nothing was cut"
    assert [said for turn in turns if "已登记" not in (said := shown(turn))] == []
    assert talk.row(select(func.count().label("n")).select_from(Ticket))["n"] == len(turns)
    assert house.heard() == 2 * len(turns)
    assert talk.service.engine.failed == 0


async def crowd(talk: Talk, until: float, answered: list[str]) -> list[Turn]:
    """Twelve at a time, one resident after another files a ticket; the turns that confirm them."""

    async def say(person: str, words: str) -> Turn:
        message = talk.message(person, words)
        pending = talk.service.engine.hear(message, talk.service.understand(message))
        assert pending.future is not None
        turn = await asyncio.wait_for(pending.future, 30)
        answered.append(message.id)
        return turn

    async def resident(number: int) -> list[Turn]:
        turns = []
        while time.monotonic() < until:
            person = f"mp:r{number}-{len(turns)}"
            await say(person, f"{number % 6 + 1}栋1单元501厨房灯坏了")
            turns.append(await say(person, "1"))
        return turns

    return [turn for turns in await asyncio.gather(*map(resident, range(12))) for turn in turns]


def test_a_database_that_comes_back_just_when_it_is_asked(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the last refusal and the question whether it is there, it came back: nobody is sent away."""
    engine, real, refusals = house.talk.service.engine, house.talk.database.write, 0
    engine.retry_waits_s = QUICK

    def refusing() -> Any:
        nonlocal refusals
        if refusals <= len(QUICK):
            refusals += 1
            raise OperationalError("BEGIN", {}, Exception("database is locked"))
        return real()

    monkeypatch.setattr(house.talk.database, "write", refusing)
    assert "您好" in callback.content(house.web()(callback.text("你好"), callback.query())[1])
    assert refusals == len(QUICK) + 1 and engine.failed == 0 and engine.keeps_up


def test_one_message_that_breaks_the_database_does_not_stop_the_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is there and refuses again and again: then one by one, and the guilty one alone fails."""
    talk = house.talk
    talk.service.engine.retry_waits_s = QUICK
    real = hearing.respond

    def breaking(message: Message, *rest: Any) -> Turn:
        if message.person == "mp:bad":
            raise OperationalError("SELECT", {}, Exception("too many SQL variables"))
        return real(message, *rest)

    monkeypatch.setattr(hearing, "respond", breaking)

    async def wait() -> list[Turn | BaseException]:
        engine, understand = talk.service.engine, talk.service.understand
        messages = [talk.message(f"mp:{name}", "你好") for name in ("r", "bad", "x")]
        pending = [engine.hear(message, understand(message)) for message in messages]
        futures = [one.future for one in pending if one.future is not None]
        return await asyncio.wait_for(asyncio.gather(*futures, return_exceptions=True), 10)

    good, bad, other = talk.loop.run_until_complete(wait())
    assert isinstance(good, Turn) and isinstance(other, Turn) and isinstance(bad, OperationalError)
    assert "您好" in shown(good) and "您好" in shown(other)
    assert house.heard() == 2
