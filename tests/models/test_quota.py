"""What the platforms allow: never more than they let through, whatever happens when; never less without a reason."""

from collections import deque
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sim.windows import Windows
from models.quota import HOUR, MEMBER, MINUTE, OFFICIAL, ROBOT, Past, Quota, Rate, free_at, open_now

NOW = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def calls(*ago: float) -> tuple[datetime, ...]:
    return tuple(sorted(NOW - timedelta(seconds=seconds) for seconds in ago))


@pytest.mark.parametrize(
    ("quota", "past", "free"),
    [
        (MEMBER, calls(), NOW),
        (MEMBER, calls(*range(1, 24)), NOW),
        (MEMBER, calls(*range(1, 25)), NOW - 24 * SECOND + MINUTE + SECOND),
        (MEMBER, calls(*range(1, 31)), NOW - 24 * SECOND + MINUTE + SECOND),
        (MEMBER, calls(*range(70, 300)), NOW),
        (
            MEMBER,
            calls(*(3.0 * number for number in range(21, 21 + 950))),
            NOW - 2910 * SECOND + HOUR + SECOND,
        ),
        (ROBOT, calls(*range(1, 16)), NOW),
        (ROBOT, calls(*range(1, 17)), NOW - 16 * SECOND + MINUTE + SECOND),
        (OFFICIAL, calls(*range(1, 90)), NOW),
    ],
)
def test_what_exceeds_a_rate_waits_until_enough_of_it_is_old(
    quota: Quota, past: tuple[datetime, ...], free: datetime
) -> None:
    assert free_at(quota, Past(past), NOW) == free


def test_the_last_of_a_minute_are_kept_for_what_is_urgent() -> None:
    past = Past(calls(*range(1, 25)))
    assert free_at(MEMBER, past, NOW) > NOW
    assert free_at(MEMBER, past, NOW, urgent=True) == NOW
    assert (
        free_at(MEMBER, Past(calls(*range(1, 31))), NOW, urgent=True) == NOW - 30 * SECOND + MINUTE + SECOND
    )


@pytest.mark.parametrize(
    ("wrote", "touched", "sent", "may"),
    [
        (None, None, 0, False),
        (HOUR, None, 4, True),
        (HOUR, None, 5, False),
        (48 * HOUR - 2 * MINUTE, None, 0, True),
        (48 * HOUR, None, 0, False),
        (None, 10 * SECOND, 2, True),
        (None, 10 * SECOND, 3, False),
        (None, MINUTE, 0, False),
        (HOUR, 10 * SECOND, 2, True),
    ],
)
def test_the_windows_of_an_official_account(
    wrote: timedelta | None, touched: timedelta | None, sent: int, may: bool
) -> None:
    past = Past(calls(*range(1, sent + 1)), wrote and NOW - wrote, touched and NOW - touched)
    assert open_now(OFFICIAL, past, NOW) is may


def test_writing_again_opens_a_new_window() -> None:
    past = Past(calls(*range(100, 105)), NOW - HOUR)
    assert not open_now(OFFICIAL, past, NOW)
    assert open_now(OFFICIAL, Past(past.calls, NOW - MINUTE), NOW)


class Clock:
    """The simulator's clock, moved by the test."""

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at


ACTS = st.lists(
    st.one_of(
        st.sampled_from(["say", "touch", "push", "push", "push"]),
        st.floats(0.1, 30.0),
        st.floats(30.0, 100 * 3600.0),
    ),
    max_size=60,
)


@given(ACTS, st.floats(0.0, 60.0))
def test_the_platform_never_says_no_where_we_say_yes(acts: list[str | float], lag_s: float) -> None:
    """The simulator's windows are the oracle; a call is noted `lag_s` after the platform saw it."""
    clock = Clock()
    platform = Windows(clock)  # type: ignore[arg-type]
    noted: list[tuple[float, float]] = []  # (seen by the platform, written down)
    wrote = touched = None
    touched_once = False
    for act in acts:
        now = NOW + timedelta(seconds=clock.at)
        if isinstance(act, float):
            clock.at += act
        elif act == "say":
            platform.message("mp", "r")
            wrote = now
        elif act == "touch":
            platform.touch("mp", "r")
            touched, touched_once = now, True
        else:
            moments = tuple(sorted(NOW + timedelta(seconds=min(at, clock.at)) for _, at in noted))
            may = open_now(OFFICIAL, Past(moments, wrote, touched), now)
            if may:
                assert platform.spend("mp", "r") == 0
                noted.append((clock.at, clock.at + lag_s))
            elif not touched_once and lag_s == 0 and (wrote is None or now - wrote < 47 * HOUR):
                assert platform.spend("mp", "r") != 0, "held back without a reason"


@given(
    st.lists(st.tuples(st.floats(0.0, 40.0), st.integers(1, 12)), max_size=40),
    st.floats(0.0, 20.0),
    st.sampled_from([Rate(30, MINUTE + SECOND, kept=6), Rate(20, MINUTE + SECOND), Rate(5, 10 * SECOND)]),
)
def test_no_span_ever_holds_more_than_its_rate(
    steps: list[tuple[float, int]], lag_s: float, rate: Rate
) -> None:
    """Whoever asks again at the moment that was named gets through, and the platform's own sliding count holds."""
    quota = Quota(rates=(rate,))
    at, noted = 0.0, []
    seen: deque[float] = deque()
    for wait_s, wanted in steps:
        at += wait_s
        for _ in range(wanted):
            now = NOW + timedelta(seconds=at)
            moments = tuple(sorted(NOW + timedelta(seconds=min(moment + lag_s, at)) for moment in noted))
            free = free_at(quota, Past(moments), now)
            if free > now:
                assert free - now <= rate.span
                at += (free - now).total_seconds()
                now = NOW + timedelta(seconds=at)
                moments = tuple(sorted(NOW + timedelta(seconds=min(moment + lag_s, at)) for moment in noted))
                if free_at(quota, Past(moments), now) > now:
                    continue  # one of them was noted only meanwhile: it waits once more
            noted.append(at)
            seen.append(at)
            while seen and seen[0] <= at - (rate.span.total_seconds() - 1):
                seen.popleft()
            assert len(seen) <= rate.count
