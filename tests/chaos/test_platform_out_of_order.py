"""The platform is out of order for minutes in every way it knows; when it is back, everybody has heard everything once."""

import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import select

from bot.channels import platform as client
from bot.outbox import Outbox
from models.outbox import OutboxRow, OutboxState
from models.ticket import Ticket
from tests.chaos.counting_platform import Answer, Platform, cut, errcode, garbage
from tests.chaos.town import clean_talk
from tests.talk import Talk, at

START = at("2026-10-12 10:00")
TABLE = OutboxRow.__table__  # type: ignore[attr-defined]
PEOPLE = 5

MINUTE = timedelta(minutes=1)


@pytest.fixture
def platform() -> Iterator[Platform]:
    with Platform() as made:
        yield made


@pytest.fixture
def talk(tmp_path: Path, platform: Platform, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    for name, value in {
        "LINLI_WEIXIN_API": platform.url,
        "LINLI_QYAPI": platform.url,
        "LINLI_ACCOUNT_MP_APP_ID": "wx0000000000000001",
        "LINLI_ACCOUNT_MP_SECRET": "ChaosSecret0000001",
        "LINLI_ACCOUNT_WORK_APP_ID": "ww0000000000000001",
        "LINLI_ACCOUNT_WORK_SECRET": "ChaosSecret0000002",
        "LINLI_ACCOUNT_WORK_AGENT_ID": "1000002",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(client, "TIMEOUT", httpx2.Timeout(0.3))
    made = Talk(tmp_path, at=START)
    yield made
    made.close()


class Sender:
    """The outbox of the talk, and waiting for it."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.outbox = Outbox(
            talk.service.engine, lambda: talk.service.state.channels, talk.clock, idle_s=0.02
        )
        self.outbox.start()

    def rows(self) -> list[OutboxRow]:
        with self.talk.database.read() as connection:
            return list(connection.execute(select(TABLE)))

    def rest(self) -> None:
        """Until nothing is due and nothing on its way at this moment."""
        deadline = time.monotonic() + 240
        while any(
            row.state is OutboxState.SENDING
            or (row.state is OutboxState.PENDING and row.due_at <= self.talk.clock.at)
            for row in self.rows()
        ):
            assert time.monotonic() < deadline, "it never comes to rest"
            time.sleep(0.02)


def work(talk: Talk) -> None:
    """Things happen of which residents and workers must hear."""
    for number in range(PEOPLE):
        talk.say(f"mp:r{number}", f"{number + 1}栋1单元501厨房灯坏了")
        talk.say(f"mp:r{number}", "1")
    with talk.database.read() as connection:
        tickets = connection.execute(select(Ticket.number, Ticket.assignee)).all()  # type: ignore[call-overload]
    for number, worker in tickets[:3]:
        talk.say(f"work:{worker}", f"受理 {number}")


TROUBLES: dict[str, Answer] = {
    "40001": errcode(40001),
    "45009": errcode(45009),
    "busy": errcode(-1),
    "garbage": garbage,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", TROUBLES)
def test_what_the_platform_refuses_for_minutes_is_said_when_it_is_back(
    talk: Talk, platform: Platform, name: str
) -> None:
    sender = Sender(talk)
    platform.trouble = TROUBLES[name]
    try:
        work(talk)
        for _ in range(6):
            sender.rest()
            talk.wait(timedelta(seconds=40))
        sender.rest()
        assert platform.heard == []
        assert platform.tokens <= 12, "the quota of tokens is not spent on it"
        platform.trouble = None
        talk.wait(timedelta(days=1))
        sender.outbox.wake()
        sender.rest()
    finally:
        sender.outbox.stop()
    states = Counter(str(row.state) for row in sender.rows())
    assert states.keys() <= {"sent", "superseded"}, states
    expected = Counter(
        (row.person.partition(":")[2], row.notice["text"])
        for row in sender.rows()
        if row.state is OutboxState.SENT
    )
    assert len(expected) >= PEOPLE
    assert Counter(platform.heard) == expected, "each once, and nothing else"
    clean_talk(talk)


@pytest.mark.slow
@pytest.mark.parametrize("way", ["closed before", "closed after", "time-out"])
def test_lines_that_break_leave_nothing_said_more_often_than_tried(
    talk: Talk, platform: Platform, way: str
) -> None:
    """Nobody knows whether it arrived: once more where silence is worse, and an admin sees what stays unknown."""
    sender = Sender(talk)
    if way == "time-out":
        platform.slow_s = 0.6
    else:
        platform.trouble, platform.takes = cut, way == "closed after"
    try:
        work(talk)
        sender.rest()
        talk.wait(timedelta(seconds=10))
        sender.rest()
        platform.trouble, platform.slow_s = None, 0.0
        for _ in range(2):
            talk.wait(timedelta(hours=1))
            sender.outbox.wake()
            sender.rest()
    finally:
        sender.outbox.stop()
    rows = sender.rows()
    # What waits for its own moment (the next list, a free minute of the quota) may wait; nothing that is due does.
    done = [
        row for row in rows if row.state is not OutboxState.PENDING or row.due_at <= talk.clock.at - MINUTE
    ]
    states = Counter(str(row.state) for row in done)
    assert states.keys() <= {"sent", "superseded", "unknown"}, states
    heard = Counter(platform.heard)
    tried: Counter[tuple[str, str]] = Counter()
    for row in rows:
        tried[row.person.partition(":")[2], row.notice["text"]] += row.attempts
    assert all(times <= tried[said] for said, times in heard.items())
    assert all(
        heard[row.person.partition(":")[2], row.notice["text"]] >= 1
        for row in rows
        if row.state is OutboxState.SENT
    )
    assert all(row.error for row in rows if row.state is OutboxState.UNKNOWN), "and reads why"
    clean_talk(talk)


@pytest.mark.slow
def test_a_platform_that_answers_slowly_holds_nobody_up(talk: Talk, platform: Platform) -> None:
    """Answers do not wait for pushes."""
    sender = Sender(talk)
    platform.slow_s = 0.25
    try:
        work(talk)
        started = time.monotonic()
        for _ in range(10):
            talk.say("mp:other", "你好")
        assert time.monotonic() - started < 4.5
        platform.slow_s = 0.0
        sender.rest()
    finally:
        sender.outbox.stop()
    clean_talk(talk)
