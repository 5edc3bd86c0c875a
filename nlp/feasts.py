"""Festivals, 节气 and days of the lunar calendar in words."""

import re
from datetime import date, timedelta

from nlp import lunar
from nlp.normalise import numeral
from nlp.reading import Reading, nearest

LUNAR = re.compile(
    r"(?:农历|阴历)?的?(正月|腊月|冬月|(?:农历|阴历)[一二三四五六七八九十0-9]+月|[二三四五六七八九十0-9]+月(?=初[^0-9]|廿)|八月(?=十五))"
    r"(初?[一二三四五六七八九十廿0-9]+)(?:号|日)?"
)


_LUNAR_DAY = {"初": 0, "廿": 20}


_FEASTS: dict[str, tuple[int, int, bool]] = {  # month, day, lunar
    **{"元旦": (1, 1, False), "三八": (3, 8, False), "妇女节": (3, 8, False), "植树节": (3, 12, False)},
    **{"劳动节": (5, 1, False), "五一": (5, 1, False), "青年节": (5, 4, False), "儿童节": (6, 1, False)},
    **{"六一": (6, 1, False), "七一": (7, 1, False), "建军节": (8, 1, False), "八一": (8, 1, False)},
    **{"教师节": (9, 10, False), "国庆": (10, 1, False), "十一国庆": (10, 1, False), "圣诞": (12, 25, False)},
    **{"春节": (1, 1, True), "大年初一": (1, 1, True), "元宵": (1, 15, True), "端午": (5, 5, True)},
    **{
        "七夕": (7, 7, True),
        "中元": (7, 15, True),
        "中秋": (8, 15, True),
        "重阳": (9, 9, True),
        "腊八": (12, 8, True),
    },
    **{"除夕": (12, 30, True), "大年三十": (12, 30, True), "小年": (12, 23, True)},
}


# 重阳宴 and 中秋晚会 are names of activities, not dates: a feast counts with 节, 那天, before or after it or alone.
# 节气 by the usual formula for 2000-2099, and Sundays of a month: (month, constant) and (month, which Sunday).
_TERMS = {"清明": (4, 4.81), "冬至": (12, 21.94)}


_SUNDAYS = {"母亲节": (5, 2), "父亲节": (6, 3)}


_FLOATING = re.compile("|".join([*_TERMS, *_SUNDAYS]))


_FEAST = re.compile(
    "("
    + "|".join(sorted(_FEASTS, key=len, reverse=True))
    + r")(?:节|佳节)?(?!宴|晚会|灯会|联欢|活动|那场|粽|月饼|路|街|糕)"
)


def lunar_words(found: re.Match[str], reading: Reading) -> bool:
    name, words = found[1].removeprefix("农历").removeprefix("阴历"), found[2]
    month = {"正月": 1, "冬月": 11, "腊月": 12}.get(name) or (
        int(name[:-1]) if name[:-1].isdigit() else numeral(name[:-1])
    )
    words = words.removeprefix("初")
    day = int(words) if words.isdigit() else numeral(words.replace("廿", "二十"))
    return month is not None and day is not None and lunar_day(month, day, reading)


def lunar_day(month: int, day: int, reading: Reading) -> bool:
    year = reading.today.year
    options = [found for shift in (-1, 0, 1) if (found := lunar.solar(year + shift, month, day)) is not None]
    if reading.past:
        options = [option for option in options if option <= reading.today][-1:]
    else:
        options = [option for option in options if option >= reading.today][:1]
    if options:
        reading.day(options[0])
    return bool(options)


def _floating(name: str, year: int) -> date:
    if name in _TERMS:
        month, constant = _TERMS[name]
        return date(year, month, int(year % 100 * 0.2422 + constant) - year % 100 // 4)
    month, which = _SUNDAYS[name]
    first = date(year, month, 1)
    return first + timedelta(days=(6 - first.weekday()) + 7 * (which - 1))


def feast(text: str, reading: Reading) -> bool:
    if (found := _FLOATING.search(text)) is not None:
        day: date | None = _floating(found[0], reading.today.year)
        assert day is not None
        if reading.past != (day <= reading.today):
            day = _floating(found[0], reading.today.year + (-1 if reading.past else 1))
        reading.day(day)
        return True
    if (found := _FEAST.search(text)) is None:
        return False
    month, number, by_moon = _FEASTS[found[1]]
    if by_moon:
        return lunar_day(month, number, reading)
    if (day := nearest(reading, month, number)) is not None:
        reading.day(day)
    return day is not None
