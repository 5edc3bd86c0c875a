"""Single days and weeks in words: 明天, 下周三, 11月5号, 三天后."""

import re
from calendar import monthrange
from datetime import date, timedelta

from nlp.clock import CLOCK
from nlp.feasts import LUNAR, lunar_words
from nlp.normalise import numeral
from nlp.reading import SHIFT, WEEKDAYS, Reading, months_on, nearest, safe

_DAYS = {
    **{"大前天": -3, "前天": -2, "前晚": -2, "昨天": -1, "昨日": -1, "昨晚": -1, "昨夜": -1},
    **{"今天": 0, "今日": 0, "今晚": 0, "今早": 0, "今晨": 0, "今夜": 0, "今下午": 0},
    **{
        "明天": 1,
        "明日": 1,
        "明早": 1,
        "明晚": 1,
        "明晨": 1,
        "明下午": 1,
        "明上午": 1,
        "大后天": 3,
        "后天": 2,
        "后晚": 2,
    },
    **{
        "昨晚上": -1,
        "今晚上": 0,
        "明晚上": 1,
        "前夜": -2,
        "明后天": 1,
        "后日": 2,
        "今儿": 0,
        "明儿": 1,
        "后儿": 2,
    },
    **{
        "昨儿": -1,
        "前儿": -2,
        "大前儿": -3,
        "大后儿": 3,
        "今早上": 0,
        "明早上": 1,
        "今上午": 0,
        "昨下午": -1,
    },
}


_DAY = re.compile(f"({'|'.join(sorted(_DAYS, key=len, reverse=True))})(?<!儿(?=[子媳孙童女]))(?:个|天)?")


_WEEKDAY = re.compile(
    r"((?:上上|下下|上|下|本|这|今)?)个?(?:周|星期|礼拜)([一二三四五六日天1-7])(?![0-9个天年周])"
)


_WEEKEND = re.compile(r"((?:上上|下下|上|下|本|这|今)?)个?(?:周末|星期末)")


_WEEK = re.compile(r"(上上|下下|上|下|本|这)个?(?:周|星期|礼拜)(?![一二三四五六日天末0-9])")


_FULL = re.compile(
    r"(?<![0-9])(20[0-9]{2}|[0-9]{2})(?:年|[-/.])([0-9]{1,2})(?:月|[-/.])([0-9]{1,2})(?![0-9])"
)


_MONTH_DAY = re.compile(
    r"(?<![0-9.])((?:明年|今年|去年|后年)?)的?([0-9]{1,2})月(?:份)?的?([0-9]{1,2})(?:日|号)?(?:到|至|-|~)?(?:([0-9]{1,2})(?:日|号))?"
    r"(?![0-9个])"
)


_DOTTED = re.compile(r"(?<![0-9.\-/])(1[0-2]|0?[1-9])[./]([0-3]?[0-9])(?![0-9./元块%度米])")


_AGO = re.compile(
    r"(?:([0-9]+|半|几|两)个?(半?)(分钟|小时|钟头|刻钟|天|日|周|星期|礼拜|个?月|年)|([一二三四五六七八九十]+)个?(半?)(分钟|小时|钟头|刻钟|天|周|星期|礼拜|月|年))"
    r"(多|半)?(?:的?时间)?(?:以|之|过)?(前(?![面头])|后(?![面头]))"
)
_IN = re.compile(
    r"(?:再)?(?:过|等|隔)(?:个)?([0-9]+|半|两|一)个?(半?)(分钟|小时|钟头|刻钟|天|周|星期|礼拜|月|年)(?!了|来|没|都|还|多了)"
)
_MINUTES = {"分钟": 1, "刻钟": 15, "小时": 60, "钟头": 60}


_NOW = re.compile(r"刚才|刚刚|现在|此刻|目前|刚(?=报|说|提|发)|马上")


def exact(text: str, reading: Reading) -> bool:
    day: date | None
    if (found := _FULL.search(text)) is not None:
        year = int(found[1]) + (2000 if len(found[1]) == 2 else 0)
        if (day := safe(year, int(found[2]), int(found[3]))) is not None:
            reading.day(day)
            reading.at(found)
            return True
    if (found := LUNAR.search(text)) is not None and lunar_words(found, reading):
        return True
    if (found := _MONTH_DAY.search(text)) is not None:
        month, number = int(found[2]), int(found[3])
        shift = {"明年": 1, "今年": 0, "去年": -1, "后年": 2}.get(found[1])
        if shift is None:
            day = nearest(reading, month, number)
        else:
            day = safe(reading.today.year + shift, month, number)
        if day is not None:
            reading.day(day, safe(day.year, day.month, int(found[4])) if found[4] else None)
            reading.at(found)
            return True
    found = _DOTTED.search(text)
    day = nearest(reading, int(found[1]), int(found[2])) if found is not None else None
    if day is not None and found is not None:
        reading.day(day)
        reading.at(found)
    return day is not None


def spoken_day(text: str, reading: Reading) -> bool:
    if (found := _DAY.search(text)) is not None:
        first = reading.today + timedelta(days=_DAYS[found[1]])
        reading.day(first, first + timedelta(days=1) if found[1] == "明后天" else None)
        reading.at(found)
        return True
    monday = reading.today - timedelta(days=reading.today.weekday())
    if (found := _WEEKDAY.search(text)) is not None:
        day = monday + timedelta(days=WEEKDAYS[found[2]], weeks=SHIFT[found[1]])
        if not found[1]:
            if not reading.past and day < reading.today:
                day += timedelta(weeks=1)
            elif reading.past and day > reading.today:
                day -= timedelta(weeks=1)
            reading.unsaid = day + timedelta(weeks=-1 if day >= reading.today else 1)
        reading.day(day)
        reading.at(found)
        return True
    if (found := _WEEKEND.search(text)) is not None:
        saturday = monday + timedelta(days=5, weeks=SHIFT[found[1]])
        reading.day(saturday, saturday + timedelta(days=1))
        return True
    if (found := _WEEK.search(text)) is not None:
        first = monday + timedelta(weeks=SHIFT[found[1]])
        reading.day(first, first + timedelta(days=6))
        return True
    return False


def relative(text: str, reading: Reading) -> bool:
    if (found := _AGO.search(text)) is not None:
        word, unit = found[1] or found[4], (found[3] or found[6]).removeprefix("个")
        ahead = -1 if "前" in found[8] else 1
        if word not in {"几"} and len(word) < 5:
            half = "半" in {found[2], found[5], found[7]}
            _move(reading, (_amount(word) + half / 2) * ahead, unit)
            return True
    if (found := _IN.search(text)) is not None and len(found[1]) < 5:
        _move(reading, _amount(found[1]) + (found[2] == "半") / 2, found[3])
        return True
    return False


def _amount(word: str) -> float:
    return 0.5 if word == "半" else float(word) if word.isdigit() else float(numeral(word) or 0)


def at_once(text: str, reading: Reading) -> bool:
    """现在, 刚才: only when no other day is named."""
    if _NOW.search(text) and not CLOCK.search(text):
        reading.day(reading.today)
        reading.slots["time"] = f"{reading.now:%H:%M}"
        return True
    return False


def _move(reading: Reading, amount: float, unit: str) -> None:
    if unit in _MINUTES:
        then = reading.now + timedelta(minutes=amount * _MINUTES[unit])
        reading.day(then.date())
        reading.slots["time"] = f"{then:%H:%M}"
    elif unit == "月" and amount != round(amount):
        reading.day(reading.today + timedelta(days=round(amount * 30)))
    elif unit in {"月", "年"}:
        months = round(amount * (12 if unit == "年" else 1))
        if abs(months) > 1200:
            return
        year, month = months_on(reading.today.year, reading.today.month, months)
        reading.day(date(year, month, min(reading.today.day, monthrange(year, month)[1])))
    else:
        days = amount * (1 if unit in {"天", "日"} else 7)
        reading.day(reading.today + timedelta(days=round(days)))
