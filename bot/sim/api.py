"""How a call to a platform API is taken: fault, token, answer, and a line in the network panel."""

import asyncio
import json
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from bot.sim.accounts import SimAccount
from bot.sim.world import World

ERRORS = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40004: "invalid media type",
    40007: "invalid media_id",
    40008: "invalid message type",
    40013: "invalid appid",
    40014: "invalid access_token",
    40033: "invalid charset. please check your request, if include \\uxxxx will create fail!",
    40037: "invalid template_id",
    40056: "invalid agentid",
    40125: "invalid appsecret",
    40164: "invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist",
    41001: "access_token missing",
    42001: "access_token expired",
    43004: "require subscribe",
    44002: "empty post data",
    44004: "empty content",
    45001: "media file size out of limit",
    45002: "content size out of limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit mustslower retry next minute",
    45015: "response out of time limit or subscription is canceled",
    45047: "out of response count limit",
    46003: "menu no exist",
    47001: "data format error",
    48001: "api unauthorized",
    60020: "not allow to access from your ip",
    81013: "user & party & tag all invalid",
}
ANY = ""


class ApiError(Exception):
    """An answer with an errcode; `errmsg` "" takes the documented one."""

    def __init__(self, errcode: int, errmsg: str = "") -> None:
        super().__init__(errcode, errmsg)
        self.errcode = errcode
        self.errmsg = errmsg or ERRORS.get(errcode, "error")


@dataclass(frozen=True, slots=True)
class Call:
    """One call: the account its token belongs to, the query, the body."""

    world: World
    request: Request
    account: SimAccount
    query: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body as an object.

        Raises:
            ApiError: 44002 nothing there, 47001 not JSON, 40033 Chinese written as \\uXXXX.
        """
        if not self.body:
            raise ApiError(44002)
        try:
            found = json.loads(self.body)
        except ValueError as error:
            raise ApiError(47001) from error
        if not isinstance(found, dict):
            raise ApiError(47001)
        # Control characters have no other way to be written; everything else must stand as itself.
        if re.search(rb"(?<!\\)(?:\\\\)*\\u(?!00[01])[0-9a-fA-F]{4}", self.body):
            raise ApiError(40033)
        return found


Answer = dict[str, Any] | Response
Handler = Callable[[Call], Answer] | Callable[[Call], Awaitable[Answer]]


def problem(error: ApiError) -> dict[str, Any]:
    rid = f"{int(time.time()):x}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
    return {"errcode": error.errcode, "errmsg": f"{error.errmsg} rid: {rid}"}


def endpoint(path: str, handler: Handler, *, kind: str, methods: tuple[str, ...] = ("POST",)) -> Route:
    """A route that asks for a token of an account of `kind` (ANY: either platform)."""

    async def asked(world: World, request: Request, body: bytes) -> tuple[SimAccount, Answer]:
        token = request.query_params.get("access_token", "")
        if not token:
            raise ApiError(41001)
        code, errcode = world.tokens.account_of(token)
        account = world.accounts.get(code)
        if errcode or account is None or (kind and account.kind != kind):
            raise ApiError(errcode or 40001)
        found = handler(Call(world, request, account, dict(request.query_params), body))
        return account, (await found if isinstance(found, Awaitable) else found)

    return noted(path, asked, methods)


def noted(
    path: str,
    asked: Callable[[World, Request, bytes], Awaitable[tuple[SimAccount, Answer]]],
    methods: tuple[str, ...],
) -> Route:
    """A route whose calls meet the faults first and stand in the network panel afterwards."""

    async def serve(request: Request) -> Response:
        world: World = request.app.state.world
        started = time.monotonic()
        body = await request.body()
        account = world.tokens.account_of(request.query_params.get("access_token", ""))[0]
        fault = world.faults.take(path)
        if fault and fault.delay:
            await asyncio.sleep(fault.delay)
        answer: Answer
        errcode = 0
        try:
            if fault and fault.status:
                answer = Response(b"", status_code=fault.status)
            elif fault and fault.errcode:
                raise ApiError(fault.errcode)
            else:
                found, answer = await asked(world, request, body)
                account = found.code
        except ApiError as error:
            answer, errcode = problem(error), error.errcode
        response = answer if isinstance(answer, Response) else _json(answer)
        text = bytes(response.body).decode(errors="replace") if not _binary(response) else "（文件）"
        good = not errcode and response.status_code == 200
        world.network.note(
            way="api",
            account=account,
            method=request.method,
            path=path,
            query=dict(request.query_params),
            sent=body.decode(errors="replace") if not _binary(request) else f"（{len(body)} 字节）",
            status=response.status_code,
            answer=text,
            latency_ms=(time.monotonic() - started) * 1000,
            verdict=getattr(request.state, "remark", "ok")
            if good
            else f"errcode {errcode}"
            if errcode
            else f"HTTP {response.status_code}",
            good=good,
        )
        return response

    return Route(path, serve, methods=list(methods))


def _json(answer: dict[str, Any]) -> Response:
    return JSONResponse(answer)


def _binary(message: Request | Response) -> bool:
    return message.headers.get("content-type", "").startswith(("multipart/", "image/", "audio/", "video/"))


OK: dict[str, Any] = {"errcode": 0, "errmsg": "ok"}
