"""The Chinese lunar calendar for the years a resident talks about."""

from datetime import date, timedelta
from functools import cache

FIRST_YEAR = 2020
_NEW_YEAR = date(2020, 1, 25)  # 正月初一 of FIRST_YEAR

# One year a number: bits 15..4 say which months have 30 days (正月 first), bits 3..0 the month that is doubled,
# bit 16 whether the doubled month has 30 days. Facts of the calendar (GB/T 33661-2017), years 2020-2049.
_YEARS = (
    *(0x07954, 0x06AA0, 0x0AD50, 0x05B52, 0x04B60, 0x0A6E6, 0x0A4E0, 0x0D260, 0x0EA65, 0x0D530),
    *(0x05AA0, 0x076A3, 0x096D0, 0x04AFB, 0x04AD0, 0x0A4D0, 0x1D0B6, 0x0D250, 0x0D520, 0x0DD45),
    *(0x0B5A0, 0x056D0, 0x055B2, 0x049B0, 0x0A577, 0x0A4B0, 0x0AA50, 0x1B255, 0x06D20, 0x0ADA0),
)


@cache
def _months(year: int) -> tuple[tuple[int, bool, date, int], ...]:
    """(month, doubled, first day, length) of a lunar year, in order."""
    first = _NEW_YEAR if year == FIRST_YEAR else _after(year - 1)
    code = _YEARS[year - FIRST_YEAR]
    months = []
    for month in range(1, 13):
        length = 30 if code & (0x10000 >> month) else 29
        months.append((month, False, first, length))
        first += timedelta(days=length)
        if month == code & 0xF:
            length = 30 if code & 0x10000 else 29
            months.append((month, True, first, length))
            first += timedelta(days=length)
    return tuple(months)


def _after(year: int) -> date:
    _, _, first, length = _months(year)[-1]
    return first + timedelta(days=length)


def solar(year: int, month: int, day: int) -> date | None:
    """The day on our calendar; `day` 30 in a short month means its last day, None outside 2020-2049."""
    if not FIRST_YEAR <= year < FIRST_YEAR + len(_YEARS):
        return None
    for number, doubled, first, length in _months(year):
        if number == month and not doubled and 1 <= day <= 30:
            return first + timedelta(days=min(day, length) - 1)
    return None
