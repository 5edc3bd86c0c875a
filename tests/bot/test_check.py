"""`linli check`: mistakes with lines and exit 1, or what the file holds and hints."""

import re
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from bot.commands.check import check

GOOD = """\
社区: {名称: 示例社区, 值班电话: 028-8888-0000}
意图:
  - 编号: 垃圾投放
    标识: garbage
    办理: 说明
    说法: [垃圾丢哪里, 啥时候收垃圾]
    关键词: [旧衣服]
    回复: 请在 7 点到 9 点投放。
"""


def run(*arguments: str) -> Result:
    app = typer.Typer()
    app.command()(check)
    return CliRunner().invoke(app, list(arguments))


def test_a_right_file_is_summed_up_with_hints(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD, encoding="utf-8")
    result = run(str(path))
    assert result.exit_code == 0
    assert "没有问题" in result.output and "意图：1 个，说法 2 句" in result.output
    assert "受理 1分钟、到场 1小时、上报 1小时、办结 1天、反馈 1天" in result.output
    assert "没有写「网格」" in result.output and "第 7 行：" in result.output and "旧衣服" in result.output


def test_the_outlook_tells_accuracy_pairs_and_missing_words(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    more = """\
  - 编号: 借书
    标识: books
    办理: 说明
    说法: [连环画在哪里借, 有没有连环画, 连环画借几本, 借连环画要押金吗]
    回复: 图书室每天九点开。
"""
    path.write_text(GOOD + more, encoding="utf-8")
    result = run(str(path))
    assert result.exit_code == 0
    assert re.search(r"预计准确率：\d+\.\d%", result.output)
    assert "「连环画」→ 借书（4 句" in result.output


def test_every_mistake_is_told_and_the_exit_code_is_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD.replace("办理: 说明", "办理：说").replace("值班电话", "电话"), encoding="utf-8")
    result = run(str(path))
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert any(line.startswith("mine.yaml 第 1 行：社区：") for line in lines)
    assert any(line.startswith("mine.yaml 第 5 行：") and "中文冒号" in line for line in lines)


def test_without_a_file_the_one_in_use_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINLI_CONFIG", str(tmp_path / "none.yaml"))
    result = run()
    assert result.exit_code == 1 and "none.yaml：找不到这个文件" in result.output


def test_a_wrong_environment_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINLI_REPLAY_WINDOW", "很久")
    result = run()
    assert result.exit_code == 1 and "LINLI_REPLAY_WINDOW" in result.output
