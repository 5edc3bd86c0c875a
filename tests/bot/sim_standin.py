"""A small service on loopback for the simulator's tests: wechatpy reads and writes, so the simulator's own
cryptography is checked by somebody else's."""

import asyncio
import json
import threading
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from wechatpy.crypto import WeChatCrypto
from wechatpy.enterprise.crypto import WeChatCrypto as WeComCrypto
from wechatpy.utils import check_signature

from bot.channel import Account
from bot.sim.app import create_sim
from bot.sim.demo_accounts import with_demo_secrets
from bot.sim.world import World

MP = with_demo_secrets(
    Account(
        code="mp",
        kind="公众号",
        can_push=True,
        templates={"进度通知": ("TPL1", {"编号": "character_string1", "事项": "thing2", "时间": "time3"})},
    )
)
QUIET = with_demo_secrets(Account(code="quiet", kind="公众号", can_push=False))
WORK = with_demo_secrets(Account(code="work", kind="企业微信", can_push=True))
BUDGET_S = 0.7


def text_reply(to: str, sender: str, text: str) -> str:
    return (
        f"<xml><ToUserName><![CDATA[{to}]]></ToUserName><FromUserName><![CDATA[{sender}]]></FromUserName>"
        f"<CreateTime>{int(time.time())}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{text}]]></Content></xml>"
    )


@dataclass
class Standin:
    """Answers each delivery with `reply(fields)`: text, None for `success`, bytes as they are, or a number of
    seconds to sleep first. `heard` keeps the fields and the query of every delivery whose signature was right."""

    reply: Callable[[dict[str, str]], Any] = lambda fields: f"收到：{fields.get('Content', '')}"
    heard: list[dict[str, str]] = field(default_factory=list)
    queries: list[dict[str, str]] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    encrypt_reply: bool | None = None  # None: as it was asked
    late: list[float] = field(default_factory=list)

    async def serve(self, request: Request) -> Response:
        account = {one.code: one for one in (MP, QUIET, WORK)}[request.path_params["account"]]
        query = dict(request.query_params)
        crypto = (WeComCrypto if account is WORK else WeChatCrypto)(
            account.token, account.aes_key, account.app_id
        )
        if request.method == "GET":
            if account is WORK:
                echo = crypto.check_signature(
                    query["msg_signature"], query["timestamp"], query["nonce"], query["echostr"]
                )
                return Response(echo)
            check_signature(account.token, query["signature"], query["timestamp"], query["nonce"])
            return Response(query["echostr"])
        body = (await request.body()).decode()
        self.queries.append(query)
        self.bodies.append(body)
        aes = "msg_signature" in query
        if account is not WORK:
            check_signature(account.token, query["signature"], query["timestamp"], query["nonce"])
        if aes:
            body = crypto.decrypt_message(body, query["msg_signature"], query["timestamp"], query["nonce"])
        if body.startswith("{"):
            fields = json.loads(body)
        else:
            fields = {node.tag: node.text or "" for node in ElementTree.fromstring(body)}
        self.heard.append(fields)
        if self.late:
            await asyncio.sleep(self.late.pop(0))
        answer = self.reply(fields)
        if isinstance(answer, bytes):
            return Response(answer)
        if isinstance(answer, Response):
            return answer
        if answer is None:
            return Response("success")
        plain = text_reply(fields["FromUserName"], fields["ToUserName"], answer)
        if aes if self.encrypt_reply is None else self.encrypt_reply:
            return Response(crypto.encrypt_message(plain, "12345", str(int(time.time()))))
        return Response(plain)


@contextmanager
def served(app: Starlette) -> Iterator[str]:
    """The app on a free port of loopback, in a thread of its own."""
    server = uvicorn.Server(
        uvicorn.Config(app, port=0, log_level="error", lifespan="on", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        world = getattr(app.state, "world", None)
        if world is not None:
            world.stop()
        server.should_exit = True
        thread.join(10)


@dataclass
class Rig:
    """The simulator, the stand-in behind it, and a client that speaks to the simulator."""

    sim: httpx2.Client
    bot: Standin
    world: World
    url: str

    def post(self, path: str, /, **given: Any) -> dict[str, Any]:
        answer = self.sim.post(path, json=given)
        return {"status": answer.status_code, **answer.json()}

    def say(self, content: str = "你好", **given: Any) -> dict[str, Any]:
        return self.post("/sim/say", **{"account": "mp", "user": "wang", "content": content, **given})

    def token(self, account: Account = MP) -> str:
        if account is WORK:
            asked = {"corpid": account.app_id, "corpsecret": account.secret}
            return str(self.sim.get("/cgi-bin/gettoken", params=asked).json()["access_token"])
        asked = {"grant_type": "client_credential", "appid": account.app_id, "secret": account.secret}
        return str(self.sim.post("/cgi-bin/stable_token", json=asked).json()["access_token"])

    def api(self, path: str, body: dict[str, Any], account: Account = MP) -> dict[str, Any]:
        found: dict[str, Any] = self.call("POST", path, account, json=body).json()
        return found

    def call(self, method: str, path: str, account: Account = MP, **more: Any) -> httpx2.Response:
        params = {"access_token": self.token(account), **more.pop("params", {})}
        if "json" in more:  # ensure_ascii=False, as the platform demands
            more["content"] = json.dumps(more.pop("json"), ensure_ascii=False).encode()
        return self.sim.request(method, path, params=params, **more)

    def openid(self, user: str = "wang") -> str:
        person = self.world.people.find(user)
        assert person is not None
        return person.platform_id

    def bubbles(self, user: str = "wang") -> list[dict[str, Any]]:
        return [one for one in self.sim.get("/sim/state").json()["bubbles"] if one["user"] == user]


@contextmanager
def rigged() -> Iterator[Rig]:
    bot = Standin()
    service = Starlette(routes=[Route("/callback/{account}", bot.serve, methods=["GET", "POST"])])
    with served(service) as bot_url:
        app = create_sim([MP, QUIET, WORK], bot_url, budget_s=BUDGET_S)
        with served(app) as url, httpx2.Client(base_url=url, trust_env=False, timeout=20) as client:
            yield Rig(client, bot, app.state.world, url)


def waited(true: Callable[[], bool], seconds: float = 3.0) -> bool:
    """Whether it becomes true in time."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if true():
            return True
        time.sleep(0.01)
    return true()
