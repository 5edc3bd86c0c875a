"""Slips of the hand in YAML: each is found, told with its line and remedy, and the rest of the file is read on."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.yamlfile import ConfigError, Document, Mistake, parse, read

# What was typed, the line, what the admin reads, and what the file was taken to mean.
SLIPS: list[tuple[str, str, int, str, object]] = [
    (
        "full-width colon",
        "社区:\n  名称: 甲\n  值班电话：028\n  办公: 乙\n",
        3,
        "「值班电话」后面用了中文冒号，请改成英文冒号加一个空格：值班电话: 028",
        {"社区": {"名称": "甲", "值班电话": "028", "办公": "乙"}},
    ),
    (
        "full-width colon of a section",
        "社区：\n  名称: 甲\n",
        1,
        "「社区」后面用了中文冒号",
        {"社区": {"名称": "甲"}},
    ),
    (
        "full-width colon after a dash",
        "渠道:\n  - 编号：mp\n    种类: 公众号\n",
        2,
        "- 编号: mp",
        {"渠道": [{"编号": "mp", "种类": "公众号"}]},
    ),
    (
        "full-width colon in braces",
        "受理: {限：1分钟, 从: 提交}\n",
        1,
        "限: 1分钟",
        {"受理": {"限": "1分钟", "从": "提交"}},
    ),
    ("no blank after the colon", "社区:\n  名称:甲\n  电话: 2\n", 2, "冒号后面要空一格：名称: 甲", None),
    ("no blank on the last line", "社区:\n  名称: 甲\n  电话:2\n", 3, "冒号后面要空一格：电话: 2", None),
    ("no blank after a dash", "说法:\n  - 漏水\n  -路灯坏了\n", 3, "「-」后面要空一格：- 路灯坏了", None),
    ("no dash has its blank", "说法:\n  -漏水\n  -路灯坏了\n", 2, "「-」后面要空一格，例如「- 漏水」", None),
    ("tab", "社区:\n\t名称: 甲\n", 2, "行首用了 Tab", {"社区": {"名称": "甲"}}),
    (
        "wide blank",
        "社区:\n\u3000名称: 甲\n",
        2,
        "行首用了 中文（全角）空格",
        {"社区": {"名称": "甲"}},
    ),
    (
        "half a quote",
        '社区:\n  名称: "甲\n  电话: 2\n',
        2,
        '引号只有一半：请在这句话末尾补上英文引号，例如 名称: "甲"',
        {"社区": {"名称": "甲", "电话": "2"}},
    ),
    ("half a quote, closed by the next", '名称: "甲\n电话: "2"\n办公: 乙\n', 1, "引号只有一半", None),
    ("English quote closed by a Chinese one", '名称: "甲”\n电话: 2\n', 1, "结尾是中文引号", None),
    (
        "words after the quote",
        '回复: "{编号}"：{状态}\n',
        1,
        "引号没有把整句话括起来",
        {"回复": "{编号}：{状态}"},
    ),
    (
        "a text that begins with a place",
        "回复: {编号}：{状态}\n电话: 2\n",
        1,
        '以「{」开头的一句话要用英文引号括起来：回复: "{编号}：{状态}"',
        {"回复": "{编号}：{状态}", "电话": "2"},
    ),
    ("bracket not closed", "范围: [1栋, 2栋\n负责: a\n", 1, "请在末尾补上「]」：范围: [1栋, 2栋]", None),
    ("brace not closed", "受理: {限: 1分钟, 从: 提交\n到场: a\n", 1, "请在末尾补上「}」", None),
    ("two commas", "范围: [1栋,, 2栋]\n", 1, "中间多了一个逗号", {"范围": ["1栋", "2栋"]}),
    ("a colon in the words", "问: 例如: 3栋\n", 1, "这一行有两个英文冒号", {"问": "例如: 3栋"}),
    (
        "too far right",
        "社区:\n  名称: 甲\n   电话: 2\n",
        3,
        "前面有 3 个空格，若与「名称」并列，应是 2 个",
        {"社区": {"名称": "甲", "电话": "2"}},
    ),
    ("too far left", "社区:\n    名称: 甲\n  电话: 2\n", 3, "若与「名称」并列，应是 4 个", None),
    ("too far left in an item", "意图:\n  - 编号: 甲\n   办理: 乙\n", 3, "若与「编号」并列，应是 4 个", None),
    ("as far left as the dash", "意图:\n  - 编号: 甲\n  办理: 乙\n", 3, "若与「编号」并列，应是 4 个", None),
    (
        "free text too far left",
        "回复: |\n  一\n 二\n电话: 2\n",
        3,
        "前面应有 2 个空格",
        {"回复": "一\n二\n", "电话": "2"},
    ),
    ("no colon at all", "社区:\n  名称\n  电话: 2\n", 2, "「名称」后面少了冒号", None),
    ("star", "句式:\n  - *漏水\n", 2, "以「*」开头的内容要用英文引号括起来", {"句式": ["*漏水"]}),
    ("at sign", "句式:\n  - @漏水\n", 2, "以「@」开头的内容要用英文引号括起来", {"句式": ["@漏水"]}),
    ("exclamation mark", "句式:\n  - !漏水\n", 2, "以「!」开头的内容要用英文引号括起来", {"句式": ["!漏水"]}),
    ("ampersand", "句式:\n  - &甲 漏水\n", 2, "以「&」开头的内容要用英文引号括起来", None),
    ("a key twice", "名称: 甲\n名称: 乙\n", 2, "「名称」写了两次（第 1 行已经有了）", {"名称": "甲"}),
    ("no key", ": 甲\n", 1, "冒号前面少了名字", None),
    ("two documents", "名称: 甲\n---\n名称: 乙\n", 2, "这里有一行「---」", {"名称": "甲"}),
    ("backslash", '名称: "甲\\乙"\n', 1, "不能有「\\」", {"名称": "甲\\乙"}),
]


def tell(text: str | bytes) -> tuple[list[Mistake], Document | None]:
    data = text.encode() if isinstance(text, str) else text
    try:
        document = parse(data, "config.yaml")
    except ConfigError as error:
        return error.mistakes, None
    return document.mistakes, document


@pytest.mark.parametrize("slip", SLIPS, ids=[slip[0] for slip in SLIPS])
def test_a_slip_is_told_with_line_and_remedy(slip: tuple[str, str, int, str, object]) -> None:
    _, text, line, words, meant = slip
    mistakes, document = tell(text)
    assert [mistake.line for mistake in mistakes] == [line]
    assert words in mistakes[0].what
    if meant is not None:
        assert document is not None and document.plain() == meant


@pytest.mark.parametrize("text", ["网格:\n  名称: 甲\n  - 乙\n", "回复: |甲\n  乙\n"])
def test_a_slip_that_only_the_admin_can_mend_is_told_alone(text: str) -> None:
    mistakes, document = tell(text)
    assert document is None and len(mistakes) == 1 and mistakes[0].line in (1, 3)


def test_all_slips_are_found_in_one_reading() -> None:
    mistakes, document = tell('社区：\n  名称:甲\n  电话: "028\n网格:\n  - 编号: W01\n   负责: zhang\n')
    assert [mistake.line for mistake in mistakes] == [1, 2, 3, 6]
    assert document is not None
    assert document.plain() == {
        "社区": {"名称": "甲", "电话": "028"},
        "网格": [{"编号": "W01", "负责": "zhang"}],
    }


def test_many_tabs_do_not_bury_everything_else() -> None:
    mistakes, _ = tell("社区:\n" + "".join(f"\t键{n}: 甲\n" for n in range(30)))
    assert len(mistakes) == 5 and "后面还有 25 行" in mistakes[-1].what


def test_tabs_in_the_middle_and_in_free_text_are_harmless() -> None:
    mistakes, document = tell("名称:\t甲\t# 说明\n回复: |\n  一\n  \t二\n")
    assert not mistakes and document is not None
    assert document.plain() == {"名称": "甲", "回复": "一\n  二\n"}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("社区:\n  名称: 成华社区\n".encode("gbk"), "GBK（ANSI）编码"),
        ("社区:\n  名称: 甲\n".encode("utf-16"), "UTF-16"),
        (b"a: \xff\xff\xff", "UTF-8"),
        (b"a: 1\n" * 200_000, "文件太大了"),
        ("名称: 甲\u200b\n".encode(), "看不见的字符"),
        ("名称: 甲\x07\n".encode(), "看不见的字符"),
        (b"[" * 3000, "缩进套得太深了"),
    ],
)
def test_a_file_that_is_no_text_is_explained(data: bytes, words: str) -> None:
    mistakes, document = tell(data)
    assert document is None and words in mistakes[0].what


def test_notepad_files_are_read() -> None:
    mistakes, document = tell("\ufeff社区:\r\n  名称: 甲\r\n".encode())
    assert not mistakes and document is not None and document.plain() == {"社区": {"名称": "甲"}}


def test_aliases_do_not_explode() -> None:
    bomb = "a: &a [哈, 哈]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
    )
    mistakes, document = tell(bomb)
    assert mistakes and document is not None and len(str(document.plain())) < 2000


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="找不到这个文件"):
        read(tmp_path / "config.yaml")
    with pytest.raises(ConfigError, match="打不开这个文件"):
        read(tmp_path)


def test_every_scalar_is_text() -> None:
    _, document = tell("是: yes\n时: 22:00\n数: 010\n日: 2026-01-01\n空: null\n无:\n")
    assert document is not None
    assert document.plain() == {
        "是": "yes",
        "时": "22:00",
        "数": "010",
        "日": "2026-01-01",
        "空": "",
        "无": "",
    }


def test_lines_and_places_are_found_again() -> None:
    _, document = tell(
        "意图:\n  - 编号: 报事\n    说法:\n      - 漏水\n      - 灯坏\n    要问: [甲, {问: 乙}]\n"
    )
    assert document is not None
    assert document.line(("意图", 0, "说法", 1)) == 5
    assert document.line(("意图", 0, "没有时")) == 2  # the item that should have it
    assert document.where(("意图", 0, "说法", 1)) == "意图 ▸ 报事 ▸ 说法 ▸ 第 2 项"
    assert document.where(("意图", 0, "编号")) == "意图 ▸ 第 1 项 ▸ 编号"
    assert document.line(("意图", 0, "要问", 1, "问")) == 6


@given(st.text(alphabet="甲乙:： -[]{}\"'|>#\n\t&*!,，%@`?\\a1\u3000", max_size=80))
@settings(max_examples=400, deadline=None)
def test_whatever_is_typed_is_read_or_explained(text: str) -> None:
    mistakes, document = tell(text)
    assert document is not None or mistakes
    assert all(mistake.what and 0 <= mistake.line <= text.count("\n") + 2 for mistake in mistakes)
