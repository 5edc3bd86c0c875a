"""Single steps of a ticket: numbers, clocks, guards, the grid it belongs to."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from models.desk import Desk
from models.desk.ticket_steps import Proof
from models.desk.tickets import NewTicket, canonical_number
from models.errors import DomainError
from models.rules import Evidence, GridRule, Rules, WorkerRule
from models.sla import SlaClock
from models.ticket import STEPS, Actor, Stage, State, Step, Ticket, TicketEvent, Urgency
from tests.conftest import NOW

RULES = Rules(
    grids=(
        GridRule(code="W01", name="一网格", buildings=("1栋", "2栋"), worker="a", backup="b", lead="l"),
        GridRule(code="W02", name="二网格", buildings=("槐树苑3栋", "桂花苑3栋"), worker="c"),
    ),
    workers=(WorkerRule(userid="a", name="阿甲", phone="1"), WorkerRule(userid="b", name="阿乙")),
    community_desk=("d",),
)
PAYLOAD: dict[str, Any] = {"text": "已经处理好了", "to": "b", "solved": True, "stars": 5}
PROOF = (Proof("image", "m1", "media", ""),)


def place(desk: Desk) -> None:
    desk.rules = RULES
    desk.sync_places()


def new(building: str = "1", **fields: Any) -> NewTicket:
    return NewTicket(reporter="mp:r", text="灯坏了", said_at=NOW, building=building, **fields)


def walk(desk: Desk, ticket: Ticket, *steps: Step) -> None:
    """Take steps as whoever may take them."""
    for step in steps:
        role = min(STEPS[(ticket.state, step)].who)
        to = {"to": "a"} if step is Step.DISPATCH else {}
        desk.move_ticket(ticket, step, actor="a", role=role, payload={**PAYLOAD, **to}, proofs=PROOF)


def test_a_filed_ticket_has_number_people_and_a_running_clock(desk: Desk) -> None:
    place(desk)
    first, second = desk.file_ticket(new()), desk.file_ticket(new())
    assert (first.number, second.number) == ("261012-W01-0001", "261012-W01-0002")
    assert (first.assignee, first.grid_path) == ("a", "1/W01")
    clock = desk.next_deadline(first)
    assert clock is not None and clock.stage is Stage.ACCEPT
    assert clock.due_at == NOW + timedelta(minutes=1)


def test_a_whole_life_stops_every_clock_in_time(desk: Desk) -> None:
    place(desk)
    ticket = desk.file_ticket(new())
    desk.now += timedelta(seconds=30)
    walk(desk, ticket, Step.ACCEPT, Step.DISPATCH)
    assert {c.stage for c in desk.clocks_of(ticket) if c.stopped_at is None} == {Stage.ONSITE, Stage.CLOSE}
    walk(desk, ticket, Step.ARRIVE, Step.REPORT, Step.CLOSE, Step.FEEDBACK, Step.RATE)
    clocks = desk.clocks_of(ticket)
    assert {clock.stage for clock in clocks} == set(Stage)
    assert all(clock.stopped_at is not None and clock.breached_at is None for clock in clocks)


def test_a_building_in_two_estates_needs_the_estate(desk: Desk) -> None:
    place(desk)
    assert desk.estates_with("3") == ["桂花苑", "槐树苑"]
    assert desk.route("槐树苑", "3").grid_code == "W02"
    assert desk.route("", "9").grid_code == ""
    assert desk.route("", "9").dispatchers == ("d",)


def test_without_a_grid_the_number_says_so_and_a_place_found_later_routes_it(desk: Desk) -> None:
    place(desk)
    ticket = desk.file_ticket(new("", urgency=Urgency.EMERGENCY))
    assert (ticket.number, ticket.assignee) == ("261012-00-0001", "")
    desk.locate_ticket(ticket, building="2", unit="1")
    assert (ticket.grid_code, ticket.assignee, ticket.number) == ("W01", "a", "261012-00-0001")


def test_regridding_does_not_rewrite_history(desk: Desk) -> None:
    """G6: the path is frozen at dispatch; G2: one microgrid at any instant."""
    place(desk)
    old = desk.file_ticket(new())
    desk.rules = RULES.model_copy(
        update={"grids": (GridRule(code="W09", name="新", buildings=("1栋",), worker="b"),)}
    )
    desk.sync_places()
    later = desk.file_ticket(new())
    assert (old.grid_path, later.grid_path) == ("1/W01", "1/W09")
    assert desk.route("", "2").grid_code == ""


def test_a_number_is_found_however_it_is_typed(desk: Desk) -> None:
    place(desk)
    ticket = desk.file_ticket(new())
    for words in ("261012-W01-0001", "261012w010001", " 261012-w01-0001", "0001", "1"):
        found = desk.find_ticket(words.strip())
        assert found is not None and found.id == ticket.id, words
    assert desk.find_ticket("0001", reporter="mp:else") is None
    assert desk.find_ticket("%") is None
    assert canonical_number("不是编号") == "不是编号"


def test_urging_twice_within_four_hours_is_refused(desk: Desk) -> None:
    place(desk)
    ticket = desk.file_ticket(new())
    urge = {"actor": "mp:r", "role": Actor.REPORTER}
    desk.move_ticket(ticket, Step.URGE, **urge)
    with pytest.raises(DomainError, match="urge_soon"):
        desk.move_ticket(ticket, Step.URGE, **urge)
    desk.now += timedelta(hours=4)
    desk.move_ticket(ticket, Step.URGE, **urge)
    assert ticket.urges == 2


def test_reopening_starts_a_new_cycle_and_keeps_old_breaches(desk: Desk) -> None:
    place(desk)
    ticket = desk.file_ticket(new())
    desk.now += timedelta(hours=30)
    walk(desk, ticket, Step.ACCEPT, Step.DISPATCH, Step.ARRIVE, Step.REPORT, Step.CLOSE, Step.FEEDBACK)
    desk.move_ticket(ticket, Step.REOPEN, actor="mp:r", role=Actor.REPORTER)
    assert (ticket.cycle, ticket.state, ticket.assignee) == (2, State.DISPATCHED, "a")
    assert {clock.stage for clock in desk.clocks_of(ticket)} == {Stage.ONSITE, Stage.CLOSE}
    breached = desk.session.exec(select(SlaClock.stage).where(SlaClock.breached_at.is_not(None))).all()  # type: ignore[union-attr]
    assert breached == [Stage.ACCEPT]
    walk(desk, ticket, Step.ARRIVE, Step.REPORT, Step.CLOSE, Step.FEEDBACK)
    desk.now += timedelta(days=8)
    with pytest.raises(DomainError, match="reopen_late"):
        desk.move_ticket(ticket, Step.REOPEN, actor="mp:r", role=Actor.REPORTER)


def test_the_unrated_are_archived_after_a_week(desk: Desk) -> None:
    place(desk)
    ticket = desk.file_ticket(new())
    walk(desk, ticket, Step.ACCEPT, Step.DISPATCH, Step.ARRIVE, Step.REPORT, Step.CLOSE, Step.FEEDBACK)
    desk.now += timedelta(days=7)
    assert desk.archive_unrated() == 0
    desk.now += timedelta(seconds=1)
    assert desk.archive_unrated() == 1
    assert ticket.state is State.ARCHIVED
    assert desk.archive_unrated() == 0


def test_proof_is_asked_for_only_where_the_community_wants_it(desk: Desk) -> None:
    place(desk)
    ticket = desk.file_ticket(new())
    walk(desk, ticket, Step.ACCEPT, Step.DISPATCH)
    arrive = {"actor": "a", "role": Actor.ASSIGNEE}
    with pytest.raises(DomainError, match="arrive_proof"):
        desk.move_ticket(ticket, Step.ARRIVE, **arrive)
    desk.rules = RULES.model_copy(update={"evidence": Evidence(arrive=False, close=False)})
    desk.move_ticket(ticket, Step.ARRIVE, **arrive)
    assert ticket.state is State.ONSITE


def test_every_event_is_one_step_of_the_table(desk: Desk) -> None:
    place(desk)
    ticket = desk.file_ticket(new())
    walk(desk, ticket, Step.ACCEPT, Step.DISPATCH, Step.DECLINE, Step.DISPATCH, Step.ARRIVE)
    for event in desk.session.exec(select(TicketEvent)).all():
        assert STEPS[(event.from_state, event.step)].to is event.to_state
