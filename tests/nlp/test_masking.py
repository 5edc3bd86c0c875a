"""Words are kept without the person in them."""

import pytest

from nlp.masking import masked


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("我叫王建国，电话13812345678", "我叫［姓名］，电话［号码］"),
        ("座机028-88880000，手机 138 1234 5678", "座机［号码］，手机 ［号码］"),
        ("3栋2单元501室漏水", "3栋［房号］漏水"),
        ("12-2-501水管爆了", "12栋［房号］水管爆了"),
        ("我姓李，住5栋1203", "我姓［姓］，住5栋［房号］"),
        ("张婆婆家没人开门", "［姓］婆婆家没人开门"),
        ("喊那个叫李四的来", "喊那个叫［姓名］的来"),
        ("261012-W01-0001办到哪了", "［编号］办到哪了"),
        ("身份证51010219800101123X", "身份证［号码］"),
    ],
)
def test_persons_are_covered(text: str, kept: str) -> None:
    assert masked(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "宇宙有多大",
        "今年2026年重阳节",
        "一共花了1200元",
        "3栋2单元有人吵",
        "你叫什么名字",
        "叫人来修一下",
        "狗叫得很",
    ],
)
def test_what_is_no_person_stays(text: str) -> None:
    assert masked(text) == text
