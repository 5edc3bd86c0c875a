"""What time does to activities and offers: moments to the second, on both engines."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest

from models.activity import ActivityState, ActivityTomorrow, OfferLapsed, Promoted, SignUpState, WaitOver
from models.desk import Desk
from models.desk.activity_hours import after_quiet, is_quiet, offer_expiry
from models.desk.activity_plan import SHANGHAI, ActivityPlan, plan_of
from models.rules import SlaRules

SLA = SlaRules()


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("now", "starts_at", "expires"),
    [
        ("2026-10-12 08:30", "2026-10-30 10:00", "2026-10-12 20:30"),  # 12 hours
        ("2026-10-12 10:00", "2026-10-12 16:00", "2026-10-12 13:00"),  # half the time that is left
        ("2026-10-12 10:00", "2026-10-12 10:20", "2026-10-12 10:15"),  # at least 15 minutes
        ("2026-10-12 10:00", "2026-10-30 10:00", "2026-10-13 08:00"),  # 22:00 is quiet
        ("2026-10-12 18:00", "2026-10-30 10:00", "2026-10-13 08:00"),  # 06:00 is quiet
        ("2026-10-12 19:00", "2026-10-30 10:00", "2026-10-13 07:00"),  # 07:00 is not
        ("2026-10-12 23:00", "2026-10-30 10:00", "2026-10-13 19:00"),  # read at 07:00
        ("2026-10-13 06:00", "2026-10-13 08:00", "2026-10-13 07:30"),
    ],
)
def test_how_long_an_offer_stands(now: str, starts_at: str, expires: str) -> None:
    assert offer_expiry(local(now), local(starts_at), SLA) == local(expires)


def test_quiet_hours_over_midnight_within_a_day_and_none() -> None:
    assert is_quiet(local("2026-10-12 22:00"), SLA)
    assert not is_quiet(local("2026-10-12 21:59"), SLA)
    noon = SLA.model_copy(update={"quiet_from": time(12, 0), "quiet_to": time(14, 0)})
    assert after_quiet(local("2026-10-12 13:00"), noon) == local("2026-10-12 14:00")
    none = SLA.model_copy(update={"quiet_from": time(0, 0), "quiet_to": time(0, 0)})
    assert not is_quiet(local("2026-10-12 00:00"), none)


def a_course(desk: Desk, **changes: object) -> int:
    plan = ActivityPlan(
        "SFB",
        "书法班",
        "活动室",
        local("2026-10-20 10:00"),
        2,
        opens_at=local("2026-10-13 09:00"),
        closes_at=local("2026-10-19 12:00"),
    )
    made = desk.create_activity(replace(plan, **changes))  # type: ignore[arg-type]
    assert made.id is not None
    return made.id


def state_at(desk: Desk, moment: str) -> ActivityState:
    desk.now = local(moment)
    desk.tick_activities(10)
    activity = desk.activity("SFB")
    assert activity is not None
    return activity.state


def test_the_states_follow_the_clock_to_the_second(desk: Desk) -> None:
    a_course(desk)
    for moment, state in [
        ("2026-10-13 08:59:59", ActivityState.PUBLISHED),
        ("2026-10-13 09:00:00", ActivityState.OPEN),
        ("2026-10-19 11:59:59", ActivityState.OPEN),
        ("2026-10-19 12:00:00", ActivityState.CLOSED),
        ("2026-10-20 10:00:00", ActivityState.RUNNING),
        ("2026-10-20 12:00:00", ActivityState.DONE),
    ]:
        assert state_at(desk, moment) is state, moment
    assert not desk.activities_due()


def test_after_a_long_outage_everything_is_caught_up_and_nobody_is_reminded_of_the_past(desk: Desk) -> None:
    number = a_course(desk, opens_at=None)
    desk.sign_up(number, "mp:li", 2)
    desk.sign_up(number, "mp:wang", 1)
    desk.facts.clear()
    assert state_at(desk, "2026-10-25 10:00") is ActivityState.DONE
    (over,) = desk.facts
    assert isinstance(over, WaitOver)
    assert [g.person for g in over.guests] == ["mp:wang"]


def test_reminded_once_whoever_has_a_seat(desk: Desk) -> None:
    number = a_course(desk, opens_at=None)
    desk.sign_up(number, "mp:li", 2)
    desk.sign_up(number, "mp:wang", 1)
    desk.facts.clear()
    state_at(desk, "2026-10-19 17:59:59")
    assert desk.facts == []
    state_at(desk, "2026-10-19 18:00:00")
    state_at(desk, "2026-10-19 18:00:01")
    (tomorrow,) = desk.facts
    assert isinstance(tomorrow, ActivityTomorrow)
    assert [g.person for g in tomorrow.guests] == ["mp:li"]


def test_a_moved_activity_reminds_before_its_new_day(desk: Desk) -> None:
    number = a_course(desk, opens_at=None)
    desk.sign_up(number, "mp:li", 2)
    state_at(desk, "2026-10-19 18:00:00")
    stored = desk.activity("SFB")
    assert stored is not None
    later = replace(plan_of(stored), starts_at=local("2026-10-22 10:00"), ends_at=local("2026-10-22 12:00"))
    desk.update_activity(later)
    desk.facts.clear()
    state_at(desk, "2026-10-21 18:00:00")
    assert [type(fact) for fact in desk.facts] == [ActivityTomorrow]


def test_an_unanswered_offer_goes_to_the_next(desk: Desk) -> None:
    number = a_course(desk, opens_at=None)
    for person in ("mp:li", "mp:wang", "mp:zhao"):
        desk.sign_up(number, person, 2)
    desk.cancel_sign_up(number, "mp:li")
    offer = next(fact for fact in desk.facts if isinstance(fact, Promoted))
    desk.facts.clear()
    desk.now = offer.expires_at - timedelta(seconds=1)
    assert desk.tick_activities(10) == 0
    desk.now = offer.expires_at
    assert desk.tick_activities(10) == 1
    lapsed, promoted = desk.facts
    assert isinstance(lapsed, OfferLapsed)
    assert isinstance(promoted, Promoted)
    assert (lapsed.guest.person, promoted.guest.person) == ("mp:wang", "mp:zhao")
    states = [group.state for group in desk.sign_ups_in("SFB")]
    assert states == [SignUpState.CANCELLED, SignUpState.LAPSED, SignUpState.OFFERED]


def test_another_community_sees_nothing(desk: Desk) -> None:
    number = a_course(desk)
    other = Desk(desk.session, community_id=2, now=datetime(2026, 11, 1, tzinfo=UTC), rules=desk.rules)
    assert other.activities() == []
    assert not other.activities_due()
    assert other.find_activities("书法班") == []
    with pytest.raises(Exception, match="activity_unknown"):
        other.sign_up(number, "mp:li", 1)
