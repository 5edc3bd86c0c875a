"""Reminders through the sender: at night, in a crowd, after an outage, after a step (C5, C6); emergencies never wait."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.channel import Account, Receipt, Sent
from bot.outbox import Outbox
from handlers.message import Notice
from models.database import Database
from models.outbox import OutboxState
from tests.bot.pushing import Platform, Pushing, never
from tests.talk import Talk, at

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def pushing(tmp_path: Path, busy_database: Database) -> Iterator[Pushing]:
    made = Pushing(tmp_path, busy_database)
    yield made
    made.close()


def moved(pushing: Pushing, start: str) -> Pushing:
    pushing.talk.clock.at = at(start)
    return pushing


def accepted(pushing: Pushing, words: str = "3栋楼道灯坏了", person: str = "mp:wang") -> str:
    number = pushing.report(person, words)
    pushing.talk.say("work:zhangsan", f"受理 {number}")
    pushing.push()
    return number


def told(pushing: Pushing, number: str, word: str) -> list[Notice]:
    return [one for one in pushing.work.pushed if number in one.text and one.text.startswith(f"【{word}】")]


@pytest.mark.parametrize(
    ("start", "waits"),
    [("2026-10-12 21:14", 45 * MINUTE), ("2026-10-12 21:15", 9 * HOUR + 45 * MINUTE)],
)
def test_before_the_deadline_nobody_is_woken(pushing: Pushing, start: str, waits: timedelta) -> None:
    """21:14 + 45 min is 21:59; a minute later it is 22:00, and the reminder moves to 07:00."""
    number = accepted(moved(pushing, start))
    asked = pushing.talk.clock.at
    pushing.wait(45 * MINUTE)
    (row,) = [
        row for row in pushing.rows(about=number, person="work:zhangsan") if ":onsite:" in row.dedupe_key
    ]
    assert row.due_at - asked == waits
    assert len(told(pushing, number, "将超时")) == (row.state is OutboxState.SENT)


def test_at_the_end_of_the_night_the_reminder_comes(pushing: Pushing) -> None:
    number = accepted(moved(pushing, "2026-10-13 06:10"))
    pushing.wait(45 * MINUTE)
    assert told(pushing, number, "将超时") == []
    pushing.wait(5 * MINUTE - SECOND)
    assert told(pushing, number, "将超时") == []
    pushing.wait(SECOND)
    assert len(told(pushing, number, "将超时")) == 1


def test_a_breach_is_told_at_night_too_and_silences_the_reminder_that_waited(pushing: Pushing) -> None:
    number = accepted(moved(pushing, "2026-10-12 23:00"))
    pushing.wait(45 * MINUTE)
    pushing.wait(16 * MINUTE)
    assert len(told(pushing, number, "已超时")) == 1
    pushing.wait(8 * HOUR)
    assert told(pushing, number, "将超时") == []
    states = {str(row.state) for row in pushing.rows(about=number) if ":onsite:0:" in row.dedupe_key}
    assert states == {"superseded"}


def test_an_emergency_wakes_everybody_at_night(pushing: Pushing) -> None:
    number = moved(pushing, "2026-10-13 02:30").emergency()
    people = [one.person for one in told(pushing, number, "紧急")]
    assert sorted(people) == [f"work:{name}" for name in ("lisi", "sunqi", "wangwu", "zhangsan")]


def test_an_emergency_that_nobody_answers_in_a_minute_goes_out_again_with_the_phones(
    pushing: Pushing,
) -> None:
    number = pushing.emergency()
    pushing.wait(59 * SECOND)
    assert told(pushing, number, "紧急·无人响应") == []
    pushing.wait(SECOND)
    again = told(pushing, number, "紧急·无人响应")
    assert sorted(one.person for one in again) == [
        f"work:{name}" for name in ("lisi", "sunqi", "wangwu", "zhangsan", "zhaoliu")
    ]
    assert "张三 13900000001、李四 13900000002" in again[0].text
    assert told(pushing, number, "已超时") == [], "not the same thing twice in one moment"
    assert [str(alarm.kind) for alarm in pushing.alarms()] == ["emergency"]
    pushing.talk.say("work:lisi", f"受理 {number}")
    pushing.wait(SECOND)
    assert pushing.alarms() == []
    pushing.wait(10 * MINUTE)
    assert len(told(pushing, number, "紧急·无人响应")) == 5


def test_an_answered_emergency_goes_out_once(pushing: Pushing) -> None:
    number = pushing.emergency()
    pushing.talk.say("work:zhangsan", f"受理 {number}")
    pushing.wait(MINUTE)
    assert told(pushing, number, "紧急·无人响应") == []


def crowd(pushing: Pushing, count: int) -> list[str]:
    return [
        accepted(pushing, f"3栋1单元50{number}厨房灯坏了", person=f"mp:r{number}") for number in range(count)
    ]


def test_five_overdue_are_told_one_by_one(pushing: Pushing) -> None:
    numbers = crowd(pushing, 5)
    pushing.wait(61 * MINUTE)
    assert [len(told(pushing, number, "已超时")) for number in numbers] == [1] * 5
    assert not any("超时清单" in text for text in pushing.work.texts())


def test_more_are_told_in_one_list_and_emergencies_by_themselves(pushing: Pushing) -> None:
    numbers = crowd(pushing, 7)
    emergency = pushing.emergency("2栋1单元着火了，快来人")
    pushing.talk.say("work:zhangsan", f"受理 {emergency}")
    pushing.push()
    pushing.wait(61 * MINUTE)
    lists = [text for text in pushing.work.texts("work:zhangsan") if text.startswith("【超时清单】")]
    assert len(lists) == 1
    assert "您手上有 7 件超时" in lists[0] and all(number in lists[0] for number in numbers)
    assert [len(told(pushing, number, "已超时")) for number in numbers] == [0] * 7
    assert len(told(pushing, emergency, "已超时")) == 1
    pushing.wait(30 * MINUTE)  # the lead's rung
    (up,) = [text for text in pushing.work.texts("work:sunqi") if text.startswith("【超时清单】")]
    assert "张三 手上有 7 件超时" in up
    keys = [row for row in pushing.rows(person="work:zhangsan") if row.topic.startswith("digest:")]
    assert {str(row.state) for row in keys} <= {"sent", "superseded"}, "every rung has its end (C5)"


def test_lists_keep_their_distance_and_the_newest_one_counts(pushing: Pushing) -> None:
    crowd(pushing, 6)
    pushing.wait(61 * MINUTE)
    late = [pushing.report(f"mp:late{number}", f"2栋1单元50{number}厨房灯坏了") for number in range(2)]
    pushing.wait(62 * SECOND)  # not accepted in time: two more rungs
    lists = [text for text in pushing.work.texts("work:zhangsan") if text.startswith("【超时清单】")]
    assert len(lists) == 1, "the next list is half an hour away"
    pushing.wait(29 * MINUTE)
    lists = [text for text in pushing.work.texts("work:zhangsan") if text.startswith("【超时清单】")]
    assert len(lists) == 2
    assert all(number in lists[1] for number in late)


def test_after_an_outage_each_person_hears_the_highest_rung_of_a_stage_alone(pushing: Pushing) -> None:
    pushing.work.refuse = never(0, "连不上", retry=True)
    number = accepted(pushing)
    for _ in range(13):
        pushing.wait(15 * MINUTE)
    pushing.work.refuse = lambda _: None
    pushing.wait(2 * HOUR)
    onsite = [one for one in pushing.work.pushed if ":onsite:" in one.dedupe_key]
    per_person = Counter(one.person for one in onsite if "【请代为处理】" not in one.text)
    assert set(per_person.values()) == {1}
    assert {one.dedupe_key.split(":")[4] for one in onsite} == {"3"}, "the highest rung that has passed"
    lower = [
        row
        for row in pushing.rows(about=number)
        if ":onsite:" in row.dedupe_key and ":3:" not in row.dedupe_key
    ]
    assert lower and {str(row.state) for row in lower} == {"superseded"}


def test_when_the_service_itself_was_away_lower_rungs_are_never_written(pushing: Pushing) -> None:
    number = accepted(pushing)
    pushing.wait(4 * HOUR)
    rungs = {
        row.dedupe_key.split(":")[4] for row in pushing.rows(about=number) if ":onsite:" in row.dedupe_key
    }
    assert rungs == {"3"}


def test_a_step_takes_back_what_has_not_left_yet(pushing: Pushing) -> None:
    """C6, also for what is on its second way."""
    number = accepted(pushing)
    pushing.work.refuse = never(0, "连不上", retry=True)
    for _ in range(4):
        pushing.wait(61 * MINUTE / 4)
    for wait_s in (5, 15, 60):
        pushing.talk.clock.at += timedelta(seconds=wait_s)
        pushing.push()
    waiting = [
        row for row in pushing.rows(about=number, state=OutboxState.PENDING) if ":onsite:" in row.dedupe_key
    ]
    assert {row.person for row in waiting} >= {"work:zhangsan", "work:lisi"}
    media = pushing.talk.say("work:zhangsan", "[图片]")
    assert "照片" in media
    pushing.talk.say("work:zhangsan", f"到场 {number}")
    pushing.work.refuse = lambda _: None
    pushing.wait(HOUR / 4)
    assert not [one for one in pushing.work.pushed if ":onsite:" in one.dedupe_key]
    after = [row for row in pushing.rows(about=number) if ":onsite:" in row.dedupe_key]
    assert {str(row.state) for row in after} == {"superseded"}


def test_a_rung_is_said_once_whatever_ticks_and_senders_repeat(pushing: Pushing) -> None:
    accepted(pushing)
    for _ in range(60):
        pushing.wait(2 * MINUTE)
        pushing.talk.tick()
    arrived = Counter(one.dedupe_key for one in pushing.work.pushed)
    assert set(arrived.values()) == {1}
    rung = Counter(row.dedupe_key for row in pushing.rows() if row.dedupe_key.startswith("clock:"))
    assert set(rung.values()) == {1}


def test_an_emergency_passes_a_platform_that_holds_every_sender(tmp_path: Path) -> None:
    """All common senders hang in a slow platform: the express lane is still there."""
    talk = Talk(tmp_path, at=at("2026-10-12 10:00"))
    go = threading.Event()
    fast = Platform(Account("work", "企业微信", can_push=True))

    def hang(notice: Notice) -> None:
        if not notice.text.startswith("【紧急】"):
            assert go.wait(20)

    fast.refuse = hang
    outbox = Outbox(talk.service.engine, lambda: {"work": fast, "mp": Slow(go)}, talk.clock, idle_s=0.02)
    talk.service.engine.on_notices = outbox.wake
    outbox.start()
    try:
        for number in range(30):
            talk.say(f"mp:r{number}", f"{number % 6 + 1}栋1单元501厨房灯坏了")
            talk.say(f"mp:r{number}", "1")
        until(lambda: len(fast.calls) >= 8)
        talk.say("mp:wang", "3栋1单元着火了，快来人")
        until(lambda: sum(one.text.startswith("【紧急】") for one in fast.pushed) == 4)
        assert not go.is_set()
    finally:
        go.set()
        outbox.stop()
        talk.close()


class Slow(Platform):
    def __init__(self, go: threading.Event) -> None:
        super().__init__(Account("mp", "公众号", can_push=True))
        self._go = go

    def push(self, notice: Notice) -> Receipt:
        self._go.wait(20)
        return Receipt(Sent.SENT, "custom")


def until(done: object) -> None:
    assert callable(done)
    deadline = time.monotonic() + 20
    while not done():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.005)
