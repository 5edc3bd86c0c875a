"""api.weixin.qq.com: customer-service messages and template messages, which appear on the residents' phones."""

from collections.abc import Mapping
from typing import Any

from starlette.routing import Route

from bot.sim import phones as screens
from bot.sim.accounts import OFFICIAL
from bot.sim.api import OK, Answer, ApiError, Call, endpoint
from bot.sim.people import RESIDENT, Person
from bot.sim.reply import TEXT_BYTES
from bot.sim.templates import misfit


def _receiver(call: Call, asked: Mapping[str, Any]) -> Person:
    person = call.world.people.by_platform_id(str(asked.get("touser", "")))
    if person is None or person.role != RESIDENT:
        raise ApiError(40003)
    return person


def _custom(call: Call) -> Answer:
    """Errors in the order of the platform: right, receiver, content, window."""
    asked = call.json()
    if not call.account.can_push:
        raise ApiError(48001)
    person = _receiver(call, asked)
    kind, text, more = _content(call, asked)
    if not person.subscribed:
        raise ApiError(45015)
    errcode = call.world.windows.spend(call.account.code, person.id)
    if errcode:
        raise ApiError(errcode)
    call.world.phones.show(
        call.account.code, person.id, screens.BOT, kind, text, via="push", way="客服消息", **more
    )
    return OK


def _content(call: Call, asked: Mapping[str, Any]) -> tuple[str, str, dict[str, Any]]:
    kind = str(asked.get("msgtype", ""))
    part = asked.get(kind)
    if kind not in ("text", "image", "voice", "news", "msgmenu"):
        raise ApiError(40008)
    if not isinstance(part, Mapping):
        raise ApiError(44004)
    if kind == "text":
        text = str(part.get("content", ""))
        if not text:
            raise ApiError(44004)
        if len(text.encode()) > TEXT_BYTES:
            raise ApiError(45002)
        return "text", text, {}
    if kind in ("image", "voice"):
        media_id = str(part.get("media_id", ""))
        if call.world.media.get(media_id) is None:
            raise ApiError(40007)
        return kind, "[图片]" if kind == "image" else "[语音]", {"media_id": media_id}
    if kind == "news":
        found = [
            {
                "title": str(article.get("title", "")),
                "description": str(article.get("description", "")),
                "picture": str(article.get("picurl", "")),
                "url": str(article.get("url", "")),
            }
            for article in part.get("articles", [])
            if isinstance(article, Mapping)
        ]
        if len(found) != 1:  # the platform allows one article since 2018
            raise ApiError(45008, "article size out of limit")
        return "news", found[0]["title"], {"articles": found}
    choices = [
        {"id": str(one.get("id", "")), "content": str(one.get("content", ""))}
        for one in part.get("list", [])
        if isinstance(one, Mapping)
    ]
    more = {"choices": choices, "tail": str(part.get("tail_content", ""))}
    return "msgmenu", str(part.get("head_content", "")), more


def _typing(call: Call) -> Answer:
    asked = call.json()
    person = _receiver(call, asked)
    if asked.get("command") not in ("Typing", "CancelTyping"):
        raise ApiError(40008)
    call.world.bus.publish(
        "typing",
        {"account": call.account.code, "user": person.id, "on": asked["command"] == "Typing"},
    )
    return OK


def _template(call: Call) -> Answer:
    asked = call.json()
    if not call.account.can_push:
        raise ApiError(48001)
    person = _receiver(call, asked)
    template_id = str(asked.get("template_id", ""))
    if template_id not in call.account.templates:
        raise ApiError(40037)
    if not person.subscribed:
        raise ApiError(43004)
    title, keywords = call.account.templates[template_id]
    data = asked.get("data")
    wrong = misfit(keywords, data)
    if wrong:
        raise ApiError(47003, wrong)
    number, first = call.world.templates.number(person.platform_id, str(asked.get("client_msg_id", "")))
    if first:
        rows = [[name, str(data[keyword]["value"])] for name, keyword in keywords.items()] if data else []
        call.world.phones.show(
            call.account.code,
            person.id,
            screens.BOT,
            "template",
            title,
            via="push",
            way="模板消息",
            rows=rows,
            url=str(asked.get("url", "")),
        )
        finished = {"MsgID": number, "Status": "success"}
        call.world.later(
            call.world.talk.event(call.account, person, "TEMPLATESENDJOBFINISH", finished, hidden=True)
        )
    return {**OK, "msgid": number}


def _templates(call: Call) -> Answer:
    return {
        "template_list": [
            {
                "template_id": template_id,
                "title": title,
                "primary_industry": "政府与公共事业",
                "deputy_industry": "公共事业",
                "content": "\n".join(f"{name}:{{{{{keyword}.DATA}}}}" for name, keyword in keywords.items()),
                "example": "\n".join(f"{name}:示例" for name in keywords),
            }
            for template_id, (title, keywords) in call.account.templates.items()
        ]
    }


ROUTES: list[Route] = [
    endpoint("/cgi-bin/message/custom/send", _custom, kind=OFFICIAL),
    endpoint("/cgi-bin/message/custom/typing", _typing, kind=OFFICIAL),
    endpoint("/cgi-bin/message/template/send", _template, kind=OFFICIAL),
    endpoint("/cgi-bin/template/get_all_private_template", _templates, kind=OFFICIAL, methods=("GET",)),
]
