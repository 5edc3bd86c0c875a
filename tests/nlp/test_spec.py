"""What an admin writes is read, and each slip is told in Chinese at its place."""

from typing import Any

import pytest
from pydantic import ValidationError

from nlp.spec import NlpSpec, filled


def intent(**changes: Any) -> dict[str, Any]:
    return {"编号": "报事", "标识": "file_request", "办理": "报事", "说法": ["路灯坏了"], **changes}


def spec(*intents: dict[str, Any], **rest: Any) -> NlpSpec:
    return NlpSpec.model_validate({"意图": list(intents), **rest})


def test_every_scalar_may_arrive_as_text() -> None:
    read = spec(
        intent(
            要问=[{"项目": "电话", "问": "留个电话？", "种类": "电话", "可跳过": "是"}],
            关键词="坏了",
            优先="2",
        ),
        听不懂时={"低于": "0.45"},
    )
    assert read.intents[0].questions[0].optional is True
    assert read.intents[0].keywords == ("坏了",)
    assert read.intents[0].priority == 2
    assert read.lost.below == 0.45


@pytest.mark.parametrize(
    ("given", "place", "said"),
    [
        (intent(说法=["路灯坏了", " "]), ("意图", 0, "说法", 1), "不能空着"),
        (intent(说法=["{地方}漏水"]), ("意图", 0, "说法", 0), "{地点}"),
        (intent(说法=["{地点漏水"]), ("意图", 0, "说法", 0), "花括号"),
        (intent(说法=["。。。"]), ("意图", 0, "说法", 0), "没有字"),
        (intent(句式=["*了"]), ("意图", 0, "句式", 0), "太宽"),
        (intent(句式=["(修好|弄好*没有"]), ("意图", 0, "句式", 0), "括号"),
        (intent(标识="报事"), ("意图", 0, "标识"), "小写英文"),
        (intent(标识="oos"), ("意图", 0, "标识"), "都不是"),
        (
            intent(要问=[{"项目": "地点", "问": "在哪", "种类": "地址"}]),
            ("意图", 0, "要问", 0, "种类"),
            "种类请写",
        ),
        (
            intent(要问=[{"项目": "地点", "问": "在哪", "可跳过": "随便"}]),
            ("意图", 0, "要问", 0, "可跳过"),
            "「是」或「否」",
        ),
    ],
)
def test_slips_are_told_at_their_place(
    given: dict[str, Any], place: tuple[str | int, ...], said: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        spec(given)
    errors = {error["loc"]: error["msg"] for error in caught.value.errors()}
    assert place in errors
    assert said in errors[place]


@pytest.mark.parametrize("share", ["1.5", "零点四", "0", "-0.2"])
def test_a_threshold_is_a_share(share: str) -> None:
    with pytest.raises(ValidationError, match="0 到 1"):
        spec(intent(), 听不懂时={"低于": share})


def test_unknown_keys_are_refused() -> None:
    with pytest.raises(ValidationError):
        spec(intent(关健词=["坏了"]))


def test_what_only_the_whole_can_know() -> None:
    read = spec(
        intent(),
        intent(说法=["路灯坏了", "灯不亮"], 编号="报修"),
        词语={"漏水": ["渗水"], "渗水": ["滴水"], "垃圾": []},
    )
    told = {mistake.path: mistake.what for mistake in read.mistakes()}
    assert ("意图", 1, "标识") in told
    assert ("意图", 1, "说法", 0) in told
    assert ("词语", "漏水", 0) in told
    assert ("词语", "垃圾") in told
    assert ("意图", 1, "编号") not in told


def test_blanks_are_filled_for_training() -> None:
    assert filled("查一下") == ("查一下",)
    examples = filled("{地点}漏水了")
    assert len(examples) > 1
    assert all(example.endswith("漏水了") and "{" not in example for example in examples)


def test_a_class_without_words_is_told() -> None:
    told = {
        mistake.path: mistake.what for mistake in spec(intent(), 词类={"设施": [], "店名": "何记"}).mistakes()
    }
    assert "没有词" in told["词类", "设施"]
    assert ("词类", "店名") not in told
