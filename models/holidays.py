"""Public holidays and make-up workdays (调休): the years that are shipped, and reading a year's file."""

import hashlib
import json
from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

WARN_BEFORE = timedelta(days=60)
_FOLDER = Path(__file__).parent / "data" / "holiday_cn"


class HolidayFileError(Exception):
    """A file does not hold a year's holidays; the message is Chinese and says what to do."""


@dataclass(frozen=True, slots=True)
class HolidayYear:
    """`days`: every day that the ordinary week does not decide, and whether it is off (a make-up workday: False).

    A year's file may name days of its neighbours (New Year's holiday begins in December).
    """

    year: int
    days: Mapping[date, bool]
    papers: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        listed = ",".join(f"{day.isoformat()}{'-' if off else '+'}" for day, off in sorted(self.days.items()))
        return hashlib.sha256(f"{self.year}:{listed}".encode()).hexdigest()[:16]

    def as_json(self) -> dict[str, Any]:
        return {
            "year": self.year,
            "papers": list(self.papers),
            "days": [{"date": day.isoformat(), "isOffDay": off} for day, off in sorted(self.days.items())],
        }


def read_year(source: bytes | Mapping[str, Any]) -> HolidayYear:
    """A year in the form of holiday-cn, checked.

    Raises:
        HolidayFileError: it is something else, or the stub of a year that is not announced yet.
    """
    try:
        given = json.loads(source) if isinstance(source, bytes) else source
        year, listed = int(given["year"]), list(given["days"])
        days = {date.fromisoformat(str(one["date"])): one["isOffDay"] for one in listed}
        papers = tuple(str(paper) for paper in given.get("papers", ()))
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        raise HolidayFileError(
            "这不是节假日文件：请用 holiday-cn 的「年份.json」，"
            '里面有 "year" 和 "days"，每一天写着 "date" 和 "isOffDay"'
        ) from problem
    if not all(isinstance(off, bool) for off in days.values()):
        raise HolidayFileError('每一天的 "isOffDay" 要写 true（放假）或 false（上班）')
    if len(days) != len(listed):
        raise HolidayFileError("文件里有一天写了两次，请核对")
    if not any(day.year == year for day in days):
        raise HolidayFileError(
            f"{year} 年的安排还没有公布：文件里没有 {year} 年的日子。等国务院公布以后再导入"
        )
    strange = [day for day in days if abs(day.year - year) > 1]
    if strange:
        raise HolidayFileError(f"{strange[0].isoformat()} 不像是 {year} 年的安排，请核对年份")
    if sum(day.year == year and off for day, off in days.items()) < 7:
        raise HolidayFileError(f"{year} 年的放假日子少于 7 天，文件像是不完整，请重新下载")
    return HolidayYear(year, days, papers)


@cache
def shipped() -> Mapping[int, HolidayYear]:
    """The years that come with the program (holiday-cn, MIT; see `data/holiday_cn/README.md`)."""
    years = (read_year(path.read_bytes()) for path in sorted(_FOLDER.glob("*.json")))
    return {one.year: one for one in years}


def known_until(years: Container[int], today: date) -> date:
    """The last day of the unbroken years from the present one on; the end of last year when that is not known."""
    year = today.year
    while year in years:
        year += 1
    return date(year - 1, 12, 31)


def ends_soon(until: date, today: date) -> bool:
    """Whether that day is less than 60 days away, or past."""
    return until - today < WARN_BEFORE
