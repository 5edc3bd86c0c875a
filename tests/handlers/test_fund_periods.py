"""Which days a money question is about."""

from datetime import date

import pytest

from handlers.fund_periods import period_of_slots, periods_in, without_periods

TODAY = date(2026, 10, 12)


@pytest.mark.parametrize(
    ("words", "first", "last", "label"),
    [
        ("上个月花了多少", "2026-09-01", "2026-09-30", "9月"),
        ("上上个月", "2026-08-01", "2026-08-31", "8月"),
        ("这个月", "2026-10-01", "2026-10-31", "10月"),
        ("9月份", "2026-09-01", "2026-09-30", "9月"),
        ("九月", "2026-09-01", "2026-09-30", "9月"),
        ("十一月", "2025-11-01", "2025-11-30", "2025年11月"),
        ("去年12月", "2025-12-01", "2025-12-31", "2025年12月"),
        ("2025年3月", "2025-03-01", "2025-03-31", "2025年3月"),
        ("2026-02月", "2026-02-01", "2026-02-28", "2月"),
        ("三季度", "2026-07-01", "2026-09-30", "第三季度"),
        ("上季度", "2026-07-01", "2026-09-30", "第三季度"),
        ("本季度", "2026-10-01", "2026-12-31", "第四季度"),
        ("去年第4季度", "2025-10-01", "2025-12-31", "2025年第四季度"),
        ("上半年", "2026-01-01", "2026-06-30", "上半年"),
        ("最近三个月", "2026-08-01", "2026-10-12", "最近3个月"),
        ("近半年", "2026-05-01", "2026-10-12", "最近半年"),
        ("今年", "2026-01-01", "2026-10-12", "今年以来"),
        ("去年", "2025-01-01", "2025-12-31", "2025年"),
        ("2024年", "2024-01-01", "2024-12-31", "2024年"),
    ],
)
def test_one_period(words: str, first: str, last: str, label: str) -> None:
    (found,) = periods_in(words, TODAY)
    assert (found.first.isoformat(), found.last.isoformat(), found.label) == (first, last, label)


def test_two_periods_in_their_order() -> None:
    assert [period.label for period in periods_in("9月和8月比", TODAY)] == ["9月", "8月"]
    assert [period.label for period in periods_in("这个月比上个月多花了吗", TODAY)] == ["10月", "9月"]


@pytest.mark.parametrize("words", ["花了三个月的钱", "13月", "微基金", "一个月好多钱", ""])
def test_no_period(words: str) -> None:
    assert periods_in(words, TODAY) == []


def test_january_looks_back_into_the_last_year() -> None:
    (found,) = periods_in("上个月", date(2026, 1, 5))
    assert (found.month, found.label) == ("2025-12", "2025年12月")
    (found,) = periods_in("上季度", date(2026, 1, 5))
    assert found.label == "2025年第四季度"


def test_slots_that_make_no_period_are_let_go() -> None:
    assert period_of_slots({"month": "2026-13"}, TODAY) is None
    assert period_of_slots({"date": "2026-11-01", "date_to": "2026-11-30"}, TODAY) is None
    assert period_of_slots({"date": "2026-09-05"}, TODAY) is None
    assert period_of_slots({"month": "2026-09"}, TODAY) is not None


def test_words_without_their_periods() -> None:
    assert without_periods("上个月物业费花到哪去了") == "物业费花到哪去了"
