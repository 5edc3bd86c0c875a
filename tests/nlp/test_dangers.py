"""Danger in indirect words, on wide lists of our own: what is known by heart, what is new, and what it may cost."""

import re

import pytest
from samples import NOW, rows

from handlers.emergency import KINDS
from handlers.texts import DEFAULTS
from nlp import danger_ear
from nlp.danger_ear import sentences
from nlp.danger_guards import struck_out
from nlp.danger_signs import signs
from nlp.danger_words import shorthand
from nlp.dangers import KINDS as WORDINGS
from nlp.emergency import danger
from nlp.glance import Glance, alternatives, needed
from nlp.normalise import normalise
from nlp.understand import Understander


@pytest.fixture(scope="module")
def known() -> list[tuple[str, str]]:
    return sentences()


def test_the_sentences_it_learns_from_are_heard_right(
    known: list[tuple[str, str]], understander: Understander
) -> None:
    wrong = [
        (text, kind)
        for text, kind in known
        if bool(understander.understand(text, now=NOW).emergency) is not bool(kind)
    ]
    assert len(wrong) <= len(known) // 100


def test_new_sentences_are_heard_too(understander: Understander) -> None:
    """None of them is among the sentences it learns from."""
    lines = rows("emergencies.tsv")
    heard = {row["text"]: bool(understander.understand(row["text"], now=NOW).emergency) for row in lines}
    dangers = [row["text"] for row in lines if row["emergency"]]
    calm = [row["text"] for row in lines if not row["emergency"]]
    assert len(dangers) >= 40 <= len(calm)
    assert sum(heard[text] for text in dangers) >= 0.9 * len(dangers)
    assert sum(heard[text] for text in calm) <= 0.1 * len(calm)


def test_no_new_sentence_is_among_the_known(known: list[tuple[str, str]]) -> None:
    assert not {normalise(row["text"]) for row in rows("emergencies.tsv")} & {text for text, _ in known}


def test_what_residents_say_every_day_sounds_no_alarm(understander: Understander) -> None:
    calm = [text for _, text, ident in understander.phrases if ident != "emergency"]
    alarmed = [text for text in calm if understander.understand(text, now=NOW).emergency]
    assert len(alarmed) <= len(calm) // 200


def test_every_kind_has_advice(known: list[tuple[str, str]]) -> None:
    kinds = (
        {kind for _, kind in known if kind} | {sign.kind for sign in signs()} | {kind for kind, _ in WORDINGS}
    )
    assert kinds - {"other"} == KINDS
    assert {f"emergency.{kind}" for kind in kinds} <= DEFAULTS.keys()


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("车里头有个奶娃儿，门锁死了，太阳晒起的", "locked"),
        ("幺妹的手指卡在椅子缝缝里扯不出来", "caught"),
        ("花台垮了压到个大爷", "crush"),
        ("楼上的独居婆婆三天没下楼，敲门没人应", "unseen"),
        ("我孙儿走丢了，才三岁", "missing"),
        ("爷爷把除草剂喝了", "poison"),
        ("娃娃吃果冻噎到了，脸都乌了", "choke"),
        ("我媳妇羊水破了", "birth"),
        ("切菜把指头切下来一截", "bleeding"),
        ("开水把娃儿的手烫脱皮了", "burn"),
        ("恶狗把人咬到不松口", "animal"),
        ("大门口车祸，人躺在地上不动", "traffic"),
        ("天花板裂缝越来越大，要垮了", "collapse"),
        ("车库淹水了，人还在车里出不来", "flood"),
        ("有个男的一直跟到我，我不敢上楼", "violence"),
        ("他不想活了，要从楼上跳下去", "jump"),
    ],
)
def test_the_kind_decides_the_advice(text: str, kind: str) -> None:
    assert danger(normalise(text)).kind == kind


@pytest.mark.parametrize(
    ("text", "guard"),
    [
        ("热得要昏过去了，空调修好没", "说的不是危险"),
        ("群里传的有人跳楼是真的吗", "听来的"),
        ("虚惊一场，说着火的是在烧饭", "没事了"),
        ("楼上天天打架，物业管不管", "经常"),
        ("咋个判断煤气漏没漏", "咋个判断"),
        ("外墙砖掉下来砸到人头边上，还好没伤到", "没有伤到"),
        ("楼道堆满了纸箱，着火了咋办", "担心"),
        ("夜啤酒吼得跟打架一样", "打比方"),
    ],
)
def test_why_it_is_let_pass(text: str, guard: str) -> None:
    seen = danger(normalise(text))
    assert not seen
    assert guard in seen.guard


def test_shorthand_keeps_the_places_of_what_it_shortens() -> None:
    text = "我爸嘴皮都乌了,我的手机掉进水池"
    brief, at = shorthand(text)
    assert brief == "OB都乌了,P的手机掉进Y"
    assert text[at[brief.index("B")] : at[brief.index("B") + 1]] == "嘴皮"
    assert at[-1] == len(text)


def test_a_glance_never_hides_a_match(known: list[tuple[str, str]]) -> None:
    patterns = [one for sign in signs() for one in alternatives(sign.first)]
    whole = [re.compile(sign.first) for sign in signs()]
    glance = Glance(patterns)
    owner = [number for number, sign in enumerate(signs()) for _ in alternatives(sign.first)]
    for text, _ in known:
        brief, _ = shorthand(text)
        possible = {owner[number] for number in glance.possible(brief)}
        assert {number for number, pattern in enumerate(whole) if pattern.search(brief)} <= possible


@pytest.mark.parametrize(
    ("pattern", "chars"),
    [
        ("着火", "着火"),
        ("a?火", "火"),
        ("(?:着|起)火?", "着起"),
        ("[KOP][^,]{0,4}倒(?!车)", "倒"),
        ("(?:着火|烟)|(?:血)", "火烟血着"),
        ("(?:烟)?", ""),
        ("火+", "火"),
    ],
)
def test_what_a_pattern_needs(pattern: str, chars: str) -> None:
    assert needed(pattern) <= set(chars)
    assert bool(needed(pattern)) is bool(chars)


def test_learning_twice_gives_the_same(known: list[tuple[str, str]]) -> None:
    few = known[::9]
    assert danger_ear.trained(few).weights == danger_ear.trained(few).weights


def test_what_is_struck_out_leaves_the_rest_in_its_place() -> None:
    assert struck_out("火锅店着火了") == "　　店着火了"
