"""What happens to clocks that run: hold, resume, extension, urgency, merge, reopening, other rules (domain.md §3 a-j)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from models.desk import Desk
from models.duty_calendar import duty_calendar
from models.errors import DomainError
from models.holidays import read_year, shipped
from models.outbox import OutboxRow, OutboxState
from models.policy import CalendarVersion, PolicyVersion
from models.rules import HOUR, MINUTE, DutyHours, PolicyRule, Rules, SlaRules, StageRule
from models.sla import (
    ClockRung,
    ClockSegment,
    HolidaysEnd,
    HolidaysUnknown,
    SlaBreach,
    SlaChange,
    SlaClock,
    topic_of,
)
from models.sla_time import effective
from models.ticket import Actor, Stage, Step, Ticket, Urgency
from tests.conftest import NOW
from tests.models.test_calendar import DUTY
from tests.models.test_outbox_rows import row
from tests.models.test_ticket_steps import RULES, new, place, walk
from tests.talk import at

CLOSE_2H = PolicyRule(urgencies=("urgent",), stages=(("close", StageRule(limit=2 * HOUR, start="accepted")),))
ON_DUTY = SlaRules(
    close=StageRule(limit=7 * HOUR, start="accepted", calendar="duty", before=(HOUR,), ladder=(HOUR,)),
    duty=DUTY,
)


def rule_by(desk: Desk, sla: SlaRules) -> None:
    desk.rules = desk.rules.model_copy(update={"sla": sla})


def accepted(desk: Desk, **fields: Any) -> Ticket:
    """A ticket that its worker has taken: onsite and close run."""
    if desk.rules.grids != RULES.grids:
        sla = desk.rules.sla
        place(desk)
        rule_by(desk, sla)
    ticket = desk.file_ticket(new(**fields))
    walk(desk, ticket, Step.ACCEPT, Step.DISPATCH)
    desk.facts.clear()
    return ticket


def close_clock(desk: Desk, ticket: Ticket) -> SlaClock:
    return next(clock for clock in desk.clocks_of(ticket) if clock.stage is Stage.CLOSE)


def breaches(desk: Desk) -> list[tuple[int, str, datetime]]:
    desk.session.flush()
    rows = desk.session.exec(select(SlaBreach)).all()
    return sorted((row.clock_id, row.cause, row.at) for row in rows)


def rungs(desk: Desk) -> list[tuple[Stage, int, int]]:
    """Tick, and what rang."""
    desk.facts.clear()
    desk.ring_clocks()
    desk.session.flush()
    return [
        (fact.clock.stage, fact.rung, fact.clock.epoch) for fact in desk.facts if isinstance(fact, ClockRung)
    ]


def test_a_hold_moves_the_deadline_by_its_own_length(desk: Desk) -> None:
    """C1, C4, (c): no deadline while held; start and segments are kept."""
    ticket = accepted(desk)
    clock = close_clock(desk, ticket)
    desk.now += 3 * HOUR
    desk.hold_clock(ticket, until=desk.now + 5 * HOUR)
    assert (clock.due_at, clock.late_after, clock.next_rung_at) == (None, None, None)
    assert clock.held_until == desk.now + 5 * HOUR
    due = desk.earliest_due(ticket)
    assert due is not None and due == NOW + HOUR, "the onsite clock is not held (i)"
    desk.now += 5 * HOUR
    assert desk.resume_clock(ticket) is clock
    assert (clock.due_at, clock.epoch, clock.held_until) == (NOW + 29 * HOUR, 2, None)
    assert desk.runs_of(clock) == [(NOW, NOW + 3 * HOUR), (NOW + 8 * HOUR, None)]
    assert effective(desk.runs_of(clock), NOW + 29 * HOUR, None) == timedelta(seconds=clock.target_s)


def test_only_a_clock_that_runs_is_held_and_only_a_held_one_resumed(desk: Desk) -> None:
    place(desk)
    fresh = desk.file_ticket(new())
    changes: list[Callable[[Ticket], object]] = [
        lambda ticket: desk.hold_clock(ticket, None),
        desk.resume_clock,
        lambda ticket: desk.extend_clock(ticket, HOUR),
    ]
    for change in changes:
        with pytest.raises(DomainError, match=r"clock\.none"):
            change(fresh)
    ticket = accepted(desk)
    with pytest.raises(DomainError, match=r"clock\.not_held"):
        desk.resume_clock(ticket)
    desk.hold_clock(ticket, None)
    desk.hold_clock(ticket, NOW + HOUR)
    assert close_clock(desk, ticket).held_until == NOW + HOUR, "a second hold only says another end"
    assert len(desk.runs_of(close_clock(desk, ticket))) == 1


def test_holding_and_resuming_at_once_changes_nothing(desk: Desk) -> None:
    ticket = accepted(desk)
    for _ in range(3):
        desk.hold_clock(ticket, None)
        desk.resume_clock(ticket)
    clock = close_clock(desk, ticket)
    assert (clock.due_at, desk.runs_of(clock)) == (NOW + 24 * HOUR, [(NOW, None)])
    desk.now += HOUR
    desk.hold_clock(ticket, None)
    desk.now -= 2 * HOUR  # the system clock was put back
    desk.resume_clock(ticket)
    assert close_clock(desk, ticket).due_at == NOW + 24 * HOUR, "no second counts twice"


@pytest.mark.parametrize("change", ["hold", "extend", "stop"])
def test_what_was_about_to_be_said_is_withdrawn(desk: Desk, change: str) -> None:
    """C6: in the same transaction, for whatever changes the deadline."""
    ticket = accepted(desk)
    clock = close_clock(desk, ticket)
    connection = desk.session.connection()
    connection.execute(
        OutboxRow.__table__.insert(),  # type: ignore[attr-defined]
        row("soon", topic=topic_of(clock)),
    )
    desk.now += HOUR
    if change == "hold":
        desk.hold_clock(ticket, None)
    elif change == "extend":
        desk.extend_clock(ticket, HOUR)
    else:
        desk.stop_clocks(ticket, "cancelled")
    state = connection.execute(select(OutboxRow.state).where(OutboxRow.dedupe_key == "soon")).scalar_one()
    assert state == OutboxState.SUPERSEDED


def test_a_held_clock_never_rings(desk: Desk) -> None:
    ticket = accepted(desk)
    desk.now += HOUR
    desk.hold_clock(ticket, None)
    desk.now += 90 * HOUR
    assert [rung for rung in rungs(desk) if rung[0] is Stage.CLOSE] == []
    assert close_clock(desk, ticket).breached_at is None


def test_a_reminder_that_has_rung_does_not_ring_again_after_a_hold(desk: Desk) -> None:
    """C5: the six-hour reminder was in epoch 1, the one-hour reminder comes in epoch 2."""
    ticket = accepted(desk)
    desk.now += 19 * HOUR
    assert (Stage.CLOSE, 0, 1) in rungs(desk)
    desk.hold_clock(ticket, None)
    desk.now += 48 * HOUR
    desk.resume_clock(ticket)
    assert rungs(desk) == []
    desk.now += 4 * HOUR
    assert [rung for rung in rungs(desk) if rung[0] is Stage.CLOSE] == [(Stage.CLOSE, 1, 2)]


def test_tickets_whose_hold_is_over_are_found(desk: Desk) -> None:
    held, open_end, over = accepted(desk), accepted(desk), accepted(desk)
    desk.hold_clock(held, until=NOW + 2 * HOUR)
    desk.hold_clock(open_end, until=None)
    desk.hold_clock(over, until=NOW + HOUR)
    assert desk.holds_over() == []
    desk.now += HOUR
    assert desk.holds_over() == [over]
    desk.stop_clocks(over, "cancelled")
    desk.now += HOUR
    assert desk.holds_over() == [held]
    desk.resume_clock(held)
    assert desk.holds_over() == []


def test_an_extension_lengthens_the_target_and_reminds_again(desk: Desk) -> None:
    """(d): start and holds are kept; the trail says by whom and why."""
    ticket = accepted(desk)
    clock = close_clock(desk, ticket)
    desk.now += 19 * HOUR
    assert (Stage.CLOSE, 0, 1) in rungs(desk)
    desk.extend_clock(ticket, 24 * HOUR, actor="l", reason="等配件")
    assert (clock.due_at, clock.extended_s, clock.epoch) == (NOW + 48 * HOUR, 86400, 2)
    desk.now += 23 * HOUR
    assert (Stage.CLOSE, 0, 2) in rungs(desk)
    (change,) = desk.session.exec(select(SlaChange)).all()
    assert (change.cause, change.actor, change.reason) == ("extended", "l", "等配件")
    assert (change.before["target_s"], change.after["target_s"]) == (86400, 172800)


def test_a_deadline_that_has_passed_is_not_extended(desk: Desk) -> None:
    ticket = accepted(desk)
    desk.now += 24 * HOUR
    desk.extend_clock(ticket, HOUR)  # equality is on time
    desk.now += HOUR + timedelta(microseconds=1)
    with pytest.raises(DomainError, match=r"clock\.overdue"):
        desk.extend_clock(ticket, HOUR)
    assert [cause for _, cause, _ in breaches(desk)] == ["late"]


def test_a_held_clock_may_be_extended(desk: Desk) -> None:
    ticket = accepted(desk)
    desk.now += HOUR
    desk.hold_clock(ticket, None)
    desk.extend_clock(ticket, 2 * HOUR)
    assert close_clock(desk, ticket).due_at is None
    desk.now += HOUR
    assert desk.resume_clock(ticket).due_at == NOW + 27 * HOUR


def test_another_urgency_keeps_start_and_holds(desk: Desk) -> None:
    """(d), what GLPI lost: 1 h run, 5 h held, 2 h for urgent tickets: due 7 h after the start."""
    rule_by(desk, SlaRules(policies=(CLOSE_2H,)))
    ticket = accepted(desk)
    clock = close_clock(desk, ticket)
    version = clock.policy_version
    desk.now += HOUR
    desk.hold_clock(ticket, None)
    desk.now += 5 * HOUR
    desk.resume_clock(ticket)
    ticket.urgency = Urgency.URGENT
    desk.reprioritise(ticket, actor="l", reason="老人独居")
    assert (clock.due_at, clock.target_s, clock.epoch) == (NOW + 7 * HOUR, 7200, 3)
    assert clock.policy_version == version and clock.breached_at is None
    desk.reprioritise(ticket)
    assert clock.epoch == 3, "nothing changed, nothing is written"
    ticket.urgency = Urgency.NORMAL
    desk.reprioritise(ticket)
    assert clock.due_at == NOW + 29 * HOUR


def test_a_target_that_was_moved_into_the_past_is_missed_now(desk: Desk) -> None:
    """(d): the breach is now, its cause is the change, and it stays (f)."""
    rule_by(desk, SlaRules(policies=(CLOSE_2H,)))
    ticket = accepted(desk)
    clock = close_clock(desk, ticket)
    desk.now += 10 * HOUR
    desk.ring_clocks()
    ticket.urgency = Urgency.URGENT
    desk.reprioritise(ticket)
    assert (clock.id, "reprioritised", desk.now) in breaches(desk)
    ticket.urgency = Urgency.NORMAL
    desk.reprioritise(ticket)
    assert clock.due_at == NOW + 24 * HOUR
    assert (clock.id, "reprioritised", NOW + 10 * HOUR) in breaches(desk)


def test_what_is_late_by_another_urgency_is_said_at_the_next_tick(desk: Desk) -> None:
    rule_by(desk, SlaRules(policies=(CLOSE_2H,)))
    ticket = accepted(desk)
    desk.now += 10 * HOUR
    rungs(desk)
    ticket.urgency = Urgency.URGENT
    desk.reprioritise(ticket)
    assert [rung[0] for rung in rungs(desk)] == [Stage.CLOSE]
    assert rungs(desk) == []


def test_policies_go_by_type_urgency_and_estate(desk: Desk) -> None:
    def policy(hours: int, **of: Any) -> PolicyRule:
        return PolicyRule(stages=(("close", StageRule(limit=hours * HOUR, start="accepted")),), **of)

    sla = SlaRules(
        policies=(
            policy(1, types=("desk",), urgencies=("urgent", "emergency")),
            policy(2, estates=("槐树苑",)),
            policy(3, types=("desk",)),
        )
    )

    def limit(type: str, urgency: str, estate: str) -> timedelta:
        return sla.stage("close", type=type, urgency=urgency, estate=estate).limit

    assert limit("desk", "urgent", "槐树苑") == HOUR
    assert limit("desk", "normal", "槐树苑") == 2 * HOUR
    assert limit("desk", "normal", "") == 3 * HOUR
    assert limit("field", "normal", "") == 24 * HOUR
    assert sla.stage("onsite", type="desk", urgency="urgent", estate="").limit == HOUR
    rule_by(desk, sla)
    ticket = accepted(desk, building="3", estate="槐树苑")
    assert close_clock(desk, ticket).due_at == NOW + 2 * HOUR
    elsewhere = accepted(desk, building="")
    assert close_clock(desk, elsewhere).due_at == NOW + 24 * HOUR
    desk.locate_ticket(elsewhere, estate="槐树苑", building="3")
    assert close_clock(desk, elsewhere).due_at == NOW + 2 * HOUR, "its place was found later"


def test_an_edit_touches_only_clocks_that_start_later(desk: Desk) -> None:
    """(e): a clock keeps the version it was started under; versions are kept."""
    place(desk)
    desk.sync_policies()
    first = accepted(desk)
    old = close_clock(desk, first)
    rule_by(desk, SlaRules(close=StageRule(limit=HOUR, start="accepted")))
    desk.sync_policies()
    second = accepted(desk)
    assert (old.due_at, close_clock(desk, second).due_at) == (NOW + 24 * HOUR, NOW + HOUR)
    assert old.policy_version != close_clock(desk, second).policy_version
    kept = {version.version for version in desk.session.exec(select(PolicyVersion)).all()}
    assert {old.policy_version, close_clock(desk, second).policy_version} <= kept


def test_a_copy_of_the_rules_has_a_version_of_its_own() -> None:
    sla = SlaRules()
    assert sla.version == SlaRules().version and not sla.uses_duty
    longer = sla.model_copy(update={"close": ON_DUTY.close, "duty": DUTY})
    assert longer.version != sla.version and longer.uses_duty


def test_recalculation_is_shown_first_and_written_down(desk: Desk) -> None:
    """(e): the explicit way, with a preview that changes nothing."""
    early, late = accepted(desk), accepted(desk)
    desk.hold_clock(late, None)
    desk.now += 2 * HOUR
    rule_by(desk, SlaRules(close=StageRule(limit=HOUR, start="accepted", before=(MINUTE,))))
    preview = list(desk.recalculation())
    assert [(one.number, one.new_due, one.late_now) for one in preview] == [
        (early.number, NOW + HOUR, True),
        (late.number, None, False),
    ]
    assert close_clock(desk, early).due_at == NOW + 24 * HOUR
    assert desk.session.exec(select(SlaChange)).all() == []
    assert desk.recalculate(actor="王五", reason="新规定", number=early.number) == 1
    clock = close_clock(desk, early)
    assert clock.due_at == NOW + HOUR
    assert (clock.id, "recalculated", desk.now) in breaches(desk)
    (change,) = desk.session.exec(select(SlaChange)).all()
    assert (change.cause, change.actor, change.reason) == ("recalculated", "王五", "新规定")
    assert [one.number for one in desk.recalculation()] == [late.number]


def test_stopping_is_no_breach_unless_the_deadline_had_passed(desk: Desk) -> None:
    """(a), (h): equality is on time; what was missed before stays missed."""
    in_time, missed = accepted(desk), accepted(desk)
    desk.now += HOUR
    desk.stop_clocks(in_time, "cancelled")
    assert breaches(desk) == []
    desk.now += timedelta(microseconds=1)
    desk.stop_clocks(missed, "rejected")
    assert [(cause, moment) for _, cause, moment in breaches(desk)] == [("late", NOW + HOUR)]
    assert {clock.stop_reason for clock in desk.clocks_of(missed)} == {"done", "rejected"}


def test_a_breach_is_noted_as_soon_as_the_deadline_has_passed(desk: Desk) -> None:
    """C8: not only at the next rung. The tick at the very deadline reminds, the next one condemns."""
    accepted(desk)
    desk.now += HOUR
    assert (Stage.ONSITE, 1, 1) in rungs(desk)
    assert breaches(desk) == []
    desk.now += timedelta(seconds=1)
    assert rungs(desk) == []
    assert [(cause, moment) for _, cause, moment in breaches(desk)] == [("late", NOW + HOUR)]


def test_a_breach_cannot_be_removed_or_changed_and_is_written_once(desk: Desk) -> None:
    """(f), against hand-written SQL too, on both engines."""
    ticket = accepted(desk)
    desk.now += 2 * HOUR
    desk.ring_clocks()
    desk.ring_clocks()
    desk.stop_clocks(ticket, "cancelled")
    assert len(breaches(desk)) == 1
    for statement in ("DELETE FROM sla_breach", "UPDATE sla_breach SET cause = 'none'"):
        with pytest.raises(DBAPIError, match="append-only"), desk.session.begin_nested():
            desk.session.execute(text(statement))
    assert len(breaches(desk)) == 1


def test_reopening_runs_new_clocks_in_a_new_cycle(desk: Desk) -> None:
    """(g), R10: the old cycle's rows stay as they were."""
    ticket = accepted(desk)
    desk.now += 30 * HOUR
    walk(desk, ticket, Step.ARRIVE, Step.REPORT, Step.CLOSE, Step.FEEDBACK)
    before = {clock.id: clock.model_dump() for clock in desk.session.exec(select(SlaClock)).all()}
    old = breaches(desk)
    desk.now += HOUR
    desk.move_ticket(ticket, Step.REOPEN, actor="mp:r", role=Actor.REPORTER)
    assert {clock.stage: clock.due_at for clock in desk.clocks_of(ticket)} == {
        Stage.ONSITE: desk.now + HOUR,
        Stage.CLOSE: desk.now + 24 * HOUR,
    }
    walk(desk, ticket, Step.ARRIVE, Step.REPORT, Step.CLOSE, Step.FEEDBACK)
    after = {clock.id: clock.model_dump() for clock in desk.session.exec(select(SlaClock)).all()}
    assert {number: after[number] for number in before} == before
    assert breaches(desk) == old and len(old) == 2


def test_a_merge_that_is_undone_gives_the_clocks_back(desk: Desk) -> None:
    """R6: the time in between counts for nobody; what was held is held."""
    running, held = accepted(desk), accepted(desk)
    desk.now += HOUR / 2
    desk.hold_clock(held, NOW + 9 * HOUR)
    for ticket in (running, held):
        desk.stop_clocks(ticket, "merged")
    desk.now += 20 * HOUR
    assert rungs(desk) == []
    desk.revive_clocks(running)
    desk.revive_clocks(held)
    dues = {clock.stage: clock.due_at for clock in desk.clocks_of(running) if clock.stopped_at is None}
    assert dues == {Stage.ONSITE: NOW + 21 * HOUR, Stage.CLOSE: NOW + 44 * HOUR}
    clock = close_clock(desk, held)
    assert (clock.due_at, clock.held_until, clock.stopped_at) == (None, NOW + 9 * HOUR, None)
    assert breaches(desk) == []
    assert desk.resume_clock(held).due_at == desk.now + 23.5 * HOUR
    accept = next(clock for clock in desk.clocks_of(running) if clock.stage is Stage.ACCEPT)
    assert accept.stop_reason == "done", "only what the merge stopped comes back"


def test_what_was_missed_before_a_merge_stays_missed_after_its_undoing(desk: Desk) -> None:
    ticket = accepted(desk)
    desk.now += 2 * HOUR
    desk.stop_clocks(ticket, "merged")
    old = breaches(desk)
    desk.now += HOUR
    desk.revive_clocks(ticket)
    assert breaches(desk) == old and len(old) == 1
    assert (Stage.ONSITE, 1, 2) not in rungs(desk), "its rungs have rung before"


def test_the_primary_of_a_merge_is_due_with_the_first_of_both(desk: Desk) -> None:
    """§2 merge: primary dues = min of the open dues of the same stage; undone with the merge."""
    first = accepted(desk)
    desk.now += HOUR / 2
    second, third = accepted(desk), accepted(desk)
    desk.hold_clock(third, None)
    others = [*desk.clocks_of(first), close_clock(desk, third)]
    desk.lower_dues(second, others)
    dues = {clock.stage: clock.due_at for clock in desk.clocks_of(second) if clock.stopped_at is None}
    assert dues == {Stage.ONSITE: NOW + HOUR, Stage.CLOSE: NOW + 24 * HOUR}
    clock = close_clock(desk, second)
    assert (clock.target_s, clock.lowered_s, clock.epoch) == (23.5 * 3600, 1800, 2)
    desk.lower_dues(first, desk.clocks_of(second))
    assert close_clock(desk, first).epoch == 1, "a later deadline lowers nothing"
    desk.raise_dues(second)
    assert (clock.due_at, clock.lowered_s) == (NOW + 24.5 * HOUR, 0)
    desk.lower_dues(second, desk.clocks_of(first))
    desk.raise_dues(second, desk.clocks_of(first))
    assert clock.due_at == NOW + 24 * HOUR, "as if only that one had been merged"


def test_a_merge_with_something_overdue_makes_the_primary_late_now(desk: Desk) -> None:
    first = accepted(desk)
    desk.now += 3 * HOUR
    second = accepted(desk)
    desk.lower_dues(second, desk.clocks_of(first))
    onsite = next(clock for clock in desk.clocks_of(second) if clock.stage is Stage.ONSITE)
    assert onsite.due_at == desk.now == onsite.started_at, "never before it began"
    desk.now += timedelta(seconds=1)
    assert Stage.ONSITE in [rung[0] for rung in rungs(desk)]
    assert onsite.id in [number for number, _, _ in breaches(desk)]


def test_another_urgency_does_not_raise_what_a_merge_has_lowered(desk: Desk) -> None:
    rule_by(desk, SlaRules(policies=(CLOSE_2H,)))
    first = accepted(desk)
    desk.now += HOUR
    second = accepted(desk, urgency=Urgency.URGENT)
    desk.lower_dues(second, [close_clock(desk, first)])
    assert close_clock(desk, second).lowered_s == 0, "it is earlier by itself"
    second.urgency = Urgency.NORMAL
    desk.reprioritise(second)
    desk.lower_dues(second, [close_clock(desk, first)])
    assert close_clock(desk, second).due_at == NOW + 24 * HOUR
    desk.extend_clock(second, HOUR)
    desk.reprioritise(second)
    assert close_clock(desk, second).due_at == NOW + 25 * HOUR
    second.urgency = Urgency.URGENT
    desk.reprioritise(second)
    assert close_clock(desk, second).due_at == NOW + 4 * HOUR, "2 h and the granted hour"


def test_working_hours_count_for_deadline_and_reminders(desk: Desk) -> None:
    """(b), (c): 16:00 on Monday and 7 working hours: Tuesday 16:00, the reminder at 15:00, the lead at 17:00."""
    rule_by(desk, ON_DUTY)
    desk.now = at("2026-10-12 16:00")
    ticket = accepted(desk)
    clock = close_clock(desk, ticket)
    assert (clock.due_at, clock.late_after) == (at("2026-10-13 16:00"), at("2026-10-13 16:00"))
    assert clock.calendar_version == duty_calendar(DUTY, shipped()).version
    assert [version.version for version in desk.session.exec(select(CalendarVersion)).all()] == [
        clock.calendar_version
    ]
    for moment, number in (("2026-10-13 15:00", 0), ("2026-10-13 16:00", 1), ("2026-10-13 17:00", 2)):
        desk.now = at(moment)
        assert (Stage.CLOSE, number, 1) in rungs(desk), moment


def test_a_target_that_ends_with_the_day_is_on_time_until_the_next_morning(desk: Desk) -> None:
    """(a), C8: no working time passes overnight, so nothing is exceeded before 09:00."""
    rule_by(desk, ON_DUTY)
    desk.now = at("2026-10-16 09:00")  # a Friday
    ticket = accepted(desk)
    clock = close_clock(desk, ticket)
    assert (clock.due_at, clock.late_after) == (at("2026-10-16 18:00"), at("2026-10-19 09:00"))
    desk.now = at("2026-10-19 09:00")
    assert (Stage.CLOSE, 1, 1) in rungs(desk)
    assert clock.breached_at is None
    desk.now += timedelta(seconds=1)
    rungs(desk)
    assert clock.breached_at == at("2026-10-16 18:00")


def test_a_hold_over_the_night_costs_no_working_time(desk: Desk) -> None:
    """C4 with a calendar: held from 17:00 to 10:00 the next day, two working hours."""
    rule_by(desk, ON_DUTY)
    desk.now = at("2026-10-12 16:00")
    ticket = accepted(desk)
    desk.now = at("2026-10-12 17:00")
    desk.hold_clock(ticket, None)
    desk.now = at("2026-10-13 10:00")
    clock = desk.resume_clock(ticket)
    assert clock.due_at == at("2026-10-13 18:00")
    desk.now = at("2026-10-13 17:00")
    assert [rung for rung in rungs(desk) if rung[0] is Stage.CLOSE] == [(Stage.CLOSE, 0, 2)]


def test_a_clock_keeps_its_calendar_after_an_edit(desk: Desk) -> None:
    """(e): resumed under the calendar that it was started with, read back from its version."""
    rule_by(desk, ON_DUTY)
    desk.now = at("2026-10-12 16:00")
    ticket = accepted(desk)
    desk.hold_clock(ticket, None)
    rule_by(desk, ON_DUTY.model_copy(update={"duty": DutyHours(week=(((0, 3600),),) * 7)}))
    desk.now = at("2026-10-12 17:00")
    desk.session.expunge_all()
    assert desk.resume_clock(ticket).due_at == at("2026-10-13 17:00")


def test_a_year_without_holidays_gives_a_provisional_deadline_that_condemns_nobody(desk: Desk) -> None:
    """C10: told at once, marked, no breach; final as soon as the year is known, of stopped clocks too."""
    rule_by(desk, ON_DUTY)
    desk.now = at("2026-12-31 17:00")
    ticket, stopped, quick = accepted(desk), accepted(desk), accepted(desk)
    desk.file_ticket(new())
    clock, other = close_clock(desk, ticket), close_clock(desk, stopped)
    assert (clock.missing_year, clock.due_at) == (2027, at("2027-01-01 17:00"))
    assert desk.provisional_clocks() == [(2027, 3)]
    paused = accepted(desk)
    desk.now = at("2026-12-31 17:30")
    desk.stop_clocks(quick, "done")
    desk.now = at("2027-01-04 12:00")
    desk.stop_clocks(stopped, "done")
    desk.now = at("2027-01-05 12:00")
    desk.hold_clock(paused, None)
    desk.stop_clocks(paused, "done")
    assert Stage.CLOSE in [rung[0] for rung in rungs(desk)], "people are reminded all the same"
    stages = {clock.id: clock.stage for clock in desk.session.exec(select(SlaClock)).all()}
    assert Stage.CLOSE not in [stages[number] for number, _, _ in breaches(desk)]
    assert desk.complete_calendars() == 0
    off = ("01-01", "01-02", "01-03", "02-05", "02-06", "02-07", "02-08", "02-09")
    days = [{"date": f"2027-{day}", "isOffDay": True} for day in off]
    year = read_year({"year": 2027, "days": [*days, {"date": "2027-02-14", "isOffDay": False}]})
    assert desk.import_holidays(year)
    assert not desk.import_holidays(year)
    assert desk.complete_calendars() == 4
    assert close_clock(desk, paused).breached_at == at("2027-01-04 17:00"), "late before it was held"
    assert clock.missing_year is other.missing_year is None
    assert clock.due_at == other.due_at == at("2027-01-04 17:00"), (
        "New Year's Day is a holiday, Monday is not"
    )
    assert other.breached_at is None, "stopped at 12:00"
    assert desk.provisional_clocks() == []
    assert clock.breached_at == at("2027-01-04 17:00")
    assert {change.cause for change in desk.session.exec(select(SlaChange)).all()} == {"completed"}


def test_the_missing_year_is_told_as_a_fact(desk: Desk) -> None:
    place(desk)
    rule_by(desk, ON_DUTY)
    desk.now = at("2026-12-31 17:00")
    ticket = desk.file_ticket(new())
    walk(desk, ticket, Step.ACCEPT)
    assert [fact.year for fact in desk.facts if isinstance(fact, HolidaysUnknown)] == [2027]


def test_the_end_of_the_known_holidays_is_told_while_they_are_used(desk: Desk) -> None:
    desk.now = at("2026-11-02 10:00")
    desk.mind_calendars()
    assert desk.facts == [], "natural time needs no holidays"
    rule_by(desk, ON_DUTY)
    desk.now = at("2026-11-01 10:00")
    desk.mind_calendars()
    assert desk.facts == []
    desk.now = at("2026-11-02 10:00")
    desk.mind_calendars()
    assert [fact.last.isoformat() for fact in desk.facts if isinstance(fact, HolidaysEnd)] == ["2026-12-31"]


def test_figures_by_stage(desk: Desk) -> None:
    """The on-time share of a stage: of what is decided; cancelled and running ones count neither way."""
    good, _, given_up = accepted(desk), accepted(desk), accepted(desk)
    desk.extend_clock(good, HOUR)
    desk.now += HOUR
    walk(desk, good, Step.ARRIVE, Step.REPORT, Step.CLOSE)
    desk.stop_clocks(given_up, "cancelled")
    desk.now += timedelta(seconds=1)
    desk.ring_clocks()
    desk.session.flush()
    figures = {one.stage: one for one in desk.stage_figures()}
    onsite, close = figures[Stage.ONSITE], figures[Stage.CLOSE]
    assert (onsite.in_time, onsite.late, onsite.given_up, onsite.running, onsite.share) == (1, 1, 1, 0, 0.5)
    assert (close.in_time, close.late, close.given_up, close.running, close.extended) == (1, 0, 1, 1, 1)
    assert (figures[Stage.ACCEPT].in_time, figures[Stage.ACCEPT].share) == (3, 1.0)
    assert figures[Stage.FEEDBACK].share is None and figures[Stage.FEEDBACK].running == 1
    assert [one.in_time for one in desk.stage_figures(since=NOW + HOUR)] == [0, 0, 1, 0, 0]
    assert sum(one.in_time for one in desk.stage_figures(until=NOW)) == 0


def test_a_segment_is_there_for_every_clock(desk: Desk) -> None:
    """C1: also for those that are never held."""
    ticket = accepted(desk)
    desk.now += HOUR
    walk(desk, ticket, Step.ARRIVE, Step.REPORT, Step.CLOSE, Step.FEEDBACK)
    spans = {
        row.clock_id: (row.run_from, row.run_to) for row in desk.session.exec(select(ClockSegment)).all()
    }
    for clock in desk.session.exec(select(SlaClock)).all():
        assert spans[clock.id or 0] == (clock.started_at, clock.stopped_at)


def test_rules_without_policies_ask_nothing_more(desk: Desk) -> None:
    """The message road: natural time reads no calendar and no version."""
    assert desk.calendar_of_rule(Rules().sla.accept) is None
    assert desk.calendar_named("") is None
    with pytest.raises(LookupError):
        desk.calendar_named("nobody")
