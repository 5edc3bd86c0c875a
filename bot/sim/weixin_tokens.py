"""api.weixin.qq.com: access_token, its quota, and the addresses of the platform."""

import json

from starlette.requests import Request
from starlette.routing import Route

from bot.sim.accounts import OFFICIAL, SimAccount
from bot.sim.api import ANY, OK, Answer, ApiError, Call, endpoint, noted
from bot.sim.tokens import TooOften
from bot.sim.verify import verify
from bot.sim.world import World


def _known(world: World, app_id: str, secret: str) -> SimAccount:
    account = next((a for a in world.accounts.values() if a.kind == OFFICIAL and a.app_id == app_id), None)
    if account is None or not app_id:
        raise ApiError(40013)
    if account.secret != secret:
        raise ApiError(40125)
    return account


async def _token(world: World, request: Request, body: bytes) -> tuple[SimAccount, Answer]:
    if request.query_params.get("grant_type") != "client_credential":
        raise ApiError(40002)
    account = _known(world, request.query_params.get("appid", ""), request.query_params.get("secret", ""))
    try:
        token, left = world.tokens.plain(account.code)
    except TooOften as error:
        raise ApiError(error.errcode) from error
    return account, {"access_token": token, "expires_in": left}


async def _stable_token(world: World, request: Request, body: bytes) -> tuple[SimAccount, Answer]:
    try:
        asked = json.loads(body)
    except ValueError as error:
        raise ApiError(47001) from error
    if not isinstance(asked, dict) or asked.get("grant_type") != "client_credential":
        raise ApiError(40002)
    account = _known(world, str(asked.get("appid", "")), str(asked.get("secret", "")))
    try:
        token, left = world.tokens.stable(account.code, forced=asked.get("force_refresh") is True)
    except TooOften as error:
        raise ApiError(error.errcode) from error
    return account, {"access_token": token, "expires_in": left}


def _clear_quota(call: Call) -> Answer:
    if call.json().get("appid") != call.account.app_id:
        raise ApiError(40013)
    call.world.tokens.clear_quota(call.account.code)
    return OK


def _addresses(call: Call) -> Answer:
    return {"ip_list": ["127.0.0.1"]}


async def _check(call: Call) -> Answer:
    good, _ = await verify(call.world.carrier, call.account)
    host = "127.0.0.1"
    return {
        "dns": [{"ip": host, "real_operator": "CAP"}],
        "ping": [
            {"ip": host, "from_operator": "CAP", "package_loss": "0%" if good else "100%", "time": "0.1ms"}
        ],
    }


ROUTES: list[Route] = [
    noted("/cgi-bin/token", _token, ("GET",)),
    noted("/cgi-bin/stable_token", _stable_token, ("POST",)),
    endpoint("/cgi-bin/clear_quota", _clear_quota, kind=OFFICIAL),
    endpoint("/cgi-bin/getcallbackip", _addresses, kind=ANY, methods=("GET",)),
    endpoint("/cgi-bin/get_api_domain_ip", _addresses, kind=ANY, methods=("GET",)),
    endpoint("/cgi-bin/callback/check", _check, kind=OFFICIAL),
]
