"""How an admin writes a wait, a span of the day, an account, a list: read from text, mistakes said in Chinese."""

import re
import unicodedata
from datetime import time, timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict
from pydantic_core import PydanticCustomError

_UNITS = {
    "秒": timedelta(seconds=1),
    "分": timedelta(minutes=1),
    "时": timedelta(hours=1),
    "天": timedelta(days=1),
    "周": timedelta(weeks=1),
}
_NAMES = {
    "秒钟": "秒", "分钟": "分", "小时": "时", "个小时": "时", "钟头": "时", "个钟头": "时", "个钟": "时",
    "日": "天", "星期": "周", "个星期": "周", "秒": "秒", "分": "分", "时": "时", "天": "天", "周": "周",
}  # fmt: skip
_UNIT = "|".join(sorted(_NAMES, key=len, reverse=True))
_PART = re.compile(rf"(\d{{1,7}}(?:\.\d{{1,3}})?|半|[一二两三四五六七八九十]{{1,3}})\s*({_UNIT})\s*(半)?\s*")
_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")} | {"两": 2}
_LONGEST = timedelta(days=3660)
_HOW_LONG = "请写成「10分钟」「1小时」「1天」这样"


def duration(text: str) -> timedelta:
    """「90秒」, 「1小时30分钟」, 「半小时」, 「一天」, full-width digits too.

    Raises:
        ValueError: it is not a wait, or longer than ten years; the message is Chinese.
    """
    words = unicodedata.normalize("NFKC", text).strip().replace(" ", "").replace("又", "")
    total, position = timedelta(0), 0
    while position < len(words):
        found = _PART.match(words, position)
        if not found:
            raise ValueError(_HOW_LONG)
        unit = _UNITS[_NAMES[found[2]]]
        total += unit * _number(found[1]) + (unit / 2 if found[3] else timedelta(0))
        position = found.end()
        if total > _LONGEST:
            raise ValueError("太长了，最多十年")
    if not words:
        raise ValueError(_HOW_LONG)
    return total


def _number(words: str) -> float:
    if words == "半":
        return 0.5
    if words[0].isdigit() and words[0] not in _DIGITS:
        return float(words)
    tens, ten, ones = words.rpartition("十")
    if not ten:
        if len(words) > 1:
            raise ValueError(_HOW_LONG)
        return _DIGITS[words]
    if len(tens) > 1 or len(ones) > 1:
        raise ValueError(_HOW_LONG)
    return (_DIGITS[tens] if tens else 1) * 10 + (_DIGITS[ones] if ones else 0)


def said(span: timedelta) -> str:
    """A wait as `duration` reads it: 「1小时30分钟」."""
    seconds = int(span.total_seconds())
    parts = []
    for name, size in (("天", 86400), ("小时", 3600), ("分钟", 60), ("秒", 1)):
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count}{name}")
    return "".join(parts) or "0秒"


def hours(text: str) -> tuple[time, time]:
    """「22:00-07:00」 → from, to; 「不设」 and the like → the same moment twice, an empty span.

    Raises:
        ValueError: not two times of day.
    """
    words = unicodedata.normalize("NFKC", text).replace(" ", "")
    if words in ("无", "不设", "没有", "否"):
        return time(0), time(0)
    found = re.fullmatch(r"(\d{1,2}):(\d{2})(?:-|~|—|–|到|至)+(\d{1,2}):(\d{2})", words)
    try:
        if not found:
            raise ValueError
        start, end = time(int(found[1]) % 24, int(found[2])), time(int(found[3]) % 24, int(found[4]))
        if int(found[1]) > 24 or int(found[3]) > 24:
            raise ValueError
    except ValueError:
        raise ValueError(
            "请写成「22:00-07:00」这样（24 小时制）；夜间也要提醒，就写「夜间不提醒: 不设」"
        ) from None
    return start, end


def _duration(value: object) -> object:
    if not isinstance(value, str):
        return value if isinstance(value, timedelta) else _refuse(_HOW_LONG)
    try:
        return duration(value)
    except ValueError as problem:
        return _refuse(str(problem))


def _refuse(what: str) -> object:
    raise PydanticCustomError("linli", "{what}", {"what": what})


def _positive(value: timedelta) -> timedelta:
    if value <= timedelta(0):
        _refuse("要大于 0")
    return value


def many(value: object) -> object:
    """One thing alone is a list of one; nothing is an empty list."""
    if value is None or value == "":
        return ()
    return (value,) if isinstance(value, str) else value


def _yes(value: object) -> object:
    known = {"是": True, "要": True, "需要": True, "否": False, "不要": False, "不需要": False}
    if isinstance(value, str):
        return known[value.strip()] if value.strip() in known else _refuse("请写「是」或「否」")
    return value


def _word(text: str) -> str:
    text = text.strip()
    if not text:
        _refuse("这里不能空着：请写上内容，或删掉这一项")
    return text


def userid(text: str) -> str:
    """An account name of 企业微信: 1 to 64 letters, digits, `_-@.`, beginning with a letter or digit (official).

    Raises:
        PydanticCustomError: several names in one, a person's Chinese name, or other characters.
    """
    text = unicodedata.normalize("NFKC", text).strip()
    if re.search(r"[,、;]", text):
        _refuse("几个账号之间要用英文逗号和方括号，例如 [zhangsan, lisi]")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}", text):
        _refuse(f"「{text}」不是企业微信账号：请填通讯录里「账号」那一栏（英文或数字），不是姓名或手机备注")
    return text


Duration = Annotated[timedelta, BeforeValidator(_duration)]
Limit = Annotated[timedelta, BeforeValidator(_duration), AfterValidator(_positive)]
Durations = Annotated[tuple[Duration, ...], BeforeValidator(many)]
Word = Annotated[str, AfterValidator(_word)]
UserId = Annotated[str, AfterValidator(userid)]
UserIds = Annotated[tuple[UserId, ...], BeforeValidator(many)]
Words = Annotated[tuple[Word, ...], BeforeValidator(many)]
YesNo = Annotated[bool, BeforeValidator(_yes)]


class Section(BaseModel):
    """A piece of the file: immutable, nothing unknown let in, read by its Chinese names."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
