"""Template messages: what each kind of keyword may hold, and the ten minutes in which a client_msg_id counts once.

Source: 类目模板 parameter table of the platform (error 47003 names the first keyword that does not fit).
"""

import re
from collections.abc import Mapping
from itertools import count
from typing import Any

from bot.sim.clock import SimClock

ONCE_S = 600.0

_CLOCK = r"([01]?\d|2[0-3]):[0-5]\d(:[0-5]\d)?"
_DAY = r"\d{4}(年\d{1,2}月\d{1,2}日|[-/]\d{1,2}[-/]\d{1,2})"
_TIME = rf"({_DAY} ?{_CLOCK}|{_DAY}|{_CLOCK})"
RULES: dict[str, re.Pattern[str]] = {
    "thing": re.compile(r"[^\x00-\x1f]{1,20}"),
    "number": re.compile(r"-?\d{1,32}(\.\d+)?"),
    "letter": re.compile(r"[A-Za-z]{1,32}"),
    "symbol": re.compile(r"[^\w\s]{1,5}"),
    "character_string": re.compile(r"[\x21-\x7e]{1,32}"),
    "time": re.compile(rf"{_TIME}( ?~ ?{_TIME})?"),
    "date": re.compile(rf"{_DAY}( ?{_CLOCK})?( ?~ ?{_DAY}( ?{_CLOCK})?)?"),
    "amount": re.compile(r"[^\d\s]?\d{1,10}(\.\d{1,2})?元?"),
    "phone_number": re.compile(r"[\d+\-() ]{1,17}"),
    "car_number": re.compile(r"\S{1,8}"),
    "name": re.compile(r"[\u4e00-\u9fff·]{1,10}|[^\u4e00-\u9fff\x00-\x1f]{1,20}"),
    "phrase": re.compile(r"[\u4e00-\u9fff]{1,5}"),
    "const": re.compile(r"[^\x00-\x1f]{1,20}"),
    "enum": re.compile(r"[^\x00-\x1f]{1,20}"),
}
_OTHER = re.compile(r"[^\x00]{1,200}", re.DOTALL)


def fits(keyword: str, value: str) -> bool:
    """Whether the platform takes `value` for a keyword such as `thing1` or `character_string3`."""
    if len(keyword.encode()) > 32:
        return False
    return bool(RULES.get(re.sub(r"\d+$", "", keyword), _OTHER).fullmatch(value))


def misfit(keywords: Mapping[str, str], data: Any) -> str:
    """The errmsg of 47003 for the first keyword that is missing or does not fit; "" when all do.

    `keywords` maps our field names to keywords, as in the configuration.
    """
    if not isinstance(data, Mapping):
        return "argument invalid! data is empty"
    for keyword in keywords.values():
        entry = data.get(keyword)
        value = entry.get("value") if isinstance(entry, Mapping) else None
        if value is None or value == "":
            return f"argument invalid! data.{keyword}.value is empty"
        if not isinstance(value, str) or not fits(keyword, value):
            return f"argument invalid! data.{keyword}.value invalid"
    return ""


class SentTemplates:
    """Numbers of template messages, and which client_msg_id got which."""

    def __init__(self, clock: SimClock) -> None:
        self._clock = clock
        self._numbers = count(200228332)
        self._seen: dict[tuple[str, str], tuple[float, int]] = {}

    def number(self, openid: str, client_msg_id: str) -> tuple[int, bool]:
        """The msgid, and whether this is the first time."""
        now = self._clock.now()
        self._seen = {key: (at, number) for key, (at, number) in self._seen.items() if at > now - ONCE_S}
        if client_msg_id and (openid, client_msg_id) in self._seen:
            return self._seen[openid, client_msg_id][1], False
        number = next(self._numbers)
        if client_msg_id:
            self._seen[openid, client_msg_id] = (now, number)
        return number, True

    def clear(self) -> None:
        self._seen.clear()
