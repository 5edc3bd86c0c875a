"""The holidays that are shipped, and the files that an office brings."""

import json
from datetime import date
from typing import Any

import pytest

from models.holidays import HolidayFileError, ends_soon, known_until, read_year, shipped


def test_the_shipped_years_are_those_of_the_state_council() -> None:
    years = shipped()
    assert sorted(years) == list(range(2019, 2027))
    assert years[2026].days[date(2026, 10, 1)] and not years[2026].days[date(2026, 10, 10)]
    assert all(year.papers and all("gov.cn" in paper for paper in year.papers) for year in years.values())


def file(**changes: Any) -> bytes:
    days = [{"name": "假", "date": f"2027-05-{day:02}", "isOffDay": day != 9} for day in range(1, 11)]
    return json.dumps({"year": 2027, "days": days, **changes}).encode()


def test_a_good_file_is_read_and_written_back() -> None:
    year = read_year(file(papers=["https://www.gov.cn/x"]))
    assert year.year == 2027 and sum(year.days.values()) == 9
    again = read_year(year.as_json())
    assert again == year and again.digest == year.digest
    assert read_year(file(days=json.loads(file())["days"][:-1])).digest != year.digest


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (b"\xff\xfe", "不是节假日文件"),
        (b"[]", "不是节假日文件"),
        (b"{}", "不是节假日文件"),
        (file(year="明年"), "不是节假日文件"),
        (file(days=[{"date": "五月一日", "isOffDay": True}]), "不是节假日文件"),
        (file(days=[]), "还没有公布"),  # the stub that stands there before the announcement
        (file(year=2026), "2026 年的日子"),
        (file(days=[{"date": "2027-05-01", "isOffDay": "是"}]), "true"),
        (file(days=[{"date": "2027-05-01", "isOffDay": True}] * 2), "写了两次"),
        (file(days=[{"date": "2027-05-01", "isOffDay": True}]), "少于 7 天"),
        (file(days=[*json.loads(file())["days"], {"date": "2030-01-01", "isOffDay": True}]), "2030-01-01"),
    ],
)
def test_a_file_that_is_something_else_is_refused_in_words(source: bytes, said: str) -> None:
    with pytest.raises(HolidayFileError, match=said):
        read_year(source)


def test_the_end_is_seen_sixty_days_ahead() -> None:
    until = known_until({2025, 2026, 2028}, date(2026, 5, 1))
    assert until == date(2026, 12, 31)
    assert not ends_soon(until, date(2026, 11, 1))
    assert ends_soon(until, date(2026, 11, 2))
    assert known_until({2026}, date(2027, 1, 1)) == date(2026, 12, 31)
    assert ends_soon(known_until({2026}, date(2027, 1, 1)), date(2027, 1, 1))
