"""What another configuration changes, messages grouped by likeness, and words the lexicon lacks."""

from samples import NOW

from nlp.compare import grouped, rerouted
from nlp.proposals import proposals
from nlp.spec import NlpSpec
from nlp.understand import Understander, check
from nlp.understanding import Decision


def spec(phrases: list[str], chitchat: list[str] | None = None) -> NlpSpec:
    return NlpSpec.model_validate(
        {
            "意图": [
                {"编号": "借书", "标识": "books", "办理": "说明", "说法": phrases},
                {
                    "编号": "理发",
                    "标识": "hair",
                    "办理": "说明",
                    "说法": ["剪头发", "哪里能剪头发", "义剪啥时候有"],
                },
            ],
            **({"词语": {"闲聊": chitchat}} if chitchat else {}),
        }
    )


BEFORE = ["我要借书", "图书室几点开", "借的书怎么还"]


def test_only_what_goes_elsewhere_is_told_and_each_wording_once() -> None:
    old, new = Understander(spec(BEFORE)), Understander(spec([*BEFORE, "连环画摆在哪个柜柜头"]))
    told: list[int] = []
    texts = ["剪头发", "连环画摆在哪个柜柜头", "连环画摆在哪个柜柜头", "我要借书"]
    moved = rerouted(old, new, texts, NOW, told.append)
    assert [one.text for one in moved] == ["连环画摆在哪个柜柜头"]
    assert moved[0].after == "books" != moved[0].before
    assert told == [1, 2, 3]
    assert rerouted(old, old, texts, NOW) == []


def test_likely_messages_stand_together(understander: Understander) -> None:
    texts = ["附近哪里可以学游泳", "菜鸟驿站几点关门", "哪里可以学游泳嘛", "想学游泳在哪里学", "驿站几点关门"]
    groups = grouped(understander.reader, texts)
    assert [len(group.members) for group in groups] == [3, 2]
    assert set(groups[0].members) == {0, 2, 3} and "游泳" in groups[0].texts[0]
    assert grouped(understander.reader, []) == []


def test_a_word_said_again_and_again_for_one_intent_is_proposed() -> None:
    lines = ["连环画在哪里借", "有没有连环画", "连环画可以借几本", "借连环画要押金吗"]
    built = Understander(spec([*BEFORE, *lines]))
    found = {one.word: one for one in proposals(built)}
    assert found["连环画"].ident == "books" and found["连环画"].said == 4
    assert "我要" not in found


def test_sorted_messages_count_too() -> None:
    built = Understander(spec([*BEFORE, "连环画在哪里"]))
    assert "连环画" not in {one.word for one in proposals(built)}
    found = proposals(built, [("连环画放在哪个架子", "books")])
    assert ("连环画", "books") in {(one.word, one.ident) for one in found}


def test_what_the_community_calls_chitchat_is_not_guessed_at() -> None:
    built = Understander(spec(BEFORE, ["我要借书给孙子的孙子"]))
    heard = built.understand("我要借书给孙子的孙子！", now=NOW)
    assert heard.decision is Decision.UNKNOWN and "闲聊" in heard.why
    assert built.understand("闲聊", now=NOW).intent != "books"


def test_a_phrase_cannot_be_chitchat_too() -> None:
    [mistake] = [one for one in check(spec(BEFORE, ["我要借书"])) if one.serious]
    assert mistake.path == ("词语", "闲聊", 0) and "只留一处" in mistake.what
