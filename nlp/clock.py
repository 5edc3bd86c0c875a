"""Times of day in words: 上午10点, 三点半, 两点到四点."""

import re
from datetime import date, timedelta

from nlp.reading import Reading

_PARTS = (
    r"凌晨|清晨|大清早|清早|一早|天亮|早上|早晨|早|上半天|上午|中午|正午|晌午|下半天|下午|午后|傍晚|擦黑|晚间|晚上|今晚|昨晚|明晚|晚|"
    r"深夜|后半夜|下半夜|半夜|夜里头?|夜间|大晚上|夜"
)
CLOCK = re.compile(
    rf"({_PARTS})?(?:的|大概|大约|差不多|快)?"
    r"(?<![0-9.\-第])(?:([01]?[0-9]|2[0-4])(?:点钟?|时(?!间|候|长|代|常|不)|:(?=[0-5][0-9]))(?!儿|子|心|评|赞|名|点|把|什么|五|水(?!管))"
    r"(?:([123])刻|(半)|(?:过|零)?([0-5]?[0-9])分?)?)(?!栋|个|次|元|块|人)"
)
_SPAN = re.compile(
    rf"({_PARTS})?(?<![0-9.\-栋号楼])([01]?[0-9]|2[0-4])(?:-|~|到|至|—)(?=([01]?[0-9]|2[0-4])点)"
)

_AFTERNOON = frozenset(
    {
        *{"下午", "午后", "傍晚", "晚上", "晚", "夜里", "夜里头", "半夜", "夜", "下半天", "擦黑", "晚间"},
        *{"今晚", "昨晚", "明晚", "深夜", "夜间", "大晚上", "后半夜", "下半夜"},
    }
)
_NIGHT = _AFTERNOON - {"下午", "午后", "傍晚", "下半天", "擦黑"}
_NOON = frozenset({"中午", "正午", "晌午"})
_SMALL_HOURS = 5  # before it, 「晚上两点」 belongs to the next day

_RANGE = re.compile(r"^(?:钟)?(?:左右|多)?\s*(?:到|至|-|~|—)+\s*")


_ABOUT = re.compile(r"(?<![0-9])(?:34|45|56|67|78|89)(?=点)")  # 四五点


def clock(text: str, reading: Reading) -> None:
    if "time" in reading.slots:
        return
    text = _ABOUT.sub(lambda found: found[0][0], text)
    if (span := _SPAN.search(text)) is not None:
        part = span[1] or _part_before(text, span.start())
        start, end = _of(int(span[2]), 0, part), _of(int(span[3]), 0, part)
        reading.slots["time"], reading.slots["time_to"] = _shown(start), _shown(end)
        return
    found = CLOCK.search(text)
    if found is None:
        return
    part = found[1] or _part_before(text, found.start())
    minutes = _minutes(found, part)
    rest = text[found.end() :]
    joined = _RANGE.match(rest)
    second = CLOCK.match(rest, joined.end()) if joined is not None else None
    if not part and 60 <= minutes < 60 * (_SMALL_HOURS + 1):
        # Nobody makes an appointment for three in the night; what is over may well have been then.
        other = minutes + 720
        minutes, other = (minutes, other) if reading.past else (other, minutes)
        reading.slots["time_or"] = _shown(other)
    reading.slots["time"] = _shown(minutes)
    if part in _NIGHT and (minutes < 60 * _SMALL_HOURS) and "date" in reading.slots:
        night = date.fromisoformat(reading.slots["date"])
        reading.slots["date"] = (night + timedelta(days=1)).isoformat()
    if second is not None:
        end = _minutes(second, second[1] or part)
        if end < minutes and not second[1] and end + 720 < 1440:
            end += 720
        reading.slots["time_to"] = _shown(end)


def _part_before(text: str, at: int) -> str:
    """The part of the day said a little earlier: 「明晚去看，8点」."""
    before = text[max(0, at - 6) : at]
    return next(
        (part for part in ("下午", "晚上", "凌晨", "早上", "上午", "晚", "中午", "夜") if part in before), ""
    )


def _minutes(found: re.Match[str], part: str) -> int:
    minute = 30 if found[4] else 15 * int(found[3]) if found[3] else int(found[5] or 0)
    return _of(int(found[2]), minute, part)


def _of(hour: int, minute: int, part: str) -> int:
    small_hours = part in _NIGHT and hour < _SMALL_HOURS
    if part in _AFTERNOON and hour < 12 and not small_hours:
        hour += 12
    elif part in _NIGHT and hour == 12:
        hour = 24
    elif part in _NOON and hour < 4:
        hour += 12
    return (hour % 24) * 60 + minute


def _shown(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
