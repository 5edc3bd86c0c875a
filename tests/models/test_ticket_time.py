"""Holds and extensions: who may, how long, what the clock of the work does meanwhile."""

from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from models.desk import Desk
from models.desk.ticket_steps import Proof
from models.desk.tickets import NewTicket
from models.errors import DomainError
from models.rules import GridRule, Rules
from models.sla import SlaBreach
from models.ticket import Actor, Stage, State, Step, Ticket
from models.ticket_time import HoldReason
from tests.conftest import NOW

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
RULES = Rules(
    grids=(GridRule(code="W01", name="一网格", buildings=("1栋",), worker="a", backup="b", lead="l"),),
    community_desk=("d",),
)


@pytest.fixture
def ticket(desk: Desk) -> Ticket:
    """Dispatched to `a` at NOW: due in one day."""
    desk.rules = RULES
    desk.sync_places()
    made = desk.file_ticket(NewTicket("mp:r", "灯坏了", NOW, building="1"))
    desk.move_ticket(made, Step.ACCEPT, actor="a", role=Actor.ASSIGNEE)
    desk.move_ticket(made, Step.DISPATCH, actor="system", role=Actor.SYSTEM, payload={"to": "a"})
    return made


def hold(
    desk: Desk, ticket: Ticket, span: timedelta, reason: HoldReason = HoldReason.PARTS, *, by: str = "a"
) -> None:
    role = desk.role_on(ticket, by)
    assert role is not None
    payload = {"reason": reason.value, "until": (desk.now + span).isoformat()}
    desk.move_ticket(ticket, Step.HOLD, actor=by, role=role, payload=payload)


def due(desk: Desk, ticket: Ticket) -> datetime | None:
    clock = desk.clock_of(ticket, Stage.CLOSE)
    assert clock is not None
    return clock.due_at


def test_a_hold_pauses_the_clock_of_the_work_alone_and_ends_by_itself(desk: Desk, ticket: Ticket) -> None:
    """C4: a pause moves the deadline by exactly itself."""
    hold(desk, ticket, 8 * HOUR)
    assert due(desk, ticket) is None
    assert {c.stage for c in desk.clocks_of(ticket) if c.stopped_at is None and c.due_at} == {Stage.ONSITE}
    desk.now += 8 * HOUR - timedelta(seconds=1)
    assert desk.resume_held() == 0
    desk.now += timedelta(seconds=1)
    assert desk.resume_held() == 1
    assert (due(desk, ticket), ticket.held_until) == (NOW + DAY + 8 * HOUR, None)
    assert desk.resume_held() == 0
    assert desk.events_of(ticket)[-1].payload == {"by": "timer"}


def test_a_late_tick_gives_no_time_away(desk: Desk, ticket: Ticket) -> None:
    """After an outage the clock has run on since the announced end of the hold."""
    hold(desk, ticket, 4 * HOUR)
    desk.now += 9 * HOUR
    assert desk.resume_held() == 1
    assert due(desk, ticket) == NOW + DAY + 4 * HOUR
    assert desk.now == NOW + 9 * HOUR


def test_going_on_with_the_work_ends_the_hold(desk: Desk, ticket: Ticket) -> None:
    hold(desk, ticket, 4 * HOUR)
    desk.now += HOUR
    desk.move_ticket(ticket, Step.ARRIVE, actor="a", role=Actor.ASSIGNEE, proofs=(Proof("image", "m"),))
    assert (ticket.held_until, due(desk, ticket)) == (None, NOW + DAY + HOUR)


@pytest.mark.parametrize(
    ("reason", "ends"),
    [
        (HoldReason.RESIDENT, True),
        (HoldReason.APPOINTMENT, True),
        (HoldReason.PARTS, False),
        (HoldReason.WEATHER, False),
        (HoldReason.APPROVAL, False),
    ],
)
def test_the_word_of_the_resident_ends_a_hold_that_waited_for_him(
    desk: Desk, ticket: Ticket, reason: HoldReason, ends: bool
) -> None:
    hold(desk, ticket, 4 * HOUR, reason)
    desk.move_ticket(ticket, Step.SUPPLEMENT, actor="mp:r", role=Actor.REPORTER, payload={"text": "在家了"})
    assert (ticket.held_until is None) == ends


def test_more_than_eight_hours_or_a_second_hold_is_for_the_lead(desk: Desk, ticket: Ticket) -> None:
    with pytest.raises(DomainError, match="hold_lead"):
        hold(desk, ticket, 8 * HOUR + timedelta(seconds=1))
    hold(desk, ticket, 8 * HOUR)
    desk.move_ticket(ticket, Step.RESUME, actor="a", role=Actor.ASSIGNEE)
    with pytest.raises(DomainError, match="hold_lead"):
        hold(desk, ticket, HOUR)
    hold(desk, ticket, 72 * HOUR, by="l")
    assert ticket.held_until == NOW + 72 * HOUR


def test_no_hold_is_longer_than_72_hours_nor_all_of_them_than_a_week(desk: Desk, ticket: Ticket) -> None:
    with pytest.raises(DomainError, match="hold_long"):
        hold(desk, ticket, 72 * HOUR + timedelta(seconds=1), by="l")
    for _ in range(2):
        hold(desk, ticket, 72 * HOUR, by="l")
        desk.now += 72 * HOUR
        desk.resume_held()
    with pytest.raises(DomainError, match="hold_total"):
        hold(desk, ticket, 24 * HOUR + timedelta(seconds=1), by="d")
    hold(desk, ticket, 24 * HOUR, by="d")


@pytest.mark.parametrize(
    ("payload", "code"),
    [
        ({}, "hold_reason"),
        ({"reason": "等等看", "until": (NOW + HOUR).isoformat()}, "hold_reason"),
        ({"reason": "等配件"}, "hold_until"),
        ({"reason": "等配件", "until": NOW.isoformat()}, "hold_past"),
    ],
)
def test_a_hold_says_why_and_until_when(
    desk: Desk, ticket: Ticket, payload: dict[str, str], code: str
) -> None:
    with pytest.raises(DomainError, match=code):
        desk.move_ticket(ticket, Step.HOLD, actor="a", role=Actor.ASSIGNEE, payload=payload)


def ask(desk: Desk, ticket: Ticket, span: timedelta) -> None:
    payload = {"by_s": int(span.total_seconds()), "text": "等师傅"}
    desk.move_ticket(ticket, Step.ASK_EXTEND, actor="a", role=Actor.ASSIGNEE, payload=payload)


def test_more_time_is_granted_by_the_level_above_and_twice_at_most(desk: Desk, ticket: Ticket) -> None:
    for count in (1, 2):
        ask(desk, ticket, 2 * HOUR)
        assert [t.id for t in desk.asked_of("l")] == [ticket.id]
        assert desk.asked_of("a") == []
        desk.move_ticket(ticket, Step.EXTEND, actor="l", role=Actor.LEAD)
        assert due(desk, ticket) == NOW + DAY + count * 2 * HOUR
    with pytest.raises(DomainError, match="extend_limit"):
        ask(desk, ticket, HOUR)


def test_denied_time_counts_for_nothing(desk: Desk, ticket: Ticket) -> None:
    ask(desk, ticket, 2 * HOUR)
    desk.move_ticket(ticket, Step.DENY, actor="l", role=Actor.LEAD, payload={"text": "不行"})
    assert (desk.asked_extension(ticket), due(desk, ticket)) == (None, NOW + DAY)
    with pytest.raises(DomainError, match="extend_unasked"):
        desk.move_ticket(ticket, Step.EXTEND, actor="l", role=Actor.LEAD)


def test_after_the_deadline_nobody_extends_and_the_breach_stays(desk: Desk, ticket: Ticket) -> None:
    ask(desk, ticket, 2 * HOUR)
    desk.now += DAY + timedelta(seconds=1)
    desk.ring_clocks()
    with pytest.raises(DomainError, match="extend_late"):
        desk.move_ticket(ticket, Step.EXTEND, actor="l", role=Actor.LEAD)
    with pytest.raises(DomainError, match="extend_late"):
        ask(desk, ticket, HOUR)
    breaches = desk.session.exec(select(SlaBreach)).all()
    assert {breach.cause for breach in breaches} == {"late"}


def test_the_leads_own_work_is_extended_by_the_community(desk: Desk, ticket: Ticket) -> None:
    desk.move_ticket(ticket, Step.REASSIGN, actor="l", role=Actor.LEAD, payload={"to": "d"})
    payload = {"by_s": 3600, "text": "等师傅"}
    desk.move_ticket(ticket, Step.ASK_EXTEND, actor="d", role=Actor.ASSIGNEE, payload=payload)
    assert desk.who_decides(ticket) == ()
    with pytest.raises(DomainError, match="not_yours"):
        desk.move_ticket(ticket, Step.EXTEND, actor="l", role=Actor.LEAD)
    desk.move_ticket(ticket, Step.REASSIGN, actor="d", role=Actor.ASSIGNEE, payload={"to": "l"})
    assert desk.who_decides(ticket) == ("d",)
    desk.move_ticket(ticket, Step.EXTEND, actor="d", role=Actor.DISPATCHER)
    assert ticket.state is State.DISPATCHED
