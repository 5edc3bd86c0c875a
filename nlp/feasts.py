"""Festivals, 节气 and days of the lunar calendar in words."""

import re
from datetime import date, timedelta

from nlp import lunar
from nlp.normalise import numeral
from nlp.reading import Reading, nearest, safe

LUNAR = re.compile(
    r"(明年|今年|去年|后年)?的?(?:农历|阴历|旧历)?的?(正月|腊月|冬月|(?:农历|阴历|旧历)[一二三四五六七八九十0-9]+月|[二三四五六七八九十0-9]+月(?=初[^0-9]|廿)|八月(?=十五))"
    r"(初?[一二三四五六七八九十廿0-9]+)(?:号|日)?"
)


_FEASTS: dict[str, tuple[int, int, bool]] = {  # month, day, lunar
    **{"元旦": (1, 1, False), "三八": (3, 8, False), "妇女节": (3, 8, False), "植树节": (3, 12, False)},
    **{"劳动节": (5, 1, False), "五一": (5, 1, False), "青年节": (5, 4, False), "儿童节": (6, 1, False)},
    **{"六一": (6, 1, False), "七一": (7, 1, False), "建军节": (8, 1, False), "八一": (8, 1, False)},
    **{"教师节": (9, 10, False), "国庆": (10, 1, False), "十一国庆": (10, 1, False), "圣诞": (12, 25, False)},
    **{
        "平安夜": (12, 24, False),
        "跨年夜": (12, 31, False),
        "情人节": (2, 14, False),
        "愚人节": (4, 1, False),
    },
    **{"护士节": (5, 12, False), "建党节": (7, 1, False), "双十一": (11, 11, False), "双11": (11, 11, False)},
    **{"双十二": (12, 12, False), "万圣节": (10, 31, False), "消费者权益日": (3, 15, False)},
    **{"学雷锋日": (3, 5, False), "雷锋日": (3, 5, False), "消防日": (11, 9, False), "双12": (12, 12, False)},
    **{"春节": (1, 1, True), "元宵": (1, 15, True), "端午": (5, 5, True), "过年": (1, 1, True)},
    **{"七夕": (7, 7, True), "中元": (7, 15, True), "中秋": (8, 15, True), "重阳": (9, 9, True)},
    **{"腊八": (12, 8, True), "除夕": (12, 30, True), "年三十": (12, 30, True), "小年": (12, 23, True)},
    **{"团年夜": (12, 30, True), "年夜饭": (12, 30, True), "大年夜": (12, 30, True), "灯节": (1, 15, True)},
    **{"龙抬头": (2, 2, True), "二月二": (2, 2, True), "三月三": (3, 3, True), "五月五": (5, 5, True)},
    **{"六月六": (6, 6, True), "七月半": (7, 15, True), "九月九": (9, 9, True), "破五": (1, 5, True)},
}


# 节气 by the usual formula for 2000-2099 (month, constant), and weekdays of a month (month, which, weekday).
_TERMS = {
    **{"小寒": (1, 5.4055), "大寒": (1, 20.12), "立春": (2, 3.87), "雨水节气": (2, 18.73), "惊蛰": (3, 5.63)},
    **{"春分": (3, 20.646), "清明": (4, 4.81), "谷雨": (4, 20.1), "立夏": (5, 5.52), "小满": (5, 21.04)},
    **{"芒种": (6, 5.678), "夏至": (6, 21.37), "小暑": (7, 7.108), "大暑": (7, 22.83), "立秋": (8, 7.5)},
    **{
        "处暑": (8, 23.13),
        "白露": (9, 7.646),
        "秋分": (9, 23.042),
        "寒露": (10, 8.318),
        "霜降": (10, 23.438),
    },
    **{"立冬": (11, 7.438), "冬至": (12, 21.94)},
}


_WEEKDAYS_OF = {"母亲节": (5, 2, 6), "父亲节": (6, 3, 6), "感恩节": (11, 4, 3)}


_FLOATING = re.compile(f"(明年|今年|去年|后年)?的?({'|'.join([*_TERMS, *_WEEKDAYS_OF])})")


# 重阳宴 and 中秋晚会 are names of activities, not dates: a feast counts with 节, 那天, before or after it or alone.
_FEAST = re.compile(
    "(明年|今年|去年|后年)?的?("
    + "|".join(sorted(_FEASTS, key=len, reverse=True))
    + r")(?<!好过年)(?:节|佳节)?(?!宴|晚会|灯会|联欢|活动|(?<!节)那场|月饼|路|街|糕|厂|小学|大道|广场|花园|苑|坝坝宴)"
)
_NEW_YEAR = re.compile(r"(明年|今年|去年)?的?(?:大年|年)(初|三?十)([一二三四五六七八九十]?)(?![0-9月])")
# 初五 alone is a day of the first month, said around the spring festival; at other times it may be a class at school.
_FIRST_MONTH = re.compile(
    r"(?<![月年读上念级])初([一二三四五六七八九十]|十[一二三四五])(?!中|期|级|步|心|始|高|年|班|生|的?学生|的?娃|毕业)"
)
_SHIFTS = {"明年": 1, "今年": 0, "去年": -1, "后年": 2}


def lunar_words(found: re.Match[str], reading: Reading) -> bool:
    name, words = re.sub("农历|阴历|旧历", "", found[2]), found[3]
    month = {"正月": 1, "冬月": 11, "腊月": 12}.get(name) or (
        int(name[:-1]) if name[:-1].isdigit() else numeral(name[:-1])
    )
    words = words.removeprefix("初")
    day = int(words) if words.isdigit() else numeral(words.replace("廿", "二十"))
    if month is None or day is None or not lunar_day(month, day, reading, found[1]):
        return False
    reading.at(found)
    return True


def lunar_day(month: int, day: int, reading: Reading, year_word: str | None = None) -> bool:
    year = reading.today.year
    if year_word:
        then = lunar.solar(year + _SHIFTS[year_word], month, day)
        if then is not None:
            reading.day(then)
        return then is not None
    options = [
        found for shift in (-2, -1, 0, 1) if (found := lunar.solar(year + shift, month, day)) is not None
    ]
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
        short = year % 100
        return date(year, month, int(short * 0.2422 + constant) - (short - (month < 3)) // 4)
    month, which, weekday = _WEEKDAYS_OF[name]
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (which - 1))


def feast(text: str, reading: Reading) -> bool:
    return _floating_feast(text, reading) or _new_year(text, reading) or _fixed_feast(text, reading)


def _floating_feast(text: str, reading: Reading) -> bool:
    if (found := _FLOATING.search(text)) is None:
        return False
    year = reading.today.year
    if found[1]:
        day = _floating(found[2], year + _SHIFTS[found[1]])
    else:
        day = _floating(found[2], year)
        if day != reading.today and reading.past != (day < reading.today):
            day = _floating(found[2], year + (-1 if reading.past else 1))
    reading.day(day)
    reading.at(found)
    return True


def _new_year(text: str, reading: Reading) -> bool:
    """大年初五, 年三十; 初五 alone within six weeks of the spring festival."""
    if (found := _NEW_YEAR.search(text)) is not None:
        last = found[2] != "初"
        number = 30 if found[2] == "三十" else numeral("十" + found[3]) if last else numeral(found[3])
        if not number or not lunar_day(12 if number == 30 else 1, number, reading, found[1]):
            return False
        reading.at(found)
        return True
    if (found := _FIRST_MONTH.search(text)) is None:
        return False
    number = numeral(found[1])
    ahead = lunar.solar(reading.today.year, 1, number or 0)
    if ahead is None or abs((ahead - reading.today).days) > 42:
        return False
    reading.day(ahead)
    reading.at(found)
    return True


def _fixed_feast(text: str, reading: Reading) -> bool:
    if (found := _FEAST.search(text)) is None:
        return False
    month, number, by_moon = _FEASTS[found[2]]
    if by_moon:
        known = lunar_day(month, number, reading, found[1])
    else:
        if found[1]:
            day = safe(reading.today.year + _SHIFTS[found[1]], month, number)
        else:
            day = nearest(reading, month, number)
        known = day is not None
        if day is not None:
            reading.day(day)
    if known:
        reading.at(found)
    return known
