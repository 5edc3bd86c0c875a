"""The five clocks: judged by a pure function, rung by a tick that may come late or twice (C1, C5, C6, C8)."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from models.desk import Desk
from models.rules import HOUR, MINUTE, SlaRules, StageRule
from models.sla import ClockRung, SlaClock, judge, plan, rung_at
from models.ticket import Actor, Stage, Step
from tests.conftest import NOW
from tests.models.test_ticket_steps import new, place


def clock_of(rule: StageRule) -> SlaClock:
    due_at = NOW + rule.limit
    rungs = plan(rule)
    return SlaClock(
        community_id=1,
        ticket_id=1,
        cycle=1,
        stage=Stage.ONSITE,
        target_s=rule.limit.total_seconds(),
        started_at=NOW,
        due_at=due_at,
        late_after=due_at,
        rungs=rungs,
        next_rung_at=rung_at(due_at, rungs, 0),
    )


spans = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4))
rules = st.builds(
    StageRule,
    limit=st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(days=2)),
    start=st.just("accepted"),
    before=st.lists(spans, max_size=3).map(tuple),
    ladder=st.lists(spans, max_size=3).map(sorted).map(tuple),
)


@given(rules, st.lists(spans, min_size=1, max_size=20))
def test_each_rung_rings_at_most_once_however_the_ticks_fall(rule: StageRule, waits: list[timedelta]) -> None:
    """C5, with an oracle: after a tick exactly the rungs whose time has come are behind us."""
    clock = clock_of(rule)
    rung: list[int] = []
    now = NOW
    for wait in waits:
        now += wait
        verdict = judge(clock, now)
        if verdict.ring is not None:
            rung.append(verdict.ring)
        clock.rung, clock.next_rung_at = verdict.next_rung, verdict.next_rung_at
        assert judge(clock, now).ring is None
        assert clock.rung == sum(NOW + rule.limit + timedelta(seconds=s) <= now for s, _ in clock.rungs)
        assert verdict.breached == (now - NOW > rule.limit)
    assert rung == sorted(set(rung))


@given(rules)
def test_a_plan_is_in_order_and_rings_at_the_deadline(rule: StageRule) -> None:
    rungs = plan(rule)
    assert [seconds for seconds, _ in rungs] == sorted(seconds for seconds, _ in rungs)
    assert any(seconds == 0 for seconds, _ in rungs)


def test_the_defaults_are_the_five_ones() -> None:
    """S1: 1 min, 1 h, 1 h, 1 day, 1 day; the ladder of domain.md §3."""
    sla = SlaRules()
    limits = [getattr(sla, stage.value).limit for stage in Stage]
    assert limits == [MINUTE, HOUR, HOUR, 24 * HOUR, 24 * HOUR]
    assert plan(sla.accept) == [[-30, 0], [0, 1], [180, 2]]
    assert plan(sla.onsite) == [[-900, 0], [0, 0], [1800, 1], [7200, 2]]


def test_equality_is_on_time() -> None:
    clock = clock_of(StageRule(limit=HOUR, start="accepted"))
    due_at = NOW + HOUR
    assert not judge(clock, due_at).breached
    assert judge(clock, due_at + timedelta(microseconds=1)).breached


def test_after_an_outage_only_the_highest_rung_rings(desk: Desk) -> None:
    place(desk)
    desk.file_ticket(new())
    desk.facts.clear()
    desk.now += timedelta(hours=2)
    assert desk.ring_clocks() == 1
    (fact,) = desk.facts
    assert isinstance(fact, ClockRung)
    assert (fact.rung, fact.level) == (2, 2)
    desk.session.expire_all()
    assert desk.ring_clocks() == 0


def test_a_stopped_clock_never_rings(desk: Desk) -> None:
    place(desk)
    ticket = desk.file_ticket(new())
    desk.move_ticket(ticket, Step.CANCEL, actor="mp:r", role=Actor.REPORTER)
    desk.now += timedelta(days=9)
    assert desk.ring_clocks() == 0
    (clock,) = desk.session.exec(select(SlaClock)).all()
    assert (clock.stop_reason, clock.breached_at) == ("cancelled", None)
