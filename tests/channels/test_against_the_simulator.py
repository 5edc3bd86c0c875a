"""Channels and simulator, written apart from each other, speak over loopback: every mode, both formats, every push."""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.channel import Account, BadDelivery, Channel, Delivery, PushRefused, Receipt, Sent
from bot.channels.wechat_mp import WechatMp
from bot.channels.wecom import Wecom
from bot.sim.app import create_sim
from bot.sim.demo_accounts import with_demo_secrets
from handlers.message import Choice, Kind, Message, Notice, Turn

TEMPLATES = {"进度通知": ("TPL1", {"编号": "character_string1", "事项": "thing2", "时间": "time3"})}
MP = with_demo_secrets(Account("mp", "公众号", can_push=True, templates=TEMPLATES))
WORK = with_demo_secrets(Account("work", "企业微信", can_push=True))

GOOD = Turn(("好的",))


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        if hasattr(app.state, "world"):
            app.state.world.stop()
        server.should_exit = True
        thread.join(10)


@dataclass
class Rig:
    sim: httpx2.Client
    url: str
    world: Any
    channels: dict[str, Channel]
    heard: list[Message]
    turn: Turn = GOOD

    async def callback(self, request: Request) -> Response:
        channel = self.channels[request.path_params["account"]]
        delivery = Delivery(
            channel.account.code,
            request.method,
            dict(request.query_params),
            dict(request.headers),
            await request.body(),
            now(),
        )
        try:
            if request.method == "GET":
                return Response(channel.verify(delivery))
            heard = channel.parse(delivery)
        except BadDelivery as refused:
            return Response(refused.reason, refused.status)
        self.heard.append(heard.message)
        return Response(channel.render(self.turn, heard), media_type=channel.media_type(heard))

    def post(self, path: str, /, **given: Any) -> dict[str, Any]:
        answer: dict[str, Any] = self.sim.post(path, json=given).raise_for_status().json()
        return answer

    def openid(self, user: str) -> str:
        return str(self.world.people.find(user).platform_id)

    def pushes(self, user: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.sim.get("/sim/outbox", params={"user": user}).json()["pushes"]
        return found


@pytest.fixture
def rig() -> Iterator[Rig]:
    with ExitStack() as stack:
        rig = Rig(httpx2.Client(), "", None, {}, [])
        route = Route("/callback/{account}", rig.callback, methods=["GET", "POST"])
        bot_url = stack.enter_context(served(Starlette(routes=[route])))
        app = create_sim([MP, WORK], bot_url)
        url = stack.enter_context(served(app))
        rig.sim.close()
        rig.sim = stack.enter_context(httpx2.Client(base_url=url, trust_env=False, timeout=20))
        rig.url, rig.world = url, app.state.world
        rig.channels["mp"] = WechatMp(MP, api_base=url, now=now)
        rig.channels["work"] = Wecom(WORK, api_base=url, now=now)
        for channel in rig.channels.values():
            stack.callback(channel.close)
        yield rig


def test_the_address_check_of_both_platforms(rig: Rig) -> None:
    assert rig.post("/sim/verify")["ok"]


def test_every_mode_and_format(rig: Rig) -> None:
    rig.turn = Turn(("收到 ]]> 😀\x00",), choices=(Choice("确认", "确认"),))
    for mode in ("plain", "compat", "safe"):
        for form in ("xml", "json"):
            rig.post("/sim/account", account="mp", mode=mode, format=form)
            told = rig.post("/sim/say", account="mp", user="wang", content=f"{mode} <路灯> {form}")
            assert (told["reply"], told["fault"]) == ("收到 ]]> 😀\n1 确认", ""), (mode, form)
            assert told["mode"] == ("plain" if mode == "plain" else "aes")
            assert rig.heard[-1].text == f"{mode} <路灯> {form}"
            assert rig.heard[-1].person == f"mp:{rig.openid('wang')}"


def test_silence_and_a_worker_and_a_scan(rig: Rig) -> None:
    rig.turn = Turn()
    assert rig.post("/sim/say", account="mp", user="wang", content="在吗")["reply"] == ""
    rig.turn = Turn(("已受理",))
    assert rig.post("/sim/say", account="work", user="zhangsan", content="受理")["reply"] == "已受理"
    assert (rig.heard[-1].channel, rig.heard[-1].person) == ("wecom", "work:zhangsan")
    rig.post("/sim/event", account="mp", user="wang", event="scan", scene="b3u2")
    assert (rig.heard[-1].kind, rig.heard[-1].origin) == (Kind.EVENT, "b3u2")


def test_the_previous_key_is_answered_with_itself(rig: Rig) -> None:
    """The bot has changed its key, the platform has not yet."""
    account = replace(MP, aes_key="B" * 42 + "A", aes_key_old=MP.aes_key)
    rig.channels["mp"] = WechatMp(account, api_base=rig.url, now=now)
    assert rig.post("/sim/say", account="mp", user="wang", content="在吗")["reply"] == "好的"


def notice(rig: Rig, **more: Any) -> Notice:
    values = {
        "dedupe_key": "n1",
        "person": f"mp:{rig.openid('wang')}",
        "text": "您的报事 241120-001 已受理",
        "url": "https://linli.example.org/r/1",
        "template": "进度通知",
        "fields": {
            "编号": "241120-001",
            "事项": "楼道灯坏了，晚上看不见路，麻烦尽快来修一下，谢谢",
            "时间": "11月20日 9:05",
        },
    }
    return Notice(**(values | more))


def test_pushes_reach_the_phones(rig: Rig) -> None:
    mp, work = rig.channels["mp"], rig.channels["work"]
    # Nobody has written for 48 hours: the template steps in, and the simulator checks its fields.
    assert mp.push(notice(rig)).way == "template"
    assert mp.push(notice(rig)).way == "template"
    assert len(rig.pushes("wang")) == 1  # client_msg_id
    rig.post("/sim/say", account="mp", user="wang", content="在吗")
    assert mp.push(notice(rig, dedupe_key="n2")) == Receipt(Sent.SENT, "custom")
    assert rig.pushes("wang")[-1]["text"] == "您的报事 241120-001 已受理\nhttps://linli.example.org/r/1"
    receipt = work.push(notice(rig, person="work:zhangsan", url="", text="【新报事】241120-001"))
    assert (receipt.state, receipt.way) == (Sent.SENT, "text")
    assert rig.pushes("zhangsan")[-1]["text"] == "【新报事】241120-001"
    with pytest.raises(PushRefused) as refused:
        work.push(notice(rig, person="work:nobody"))
    assert refused.value.code == 81013


def test_a_forgotten_token_and_a_broken_platform(rig: Rig) -> None:
    mp = rig.channels["mp"]
    rig.post("/sim/say", account="mp", user="wang", content="在吗")
    mp.push(notice(rig))
    rig.post("/sim/forget-tokens")
    assert mp.push(notice(rig, dedupe_key="n2")).way == "custom"
    path = "/cgi-bin/message/custom/send"
    for fault, whole in (({"status": 502}, False), ({"errcode": 45009}, True), ({"errcode": 40164}, True)):
        rig.post("/sim/fault", path=path, **fault)
        with pytest.raises(PushRefused) as refused:
            mp.push(notice(rig, dedupe_key=str(fault)))
        assert refused.value.retry
        assert refused.value.whole_account is whole
