"""The admin's loop: what was not understood, teaching it, and what a changed file would change."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bot.commands.base import open_desk
from bot.commands.intents import app
from bot.config import load_config, parse_config
from bot.config.additions import NoPlace, with_chitchat, with_phrase
from models.inbox import Inbox

CONFIG = """\
# 我们社区的配置
社区: {名称: 示例社区, 值班电话: 028-8888-0000}

词语:
  借: [借阅]      # 同义词

意图:
  - 编号: 借书
    标识: books
    办理: 说明
    说法:
      - 我要借书
      - 图书室几点开      # 常有人问
      - 借的书怎么还
    回复: 图书室每天九点开。
  - 编号: 理发
    标识: hair
    办理: 说明
    说法: [剪头发, 哪里能剪头发, 义剪啥时候有]   # 每月一次
    回复: 每月十五号义剪。
"""
UNKNOWN = ["连环画摆在哪个柜柜头", "连环画摆在哪个柜柜头嘛", "太阳为什么是圆的"]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(CONFIG, encoding="utf-8")
    monkeypatch.setenv("LINLI_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("LINLI_CONFIG", str(path))
    monkeypatch.delenv("LINLI_DATABASE_URL", raising=False)
    return path


@pytest.fixture
def asked(config: Path) -> Path:
    """Three messages that were not understood; all that people wrote is in the inbox."""
    with open_desk() as desk:
        for number, text in enumerate([*UNKNOWN, "我要借书", "我叫王建国，剪头发"]):
            at: datetime = desk.now - timedelta(minutes=number)
            desk.session.add(
                Inbox(
                    community_id=desk.community_id,
                    account="mp",
                    message_id=f"m{number}",
                    person="mp:li",
                    kind="text",
                    text=text,
                    heard_at=at,
                )
            )
        for text in UNKNOWN:
            desk.keep_unmatched(text, "books")
    return config


def run(*words: str) -> Result:
    return CliRunner().invoke(app, [*words])


def groups() -> list[dict[str, object]]:
    return [json.loads(line) for line in run("unmatched", "--json").output.splitlines()]


def test_what_was_not_understood_is_shown_in_groups(asked: Path) -> None:
    first, second = groups()
    assert (first["n"], first["guess"]) == (2, "books") and "连环画" in str(first["texts"])
    assert second["texts"] == ["太阳为什么是圆的"]
    told = run("unmatched").output
    assert "3 句，2 组（留 90天）" in told and "有点像「借书」" in told and "--write" in told


def test_nothing_to_show(config: Path) -> None:
    assert "没有没听懂的话" in run("unmatched").output
    assert "没有来话可以比" in run("dry-run", str(config)).output


def test_teaching_a_group_adds_one_phrase_and_keeps_every_comment(asked: Path) -> None:
    number = str(groups()[0]["group"])
    only_told = run("teach", number, "借书")
    assert "意图 ▸ 借书 ▸ 说法" in only_told.output and asked.read_text(encoding="utf-8") == CONFIG
    done = run("teach", number, "books", "--write")
    assert done.exit_code == 0 and "2 句已归好" in done.output
    written = asked.read_text(encoding="utf-8")
    added = next(line for line in written.splitlines() if line not in CONFIG.splitlines())
    assert added.startswith("      - 连环画摆在哪个柜柜头")
    assert [line for line in written.splitlines() if line != added] == CONFIG.splitlines()
    assert load_config(asked).nlp.intents[0].phrases[-1] == added.strip("- ")
    assert [one["texts"] for one in groups()] == [["太阳为什么是圆的"]]


def test_a_group_that_is_none_of_ours_becomes_chitchat(asked: Path) -> None:
    number = str(groups()[1]["group"])
    assert "闲聊: [太阳为什么是圆的]" in run("dismiss", number).output
    assert run("dismiss", number, "--write").exit_code == 0
    assert load_config(asked).nlp.chitchat == ("太阳为什么是圆的",)
    assert "# 同义词" in asked.read_text(encoding="utf-8")
    assert [one["n"] for one in groups()] == [2]
    assert run("dismiss", str(groups()[0]["group"]), "--write").exit_code == 0
    chitchat = load_config(asked).nlp.chitchat
    assert len(chitchat) == 2 and chitchat[0] == "太阳为什么是圆的"


def test_slips_are_told_and_change_nothing(asked: Path) -> None:
    assert "没有第 99 组" in run("teach", "99", "借书").output
    number = str(groups()[0]["group"])
    assert "没有「看病」这个意图。现有：借书、理发" in run("teach", number, "看病").output
    doubled = run("teach", number, "借书", "--phrase", "剪头发", "--write")
    assert doubled.exit_code == 1 and "没有写" in doubled.output
    assert asked.read_text(encoding="utf-8") == CONFIG and groups()[0]["n"] == 2


def test_a_dry_run_tells_what_would_be_routed_differently(asked: Path, tmp_path: Path) -> None:
    same = run("dry-run", str(asked))
    assert "看了 5 句来话，换上以后认得都一样" in same.output
    changed = tmp_path / "new.yaml"
    changed.write_text(
        CONFIG.replace("      - 我要借书\n", "      - 我要借书\n      - 连环画摆在哪个柜柜头\n"),
        encoding="utf-8",
    )
    told = run("dry-run", str(changed)).output
    assert "→ 「借书」" in told and "「连环画摆在哪个柜柜头」" in told
    figures = json.loads(run("dry-run", str(changed), "--json").output)
    assert figures["n"] == 5 and figures["changed"] == sum(pair["n"] for pair in figures["pairs"])
    assert all("王建国" not in text for pair in figures["pairs"] for text in pair["texts"])
    assert asked.read_text(encoding="utf-8") == CONFIG


def test_a_dry_run_of_a_bad_file_tells_the_line(asked: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(CONFIG.replace("办理: 说明", "办理：说明", 1), encoding="utf-8")
    result = run("dry-run", str(bad))
    assert result.exit_code == 1 and "bad.yaml 第 10 行" in result.output


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("说法: [剪头发, 义剪]   # 注", "说法: [剪头发, 义剪, 理个发]   # 注"),
        ("说法: [剪头发, 义剪]", "说法: [剪头发, 义剪, 理个发]"),
        (
            "说法:\n      - 剪头发\n      - 义剪  # 注\n    关键词: [剪]",
            "说法:\n      - 剪头发\n      - 义剪  # 注\n      - 理个发\n    关键词: [剪]",
        ),
        ("说法:\n      [剪头发,\n       义剪]", "说法:\n      [剪头发,\n       义剪, 理个发]"),
    ],
)
def test_a_phrase_is_added_as_a_careful_hand_would(before: str, after: str) -> None:
    frame = "社区: {名称: 示例, 值班电话: '1'}\n意图:\n  - 编号: 理发\n    标识: hair\n    办理: 说明\n    回复: 好\n    %s\n"
    config = parse_config((frame % before).encode())
    assert with_phrase(config, "hair", "理个发").decode() == frame % after


def test_a_phrase_that_yaml_would_misread_is_quoted(config: Path) -> None:
    written = with_phrase(load_config(config), "books", "编号: 7 # 在哪")
    assert '- "编号: 7 # 在哪"' in written.decode()
    assert parse_config(written).nlp.intents[0].phrases[-1] == "编号: 7 # 在哪"


def test_a_list_that_cannot_be_added_to_is_left_to_the_admin() -> None:
    config = parse_config(
        "社区: {名称: 示例, 值班电话: '1'}\n意图: [{编号: 理发, 标识: hair, 办理: 说明, 回复: 好, 说法: 剪头发}]\n".encode()
    )
    with pytest.raises(NoPlace, match="理个发"):
        with_phrase(config, "hair", "理个发")


def test_chitchat_finds_its_place_without_a_section_of_words(config: Path) -> None:
    bare = parse_config(
        CONFIG.replace("词语:\n  借: [借阅]      # 同义词\n", "").replace("\n", "\r\n").encode()
    )
    written = with_chitchat(bare, "太阳为什么是圆的")
    assert b"\r\n" in written and parse_config(written).nlp.chitchat == ("太阳为什么是圆的",)
