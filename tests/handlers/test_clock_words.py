"""What resident and worker read of a clock that is held, and of one that counts working time."""

from datetime import timedelta
from pathlib import Path

from sqlalchemy import Connection

from handlers.ticket_words import promised
from models.database import session_on
from models.desk import Desk
from models.rules import HOUR, StageRule
from tests.talk import Talk, at


def held(talk: Talk, until: timedelta | None) -> None:
    """Hold the only ticket's close clock, as the step will."""
    state = talk.service.state

    def work(connection: Connection) -> None:
        session = session_on(connection)
        desk = Desk(session, community_id=state.community_id, now=talk.clock.at, rules=state.rules)
        (ticket,) = desk.all_tickets()
        desk.hold_clock(ticket, None if until is None else talk.clock.at + until)
        session.flush()

    talk.service.engine.run(work).result(10)


def test_a_held_clock_is_said_to_stand_still(tmp_path: Path) -> None:
    talk = Talk(tmp_path, at=at("2026-10-12 10:00"))
    talk.say("mp:wang", "3栋2单元楼道灯坏了")
    talk.say("mp:wang", "1")
    talk.say("work:zhangsan", "受理")
    talk.say("work:zhangsan", "[图片]")
    talk.say("work:zhangsan", "到场")
    talk.say("work:zhangsan", "上报 要换灯泡")
    assert "办结期限" in talk.say("mp:wang", "进度")
    held(talk, None)
    assert "办结时限暂停计时，恢复办理后接着算" in talk.say("mp:wang", "进度")
    held(talk, timedelta(hours=26))
    assert "预计 明天 12:00 恢复办理" in talk.say("mp:wang", "进度")
    talk.clock.at += timedelta(hours=1)
    assert "办结时限暂停计时" in talk.say("work:zhangsan", "待办")
    talk.close()


def test_a_promise_says_which_time_it_counts() -> None:
    assert promised(StageRule(limit=HOUR, start="accepted")) == "1 小时"
    assert promised(StageRule(limit=7 * HOUR, start="accepted", calendar="duty")) == "7 小时（值班时间）"
