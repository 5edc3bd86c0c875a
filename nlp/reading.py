"""What a text says about time, filled in step by step."""

import re
from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(slots=True)
class Reading:
    now: datetime
    past: bool
    slots: dict[str, str] = field(default_factory=dict)
    unsaid: date | None = None  # the other day that the words could mean, when they do not say which
    begin: int = -1  # where the words of the date stand in the text
    end: int = -1

    @property
    def today(self) -> date:
        return self.now.date()

    def day(self, first: date, last: date | None = None) -> None:
        self.slots["date"] = first.isoformat()
        if last is not None:
            self.slots["date_to"] = last.isoformat()

    def at(self, found: re.Match[str]) -> None:
        """Where the date was read, so that a range can go on from there."""
        self.begin, self.end = found.span()

    def month(self, year: int, month: int) -> None:
        self.slots["month"] = f"{year:04d}-{month:02d}"


def safe(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def nearest(reading: Reading, month: int, day: int) -> date | None:
    """The day of this year, or of the next or last one when that suits the direction."""
    year = reading.today.year
    found = safe(year, month, day)
    if found is None:
        return safe(year + (-1 if reading.past else 1), month, day)
    if reading.past and found > reading.today:
        return safe(year - 1, month, day)
    if not reading.past and found < reading.today:
        return safe(year + 1, month, day)
    return found


def months_on(year: int, month: int, months: int) -> tuple[int, int]:
    count = year * 12 + month - 1 + months
    return count // 12, count % 12 + 1


SHIFT = {"上上": -2, "上": -1, "": 0, "本": 0, "这": 0, "今": 0, "下": 1, "下下": 2}


WEEKDAYS = {**{c: i for i, c in enumerate("一二三四五六日")}, "天": 6, **{str(i + 1): i for i in range(7)}}
