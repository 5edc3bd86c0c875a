"""The client of the platforms' interfaces: one token for all threads, one renewal, a Chinese remedy for the rest."""

import json
import logging
import re
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2
import pytest

from bot.channel import PushRefused
from bot.channels.access_token import AccessToken
from bot.channels.errcodes import WECOM, WEIXIN, Wait
from bot.channels.platform import PlatformApi

Answerer = Callable[[httpx2.Request], httpx2.Response]
NOW = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai
SECRET = "s3cr3t-of-the-account"


class Clock:
    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


class Weixin:
    """api.weixin.qq.com: tokens T1, T2, …; `answers` are given one after the other, the last for ever."""

    def __init__(self, *answers: Any, expires_in: int = 7200) -> None:
        self.answers = list(answers) or [{"errcode": 0, "errmsg": "ok"}]
        self.expires_in = expires_in
        self.tokens = 0
        self.calls: list[httpx2.Request] = []
        self.lock = threading.Lock()

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        with self.lock:
            if request.url.path == "/token":
                self.tokens += 1
                return httpx2.Response(
                    200, json={"access_token": f"TOKEN-{self.tokens}-of-us", "expires_in": self.expires_in}
                )
            self.calls.append(request)
            answer = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, httpx2.Response):
            return answer
        return httpx2.Response(200, json=answer)


def api(answerer: Answerer, clock: Clock | None = None, **more: Any) -> PlatformApi:
    options: dict[str, Any] = {
        "fetch_token": lambda api: api.send("/token", {"secret": SECRET}, {}),
        "remedies": WEIXIN,
        "now": clock or Clock(),
        "transport": httpx2.MockTransport(answerer),
    }
    return PlatformApi("https://api.weixin.qq.com/", **(options | more))


def refusal(client: PlatformApi) -> PushRefused:
    with pytest.raises(PushRefused) as refused:
        client.call("/send", {"a": 1})
    return refused.value


def test_a_call_carries_the_token_and_plain_chinese() -> None:
    weixin = Weixin()
    assert api(weixin).call("/send", {"text": "路灯 😀 \ud800"}, {"debug": "1"}) == {
        "errcode": 0,
        "errmsg": "ok",
    }
    request = weixin.calls[0]
    assert request.method == "POST"
    assert request.url.host == "api.weixin.qq.com"
    assert dict(request.url.params) == {"debug": "1", "access_token": "TOKEN-1-of-us"}
    assert request.content == '{"text":"路灯 😀 "}'.encode()
    assert request.headers["content-type"].startswith("application/json")


def test_a_call_without_a_body_asks() -> None:
    weixin = Weixin({"template_list": []})
    assert api(weixin).call("/templates") == {"template_list": []}
    assert weixin.calls[0].method == "GET"


def test_a_token_is_kept_until_five_minutes_before_its_end() -> None:
    weixin, clock = Weixin(), Clock()
    client = api(weixin, clock)
    for passed_s, tokens in ((0, 1), (6899, 1), (6900, 2), (6901 + 6899, 3)):
        clock.now = NOW + timedelta(seconds=passed_s)
        client.call("/send", {})
        assert weixin.tokens == tokens


def test_a_token_that_lives_short_is_kept_half_its_life() -> None:
    weixin, clock = Weixin(expires_in=300), Clock()
    client = api(weixin, clock)
    for passed_s, tokens in ((0, 1), (149, 1), (150, 2)):
        clock.now = NOW + timedelta(seconds=passed_s)
        client.call("/send", {})
        assert weixin.tokens == tokens


def together(count: int, work: Callable[[], Any]) -> list[Any]:
    """The outcomes of `count` threads that start at the same moment."""
    barrier = threading.Barrier(count)

    def run(_: int) -> Any:
        barrier.wait()
        try:
            return work()
        except PushRefused as refused:
            return refused

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


def test_sixteen_threads_fetch_one_token() -> None:
    weixin = Weixin()
    slow = threading.Event()

    def answer(request: httpx2.Request) -> httpx2.Response:
        slow.wait(0.05)
        return weixin(request)

    client = api(answer)
    outcomes = together(16, lambda: client.call("/send", {}))
    assert [outcome["errcode"] for outcome in outcomes] == [0] * 16
    assert (weixin.tokens, len(weixin.calls)) == (1, 16)


def test_sixteen_threads_share_one_failure() -> None:
    fetched: list[int] = []
    clock = Clock()

    def fetch() -> tuple[str, int]:
        fetched.append(1)
        threading.Event().wait(0.05)
        clock.now += timedelta(seconds=10)  # a time-out is longer than the failure is shared
        raise PushRefused(40164, "不在白名单", retry=False)

    token = AccessToken(fetch, clock)
    outcomes = together(16, token.get)
    assert [(outcome.code, outcome.reason) for outcome in outcomes] == [(40164, "不在白名单")] * 16
    assert len({id(outcome) for outcome in outcomes}) == 16
    assert len(fetched) == 1
    clock.now += timedelta(seconds=5)
    with pytest.raises(PushRefused):
        token.get()
    assert len(fetched) == 2


@pytest.mark.parametrize("code", [40001, 40014, 42001])
def test_a_refused_token_is_renewed_once_and_the_call_succeeds(code: int) -> None:
    weixin = Weixin({"errcode": code, "errmsg": "invalid credential"}, {"errcode": 0})
    assert api(weixin).call("/send", {"a": 1})["errcode"] == 0
    assert weixin.tokens == 2
    assert [request.url.params["access_token"] for request in weixin.calls] == [
        "TOKEN-1-of-us",
        "TOKEN-2-of-us",
    ]
    assert weixin.calls[0].content == weixin.calls[1].content


@pytest.mark.parametrize("code", [40001, 40014, 42001])
def test_endless_refusals_end_after_one_renewal(code: int, caplog: pytest.LogCaptureFixture) -> None:
    weixin = Weixin({"errcode": code, "errmsg": "invalid credential"})
    client = api(weixin)
    refused = refusal(client)
    assert (refused.code, refused.retry, refused.whole_account) == (code, True, True)
    assert (weixin.tokens, len(weixin.calls)) == (2, 2)
    assert [record.message for record in caplog.records if record.levelno == logging.ERROR] == [
        "token_refused_again"
    ]
    for _ in range(20):
        refusal(client)
    assert (weixin.tokens, len(weixin.calls)) == (2, 22), "tokens have a daily quota"


def test_threads_whose_token_was_refused_renew_it_once() -> None:
    weixin = Weixin()

    def answer(request: httpx2.Request) -> httpx2.Response:
        if request.url.params.get("access_token") == "TOKEN-1-of-us":
            threading.Event().wait(0.05)
            return httpx2.Response(200, json={"errcode": 42001})
        return weixin(request)

    client = api(answer)
    assert [outcome["errcode"] for outcome in together(16, lambda: client.call("/send", {}))] == [0] * 16
    assert weixin.tokens == 2


@pytest.mark.parametrize(
    ("answer", "retry", "unknown", "told"),
    [
        ({"errcode": -1, "errmsg": "system error"}, True, False, "平台繁忙"),
        ({"errcode": 45011, "errmsg": "api minute-quota"}, True, False, "太频繁"),
        ({"errcode": "45015"}, False, False, "48 小时"),
        ({"errcode": None}, True, False, "平台繁忙"),
        ({"errcode": 43004, "errmsg": "require subscribe"}, False, False, "关注"),
        ({"errcode": 48001, "errmsg": "api unauthorized"}, False, False, "认证服务号"),
        (
            {"errcode": 99999, "errmsg": "new thing\n access_token=abc"},
            False,
            False,
            r"99999（new thing access_token=\*\*\*）",
        ),
        (httpx2.Response(500), True, False, "HTTP 500"),
        (httpx2.Response(502, text="<html>"), True, False, "HTTP 502"),
        (httpx2.Response(504), True, True, "HTTP 504"),
        (httpx2.Response(429), True, False, "HTTP 429"),
        (httpx2.Response(404), False, False, "HTTP 404.*接口地址"),
        (httpx2.Response(302, headers={"location": "https://login.example"}), False, False, "HTTP 302"),
        (httpx2.Response(200, text="<html>登录上网</html>"), True, False, "读不懂"),
        (httpx2.Response(200, content=b"\xff\xfe"), True, False, "读不懂"),
        (httpx2.Response(200, content=b"[" * 100_000), True, False, "读不懂"),
        (httpx2.Response(200, text="[]"), True, False, "读不懂"),
        (httpx2.Response(200, text=""), True, False, "读不懂"),
        (httpx2.ConnectError("refused"), True, False, "连不上 api.weixin.qq.com"),
        (httpx2.ConnectTimeout("slow"), True, False, "连不上"),
        (httpx2.PoolTimeout("full"), True, False, "连不上"),
        (httpx2.ReadTimeout("slow"), True, True, "没有按时回答"),
        (httpx2.WriteTimeout("slow"), True, True, "没有按时回答"),
        (httpx2.ReadError("reset"), True, True, "断开了连接"),
        (httpx2.RemoteProtocolError("closed"), True, True, "断开了连接"),
    ],
    ids=repr,
)
def test_every_failure_says_whether_to_try_again(answer: Any, retry: bool, unknown: bool, told: str) -> None:
    refused = refusal(api(Weixin(answer)))
    assert (refused.retry, refused.unknown) == (retry, unknown)
    assert re.search(told, refused.reason)
    assert refused.retry_after_s is None


def test_a_token_that_did_not_come_leaves_no_doubt_about_the_notice() -> None:
    """Nothing of the notice was in the request for a token."""

    def hang(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout("slow", request=request)

    refused = refusal(api(hang))
    assert (refused.retry, refused.unknown) == (True, False)


def test_a_used_up_quota_waits_for_midnight_in_shanghai() -> None:
    clock = Clock()
    client = api(Weixin({"errcode": 45009, "errmsg": "reach max api daily quota limit"}), clock)
    assert refusal(client).retry_after_s == 14 * 3600
    clock.now = datetime(2026, 10, 12, 15, 59, 30, tzinfo=UTC)
    refused = refusal(client)
    assert (refused.retry, refused.retry_after_s) == (True, 30)


def test_wecom_waits_a_minute_for_its_own_45009() -> None:
    refused = refusal(api(Weixin({"errcode": 45009}), remedies=WECOM))
    assert (refused.retry, refused.retry_after_s) == (True, 60)


@pytest.mark.parametrize(
    ("remedies", "errmsg", "code", "ip"),
    [
        (
            WEIXIN,
            "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist rid: 6690",
            40164,
            "203.0.113.7",
        ),
        (WEIXIN, "invalid ip 2001:db8:0:1:2:3:4:5, not in whitelist", 40164, "2001:db8:0:1:2:3:4:5"),
        (
            WECOM,
            "not allow to access from your ip, hint: [1700], from ip: 203.0.113.9, more",
            60020,
            "203.0.113.9",
        ),
        (WEIXIN, "", 40164, "（平台没有告知）"),
    ],
)
def test_a_missing_allow_list_entry_names_the_address(remedies: Any, errmsg: str, code: int, ip: str) -> None:
    refuse_token = httpx2.MockTransport(
        lambda _: httpx2.Response(200, json={"errcode": code, "errmsg": errmsg})
    )
    refused = refusal(api(Weixin(), remedies=remedies, transport=refuse_token))
    assert (refused.code, refused.retry, refused.whole_account, refused.way) == (code, True, True, "")
    assert f"IP {ip}" in refused.reason


@pytest.mark.parametrize(
    "answer", [{}, {"access_token": ""}, {"access_token": "x"}, {"access_token": 1, "expires_in": 1}]
)
def test_an_answer_without_a_token_is_no_token(answer: Any) -> None:
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, json=answer))
    refused = refusal(api(Weixin(), transport=transport))
    assert "access_token" in refused.reason
    assert refused.retry


@pytest.mark.parametrize(
    "base", ["", "nonsense", "ftp://x", "http://", "http://[", "https://a.example:99999"]
)
def test_a_wrong_base_address_is_told(base: str) -> None:
    client = PlatformApi(
        base, fetch_token=lambda api: api.send("/token", {}, {}), remedies=WEIXIN, now=Clock()
    )
    refused = refusal(client)
    assert refused.code == 0
    client.close()


@pytest.mark.parametrize("table", [WEIXIN, WECOM])
def test_every_remedy_is_a_chinese_sentence_that_tells_what_happens_next(table: Any) -> None:
    for code, remedy in table.items():
        assert re.search(r"[\u4e00-\u9fff]{4}", remedy.advice), code
        if remedy.wait is not Wait.NEVER and not remedy.whole_account:
            assert "自动再发" in remedy.advice or "繁忙" in remedy.advice, code
        assert not remedy.advice.endswith("。"), code


@pytest.fixture
def server() -> Iterator[ThreadingHTTPServer]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            token = self.path.startswith("/token")
            answer: dict[str, Any] = (
                {"access_token": "TOKEN-1-of-us", "expires_in": 7200} if token else {"errcode": 0}
            )
            if "/hang" in self.path:
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            body = json.dumps(answer).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.daemon_threads = True
    thread = threading.Thread(target=made.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield made
    made.shutdown()
    thread.join()
    made.server_close()


def test_no_token_and_no_secret_in_logs_and_errors(
    server: ThreadingHTTPServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Over a real socket, with every logger at its most talkative."""
    for name in (None, "httpx2", "httpcore2"):
        caplog.set_level(logging.DEBUG, logger=name)
    client = PlatformApi(
        f"http://127.0.0.1:{server.server_port}",
        fetch_token=lambda api: api.send("/token", {"secret": SECRET}, {"corpsecret": SECRET}),
        remedies=WEIXIN,
        now=Clock(),
    )
    assert client.call("/send", {"a": 1})["errcode"] == 0
    with pytest.raises(PushRefused) as refused:
        client.call("/hang", {"a": 1})
    client.close()
    assert refused.value.unknown
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__
    said = "\n".join([caplog.text, str(refused.value), *(repr(record.__dict__) for record in caplog.records)])
    assert "access_token=***" in said  # httpx2 did log the addresses
    assert "TOKEN-1-of-us" not in said
    assert SECRET not in said


def test_after_close_a_call_opens_anew(server: ThreadingHTTPServer) -> None:
    client = PlatformApi(
        f"http://127.0.0.1:{server.server_port}",
        fetch_token=lambda api: api.send("/token", {}, {}),
        remedies=WEIXIN,
        now=Clock(),
    )
    client.call("/send", {})
    client.close()
    client.close()
    assert client.call("/send", {})["errcode"] == 0
    client.close()
