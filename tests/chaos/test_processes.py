"""Several processes on one database: one answer for three deliveries at once; kill -9 loses and doubles nothing."""

import random
import subprocess
import threading
import time
from contextlib import ExitStack

import pytest
from sqlalchemy import text

from tests.bot.crowd import at_work, served
from tests.chaos.town import RUNNER, Neighbour, Town, crowd, free_port, rounds

PEOPLE = 8


class Member:
    """One of the processes, and how it is started again."""

    def __init__(self, town: Town, name: str, port: int = 0) -> None:
        self.town, self.name, self.port = town, name, port
        self.stack = ExitStack()

    def start(self) -> None:
        """On SQLite all share one folder and everybody ticks and pushes; on PostgreSQL the work is divided."""
        town = self.town
        home = town.folder if town.database.is_sqlite else town.folder / self.name
        url, more = town.database.url, town.environment()
        if not self.port:
            begun = at_work(home, url, program=RUNNER, more=more)
        else:
            told = () if town.database.is_sqlite else ("--no-work",)
            begun = served(self.port, home, url, program=RUNNER, arguments=told, more=more)
        self.process: subprocess.Popen[bytes] = self.stack.enter_context(begun)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.stack.close()


@pytest.mark.slow
def test_a_storm_of_retries_then_kill_9_again_and_again(town: Town) -> None:
    """R5, C5, C7. Each word is delivered three times at once to whichever process; then one process after the other
    is killed at a random moment and started again, while everybody goes on writing."""
    ports, stop = [free_port(), free_port()], threading.Event()
    people = [Neighbour(number, ports, stop, times=3) for number in range(PEOPLE)]
    members = [Member(town, f"serve{number}", port) for number, port in enumerate(ports)]
    if not town.database.is_sqlite:
        members += [Member(town, "work0"), Member(town, "work1")]
    try:
        for member in members:
            member.start()
        with crowd(people, stop):
            time.sleep(rounds(2, 10))
            for number in range(rounds(2, 20)):
                member = members[-1] if number == 0 else random.choice(members)
                member.kill()
                time.sleep(random.random())
                member.start()
                time.sleep(random.random())
        town.settle()
    finally:
        for member in members:
            member.stack.close()
    assert [person.differing for person in people if person.differing] == [], "one message, two answers"
    assert town.prove(people) > PEOPLE, "the load was no load"
    assert len(town.platform.heard) > PEOPLE, "nothing was pushed"
    if not town.database.is_sqlite:
        with town.database.read() as connection:
            deadlocks = text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
            assert connection.execute(deadlocks).scalar_one() == 0, (
                "each one stands everybody still for a second"
            )
