"""What the classifier sees: sounds beside characters, kinds of words, words of the lexicon found by ear."""

import pytest
from samples import NOW

from nlp import evaluate
from nlp.evaluate import Line
from nlp.features import Reader, Vocabulary, is_sound, loudness, reader
from nlp.lexicon import Finder
from nlp.sounds import alike, sounds
from nlp.spec import NlpSpec
from nlp.understand import Understander


def test_homophones_share_their_sounds() -> None:
    assert sounds()["业"] == sounds()["页"] == "YE "
    assert alike("物页费", "物业费")
    assert not alike("物价费", "物业费")
    assert not alike("物业", "物业费")
    one, other = (set(Reader({}, {}, ()).features(text)) for text in ("物业费", "物页费"))
    assert {"WU YE ", "YE FEI ", "YE "} <= one & other
    assert "业" in one - other


def test_no_feature_is_mistaken_for_another() -> None:
    read = Reader({"设施": ["路灯"]}, {}, [("坏了", "file_request")])
    names = read.features("wu灯坏了w:灯k")
    assert len(names) == len(set(names))
    assert {"wu", "DENG ", "k:设施", "q:file_request"} - set(names) == {"k:设施"}
    assert {name for name in names if is_sound(name)} == {name for name in names if name != name.lower()}
    assert loudness("k:设施") > loudness("灯") > loudness("灯坏")
    assert "k:设施" in read.features("路灯坏了")


def test_features_come_in_the_same_order_every_time() -> None:
    again = [Reader({"甲": ["灯"], "乙": ["坏"]}, {}, ()).features("灯坏了，灯坏了") for _ in range(2)]
    assert again[0] == again[1]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("物页费涨了", [("物业费", ("费",))]),
        ("物业费涨了", [("物业费", ("费",))]),
        ("屋页废涨了", []),  # not one character is right: too far
        ("投飘", []),  # two characters sound like too many words
    ],
)
def test_words_of_three_characters_are_found_by_ear(
    typed: str, found: list[tuple[str, tuple[str, ...]]]
) -> None:
    assert Finder([("物业费", "费"), ("投票", "票")], by_ear=True).find(typed) == found


def test_without_an_ear_only_the_word_itself_is_found() -> None:
    assert Finder([("物业费", "费")]).find("物页费") == []


def test_rare_features_speak_louder_and_sounds_the_more_is_taught() -> None:
    few = Vocabulary([["灯", "DENG "], ["灯", "DENG "], ["坏", "HUAI "]])
    by_name = dict(zip(few.places, few.values, strict=True))
    assert by_name["坏"] > by_name["灯"]
    assert by_name["坏"] > by_name["HUAI "]
    many = Vocabulary([["灯", "DENG "], ["灯", "DENG "], ["坏", "HUAI "]] * 700)
    louder = dict(zip(many.places, many.values, strict=True))
    assert louder["坏"] == pytest.approx(by_name["坏"])
    assert louder["HUAI "] == pytest.approx(louder["坏"])


def test_an_edit_of_phrases_keeps_what_was_read(spec: NlpSpec, understander: Understander) -> None:
    human = spec.intents[-1].model_copy(update={"phrases": (*spec.intents[-1].phrases, "豆豆币掉光了")})
    edited = Understander(spec.model_copy(update={"intents": (*spec.intents[:-1], human)}))
    assert edited.reader is understander.reader
    other = Understander(spec.model_copy(update={"classes": {"设施": ("风雨连廊",)}}))
    assert other.reader is not understander.reader
    assert reader((), (), ()) is reader((), (), ())


def test_a_homophone_typo_is_still_understood(understander: Understander) -> None:
    for typed, intent in (
        ("物页废怎么交", "property_fee"),
        ("网个员店话", "contact_grid"),
        ("我要抱名重阳宴", "event_signup"),
        ("鸡分怎么兑换", "points"),
    ):
        assert understander.understand(typed, now=NOW).intent == intent, typed


def test_what_was_never_taught_is_refused() -> None:
    train = [
        Line(f"{verb}{thing}{end}", label)
        for label, things in (("lamp", "灯泡 路灯 台灯 电灯 吊灯"), ("water", "水管 水表 水池 水箱 水井"))
        for thing in things.split()
        for verb in ("修", "看", "换", "查")
        for end in ("", "吧", "吗")
    ]
    test = [Line("修路灯吧", "lamp"), Line("看水管", "water"), Line("明早八点飞北京的机票", "oos")]
    figures = evaluate.evaluate_alone(train, test)
    assert (figures["oos_recall"], figures["false_reject"], figures["accuracy"]) == (1.0, 0.0, 1.0)
    assert evaluate.evaluate_alone(train, test[:2])["accuracy"] == 1.0
