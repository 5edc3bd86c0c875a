"""The benchmark's client finds an answer that is wrong: otherwise its figures would prove nothing."""

import asyncio
from collections.abc import Callable
from itertools import pairwise

import pytest

from benchmarks.load import run
from benchmarks.traffic import ACCOUNT, MIX, Asked, Checker, Crowd, anything, echo_says, linli_says

GREETING, REPORT = MIX[0][1][0][0], MIX[-1][1][0]


def xml(user: str, words: str, account: str = ACCOUNT) -> bytes:
    return (
        f"<xml><ToUserName><![CDATA[{user}]]></ToUserName><FromUserName><![CDATA[{account}]]></FromUserName>"
        f"<CreateTime>1</CreateTime><MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{words}]]></Content></xml>"
    ).encode()


@pytest.mark.parametrize(
    ("status", "body", "what"),
    [
        (500, xml("owang", "您好！"), "status 500"),
        (200, b"success", "not well-formed"),
        (200, xml("owang", "您好！")[:-3], "not well-formed"),
        (200, xml("oli", "您好！"), "instead of 'owang'"),
        (200, xml("owang", "您好！", "gh_other"), "instead of"),
        (200, xml("owang", "再见"), "answered with"),
    ],
)
def test_every_kind_of_wrong_answer_is_named(status: int, body: bytes, what: str) -> None:
    assert what in Checker(linli_says).fault(Asked("owang", GREETING), status, body)


def test_a_right_answer_passes() -> None:
    assert Checker(linli_says).fault(Asked("owang", GREETING), 200, xml("owang", "您好！")) == ""
    assert Checker(echo_says).fault(Asked("owang", REPORT[1]), 200, xml("owang", "1")) == ""
    assert Checker(echo_says).fault(Asked("owang", REPORT[1]), 200, xml("owang", "2")) != ""
    assert Checker(anything).fault(Asked("owang", GREETING), 200, xml("owang", "")) != ""


def test_a_sealed_answer_must_open() -> None:
    fault = Checker(linli_says, aes=True).fault(Asked("owang", GREETING), 200, xml("owang", "您好！"))
    assert "cannot be opened" in fault


def test_no_two_requests_share_a_message_id() -> None:
    requests = Crowd("ids", 3).requests()
    bodies = [next(requests)[0].partition(b"<MsgId>")[2] for _ in range(200)]
    assert len(set(bodies)) == 200


async def _window(answer: Callable[[bytes], bytes]) -> tuple[int, int, list[str]]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            length = int(head.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
            body = await reader.readexactly(length)
            user = body.partition(b"<FromUserName><![CDATA[")[2].partition(b"]]>")[0]
            out = answer(user)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(out) + out)

    async def quiet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await serve(reader, writer)
        except asyncio.IncompleteReadError:
            writer.close()

    server = await asyncio.start_server(quiet, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        window = await run(port, [Crowd("a", 2), Crowd("b", 2)], "bare", seconds=0.1)
    return window["messages"], window["faults"], window["examples"]


def test_a_server_that_answers_somebody_else_is_caught() -> None:
    messages, faults, examples = asyncio.run(_window(lambda user: xml("omallory", "ok")))
    assert faults == messages > 0
    assert "omallory" in examples[0]


def test_a_server_that_answers_rightly_has_no_faults() -> None:
    messages, faults, _ = asyncio.run(_window(lambda user: xml(user.decode(), "ok")))
    assert (messages > 0, faults) == (True, 0)


def test_a_report_is_confirmed_by_the_same_resident() -> None:
    requests = Crowd("pairs", 50).requests()
    asked = [next(requests)[1] for _ in range(400)]
    for first, second in pairwise(asked):
        if second.line.words == "1":
            assert (first.user, "厨房灯坏了" in first.line.words) == (second.user, True)
