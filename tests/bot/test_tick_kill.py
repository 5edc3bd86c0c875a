"""C7: `linli work` killed with -9 while deadlines pass; every reminder reaches the platform once, breaches are written once."""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, select, text

from bot.bootstrap import community_id
from bot.config import load_config
from bot.sim.demo_accounts import demo_environment
from models.database import Database, session_on
from models.desk import Desk
from models.desk.outbox import RESENDS
from models.migrate import migrate
from models.outbox import OutboxRow, OutboxState
from models.sla import SlaBreach, SlaClock
from models.ticket import Stage
from tests.bot.crowd import ROOT
from tests.chaos.town import RUNNER
from tests.models.test_ticket_steps import new

CLOCKS = 10  # few enough for the 30 messages a minute that 企业微信 lets one member have
APART = timedelta(seconds=0.8)
KILLS = 4
PATIENCE_S = 90


class Platform(ThreadingHTTPServer):
    """qyapi.weixin.qq.com as far as pushes need it: counts what arrives, takes a moment for each."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.said: Counter[tuple[str, str]] = Counter()
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answer(BaseHTTPRequestHandler):
    server: Platform

    def do_GET(self) -> None:
        self._answer({"errcode": 0, "access_token": "token", "expires_in": 7200})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        with self.server.lock:
            self.server.said[body["touser"], body["text"]["content"]] += 1
        time.sleep(0.02)
        self._answer({"errcode": 0, "msgid": "1"})

    def _answer(self, fields: dict[str, Any]) -> None:
        sent = json.dumps(fields).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        try:
            self.wfile.write(sent)
        except OSError:
            self.close_connection = True  # the one who asked was killed

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def platform() -> Iterator[Platform]:
    with Platform() as made:
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield made
        made.shutdown()
        thread.join(10)


@pytest.fixture(params=["sqlite", "postgresql"])
def migrated(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database as an operator makes it."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path}/linli.db")
        migrate(database)
        yield database
        database.close()
        return
    url: str = request.getfixturevalue("postgres_url")
    admin = Database(url)
    name = f"{make_url(url).database}_ticks"
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    database = Database(make_url(url).set(database=name).render_as_string(hide_password=False))
    migrate(database)
    yield database
    database.close()
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.close()


def file_tickets(database: Database) -> None:
    """Tickets whose minute for accepting ends one after the other from now on."""
    config = load_config(ROOT / "config.yaml")
    begin = datetime.now(UTC) - config.rules.sla.accept.limit
    with database.write() as connection:
        session = session_on(connection)
        number = community_id(session, config)
        desk = Desk(session, community_id=number, now=begin, rules=config.rules)
        desk.sync_places()
        desk.sync_policies()
        for at in range(CLOCKS):
            desk.now = begin + at * APART
            desk.file_ticket(new(str(1 + at % 6)))
        session.flush()


@contextmanager
def worker(home: Path, database: Database, platform: Platform) -> "Iterator[subprocess.Popen[bytes]]":
    config = home / "config.yaml"
    written = (ROOT / "config.yaml").read_text(encoding="utf-8")
    config.write_text(
        written.replace("超时合并: 5件", "超时合并: 不合并"), encoding="utf-8"
    )  # each by itself
    environment = {
        **os.environ,
        **demo_environment(["work"], platform.url),
        "LINLI_HOME": str(home),
        "LINLI_CONFIG": str(config),
        "LINLI_DATABASE_URL": database.url,
        "LINLI_LOG_LEVEL": "ERROR",
        "PYTHONPATH": str(ROOT),
        "LINLI_CHAOS_OFFSET": str(home / "offset"),
        "LINLI_CHAOS_LEASE_S": "1",  # instead of a minute, in which a dead sender's pushes are taken over
    }
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", *RUNNER, "work"],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait(20)


def reminders(database: Database) -> list[Any]:
    table = OutboxRow.__table__  # type: ignore[attr-defined]
    with database.read() as connection:
        return list(connection.execute(select(table).where(table.c.topic.like("clock:%"))).all())


def late(database: Database) -> tuple[int, int]:
    """How many accept clocks are marked late, and how many breach rows there are."""
    clocks, breaches = SlaClock.__table__, SlaBreach.__table__  # type: ignore[attr-defined]
    with database.read() as connection:
        marked = connection.execute(
            select(clocks.c.id).where(clocks.c.stage == Stage.ACCEPT, clocks.c.breached_at.is_not(None))
        ).all()
        return len(marked), len(connection.execute(select(breaches.c.clock_id)).all())


def told(key: str) -> bool:
    """A rung at the deadline (1) or, on a slow machine, the one three minutes later (2)."""
    return key.split(":")[4] in ("1", "2")


def until(done: Any, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not done():
        assert process.poll() is None, "the worker ended by itself"
        assert time.monotonic() < deadline, "it never came to rest"
        time.sleep(0.05)


@pytest.mark.slow
def test_a_killed_tick_loses_and_doubles_no_reminder(
    migrated: Database, platform: Platform, tmp_path: Path
) -> None:
    file_tickets(migrated)
    for _ in range(KILLS):
        before = platform.said.total()
        with worker(tmp_path, migrated, platform) as process:
            until(
                lambda before=before: platform.said.total() > before or late(migrated)[0] == CLOCKS, process
            )
            time.sleep(random.uniform(0, 0.6))
    with worker(tmp_path, migrated, platform) as process:
        waiting = (OutboxState.PENDING, OutboxState.SENDING)
        until(
            lambda: (
                late(migrated)[0] == CLOCKS
                and not any(
                    row.state in waiting and row.due_at <= datetime.now(UTC) for row in reminders(migrated)
                )
            ),
            process,
        )
    rows = reminders(migrated)
    assert len({row.dedupe_key for row in rows}) == len(rows), "C5"
    assert late(migrated) == (CLOCKS, CLOCKS), "C8: each was missed, each is written once"
    for row in rows:
        times = platform.said[row.person.partition(":")[2], row.notice["text"]]
        assert times <= row.attempts <= 1 + RESENDS, f"{row.dedupe_key} said {times} times"
        if row.state == OutboxState.SENT:
            assert times >= 1, f"{row.dedupe_key} is marked as sent but never arrived"
        else:
            assert row.state in (OutboxState.SUPERSEDED, OutboxState.UNKNOWN, OutboxState.PENDING), row.state
        if told(row.dedupe_key):  # never lost, resent once where in doubt
            assert row.state == OutboxState.SENT, f"{row.dedupe_key} is {row.state}"
    rung = {row.dedupe_key.split(":")[1] for row in rows if told(row.dedupe_key)}
    assert len(rung) == CLOCKS, "every deadline that passed has been told"
