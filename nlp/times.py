"""Moments and periods in words: 明早8点, 下周三下午, 上个月, 9月, 重阳节; against a given now."""

import re
from datetime import datetime

from nlp.clock import clock
from nlp.days import exact, relative, spoken_day
from nlp.feasts import feast
from nlp.periods import monthly, yearly
from nlp.reading import Reading

_MAYBE = re.compile(
    r"[年月日号天周晚早午夜晨点季]|星期|礼拜|小时|分钟|刚|现在|马上|节|除夕|元旦|端午|中秋|重阳|国庆|腊|初|[0-9][./:-][0-9]|昨|前|冬至|清明|元宵|春|五一|六一|三八|七一|八一|七夕|圣诞|小年"
)


def times(text: str, now: datetime, *, past: bool = False) -> dict[str, str]:
    """date, date_to, time, time_to and month of a normalised text.

    `now` is local time. `past` says which way a date without a year looks: back for money and progress, ahead for
    activities. A whole month is `month`, a longer period `date` to `date_to`.
    """
    if not _MAYBE.search(text):
        return {}
    reading = Reading(now, past)
    for look in (exact, spoken_day, relative, feast, monthly, yearly):
        if look(text, reading):
            break
    clock(text, reading)
    return reading.slots
