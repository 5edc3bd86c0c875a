"""A thin client of api.weixin.qq.com and qyapi.weixin.qq.com; tokens and secrets never reach a log or an error."""

import json
import logging
import re
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx2

from bot.channel import PushRefused
from bot.channels.access_token import AccessToken
from bot.channels.errcodes import TOKEN_REFUSED, UNKNOWN, Remedy, Wait

log = logging.getLogger(__name__)

SHANGHAI = ZoneInfo("Asia/Shanghai")
TIMEOUT = httpx2.Timeout(10.0, connect=5.0)
LIMITS = httpx2.Limits(max_connections=16, max_keepalive_connections=8)
REPEAT_AFTER_S = 30.0
_NOT_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)
_IP = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}|[0-9a-fA-F]{0,4}(?::[0-9a-fA-F]{0,4}){3,7}")
_SECRET_IN_URL = re.compile(r"\b(access_token|corpsecret|secret)=[^&\s\"']+")

Answer = Mapping[str, Any]


class PlatformApi:
    """Calls one account's interfaces with its token. Thread-safe; connections are pooled and made when needed.

    `fetch_token` asks for a token through `send` and is called by one thread at a time.
    """

    def __init__(
        self,
        base: str,
        *,
        fetch_token: Callable[["PlatformApi"], Answer],
        remedies: Mapping[int, Remedy],
        now: Callable[[], datetime],
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._base = base.rstrip("/")
        self._fetch_token = fetch_token
        self._remedies = remedies
        self._now = now
        self._transport = transport
        self._token = AccessToken(self._new_token, now)
        self._client: httpx2.Client | None = None
        self._lock = threading.Lock()
        logging.getLogger("httpx2").addFilter(_hide_secrets)

    def call(self, path: str, body: Answer | None = None, params: Mapping[str, str] | None = None) -> Answer:
        """POST `body` (GET without one) with the token; a refused token is renewed once.

        Raises:
            PushRefused: with the remedy for the platform's error code.
        """
        token = self._token.get()
        answer = self.send(path, body, {**(params or {}), "access_token": token})
        code = errcode(answer)
        if code in TOKEN_REFUSED:
            log.warning("token_refused", extra={"path": path, "errcode": code})
            fresh = self._token.renew(token)
            if fresh != token:
                answer = self.send(path, body, {**(params or {}), "access_token": fresh})
                code = errcode(answer)
            if code in TOKEN_REFUSED:
                log.error("token_refused_again", extra={"path": path, "errcode": code})
        if code:
            raise self.refusal(answer)
        return answer

    def send(self, path: str, body: Answer | None, params: Mapping[str, str]) -> Answer:
        """One HTTP request; the platform's answer whatever its error code.

        Raises:
            PushRefused: no answer, or none that can be read.
        """
        content = None
        if body is not None:  # \uXXXX is refused with 40033
            content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "ignore")
        try:
            response = self._http().request(
                "GET" if content is None else "POST",
                self._base + path,
                params=params,
                content=content,
                headers={"Content-Type": "application/json; charset=utf-8"} if content is not None else None,
            )
            # `from None`: the exceptions of httpx2 carry the request, and its address carries the token.
        except _NOT_SENT:
            raise PushRefused(0, f"连不上 {self._host()}，请检查服务器的网络和接口地址", retry=True) from None
        except (httpx2.HTTPError, httpx2.InvalidURL, httpx2.StreamError) as error:
            late = isinstance(error, httpx2.TimeoutException)
            what = "没有按时回答" if late else "断开了连接"
            raise PushRefused(
                0, f"{self._host()} {what}，不知道是否已经送到，请向收信人核实", retry=True, unknown=True
            ) from None
        return self._read(response)

    def refusal(self, answer: Answer) -> PushRefused:
        """What an answer with an error code means."""
        code = errcode(answer)
        said = str(answer.get("errmsg", ""))
        remedy = self._remedies.get(code)
        if remedy is None:
            hint = _SECRET_IN_URL.sub(r"\1=***", "".join(filter(str.isprintable, said)))[:80]
            return PushRefused(code, f"平台返回 {code}（{hint}）。{UNKNOWN}", retry=False)
        found = _IP.search(said)
        reason = remedy.advice.replace("{ip}", found.group() if found else "（平台没有告知）")
        retry = remedy.wait is not Wait.NEVER
        return PushRefused(
            code,
            reason,
            retry=retry,
            retry_after_s=self._wait_s(remedy.wait),
            whole_account=remedy.whole_account,
        )

    def close(self) -> None:
        """Give back connections; a later call opens new ones."""
        with self._lock:
            client, self._client = self._client, None
        if client is not None:
            client.close()

    def _http(self) -> httpx2.Client:
        client = self._client
        if client is None:
            with self._lock:
                client = self._client
                if client is None:
                    client = self._client = httpx2.Client(
                        timeout=TIMEOUT,
                        limits=LIMITS,
                        transport=self._transport,
                        trust_env=not self._is_here(),
                        follow_redirects=False,
                    )
        return client

    def _host(self) -> str:
        return self._base.partition("://")[2].partition("/")[0].rpartition("@")[2] or "（没有填接口地址）"

    def _is_here(self) -> bool:
        """The simulator on this machine: a proxy of the environment would not find it."""
        return re.match(r"https?://(127\.|localhost\b|\[::1\])", self._base) is not None

    def _read(self, response: httpx2.Response) -> Answer:
        status = response.status_code
        if status >= 500 or status == 429:
            # A gateway that gave up waiting does not know what happened behind it.
            unknown = status == 504
            raise PushRefused(
                0, f"{self._host()} 暂时不能用（HTTP {status}），稍后会自动再发", retry=True, unknown=unknown
            )
        if status != 200:
            raise PushRefused(
                0, f"{self._host()} 返回 HTTP {status}，请核对接口地址和代理的设置", retry=False
            )
        try:
            answer = json.loads(response.content)
        except (ValueError, RecursionError):
            answer = None
        if not isinstance(answer, dict):  # whoever wrote that, it was not the platform
            raise PushRefused(
                0, f"{self._host()} 的回答读不懂，可能被代理或登录网页拦住了，请检查网络", retry=True
            )
        return answer

    def _new_token(self) -> tuple[str, int]:
        try:
            answer = self._fetch_token(self)
        except PushRefused as refused:  # whatever became of this request, no notice was in it
            raise PushRefused(refused.code, refused.reason, retry=refused.retry) from None
        if errcode(answer):
            refusal = self.refusal(answer)
            refusal.way = ""  # without a token there is no way at all
            raise refusal
        token, lives_s = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(token, str) or not token or not isinstance(lives_s, int) or lives_s <= 0:
            raise PushRefused(0, f"{self._host()} 没有给出 access_token，请核对接口地址", retry=True)
        log.info("token_fetched", extra={"host": self._host(), "lives_s": lives_s})
        return token, lives_s

    def _wait_s(self, wait: Wait) -> float | None:
        if wait is Wait.MINUTE:
            return 60.0
        if wait is Wait.TOMORROW:
            here = self._now().astimezone(SHANGHAI)
            midnight = (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
            return (midnight - here).total_seconds()
        return None


def harmless_to_repeat(refused: PushRefused) -> PushRefused:
    """The same refusal where the platform drops a second copy: what may have arrived is soon sent again."""
    if not refused.unknown:
        return refused
    return PushRefused(refused.code, refused.reason, retry=True, retry_after_s=REPEAT_AFTER_S)


def errcode(answer: Answer) -> int:
    """0 where the platform leaves it out; -1 (busy) where it is not a number."""
    try:
        return int(answer.get("errcode", 0))
    except (TypeError, ValueError):
        return -1


def _hide_secrets(record: logging.LogRecord) -> bool:
    """httpx2 logs every address it asks, token and all."""
    record.msg = _SECRET_IN_URL.sub(r"\1=***", record.getMessage())
    record.args = ()
    return True
