"""api.weixin.qq.com: menu, QR codes, followers, and files of either platform."""

import hashlib
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import UploadFile
from starlette.responses import Response
from starlette.routing import Route

from bot.sim import qyapi
from bot.sim.accounts import OFFICIAL, WECOM
from bot.sim.api import ANY, OK, Answer, ApiError, Call, endpoint
from bot.sim.media import LARGEST, picture_type
from bot.sim.menus import BadMenu
from bot.sim.people import RESIDENT, Person


def _menu_create(call: Call) -> Answer:
    try:
        call.world.menus.create(call.account.code, call.json())
    except BadMenu as error:
        raise ApiError(error.errcode, str(error)) from error
    call.world.changed()
    return OK


def _menu_get(call: Call) -> Answer:
    buttons = call.world.menus.created(call.account.code)
    if not buttons:
        raise ApiError(46003)
    return {"menu": {"button": buttons}}


def _menu_delete(call: Call) -> Answer:
    call.world.menus.delete(call.account.code)
    call.world.changed()
    return OK


def _menu_shown(call: Call) -> Answer:
    buttons = call.world.menus.shown(call.account.code)
    return {"is_menu_open": int(bool(buttons)), "selfmenu_info": {"button": buttons}}


def _qrcode(call: Call) -> Answer:
    asked = call.json()
    action = str(asked.get("action_name", ""))
    info = asked.get("action_info")
    scene = info.get("scene") if isinstance(info, Mapping) else None
    if not isinstance(scene, Mapping):
        raise ApiError(40053, "invalid action info")
    if action in ("QR_STR_SCENE", "QR_LIMIT_STR_SCENE"):
        word = str(scene.get("scene_str", ""))
        if not 1 <= len(word) <= 64:
            raise ApiError(40053, "invalid action info")
    elif action in ("QR_SCENE", "QR_LIMIT_SCENE"):
        number = scene.get("scene_id")
        if not isinstance(number, int) or number < 1 or (action == "QR_LIMIT_SCENE" and number > 100000):
            raise ApiError(40053, "invalid action info")
        word = str(number)
    else:
        raise ApiError(40054, "invalid action name")
    seconds = 0 if "LIMIT" in action else max(60, min(int(asked.get("expire_seconds") or 60), 2592000))
    code = call.world.codes.make(call.account.code, word, seconds)
    call.world.changed()
    url = f"http://weixin.qq.com/q/{hashlib.sha256(code.ticket.encode()).hexdigest()[:24]}"
    return {"ticket": code.ticket, **({"expire_seconds": seconds} if seconds else {}), "url": url}


def _about(call: Call, openid: str) -> dict[str, Any]:
    person = call.world.people.by_platform_id(openid)
    if person is None or person.role != RESIDENT:
        raise ApiError(40003)
    if not person.subscribed:
        return {"subscribe": 0, "openid": openid, "tagid_list": []}
    # The platform gives no nickname and no picture any more (since 2021).
    return {
        "subscribe": 1,
        "openid": openid,
        "language": "zh_CN",
        "subscribe_time": 1700000000,
        "remark": "",
        "groupid": 0,
        "tagid_list": [],
        "subscribe_scene": "ADD_SCENE_QR_CODE",
        "qr_scene": 0,
        "qr_scene_str": "",
    }


def _user_info(call: Call) -> Answer:
    return _about(call, call.query.get("openid", ""))


def _user_batch(call: Call) -> Answer:
    asked = call.json().get("user_list")
    if not isinstance(asked, list) or not 1 <= len(asked) <= 100:
        raise ApiError(40032, "invalid openid list size")
    return {
        "user_info_list": [
            _about(call, str(one.get("openid", "") if isinstance(one, Mapping) else "")) for one in asked
        ]
    }


def _followers(call: Call) -> Answer:
    if call.account.kind == WECOM:
        return qyapi.member(call)

    def follows(one: Person) -> bool:
        return one.role == RESIDENT and one.subscribed and not one.extra

    found = [one.platform_id for one in call.world.people if follows(one)]
    return {"total": len(found), "count": len(found), "data": {"openid": found}, "next_openid": ""}


async def _upload(call: Call) -> Answer:
    kind = call.query.get("type", "")
    if kind not in LARGEST or (call.account.kind == WECOM and kind == "thumb"):
        raise ApiError(40004)
    async with call.request.form() as form:
        part = form.get("media")
        if not isinstance(part, UploadFile):
            raise ApiError(41005, "media data missing")
        data = await part.read()
        declared = part.content_type or "application/octet-stream"
    if not data:
        raise ApiError(44001, "empty media data")
    if len(data) > LARGEST[kind]:
        raise ApiError(45001)
    if kind == "image":
        found = picture_type(data)
        if found is None:
            raise ApiError(40005, "invalid file type")
        declared = found
    kept = call.world.media.keep(data, kind, declared)
    stamp = int(kept.created_at)
    answer: dict[str, Any] = {"type": kind, "media_id": kept.media_id}
    if call.account.kind == WECOM:
        return {**OK, **answer, "created_at": str(stamp)}
    return {**answer, "created_at": stamp}


def _download(call: Call) -> Answer:
    kept = call.world.media.get(call.query.get("media_id", ""))
    if kept is None:
        raise ApiError(40007)
    ending = kept.media_type.rsplit("/", 1)[-1].replace("jpeg", "jpg")
    return Response(
        kept.data,
        media_type=kept.media_type,
        headers={"Content-Disposition": f'attachment; filename="{kept.media_id[:16]}.{ending}"'},
    )


ROUTES: list[Route] = [
    endpoint("/cgi-bin/menu/create", _menu_create, kind=OFFICIAL),
    endpoint("/cgi-bin/menu/get", _menu_get, kind=OFFICIAL, methods=("GET",)),
    endpoint("/cgi-bin/menu/delete", _menu_delete, kind=OFFICIAL, methods=("GET",)),
    endpoint("/cgi-bin/get_current_selfmenu_info", _menu_shown, kind=OFFICIAL, methods=("GET",)),
    endpoint("/cgi-bin/qrcode/create", _qrcode, kind=OFFICIAL),
    endpoint("/cgi-bin/user/info", _user_info, kind=OFFICIAL, methods=("GET",)),
    endpoint("/cgi-bin/user/info/batchget", _user_batch, kind=OFFICIAL),
    endpoint("/cgi-bin/user/get", _followers, kind=ANY, methods=("GET",)),
    endpoint("/cgi-bin/media/upload", _upload, kind=ANY),
    endpoint("/cgi-bin/media/get", _download, kind=ANY, methods=("GET",)),
]
