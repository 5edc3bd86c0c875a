"""kill -9 between the call and its mark, with the simulator counting what arrives (C5, C7)."""

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from sqlalchemy import insert, make_url, select, text

from bot.channel import Account
from bot.notices import outbox_rows
from bot.sim.app import create_sim
from bot.sim.demo_accounts import demo_environment, with_demo_secrets
from bot.sim.faults import Fault
from handlers.message import Notice
from models.community import Community
from models.database import Database
from models.desk import outbox as outbox_desk
from models.inbox import Inbox
from models.migrate import migrate
from models.outbox import OutboxRow, OutboxState
from tests.bot.crowd import ROOT
from tests.chaos.town import RUNNER

TABLE = OutboxRow.__table__  # type: ignore[attr-defined]
KILLS = 3
WORKERS = ("zhangsan", "lisi", "wangwu")
SEND = {"work": "/cgi-bin/message/send", "mp": "/cgi-bin/message/custom/send"}


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/linli.db"
    else:
        given = make_url(request.getfixturevalue("postgres_url"))
        name = f"{given.database}_sender"
        admin = Database(given.render_as_string(hide_password=False))
        with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
            connection.execute(text(f"CREATE DATABASE {name}"))
        admin.close()
        url = given.set(database=name).render_as_string(hide_password=False)
    made = Database(url)
    migrate(made)
    yield made
    made.close()


@contextmanager
def simulator() -> Iterator[tuple[str, Any]]:
    accounts = [
        with_demo_secrets(Account(code, kind, can_push=True))
        for code, kind in (("mp", "公众号"), ("work", "企业微信"))
    ]
    app = create_sim(accounts, "http://127.0.0.1:9")
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", app.state.world
    finally:
        app.state.world.stop()
        server.should_exit = True
        thread.join(10)


@contextmanager
def worker(database: Database, home: Path, sim_url: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A process of `linli work`; killed when the test is done with it."""
    environment = {
        **os.environ,
        **demo_environment(["mp", "work"], sim_url),
        "LINLI_HOME": str(home),
        "LINLI_CONFIG": str(ROOT / "config.yaml"),
        "LINLI_DATABASE_URL": database.url,
        "LINLI_LOG_LEVEL": "ERROR",
        "PYTHONPATH": str(ROOT),
        "LINLI_CHAOS_OFFSET": str(home / "offset"),
        "LINLI_CHAOS_LEASE_S": "1",
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
        process.wait()


def write(database: Database, openid: str) -> list[Notice]:
    """Rungs before their deadline, which are better lost than doubled, and breaches, which are not."""
    now = datetime.now(UTC)
    notices = [
        Notice(
            f"clock:{person}:{number}", f"work:{person}", f"{kind} {person} {number}", resend=kind == "breach"
        )
        for person in WORKERS
        for number in range(7)
        for kind in (("breach", "soon")[number % 2],)
    ]
    notices += [
        Notice(f"mp:{number}", f"mp:{openid}", f"{kind} mp {number}", resend=kind == "breach")
        for number, kind in enumerate(("breach", "soon"))
    ]
    with database.write() as connection:
        connection.execute(insert(Community).values(id=1, code="demo", name="示例社区"))
        heard = {
            "account": "mp",
            "message_id": "m1",
            "person": f"mp:{openid}",
            "kind": "text",
            "text": "在吗",
        }
        connection.execute(
            insert(Inbox).values(
                community_id=1, intent="", decision="", heard_at=now, answer={"texts": []}, **heard
            )
        )
        outbox_desk.enqueue(connection, outbox_rows(notices, 1, now), now)
    return notices


def rows(database: Database) -> dict[str, Any]:
    with database.read() as connection:
        return {row.notice["text"]: row for row in connection.execute(select(TABLE))}


def states(database: Database) -> Counter[OutboxState]:
    return Counter(row.state for row in rows(database).values())


def until(process: "subprocess.Popen[bytes]", done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert process.poll() is None
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


@pytest.mark.slow
def test_a_killed_sender_says_nothing_twice_and_leaves_nothing_out(
    tmp_path: Path, database: Database
) -> None:
    with simulator() as (url, world):
        person = world.people.find("wang")
        world.windows.message("mp", person.id)
        notices = write(database, person.platform_id)
        for path in SEND.values():
            world.faults.add(Fault(path, delay=0.4, left=10_000))
        for _ in range(KILLS):
            with worker(database, tmp_path, url) as process:
                until(process, lambda: OutboxState.SENDING in states(database))
                time.sleep(random.random())
            time.sleep(0.6)  # what was on its way arrives
        with worker(database, tmp_path, url) as process:
            until(process, lambda: states(database).keys() <= {OutboxState.SENT, OutboxState.UNKNOWN})
        arrived = Counter(bubble.text for bubble in world.phones.pushes())
        stored = rows(database)
    assert any(row.attempts > 1 or row.state is OutboxState.UNKNOWN for row in stored.values()), (
        "no kill hit a call"
    )
    for notice in notices:
        count, row = arrived[notice.text], stored[notice.text]
        if notice.person.startswith("work:") or not notice.resend:
            assert count <= 1, f"{notice.text} was said {count} times"
        else:
            assert count <= 1 + outbox_desk.RESENDS
        if row.state is OutboxState.SENT:
            assert count >= 1, f"{notice.text} never arrived"
        else:  # a breach is given up only when its second call was cut as well
            assert row.attempts == (1 + outbox_desk.RESENDS if notice.resend else 1)
