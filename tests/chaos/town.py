"""A town under trouble: processes of linli with short deadlines, a platform that counts, residents who never rest.

Every test here has a short form that `make test` runs and a long one: `LINLI_CHAOS=full` (`make chaos`).
"""

import json
import os
import random
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import create_engine, make_url, text

from models.audit import CHECKS, examine
from models.database import Database
from models.migrate import migrate
from tests.bot.crowd import ROOT, Resident, check, free_port, post
from tests.chaos.counting_platform import Platform
from tests.talk import Talk

FULL = os.environ.get("LINLI_CHAOS") == "full"
RUNNER = ("-m", "tests.chaos.runner")
LEASE_S = 3  # instead of a minute: a dead sender is replaced while the test looks on


def rounds(short: int, full: int) -> int:
    return full if FULL else short


def short_deadlines(path: Path) -> Path:
    """Our own configuration with an accept clock of seconds, so that every ladder is climbed under load."""
    hour = (datetime.now(UTC) + timedelta(hours=8 + 12)).hour  # quiet hours in half a day from now in Chengdu
    words = (ROOT / "config.yaml").read_text(encoding="utf-8")
    for before, after in (
        ("受理: {限: 1分钟", "受理: {限: 2秒"),
        ("提前提醒: {受理: 30秒", "提前提醒: {受理: 1秒"),
        ("受理: [0分钟, 3分钟]", "受理: [0秒, 2秒]"),
        ("夜间不提醒: 22:00-07:00", f"夜间不提醒: {hour:02}:00-{hour:02}:01"),
    ):
        assert before in words, before
        words = words.replace(before, after, 1)
    path.write_text(words, encoding="utf-8")
    return path


@dataclass
class Town:
    """One database, one configuration, one platform; any number of processes."""

    database: Database
    folder: Path
    platform: Platform
    config: Path = field(init=False)

    def __post_init__(self) -> None:
        self.config = short_deadlines(self.folder / "config.yaml")

    def environment(self) -> dict[str, str]:
        return {
            "LINLI_CONFIG": str(self.config),
            "LINLI_WEIXIN_API": self.platform.url,
            "LINLI_QYAPI": self.platform.url,
            "LINLI_REPLAY_WINDOW": "7300",  # the clock is put back and forth by an hour
            "LINLI_CHAOS_OFFSET": str(self.folder / "offset"),
            "LINLI_CHAOS_LEASE_S": str(LEASE_S),
            "LINLI_ACCOUNT_MP_APP_ID": "wx0000000000000001",
            "LINLI_ACCOUNT_MP_SECRET": "ChaosSecret0000001",
            "LINLI_ACCOUNT_WORK_TOKEN": "ChaosWorkToken",
            "LINLI_ACCOUNT_WORK_AES_KEY": "A" * 43,
            "LINLI_ACCOUNT_WORK_APP_ID": "ww0000000000000001",
            "LINLI_ACCOUNT_WORK_SECRET": "ChaosSecret0000002",
            "LINLI_ACCOUNT_WORK_AGENT_ID": "1000002",
        }

    def settle(self, seconds: float = 240) -> None:
        """Wait until nothing is due and nothing is on its way any more."""
        deadline = time.monotonic() + seconds
        while left := self.undone():
            assert time.monotonic() < deadline, f"still not done: {left}"
            time.sleep(0.2)

    def undone(self) -> dict[str, int]:
        now = datetime.now(UTC)
        moment = now.replace(tzinfo=None) if self.database.is_sqlite else now
        with self.database.read() as connection:
            found = {
                "pushes": "SELECT count(*) FROM outbox WHERE state = 'sending' OR (state = 'pending' AND due_at <= :now)",
                "rungs": "SELECT count(*) FROM sla_clock WHERE stopped_at IS NULL AND next_rung_at <= :now",
            }
            counts = {
                name: int(connection.execute(text(said), {"now": moment}).scalar_one())
                for name, said in found.items()
            }
        return {name: count for name, count in counts.items() if count}

    def prove(self, people: Sequence[Resident]) -> int:
        """What must be true after whatever happened; how many tickets were promised."""
        promised = check(self.database, people)
        self.prove_pushes()
        clean(self.database)
        return promised

    def prove_pushes(self) -> None:
        """Every notice reached the platform as often as it was tried, once where nothing died in between (C5, C7)."""
        with self.database.read() as connection:
            rows = connection.execute(
                text("SELECT person, notice, state, attempts, dedupe_key FROM outbox")
            ).all()
            overdue = connection.execute(
                text(
                    "SELECT t.number FROM sla_clock c JOIN ticket t ON t.id = c.ticket_id WHERE c.stopped_at IS NULL"
                    " AND c.next_rung_at IS NULL AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.dedupe_key LIKE"
                    " 'clock:' || t.number || ':' || c.cycle || ':' || c.stage || ':' || (c.rung - 1) || ':%')"
                )
            ).all()
        assert overdue == [], "the last rung of these was never written"
        sent: Counter[tuple[str, str]] = Counter()
        tried: Counter[tuple[str, str]] = Counter()
        for person, notice, state, attempts, _key in rows:
            plain = notice if isinstance(notice, dict) else json.loads(notice)
            said = (person.partition(":")[2], str(plain["text"]))
            tried[said] += attempts
            sent[said] += state == "sent"
        heard = Counter(self.platform.heard)
        assert heard.keys() <= tried.keys(), "the platform heard what nobody wrote"
        doubled = {said for said, times in heard.items() if times > tried[said]}
        assert doubled == set(), "pushed more often than it was tried"
        assert {said for said, times in sent.items() if heard[said] < times} == set(), (
            "marked as sent and never heard"
        )


def clean_talk(talk: Talk) -> None:
    clean(talk.database, talk.clock.at)


def clean(database: Database, now: datetime | None = None) -> None:
    """`linli audit` finds nothing; a dead letter is the test's own business."""
    with database.read() as connection:
        results = examine(connection, CHECKS, now or datetime.now(UTC))
    broken = [(found.check.code, found.first) for found in results if found.count and not found.check.alarm]
    assert not broken, "\n".join(map(str, broken))


class Neighbour(Resident):
    """Files tickets and now and then takes one back; his words are delivered so many times at once."""

    def __init__(
        self,
        number: int,
        ports: Sequence[int],
        stop: threading.Event,
        *,
        times: int = 1,
        offset: Path | None = None,
    ) -> None:
        super().__init__(number, ports, stop)
        self.times = times
        self.offset = offset
        self.differing: list[list[str]] = []

    def run(self) -> None:
        with httpx2.Client(timeout=6) as client, ThreadPoolExecutor(self.times) as pool:
            self.pool = pool
            while not self.stop.is_set():
                self.say(client, f"{random.randint(1, 6)}栋1单元501厨房灯坏了，第{self.count}次")
                self.say(client, "1")
                filed = re.search(r"已登记，编号 (\S+)。", self.answers[-1][1])
                if filed and random.random() < 0.3:
                    self.say(client, f"取消 {filed[1]}")
                    self.say(client, "1")
                self.stop.wait(random.random() * 0.1)

    def say(self, client: httpx2.Client, words: str) -> None:
        self.count += 1
        number = f"{self.person}-{self.count}"
        while True:
            started = time.monotonic()
            ports = [random.choice(self.ports) for _ in range(self.times)]
            answers = [
                answer
                for answer in self.pool.map(lambda port: self._deliver(client, port, number, words), ports)
                if answer is not None
            ]
            if answers:
                break
            time.sleep(0.05)
        self.slowest_s = max(self.slowest_s, time.monotonic() - started)
        if len({answer for answer in answers if answer}) > 1:
            self.differing.append(answers)
        # Silence is the platform's to ask again about, or says that the answer comes by push.
        self.answers.append((f"msgid:{number}", next(filter(None, answers), "")))

    def _deliver(self, client: httpx2.Client, port: int, number: str, words: str) -> str | None:
        at = int(time.time())
        if self.offset is not None and self.offset.exists():
            at += int(self.offset.read_text() or 0)
        try:
            return post(client, port, self.person, number, words, at)
        except (httpx2.TransportError, AssertionError):
            return None


@contextmanager
def crowd(people: Sequence[Neighbour], stop: threading.Event) -> Iterator[None]:
    for person in people:
        person.start()
    try:
        yield
    finally:
        stop.set()
        for person in people:
            person.join(240)
    assert not any(person.is_alive() for person in people)


@pytest.fixture(params=["sqlite", "postgresql"])
def town(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Town]:
    """A town on an engine of its own, its schema made as an operator makes it."""
    with Platform() as platform:
        if request.param == "sqlite":
            database = Database(f"sqlite:///{tmp_path}/linli.db")
            migrate(database)
            yield Town(database, tmp_path, platform)
            database.close()
            return
        url = make_url(request.getfixturevalue("postgres_url"))
        name = f"{url.database}_town"
        admin = create_engine(url, isolation_level="AUTOCOMMIT")

        def say(*statements: str) -> None:
            with admin.connect() as connection:
                for statement in statements:
                    connection.execute(text(statement))

        say(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", f"CREATE DATABASE {name}")
        database = Database(url.set(database=name).render_as_string(hide_password=False))
        migrate(database)
        yield Town(database, tmp_path, platform)
        database.close()
        say(f"DROP DATABASE {name} WITH (FORCE)")
        admin.dispose()


__all__ = [
    "FULL",
    "RUNNER",
    "Neighbour",
    "Town",
    "clean",
    "clean_talk",
    "crowd",
    "free_port",
    "rounds",
    "town",
]
