"""One process under load while everything around it goes wrong, one trouble after the other."""

import random
import resource
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack

import httpx2
import pytest
from sqlalchemy import create_engine, make_url, text

from tests.bot.crowd import served
from tests.chaos.town import FULL, RUNNER, Neighbour, Town, crowd, free_port, rounds

PEOPLE = 5
HALF_OPEN = 300
TROUBLE_S = 2.0 if FULL else 0.5
WITHIN_S = 4.5


class Service:
    """A running process with a crowd that writes to it, and the troubles that can be made for it."""

    def __init__(
        self, town: Town, port: int, process: "subprocess.Popen[bytes]", people: list[Neighbour]
    ) -> None:
        self.town = town
        self.port = port
        self.process = process
        self.people = people
        self.sockets: list[socket.socket] = []

    def heard(self) -> int:
        return sum(len(person.answers) for person in self.people)

    def until_answers(self, seconds: float = 180) -> None:
        """Everybody goes on being answered."""
        before, deadline = self.heard(), time.monotonic() + seconds
        while self.heard() < before + 2 * PEOPLE:
            assert self.process.poll() is None, "the process died"
            assert time.monotonic() < deadline, "nobody is answered any more"
            time.sleep(0.05)

    def half_open(self) -> None:
        """Hundreds of lines that say half a sentence and then nothing, for as long as the test lasts."""
        beginnings = (
            b"",
            b"POST /callback/mp HTTP/1.1\r\nHost: x\r\nContent-Le",
            b"POST /callback/mp HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n<xml>",
        )
        for number in range(HALF_OPEN):
            line = socket.create_connection(("127.0.0.1", self.port), 5)
            line.sendall(beginnings[number % len(beginnings)])
            self.sockets.append(line)

    def broken_configuration(self) -> None:
        """An admin saves nonsense, then mends it: nothing changes but what he meant, and he hears of each once."""
        # One line lower each time: what is wrong in the same words is told once a minute.
        good = f"# {random.random()}\n" + self.town.config.read_text(encoding="utf-8")
        told = len(self._told())
        self.town.config.write_text(good.replace("受理: {限: 2秒", "受理: {限: 一会儿"), encoding="utf-8")
        self._wait(lambda: len(self._told()) == told + 2, "two admins hear what is wrong")
        self.until_answers()
        self.town.config.write_text(good, encoding="utf-8")
        self._wait(lambda: len(self._told()) >= told + 2 and self._ready(), "it is mended")

    def _told(self) -> list[str]:
        return [said for _, said in self.town.platform.heard if "配置" in said]

    def clock_an_hour_ahead_and_back(self) -> None:
        offset = self.town.folder / "offset"
        for seconds in ("3600", "0", "-3600", "0"):
            half = offset.with_suffix(".half")
            half.write_text(seconds)
            half.replace(offset)
            time.sleep(0.5)
            self.until_answers()

    def database_locked(self) -> None:
        """Somebody else holds what the writer needs, for longer than a platform waits."""
        database = self.town.database
        if database.is_sqlite:
            other = sqlite3.connect(database.url.removeprefix("sqlite:///"), isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            time.sleep(TROUBLE_S + WITHIN_S)
            other.execute("ROLLBACK")
            other.close()
            return
        with database.write() as connection:
            connection.execute(text("LOCK TABLE inbox"))
            time.sleep(TROUBLE_S + WITHIN_S)

    def database_gone(self) -> None:
        """Nobody gets in, and whoever was in is thrown out; a file cannot be told so, its disk is full instead."""
        if self.town.database.is_sqlite:
            resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
            time.sleep(TROUBLE_S + WITHIN_S)
            resource.prlimit(
                self.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            )
            return
        url = make_url(self.town.database.url)
        admin = create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")

        def say(*statements: str) -> None:
            with admin.connect() as connection:
                for statement in statements:
                    connection.execute(text(statement))

        try:
            say(
                f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS false",
                f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{url.database}'",
            )
            time.sleep(TROUBLE_S + WITHIN_S)
        finally:
            say(f"ALTER DATABASE {url.database} ALLOW_CONNECTIONS true")
            admin.dispose()

    def frozen(self) -> None:
        """The machine hands the process no time at all, as a host that moves it does."""
        self.process.send_signal(signal.SIGSTOP)
        time.sleep(TROUBLE_S)
        self.process.send_signal(signal.SIGCONT)

    def _ready(self) -> bool:
        try:
            return httpx2.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5).status_code == 200
        except httpx2.TransportError:
            return False

    def _wait(self, done: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + 180
        while not done():
            assert time.monotonic() < deadline, what
            time.sleep(0.1)


@pytest.mark.slow
def test_one_trouble_after_the_other(town: Town) -> None:
    """Nothing that was answered is lost, nothing is doubled, no rule is broken, and it always comes back by itself."""
    _open_files()
    port, stop = free_port(), threading.Event()
    people = [
        Neighbour(number, [port], stop, times=2, offset=town.folder / "offset") for number in range(PEOPLE)
    ]
    with ExitStack() as stack:
        process = stack.enter_context(
            served(port, town.folder / "home", town.database.url, program=RUNNER, more=town.environment())
        )
        service = Service(town, port, process, people)
        stack.callback(lambda: [line.close() for line in service.sockets])
        troubles = [
            service.broken_configuration,
            service.clock_an_hour_ahead_and_back,
            service.database_locked,
            service.database_gone,
            service.frozen,
        ]
        if not FULL:  # tests/bot/test_database_away.py has the other one
            troubles.remove(service.database_locked if town.database.is_sqlite else service.database_gone)
        with crowd(people, stop):
            service.until_answers()
            service.half_open()
            for _ in range(rounds(1, 5)):
                random.shuffle(troubles)
                for trouble in troubles:
                    trouble()
                    service.until_answers()
        town.settle()
        assert service._ready()
    assert town.prove(people) > PEOPLE, "the load was no load"
    assert list((town.folder / "home" / "late").glob("*.json")) == [], "everything acknowledged was answered"


def _open_files() -> None:
    """The test itself holds hundreds of lines."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
