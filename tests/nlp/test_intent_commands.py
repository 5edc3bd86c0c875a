"""`linli intents …` as an admin types it."""

import json
from pathlib import Path

import pytest
from samples import FIXTURES, ROOT
from typer.testing import CliRunner

from bot.commands.intents import app

CONFIG = ["--config", str(ROOT / "config.yaml")]


def run(*words: str) -> str:
    result = CliRunner().invoke(app, [*words])
    assert result.exit_code == 0, result.output
    return result.output


def test_trying_a_sentence_tells_why() -> None:
    told = run("try", *CONFIG, "3栋楼道灯坏了", "上次着火那个楼道好久修")
    assert "认定「报事」" in told
    assert "栋 3" in told
    assert "坏了＝故障" in told
    assert "不按紧急处理" in told


def test_parsing_prints_one_object_a_line() -> None:
    lines = run(
        "parse", *CONFIG, "--json", "--now", "2024-11-20T10:00", "明天上午10点", "楼上着火了"
    ).splitlines()
    first, second = map(json.loads, lines)
    assert set(first) == {"text", "decision", "intent", "score", "alternatives", "emergency", "slots"}
    assert first["slots"] == {"date": "2024-11-21", "time": "10:00"}
    assert (second["intent"], second["emergency"]) == ("emergency", True)


def test_parsing_a_file() -> None:
    lines = run("parse", *CONFIG, "--json", "--file", str(FIXTURES / "addresses_dev.tsv")).splitlines()
    assert [json.loads(line)["text"] for line in lines][:2] == ["2栋3单元1201", "九栋一单元"]
    assert "没听懂" in run("parse", *CONFIG, "给我唱首歌")


def test_measuring_with_the_configuration_and_with_a_table_alone() -> None:
    table = str(FIXTURES / "community_utterances_dev.tsv")
    figures = json.loads(run("eval", *CONFIG, "--test", table, "--json"))
    assert figures["n"] == 60
    assert figures["accuracy"] >= 0.95
    assert {"macro_f1", "false_reject", "oos_recall", "us_per_message", "load_s", "confusions"} <= set(
        figures
    )
    alone = json.loads(run("eval", "--train", table, "--test", table, "--json"))
    assert alone["accuracy"] == 1.0
    assert "准确率" in run("eval", "--train", table, "--test", table)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["parse", *CONFIG], "没有要识别的话"),
        (["parse", *CONFIG, "--now", "明天", "你好"], "--now"),
        (["eval", "--test", "没有这个文件.tsv"], "打不开"),
        (["try", "--config", "没有这个文件.yaml", "你好"], "没有这个文件.yaml"),
    ],
)
def test_slips_are_told_in_chinese(words: list[str], said: str) -> None:
    result = CliRunner().invoke(app, words)
    assert result.exit_code != 0
    assert said in result.output


def test_a_table_without_the_columns_is_told(tmp_path: Path) -> None:
    table = tmp_path / "x.tsv"
    table.write_text("a\tb\n1\t2\n", encoding="utf-8")
    result = CliRunner().invoke(app, ["eval", "--train", str(table), "--test", str(table)])
    assert result.exit_code != 0
    assert "text 和 intent" in result.output
