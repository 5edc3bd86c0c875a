"""kill -9 under load: nothing that was answered is lost, nothing is doubled (C7, R5)."""

import random
import threading
import time
from pathlib import Path

import pytest

from models.database import Database
from tests.bot.crowd import Resident, check, free_port, served

PEOPLE = 12
KILLS = 2
SECONDS_BETWEEN_KILLS = 2.0


@pytest.mark.slow
def test_kill_9_under_load_loses_and_doubles_nothing(tmp_path: Path) -> None:
    port, stop = free_port(), threading.Event()
    people = [Resident(number, [port], stop) for number in range(PEOPLE)]
    for kill in range(KILLS):
        with served(port, tmp_path) as process:
            if kill == 0:
                for person in people:
                    person.start()
            time.sleep(SECONDS_BETWEEN_KILLS + random.random())
            process.kill()
            process.wait()
    with served(port, tmp_path):
        time.sleep(1)
        stop.set()
        for person in people:
            person.join(30)
            assert not person.is_alive()
    database = Database(f"sqlite:///{tmp_path}/linli.db")
    assert check(database, people) > PEOPLE, "the load was no load"
    database.close()
