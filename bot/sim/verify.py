"""The address check of the console: a signed GET whose echostr must come back exactly."""

import asyncio
import secrets
import time

import httpx2

from bot.sim import crypto
from bot.sim.accounts import WECOM, SimAccount
from bot.sim.delivery import Carrier

WECOM_BUDGET_S = 1.0


async def verify(carrier: Carrier, account: SimAccount) -> tuple[bool, str]:
    """Whether the service passes, and a Chinese sentence about it; the exchange is noted in the panel."""
    stamp, nonce = str(int(time.time())), str(secrets.randbelow(10**10))
    echo = str(secrets.randbelow(10**19))
    wecom = account.kind == WECOM
    query = {"timestamp": stamp, "nonce": nonce}
    if wecom:
        query["echostr"] = crypto.encrypt(echo, account.aes_key, account.app_id)
        query["msg_signature"] = crypto.sign(account.token, stamp, nonce, query["echostr"])
    else:
        query["echostr"] = echo
        query["signature"] = crypto.sign(account.token, stamp, nonce)
    path = f"/callback/{account.code}"
    started = time.monotonic()
    status, answer = 0, b""
    try:
        async with asyncio.timeout(WECOM_BUDGET_S if wecom else carrier.budget_s):
            response = await carrier.client.get(carrier.bot_url.rstrip("/") + path, params=query)
        status, answer = response.status_code, response.content
        good = status == 200 and answer == echo.encode()
        verdict = "地址验证通过" if good else f"地址验证没通过：HTTP {status}，回的不是 echostr 原文"
    except (TimeoutError, httpx2.TransportError) as error:
        good, verdict = False, f"地址验证没通过：服务没有及时回答（{type(error).__name__}）"
    carrier.network.note(
        way="callback",
        account=account.code,
        method="GET",
        path=path,
        query=query,
        sent_plain=echo if wecom else "",
        status=status,
        answer=answer.decode(errors="replace"),
        latency_ms=(time.monotonic() - started) * 1000,
        verdict=verdict,
        good=good,
    )
    return good, verdict
