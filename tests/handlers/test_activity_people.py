"""How many people a sentence speaks of, in residents' own words."""

import pytest

from handlers.activity_people import (
    bare_number,
    changed_people,
    companions_in,
    number,
    people_in,
    plainly_people,
)


@pytest.mark.parametrize(
    ("words", "people"),
    [
        ("我和老伴报名重阳宴", 2),
        ("给我们一家三口报名亲子风筝节", 3),
        ("一家五口", 5),
        ("算我一个", 1),
        ("我一个人去", 1),
        ("礼拜三的茶艺课，写我名字，刘建国", 1),
        ("改成三位", 3),
        ("我们两口子都去", 2),
        ("老两口参加", 2),
        ("我们俩去", 2),
        ("爷孙俩报风筝节", 2),
        ("我和爸妈一起去", 3),
        ("我带两个娃儿去放风筝", 3),
        ("我和老伴带两个孙子参加", 4),
        ("我和老伴儿还有孙女一起参加重阳宴", 3),
        ("我和老伴两个人报名", 2),
        ("我带3个人来", 4),
        ("两个大人一个娃", 3),
        ("2大1小", 3),
        ("加我一共四个", 4),
        ("报名重阳宴，十二个人", 12),
        ("帮我和邻居陈嬢嬢占两个名额，要去看中秋晚会", 2),
        ("重阳宴我要参加", None),
        ("全家都去", None),
        ("3栋2单元路灯坏了", None),
        ("第三届运动会我报名", None),
        ("重阳宴几个人了", None),
    ],
)
def test_people_of_a_sentence(words: str, people: int | None) -> None:
    assert people_in(words) == people


@pytest.mark.parametrize(
    ("words", "people"),
    [("再加一个人", 3), ("少一个", 1), ("少来两个人", 0), ("改成４个人", 4), ("多带两个", 4), ("不改", None)],
)
def test_a_changed_number(words: str, people: int | None) -> None:
    assert changed_people(words, 2) == people


@pytest.mark.parametrize(("words", "people"), [("3", 3), ("三个", 3), ("两位吧", 2), ("3栋", None)])
def test_a_bare_number(words: str, people: int | None) -> None:
    assert bare_number(words) == people


@pytest.mark.parametrize(
    ("words", "value"), [("十", 10), ("二十三", 23), ("一百二十", 120), ("两", 2), ("几", None)]
)
def test_chinese_numbers(words: str, value: int | None) -> None:
    assert number(words) == value


def test_who_comes_along() -> None:
    assert companions_in("我和老伴报名重阳宴") == "老伴"
    assert companions_in("重阳宴我要参加") == ""


@pytest.mark.parametrize("words", ["改成3个人", "再加一个", "2个人", "我和老伴去", "我们三位都来"])
def test_nothing_but_people(words: str) -> None:
    assert plainly_people(words)


@pytest.mark.parametrize("words", ["3栋有5个人在打架", "我和3栋的路灯", "楼上漏水了", "", "带电瓶车进电梯"])
def test_something_else(words: str) -> None:
    assert not plainly_people(words)
