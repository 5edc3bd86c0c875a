"""How far a clock has run: its running spans over its calendar, and when it reaches or exceeds a target."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from models.calendar import Calendar, add, elapsed, working_from

Run = tuple[datetime, datetime | None]  # from, to; the last one is open while the clock runs


def effective(runs: Sequence[Run], until: datetime, calendar: Calendar | None) -> timedelta:
    """The working time of the runs up to a moment (C1).

    Raises:
        NoHolidayData: the calendar does not know a year of it.
    """
    spans = (elapsed(begin, min(end or until, until), calendar) for begin, end in runs)
    return sum(spans, timedelta(0))


def reached(runs: Sequence[Run], target: timedelta, calendar: Calendar | None) -> datetime | None:
    """The earliest moment at which the clock has run for `target`; None when it was paused before.

    Raises:
        NeverWorks, NoHolidayData: the calendar cannot say.
    """
    left = max(target, timedelta(0))
    for begin, end in runs:
        if end is None:
            return add(begin, left, calendar)
        ran = elapsed(begin, end, calendar)
        if ran >= left:
            return add(begin, left, calendar)
        left -= ran
    return None


def exceeded(runs: Sequence[Run], target: timedelta, calendar: Calendar | None) -> datetime | None:
    """The last moment at which the clock has run for no more than `target`: equality is on time.

    Later than `reached` where the target ends with a working window or a run: nothing counts until the next begins.

    Raises:
        NeverWorks, NoHolidayData: the calendar cannot say.
    """
    left = max(target, timedelta(0))
    for begin, end in runs:
        if end is None:
            return working_from(add(begin, left, calendar), calendar)
        ran = elapsed(begin, end, calendar)
        if ran > left:
            return working_from(add(begin, left, calendar), calendar)
        left -= ran
    return None
