"""值班时间 and the holidays that are known, made into a calendar; and a calendar kept as JSON."""

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from models.calendar import Calendar, Day, day_number
from models.holidays import HolidayYear
from models.rules import DutyHours

_EPOCH_DAY = date(1970, 1, 1).toordinal()


def duty_calendar(duty: DutyHours, holidays: Mapping[int, HolidayYear]) -> Calendar:
    """The office's own dated exceptions go before the holidays; a make-up workday is worked as a Monday."""
    days: dict[int, Day] = {}
    if duty.holidays:
        for year in holidays.values():
            days |= _of_year(year, duty.week)
    days |= {day_number(day): windows for day, windows in duty.days}
    return _named(Calendar(duty.week, days, frozenset(holidays) if duty.holidays else None))


def completed(calendar: Calendar, holidays: Mapping[int, HolidayYear]) -> Calendar:
    """The same calendar with the years that it did not know."""
    assert calendar.years is not None
    new = [year for number, year in holidays.items() if number not in calendar.years]
    days: dict[int, Day] = {}
    for year in new:
        days |= _of_year(year, calendar.week)
    return _named(
        Calendar(calendar.week, days | dict(calendar.days), calendar.years | {year.year for year in new})
    )


def _of_year(year: HolidayYear, week: tuple[Day, ...]) -> dict[int, Day]:
    workday = next((day for day in week if day), ())
    return {day_number(day): () if off else workday for day, off in year.days.items()}


def _named(calendar: Calendar) -> Calendar:
    content = json.dumps(as_json(calendar), separators=(",", ":"))
    version = hashlib.sha256(content.encode()).hexdigest()[:12]
    return Calendar(calendar.week, calendar.days, calendar.years, version)


def as_json(calendar: Calendar) -> dict[str, Any]:
    return {
        "week": calendar.week,
        "days": {
            date.fromordinal(number + _EPOCH_DAY).isoformat(): windows
            for number, windows in sorted(calendar.days.items())
        },
        "years": None if calendar.years is None else sorted(calendar.years),
    }


def from_json(body: Mapping[str, Any], version: str) -> Calendar:
    years = body["years"]
    return Calendar(
        tuple(_day(windows) for windows in body["week"]),
        {day_number(date.fromisoformat(day)): _day(windows) for day, windows in body["days"].items()},
        None if years is None else frozenset(years),
        version,
    )


def _day(windows: Any) -> Day:
    return tuple((int(begin), int(end)) for begin, end in windows)
