"""`linli chat`: the phone in the terminal; and who `linli sim` puts beside the residents."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from sim_standin import WORK, Rig, rigged, waited

from bot.commands.chat import Phone
from bot.commands.sim import Watch, listen_or_refuse, workers
from bot.config import accounts, load_config
from bot.settings import read_settings
from bot.sim.app import create_sim
from models.rules import GridRule, Rules, WorkerRule


@pytest.fixture(scope="module")
def shared() -> Iterator[Rig]:
    with rigged() as rig:
        yield rig


@pytest.fixture
def lines() -> list[str]:
    return []


@pytest.fixture
def rig(shared: Rig) -> Rig:
    shared.world.reset()
    shared.bot.heard.clear()
    return shared


def phone(rig: Rig, lines: list[str], user: str = "wang", account: str = "") -> Phone:
    return Phone(rig.sim, user, account, lines.append)


def test_words_and_answer(rig: Rig, lines: list[str]) -> None:
    assert phone(rig, lines, "王婆婆").act("3栋2单元楼道灯坏了")
    assert lines == ["机器人 < 收到：3栋2单元楼道灯坏了"]
    worker = phone(rig, lines, "zhangsan")
    assert worker.account == "work"
    worker.act("受理")
    assert lines[-1] == "机器人 < 收到：受理"


def test_what_can_be_sent_besides_words(rig: Rig, lines: list[str], tmp_path: Path) -> None:
    mine = phone(rig, lines)
    photo = tmp_path / "a.png"
    photo.write_bytes(b"\x89PNG\r\n\x1a\n123")
    for line in (
        "/图片",
        "/图片 天花板漏水",
        f"/图片 {photo}",
        "/位置 小区东门",
        "/语音 喂喂",
        "/扫码 3栋",
        "/菜单 查账",
    ):
        assert mine.act(line)
    heard = [(one["MsgType"], one.get("Event", "")) for one in rig.bot.heard]
    assert heard == [
        ("image", ""),
        ("image", ""),
        ("image", ""),
        ("location", ""),
        ("voice", ""),
        ("event", "SCAN"),
        ("event", "CLICK"),
    ]
    assert rig.sim.get(rig.bot.heard[2]["PicUrl"]).content == photo.read_bytes()
    lines.clear()
    for line in ("/图片 没有的", "/位置", "/菜单", "/扫码", "/帮助", ""):
        assert mine.act(line)
    assert "楼道灯不亮" in lines[0] and "小区东门" in lines[1] and "看活动" in lines[2]
    assert "scene" in lines[3] and "/退出" in lines[4]
    assert not mine.act("/退出")


def test_following(rig: Rig, lines: list[str]) -> None:
    mine = phone(rig, lines)
    mine.act("/取消关注")
    mine.act("有人吗")
    assert "还没有关注" in lines[-1]
    mine.act("/关注")
    mine.act("有人吗")
    assert lines[-1] == "机器人 < 收到：有人吗"


def test_trouble_is_told(rig: Rig, lines: list[str]) -> None:
    rig.bot.late = [9, 9, 9]
    phone(rig, lines).act("有人吗")
    assert "没有收到回答" in lines[-1] and "3 次" in lines[-1]
    for user, account in (("nobody", ""), ("wang", "work")):
        with pytest.raises(SystemExit):
            phone(rig, lines, user, account)


def test_pushes_come_between_the_lines(rig: Rig, lines: list[str]) -> None:
    with httpx2.Client(base_url=rig.url, trust_env=False, timeout=20) as client:
        mine = Phone(client, "zhangsan", "", lines.append)
        got: list[str] = []
        threading.Thread(target=lambda: got.extend(_some(mine.pushes(), 1)), daemon=True).start()
        for name in ("lisi", "zhangsan"):
            said = {
                "touser": name,
                "agentid": 1000002,
                "msgtype": "text",
                "text": {"content": f"【新报事】{name}"},
            }
            assert waited(lambda: bool(rig.world.bus._listeners))
            rig.api("/cgi-bin/message/send", said, WORK)
        assert waited(lambda: got == ["推送 < 【新报事】zhangsan"]), got


def _some(found: Iterator[str], number: int) -> Iterator[str]:
    for _ in range(number):
        yield next(found)


def test_workers_of_the_configuration_stand_in_the_order_of_their_work() -> None:
    rules = Rules(
        grids=(
            GridRule(code="W01", name="1-3栋", worker="zhangsan", backup="lisi", lead="sunqi"),
            GridRule(code="W02", name="4-6栋", worker="lisi", backup="zhangsan", lead="sunqi"),
        ),
        workers=(WorkerRule(userid="zhangsan", name="张三"), WorkerRule(userid="zhaoliu", name="赵六")),
        community_desk=("wangwu",),
    )
    found = [(one.id, one.name, one.note) for one in workers(rules)]
    assert found == [
        ("zhangsan", "张三", "W01 1-3栋 · 负责，W02 后备"),
        ("lisi", "李四", "W02 4-6栋 · 负责，W01 后备"),
        ("sunqi", "sunqi", "网格长"),
        ("wangwu", "王五", "社区值班"),
        ("zhaoliu", "赵六", "社区"),
    ]


CONFIG = """版本: 1
社区: {编号: demo, 名称: 示例社区, 值班电话: 028-8888-0000, 办公时间: 周一至周五 09:00-17:30}
渠道:
  - 编号: mp
    种类: 公众号
    能力: 主动推送
  - {编号: work, 种类: 企业微信}
人员: {zhangsan: 张三}
网格:
  - {编号: W01, 名称: 1-3栋, 范围: [1-3栋], 负责: zhangsan}
意图:
  - {编号: 转人工, 标识: human, 办理: 转人工, 说法: [转人工]}
"""


def test_a_worker_and_a_template_added_while_running_are_known(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(CONFIG, encoding="utf-8")
    settings = read_settings(config=file, home=tmp_path)
    world = create_sim(accounts(load_config(file), settings), "http://127.0.0.1:9").state.world
    watch = Watch(world, settings)
    asyncio.run(watch.look())
    assert world.people.find("xinlai") is None and not world.accounts["mp"].templates
    changed = CONFIG.replace("{zhangsan: 张三}", "{zhangsan: 张三, xinlai: 新来的}").replace(
        "能力: 主动推送",
        "能力: 主动推送\n    模板:\n      进度通知: {编号: TPL9, 字段: {编号: character_string1}}",
    )
    file.write_text("坏了: [", encoding="utf-8")
    asyncio.run(watch.look())
    assert world.people.find("xinlai") is None
    file.write_text(changed, encoding="utf-8")
    asyncio.run(watch.look())
    assert world.people.find("xinlai").name == "新来的"
    assert world.accounts["mp"].templates == {"TPL9": ("进度通知", {"编号": "character_string1"})}


def test_a_port_in_use_is_told_in_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    with listen_or_refuse(0) as taken:
        taken.listen()
        with pytest.raises(SystemExit):
            listen_or_refuse(taken.getsockname()[1])
    assert "换一个" in capsys.readouterr().err
