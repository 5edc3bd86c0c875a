"""`/callback/{account}` over the ASGI app: signatures, retries, size, slowness, and what nobody may cause."""

import asyncio
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bot.app import create_app
from bot.callback import Callback
from bot.channels.wechat_mp import WechatMp
from tests.talk import Talk, at

START = at("2026-10-12 10:00")
TOKEN = "DemoToken"


@pytest.fixture
def talk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Talk]:
    monkeypatch.setenv("LINLI_ACCOUNT_MP_TOKEN", TOKEN)
    monkeypatch.setenv("LINLI_ACCOUNT_MP_APP_ID", "wx0000000000000001")
    made = Talk(tmp_path, at=START)
    yield made
    made.close()


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    raise AssertionError("not for the pages")


def query(nonce: str = "n1", timestamp: str = "") -> str:
    timestamp = timestamp or str(int(START.timestamp()))
    signature = hashlib.sha1("".join(sorted((TOKEN, timestamp, nonce))).encode()).hexdigest()
    return f"signature={signature}&timestamp={timestamp}&nonce={nonce}&openid=o1"


def text(content: str, number: int = 1, person: str = "o1") -> bytes:
    return (
        f"<xml><ToUserName><![CDATA[gh]]></ToUserName><FromUserName><![CDATA[{person}]]></FromUserName>"
        f"<CreateTime>{int(START.timestamp())}</CreateTime><MsgType><![CDATA[text]]></MsgType>"
        f"<Content><![CDATA[{content}]]></Content><MsgId>{number}</MsgId></xml>"
    ).encode()


class Web:
    """Speaks ASGI to the callback."""

    def __init__(self, talk: Talk, **options: Any) -> None:
        self.talk = talk
        self.app = Callback(talk.service, nothing, **options)

    async def ask(
        self, body: bytes = b"", query: str = "", method: str = "POST", path: str = "mp"
    ) -> tuple[int, str]:
        sent: list[Any] = []
        chunks = [body[i : i + 65536] for i in range(0, len(body), 65536)] or [b""]

        async def receive() -> dict[str, Any]:
            chunk = chunks.pop(0)
            return {"type": "http.request", "body": chunk, "more_body": bool(chunks)}

        async def send(event: Any) -> None:
            sent.append(event)

        scope = {
            "type": "http",
            "method": method,
            "path": f"/callback/{path}",
            "query_string": query.encode(),
            "headers": [(b"content-type", b"text/xml")],
        }
        await self.app(scope, receive, send)
        return sent[0]["status"], sent[1]["body"].decode()

    def __call__(self, *arguments: Any, **options: Any) -> tuple[int, str]:
        return self.talk.loop.run_until_complete(self.ask(*arguments, **options))


def content(answer: str) -> str:
    found = re.search(r"<Content><!\[CDATA\[(.*?)\]\]></Content>", answer, re.DOTALL)
    return found[1] if found else answer


def test_a_signed_message_is_answered(talk: Talk) -> None:
    status, answer = Web(talk)(text("你好"), query())
    assert status == 200
    assert "您好" in content(answer)
    assert "<ToUserName><![CDATA[o1]]></ToUserName>" in answer


def test_the_address_check_is_answered_to_the_letter(talk: Talk) -> None:
    assert Web(talk)(query=query() + "&echostr=4375120948345356249", method="GET") == (
        200,
        "4375120948345356249",
    )
    assert Web(talk)(query="signature=x&timestamp=1&nonce=2&echostr=3", method="GET")[0] == 403


@pytest.mark.parametrize(
    ("body", "asked", "path", "method", "status"),
    [
        (text("你好"), "signature=0&timestamp=1&nonce=1", "mp", "POST", 403),
        (text("你好"), "", "mp", "POST", 403),
        (text("你好"), query(timestamp=str(int(START.timestamp()) - 3600)), "mp", "POST", 403),
        (text("你好"), query(), "nobody", "POST", 404),
        (text("你好"), query(), "mp", "PUT", 405),
        (b"<xml>" + b"x" * (1 << 20) + b"</xml>", query(), "mp", "POST", 413),
        (b"not xml", query(), "mp", "POST", 400),
        (b"<!DOCTYPE x [<!ENTITY a 'b'>]><xml>&a;</xml>", query(), "mp", "POST", 400),
        (b"<xml/>", query(), "mp", "POST", 400),
        (text("你好"), "&".join(f"a{i}=1" for i in range(60)), "mp", "POST", 400),
    ],
)
def test_hostile_requests_are_refused_without_effect(
    talk: Talk, body: bytes, asked: str, path: str, method: str, status: int
) -> None:
    answer = Web(talk)(body, asked, method, path)
    assert answer[0] == status
    assert talk.service.engine.heard == 0


def test_a_captured_signature_carries_no_other_body(talk: Talk) -> None:
    web = Web(talk)
    first = web(text("你好"), query())
    assert web(text("你好"), query()) == first, "the platform's own retry"
    assert web(text("取消报事", 2), query())[0] == 403
    assert talk.service.engine.heard == 1


def test_three_deliveries_at_once_are_one_message(talk: Talk) -> None:
    web = Web(talk)
    web(text("3栋2单元楼道灯坏了", 1), query("a"))

    async def thrice() -> list[tuple[int, str]]:
        return list(await asyncio.gather(*(web.ask(text("1", 2), query(f"b{i}")) for i in range(3))))

    answers = talk.loop.run_until_complete(thrice())
    assert len({content(answer) for _, answer in answers}) == 1
    assert "261012-W01-0001" in content(answers[0][1])
    assert len([person for person, said in talk.pushes() if "新报事" in said]) == 1


def blocked(talk: Talk) -> Any:
    connection = talk.database.engine.connect().execution_options(linli_write=True)
    connection.begin()
    return connection


def test_too_slow_is_acknowledged_empty_and_answered_by_push(talk: Talk) -> None:
    blocker = blocked(talk)
    web = Web(talk, answer_within_s=0.2)
    assert web(text("你好"), query()) == (200, "success")
    assert len(list(talk.service.spool.replay())) == 1, "on disk before it was acknowledged"
    blocker.close()
    talk.service.engine.run(lambda _: None).result(20)
    talk.loop.run_until_complete(asyncio.sleep(0.05))
    talk.service.engine.run(lambda _: None).result(20)
    assert [(person, "您好" in said) for person, said in talk.pushes()] == [("mp:o1", True)]


def test_an_account_that_cannot_push_answers_at_the_retry(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    channel = talk.service.state.channels["mp"]
    assert isinstance(channel, WechatMp)
    monkeypatch.setattr("bot.callback.CUT_AT_S", 0.3)
    channel.capabilities = type(channel.capabilities)(push=False)
    blocker = blocked(talk)
    web = Web(talk, answer_within_s=0.2)
    web(text("你好"), query("a"))
    assert list(talk.service.spool.replay()) == [], "not acknowledged in time: the platform asks again"
    blocker.close()
    talk.service.engine.run(lambda _: None).result(20)
    status, answer = web(text("你好"), query("b"))
    assert status == 200 and "您好" in content(answer)
    assert talk.service.engine.heard == 1


def test_pages_hear_from_the_proxy_that_the_line_is_safe(talk: Talk) -> None:
    visitor = TestClient(create_app(talk.service), client=("127.0.0.1", 1), follow_redirects=False)
    answer = visitor.get("/r/activities/", headers={"x-forwarded-proto": "https"})
    assert answer.headers["location"].startswith("https://")


def test_a_field_named_twice_counts_as_it_was_last_and_an_escaped_one_is_read(talk: Talk) -> None:
    asked = (
        query().replace("signature=", "signature=0&signature=", 1).replace("openid=o1", "openid=o%31&&x=+&y")
    )
    assert Web(talk)(text("你好"), asked)[0] == 200
    asked = query("n2").replace("signature=", "signature=0&signature=", 1)
    assert Web(talk)(text("你好"), asked + "&&openid=&y")[0] == 200


def test_words_that_break_the_understanding_are_answered_all_the_same(
    talk: Talk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any, **__: Any) -> Any:
        raise ValueError("bug")

    monkeypatch.setattr(type(talk.service.state.understander), "understand", broken)
    status, answer = Web(talk)(text("33月初"), query())
    assert status == 200 and "没听懂" in content(answer)
    assert "understanding_failed" in caplog.text
