"""A community in which something of everything has happened: what audits and repairs are tried on."""

from datetime import timedelta

from sqlalchemy import text
from sqlmodel import Session

from bot.commands.demo import load_demo
from models.database import session_on
from models.desk import Desk
from models.fund import FundKind
from models.ledger import NewEntry, received, spent
from tests.talk import Talk

FILED = ("3栋2单元楼道灯坏了", "1栋门口垃圾没人收", "4栋电梯按钮坏了", "2栋下水道堵了")


def live(talk: Talk) -> None:
    """Tickets on every stretch of their road, one reopened and one overdue; books with a reversal and a transfer;
    an activity with a waiting list and one that was called off; pushes that were sent."""
    _books(talk)
    _tickets(talk)
    _activities(talk)
    talk.wait(timedelta(minutes=5))


def desk_of(talk: Talk, session: Session) -> Desk:
    state = talk.service.state
    return Desk(session, community_id=state.community_id, now=talk.clock.at, rules=state.rules)


def _rows(talk: Talk) -> list[tuple[str, str, str]]:
    with talk.database.read() as connection:
        rows = connection.execute(text("SELECT number, assignee, reporter FROM ticket ORDER BY id"))
        return [(str(number), str(worker), str(reporter)) for number, worker, reporter in rows]


def _books(talk: Talk) -> None:
    with talk.database.write() as connection:
        session = session_on(connection)
        desk = desk_of(talk, session)
        load_demo(desk)
        day = (talk.clock.at - timedelta(days=3)).date()
        fund = desk.open_fund("XM", "楼道灯项目", FundKind.MICRO, opened_on=day)
        micro = desk.fund("WJJ")
        assert micro is not None
        moved = {"transfer_id": "T1", "source_type": "bank", "source_id": "line-1"}
        desk.post_entry(fund, NewEntry(day, received("resident_raised", 50_000), memo="转入", **moved))
        desk.post_entry(micro, NewEntry(day, spent("activity", 50_000), memo="转出", **moved))
        wrong = desk.post_entry(fund, NewEntry(day, spent("renovation", 9_000), memo="灯管"))
        desk.reverse_entry(wrong, memo="记错", occurred_on=day)
        session.flush()


def _tickets(talk: Talk) -> None:
    for number, words in enumerate(FILED):
        talk.say(f"mp:r{number}", words)
        talk.say(f"mp:r{number}", "1")
    rows = _rows(talk)
    for number, worker, reporter in rows[:2]:
        talk.clock.at += timedelta(seconds=10)
        for said in (f"受理 {number}", f"到场 {number}", "[图片]", f"上报 {number} 灯管坏了，需要更换"):
            talk.say(f"work:{worker}", said)
            talk.clock.at += timedelta(seconds=10)
        for said in (f"办结 {number} 换了新灯管，亮了", "[图片]", f"反馈 {number}"):
            talk.say(f"work:{worker}", said)
            talk.clock.at += timedelta(seconds=10)
        talk.say(reporter, "没解决")
        talk.say(reporter, "1")
    number, worker, reporter = rows[2]
    talk.say(f"work:{worker}", f"受理 {number}")
    talk.clock.at += timedelta(seconds=10)
    talk.say(reporter, f"取消 {number}")
    talk.say(reporter, "1")
    talk.wait(timedelta(minutes=20))  # the fourth is overdue


def _activities(talk: Talk) -> None:
    with talk.database.write() as connection:
        session = session_on(connection)
        desk = desk_of(talk, session)
        small, off = desk.activity("BBH"), desk.activity("FZJ")
        assert small is not None and off is not None and small.id is not None and off.id is not None
        small.capacity_people = 5
        session.add(small)
        session.flush()
        for name, people in (("a", 3), ("b", 2), ("c", 2), ("d", 1)):
            desk.sign_up(small.id, f"mp:{name}", people, household=f"3-{name}")
        desk.sign_up(off.id, "mp:a", 2)
        desk.cancel_activity("FZJ", "下雨")
        desk.cancel_sign_up(small.id, "mp:b")
        session.flush()
