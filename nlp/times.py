"""Moments and periods in words: 明早8点, 下周三下午, 上个月, 9月, 重阳节; against a given now."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

from nlp.clock import clock
from nlp.days import at_once, exact, relative, spoken_day
from nlp.feasts import feast
from nlp.periods import monthly, yearly
from nlp.reading import Reading
from nlp.tense import looks_back

_MAYBE = re.compile(
    r"[年月日号天周晚早午夜晨点季]|[今明昨前后]儿|星期|礼拜|小时|分钟|刻钟|钟头|刚|现在|马上|节|除夕|元旦|端午|中秋|重阳|国庆|腊|初|"
    r"[0-9][./:-][0-9]|昨|前|[一-鿿]至|清明|元宵|[春秋]分|立[春夏秋冬]|处暑|[五六七八]一|三八|七夕|圣诞|三月三|二月二|六月六|龙抬头|双1|双十|谷雨|小满|芒种|[小大]暑|[白寒]露|霜降|[小大]寒|惊蛰|春"
)
_TO = re.compile(r"^(?:那天|开始)?(?:到|至|-|~|—)+")
_DAYS: tuple[Callable[[str, Reading], bool], ...] = (exact, spoken_day, feast, relative, monthly, yearly)
_ENDS: tuple[Callable[[str, Reading], bool], ...] = (exact, spoken_day, feast, monthly)


def times(text: str, now: datetime, *, past: bool = False) -> dict[str, str]:
    """date, date_to, time, time_to and month of a normalised text.

    `now` is local time. `past` says which way a date without a year looks when the words do not tell: back for money
    and progress, ahead for activities. A whole month is `month`, a longer period `date` to `date_to`; `date_or` and
    `time_or` are what the words could mean as well.
    """
    if not _MAYBE.search(text):
        return {}
    said = looks_back(text)
    reading = Reading(now, past if said is None else said)
    for look in _DAYS:
        if look(text, reading):
            _until(text, reading)
            break
    clock(text, reading)
    if not reading.slots:
        at_once(text, reading)
    if said is None and reading.unsaid is not None and "date" in reading.slots:
        reading.slots["date_or"] = reading.unsaid.isoformat()
    return reading.slots


def _until(text: str, reading: Reading) -> None:
    """The end of a range of days, when 到 and another day follow at once: 周一到周五, 3号到下月2号."""
    if "date_to" in reading.slots or "date" not in reading.slots or reading.end < 0:
        return
    joined = _TO.match(text[reading.end :])
    if joined is None:
        return
    rest = text[reading.end + joined.end() :]
    first = date.fromisoformat(reading.slots["date"])
    # 「正月初一到初五」: 初五 is counted from the first day, 「下周三到下周五」 from today.
    for now in (reading.now, reading.now.replace(year=first.year, month=first.month, day=first.day)):
        last = replace(reading, now=now, slots={}, past=False, begin=-1, end=-1, unsaid=None)
        if any(look(rest, last) for look in _ENDS) and last.begin == 0 and "date" in last.slots:
            break
    else:
        return
    end = date.fromisoformat(last.slots["date"])
    if end < first and (first - end).days < 7:
        end += timedelta(weeks=1)
    if end > first:
        reading.slots["date_to"] = end.isoformat()
