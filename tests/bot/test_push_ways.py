"""What one way does not bring goes another: to the worker's own 公众号, the next on duty, at last an alarm."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from bot.channel import PushRefused
from handlers.message import Notice
from models.database import Database
from models.outbox import OutboxState
from tests.bot.pushing import Pushing, never

MINUTE = timedelta(minutes=1)


@pytest.fixture
def pushing(tmp_path: Path, busy_database: Database) -> Iterator[Pushing]:
    made = Pushing(tmp_path, busy_database)
    yield made
    made.close()


def out_of_reach(*userids: str) -> Callable[[Notice], None]:
    def refuse(notice: Notice) -> None:
        if notice.person.partition(":")[2] in userids:
            raise PushRefused(81013, "成员不在应用的可见范围", retry=False)

    return refuse


def test_a_worker_out_of_reach_hears_it_in_his_own_official_account(pushing: Pushing) -> None:
    pushing.bind("zhangsan", "mp:z")
    pushing.work.refuse = out_of_reach("zhangsan")
    number = pushing.report()
    pushing.push()
    (said,) = pushing.mp.texts("mp:z")
    assert said.startswith(f"【新报事】{number}")
    assert pushing.work.texts("work:lisi") == [], "he was reached, nobody else need hear"
    assert pushing.alarms() == []


def test_without_a_second_way_the_next_on_duty_hears_it_in_his_place(pushing: Pushing) -> None:
    pushing.work.refuse = out_of_reach("zhangsan")
    number = pushing.report()
    pushing.push()
    (said,) = pushing.work.texts("work:lisi")
    assert said.startswith("【请代为处理】张三 收不到提醒") and f"【新报事】{number}" in said
    assert pushing.work.texts("work:sunqi") == []
    assert pushing.alarms() == []


def test_the_chain_goes_up_step_by_step_and_names_the_one_it_is_for(pushing: Pushing) -> None:
    pushing.work.refuse = out_of_reach("zhangsan", "lisi")
    pushing.report()
    pushing.push()
    (said,) = pushing.work.texts("work:sunqi")
    assert said.count("【请代为处理】") == 1 and "李四 收不到提醒" in said
    pushing.push()
    assert len(pushing.work.texts("work:sunqi")) == 1
    assert Counter(call.person for call in pushing.work.calls if "【新报事】" in call.text) == {
        "work:zhangsan": 1,
        "work:lisi": 1,
        "work:sunqi": 1,
    }


def test_when_nobody_is_reached_an_alarm_stands_until_somebody_acts(pushing: Pushing) -> None:
    pushing.work.refuse = out_of_reach("zhangsan", "lisi", "sunqi", "wangwu")
    number = pushing.report()
    for _ in range(4):
        pushing.push()
    (alarm,) = pushing.alarms()
    assert (str(alarm.kind), alarm.about) == ("unreachable", number)
    assert "可见范围" in alarm.details["reason"]
    (told,) = pushing.work.texts("work:zhaoliu")
    assert told.startswith("【告警】") and "张三 13900000001" in told
    assert "【请代为处理】" not in told
    pushing.work.refuse = lambda _: None
    pushing.talk.say("work:lisi", f"受理 {number}")
    pushing.wait(timedelta(seconds=5))
    assert pushing.alarms() == []


def test_an_ordinary_push_waits_a_while_for_its_own_way(pushing: Pushing) -> None:
    """A platform that is slow for a minute is no reason to disturb the next one."""
    pushing.work.refuse = never(0, "连不上", retry=True)
    number = pushing.report()
    for wait_s in (5, 15):
        pushing.talk.clock.at += timedelta(seconds=wait_s)
        pushing.push()
    assert {row.person for row in pushing.rows(about=number, account="work")} == {"work:zhangsan"}
    pushing.talk.clock.at += MINUTE
    pushing.push()
    pushing.work.refuse = lambda _: None
    pushing.talk.clock.at += timedelta(seconds=5)
    pushing.push()
    assert [text[:8] for text in pushing.work.texts("work:lisi")] == ["【请代为处理】张"]
    pushing.talk.clock.at += 10 * MINUTE
    pushing.push()
    assert len(pushing.work.texts("work:zhangsan")) == 1, "his own came all the same, once"


def test_an_emergency_takes_the_second_way_at_once_and_keeps_the_first(pushing: Pushing) -> None:
    pushing.bind("zhangsan", "mp:z")
    pushing.work.refuse = never(0, "连不上", retry=True)
    number = pushing.emergency()
    (said,) = pushing.mp.texts("mp:z")
    assert said.startswith(f"【紧急】{number}")
    pushing.work.refuse = lambda _: None
    pushing.talk.clock.at += timedelta(seconds=5)
    pushing.push()
    told = Counter(notice.person for notice in pushing.work.pushed if notice.text.startswith("【紧急】"))
    assert told == {f"work:{name}": 1 for name in ("zhangsan", "lisi", "sunqi", "wangwu")}


def test_what_a_worker_need_not_act_on_disturbs_nobody_else(pushing: Pushing) -> None:
    number = pushing.report()
    pushing.talk.say("work:zhangsan", f"受理 {number}")
    pushing.push()
    pushing.work.refuse = out_of_reach("zhangsan")
    pushing.talk.say("mp:wang", "取消")
    pushing.talk.say("mp:wang", "1")
    pushing.push()
    assert any(row.state is OutboxState.FAILED for row in pushing.rows(person="work:zhangsan"))
    assert pushing.work.texts("work:lisi") == []
    assert pushing.alarms() == []


def test_an_account_in_trouble_loses_nothing_and_says_so_once(pushing: Pushing) -> None:
    """40001 for minutes, or an address that is not on the list: one call for each rest, no dead letters."""
    pushing.work.refuse = never(60020, "服务器的 IP 不在可信名单", retry=True, whole_account=True)
    numbers = [pushing.report(f"mp:r{number}", f"{number}栋楼道灯坏了") for number in range(1, 7)]
    assert len({call.dedupe_key for call in pushing.work.calls}) <= 2
    (alarm,) = pushing.alarms()
    assert (str(alarm.kind), alarm.about) == ("account", "work")
    before = len(pushing.work.calls)
    for _ in range(20):
        pushing.talk.clock.at += timedelta(seconds=1)
        pushing.push()
    assert len(pushing.work.calls) == before, "nobody knocks while it rests"
    assert not pushing.rows(state=OutboxState.FAILED)
    pushing.work.refuse = lambda _: None
    pushing.talk.clock.at += MINUTE
    pushing.push()
    arrived = Counter(notice.dedupe_key for notice in pushing.work.pushed)
    assert set(arrived.values()) == {1}
    for number in numbers:
        assert any(text.startswith(f"【新报事】{number}") for text in pushing.work.texts())
    assert pushing.alarms() == []


def test_an_emergency_does_not_wait_for_an_account_in_trouble(pushing: Pushing) -> None:
    pushing.bind("zhangsan", "mp:z")
    pushing.work.refuse = never(40001, "Secret 不对", retry=True, whole_account=True)
    pushing.report("mp:r1", "4栋楼道灯坏了")
    pushing.emergency()
    pushing.push()
    assert [text[:4] for text in pushing.mp.texts("mp:z")] == ["【紧急】"]
    assert {str(alarm.kind) for alarm in pushing.alarms()} >= {"account", "emergency", "unreachable"}


def test_a_used_up_day_is_asked_once_and_goes_on_the_next_day(pushing: Pushing) -> None:
    pushing.mp.refuse = never(
        45009, "今天的次数用完了", retry=True, retry_after_s=14 * 3600.0, whole_account=True, way="custom"
    )
    for name in ("r1", "r2", "r3"):
        number = pushing.report(f"mp:{name}", "3栋1单元501厨房灯坏了")
        pushing.talk.say("work:zhangsan", f"受理 {number}")
        pushing.push()
    assert len(pushing.mp.calls) == 1
    for _ in range(5):
        pushing.talk.clock.at += timedelta(hours=2)
        pushing.push()
    assert len(pushing.mp.calls) == 1
    pushing.mp.refuse = lambda _: None
    pushing.talk.clock.at += timedelta(hours=4)
    pushing.push()
    assert len(pushing.mp.pushed) == 3


def test_a_silent_residents_news_wait_for_his_next_word(pushing: Pushing) -> None:
    number = pushing.report()
    pushing.talk.clock.at += timedelta(hours=49)
    pushing.talk.say("work:zhangsan", f"受理 {number}")
    pushing.push()
    assert pushing.mp.calls == []
    assert [str(row.state) for row in pushing.rows(person="mp:wang")] == ["held"]
    pushing.talk.say("mp:wang", "在吗")
    pushing.push()
    (news,) = pushing.mp.texts("mp:wang")
    assert number in news


def test_the_platforms_own_no_to_a_free_message_holds_it_too(pushing: Pushing) -> None:
    """Somebody else may have used the five up: 45047 is no dead letter."""
    number = pushing.report()
    pushing.mp.refuse = never(45047)
    pushing.talk.say("work:zhangsan", f"受理 {number}")
    pushing.push()
    assert [str(row.state) for row in pushing.rows(person="mp:wang")] == ["held"]
    pushing.mp.refuse = lambda _: None
    pushing.talk.say("mp:wang", "谢谢")
    pushing.push()
    assert len(pushing.mp.texts("mp:wang")) == 1


@pytest.mark.parametrize(("gesture", "arrives"), [("[点菜单 menu]", 1), ("[扫码 W01]", 1), ("[关注]", 1)])
def test_a_touch_lets_the_news_through_as_well(pushing: Pushing, gesture: str, arrives: int) -> None:
    number = pushing.report()
    pushing.talk.clock.at += timedelta(hours=49)
    pushing.talk.say("work:zhangsan", f"受理 {number}")
    pushing.push()
    assert pushing.mp.texts("mp:wang") == []
    pushing.talk.say("mp:wang", gesture)
    pushing.push()
    assert len(pushing.mp.texts("mp:wang")) == arrives


def test_letting_the_official_account_go_again(pushing: Pushing) -> None:
    assert "还没有绑定" in pushing.talk.say("work:zhangsan", "解绑公众号")
    assert "验证码不对" in pushing.talk.say("mp:z", "网格员 12345678")
    pushing.bind("zhangsan", "mp:z")
    assert "已解除绑定" in pushing.talk.say("work:zhangsan", "解绑公众号")
    pushing.work.refuse = out_of_reach("zhangsan")
    pushing.report()
    pushing.push()
    assert pushing.mp.texts("mp:z") == []
    assert len(pushing.work.texts("work:lisi")) == 1


def test_what_somebody_has_taken_meanwhile_goes_no_further(pushing: Pushing) -> None:
    pushing.work.refuse = never(0, "连不上", retry=True)
    number = pushing.report()
    pushing.talk.clock.at += timedelta(seconds=20)
    pushing.talk.say("work:lisi", f"受理 {number}")
    pushing.work.refuse = out_of_reach("zhangsan")
    pushing.talk.clock.at += MINUTE
    pushing.push()
    assert [row.state for row in pushing.rows(person="work:zhangsan") if "worker.new" in row.dedupe_key] == [
        OutboxState.FAILED
    ]
    assert not any("请代为处理" in text for text in pushing.work.texts())
    assert pushing.alarms() == []
