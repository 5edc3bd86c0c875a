"""Two processes of linli on one PostgreSQL: one ticket for one message, one answer from both, and no loss with either."""

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import make_url, text

from models.database import Database
from models.migrate import migrate
from tests.bot.crowd import Resident, check, free_port, post, served

PEOPLE = 12
TWINS = 30  # messages delivered to both processes at the same moment
SECONDS = 3.0


@pytest.fixture
def migrated(postgres_url: str) -> Iterator[Database]:
    """A database of its own, made as an operator makes it."""
    admin = Database(postgres_url)
    name = f"{make_url(postgres_url).database}_two"

    def say(statement: str) -> None:
        with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(statement))

    say(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    say(f"CREATE DATABASE {name}")
    database = Database(make_url(postgres_url).set(database=name).render_as_string(hide_password=False))
    migrate(database)
    yield database
    database.close()
    say(f"DROP DATABASE {name} WITH (FORCE)")
    admin.close()


@pytest.mark.slow
def test_two_processes_answer_as_one(migrated: Database, tmp_path: Path) -> None:
    ports, stop = (free_port(), free_port()), threading.Event()
    homes = [tmp_path / "one", tmp_path / "two"]
    with ExitStack() as stack:
        one, _ = [
            stack.enter_context(served(port, home, migrated.url))
            for port, home in zip(ports, homes, strict=True)
        ]
        assert twins(ports) == []
        people = [Resident(number, ports, stop) for number in range(PEOPLE)]
        for person in people:
            person.start()
        time.sleep(SECONDS + random.random())
        one.kill()
        one.wait()
        time.sleep(SECONDS)
        stop.set()
        for person in people:
            person.join(30)
            assert not person.is_alive()
    assert check(migrated, people) > PEOPLE, "the load was no load"
    with migrated.read() as connection:
        deadlocks = connection.execute(
            text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        ).scalar_one()
    assert deadlocks == 0, "each one stands everybody still for a second"


def twins(ports: tuple[int, int]) -> list[tuple[str, str]]:
    """The differing answers when both processes hear the same message at the same moment, again and again."""
    differing = []
    with ThreadPoolExecutor(2) as pool, httpx2.Client(timeout=10) as client:
        for number in range(TWINS):
            for step, words in enumerate((f"{number % 6 + 1}栋1单元501厨房灯坏了", "1")):
                both = list(
                    pool.map(
                        lambda port, n=number, s=step, w=words: post(
                            client, port, f"twin-{n}", f"twin-{n}-{s}", w
                        ),
                        ports,
                    )
                )
                assert both[0] and ("已登记" in both[0]) == bool(step), both
                if both[0] != both[1]:
                    differing.append((both[0], both[1]))
    return differing
