"""Shifts (班次): on which days and between which hours a duty is on, in China's time."""

import re
import unicodedata
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from models.ledger_cells import BadCell

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOW = "请写成 08:00-20:00，或「周一至周五 08:00-20:00」，全天就空着"
_DAYS = "一二三四五六日"
_HOURS = re.compile(r"(\d{1,2}):(\d{2})\s*(?:-|~|到|至)\s*(\d{1,2}):(\d{2})$")
_SPAN = re.compile(r"周([一二三四五六日天])\s*(?:-|~|到|至)\s*周?([一二三四五六日天])$")
_SINGLE = re.compile(r"(?:周?[一二三四五六日天][、,，\s]*)+$")


def shift_of(words: str) -> str:
    """`shift_of("周一至周五 08:00-20:00") == "12345 08:00-20:00"`; every day without days, "" for round the clock.

    Raises:
        BadCell: cannot be read as a shift.
    """
    plain = unicodedata.normalize("NFKC", words).strip().replace("星期", "周").replace("礼拜", "周")
    plain = plain.replace("—", "-").replace("–", "-")
    if plain in ("", "全天", "24小时", "00:00-24:00", "00:00-00:00"):
        return ""
    if canonical := re.fullmatch(r"([1-7]+) (\d{2}:\d{2}-\d{2}:\d{2})", plain):
        return canonical[0]
    hours = _HOURS.search(plain)
    if hours is None:
        raise BadCell(f"「{words}」看不出是什么班次；{HOW}")
    first, last = (f"{int(hours[at]):02d}:{hours[at + 1]}" for at in (1, 3))
    if first == last or not all(_is_clock(clock) for clock in (first, last)):
        raise BadCell(f"「{words}」的钟点不对；{HOW}")
    return f"{_days_in(plain[: hours.start()].strip(), words)} {first}-{last}"


def _is_clock(clock: str) -> bool:
    return clock == "24:00" or (int(clock[:2]) < 24 and int(clock[3:]) < 60)


def _days_in(days: str, words: str) -> str:
    if days in ("", "每天", "天天"):
        return "1234567"
    if days in ("工作日", "平时"):
        return "12345"
    if days == "周末":
        return "67"
    days = days.replace("天", "日")
    if span := _SPAN.fullmatch(days):
        first, last = (_DAYS.index(day) for day in span.groups())
        order = [(first + step) % 7 for step in range((last - first) % 7 + 1)]
        return "".join(str(day + 1) for day in sorted(order))
    if _SINGLE.fullmatch(days):
        return "".join(str(at + 1) for at, day in enumerate(_DAYS) if day in days)
    raise BadCell(f"「{words}」的日子看不懂；{HOW}")


def on_shift(shift: str, now: datetime) -> bool:
    """Whether the shift is on; the end does not belong to it. A night shift belongs to the day it begins on."""
    if not shift:
        return True
    days, _, hours = shift.partition(" ")
    first, _, last = hours.partition("-")
    local = now.astimezone(SHANGHAI)
    clock = f"{local:%H:%M}"
    today, yesterday = str(local.isoweekday()), str((local - timedelta(days=1)).isoweekday())
    if first < last:
        return today in days and first <= clock < last
    return (today in days and clock >= first) or (yesterday in days and clock < last)


def shift_words(shift: str) -> str:
    """A shift as an admin writes it; `shift_of` reads it back."""
    days, _, hours = shift.partition(" ")
    if not shift or days == "1234567":
        return hours
    named = {"12345": "工作日", "67": "周末"}.get(days) or "、".join(
        f"周{_DAYS[int(day) - 1]}" for day in days
    )
    return f"{named} {hours}"
