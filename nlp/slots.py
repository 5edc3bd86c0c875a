"""All slots of one message together."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from operator import add
from zoneinfo import ZoneInfo

from nlp import numbers, places, times
from nlp.normalise import clean

LOCAL = ZoneInfo("Asia/Shanghai")


def slots(
    text: str,
    now: datetime,
    *,
    past: bool = False,
    activities: Sequence[str] = (),
    estates: Sequence[str] = (),
    said: str = "",
) -> dict[str, str]:
    """The slots of a normalised text, by the names that `Understanding` lists.

    `now` is aware; `past` says which way a date without a year looks; `said` is the text as it was typed.
    """
    found: dict[str, str] = {}
    if ticket := numbers.ticket(text):
        found["ticket"] = ticket
        text = text.replace(ticket.lower(), " ")
    if phone := numbers.phone(text):
        found["phone"] = phone
        text = text.replace(phone, " ")
    found |= places.places(text, estates, said)
    if (people := numbers.people(text)) is not None:
        found["people"] = str(people)
    if (fen := numbers.amount_fen(text)) is not None:
        found["amount_fen"] = str(fen)
    found |= times.times(text, now.astimezone(LOCAL), past=past)
    if activity := _activity(text, activities):
        found["activity"] = activity
    return found


def _activity(text: str, activities: Sequence[str]) -> str:
    """The activity whose name is in the text, or whose name shares the longest stretch of two characters or more."""
    pairs = _pairs(tuple(activities))
    if pairs and pairs.isdisjoint(map(add, text, text[1:])):
        return ""  # nothing shared with any name: 5 µs less for most messages
    best, length = "", 1
    for name in activities:
        plain = _plain(name)
        size = len(plain) + 100 if plain and plain in text else _shared(plain, text)
        if size > length:
            best, length = name, size
    return best


@lru_cache(maxsize=16)
def _pairs(activities: tuple[str, ...]) -> frozenset[str]:
    """Every two neighbouring characters of the names; none when a name is a single one."""
    names = [_plain(name) for name in activities]
    if any(len(name) == 1 for name in names):
        return frozenset()
    return frozenset(pair for name in names for pair in map(add, name, name[1:]))


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    return clean(name)


def _shared(name: str, text: str) -> int:
    """Length of the longest stretch of `name` in `text` that says more than 活动, 社区, 报名 and the like."""
    longest = 0
    for start in range(len(name) - 1):
        end = start + max(2, longest + 1)
        while end <= len(name) and name[start:end] in text:
            if name[start:end] not in _COMMON:
                longest = end - start
            end += 1
    return longest


_COMMON = frozenset(
    {
        "活动",
        "社区",
        "报名",
        "居民",
        "我们",
        "小区",
        "老年",
        "老人",
        "亲子",
        "邻里",
        "免费",
        "志愿",
        "培训",
        "比赛",
        "讲座",
    }
)
