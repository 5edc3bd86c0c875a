"""Working time: `add` and `elapsed` against an oracle that steps minute by minute through the published holidays."""

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import models
from models.calendar import (
    CHINA,
    Calendar,
    Day,
    NeverWorks,
    NoHolidayData,
    add,
    day_number,
    elapsed,
    working_from,
)
from models.duty_calendar import as_json, completed, duty_calendar, from_json
from models.holidays import shipped
from models.rules import DutyHours
from models.sla_time import Run, effective, exceeded, reached
from tests.talk import at

MINUTE = timedelta(minutes=1)
OFFICE: Day = ((9 * 3600, 12 * 3600), (14 * 3600, 18 * 3600))
DUTY = DutyHours(week=(OFFICE,) * 5 + ((), ()))
CALENDAR = duty_calendar(DUTY, shipped())

_PUBLISHED: dict[date, bool] = {
    date.fromisoformat(one["date"]): one["isOffDay"]
    for path in (Path(models.__file__).parent / "data" / "holiday_cn").glob("*.json")
    for one in json.loads(path.read_bytes())["days"]
}


def works(minute: datetime) -> bool:
    """The oracle: whether the office works in the minute that begins here, told from the published files alone."""
    local = minute.astimezone(CHINA)
    if _PUBLISHED.get(local.date(), local.weekday() >= 5):
        return False
    return time(9) <= local.time() < time(12) or time(14) <= local.time() < time(18)


def stepped(start: datetime, minutes: int) -> datetime:
    while minutes:
        minutes -= works(start)
        start += MINUTE
    return start


BEGIN = datetime(2019, 1, 1, tzinfo=CHINA)
YEARS = datetime(2026, 9, 30, tzinfo=CHINA) - BEGIN
moments = st.integers(0, YEARS // MINUTE).map(lambda minutes: BEGIN + minutes * MINUTE)
fine_moments = st.timedeltas(timedelta(0), YEARS).map(lambda since: BEGIN.astimezone(UTC) + since)
spans = st.timedeltas(timedelta(0), timedelta(hours=60))


@pytest.mark.parametrize(
    ("start", "minutes", "due"),
    [
        ("2026-09-30 17:30", 60, "2026-10-08 09:30"),  # National Day
        ("2026-02-13 17:50", 30, "2026-02-14 09:20"),  # a Saturday that works
        ("2026-02-14 08:00", 60, "2026-02-14 10:00"),
        ("2026-10-10 09:00", 60, "2026-10-10 10:00"),
        ("2025-12-31 17:59", 1, "2025-12-31 18:00"),
        ("2024-02-28 17:30", 60, "2024-02-29 09:30"),  # C10: 29 February
        ("2023-12-29 17:30", 60, "2024-01-02 09:30"),  # C10: the year's end
    ],
)
def test_the_vectors(start: str, minutes: int, due: str) -> None:
    assert add(at(start), minutes * MINUTE, CALENDAR) == at(due)
    assert elapsed(at(start), at(due), CALENDAR) == minutes * MINUTE


@settings(deadline=None)
@given(moments, st.integers(1, 1200))
def test_add_is_what_stepping_through_the_minutes_gives(start: datetime, minutes: int) -> None:
    assert add(start, minutes * MINUTE, CALENDAR) == stepped(start, minutes)


@settings(deadline=None)
@given(moments, st.integers(0, 20000))
def test_elapsed_is_the_count_of_working_minutes(start: datetime, minutes: int) -> None:
    end = start + minutes * MINUTE
    assert elapsed(start, end, CALENDAR) == MINUTE * sum(works(start + n * MINUTE) for n in range(minutes))


windows = st.lists(st.integers(0, 96), min_size=0, max_size=6, unique=True).map(
    lambda quarters: tuple(
        (begin * 900, end * 900)
        for begin, end in zip(sorted(quarters)[::2], sorted(quarters)[1::2], strict=False)
    )
)
calendars = st.builds(
    Calendar,
    st.tuples(*[windows] * 7).filter(any),
    st.dictionaries(st.integers(17897, 20700), windows, max_size=8),
    st.just(None),
)


@settings(deadline=None)
@given(fine_moments, spans, calendars)
def test_add_and_elapsed_are_inverse_for_every_calendar(
    start: datetime, span: timedelta, calendar: Calendar
) -> None:
    """C2, down to the microsecond."""
    due = add(start, span, calendar)
    assert elapsed(start, due, calendar) == span
    if span:
        assert elapsed(start, due - timedelta(microseconds=1), calendar) == span - timedelta(microseconds=1)


@settings(deadline=None)
@given(fine_moments, spans, spans, calendars)
def test_a_later_start_is_never_due_earlier(
    start: datetime, later: timedelta, span: timedelta, calendar: Calendar
) -> None:
    """C3."""
    assert add(start, span, calendar) <= add(start + later, span, calendar)


@settings(deadline=None)
@given(fine_moments, spans, spans, calendars)
def test_two_waits_one_after_the_other_are_their_sum(
    start: datetime, one: timedelta, other: timedelta, calendar: Calendar
) -> None:
    assert add(add(start, one, calendar), other, calendar) == add(start, one + other, calendar)


@settings(deadline=None)
@given(fine_moments, calendars)
def test_until_working_from_no_working_time_passes(moment: datetime, calendar: Calendar) -> None:
    begins = working_from(moment, calendar)
    assert elapsed(moment, begins, calendar) == timedelta(0)
    assert elapsed(begins, begins + timedelta(microseconds=1), calendar) > timedelta(0)


pauses = st.lists(
    st.tuples(st.integers(1, 3000), st.integers(0, 3000)), min_size=1, max_size=6
)  # minutes run, minutes paused


def runs_from(start: datetime, pattern: list[tuple[int, int]]) -> list[Run]:
    runs: list[Run] = []
    for ran, paused in pattern:
        runs.append((start, start + ran * MINUTE))
        start += (ran + paused) * MINUTE
    return [*runs, (start, None)]


@settings(deadline=None)
@given(moments, pauses, st.integers(0, 3000))
def test_pauses_move_the_deadline_by_their_working_time(
    start: datetime, pattern: list[tuple[int, int]], minutes: int
) -> None:
    """C1, C4: at the deadline the clock has run for its target; on time until `exceeded`, and not after."""
    runs, target = runs_from(start, pattern), minutes * MINUTE
    try:
        due, last = reached(runs, target, CALENDAR), exceeded(runs, target, CALENDAR)
    except NoHolidayData:
        return
    assert due is not None and last is not None and due <= last
    assert effective(runs, due, CALENDAR) == effective(runs, last, CALENDAR) == target
    assert effective(runs, last + timedelta(microseconds=1), CALENDAR) > target
    assert not target or effective(runs, due - timedelta(microseconds=1), CALENDAR) < target
    paused = sum(
        (elapsed(end, after, CALENDAR) for (_, end), (after, _) in pairwise(runs) if end and after < due),
        timedelta(0),
    )
    whole = elapsed(start, due, CALENDAR)
    assert whole == target + paused


def test_natural_time_counts_every_second() -> None:
    start = at("2026-09-30 17:30")
    assert add(start, timedelta(days=1), None) == start + timedelta(days=1)
    assert elapsed(start, start + timedelta(days=9), None) == timedelta(days=9)
    assert elapsed(start, start - MINUTE, None) == elapsed(start, start - MINUTE, CALENDAR) == timedelta(0)
    assert working_from(start, None) == start
    with pytest.raises(ValueError, match="negative"):
        add(start, -MINUTE, CALENDAR)


def test_a_calendar_that_never_works_is_told_and_does_not_loop() -> None:
    """The guard of 400 days."""
    start = at("2026-01-01 00:00")
    for calendar in (
        Calendar(((),) * 7),
        Calendar((OFFICE,) * 7, {day_number(date(2026, 1, 1)) + n: () for n in range(500)}),
    ):
        with pytest.raises(NeverWorks):
            add(start, MINUTE, calendar)
        with pytest.raises(NeverWorks):
            working_from(start, calendar)
    closed_a_year = Calendar((OFFICE,) * 7, {day_number(date(2026, 1, 1)) + n: () for n in range(366)})
    assert add(start, MINUTE, closed_a_year) == at("2027-01-02 09:01")


def test_a_year_without_holidays_is_an_error_and_no_guess() -> None:
    """C10."""
    start = at("2026-12-31 17:30")
    with pytest.raises(NoHolidayData) as gap:
        add(start, 60 * MINUTE, CALENDAR)
    assert gap.value.year == 2027
    assert add(start, 30 * MINUTE, CALENDAR) == at("2026-12-31 18:00")
    with pytest.raises(NoHolidayData):
        elapsed(start, at("2027-01-04 10:00"), CALENDAR)
    with pytest.raises(NoHolidayData):
        working_from(at("2026-12-31 18:00"), CALENDAR)
    provisional = CALENDAR.assuming_no_holidays()
    assert add(start, 60 * MINUTE, provisional) == at("2027-01-01 09:30")


def test_an_own_exception_goes_before_the_holidays() -> None:
    duty = DUTY.model_copy(
        update={
            "days": ((date(2026, 10, 1), ((0, 3600),)), (date(2027, 1, 4), OFFICE), (date(2026, 10, 12), ()))
        }
    )
    calendar = duty_calendar(duty, shipped())
    assert add(at("2026-09-30 18:00"), 60 * MINUTE, calendar) == at("2026-10-01 01:00")
    assert elapsed(at("2027-01-04 00:00"), at("2027-01-04 23:00"), calendar) == timedelta(hours=7)
    assert elapsed(at("2026-10-12 00:00"), at("2026-10-13 00:00"), calendar) == timedelta(0)


def test_an_office_that_is_open_on_holidays_needs_no_data() -> None:
    calendar = duty_calendar(DUTY.model_copy(update={"holidays": False}), shipped())
    assert add(at("2026-09-30 17:30"), 60 * MINUTE, calendar) == at("2026-10-01 09:30")
    assert add(at("2031-01-01 08:00"), 60 * MINUTE, calendar) == at("2031-01-01 10:00")


def test_a_make_up_saturday_is_worked_as_a_monday() -> None:
    monday: Day = ((8 * 3600, 10 * 3600),)
    duty = DutyHours(week=(monday, OFFICE, OFFICE, OFFICE, OFFICE, ((0, 60),), ()))
    calendar = duty_calendar(duty, shipped())
    assert elapsed(at("2026-10-10 00:00"), at("2026-10-11 00:00"), calendar) == timedelta(hours=2)
    assert elapsed(at("2026-10-17 00:00"), at("2026-10-18 00:00"), calendar) == MINUTE  # an ordinary Saturday


@settings(deadline=None)
@given(calendars)
def test_a_calendar_is_the_same_after_being_stored(calendar: Calendar) -> None:
    stored = json.loads(json.dumps(as_json(calendar)))
    assert from_json(stored, calendar.version) == calendar


def test_versions_name_the_content() -> None:
    """(e): another holiday, another window, another version; the same content, the same version."""
    less = duty_calendar(DUTY, {2025: shipped()[2025]})
    wider = duty_calendar(DUTY.model_copy(update={"week": (OFFICE,) * 6 + ((),)}), shipped())
    assert duty_calendar(DUTY, dict(shipped())).version == CALENDAR.version
    assert len({CALENDAR.version, less.version, wider.version}) == 3
    assert completed(less, shipped()) == CALENDAR


_ELSEWHERE = """
from datetime import timedelta
from models.calendar import add
from models.duty_calendar import duty_calendar
from models.holidays import shipped
from tests.models.test_calendar import DUTY
from tests.talk import at
import time
time.tzset()
print(add(at("2026-09-30 17:30"), timedelta(hours=1), duty_calendar(DUTY, shipped())).isoformat(), time.tzname[0])
"""


@pytest.mark.parametrize("zone", ["Pacific/Apia", "America/St_Johns", "XYZ-13:30QRS,M3.2.0,M11.1.0"])
def test_the_zone_of_the_machine_moves_no_deadline(zone: str) -> None:
    """C9: another time zone of the machine, and no zone files at all, give the same moment."""
    said = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", _ELSEWHERE],
        env={**os.environ, "TZ": zone, "PYTHONTZPATH": "", "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert said[0] == "2026-10-08T01:30:00+00:00"
