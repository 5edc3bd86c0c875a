"""Which days a money question is about: 上个月, 9月, 第三季度, 今年, 9月和8月 …"""

import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Period:
    """Days `first` to `last`, both included; `label` as people say it, `month` as YYYY-MM when it is one month."""

    first: date
    last: date
    label: str
    month: str = ""


_DIGITS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5, "六": 6, "七": 7, "八": 8, "九": 9}
_NUMBER = r"\d{1,2}|十[一二]?|[一二两三四五六七八九]"


def _number(word: str) -> int:
    if word.isdigit():
        return int(word)
    if word.startswith("十"):
        return 10 + _DIGITS.get(word[1:], 0)
    return _DIGITS[word]


def month_of(year: int, month: int, today: date) -> Period:
    """A whole calendar month; the year is said only when it is not this one."""
    label = f"{month}月" if year == today.year else f"{year}年{month}月"
    last = date(year, month, monthrange(year, month)[1])
    return Period(date(year, month, 1), last, label, f"{year:04d}-{month:02d}")


def this_year(today: date) -> Period:
    return Period(date(today.year, 1, 1), today, "今年以来")


def before(period: Period, today: date) -> Period:
    """The period of the same kind just before: what a single one is compared with."""
    if period.month:
        return _months_back(period.first, 1, today)
    if period.first.day == 1 and period.first.month == 1:
        year = period.first.year - 1
        return Period(date(year, 1, 1), date(year, 12, 31), f"{year}年")
    months = (period.last.year - period.first.year) * 12 + period.last.month - period.first.month + 1
    first = _months_back(period.first, months, today).first
    last = _months_back(period.first, 1, today).last
    return Period(first, last, f"{first.year}年{first.month}月至{last.month}月")


def _months_back(day: date, months: int, today: date) -> Period:
    at = day.year * 12 + day.month - 1 - months
    return month_of(at // 12, at % 12 + 1, today)


def _named_month(found: re.Match[str], today: date) -> Period | None:
    number = _number(found["month"])
    if not 1 <= number <= 12:
        return None
    if found["year"]:
        year = int(found["year"])
    elif found["said"]:
        year = today.year - {"今": 0, "本": 0, "去": 1, "前": 2}[found["said"]]
    else:
        year = today.year if number <= today.month else today.year - 1
    return month_of(year, number, today)


def _quarter(year: int, number: int, today: date) -> Period:
    first = number * 3 - 2
    label = f"第{'一二三四'[number - 1]}季度"
    last = date(year, first + 2, monthrange(year, first + 2)[1])
    return Period(date(year, first, 1), last, label if year == today.year else f"{year}年{label}")


def _named_quarter(found: re.Match[str], today: date) -> Period | None:
    number = _number(found["quarter"])
    if not 1 <= number <= 4:
        return None
    year = today.year - (1 if found["last_year"] else 0)
    if not found["last_year"] and number > (today.month + 2) // 3:
        year -= 1
    return _quarter(year, number, today)


def _near_quarter(found: re.Match[str], today: date) -> Period:
    at = today.year * 4 + (today.month - 1) // 3 - (1 if found["which"].startswith("上") else 0)
    return _quarter(at // 4, at % 4 + 1, today)


def _half(found: re.Match[str], today: date) -> Period:
    year = today.year - (1 if found["half_year"] == "去年" else 0)
    if found["half"] == "上":
        return Period(
            date(year, 1, 1), date(year, 6, 30), "上半年" if year == today.year else f"{year}年上半年"
        )
    return Period(date(year, 7, 1), date(year, 12, 31), "下半年" if year == today.year else f"{year}年下半年")


def _recent(found: re.Match[str], today: date) -> Period | None:
    months = 6 if found["recent"] == "半年" else 12 if found["recent"] == "一年" else _number(found["count"])
    if months < 1:
        return None
    first = _months_back(today, months - 1, today).first
    return Period(first, today, "最近半年" if months == 6 else f"最近{months}个月")


def _year(found: re.Match[str], today: date) -> Period:
    word = found["whole"]
    if word in ("今年", "本年", "今年度", "本年度"):
        return this_year(today)
    year = int(word[:4]) if word[:4].isdigit() else today.year - (2 if word == "前年" else 1)
    if year == today.year:
        return this_year(today)
    return Period(date(year, 1, 1), date(year, 12, 31), f"{year}年")


_READINGS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], date], Period | None]], ...] = (
    (
        re.compile(
            rf"(?:(?P<year>20\d\d)年?[-/.年]?|(?P<said>今|本|去|前)年(?:度)?的?)?(?<!\d)(?P<month>{_NUMBER})月(?!\d)"
        ),
        _named_month,
    ),
    (re.compile(r"上上个?月|前个月"), lambda found, today: _months_back(today, 2, today)),
    (re.compile(r"上个?月|上月"), lambda found, today: _months_back(today, 1, today)),
    (re.compile(r"这个?月|本月|当月|这月"), lambda found, today: _months_back(today, 0, today)),
    (re.compile(rf"(?P<last_year>去年)?的?第?(?P<quarter>{_NUMBER})季度"), _named_quarter),
    (re.compile(r"(?P<which>上个?|本|这个?)季度"), _near_quarter),
    (re.compile(r"(?P<half_year>今年|去年)?的?(?P<half>上|下)半年"), _half),
    (re.compile(rf"(?:最近|近)(?:(?P<count>{_NUMBER})个月|(?P<recent>半年|一年))"), _recent),
    (re.compile(r"(?P<whole>今年度?|本年度?|去年|前年|20\d\d年度?)(?!\d)"), _year),
)


def periods_in(words: str, today: date) -> list[Period]:
    """Every period that the words name, in their order, each once."""
    taken: list[tuple[int, int]] = []
    found: list[tuple[int, Period]] = []
    for pattern, read in _READINGS:
        for match in pattern.finditer(words):
            start, end = match.span()
            if any(start < other_end and other_start < end for other_start, other_end in taken):
                continue
            period = read(match, today)
            if period is not None:
                taken.append((start, end))
                found.append((start, period))
    return list({period: None for _, period in sorted(found, key=lambda each: each[0])})


def period_of_slots(slots: Mapping[str, str], today: date) -> Period | None:
    """The period that was understood from the words: a month, or a span of days that is over by now."""
    month = re.fullmatch(r"(\d{4})-(\d{2})", slots.get("month", ""))
    if month and 1 <= int(month[2]) <= 12:
        return month_of(int(month[1]), int(month[2]), today)
    try:
        first, last = (date.fromisoformat(slots[name]) for name in ("date", "date_to"))
    except (KeyError, ValueError):
        return None
    if first > last or first > today:
        return None
    return Period(first, last, f"{_day(first, today)}至{_day(last, today)}")


def _day(day: date, today: date) -> str:
    return f"{day.month}月{day.day}日" if day.year == today.year else f"{day.year}年{day.month}月{day.day}日"


def without_periods(words: str) -> str:
    """The words with every period taken out."""
    for pattern, _ in _READINGS:
        words = pattern.sub("", words)
    return words
