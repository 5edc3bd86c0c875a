"""config.yaml as admins really get it wrong: each slip is refused with its line, its place and its remedy."""

import re
from datetime import time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.config import Config, ConfigError, Mistake, accounts, changes, load_config, office, parse_config
from bot.config.fields import duration, said
from bot.settings import SettingsError, read_settings
from handlers.context import Service
from models.rules import SlaRules

SHIPPED = Path(__file__).parents[2] / "config.yaml"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

SERVICES = {
    "报事": Service(lambda message, dialog, context: None, {"回复": "report.filed"}),
    "查进度": Service(lambda message, dialog, context: None, {"回复": "status.one", "没有时": "status.none"}),
    "说明": Service(lambda message, dialog, context: None),
}

GOOD = """\
版本: 1

社区:
  名称: 示例社区
  值班电话: 028-8888-0000
  办公时间: 周一至周五 09:00-17:30

渠道:
  - 编号: mp
    种类: 公众号
    能力: 主动推送
  - 编号: work
    种类: 企业微信

管理员: [wangwu]
社区值班: [wangwu]

人员:
  zhangsan: 张三 13900000001
  lisi: 李四

网格:
  - 编号: W01
    名称: 槐树苑1-3栋
    范围: [1栋, 2栋, 3栋]
    负责: zhangsan
    后备: lisi
  - 编号: W02
    名称: 槐树苑4-6栋
    范围: [4-6栋]
    负责: lisi

时限:
  受理: {限: 1分钟, 从: 提交}
  到场: {限: 1小时, 从: 受理}
  办结: {限: 1天, 从: 受理}
  提前提醒: {到场: 15分钟, 办结: [6小时, 1小时]}
  逐级上报: {到场: [30分钟, 2小时], 办结: [2小时, 1天]}
  夜间不提醒: 22:00-07:00

词语:
  漏水: [渗水, 滴水]

意图:
  - 编号: 报事
    标识: file_request
    办理: 报事
    说法:
      - 我要报事
      - 路灯坏了
    关键词: [投诉, 报修]
    要问:
      - 项目: 地点
        问: 请问在哪个位置？
        种类: 地点
    回复: |
      已收到，编号 {编号}。
  - 编号: 查进度
    标识: request_status
    办理: 查进度
    说法: [查进度, 办到哪了]
    没有时: 没有找到您的报事。
  - 编号: 垃圾投放
    标识: garbage
    办理: 说明
    说法: [垃圾丢哪里]
    回复: 请在 7 点到 9 点投放。可拨 {值班电话}。

听不懂时:
  低于: 0.45
  反问: 您是想「{第一}」还是「{第二}」？

推送:
  新工单: 【新报事】{编号} {地点}

文案:
  欢迎语: 您好，这里是{社区}。
"""


def good(text: str = GOOD) -> Config:
    return parse_config(text.encode(), services=SERVICES)


def bad(text: str) -> list[Mistake]:
    with pytest.raises(ConfigError) as caught:
        good(text)
    return caught.value.mistakes


def line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


# What stands in the good file, what the admin made of it, where it is told, and the remedy.
SLIPS = [
    ("名称: 示例社区", "名: 示例社区", "社区", "不认识「名」。是不是「名称」？"),
    ("  值班电话: 028-8888-0000\n", "", "社区", "少了「值班电话」：请补上一行"),
    ("  值班电话: 028-8888-0000", "  值班电话:", "社区 ▸ 值班电话", "这里不能空着"),
    ("推送:\n", "推送话术:\n", "", "不认识「推送话术」。是不是「推送」？"),
    ("版本: 1", "版本: 2", "版本", "这个程序只认「版本: 1」"),
    ("编号: mp", "编号: 公众号", "渠道 ▸ 第 1 项 ▸ 编号", "会出现在回调地址里"),
    ("编号: mp", "编号: a/b", "渠道 ▸ 第 1 项 ▸ 编号", "会出现在回调地址里"),
    ("编号: work", "编号: mp", "渠道 ▸ 第 2 项 ▸ 编号", "「mp」已经是另一个账号的编号"),
    ("种类: 公众号", "种类: 微信公众号", "渠道 ▸ mp ▸ 种类", "种类请写其中之一：公众号、企业微信"),
    ("能力: 主动推送", "能力: 推送", "渠道 ▸ mp ▸ 能力", "请写「主动推送」"),
    ("管理员: [wangwu]", "管理员: [王五]", "管理员 ▸ 第 1 项", "不是企业微信账号"),
    ("管理员: [wangwu]", "管理员: [wangwu，lisi]", "管理员 ▸ 第 1 项", "要用英文逗号和方括号"),
    ("lisi: 李四", "lisi: 李四 电话号码", "人员 ▸ lisi ▸ 电话", "电话请写数字"),
    ("编号: W02", "编号: W01", "网格 ▸ 第 2 项 ▸ 编号", "「W01」已经是另一个网格的编号"),
    ("编号: W02", "编号: 二号", "网格 ▸ 第 2 项 ▸ 编号", "只用英文字母和数字"),
    ("[4-6栋]", "[3-6栋]", "网格 ▸ W02 ▸ 范围 ▸ 第 1 项", "「3栋」已经在网格 W01 里"),
    ("[4-6栋]", "[三号院]", "网格 ▸ W02 ▸ 范围 ▸ 第 1 项", "认不出是几栋"),
    ("[1栋, 2栋, 3栋]", "[1栋，2栋，3栋]", "网格 ▸ W01 ▸ 范围", "要用英文逗号"),
    ("    负责: zhangsan\n", "", "网格 ▸ W01", "少了「负责」"),
    ("后备: lisi", "后备: zhangsan", "网格 ▸ W01 ▸ 后备", "后备和负责是同一个人"),
    ("限: 1小时", "限: 60", "时限 ▸ 到场 ▸ 限", "请写成「10分钟」「1小时」「1天」这样"),
    ("限: 1小时", "限: 0分钟", "时限 ▸ 到场 ▸ 限", "要大于 0"),
    ("办结: {限: 1天, 从: 受理}", "办结: {限: 很快}", "时限 ▸ 办结 ▸ 限", "请写成「10分钟」"),
    ("受理: {限: 1分钟, 从: 提交}", "受理: {限: 1分钟, 从: 到场}", "时限 ▸ 受理 ▸ 从", "只能从「提交」算起"),
    ("到场: 15分钟", "到场: 2小时", "时限 ▸ 提前提醒 ▸ 到场", "小于时限 1小时"),
    ("[30分钟, 2小时]", "[2小时, 30分钟]", "时限 ▸ 逐级上报 ▸ 到场", "要从短到长"),
    ("[30分钟, 2小时]", "[1分钟, 2分钟, 3分钟, 4分钟]", "时限 ▸ 逐级上报 ▸ 到场", "最多三级"),
    ("22:00-07:00", "晚上十点到七点", "时限 ▸ 夜间不提醒", "请写成「22:00-07:00」这样"),
    ("22:00-07:00", "22:00-25:70", "时限 ▸ 夜间不提醒", "请写成「22:00-07:00」这样"),
    ("  夜间不提醒: 22", "  超时合并: 很多\n  夜间不提醒: 22", "时限 ▸ 超时合并", "请写一个件数，例如 5件"),
    ("  夜间不提醒: 22", "  超时合并: 0\n  夜间不提醒: 22", "时限 ▸ 超时合并", "逐条提醒就写「不合并」"),
    ("  夜间不提醒: 22", "  紧急响应: 60\n  夜间不提醒: 22", "时限 ▸ 紧急响应", "请写成「10分钟」「1小时」「1天」这样"),
    ("到场: {限: 1小时, 从: 受理}", "到达: {限: 1小时}", "时限", "不认识「到达」。是不是「到场」？"),
    ("办理: 查进度", "办理: 查询进度", "意图 ▸ 查进度 ▸ 办理", "是不是「查进度」？可用办理：报事、查进度、说明"),
    ("标识: request_status", "标识: file_request", "意图 ▸ 查进度 ▸ 标识", "已经是另一个意图的标识"),
    ("词语:\n", "词类: {设施: []}\n词语:\n", "词类 ▸ 设施", "这一类没有词"),
    ("[查进度, 办到哪了]", '[查进度, ""]', "意图 ▸ 查进度 ▸ 说法 ▸ 第 2 项", "不能空着"),
    ("编号: 查进度", "编号: 报事", "意图 ▸ 第 2 项 ▸ 编号", "已经是另一个意图的编号"),
    ("[查进度, 办到哪了]", "[查进度, 路灯坏了]", "意图 ▸ 查进度 ▸ 说法 ▸ 第 2 项", "同一句话只能属于一个意图"),
    ("    说法: [查进度, 办到哪了]\n", "", "意图 ▸ 查进度", "少了「说法」"),
    ("[投诉, 报修]", "[投诉，报修]", "意图 ▸ 报事 ▸ 关键词 ▸ 第 1 项", "请用英文逗号，例如 [投诉, 报修]"),
    ("种类: 地点", "种类: 地址", "意图 ▸ 报事 ▸ 要问 ▸ 第 1 项 ▸ 种类", "种类请写其中之一"),
    ("编号 {编号}。", "编号 {单号}。", "意图 ▸ 报事 ▸ 回复", "这里没有「{单号}」可填。可以用："),
    ("编号 {编号}。", "编号 {编号。", "意图 ▸ 报事 ▸ 回复", "花括号没有配成一对"),
    ("编号 {编号}。", "编号 ｛编号｝。", "意图 ▸ 报事 ▸ 回复", "请把「｛编号｝」改成「{编号}」"),
    ("编号 {编号}。", "编号 {编号:9999999999}。", "意图 ▸ 报事 ▸ 回复", "花括号里只写名字"),
    ("可拨 {值班电话}", "可拨 {电话}", "意图 ▸ 垃圾投放 ▸ 回复", "可以用：{值班电话}、{办公时间}、{社区}"),
    ("    回复: 请在 7 点到 9 点投放。可拨 {值班电话}。\n", "", "意图 ▸ 垃圾投放", "要写「回复」"),
    ("低于: 0.45", "低于: 45", "听不懂时 ▸ 低于", "请写 0 到 1 之间的数"),
    ("新工单: 【新报事】{编号} {地点}", "新工单: 【新报事】{楼栋}", "推送 ▸ 新工单", "这里没有「{楼栋}」可填"),
    ("新工单:", "新报事:", "推送", "不认识「新报事」"),
    ("欢迎语:", "欢迎词:", "文案", "是不是「欢迎语」？"),
    ("  名称: 示例社区", "  名称：示例社区", "", "「名称」后面用了中文冒号"),
]  # fmt: skip


@pytest.mark.parametrize(
    "slip", SLIPS, ids=[f"{slip[0].strip()[:12]}→{slip[1].strip()[:14]}" for slip in SLIPS]
)
def test_a_slip_is_refused_with_line_place_and_remedy(slip: tuple[str, str, str, str]) -> None:
    before, after, where, words = slip
    assert GOOD.count(before) >= 1
    text = GOOD.replace(before, after, 1)
    mistakes = bad(text)
    told = [mistake for mistake in mistakes if mistake.where == where and words in mistake.what]
    assert told, "\n".join(map(str, mistakes))
    changed = GOOD[: GOOD.index(before)].count("\n") + 1
    # A missing line is told at the item that should have it.
    assert told[0].line == changed if after else told[0].line < changed + 1


def test_the_form_of_a_mistake() -> None:
    (mistake,) = bad(GOOD.replace("限: 1天", "限: 一会儿"))
    line = line_of(GOOD, "限: 1天")
    assert str(mistake) == f"config.yaml 第 {line} 行：时限 ▸ 办结 ▸ 限：请写成「10分钟」「1小时」「1天」这样"


def test_a_slip_in_a_wide_colon_is_the_only_thing_told_of_its_section() -> None:
    mistakes = bad(GOOD.replace("  名称: 示例社区\n  值班电话: 0", "  名称：示例社区\n  值班电话：0"))
    assert {mistake.line for mistake in mistakes} <= {3, 4, 5}
    assert any("中文冒号" in mistake.what for mistake in mistakes)


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    text = GOOD
    for before, after in (
        ("种类: 公众号", "种类: 微信"),
        ("负责: zhangsan", "负责: 张三"),
        ("限: 1天", "限: 一会儿"),
        ("办理: 查进度", "办理: 查"),
        ("{编号} {地点}", "{编号} {楼}"),
    ):
        text = text.replace(before, after, 1)
    lines = [mistake.line for mistake in bad(text)]
    assert lines == sorted(lines)
    assert {
        line_of(text, words) for words in ("微信\n", "负责: 张三", "一会儿", "办理: 查\n", "{楼}")
    } <= set(lines)


def test_a_file_without_content_says_where_to_begin() -> None:
    assert "请从「社区:」写起" in bad("# 空的\n")[0].what
    assert "开头应是" in bad("- 甲\n")[0].what
    assert {"少了「社区」：请补上一行「社区: …」", "少了「意图」：请补上一行「意图: …」"} <= {
        mistake.what for mistake in bad("版本: 1\n")
    }


def test_what_the_good_file_says() -> None:
    config = good()
    assert config.community.code == "demo" and config.community.name == "示例社区"
    assert config.rules.sla.accept.limit == MINUTE
    assert config.rules.sla.onsite.before == (15 * MINUTE,)
    assert config.rules.sla.onsite.ladder == (30 * MINUTE, 2 * HOUR)
    assert config.rules.sla.report == SlaRules().report  # not written: our default
    assert (config.rules.sla.quiet_from, config.rules.sla.quiet_to) == (time(22), time(7))
    assert [grid.buildings for grid in config.rules.grids] == [("1栋", "2栋", "3栋"), ("4栋", "5栋", "6栋")]
    assert config.rules.workers[0].name == "张三" and config.rules.workers[0].phone == "13900000001"
    assert config.rules.community_desk == ("wangwu",)
    assert config.wording["report.filed"] == "已收到，编号 {编号}。\n"
    assert config.wording["status.none"] == "没有找到您的报事。"
    assert config.wording["worker.new"] == "【新报事】{编号} {地点}"
    assert config.wording["common.welcome"] == "您好，这里是{社区}。"
    assert config.wording["common.ask"].startswith("您是想")
    assert any("网格长" in remark for remark in config.remarks)


def test_deadlines_of_seconds_drop_reminders_that_no_longer_fit() -> None:
    config = good(re.sub(r"  提前提醒: .*\n", "", GOOD).replace("限: 1天", "限: 10秒"))
    assert config.rules.sla.close.limit == timedelta(seconds=10)
    assert config.rules.sla.close.before == ()


def test_a_stage_may_hold_its_own_reminders_but_not_twice() -> None:
    text = GOOD.replace(
        "到场: {限: 1小时, 从: 受理}", "到场: {限: 1小时, 提前提醒: 5分钟, 逐级上报: [1小时]}"
    )
    assert any("写了两处" in mistake.what for mistake in bad(text))
    text = re.sub(r"  (提前提醒|逐级上报): .*\n", "", text)
    assert good(text).rules.sla.onsite.before == (5 * MINUTE,)
    assert good(text).rules.sla.onsite.ladder == (HOUR,)


def test_short_forms() -> None:
    text = GOOD.replace("受理: {限: 1分钟, 从: 提交}", "受理: 90秒").replace("22:00-07:00", "不设")
    config = good(text.replace("管理员: [wangwu]", "管理员: wangwu"))
    assert config.rules.sla.accept.limit == timedelta(seconds=90)
    assert config.rules.sla.quiet_from == config.rules.sla.quiet_to
    assert config.admins == ("wangwu",)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("30秒", timedelta(seconds=30)),
        ("１０分钟", 10 * MINUTE),
        ("1小时30分钟", 90 * MINUTE),
        ("1个小时", HOUR),
        ("半小时", 30 * MINUTE),
        ("1天半", 36 * HOUR),
        ("一天", DAY),
        ("十五分钟", 15 * MINUTE),
        ("1.5小时", 90 * MINUTE),
        ("2 周", 14 * DAY),
        ("0秒", timedelta(0)),
    ],
)
def test_durations(text: str, span: timedelta) -> None:
    assert duration(text) == span


@pytest.mark.parametrize("text", ["", "10", "1月", "很快", "-5分钟", "1小时左右", "99999天", "一二分钟"])
def test_no_durations(text: str) -> None:
    with pytest.raises(ValueError, match=r"请写成|最多十年"):
        duration(text)


@given(st.integers(min_value=0, max_value=10**8))
@settings(max_examples=200)
def test_a_duration_said_is_read_back(seconds: int) -> None:
    assert duration(said(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


def _slips_of(line: str) -> set[str]:
    """Everything that a hand commonly does to one line."""
    made = {f"\t{line.lstrip(' ')}", line.replace(": ", "：", 1), line.replace(": ", ":", 1)}
    made |= {line.replace("- ", "-", 1)} if line.lstrip().startswith("- ") else set()
    made |= {line.replace(mark, "", 1) for mark in ("]", "}")}
    made |= {re.sub(r": ([^\s|])", r': "\1', line, count=1), re.sub(r"- (?=[^\s:]*$)", '- "', line)}
    made |= {f" {line}", line.removeprefix(" ")} if not line.startswith("      已") else set()
    return made - {line}


def test_every_common_slip_on_every_line_is_told_at_that_line() -> None:
    lines = GOOD.splitlines()
    astray: list[str] = []
    for at, line in enumerate(lines):
        if not line.strip():
            continue
        for slip in _slips_of(line):
            text = "\n".join([*lines[:at], slip, *lines[at + 1 :]]) + "\n"
            try:
                good(text)
            except ConfigError as error:
                # The first line of a block shows its indentation only by the second.
                if not any(0 <= mistake.line - (at + 1) <= 1 for mistake in error.mistakes):
                    astray.append(f"{at + 1} {slip!r}: {error}")
            else:
                meant_the_same = slip.strip() == line.strip()  # alone in its block: any indentation will do
                if not meant_the_same:
                    astray.append(f"{at + 1} {slip!r}: accepted")
    assert not astray, "\n".join(astray)


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_file_is_read_or_refused_with_lines_of_the_file(data: st.DataObject) -> None:
    text = GOOD
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(text) - 1))
        cut = data.draw(st.integers(0, 3))
        put = data.draw(st.text(alphabet="：:，, \t\"'{}[]-|#*&甲1\n", max_size=3))
        text = text[:at] + put + text[at + cut :]
    try:
        good(text)
    except ConfigError as error:
        assert error.mistakes
        for mistake in error.mistakes:
            assert 0 <= mistake.line <= text.count("\n") + 1
            assert re.search(r"[\u4e00-\u9fff]", mistake.what)
            assert "Value error" not in mistake.what and "Input should" not in mistake.what


def test_the_office_and_its_accounts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    config = good()
    environment = read_settings(home=tmp_path)
    made = office(config, environment)
    assert made.worker_account == "work" and made.worker_key("lisi") == "work:lisi"
    assert (
        made.intents["garbage"].answer.startswith("请在 7 点") and made.intents["garbage"].service == "说明"
    )
    assert made.intents["file_request"].questions[0].kind == "地点"
    assert made.intents["file_request"].answer == ""
    assert made.texts["common.welcome"] == "您好，这里是{社区}。"

    monkeypatch.setenv("LINLI_ACCOUNT_MP_TOKEN", "token123")
    mp, work = accounts(config, environment)
    assert (mp.kind, mp.can_push, mp.token) == ("公众号", True, "token123")
    assert (work.kind, work.can_push, work.token) == ("企业微信", True, "")

    monkeypatch.setenv("LINLI_ACCOUNT_WORK_AES_KEY", "short")
    with pytest.raises(SettingsError, match="LINLI_ACCOUNT_WORK_AES_KEY"):
        accounts(config, environment)


def test_templates_reach_the_account(tmp_path: Path) -> None:
    text = GOOD.replace(
        "    能力: 主动推送\n",
        "    能力: 主动推送\n    模板:\n      进度通知: {编号: AT01, 字段: {编号: character_string1}}\n",
    )
    assert accounts(good(text), read_settings(home=tmp_path))[0].templates == {
        "进度通知": ("AT01", {"编号": "character_string1"})
    }
    (mistake,) = bad(text.replace("character_string1", "编号"))
    assert mistake.where == "渠道 ▸ mp ▸ 模板 ▸ 进度通知 ▸ 字段 ▸ 编号" and "thing1" in mistake.what


def test_templates_that_no_notice_uses_are_hinted_at() -> None:
    text = GOOD.replace(
        "    能力: 主动推送\n",
        "    模板:\n      进度: {编号: A}\n      进度通知: {编号: A, 字段: {楼栋: thing1}}\n",
    )
    remarks = "\n".join(good(text).remarks)
    assert "模板「进度」用不上，可用的有：进度通知、活动提醒" in remarks
    assert "没有字段「楼栋」，可用的有：情况、状态、编号、网格员" in remarks


def test_accounts_whose_secrets_would_meet_are_refused() -> None:
    text = GOOD.replace("编号: mp", "编号: a-b").replace("编号: work", "编号: a_b")
    assert any("密钥会读到同一处" in mistake.what for mistake in bad(text))


def test_what_an_edit_changed() -> None:
    old = good()
    assert changes(old, good(GOOD + "# 说明\n")) == "只改了说明或排版，用起来没有变化"
    new = GOOD.replace("限: 1天", "限: 2天").replace("[查进度, 办到哪了]", "[查进度, 办得咋样了]")
    new = new.replace("负责: lisi", "负责: sunqi").replace("这里是", "我是")
    assert (
        changes(old, good(new)) == "网格：改了「W02」；时限：办结 1天 → 2天；意图：改了「查进度」；文案 1 处"
    )


def test_the_shipped_file_is_right() -> None:
    config = load_config(SHIPPED)
    assert len(config.nlp.intents) > 3 and config.rules.grids
    assert config.remarks == ()


@pytest.mark.parametrize(("written", "over"), [("8", 8), ("３件", 3), ("不合并", 0)])
def test_how_many_overdue_make_a_list(written: str, over: int) -> None:
    quiet = "夜间不提醒: 22:00-07:00"
    more = f"{quiet}\n  超时合并: {written}\n  清单间隔: 1小时\n  紧急响应: 2分钟"
    old, new = good(GOOD), good(GOOD.replace(quiet, more))
    assert (old.rules.digest_over, new.rules.digest_over) == (5, over)
    assert new.rules.digest_every == timedelta(hours=1)
    assert new.rules.emergency_answer == timedelta(minutes=2)
    said = changes(old, new)
    assert "紧急响应 1分钟 → 2分钟" in said and "清单间隔 30分钟 → 1小时" in said
    assert f"超时合并 5件 → {f'{over}件' if over else '不合并'}" in said
