"""Amounts, days and consent as bookkeepers write them."""

from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.fund import Shown
from models.ledger import mask, mask_memo
from models.ledger_cells import BadCell, Cell, day_of, fen_of, shown_of


@pytest.mark.parametrize(
    ("cell", "fen"),
    [
        ("1,234.50", 123_450),
        ("￥1200", 120_000),
        ("¥1,200.00元", 120_000),
        ("1.2万", 1_200_000),
        ("1.2345万元", 1_234_500),
        ("３００", 30_000),
        ("1，234．5", 123_450),
        ("300元整", 30_000),
        (".5", 50),
        ("0.10", 10),
        (" 88 ", 8_800),
        ("12,345,678.90", 1_234_567_890),
        (1234, 123_400),
        (0.1 + 0.2, 30),
        (1234.56, 123_456),
        (Decimal("9.99"), 999),
        ("", None),
        ("-", None),
        ("——", None),
        (None, None),
    ],
)
def test_amounts_are_read_exactly(cell: Cell, fen: int | None) -> None:
    assert fen_of(cell) == fen


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("-30", "负数"),
        ("(30)", "负数"),
        ("￥-30", "负数"),
        (-30, "负数"),
        ("12,34", "逗号"),
        ("1,2345", "逗号"),
        ("1.234", "不到一分"),
        (1.234, "不到一分"),
        ("$30", "外币"),
        ("30 USD", "外币"),
        ("壹仟贰佰元整", "写成数字"),
        ("约300", "不是金额"),
        ("三百", "写成数字"),
        ("99999999999", "太大"),
        (True, "填金额"),
        (date(2026, 9, 1), "填金额"),
        (float("nan"), "不是金额"),
        ("1e5", "不是金额"),
    ],
)
def test_what_is_not_an_amount_says_how_to_write_it(cell: Cell, says: str) -> None:
    with pytest.raises(BadCell, match=says):
        fen_of(cell)


@given(st.integers(0, 10**11))
def test_every_amount_written_out_is_read_back(fen: int) -> None:
    assert fen_of(f"{Decimal(fen) / 100:,.2f}") == fen
    assert fen_of(f"￥{fen // 100}.{fen % 100:02d}元") == fen
    assert fen_of(fen / 100) == fen


@pytest.mark.parametrize(
    "cell",
    [
        "2026-09-10",
        "2026/9/10",
        "2026.9.10",
        "2026年9月10日",
        "2026年09月10",
        "20260910",
        "2026-09-10 13:05:00",
        datetime(2026, 9, 10, 8, 0),  # noqa: DTZ001  as a workbook gives it
        date(2026, 9, 10),
        46275,
        46275.0,
        "２０２６－０９－１０",
    ],
)
def test_days_are_read(cell: Cell) -> None:
    assert day_of(cell) == date(2026, 9, 10)


@pytest.mark.parametrize(
    ("cell", "says"),
    [
        ("", "没有填日期"),
        ("9月10日", "没有年份"),
        ("9/10", "没有年份"),
        ("2026-02-30", "不存在"),
        ("10/09/2026", "看不出"),
        ("26-9-10", "看不出"),
        ("昨天", "看不出"),
        ("0206-09-10", "太早"),
    ],
)
def test_what_is_not_a_day_says_how_to_write_it(cell: Cell, says: str) -> None:
    with pytest.raises(BadCell, match=says):
        day_of(cell)


def test_consent_is_taken_only_when_given() -> None:
    assert shown_of("是") is Shown.NAMED
    assert shown_of("") is Shown.MASKED
    assert shown_of("否") is Shown.MASKED
    assert shown_of("匿名") is Shown.ANONYMOUS
    with pytest.raises(BadCell):
        shown_of("随便")


@pytest.mark.parametrize(
    ("name", "shown", "reads"),
    [
        ("王大明", Shown.MASKED, "王**"),
        ("欧阳锋", Shown.MASKED, "欧阳**"),
        ("红旗超市", Shown.NAMED, "红旗超市"),
        ("王大明", Shown.ANONYMOUS, "未留名"),
        ("", Shown.NAMED, "未留名"),
    ],
)
def test_names_are_masked(name: str, shown: Shown, reads: str) -> None:
    assert mask(name, shown) == reads


def test_memos_lose_the_party_and_long_numbers() -> None:
    memo = "付王大明工钱，卡号6222020200012345678，身份证51010819600101123X，共1200.00元"
    assert mask_memo(memo, "王大明", Shown.MASKED) == (
        "付王**工钱，卡号622****5678，身份证510****123X，共1200.00元"
    )
