"""Months, quarters and years in words: 上个月, 9月, 三季度, 去年, 月底."""

import re
from calendar import monthrange
from datetime import date

from nlp.reading import SHIFT, WEEKDAYS, Reading, months_on, safe

_DAY_OF = re.compile(
    r"((?:上|下|这|本)个?月)?(?<![0-9栋楼元室号期])([0-9]{1,2})(?:(?:号|日)(?=到|至|-|~)|(?=[到至~-][0-9]{1,2}[号日])|(?:号|日)(?!楼|院|线|门|桌|房|店|工|厅|馆|栋|库|机|梯|表|车|方案|选手|口|库|地|商铺|铺))"
    r"(?:(?:到|至|-|~)([0-9]{1,2})(?:号|日))?"
)


_MONTH = re.compile(
    r"((?:前年|去年|今年|明年|20[0-9]{2}年)?)的?(?<![0-9第])(1[0-2]|0?[1-9])月(?:份)?(?![0-9饼亮])"
)


_SPOKEN_MONTH = re.compile(r"(上上|上|本|这|当|下下|下)个?月(?!饼|亮)")


_PART_OF_MONTH = re.compile(
    r"((?:上|下|这|本)个?月|[0-9]{1,2}月份?)?(月底|月末|月初(?![一二三四五六七八九十])|月中|[底末初](?![0-9一二三四五六七八九十]))"
)


_YEAR = re.compile(r"(前年|去年|上年|今年|本年|明年|20[0-9]{2}年)(上半年|下半年|年底|年初|底|初)?")


_HALF_YEAR = re.compile(r"(上半年|下半年)")


_QUARTER = re.compile(r"(上|本|这|下)(?:个|1)?季度?|(?:第)?([一二三四1-4])季度")


_LATELY = re.compile(r"(?:最近|近|过去|这)([0-9两几]+)个月")


def _spoken_month(words: str, reading: Reading) -> tuple[int, int]:
    shift = SHIFT.get(words.rstrip("月").rstrip("个"), 0)
    return months_on(reading.today.year, reading.today.month, shift)


def monthly(text: str, reading: Reading) -> bool:
    if (found := _PART_OF_MONTH.search(text)) is not None and (found[1] or len(found[2]) == 2):
        if found[1] and found[1][0].isdigit():
            if not 1 <= int(found[1].rstrip("份").rstrip("月")) <= 12:
                return False
            year, month = _numbered_month(int(found[1].rstrip("份").rstrip("月")), "", reading)
        else:
            year, month = _spoken_month(found[1] or "", reading)
        last = monthrange(year, month)[1]
        day = {"底": last, "末": last, "初": 1, "中": 15}[found[2][-1]]
        then = date(year, month, day)
        if not found[1] and not reading.past and then < reading.today:
            year, month = months_on(year, month, 1)
            then = date(year, month, day)
        reading.day(then)
        return True
    if (found := _DAY_OF.search(text)) is not None and _day_of(found, reading):
        return True
    if (found := _SPOKEN_MONTH.search(text)) is not None:
        reading.month(*_spoken_month(found[1], reading))
        return True
    if (found := _MONTH.search(text)) is not None:
        reading.month(*_numbered_month(int(found[2]), found[1], reading))
        return True
    if (found := _LATELY.search(text)) is not None and (count := _whole(found[1])):
        year, month = months_on(reading.today.year, reading.today.month, -min(count, 120))
        reading.day(date(year, month, min(reading.today.day, monthrange(year, month)[1])), reading.today)
        return True
    return False


def _whole(word: str) -> int:
    return int(word) if word.isdigit() and len(word) < 4 else {"两": 2, "几": 3}.get(word, 0)


def _numbered_month(month: int, year_word: str, reading: Reading) -> tuple[int, int]:
    today = reading.today
    if year_word:
        return _year_of(year_word, today), month
    if reading.past:
        return (today.year if month <= today.month else today.year - 1), month
    return (today.year if month >= today.month else today.year + 1), month


def _day_of(found: re.Match[str], reading: Reading) -> bool:
    number = int(found[2])
    year, month = _spoken_month(found[1] or "", reading)
    day = safe(year, month, number)
    if not found[1]:
        day = _nearest_day(number, reading, -1 if reading.past else 1)
        reading.unsaid = _nearest_day(number, reading, 1 if reading.past else -1)
        reading.unsaid = None if reading.unsaid == day else reading.unsaid
    if day is None:
        return False
    last = safe(day.year, day.month, int(found[3])) if found[3] else None
    if last is not None and last < day:
        last = safe(*months_on(day.year, day.month, 1), last.day)
    reading.day(day, last)
    reading.at(found)
    return True


def _nearest_day(number: int, reading: Reading, step: int) -> date | None:
    """The next or last day with this number, in the first month that has it."""
    for months in range(4):
        day = safe(*months_on(reading.today.year, reading.today.month, months * step), number)
        if day is not None and (day >= reading.today if step > 0 else day <= reading.today):
            return day
    return None


def _year_of(word: str, today: date) -> int:
    if word[:4].isdigit():
        return int(word[:4])
    return today.year + {"前年": -2, "去年": -1, "上年": -1, "明年": 1}.get(word, 0)


def yearly(text: str, reading: Reading) -> bool:
    today = reading.today
    if (found := _QUARTER.search(text)) is not None:
        if found[2]:
            quarter, year = WEEKDAYS[found[2]], today.year
            year_word = _YEAR.search(text)
            if year_word is not None:
                year = _year_of(year_word[1], today)
            elif reading.past and quarter > (today.month - 1) // 3:
                year -= 1
        else:
            count = today.year * 4 + (today.month - 1) // 3 + SHIFT[found[1]]
            year, quarter = count // 4, count % 4
        last = quarter * 3 + 3
        reading.day(date(year, last - 2, 1), date(year, last, monthrange(year, last)[1]))
        return True
    found = _YEAR.search(text)
    if found is None and "年底" in text:
        reading.day(date(today.year, 12, 31))
        return True
    if found is not None and found[2] and found[2][-1] in "底初":
        year = _year_of(found[1], today)
        reading.day(date(year, 12, 31) if found[2][-1] == "底" else date(year, 1, 1))
        return True
    half = _HALF_YEAR.search(text)
    if found is None and half is None:
        return False
    year = _year_of(found[1], today) if found is not None else today.year
    if half is None:
        reading.day(date(year, 1, 1), date(year, 12, 31))
    elif half[1] == "上半年":
        reading.day(date(year, 1, 1), date(year, 6, 30))
    else:
        reading.day(date(year, 7, 1), date(year, 12, 31))
    return True
