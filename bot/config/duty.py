"""值班时间 → the windows of each weekday and dated exceptions; hours that never come are told, not counted for ever."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

from bot.config.fields import many
from models.calendar import Calendar, CalendarError, Day, Window, add, day_number
from models.rules import DutyHours

Note = Callable[[tuple[str | int, ...], str], None]
SECTION = "值班时间"
EXAMPLE = "例如「周一至周五: [09:00-12:00, 14:00-18:00]」"
_WEEKDAYS = "一二三四五六日"
_GROUPS = {"每天": range(7), "工作日": range(5), "周末": range(5, 7)}
_REST = ("休息", "不上班", "放假", "不值班")
_MOST_DAYS = 366
_TO = r"(?:-|~|—|–|到|至)+"


def duty_hours(given: Mapping[str, object], note: Note) -> DutyHours | None:
    """None when nothing is written. `note(path, what)` is called for each mistake."""
    if not given:
        return None
    week: dict[int, Day] = {}
    holidays, special = True, {}
    wrong = False

    def tell(path: tuple[str | int, ...], what: str) -> None:
        nonlocal wrong
        wrong = True
        note((SECTION, *path), what)

    for key, value in given.items():
        if key == "节假日":
            if value not in ("休息", "照常"):
                tell((key,), "请写「休息」（放假不算，调休上班照算）或「照常」（节假日也值班）")
            holidays = value != "照常"
        elif key == "另定":
            special = value if isinstance(value, dict) else {}
            if not isinstance(value, dict):
                tell((key,), "这里下面应是几行「日期: 休息」，例如「2026-12-31: 休息」")
        else:
            for weekday in _weekdays(key, tell):
                if weekday in week:
                    tell((key,), f"周{_WEEKDAYS[weekday]}写了两次，请只留一处")
                week[weekday] = _windows(value, (key,), tell)
    whole = tuple(week.get(weekday, ()) for weekday in range(7))
    days = _special_days(special, whole, tell)
    if not wrong and not _works(whole, days):
        tell((), f"照这样写，一年多里没有一天有人值班，时限永远走不完。请写上值班的钟点，{EXAMPLE}")
    return None if wrong else DutyHours(week=whole, days=tuple(sorted(days.items())), holidays=holidays)


def _weekdays(key: str, tell: Note) -> list[int]:
    words = unicodedata.normalize("NFKC", key).replace(" ", "").replace("星期", "周").replace("周天", "周日")
    if words in _GROUPS:
        return list(_GROUPS[words])
    found = re.fullmatch(rf"周([{_WEEKDAYS}])(?:{_TO}周?([{_WEEKDAYS}]))?", words)
    if not found:
        tell((key,), "请写「周一」「周一至周五」「工作日」「周末」「每天」「节假日」或「另定」")
        return []
    first = _WEEKDAYS.index(found[1])
    last = _WEEKDAYS.index(found[2] or found[1])
    if last < first:
        tell((key,), f"「{key}」前后颠倒了，请从周一往周日写；跨过周日请分成两行")
        return []
    return list(range(first, last + 1))


def _windows(value: object, path: tuple[str | int, ...], tell: Note) -> Day:
    """「09:00-12:00」, a list of such, or 「休息」."""
    if isinstance(value, str) and value.strip() in _REST:
        return ()
    items = many(value)
    if not isinstance(items, (list, tuple)) or not items:
        tell(path, f"请写钟点，{EXAMPLE}；不值班就写「休息」")
        return ()
    found: list[Window] = []
    for at, item in enumerate(items):
        place = (*path, at) if isinstance(value, (list, tuple)) else path
        window = _window(item if isinstance(item, str) else "", place, tell)
        if window is not None:
            found.append(window)
    found.sort()
    for one, after in pairwise(found):
        if after[0] < one[1]:
            tell(path, f"{_said(one)} 和 {_said(after)} 重叠了，请合成一段或错开")
    return tuple(found)


def _window(words: str, path: tuple[str | int, ...], tell: Note) -> Window | None:
    words = unicodedata.normalize("NFKC", words).replace(" ", "")
    found = re.fullmatch(rf"(\d{{1,2}}):(\d{{2}}){_TO}(\d{{1,2}}):(\d{{2}})", words)
    if not found:
        tell(path, "请写成「09:00-12:00」这样（24 小时制），几段之间用英文逗号：[09:00-12:00, 14:00-18:00]")
        return None
    numbers = [int(number) for number in found.groups()]
    begin, end = numbers[0] * 60 + numbers[1], numbers[2] * 60 + numbers[3]
    if numbers[1] > 59 or numbers[3] > 59 or begin >= 24 * 60 or end > 24 * 60:
        tell(path, "钟点要在 00:00 到 24:00 之间")
        return None
    if end <= begin:
        tell(path, "要从早写到晚；跨过半夜请分成两段，例如 [20:00-24:00] 和第二天的 [00:00-06:00]")
        return None
    return begin * 60, end * 60


def _said(window: Window) -> str:
    return "-".join(f"{second // 3600:02}:{second % 3600 // 60:02}" for second in window)


def _special_days(given: Mapping[str, object], week: tuple[Day, ...], tell: Note) -> dict[date, Day]:
    days: dict[date, Day] = {}
    for key, value in given.items():
        path = ("另定", key)
        span = _span(key)
        if span is None:
            tell(path, "请写日期，例如「2026-12-31」或「2027-02-01至2027-02-03」")
            continue
        first, last = span
        if last < first or (last - first).days >= _MOST_DAYS:
            tell(path, "日期要从早写到晚，一行最多一年")
            continue
        windows = _like_a_weekday(value, week)
        if windows is None:
            windows = _windows(value, path, tell)
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            if day in days:
                tell(path, f"{day.isoformat()} 写了两次，请只留一处")
            days[day] = windows
    return days


def _like_a_weekday(value: object, week: tuple[Day, ...]) -> Day | None:
    """「当周一」: a day worked as another; 「上班」 as an ordinary working day."""
    words = value.strip().replace("星期", "周") if isinstance(value, str) else ""
    if words in ("上班", "当工作日"):
        return next((day for day in week if day), ())
    found = re.fullmatch(rf"[当按]周([{_WEEKDAYS}])", words)
    return week[_WEEKDAYS.index(found[1])] if found else None


def _span(key: str) -> tuple[date, date] | None:
    words = unicodedata.normalize("NFKC", key).replace(" ", "").replace("/", "-")
    found = re.fullmatch(r"(\d{4}-\d{1,2}-\d{1,2})(?:[~—–到至]+(\d{4}-\d{1,2}-\d{1,2}))?", words)
    if not found:
        return None
    try:
        first, last = (
            date(*(int(part) for part in (text or found[1]).split("-"))) for text in (found[1], found[2])
        )
    except ValueError:
        return None
    return first, last


def _works(week: tuple[Day, ...], days: Mapping[date, Day]) -> bool:
    """Whether time passes from every day on: an office that closes for good, or for over a year, does not work."""
    calendar = Calendar(week, {day_number(day): windows for day, windows in days.items()})
    try:
        for day in (date(2026, 1, 1), *days):
            add(datetime.combine(day, time(0), UTC), timedelta(seconds=1), calendar)
    except CalendarError:
        return False
    return True
