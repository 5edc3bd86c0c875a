"""The sender with a platform that takes, refuses, breaks and is slow: nothing lost, nothing said twice, nobody kept waiting."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select, update

from bot.channel import Account, Capabilities, PushRefused, Receipt, Sent
from bot.notices import outbox_rows
from bot.outbox import IN_HAND, LOOK_EVERY_S, SENDERS, WAITS_S, Outbox, wait_after
from handlers.message import Notice
from models.database import Database
from models.desk import outbox as outbox_desk
from models.outbox import OutboxRow, OutboxState
from tests.talk import FakeChannel, Talk, at

START = at("2026-10-12 10:00")
TABLE = OutboxRow.__table__  # type: ignore[attr-defined]


@dataclass
class Platform(FakeChannel):
    """Does what `answer` says with each notice."""

    answer: Callable[[Notice], Receipt] = lambda _: Receipt(Sent.SENT, "custom", "4711")
    tried: list[str] = field(default_factory=list)

    def push(self, notice: Notice) -> Receipt:
        self.tried.append(notice.dedupe_key)
        receipt = self.answer(notice)
        self.pushed.append(notice)
        return receipt


class Sending:
    """An outbox that sends to one platform, driven through the real writer of a service."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.platform = Platform(Account("mp", "公众号", can_push=True))
        self.seconds = 0.0  # what passes for time that nobody can set
        self.outbox = Outbox(
            talk.service.engine,
            lambda: {"mp": self.platform},
            talk.clock,
            idle_s=0.02,
            steady=lambda: self.seconds,
        )
        self.outbox.start()

    def write(self, *notices: Notice) -> None:
        talk = self.talk
        rows = outbox_rows(notices, talk.service.state.community_id, talk.clock.at)

        def enqueue(connection: Connection) -> None:
            outbox_desk.enqueue(connection, rows, talk.clock.at)

        talk.service.engine.run(enqueue).result(10)
        self.outbox.wake()

    def row(self, key: str = "n") -> Any:
        with self.talk.database.read() as connection:
            return connection.execute(select(TABLE).where(TABLE.c.dedupe_key == key)).one()

    def until(self, done: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 10
        while not done():
            assert time.monotonic() < deadline, "it did not come about"
            time.sleep(0.005)

    def settled(self, key: str = "n", attempts: int = 1) -> Any:
        """The row once it is in nobody's hand any more, after so many tries."""
        self.until(
            lambda: self.row(key).attempts >= attempts and self.row(key).state is not OutboxState.SENDING
        )
        return self.row(key)


@pytest.fixture
def sending(tmp_path: Path, busy_database: Database) -> Iterator[Sending]:
    talk = Talk(tmp_path, at=START, database=busy_database)
    made = Sending(talk)
    yield made
    made.outbox.stop()
    talk.close()


def notice(key: str = "n", person: str = "mp:r", **more: Any) -> Notice:
    return Notice(key, person, f"说 {key}", **more)


def refuse(code: int = 45009, **more: Any) -> Callable[[Notice], Receipt]:
    def answer(_: Notice) -> Receipt:
        raise PushRefused(code, "次数用完", **({"retry": True} | more))

    return answer


def test_a_notice_is_pushed_once_with_all_it_says(sending: Sending) -> None:
    said = notice(url="http://x/r", template="ticket", fields={"编号": "1"})
    sending.write(said)
    sending.write(said)
    row = sending.settled()
    assert (row.state, row.way, row.reference, row.attempts) == (OutboxState.SENT, "custom", "4711", 1)
    assert sending.platform.pushed == [replace(said, topic="", not_before=None)]


def test_without_secrets_it_is_a_rehearsal(sending: Sending) -> None:
    sending.platform.answer = lambda _: Receipt(Sent.DRY_RUN, "text")
    sending.write(notice())
    assert sending.settled().state is OutboxState.DRY_RUN


def test_waits_grow_to_about_a_day_and_then_it_is_a_dead_letter(sending: Sending) -> None:
    sending.platform.answer = refuse()
    sending.write(notice())
    total = timedelta()
    for attempt, wait_s in enumerate(WAITS_S, start=1):
        row = sending.settled(attempts=attempt)
        assert (row.state, row.attempts) == (OutboxState.PENDING, attempt)
        assert (row.error_code, row.error) == (45009, "次数用完")
        assert row.due_at - sending.talk.clock.at == timedelta(seconds=wait_s)
        total += timedelta(seconds=wait_s)
        sending.talk.clock.at += timedelta(seconds=wait_s)
    assert list(WAITS_S) == sorted(WAITS_S)
    assert timedelta(hours=20) < total < timedelta(hours=30)
    row = sending.settled(attempts=len(WAITS_S) + 1)
    assert row.state is OutboxState.FAILED
    assert wait_after(len(WAITS_S) + 1) is None
    assert len(sending.platform.tried) == len(WAITS_S) + 1
    sending.platform.answer = lambda _: Receipt(Sent.SENT, "custom")
    sending.talk.service.engine.run(lambda c: outbox_desk.resend(c, row.id, sending.talk.clock.at)).result(10)
    sending.until(lambda: sending.row().state is OutboxState.SENT)


def test_the_platform_may_say_how_long_to_wait(sending: Sending) -> None:
    sending.platform.answer = refuse(45011, retry_after_s=7.0)
    sending.write(notice())
    assert sending.settled().due_at == START + timedelta(seconds=7)


def test_what_can_never_arrive_is_given_up_at_once(sending: Sending) -> None:
    sending.platform.answer = refuse(43004, retry=False)
    sending.write(notice())
    assert sending.settled().state is OutboxState.FAILED


@pytest.mark.parametrize(("resend", "tries"), [(True, 2), (False, 1)])
def test_when_nobody_knows_whether_it_arrived(sending: Sending, resend: bool, tries: int) -> None:
    sending.platform.answer = refuse(0, unknown=True)
    sending.write(notice(resend=resend))
    sending.settled()
    sending.talk.clock.at += timedelta(seconds=WAITS_S[0])
    row = sending.settled(attempts=tries)
    assert row.state is OutboxState.UNKNOWN
    assert len(sending.platform.tried) == tries


def test_an_account_that_is_not_in_the_file_is_named(sending: Sending) -> None:
    sending.write(notice(person="gone:r"))
    row = sending.settled()
    assert row.state is OutboxState.FAILED
    assert "「gone」" in row.error


def test_a_push_that_breaks_is_tried_again_and_breaks_nothing_else(
    sending: Sending, caplog: pytest.LogCaptureFixture
) -> None:
    def answer(said: Notice) -> Receipt:
        if said.dedupe_key == "n":
            raise ZeroDivisionError
        return Receipt(Sent.SENT, "custom")

    sending.platform.answer = answer
    sending.write(notice(), notice("other"))
    assert sending.settled("other").state is OutboxState.SENT
    row = sending.settled()
    assert row.state is OutboxState.PENDING
    assert "程序出错" in row.error
    assert "push_broke" in caplog.text and "说 n" not in caplog.text


def test_accounts_that_cannot_push_are_left_alone(sending: Sending) -> None:
    sending.platform.capabilities = Capabilities(push=False)
    sending.write(notice())
    sending.write(notice("gone", "gone:r"))
    sending.settled("gone")
    assert (sending.row().state, sending.row().attempts) == (OutboxState.PENDING, 0)


def test_a_slow_platform_holds_no_more_than_it_can_send_within_the_lease(sending: Sending) -> None:
    """What is not begun soon is left to other processes; nothing that waits here is taken for lost."""
    go = threading.Event()

    def slow(_: Notice) -> Receipt:
        assert go.wait(10)
        return Receipt(Sent.SENT, "custom")

    sending.platform.answer = slow
    sending.write(*[notice(f"n{number:03}") for number in range(60)])
    sending.until(lambda: len(sending.platform.tried) == SENDERS)
    time.sleep(0.1)
    with sending.talk.database.read() as connection:
        assert outbox_desk.counts(connection) == {"sending": IN_HAND, "pending": 60 - IN_HAND}
    sending.write(notice("fire", urgent=True))
    go.set()
    sending.until(lambda: len(sending.platform.pushed) == 61)
    order = sending.platform.tried
    assert len(set(order)) == 61, "something was said twice"
    assert order.index("fire") <= IN_HAND + SENDERS, "the urgent one is the next to be taken"


def test_what_a_dead_process_had_in_hand_is_sent_when_its_lease_is_over(sending: Sending) -> None:
    sending.talk.clock.at -= timedelta(hours=1)  # the sender sees nothing due yet
    rows = outbox_rows([notice()], sending.talk.service.state.community_id, START)
    with sending.talk.database.write() as connection:
        outbox_desk.enqueue(connection, rows, START)
        connection.execute(
            update(TABLE).values(state=OutboxState.SENDING, attempts=1, lease_until=START + outbox_desk.LEASE)
        )
    sending.talk.clock.at = START + timedelta(days=1)
    time.sleep(0.1)
    assert sending.row().state is OutboxState.SENDING, "a clock that is put forward makes nobody dead"
    sending.seconds += LOOK_EVERY_S
    time.sleep(0.1)
    sending.seconds += outbox_desk.LEASE.total_seconds() + 1
    row = sending.settled(attempts=2)
    assert row.state is OutboxState.SENT
    assert sending.platform.tried == ["n"]


def test_what_this_process_sends_is_not_lost_however_long_it_takes(sending: Sending) -> None:
    go = threading.Event()

    def slow(_: Notice) -> Receipt:
        assert go.wait(10)
        return Receipt(Sent.SENT, "custom")

    sending.platform.answer = slow
    sending.write(notice())
    sending.until(lambda: sending.platform.tried == ["n"])
    for _ in range(3):
        sending.seconds += outbox_desk.LEASE.total_seconds() + 1
        time.sleep(0.06)
    go.set()
    assert sending.settled().state is OutboxState.SENT
    assert sending.platform.tried == ["n"]


def test_stopping_sends_what_is_in_hand(tmp_path: Path) -> None:
    talk = Talk(tmp_path, at=START)
    sending = Sending(talk)
    sending.platform.answer = lambda _: time.sleep(0.2) or Receipt(Sent.SENT, "custom")  # type: ignore[func-returns-value]
    sending.write(notice())
    sending.until(lambda: sending.platform.tried == ["n"])
    sending.outbox.stop()
    assert sending.row().state is OutboxState.SENT
    talk.close()
