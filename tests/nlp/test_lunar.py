"""The lunar calendar against days that everybody knows."""

from datetime import date, timedelta

import pytest

from nlp.lunar import FIRST_YEAR, solar


@pytest.mark.parametrize(
    ("year", "month", "day", "expected"),
    [
        (2024, 1, 1, "2024-02-10"),
        (2025, 1, 1, "2025-01-29"),
        (2026, 1, 1, "2026-02-17"),
        (2027, 1, 1, "2027-02-06"),
        (2030, 1, 1, "2030-02-03"),
        (2034, 1, 1, "2034-02-19"),
        (2040, 1, 1, "2040-02-12"),
        (2024, 8, 15, "2024-09-17"),
        (2025, 8, 15, "2025-10-06"),
        (2026, 8, 15, "2026-09-25"),
        (2026, 9, 9, "2026-10-18"),
        (2024, 12, 23, "2025-01-22"),
    ],
)
def test_known_days(year: int, month: int, day: int, expected: str) -> None:
    assert solar(year, month, day) == date.fromisoformat(expected)


def test_years_follow_each_other_without_a_gap() -> None:
    for year in range(FIRST_YEAR, FIRST_YEAR + 29):
        last, first = solar(year, 12, 30), solar(year + 1, 1, 1)
        assert last is not None
        assert first == last + timedelta(days=1)


def test_outside_the_table_is_none() -> None:
    assert solar(1999, 1, 1) is None
    assert solar(2026, 1, 31) is None
