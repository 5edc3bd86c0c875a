"""Working calendars: weekly windows and dated exceptions; `add` and `elapsed` count working time over them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone

# China has kept one time without summer time since 1991: a fixed offset, so that no zone file can move a deadline (C9).
CHINA = timezone(timedelta(hours=8))
_EPOCH = datetime(1970, 1, 1, tzinfo=CHINA)
_FIRST = _EPOCH.date().toordinal()
_MICRO = timedelta(microseconds=1)
DAY_S = 86400
IDLE_DAYS = 400

Window = tuple[int, int]  # seconds of the day in China, from the first until before the second; at most 86400
Day = tuple[Window, ...]


class CalendarError(Exception):
    """A calendar cannot say when so much working time will have passed."""


class NeverWorks(CalendarError):
    """No working time in 400 days."""


class NoHolidayData(CalendarError):
    """Nobody has said which days of a year are holidays."""

    def __init__(self, year: int) -> None:
        super().__init__(f"no holidays known for {year}")
        self.year = year


@dataclass(frozen=True)
class Calendar:
    """`week` from Monday; `days` are the dated exceptions (no window: a day off), by days since 1970.

    `years`: those whose holidays are known, outside of which only exceptions count; None when the calendar keeps no
    holidays. `version` names the content. Windows of a day are in order and do not overlap.
    """

    week: tuple[Day, ...]
    days: Mapping[int, Day] = field(default_factory=dict)
    years: frozenset[int] | None = None
    version: str = ""

    def windows(self, number: int) -> Day:
        """The working windows of a day (days since 1970).

        Raises:
            NoHolidayData: whether it is a holiday is not known.
        """
        special = self.days.get(number)
        if special is not None:
            return special
        if self.years is not None and (year := date.fromordinal(number + _FIRST).year) not in self.years:
            raise NoHolidayData(year)
        return self.week[(number + 3) % 7]  # 1970-01-01 was a Thursday

    def assuming_no_holidays(self) -> "Calendar":
        """The same with the plain week where nothing is known: only for a deadline that says it is provisional."""
        return Calendar(self.week, self.days, None, self.version)


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return day.toordinal() - _FIRST


def _split(moment: datetime) -> tuple[int, int]:
    """A moment as the day's number and the microsecond of that day, in China."""
    since = moment - _EPOCH
    return since.days, since.seconds * 1_000_000 + since.microseconds


def _joined(day: int, at: int) -> datetime:
    return (_EPOCH + timedelta(days=day, microseconds=at)).astimezone(_UTC)


_UTC = timezone(timedelta(0))


def add(start: datetime, span: timedelta, calendar: Calendar | None) -> datetime:
    """The earliest moment by which `span` of working time has passed since `start`; None counts every second.

    Raises:
        NeverWorks: 400 days in a row without working time.
        NoHolidayData: it leads into a year whose holidays are not known.
        ValueError: a negative span.
    """
    if span < timedelta(0):
        raise ValueError("a negative span of working time")
    if calendar is None or not span:
        return start + span
    day, at = _split(start)
    left, idle = span // _MICRO, 0
    while True:
        idle += 1
        for begin_s, end_s in calendar.windows(day):
            begin, end = max(begin_s * 1_000_000, at), end_s * 1_000_000
            if end <= begin:
                continue
            idle = 0
            if left <= end - begin:
                return _joined(day, begin + left)
            left -= end - begin
        if idle > IDLE_DAYS:
            raise NeverWorks
        day, at = day + 1, 0


def elapsed(start: datetime, end: datetime, calendar: Calendar | None) -> timedelta:
    """The working time between two moments; nothing when the second is not later.

    Raises:
        NoHolidayData: it passes through a year whose holidays are not known.
    """
    if end <= start:
        return timedelta(0)
    if calendar is None:
        return end - start
    day, at = _split(start)
    last, until = _split(end)
    worked = 0
    while day <= last:
        stop = until if day == last else DAY_S * 1_000_000
        if stop > at:
            for begin_s, end_s in calendar.windows(day):
                span = min(end_s * 1_000_000, stop) - max(begin_s * 1_000_000, at)
                if span > 0:
                    worked += span
        day, at = day + 1, 0
    return timedelta(microseconds=worked)


def working_from(moment: datetime, calendar: Calendar | None) -> datetime:
    """The moment itself in working time, else the beginning of the next window: until then no working time passes.

    Raises:
        NeverWorks, NoHolidayData: as `add`.
    """
    if calendar is None:
        return moment
    day, at = _split(moment)
    for _ in range(IDLE_DAYS + 1):
        for begin_s, end_s in calendar.windows(day):
            if end_s * 1_000_000 > at:
                begin = begin_s * 1_000_000
                return moment if begin <= at else _joined(day, begin)
        day, at = day + 1, -1
    raise NeverWorks
