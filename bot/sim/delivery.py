"""One message carried to the service as the platform carries it: signed, five seconds, up to three times."""

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import httpx2

from bot.sim import crypto, wire
from bot.sim.accounts import MODES, WECOM, SimAccount
from bot.sim.faults import Faults
from bot.sim.network import Network
from bot.sim.people import Person
from bot.sim.reply import BadReply, Reply, judge

BUDGET_S = 5.0
TRIES = 3
MAX_ANSWER = 1 << 20  # bytes of an answer that are looked at


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one message. `reply` None means the fault line; `fault` says why, in Chinese."""

    attempts: int
    reply: Reply | None
    fault: str = ""
    latency_ms: float = 0.0  # of the last attempt

    @property
    def delivered(self) -> bool:
        return self.reply is not None


@dataclass(frozen=True, slots=True)
class Packed:
    """A signed request."""

    query: dict[str, str]
    body: str
    plain: str
    content_type: str


class Lost(Exception):
    """No answer in time, or no connection: worth another delivery."""


def pack(account: SimAccount, person: Person, fields: wire.Fields) -> Packed:
    """Sign and encrypt in the account's present mode; a fresh nonce each time, the real time always."""
    stamp, nonce = str(int(time.time())), str(secrets.randbelow(10**10))
    plain = wire.write(fields, account.format)
    query: dict[str, str] = {}
    if account.kind != WECOM:
        query["signature"] = crypto.sign(account.token, stamp, nonce)
    query |= {"timestamp": stamp, "nonce": nonce}
    if account.kind != WECOM:
        query["openid"] = person.platform_id
    body = plain
    if account.encrypts:
        encrypted = crypto.encrypt(plain, account.aes_key, account.app_id)
        if account.kind != WECOM:
            query["encrypt_type"] = "aes"
        query["msg_signature"] = crypto.sign(account.token, stamp, nonce, encrypted)
        envelope: wire.Fields = {"ToUserName": account.original, "Encrypt": encrypted}
        if account.kind == WECOM:
            envelope["AgentID"] = account.agent_id
        if account.mode == "compat":
            envelope = {**fields, "Encrypt": encrypted}
        body = wire.write(envelope, account.format)
    return Packed(query, body, plain, "application/json" if account.format == "json" else "text/xml")


@dataclass(slots=True)
class Carrier:
    """Carries messages to `bot_url`/callback/<account>. `budget_s` is 5 s as on the platform; tests shorten it."""

    bot_url: str
    network: Network
    faults: Faults
    budget_s: float = BUDGET_S
    _client: httpx2.AsyncClient | None = field(default=None)

    @property
    def client(self) -> httpx2.AsyncClient:
        if self._client is None:
            # The platform opens a connection when it needs one; a proxy of the environment must not see loopback.
            self._client = httpx2.AsyncClient(
                trust_env=False,
                timeout=None,
                limits=httpx2.Limits(max_connections=100, max_keepalive_connections=20),
            )
        return self._client

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def deliver(
        self,
        account: SimAccount,
        person: Person,
        fields: wire.Fields,
        *,
        tries: int = TRIES,
        quiet: bool = False,
    ) -> Outcome:
        """Up to `tries` deliveries, `budget_s` apart, of the same MsgId and CreateTime.

        Only silence (no connection, no answer in time) is worth another try; a bad answer is final. `quiet` keeps
        good exchanges out of the network panel (load test).
        """
        outcome = Outcome(0, None, "没有投递")
        for attempt in range(1, tries + 1):
            started = time.monotonic()
            try:
                reply, latency = await self._once(account, person, fields, attempt, quiet)
                return Outcome(attempt, reply, "", latency)
            except BadReply as error:
                return Outcome(attempt, None, str(error), (time.monotonic() - started) * 1000)
            except Lost as error:
                outcome = Outcome(attempt, None, str(error), (time.monotonic() - started) * 1000)
                if attempt < tries:
                    await asyncio.sleep(max(0.0, self.budget_s - (time.monotonic() - started)))
        return outcome

    async def _once(
        self, account: SimAccount, person: Person, fields: wire.Fields, attempt: int, quiet: bool
    ) -> tuple[Reply, float]:
        packed = pack(account, person, fields)
        path = f"/callback/{account.code}"
        noted: dict[str, Any] = {
            "way": "callback",
            "account": account.code,
            "method": "POST",
            "path": path,
            "query": packed.query,
            "mode": f"{MODES[account.mode]} · {account.format.upper()}",
            "sent": packed.body,
            "sent_plain": packed.plain if account.encrypts else "",
            "attempt": attempt,
            "user": person.id,
        }
        started = time.monotonic()
        status, answer = 0, b""
        try:
            status, answer = await self._ask(path, packed)
            latency = (time.monotonic() - started) * 1000
            if self.faults.take(path):
                raise Lost("回答在路上丢了（模拟故障）")
            if status != 200:
                raise BadReply(f"服务回了 HTTP {status}")
            reply = judge(account, person.platform_id, answer)
        except (BadReply, Lost) as error:
            latency = (time.monotonic() - started) * 1000
            self.network.note(
                **noted,
                status=status,
                answer=answer.decode(errors="replace"),
                answer_plain=getattr(error, "plain", ""),
                latency_ms=latency,
                verdict=str(error),
                good=False,
            )
            raise
        if not quiet:
            self.network.note(
                **noted,
                status=status,
                answer=answer.decode(errors="replace"),
                answer_plain=reply.plain if reply.mode == "aes" else "",
                latency_ms=latency,
                verdict="收下，不回话" if reply.kind == "silent" else "收到回复",
                good=True,
            )
        return reply, latency

    async def _ask(self, path: str, packed: Packed) -> tuple[int, bytes]:
        try:
            async with asyncio.timeout(self.budget_s):
                response = await self.client.post(
                    self.bot_url.rstrip("/") + path,
                    params=packed.query,
                    content=packed.body.encode(),
                    headers={"Content-Type": packed.content_type, "User-Agent": "Mozilla/4.0"},
                )
                return response.status_code, response.content[:MAX_ANSWER]
        except TimeoutError as error:
            raise Lost(f"{self.budget_s:g} 秒内没有回答") from error
        except httpx2.TransportError as error:
            raise Lost(f"连不上服务（{type(error).__name__}）") from error
