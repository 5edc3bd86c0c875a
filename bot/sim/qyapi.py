"""qyapi.weixin.qq.com: the token, application messages to members, and changing a card that was sent."""

import secrets
import time
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.routing import Route

from bot.sim import phones as screens
from bot.sim.accounts import WECOM, SimAccount
from bot.sim.api import OK, Answer, ApiError, Call, endpoint, noted
from bot.sim.people import WORKER, Person
from bot.sim.world import World

KINDS = ("text", "markdown", "textcard", "image", "news", "template_card")


async def _gettoken(world: World, request: Request, body: bytes) -> tuple[SimAccount, Answer]:
    corp, secret = request.query_params.get("corpid", ""), request.query_params.get("corpsecret", "")
    of_corp = [a for a in world.accounts.values() if a.kind == WECOM and a.app_id == corp]
    if not of_corp or not corp:
        raise ApiError(40013, "invalid corpid")
    account = next((a for a in of_corp if a.secret == secret), None)
    if account is None:
        raise ApiError(40001, "invalid credential")
    token, left = world.tokens.wecom(account.code)
    return account, {**OK, "access_token": token, "expires_in": left}


def _receivers(call: Call, asked: Mapping[str, Any]) -> tuple[list[Person], list[str]]:
    """The members, and the names nobody has."""
    names = [name for name in str(asked.get("touser", "")).split("|") if name]
    workers = [one for one in call.world.people if one.role == WORKER]
    if names == ["@all"]:
        return workers, []
    by_id = {one.platform_id: one for one in workers}
    return [by_id[name] for name in names if name in by_id], [name for name in names if name not in by_id]


def _send(call: Call) -> Answer:
    asked = call.json()
    if str(asked.get("agentid", "")) != call.account.agent_id:
        raise ApiError(40056)
    people, unknown = _receivers(call, asked)
    if not people:
        raise ApiError(81013)
    kind, text, more = _content(asked)
    response_code = secrets.token_urlsafe(32) if kind == "template_card" else ""
    for person in people:
        if asked.get("enable_duplicate_check") == 1 and _repeated(call, person, asked):
            continue
        if not call.world.windows.spend_wecom(call.account.code, person.id):
            # Above 30 in a minute: no error, no message; only our panel says so.
            call.request.state.remark = f"ok，但{person.name}一分钟内超过 30 条，平台不声不响丢掉了"
            continue
        call.world.phones.show(
            call.account.code,
            person.id,
            screens.BOT,
            kind,
            text,
            via="push",
            way="应用消息",
            **more,
            **({"response_code": response_code} if response_code else {}),
        )
    answer = {**OK, "invaliduser": "|".join(unknown), "msgid": secrets.token_urlsafe(40)}
    return {**answer, "response_code": response_code} if response_code else answer


def _repeated(call: Call, person: Person, asked: Mapping[str, Any]) -> bool:
    seconds = max(1, min(int(asked.get("duplicate_check_interval") or 1800), 14400))
    _, text, _ = _content(asked)
    now = call.world.clock.now()
    pushed = call.world.phones.pushes(user=person.id, account=call.account.code)
    return any(bubble.text == text and bubble.at > now - seconds for bubble in pushed)


def _content(asked: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]]:
    kind = str(asked.get("msgtype", ""))
    part = asked.get(kind)
    if kind not in KINDS:
        raise ApiError(40008)
    if not isinstance(part, Mapping):
        raise ApiError(44004)
    if kind in ("text", "markdown"):
        text = str(part.get("content", "")).encode()[:2048].decode(errors="ignore")
        if not text:
            raise ApiError(44004)
        return kind, text, {}
    if kind == "textcard":
        title, description, url = (str(part.get(name, "")) for name in ("title", "description", "url"))
        if not (title and description and url):
            raise ApiError(41033, "missing title, description or url")
        cut = description.encode()[:512].decode(errors="ignore")
        return (
            kind,
            title[:128],
            {"description": cut, "url": url, "button": str(part.get("btntxt") or "详情")},
        )
    if kind == "image":
        return kind, "[图片]", {"media_id": str(part.get("media_id", ""))}
    if kind == "news":
        articles = [
            {
                "title": str(one.get("title", "")),
                "description": str(one.get("description", "")),
                "picture": "",
                "url": str(one.get("url", "")),
            }
            for one in part.get("articles", [])
            if isinstance(one, Mapping)
        ]
        if not 1 <= len(articles) <= 8:
            raise ApiError(45008, "article size out of limit")
        return kind, articles[0]["title"], {"articles": articles}
    return kind, *_card(part)


def _card(part: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    main = part.get("main_title")
    title = str(main.get("title", "")) if isinstance(main, Mapping) else ""
    buttons = [
        {"text": str(one.get("text", "")), "key": str(one.get("key", ""))}
        for one in part.get("button_list", [])
        if isinstance(one, Mapping)
    ]
    if part.get("card_type") == "button_interaction" and (not buttons or not part.get("task_id")):
        raise ApiError(42036, "invalid template_card")
    rows = [
        [str(one.get("keyname", "")), str(one.get("value", ""))]
        for one in part.get("horizontal_content_list", [])
        if isinstance(one, Mapping)
    ]
    more = {
        "card_type": str(part.get("card_type", "")),
        "description": str(main.get("desc", "")) if isinstance(main, Mapping) else "",
        "sub_title": str(part.get("sub_title_text", "")),
        "rows": rows,
        "buttons": buttons,
        "task_id": str(part.get("task_id", "")),
    }
    return title, more


def _update_card(call: Call) -> Answer:
    """The button becomes the text it was replaced with; a response_code is good once, for 72 hours."""
    asked = call.json()
    bubble = call.world.phones.card(str(asked.get("response_code", "")))
    if bubble is None or bubble.more.get("done") or call.world.clock.now() - bubble.at > 72 * 3600:
        raise ApiError(42014, "invalid response_code")
    button = asked.get("button")
    bubble.more["done"] = str(button.get("replace_name", "")) if isinstance(button, Mapping) else "已更新"
    call.world.phones.changed(bubble)
    return {**OK, "invaliduser": ""}


def member(call: Call) -> Answer:
    """`/cgi-bin/user/get`, an address that the two platforms share."""
    userid = call.query.get("userid", "")
    person = call.world.people.by_platform_id(userid)
    if person is None or person.role != WORKER:
        raise ApiError(60111, "userid not found")
    return {**OK, "userid": userid, "name": person.name, "department": [1], "status": 1, "isleader": 0}


def card_pressed(bubble: screens.Bubble, key: str) -> dict[str, Any]:
    """The fields of template_card_event for a button of a card."""
    return {
        "EventKey": key,
        "TaskId": bubble.more.get("task_id", ""),
        "CardType": bubble.more.get("card_type", ""),
        "ResponseCode": bubble.more.get("response_code", ""),
        "CreateTime": int(time.time()),
    }


ROUTES: list[Route] = [
    noted("/cgi-bin/gettoken", _gettoken, ("GET",)),
    endpoint("/cgi-bin/message/send", _send, kind=WECOM),
    endpoint("/cgi-bin/message/update_template_card", _update_card, kind=WECOM),
]
