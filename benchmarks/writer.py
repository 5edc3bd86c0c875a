"""CPU of the writer thread alone, inside one process: `python -m benchmarks.writer [--profile]`.

Feeds the engine batches of the benchmark's mix (a SQLite file, synchronous=FULL, log to a file, the outbox running) and
reads the CPU clock of each thread. What the main thread does (HTTP, signature, understanding) is left out. `--profile`
runs the same batches in the calling thread, without the outbox, and prints where the time goes.
"""

import argparse
import asyncio
import cProfile
import logging
import pstats
import random
import shutil
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from benchmarks.servers import NOWHERE, ROOT
from benchmarks.traffic import APP_ID, MIX, TOKEN
from bot import log
from bot.bootstrap import Service
from bot.commands.base import open_desk
from bot.commands.demo import load_demo
from bot.hearing import Pending
from bot.settings import Settings, read_settings
from handlers.message import Kind, Message, Turn
from models.database import Database
from nlp.understanding import Understanding

CONNECTIONS = 32
RESIDENTS = 640


def _settings(home: Path) -> Settings:
    config = home / "config.yaml"
    shutil.copyfile(ROOT / "config.yaml", config)
    return read_settings(
        home=home,
        config=config,
        database_url=f"sqlite:///{home}/linli.db",
        weixin_api=NOWHERE,
        qyapi=NOWHERE,
        account_mp_token=TOKEN,
        account_mp_app_id=APP_ID,
    )


def _words(name: int) -> Iterator[tuple[str, str]]:
    """One connection's residents, a conversation of one at a time, as `traffic.Crowd` speaks."""
    chance = random.Random(name)
    shares = [share for share, _ in MIX]
    while True:
        (conversations,) = chance.choices([group for _, group in MIX], shares)
        user = f"mp:o{name}u{chance.randrange(RESIDENTS // CONNECTIONS):04}"
        for line in chance.choice(conversations):
            yield user, line.words


class Crowd:
    """Batches of messages, each already understood."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._speakers = [_words(name) for name in range(CONNECTIONS)]
        self._number = 0
        self._heard: dict[str, Understanding] = {}

    def batch(self, size: int) -> list[tuple[Message, Understanding]]:
        now = datetime.now(UTC)
        return [self._message(person, words, now) for person, words in map(next, self._speakers[:size])]

    def _message(self, person: str, words: str, now: datetime) -> tuple[Message, Understanding]:
        self._number += 1
        number = f"m:{self._number}"
        message = Message(number, "mp", "公众号", person, person, Kind.TEXT, now, now, text=words)
        if words not in self._heard:
            self._heard[words] = self._service.understand(message)
        return message, self._heard[words]


def _measure(service: Service, crowd: Crowd, size: int, messages: int) -> dict[str, float]:
    """CPU µs a message of the writer and of the outbox's threads."""
    rounds = messages // size
    batches = [crowd.batch(size) for _ in range(rounds)]
    failed = service.engine.failed
    before, started = _clocks(), time.perf_counter()

    async def feed() -> None:
        for batch in batches:
            pending = [service.engine.hear(message, heard) for message, heard in batch]
            await asyncio.gather(*(one.future for one in pending if one.future is not None))

    asyncio.run(feed())
    elapsed = time.perf_counter() - started
    used = {name: cpu - before.get(name, 0.0) for name, cpu in _clocks().items()}
    if service.engine.failed != failed:
        raise SystemExit("messages failed: see the log")
    count = rounds * size
    writer = used.pop("linli-writer")
    outbox = sum(cpu for name, cpu in used.items() if name.startswith(("linli-outbox", "linli-push")))
    return {"writer": writer / count * 1e6, "outbox": outbox / count * 1e6, "wall": elapsed / count * 1e6}


def _clocks() -> dict[str, float]:
    return {
        thread.name: time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
        for thread in threading.enumerate()
        if thread.ident is not None
    }


class _Nobody(asyncio.SelectorEventLoop):
    """Stands for the loop of a waiting request when nobody waits."""

    def call_soon_threadsafe(self, *_: object, **__: object) -> None:  # type: ignore[override]
        return


def _profile(service: Service, crowd: Crowd, size: int, messages: int, lines: int) -> None:
    nobody = _Nobody()
    future: asyncio.Future[Turn] = nobody.create_future()
    batches = [
        [Pending(message, heard, nobody, future) for message, heard in crowd.batch(size)]
        for _ in range(messages // size)
    ]
    for batch in islice(batches, 5):
        service.engine._carry(batch)
    profile = cProfile.Profile(time.thread_time)
    profile.enable()
    for batch in batches[5:]:
        service.engine._carry(batch)
    profile.disable()
    pstats.Stats(profile).strip_dirs().sort_stats("cumulative").print_stats(lines)
    pstats.Stats(profile).strip_dirs().sort_stats("tottime").print_stats(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=24, help="messages in a batch (at most 32)")
    parser.add_argument("--messages", type=int, default=1920)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--profile", action="store_true", help="where the time goes")
    parser.add_argument("--lines", type=int, default=60)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("w") as stream:
        logging.raiseExceptions = True
        log.set_up(stream=stream)
        settings = _settings(Path(folder))
        with open_desk(settings) as desk:
            load_demo(desk)
        service = Service(settings, Database(settings.database_url))
        crowd = Crowd(service)
        if chosen.profile:
            _profile(service, crowd, chosen.size, chosen.messages, chosen.lines)
            return
        service.start()
        _measure(service, crowd, chosen.size, 480)
        results = [_measure(service, crowd, chosen.size, chosen.messages) for _ in range(chosen.rounds)]
        for name in results[0]:
            figures = [result[name] for result in results]
            print(f"{name}: {min(figures):.0f} µs a message at best, median {statistics.median(figures):.0f}")
        service.stop()


if __name__ == "__main__":
    main()
