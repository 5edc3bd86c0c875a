"""Times of day in words: 上午10点, 三点半, 两点到四点."""

import re

from nlp.reading import Reading

CLOCK = re.compile(
    r"(凌晨|清晨|清早|一早|早上|早晨|早|上午|中午|正午|下午|午后|傍晚|晚上|晚|夜里|半夜|夜)?的?"
    r"(?<![0-9.])(?:([01]?[0-9]|2[0-4])(?:点钟?|时(?!间|候|长|代|常|不)|:(?=[0-5][0-9]))(?!儿|子|心|评|赞|名|了|点|把|什么)"
    r"(?:([123])刻|(半)|([0-5]?[0-9])分?)?)(?!栋|个|次|元|块|人)"
)


_AFTERNOON = {"下午", "午后", "傍晚", "晚上", "晚", "夜里", "半夜", "夜"}


_RANGE = re.compile(r"^(?:钟)?\s*(?:到|至|-|~|—)+\s*")


def clock(text: str, reading: Reading) -> None:
    found = CLOCK.search(text)
    if found is None or "time" in reading.slots:
        return
    part = found[1] or _part_before(text, found.start())
    minutes = _minutes(found, part)
    if minutes is None:
        return
    reading.slots["time"] = _shown(minutes)
    rest = text[found.end() :]
    joined = _RANGE.match(rest)
    if joined is not None and (second := CLOCK.match(rest, joined.end())) is not None:
        end = _minutes(second, second[1] or part)
        if end is not None:
            if end < minutes and not second[1] and end + 720 < 1440:
                end += 720
            reading.slots["time_to"] = _shown(end)


def _part_before(text: str, at: int) -> str:
    """The part of the day said a little earlier: 「明晚去看，8点」."""
    before = text[max(0, at - 6) : at]
    return next(
        (part for part in ("下午", "晚上", "凌晨", "早上", "上午", "晚", "中午") if part in before), ""
    )


def _minutes(found: re.Match[str], part: str) -> int | None:
    hour = int(found[2])
    minute = 30 if found[4] else 15 * int(found[3]) if found[3] else int(found[5] or 0)
    small_hours = part in {"晚上", "晚", "半夜", "夜里", "夜"} and hour < 5
    if part in _AFTERNOON and hour < 12 and not small_hours:
        hour += 12
    elif part in {"晚上", "晚", "半夜", "夜里"} and hour == 12:
        hour = 24
    elif part in {"中午", "正午"} and hour < 4:
        hour += 12
    return (hour % 24) * 60 + minute


def _shown(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
