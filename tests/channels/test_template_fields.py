"""Values fitted to the types of a template: WeChat refuses the whole message for one that does not fit."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.channels.template_fields import FITTERS, Unfit, fit
from bot.sim.templates import RULES, fits

NOW = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)

# What the platform accepts, written down apart from what we make.
HAN = "\u4e00-\u9fff"
DAY = r"\d{4}年\d{1,2}月\d{1,2}日"
ACCEPTED = {
    "thing1": r"[^\n\t]{1,20}",
    "number2": r"(?=.{1,32}$)-?\d+(\.\d*)?",
    "letter3": r"[A-Za-z]{1,32}",
    "symbol4": r"[^\w\s]{1,5}",
    "character_string5": r"[!-~]{1,32}",
    "time6": rf"({DAY} )?\d\d:\d\d(~({DAY} )?\d\d:\d\d)?|{DAY}(~{DAY})?|.*~.*",
    "date7": rf"{DAY}( \d\d:\d\d)?(~{DAY}( \d\d:\d\d)?)?",
    "amount8": r"-?\d{1,10}(\.\d{1,2})?元",
    "phone_number9": r"[0-9+() -]{1,17}",
    "car_number10": rf"[A-Za-z0-9{HAN}]{{1,8}}",
    "name11": rf"[{HAN}·]{{1,10}}|[!-/:-~ ]{{1,20}}",
    "phrase12": rf"[{HAN}]{{1,5}}",
    "const13": r".{1,20}",
    "enum14": r".{1,20}",
    "phone10": r"[0-9+() -]{1,17}",
    "first": r".{1,200}",
}


# Words, and what is nearly a number, an amount, a moment.
NEARLY = st.lists(
    st.one_of(
        st.from_regex(r"-?\d{1,40}(\.\d{0,40})?", fullmatch=True),
        st.sampled_from(
            ["下午3点半", "2026-10-01", "9:00-11:30", "1,234.50元", "川A12345", "~", "至", "　", "·"]
        ),
        st.text(st.characters(codec=None), max_size=20),
    ),
    max_size=5,
).map("".join)


@given(st.one_of(st.text(st.characters(codec=None), max_size=300), NEARLY))
def test_anything_fits(value: str) -> None:
    """Both what we read in the platform's table and what the simulator, written apart, takes for the same table."""
    for keyword, accepted in ACCEPTED.items():
        try:
            made = fit(keyword, value, NOW)
        except Unfit:
            assert keyword == "amount8", "only an amount may not be cut"
            continue
        assert re.fullmatch(accepted, made), (keyword, made)
        if not keyword.startswith("phone1"):  # our own short name, the platform knows phone_number alone
            assert fits(keyword, made), (keyword, made)


def test_every_type_of_the_platform_has_its_fitting() -> None:
    assert set(RULES) <= set(FITTERS)


def test_an_amount_is_said_whole_or_not_at_all() -> None:
    assert fit("amount1", "9,999,999,999.99 元", NOW) == "9999999999.99元"
    with pytest.raises(Unfit, match="十位"):
        fit("amount1", "12345678901", NOW)


@pytest.mark.parametrize(
    ("keyword", "value", "fitted"),
    [
        ("thing1", "3栋2单元\n楼道灯坏了", "3栋2单元 楼道灯坏了"),
        ("thing1", "一二三四五六七八九十一二三四五六七八九十", "一二三四五六七八九十一二三四五六七八九十"),
        ("thing12", "一二三四五六七八九十一二三四五六七八九十一", "一二三四五六七八九十一二三四五六七八九…"),
        ("thing1", "", "无"),
        ("thing1", " \x00\n", "无"),
        ("number1", "共 １２ 人", "12"),
        ("number1", "1,234.5", "1234.5"),
        ("number1", "没有", "0"),
        ("letter1", "W01-a", "Wa"),
        ("symbol1", "！！！a", "！！！"),
        ("character_string1", "２４１１２０－００１", "241120-001"),
        ("character_string1", "编号241120-001", "241120-001"),
        ("character_string1", "槐树苑", "-"),
        ("time1", "15:01", "15:01"),
        ("time1", "2019年10月1日 15:01", "2019年10月1日 15:01"),
        ("time1", "10月12日 9：05", "2026年10月12日 09:05"),
        ("time1", "2026-10-12T10:30:00+08:00", "2026年10月12日 10:30"),
        ("time1", "10月12日下午3点半", "2026年10月12日 15:30"),
        ("time1", "9:00-11:30", "09:00~11:30"),
        ("date1", "2026-10-01", "2026年10月1日"),
        ("time1", "9:00～11:30", "09:00~11:30"),
        ("time1", "10月12日 9:00至10月13日 11:30", "2026年10月12日 09:00~2026年10月13日 11:30"),
        ("time1", "尽快", "2026年10月12日 10:00"),
        ("time1", "", "2026年10月12日 10:00"),
        ("date1", "10/12", "2026年10月12日"),
        ("date1", "15:01", "2026年10月12日 15:01"),
        ("date1", "编号241120-001", "2026年10月12日 10:00"),
        ("amount1", "￥1,234.50", "1234.50元"),
        ("amount1", "-5", "-5元"),
        ("amount1", "0.005", "0.01元"),
        ("amount1", "9999999999", "9999999999元"),
        ("number1", "1" * 31 + ".25", "1" * 31),
        ("number1", "-" + "1" * 40, "-" + "1" * 31),
        ("enum1", "一" * 30, "一" * 19 + "…"),
        ("amount1", "", "0元"),
        ("phone_number1", "028-8888-0000（值班）", "028-8888-0000()"),
        ("car_number1", "川A·12345", "川A12345"),
        ("name1", "张三", "张三"),
        ("name1", "张三丰（网格员）的邻居王老五", "张三丰"),
        ("name1", "John Smith", "John Smith"),
        ("name1", "", "居民"),
        ("phrase1", "待办结（已超时）", "待办结"),
        ("phrase1", "ok", "待处理"),
        ("const1", "已完成", "已完成"),
        ("keyword1", "长" * 300, "长" * 199 + "…"),
    ],
)
def test_values_as_the_community_writes_them(keyword: str, value: str, fitted: str) -> None:
    assert fit(keyword, value, NOW) == fitted
