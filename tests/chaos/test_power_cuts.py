"""Power cuts: at whatever write the current fails, what was answered is there and every rule still holds.

What it proves: with a disk that keeps its word about fsync, no answer leaves before its bytes are asked to be synced,
and SQLite finds a whole database in every state that such a disk can be in, also where unsynced writes came through
in part and out of order. What it does not prove: anything about disks that lie, and about files other than the
database (a late message's file is synced by `bot/spool.py` before it is acknowledged, see tests/bot/test_engine.py).
"""

import asyncio
import random
import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event, select, text
from sqlalchemy.exc import SQLAlchemyError

from models.audit import CHECKS, examine
from models.database import Database
from models.inbox import Inbox
from tests.chaos.recorder import NAME, Recorder, Step, disk_after
from tests.chaos.town import rounds
from tests.talk import Talk, at, shown

START = at("2026-10-12 10:00")
PEOPLE = 6
TICKETS = 5


@pytest.fixture(scope="module")
def recorder() -> Recorder:
    return Recorder()


def recorded(folder: Path, recorder: Recorder) -> tuple[list[Step], dict[str, str]]:
    """A community at work on a recorded file: the steps, and what each message was answered."""
    begun = len(recorder.steps)
    database = Database(f"sqlite:///file:{folder}/linli.db?vfs={NAME}&uri=true")

    @event.listens_for(database.engine, "connect")
    def often(connection: object, _: object) -> None:
        connection.execute("PRAGMA wal_autocheckpoint=40")  # type: ignore[attr-defined]

    database.create_all()
    talk = Talk(folder, at=START, database=database)
    assert len(recorder.steps) > begun, "nothing was recorded"
    said: dict[str, str] = {}

    async def say(person: str, words: str) -> None:
        message = talk.message(person, words)
        pending = talk.service.engine.hear(message, talk.service.understand(message))
        assert pending.future is not None
        turn = await pending.future
        said[message.id] = shown(turn)
        recorder.say(message.id)

    async def resident(number: int) -> None:
        for count in range(TICKETS):
            await say(f"mp:r{number}", f"{number + 1}栋1单元501厨房灯坏了，第{count}次")
            await say(f"mp:r{number}", "1")

    async def everybody() -> None:
        await asyncio.gather(*map(resident, range(PEOPLE)))

    talk.loop.run_until_complete(everybody())
    talk.wait(timedelta(minutes=5))  # the tick rings every ladder
    talk.loop.run_until_complete(everybody())
    steps = recorder.steps[begun:]
    talk.close()
    return steps, said


@pytest.mark.slow
def test_wherever_the_power_is_cut_what_was_answered_is_there(tmp_path: Path, recorder: Recorder) -> None:
    folder = tmp_path / "running"
    folder.mkdir()
    steps, said = recorded(folder, recorder)
    first = next(number for number, step in enumerate(steps) if step.kind == "said")
    assert sum(step.kind == "sync" and step.path.endswith(".db") for step in steps) > 2, (
        "no checkpoint was cut"
    )
    luck = random.Random()
    torn = 0
    for count in range(rounds(24, 200)):
        cut = luck.randrange(first, len(steps) + 1)
        disk = disk_after(steps[:cut], luck if count % 2 else None)
        home = tmp_path / f"cut{count}"
        home.mkdir()
        for path, content in disk.items():
            if not path.endswith("-shm"):  # never more than a cache of the other two
                (home / Path(path).name).write_bytes(content)
        torn += count % 2
        answered = {step.path for step in steps[:cut] if step.kind == "said"}
        look(home, answered, said, cut)
    assert torn


def look(home: Path, answered: set[str], said: dict[str, str], cut: int) -> None:
    database = Database(f"sqlite:///{home}/linli.db")
    try:
        with database.read() as connection:
            kept = {
                number
                for number, answer in connection.execute(select(Inbox.message_id, Inbox.answer))  # type: ignore[call-overload]
                if answer is not None
            }
            numbers = set(connection.execute(text("SELECT number FROM ticket")).scalars())
        assert answered <= kept, f"answered and gone, cut at {cut}"
        promised = {found[1] for one in answered if (found := re.search(r"已登记，编号 (\S+)。", said[one]))}
        assert promised <= numbers, f"promised and gone, cut at {cut}"
        with database.read() as connection:
            results = examine(connection, CHECKS, START + timedelta(hours=1))
        broken = [(one.check.code, one.first) for one in results if one.count and not one.check.alarm]
        assert not broken, f"cut at {cut}: {broken}"
        assert database.can_write()
    finally:
        database.close()


def test_a_disk_that_forgets_what_it_was_told_to_sync_is_found(tmp_path: Path, recorder: Recorder) -> None:
    """The test of the test: without the syncs of the log, answers are missing."""
    folder = tmp_path / "running"
    folder.mkdir()
    steps, said = recorded(folder, recorder)
    lying = [step for step in steps if not (step.kind == "sync" and step.path.endswith("-wal"))]
    (tmp_path / "cut").mkdir()
    for path, content in disk_after(lying, None).items():
        if not path.endswith("-shm"):
            (tmp_path / "cut" / Path(path).name).write_bytes(content)
    answered = {step.path for step in steps if step.kind == "said"}
    with pytest.raises((AssertionError, SQLAlchemyError)):
        look(tmp_path / "cut", answered, said, len(lying))
