"""What is told to an admin whose words are weak, and how figures are counted."""

from typing import Any

import pytest
from samples import FIXTURES, NOW

from nlp import evaluate
from nlp.check import check, expected, untrue_phrases
from nlp.features import Reader
from nlp.lexicon import BadLexicon, read, shipped
from nlp.spec import NlpSpec
from nlp.understand import Understander, findings
from nlp.understanding import Decision


def spec(*intents: tuple[str, list[str], list[str]], **rest: Any) -> NlpSpec:
    return NlpSpec.model_validate(
        {
            "意图": [
                {"编号": name, "标识": f"i{at}", "办理": "说明", "说法": phrases, "关键词": keywords}
                for at, (name, phrases, keywords) in enumerate(intents)
            ],
            **rest,
        }
    )


def test_a_phrase_that_means_danger_does_not_reach_its_intent() -> None:
    given = spec(("闲话", ["楼上着火了", "有点事", "问个话"], []), ("别的", ["查账", "看钱"], []))
    given = given.model_copy(
        update={"intents": (given.intents[0], given.intents[1].model_copy(update={"service": "紧急"}))}
    )
    built = Understander(given)
    assert untrue_phrases(built) == [("i0", "楼上着火了", "i1")]
    [finding] = [finding for finding in check(given, built) if finding.serious]
    assert finding.path == ("意图", 0, "说法", 0)
    assert "「别的」" in finding.what


def test_phrases_that_are_one_sentence_to_the_machine_contradict() -> None:
    given = spec(
        ("甲", ["3栋渗水了", "我要报"], []), ("乙", ["5栋漏水了", "我要看"], []), 词语={"漏水": ["渗水"]}
    )
    assert any(
        finding.path == ("意图", 1, "说法", 0) and "同一句话" in finding.what for finding in check(given)
    )


def test_keywords_are_looked_at() -> None:
    given = spec(
        ("甲", ["看积分", "查积分", "问积分", "换积分"], ["积分", "没人说过"]),
        ("乙", ["投票", "表决"], ["积分", "电动车"]),
        词语={"电瓶车": ["电动车"]},
    )
    told = {finding.path: finding.what for finding in check(given)}
    assert "一次也没用到" in told["意图", 0, "关键词", 1]
    assert "更常见" in told["意图", 1, "关键词", 0]
    assert ("意图", 0, "关键词", 0) not in told


def test_a_keyword_that_is_only_punctuation_never_fires() -> None:
    given = spec(("甲", ["看积分", "查积分"], ["，，"]), ("乙", ["投票", "表决"], []))
    assert any("永远碰不上" in hint for hint in findings(Understander(given)))


def test_few_phrases_are_told() -> None:
    assert any("只有 2 句" in hint for hint in findings(Understander(spec(("甲", ["看积分", "查分"], [])))))


def test_one_intent_alone_can_be_learnt() -> None:
    built = Understander(spec(("甲", ["看积分"], [])))
    assert built.understand("看积分", now=NOW).intent == "i0"


def test_a_guarded_danger_with_nothing_else_to_mean_is_unknown() -> None:
    alone = spec(("紧急", ["救命啊"], []))
    alone = alone.model_copy(update={"intents": (alone.intents[0].model_copy(update={"service": "紧急"}),)})
    heard = Understander(alone).understand("上次着火那个楼道", now=NOW)
    assert (heard.decision, heard.intent, heard.emergency) == (Decision.UNKNOWN, "", "")


def test_expected_accuracy_of_the_shipped_words(understander: Understander) -> None:
    held_out = expected(understander)
    assert held_out.accuracy > 0.85
    assert set(held_out.by_intent) == {*(intent.ident for intent in understander.spec.intents), "oos"}
    assert held_out.confused == tuple(sorted(held_out.confused, key=lambda one: -one[2]))


def test_the_shipped_lexicon_is_sound() -> None:
    classes = shipped()
    assert {"设施", "故障", "等待", "撤回", "钱词", "家人"} <= set(classes)
    assert sum(map(len, classes.values())) > 600


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("  电梯 路灯", 1, "类名"),
        ("设施: >-\n  电梯\n设施: >-\n  路灯", 3, "两遍"),
        ("设施: >-\n故障: >-\n  坏了", 1, "没有词"),
        ("设施 电梯", 1, "设施: >-"),
    ],
)
def test_slips_in_a_lexicon(text: str, line: int, said: str) -> None:
    with pytest.raises(BadLexicon, match=said) as caught:
        read(text)
    assert caught.value.line == line


def test_synonyms_and_numbers_are_unified() -> None:
    reader = Reader(shipped(), {"漏水": ("渗水",)}, [("渗水", "a")])
    assert reader.features("3栋渗水") == reader.features("12栋漏水")
    assert reader.signs("渗水").keywords == (("漏水", "a"),)


def test_figures_are_counted(understander: Understander) -> None:
    lines = [
        evaluate.Line("查进度", "request_status"),
        evaluate.Line("路灯坏了", "urge", ("file_request",)),
        evaluate.Line("谢谢", "greeting"),
        evaluate.Line("给我唱首歌", "oos"),
        evaluate.Line("你好", "oos"),
    ]
    figures = evaluate.evaluate(understander, lines, now=NOW, load_s=0.25)
    assert figures["n"] == 5
    assert figures["accuracy"] == 0.6
    assert figures["oos_recall"] == 0.5
    assert figures["false_reject"] == 0.0
    assert figures["load_s"] == 0.25
    assert {(one["gold"], one["got"], one["n"]) for one in figures["confusions"]} == {  # type: ignore[attr-defined]
        ("greeting", "thanks", 1),
        ("oos", "greeting", 1),
    }


def test_the_bare_engine_learns_from_a_table_alone() -> None:
    train = [
        evaluate.Line(f"{verb}{noun}", noun)
        for noun in ("天气", "股票", "菜谱")
        for verb in ("查", "看看", "今天的", "问")
    ]
    figures = evaluate.evaluate_alone(
        train, [evaluate.Line("明天天气", "天气"), evaluate.Line("股票咋样", "股票")]
    )
    assert figures["accuracy"] == 1.0


def test_tables_are_read_and_slips_told() -> None:
    lines = evaluate.read_lines((FIXTURES / "community_utterances_dev.tsv").read_text(encoding="utf-8"))
    assert len(lines) == 60
    assert lines[0].label == "file_request"
    assert evaluate.read_lines("text\tlabel\n好\ta\n")[0] == evaluate.Line("好", "a")
    with pytest.raises(evaluate.BadTable, match="第 1 行"):
        evaluate.read_lines("a\tb\n1\t2\n")
    with pytest.raises(evaluate.BadTable, match="第 3 行"):
        evaluate.read_lines("text\tintent\n好\ta\n坏\n")
    with pytest.raises(evaluate.BadTable):
        evaluate.read_lines("")


def test_parsed_lines_have_the_agreed_form(understander: Understander) -> None:
    one, none = evaluate.parse_lines(understander, ["3栋2单元501着火了", "唱首歌嘛"], now=NOW)
    assert one["text"] == "3栋2单元501着火了"
    assert (one["decision"], one["intent"], one["score"], one["emergency"]) == (
        "sure",
        "emergency",
        1.0,
        True,
    )
    assert one["slots"] == {"building": "3", "unit": "2", "room": "501", "place": "3栋2单元501"}
    assert (none["decision"], none["intent"], none["emergency"]) == ("unknown", "oos", False)
