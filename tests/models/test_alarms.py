"""Alarms: one for one matter, cleared when somebody has taken care of it, raised again when nobody answers."""

from datetime import timedelta

import pytest
from sqlmodel import select

from models.alarm import Alarm, AlarmKind, AlarmRaised, EmergencyUnanswered
from models.desk import Desk
from models.desk.alarms import standing
from models.desk.tickets import NewTicket
from models.rules import GridRule
from models.ticket import Actor, Step, Ticket, Urgency

MINUTE = timedelta(minutes=1)


def file(desk: Desk, urgency: Urgency = Urgency.NORMAL) -> Ticket:
    desk.rules = desk.rules.model_copy(
        update={
            "grids": (GridRule(code="W01", name="一", buildings=("3栋",), worker="zhangsan", backup="lisi"),)
        }
    )
    desk.sync_places()
    return desk.file_ticket(
        NewTicket("mp:r", "屋里一股臭鸡蛋味", said_at=desk.now, building="3", urgency=urgency)
    )


def test_an_emergency_stands_as_an_alarm_from_the_first_moment(desk: Desk) -> None:
    ticket = file(desk, Urgency.EMERGENCY)
    (alarm,) = desk.open_alarms()
    assert (alarm.kind, alarm.about, alarm.level) == (AlarmKind.EMERGENCY, ticket.number, 0)
    assert alarm.next_at == desk.now + MINUTE
    assert standing(desk.session.connection(), 1) == {"emergency": 1, "unreachable": 0, "account": 0}


def test_an_ordinary_report_is_no_alarm(desk: Desk) -> None:
    file(desk)
    assert desk.open_alarms() == []


def test_unanswered_for_a_minute_it_is_raised_again_once(desk: Desk) -> None:
    ticket = file(desk, Urgency.EMERGENCY)
    desk.facts.clear()
    desk.now += MINUTE - timedelta(seconds=1)
    assert desk.watch_alarms() == 0
    desk.now += timedelta(seconds=1)
    assert desk.watch_alarms() == 1
    (fact,) = desk.facts
    assert isinstance(fact, EmergencyUnanswered)
    assert (fact.ticket.number, fact.alarm.level) == (ticket.number, 1)
    desk.now += 100 * MINUTE
    assert desk.watch_alarms() == 0
    assert len(desk.open_alarms()) == 1, "it stands until somebody answers"


@pytest.mark.parametrize("answer", ["accepted", "cancelled"])
def test_an_answered_emergency_is_no_alarm_any_more(desk: Desk, answer: str) -> None:
    ticket = file(desk, Urgency.EMERGENCY)
    if answer == "accepted":
        desk.move_ticket(ticket, Step.ACCEPT, actor="zhangsan", role=Actor.ASSIGNEE)
    else:
        desk.move_ticket(ticket, Step.CANCEL, actor="mp:r", role=Actor.REPORTER)
    desk.facts.clear()
    desk.now += 2 * MINUTE
    assert desk.watch_alarms() == 1
    assert (desk.facts, desk.open_alarms()) == ([], [])
    assert desk.session.exec(select(Alarm)).one().cleared_by == "system"


def test_a_matter_is_one_alarm_however_often_it_goes_wrong(desk: Desk) -> None:
    ticket = file(desk)
    desk.facts.clear()
    assert desk.raise_alarm(AlarmKind.UNREACHABLE, ticket.number, ticket=ticket) is not None
    assert desk.raise_alarm(AlarmKind.UNREACHABLE, ticket.number, ticket=ticket) is None
    assert desk.raise_alarm(AlarmKind.ACCOUNT, "work") is not None
    assert [type(fact) for fact in desk.facts] == [AlarmRaised, AlarmRaised]


def test_whoever_acts_on_the_ticket_has_heard_of_it(desk: Desk) -> None:
    ticket = file(desk)
    desk.raise_alarm(AlarmKind.UNREACHABLE, ticket.number, ticket=ticket)
    desk.now += MINUTE
    desk.move_ticket(ticket, Step.URGE, actor="mp:r", role=Actor.REPORTER)
    assert desk.watch_alarms() == 0, "the resident's urging is no answer"
    desk.move_ticket(ticket, Step.ACCEPT, actor="zhangsan", role=Actor.ASSIGNEE)
    assert desk.watch_alarms() == 1
    assert desk.open_alarms() == []


def test_a_person_clears_what_is_his_communitys(desk: Desk) -> None:
    alarm = desk.raise_alarm(AlarmKind.ACCOUNT, "work")
    assert alarm is not None and alarm.id is not None
    elsewhere = Desk(desk.session, community_id=2, now=desk.now, rules=desk.rules)
    assert not elsewhere.clear_alarm(alarm.id, "wangwu")
    assert elsewhere.open_alarms() == []
    assert desk.clear_alarm(alarm.id, "wangwu")
    assert not desk.clear_alarm(alarm.id, "wangwu")
    assert desk.raise_alarm(AlarmKind.ACCOUNT, "work") is not None, "new trouble is a new alarm"
