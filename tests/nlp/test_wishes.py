"""Where a second wish begins in a message, and what only looks like one. The sentences are our own."""

import pytest
from samples import NOW

from nlp.understand import Understander
from nlp.understanding import Decision
from nlp.wishes import announced, parted, without_courtesies

TWO = [
    ("3栋2单元的门禁刷不开，另外微基金还剩好多钱", ["file_request", "fund_query"]),
    ("我的事办到哪一步了，顺便问一下最近有什么活动", ["request_status", "event_list"]),
    ("帮我和老伴报名重阳宴，对了物业费一平米收多少", ["event_signup", "property_fee"]),
    ("嗯那个楼道灯不亮了然后另外积分怎么换东西嘛", ["file_request", "points"]),
    ("物业费花到哪去了？还有我们这栋归哪个网格员管", ["property_fee", "contact_grid"]),
    ("重阳宴我不去了，帮我把名额退了，下水道又堵起了来个人通一下", ["event_cancel", "file_request"]),
    ("1栋的垃圾没人收，5栋的井盖也坏了", ["file_request", "file_request"]),
    ("我想捐两百块钱给社区，再帮我看看我的积分有好多", ["donate", "points"]),
]
ONE = [
    "我家卫生间漏水漏得凶，天花板都泡胀了，墙皮也掉了，快来看一下",
    "你好，请问3栋的网格员是哪个，谢谢你们了",
    "电梯坏了两天，老年人下不到楼，买菜都恼火",
    "我和老伴，还有孙女，一起报名重阳宴",
    "那个单子不用办了，灯已经好了，谢谢",
    "物业费上个月交了，咋个又喊我交，帮我查一下",
    "微基金还有好多钱",
    "家里着火了，还有老人在里头",
    "不是3栋，是5栋",
    "楼上又在打麻将，另外一家也在放音响，吵得睡不着",
    "3栋漏水漏到5栋来了",
    "另外",
    "，，，",
]


@pytest.mark.parametrize(("text", "intents"), TWO)
def test_both_wishes_are_heard_in_their_order(
    understander: Understander, text: str, intents: list[str]
) -> None:
    heard = understander.understand(text, now=NOW)
    assert [part.heard.intent for part in heard.wishes] == intents
    assert all(part.text and part.text in text.replace("，，", "，") for part in heard.wishes)
    assert heard.why.startswith("几件事：")


@pytest.mark.parametrize("text", ONE)
def test_one_wish_stays_one(understander: Understander, text: str) -> None:
    assert understander.understand(text, now=NOW).wishes == ()


def test_each_wish_has_its_own_slots(understander: Understander) -> None:
    first, second = understander.understand("1栋的垃圾没人收，5栋的井盖也坏了", now=NOW).wishes
    assert (first.heard.slots["building"], second.heard.slots["building"]) == ("1", "5")


def test_an_answer_before_a_new_wish_is_kept_for_the_open_question(understander: Understander) -> None:
    first, second = understander.understand("1，另外微基金还有多少钱", now=NOW).wishes
    assert first.text == "1" and first.heard.decision is Decision.UNKNOWN
    assert second.heard.intent == "fund_query"


def test_danger_in_one_clause_is_danger(understander: Understander) -> None:
    heard = understander.understand("微基金还有多少钱，另外楼道里有股煤气味", now=NOW)
    assert heard.emergency == "gas"
    assert [bool(part.heard.emergency) for part in heard.wishes] == [False, True]


def test_most_messages_show_no_sign_of_a_second_wish() -> None:
    assert not announced("3栋2单元楼道灯坏了") and not parted("3栋2单元楼道灯坏了", [("urge", 0.9)])
    assert not parted("楼道灯坏了，好几天没人修", [("urge", 0.2)])
    assert parted("楼道灯坏了好几天，微基金还有多少钱", [("fund_query", 0.6)])


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("你好，请问一下，3栋归哪个管，谢谢", "3栋归哪个管"),
        ("谢谢你们", ""),
        ("你好，谢谢", ""),
        ("路灯坏了，快点来", ""),
    ],
)
def test_courtesies_are_taken_off(text: str, rest: str) -> None:
    assert without_courtesies(text) == rest


def test_a_wish_wrapped_in_courtesies_is_no_thanks(understander: Understander) -> None:
    heard = understander.understand("你们好，麻烦问一下，3栋归哪个网格员，谢谢", now=NOW)
    assert (heard.intent, heard.decision) == ("contact_grid", Decision.SURE)


@pytest.mark.parametrize(
    "text", ["路灯坏了", "转人工", "", "？？", "宇宙有多大", "着火了救命", "楼上漏水，另外微基金还有多少钱"]
)
def test_every_decision_is_explained_in_one_line(understander: Understander, text: str) -> None:
    why = understander.understand(text, now=NOW).why
    assert why and "\n" not in why and any("一" <= char <= "鿿" for char in why)
