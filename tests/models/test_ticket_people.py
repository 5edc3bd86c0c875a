"""Followers, ratings, call-backs, and what a resident may see of others (R6, R8, R11)."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlmodel import SQLModel

from models.desk import Desk
from models.desk.ticket_steps import Proof
from models.desk.tickets import NewTicket
from models.errors import DomainError
from models.rules import GridRule, Rules
from models.ticket import STEPS, Actor, Stage, State, Step, Ticket
from models.ticket_people import TicketRating
from tests.conftest import NOW

RULES = Rules(
    grids=(GridRule(code="W01", name="一网格", buildings=("1栋", "2栋"), worker="a", backup="b", lead="l"),),
    community_desk=("d",),
)
PROOF = (Proof("image", "m1"),)


@pytest.fixture(autouse=True)
def places(desk: Desk) -> None:
    desk.rules = RULES
    desk.sync_places()


def new(desk: Desk, reporter: str = "mp:r", said: str = "楼道灯坏了", **fields: Any) -> Ticket:
    known = {"building": "1", "category": desk.rules.category_of(said)} | fields
    return desk.file_ticket(NewTicket(reporter, said, NOW, **known))


def walk(desk: Desk, ticket: Ticket, *steps: Step) -> None:
    for step in steps:
        payload = {"text": "已经处理好了"} | ({"to": "a"} if step is Step.DISPATCH else {})
        role = min(STEPS[ticket.state, step].who)
        desk.move_ticket(ticket, step, actor="a", role=role, payload=payload, proofs=PROOF)


DONE = (Step.ACCEPT, Step.DISPATCH, Step.ARRIVE, Step.REPORT, Step.CLOSE, Step.FEEDBACK)


def follow(desk: Desk, ticket: Ticket, person: str) -> None:
    role = desk.resident_role(ticket, person)
    desk.move_ticket(ticket, Step.FOLLOW, actor=person, role=role, payload={"text": "我也是"})


def merge(desk: Desk, ticket: Ticket, into: Ticket) -> None:
    desk.move_ticket(ticket, Step.MERGE, actor="d", role=Actor.DISPATCHER, payload={"into": into.number})


@pytest.mark.parametrize(
    ("said", "fields", "shared"),
    [
        ("楼道灯坏了", {}, True),
        ("厨房漏水", {"room": "501"}, False),
        ("隔壁邻居吵架", {}, False),
        ("微基金的账目看不懂", {}, False),
        ("有人打架受伤", {"emergency": "violence"}, False),
        ("灯坏了", {"building": ""}, False),
    ],
)
def test_only_impersonal_matters_of_shared_places_are_shown(
    desk: Desk, said: str, fields: dict[str, str], shared: bool
) -> None:
    """R8: the others can be neither suggested, followed nor asked for."""
    ticket = new(desk, said=said, **fields)
    assert desk.may_follow(ticket, "mp:s") == shared
    assert desk.ticket_known_to("mp:s", ticket.number) is None
    near = desk.similar_tickets("mp:s", said, ticket.category, building=ticket.building)
    assert [t.id for t in near] == ([ticket.id] if shared else [])
    if not shared:
        with pytest.raises(DomainError):
            follow(desk, ticket, "mp:s")


def test_the_same_matter_is_found_by_place_kind_and_time_and_ranked_by_its_words(desk: Desk) -> None:
    first = new(desk, "mp:1", "楼道灯不亮")
    second = new(desk, "mp:2", "大门口路灯闪个不停", unit="2")
    new(desk, "mp:3", "楼道灯坏了", building="2")
    new(desk, "mp:4", "垃圾没人收")

    def found(person: str, said: str, **place: str) -> list[int | None]:
        return [t.id for t in desk.similar_tickets(person, said, "照明", building="1", **place)]

    assert found("mp:9", "路灯闪") == [second.id, first.id]
    assert found("mp:9", "楼道灯不亮") == [first.id, second.id]
    assert found("mp:9", "楼道灯不亮", unit="3") == [first.id]
    assert found("mp:9", "屋头灯坏了", room="501") == []
    assert found("mp:1", "楼道灯不亮") == [second.id]  # not his own
    follow(desk, second, "mp:1")
    assert found("mp:1", "楼道灯不亮") == []
    desk.now += timedelta(days=7, seconds=1)
    assert found("mp:9", "楼道灯不亮") == []


def test_a_catch_all_kind_needs_like_words(desk: Desk) -> None:
    ticket = new(desk, said="信报箱打不开")
    assert ticket.category == "其他"
    assert desk.similar_tickets("mp:9", "信报箱的锁打不开", "其他", building="1") == [ticket]
    assert desk.similar_tickets("mp:9", "没有路牌", "其他", building="1") == []


def test_a_chain_of_merges_has_depth_one_and_comes_apart_where_it_was_joined(desk: Desk) -> None:
    """R6: followers are the union; taking a merge back restores states, clocks and followers."""
    first, second, third = (new(desk, f"mp:{n}") for n in (1, 2, 3))
    follow(desk, third, "mp:9")
    walk(desk, second, Step.ACCEPT, Step.DISPATCH)
    desk.now += timedelta(minutes=10)
    left = {c.stage: c.due_at - desk.now for c in desk.clocks_of(second) if not c.stopped_at and c.due_at}
    merge(desk, third, second)
    merge(desk, second, first)
    assert {second.primary_id, third.primary_id} == {first.id}
    assert desk.followers_of(first) == {
        "mp:2": second.number,
        "mp:3": third.number,
        "mp:9": third.number,
    }
    assert [t.id for t in desk.followed_by("mp:9")] == [first.id]
    with pytest.raises(DomainError, match="merge_itself"):
        merge(desk, first, third)
    desk.now += timedelta(hours=5)
    desk.move_ticket(second, Step.UNMERGE, actor="d", role=Actor.DISPATCHER)
    assert (second.state, second.assignee, second.primary_id) == (State.DISPATCHED, "a", None)
    assert third.primary_id == second.id
    assert desk.followers_of(first) == {}
    assert desk.followers_of(second) == {"mp:3": third.number, "mp:9": third.number}
    assert left == {
        c.stage: c.due_at - desk.now for c in desk.clocks_of(second) if not c.stopped_at and c.due_at
    }


def test_a_primary_is_due_when_the_first_of_them_was(desk: Desk) -> None:
    early = new(desk, "mp:1")
    walk(desk, early, Step.ACCEPT, Step.DISPATCH)
    desk.now += timedelta(hours=3)
    late = new(desk, "mp:2")
    walk(desk, late, Step.ACCEPT, Step.DISPATCH)
    merge(desk, early, late)
    clock = desk.clock_of(late, Stage.CLOSE)
    assert clock is not None and clock.due_at == NOW + timedelta(days=1)
    desk.move_ticket(early, Step.UNMERGE, actor="d", role=Actor.DISPATCHER)
    assert clock.due_at == NOW + timedelta(days=1, hours=3)


def test_a_hold_outlives_a_merge_that_is_taken_back(desk: Desk) -> None:
    one, other = new(desk, "mp:1"), new(desk, "mp:2")
    walk(desk, one, Step.ACCEPT, Step.DISPATCH)
    until = desk.now + timedelta(hours=6)
    payload = {"reason": "等配件", "until": until.isoformat()}
    desk.move_ticket(one, Step.HOLD, actor="a", role=Actor.ASSIGNEE, payload=payload)
    merge(desk, one, other)
    assert one.held_until is None
    desk.now += timedelta(hours=1)
    desk.move_ticket(one, Step.UNMERGE, actor="d", role=Actor.DISPATCHER)
    clock = desk.clock_of(one, Stage.CLOSE)
    assert one.held_until == until and clock is not None and clock.due_at is None
    merge(desk, one, other)
    desk.now += timedelta(hours=7)
    assert desk.resume_held() == 0
    desk.move_ticket(one, Step.UNMERGE, actor="d", role=Actor.DISPATCHER)
    clock = desk.clock_of(one, Stage.CLOSE)
    assert one.held_until is None and clock is not None and clock.due_at is not None


def test_whoever_was_merged_does_not_see_a_private_primary(desk: Desk) -> None:
    """R8: he hears how it goes under his own number, and the other's number does not exist for him."""
    hidden = new(desk, "mp:1", "邻居太吵", room="501")
    own = new(desk, "mp:2", "邻居太吵", room="502")
    merge(desk, own, hidden)
    assert desk.ticket_known_to("mp:2", hidden.number) is None
    assert desk.ticket_known_to("mp:2", own.number) is own
    assert desk.followers_of(hidden) == {"mp:2": own.number}


def test_reporter_and_followers_rate_once_each_and_low_stars_ask_for_a_call(desk: Desk) -> None:
    ticket = new(desk)
    follow(desk, ticket, "mp:s")
    walk(desk, ticket, *DONE)

    def rate(person: str, stars: int) -> None:
        role = desk.resident_role(ticket, person)
        payload = {"solved": stars > 2, "stars": stars, "text": "嗯"}
        desk.move_ticket(ticket, Step.RATE, actor=person, role=role, payload=payload)

    rate("mp:s", 2)
    assert (ticket.state, ticket.stars) == (State.RATED, None)
    assert [t.id for t in desk.rateable_by("mp:r", desk.tickets_of("mp:r"))] == [ticket.id]
    rate("mp:r", 5)
    assert ticket.stars == 5
    for person in ("mp:r", "mp:s"):
        with pytest.raises(DomainError, match="rate_once"):
            rate(person, 4)
    with pytest.raises(DomainError, match="not_yours"):
        rate("mp:stranger", 1)
    assert desk.call_backs_of("l") == [ticket]
    assert desk.call_backs_of("a") == []
    call = {"actor": "l", "role": Actor.LEAD}
    with pytest.raises(DomainError, match="call_back_text"):
        desk.move_ticket(ticket, Step.CALL_BACK, **call)
    desk.move_ticket(ticket, Step.CALL_BACK, **call, payload={"text": "说好了"})
    assert desk.call_backs_of("l") == []
    with pytest.raises(DomainError, match="call_back_none"):
        desk.move_ticket(ticket, Step.CALL_BACK, **call, payload={"text": "再说"})


def test_a_ticket_that_others_wait_for_is_not_cancelled_over_their_heads(desk: Desk) -> None:
    ticket = new(desk)
    follow(desk, ticket, "mp:s")
    with pytest.raises(DomainError, match="cancel_followed"):
        desk.move_ticket(ticket, Step.CANCEL, actor="mp:r", role=Actor.REPORTER)
    desk.move_ticket(ticket, Step.ASK_CANCEL, actor="mp:r", role=Actor.REPORTER)
    desk.move_ticket(ticket, Step.CANCEL, actor="a", role=Actor.ASSIGNEE)
    assert ticket.state is State.CANCELLED


def test_the_third_urging_goes_one_level_up(desk: Desk) -> None:
    ticket = new(desk)
    for level in (0, 0, 1, 1):
        desk.move_ticket(ticket, Step.URGE, actor="mp:r", role=Actor.REPORTER)
        desk.now += timedelta(hours=4)
        assert ticket.level == level


def test_after_two_reopenings_the_community_takes_over(desk: Desk) -> None:
    ticket = new(desk)
    again = {"actor": "mp:r", "role": Actor.REPORTER, "why": "还是不亮"}
    for count in (1, 2):
        walk(desk, ticket, *(DONE if count == 1 else DONE[2:]))
        assert desk.reopen_ticket(ticket, **again)
        assert (ticket.reopens, ticket.cycle) == (count, count + 1)
    walk(desk, ticket, *DONE[2:])
    assert not desk.reopen_ticket(ticket, **again)
    assert (ticket.state, ticket.level, ticket.cycle) == (State.FED_BACK, 2, 3)
    desk.now += timedelta(days=8)
    with pytest.raises(DomainError, match="reopen_late"):
        desk.reopen_ticket(ticket, **again)


def test_a_refusal_is_appealed_once_and_the_clock_runs_on(desk: Desk) -> None:
    ticket = new(desk)
    desk.now += timedelta(seconds=20)
    refuse = {"actor": "d", "role": Actor.DISPATCHER}
    with pytest.raises(DomainError, match="reject_reason"):
        desk.move_ticket(ticket, Step.REJECT, **refuse, payload={"text": "请拨 12345", "reason": "懒"})
    why = {"text": "请拨 12345", "reason": "不属于本社区职责"}
    desk.move_ticket(ticket, Step.REJECT, **refuse, payload=why)
    desk.now += timedelta(hours=3)
    with pytest.raises(DomainError, match="not_yours"):
        desk.move_ticket(ticket, Step.APPEAL, actor="mp:s", role=Actor.RESIDENT, payload={"text": "不服"})
    desk.move_ticket(ticket, Step.APPEAL, actor="mp:r", role=Actor.REPORTER, payload={"text": "不服"})
    clock = desk.clock_of(ticket, Stage.ACCEPT)
    assert clock is not None and clock.due_at == desk.now + timedelta(seconds=40)
    desk.move_ticket(ticket, Step.REJECT, **refuse, payload=why)
    with pytest.raises(DomainError, match="appeal_once"):
        desk.move_ticket(ticket, Step.APPEAL, actor="mp:r", role=Actor.REPORTER, payload={"text": "不服"})


def test_a_proposal_is_told_to_its_people_alone(desk: Desk) -> None:
    ticket = new(desk, said="电瓶车没地方充电")
    follow(desk, ticket, "mp:s")
    desk.move_ticket(
        ticket, Step.CONVERT, actor="d", role=Actor.DISPATCHER, payload={"text": "要不要装充电棚"}
    )
    proposal = desk.proposal_of(ticket)
    assert proposal is not None and proposal.number == "261012-YS-0001"
    assert (ticket.state, ticket.outcome) == (State.FED_BACK, "转议事")
    assert all(clock.stopped_at is not None for clock in desk.clocks_of(ticket))
    for person, known in (("mp:r", proposal), ("mp:s", proposal), ("mp:t", None)):
        assert desk.proposal_known_to(person, proposal.number) is known


def test_a_point_far_away_proves_no_arrival(desk: Desk) -> None:
    ticket = new(desk, latitude=30.66, longitude=104.08)
    walk(desk, ticket, Step.ACCEPT, Step.DISPATCH)

    def arrive(*points: str) -> None:
        proofs = tuple(Proof("location", "m", "", f"geo:{point};crs=gcj02") for point in points)
        desk.move_ticket(ticket, Step.ARRIVE, actor="a", role=Actor.ASSIGNEE, proofs=proofs)

    with pytest.raises(DomainError, match="arrive_far"):
        arrive("30.664,104.08")  # 445 m
    arrive("30.662,104.08")  # 223 m
    assert ticket.state is State.ONSITE


def test_who_takes_back_the_consent_is_gone_and_the_case_stays(desk: Desk) -> None:
    """R11: the person's key is in no row any more; state, events and clocks are what they were."""
    ticket, other = new(desk, "mp:gone", phone="13800000000", room=""), new(desk, "mp:r", building="2")
    follow(desk, other, "mp:gone")
    raised = new(desk, "mp:gone", "电瓶车没地方充电")
    convert = {"text": "要不要装充电棚"}
    desk.move_ticket(raised, Step.CONVERT, actor="d", role=Actor.DISPATCHER, payload=convert)
    walk(desk, ticket, *DONE)
    walk(desk, other, *DONE)
    bad = {"solved": False, "stars": 1, "text": "不行"}
    desk.move_ticket(ticket, Step.RATE, actor="mp:gone", role=Actor.REPORTER, payload=bad)
    desk.move_ticket(other, Step.RATE, actor="mp:gone", role=Actor.FOLLOWER, payload=bad)
    before = [(e.step, e.from_state, e.to_state, e.at) for e in desk.events_of(ticket)]
    assert desk.detach_person("mp:gone") == 2
    desk.session.flush()
    desk.session.expire_all()
    connection = desk.session.connection()
    for table in SQLModel.metadata.sorted_tables:
        for column in table.c:
            if column.name in ("reporter", "person", "actor", "by", "raised_by"):
                people = connection.execute(select(column)).scalars().all()
                assert "mp:gone" not in people, (table.name, column.name)
    assert before == [(e.step, e.from_state, e.to_state, e.at) for e in desk.events_of(ticket)]
    assert (ticket.state, ticket.reporter, ticket.phone) == (State.RATED, "", "")
    assert desk.tickets_of("mp:gone") == [] and desk.followed_by("mp:gone") == []
    assert len(connection.execute(select(TicketRating.__table__)).all()) == 2  # type: ignore[attr-defined]
    assert connection.execute(text("SELECT count(*) FROM ticket")).scalar() == 3
    assert desk.followers_of(ticket) == {}
