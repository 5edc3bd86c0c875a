"""Makes our values fit the fields of a template message: one wrong character and WeChat refuses all of it (47003).

Source: 「模板消息参数值内容限制说明」; the type is the beginning of the keyword's name (thing1, time2).
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from bot.channels.wording import clean

SHANGHAI = ZoneInfo("Asia/Shanghai")
_HAN = r"\u4e00-\u9fff"  # rarer signs are not known to count as 汉字 there
_DAY = re.compile(r"(?:(\d{4})\s*[-/.年]\s*)?(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_CLOCK = re.compile(r"(下午|晚上|傍晚)?\s*(?<!\d)([01]?\d|2[0-3])\s*[:点时]\s*([0-5]\d|半)?")
_SPAN = re.compile(r"[~至到—–]|(?<=:\d\d)\s*-\s*(?=\d)")
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


class Unfit(ValueError):
    """No true value fits; says why in Chinese."""


def fit(keyword: str, value: str, now: datetime) -> str:
    """The value as the keyword's type takes it: never empty, no control characters, one line.

    Raises:
        Unfit: nothing that fits would be true.
    """
    kind = re.match(r"[a-z_]*", keyword)
    fitter = FITTERS.get(kind.group().rstrip("_") if kind else "", _free)
    return fitter(" ".join(clean(value).split()), now.astimezone(SHANGHAI))


def _at_most(text: str, count: int) -> str:
    return text if len(text) <= count else text[: count - 1] + "…"


def _plain(text: str) -> str:
    """Full-width digits, letters and signs by their plain twins."""
    return unicodedata.normalize("NFKC", text)


def _thing(text: str, _: datetime) -> str:
    return _at_most(text, 20) or "无"


def _free(text: str, _: datetime) -> str:
    """first, remark and the keywords of templates from before 2023: no limit of type."""
    return _at_most(text, 200) or "无"


def _number(text: str, _: datetime) -> str:
    found = _NUMBER.search(_plain(text).replace(",", ""))
    if not found:
        return "0"
    whole, part = (found.group() + ".").split(".")[:2]
    whole = whole[:32]
    room = 31 - len(whole)  # the point counts as well
    return f"{whole}.{part[:room]}" if part and room > 0 else whole


def _letter(text: str, _: datetime) -> str:
    return re.sub(r"[^A-Za-z]", "", _plain(text))[:32] or "N"


def _symbol(text: str, _: datetime) -> str:
    return re.sub(rf"[\w\s{_HAN}]", "", text)[:5] or "-"


def _character_string(text: str, _: datetime) -> str:
    return re.sub(r"[^!-~]", "", _plain(text))[:32] or "-"


def _amount(text: str, _: datetime) -> str:
    """To the fen, at most ten digits before the point.

    Raises:
        Unfit: more than that; half an amount would be a false one.
    """
    found = _NUMBER.search(_plain(text).replace(",", ""))
    if not found:
        return "0元"
    amount = Decimal(found.group())
    if abs(amount) < 10**10 and -amount.as_tuple().exponent > 2:  # type: ignore[operator]
        amount = amount.quantize(Decimal("0.01"), ROUND_HALF_UP)
    if abs(amount) >= 10**10:
        raise Unfit(f"金额 {found.group()[:20]} 超过十位数，模板消息放不下")
    return f"{amount:f}元"


def _phone(text: str, _: datetime) -> str:
    return re.sub(r"[^0-9+() -]", "", _plain(text)).strip()[:17] or "0"


def _car(text: str, _: datetime) -> str:
    return re.sub(rf"[^A-Za-z0-9{_HAN}]", "", _plain(text))[:8] or "无"


def _name(text: str, _: datetime) -> str:
    """Ten 汉字, or twenty letters and signs; never mixed: what stands in brackets behind a name is dropped."""
    han = re.search(rf"[{_HAN}][{_HAN}·]*", text)
    if han:
        return han.group()[:10]
    return re.sub(r"[^!-/:-~ ]", "", _plain(text)).strip()[:20] or "居民"


def _phrase(text: str, _: datetime) -> str:
    """Five 汉字: the first word, so that 「已受理（张三）」 becomes 「已受理」."""
    han = re.search(rf"[{_HAN}]+", text)
    return han.group()[:5] if han else "待处理"


def _listed(text: str, _: datetime) -> str:
    """const and enum take listed values only: nothing to fit."""
    return _at_most(text, 20) or "无"


def _moment(text: str, now: datetime, *, with_day: bool) -> str:
    """Days as 2019年10月1日 (this year where none is said), hours as 15:01; what is no time becomes now.

    A span keeps both ends, with ~ between them.
    """
    ends = [_one_moment(part, now, with_day=with_day) for part in _SPAN.split(_plain(text))[:2]]
    told = [end for end in ends if end]
    return "~".join(told) or f"{now.year}年{now.month}月{now.day}日 {now:%H:%M}"


def _one_moment(text: str, now: datetime, *, with_day: bool) -> str:
    day = _DAY.search(text)
    if day and not (1 <= int(day.group(2)) <= 12 and 1 <= int(day.group(3)) <= 31):
        day = None
    rest = text[: day.start()] + " " + text[day.end() :] if day else text
    clock = _CLOCK.search(rest)
    hours = ""
    if clock:
        hour = int(clock.group(2))
        if clock.group(1) and hour < 12:
            hour += 12
        minute = "30" if clock.group(3) == "半" else clock.group(3) or "00"
        hours = f"{hour:02d}:{minute}"
    if day:
        date = f"{day.group(1) or now.year}年{int(day.group(2))}月{int(day.group(3))}日"
        return f"{date} {hours}".strip()
    return f"{now.year}年{now.month}月{now.day}日 {hours}" if hours and with_day else hours


def _time(text: str, now: datetime) -> str:
    return _moment(text, now, with_day=False)


def _date(text: str, now: datetime) -> str:
    return _moment(text, now, with_day=True)


FITTERS: Mapping[str, Callable[[str, datetime], str]] = {
    "thing": _thing,
    "number": _number,
    "letter": _letter,
    "symbol": _symbol,
    "character_string": _character_string,
    "time": _time,
    "date": _date,
    "amount": _amount,
    "phone_number": _phone,
    "phone": _phone,
    "car_number": _car,
    "name": _name,
    "phrase": _phrase,
    "const": _listed,
    "enum": _listed,
}
