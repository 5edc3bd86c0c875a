"""The control API: what the page, the terminal and the tests ask the simulator to do."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.sim import load, qyapi
from bot.sim.accounts import OFFICIAL, WECOM, SimAccount
from bot.sim.delivery import Outcome
from bot.sim.faults import Fault
from bot.sim.media import LARGEST, picture_type
from bot.sim.people import Person
from bot.sim.reply import articles
from bot.sim.talk import CannotDo
from bot.sim.verify import verify
from bot.sim.world import World

Json = dict[str, Any]
Control = Callable[[World, Request, Json], Awaitable[Json]]
MOST_TIMES = 1000
MOST_DELAY_S = 60.0


def _who(world: World, given: Json) -> tuple[SimAccount, Person]:
    person = world.person(str(given.get("user") or ""))
    return world.account(str(given.get("account") or ""), person.role), person


def _number(given: Json, name: str, usual: float) -> float:
    value = given.get(name, usual)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
        raise CannotDo(f"{name} 要写成数字。")
    return float(value)


def _told(outcomes: list[Outcome]) -> Json:
    """`reply` is the text that was shown, "" for silence, null for the fault line; `replies` has every copy's."""

    def words(outcome: Outcome) -> str | None:
        if outcome.reply is None:
            return None
        return outcome.reply.text

    first = next((one for one in outcomes if one.reply and one.reply.kind != "silent"), outcomes[0])
    told: Json = {
        "delivered": first.delivered,
        "attempts": sum(one.attempts for one in outcomes),
        "reply": words(first),
        "kind": first.reply.kind if first.reply else "fault",
        "fault": first.fault,
        "latency_ms": round(first.latency_ms, 1),
        "mode": first.reply.mode if first.reply else "",
        "replies": [words(one) for one in outcomes],
    }
    if first.reply and first.reply.kind == "news":
        told["articles"] = articles(first.reply.fields)
    return told


async def _say(world: World, request: Request, given: Json) -> Json:
    account, person = _who(world, given)
    said = world.talk.read(account, given, str(request.base_url).rstrip("/"))
    return _told(await world.talk.say(account, person, said, int(_number(given, "copies", 1))))


async def _event(world: World, request: Request, given: Json) -> Json:
    """`event`: subscribe, unsubscribe, scan, click, view, card, or any other name with its `fields`."""
    account, person = _who(world, given)
    event, key = str(given.get("event") or ""), str(given.get("key") or given.get("scene") or "")
    fields = given.get("fields")
    if not event:
        raise CannotDo("event 要写事件名，例如 subscribe、scan、click。")
    kind = event.lower()
    if account.kind == OFFICIAL and kind in ("subscribe", "scan"):
        if kind == "scan" and not key:
            raise CannotDo("扫码要写 scene（二维码的场景值）。")
        return _told(await world.follow(account, person, key))
    if account.kind == OFFICIAL and kind == "unsubscribe":
        return _told(await world.unfollow(account, person))
    if kind == "click":
        return _told(await world.click(account, person, key, str(given.get("name") or "")))
    if account.kind == WECOM and kind == "card":
        return _told(await _press(world, account, person, given))
    more = dict(fields) if isinstance(fields, dict) else {"EventKey": key}
    outcomes = await world.talk.event(account, person, event, more, copies=int(_number(given, "copies", 1)))
    return _told(outcomes)


async def _press(world: World, account: SimAccount, person: Person, given: Json) -> list[Outcome]:
    number = int(_number(given, "bubble", 0))
    bubble = next((one for one in world.phones if one.id == number and one.user == person.id), None)
    if bubble is None or bubble.kind != "template_card":
        raise CannotDo("没有这张卡片。")
    fields = qyapi.card_pressed(bubble, str(given.get("key") or ""))
    return await world.talk.event(account, person, "template_card_event", fields)


async def _clock(world: World, request: Request, given: Json) -> Json:
    """Set the offset in seconds, or move by `add`."""
    world.clock.offset = _number(given, "offset", world.clock.offset) + _number(given, "add", 0.0)
    world.changed()
    return {"offset": world.clock.offset, "now": world.clock.now()}


async def _fault(world: World, request: Request, given: Json) -> Json:
    path = str(given.get("path") or "")
    if not path.startswith("/"):
        raise CannotDo("path 要写接口路径，例如 /cgi-bin/message/custom/send 或 /callback/mp。")
    fault = Fault(
        path,
        errcode=int(_number(given, "errcode", 0)),
        status=int(_number(given, "status", 0)),
        delay=min(max(_number(given, "delay", 0.0), 0.0), MOST_DELAY_S),
        left=int(min(max(_number(given, "times", 1), 1), MOST_TIMES)),
    )
    if fault.status and not 200 <= fault.status <= 599:
        raise CannotDo("status 要在 200 到 599 之间。")
    world.faults.add(fault)
    world.changed()
    return {"faults": [one.public() for one in world.faults.waiting()]}


async def _verify(world: World, request: Request, given: Json) -> Json:
    wanted = [world.account(str(given["account"]))] if given.get("account") else list(world.accounts.values())
    results = []
    for account in wanted:
        good, verdict = await verify(world.carrier, account)
        results.append({"account": account.code, "ok": good, "verdict": verdict})
    return {"ok": all(one["ok"] for one in results), "results": results}


async def _account(world: World, request: Request, given: Json) -> Json:
    """Switch `mode` (plain, compat, safe) and `format` (xml, json) of an account."""
    account = world.account(str(given.get("account") or ""))
    try:
        account.switch(mode=given.get("mode"), format=given.get("format"))
    except ValueError as error:
        raise CannotDo(str(error)) from error
    world.changed()
    return account.public()


async def _load(world: World, request: Request, given: Json) -> Json:
    account = world.account(str(given.get("account") or ""))
    if account.kind != OFFICIAL:
        raise CannotDo("压测只用公众号：居民的消息才会一下子来很多。")
    if world.loading:
        raise CannotDo("压测正在进行，请等它结束。")
    wanted = load.bounded(
        _number(given, "users", 20), _number(given, "rate", 20), _number(given, "seconds", 5)
    )
    world.loading = True
    world.changed()
    try:
        return await load.run(world, account, wanted)
    finally:
        world.loading = False
        world.changed()


async def _reset(world: World, request: Request, given: Json) -> Json:
    world.reset()
    return {"ok": True}


async def _forget_tokens(world: World, request: Request, given: Json) -> Json:
    world.tokens.forget()
    return {"ok": True}


def _post(path: str, control: Control) -> Route:
    async def serve(request: Request) -> Response:
        body = await request.body()
        try:
            given = json.loads(body) if body else {}
            if not isinstance(given, dict):
                raise CannotDo("请求要是一个 JSON 对象。")
            return JSONResponse(await control(request.app.state.world, request, given))
        except ValueError:
            return JSONResponse({"error": "请求不是正确的 JSON。"}, status_code=400)
        except CannotDo as error:
            return JSONResponse({"error": str(error)}, status_code=400)

    return Route(path, serve, methods=["POST"])


async def _outbox(request: Request) -> Response:
    """The pushes: of one `user` (id, name, openid) or everybody, of one `account`, after bubble number `after`."""
    world: World = request.app.state.world
    query = request.query_params
    try:
        user = world.person(query["user"]).id if query.get("user") else ""
        after = int(query.get("after") or 0)
    except (CannotDo, ValueError) as error:
        return JSONResponse({"error": str(error)}, status_code=400)
    pushes = world.phones.pushes(user=user, account=query.get("account", ""), after=after)
    return JSONResponse({"pushes": [bubble.public() for bubble in pushes]})


async def _state(request: Request) -> Response:
    return JSONResponse(request.app.state.world.state())


async def _events(request: Request) -> Response:
    world: World = request.app.state.world
    after = request.headers.get("last-event-id") or request.query_params.get("after") or ""
    return StreamingResponse(
        world.bus.listen(int(after) if after.isdecimal() else None),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _keep_media(request: Request) -> Response:
    """A photo taken on the phone: the raw bytes of a JPEG or PNG."""
    world: World = request.app.state.world
    data = await request.body()
    found = picture_type(data)
    if found is None or len(data) > LARGEST["image"]:
        return JSONResponse({"error": "请选 JPG 或 PNG 照片，10 MB 以内。"}, status_code=400)
    return JSONResponse({"media_id": world.media.keep(data, "image", found).media_id})


async def _show_media(request: Request) -> Response:
    kept = request.app.state.world.media.get(request.path_params["media_id"])
    if kept is None:
        return Response(
            "没有这个文件，或已超过三天。", status_code=404, media_type="text/plain; charset=utf-8"
        )
    return Response(kept.data, media_type=kept.media_type, headers={"Cache-Control": "max-age=86400"})


ROUTES: list[Route] = [
    _post("/sim/say", _say),
    _post("/sim/event", _event),
    _post("/sim/clock", _clock),
    _post("/sim/fault", _fault),
    _post("/sim/verify", _verify),
    _post("/sim/account", _account),
    _post("/sim/load", _load),
    _post("/sim/reset", _reset),
    _post("/sim/forget-tokens", _forget_tokens),
    Route("/sim/outbox", _outbox),
    Route("/sim/state", _state),
    Route("/sim/events", _events),
    Route("/sim/media", _keep_media, methods=["POST"]),
    Route("/sim/media/{media_id}", _show_media),
]
