"""From the fields of a callback to a `Message`: what 公众号 and 企业微信 have in common."""

import re
from datetime import UTC, datetime
from hashlib import sha256

from bot.channel import BadDelivery, Delivery
from bot.channels.reading import Fields, nested, text
from handlers.message import Kind, Media, Message, Place

# openid, userid, gh_…, corp id. Nothing that would mean something in XML or in a key of ours.
_PLATFORM_ID = re.compile(r"[A-Za-z0-9_.@*+=:$#-]{1,64}", re.ASCII)
_WORD = re.compile(r"[A-Za-z0-9_.:*+=/-]{1,64}", re.ASCII)
_MOMENT = re.compile(r"[0-9]{1,12}", re.ASCII)

_KINDS = {
    "text": Kind.TEXT,
    "image": Kind.IMAGE,
    "voice": Kind.VOICE,
    "video": Kind.VIDEO,
    "shortvideo": Kind.VIDEO,
    "file": Kind.FILE,
    "location": Kind.LOCATION,
    "link": Kind.LINK,
    "event": Kind.EVENT,
}
_MAX_EVENT_KEY = 1024
_MAX_KEY_IN_ID = 64
_MAX_ID = 200


def platform_id(fields: Fields, name: str) -> str:
    """
    Raises:
        BadDelivery: 400, missing or nothing a platform would send.
    """
    value = text(fields, name).strip()
    if not _PLATFORM_ID.fullmatch(value):
        raise BadDelivery(f"bad_field:{name}", 400)
    return value


def message_from(fields: Fields, delivery: Delivery, channel: str) -> Message:
    """The message these fields describe.

    Its id is `msgid:<MsgId>`, for events `evt:<From>:<CreateTime>:<Event>` followed by what tells two events of
    one second apart (EventKey, MsgID, AgentID); at most 200 characters. White space around values that are not
    free text is dropped: some events carry it.

    Raises:
        BadDelivery: 400, a field is missing or of the wrong type.
    """
    sender = platform_id(fields, "FromUserName")
    said_kind = text(fields, "MsgType").strip().lower()
    if not said_kind:
        raise BadDelivery("bad_field:MsgType", 400)
    kind = _KINDS.get(said_kind, Kind.UNKNOWN)
    created = text(fields, "CreateTime").strip()
    sent_at = _moment(created) if created else delivery.received_at
    number = _number(fields)
    words, event, event_key, origin = "", "", "", ""
    media: tuple[Media, ...] = ()
    place: Place | None = None

    if kind is Kind.EVENT:
        name = _event_name(fields)
        event = name.lower()
        event_key = text(fields, "EventKey").strip()[:_MAX_EVENT_KEY]
        origin = _origin(event, event_key, fields)
        if event == "location_select":
            place = _place(nested(fields, "SendLocationInfo"))
        if not created:
            raise BadDelivery("bad_field:CreateTime", 400)
        told_apart = [_short(event_key), number, text(fields, "AgentID").strip()[:32]]
        id_ = _bounded(":".join(["evt", sender, created, name, *filter(None, told_apart)]))
    else:
        id_ = f"msgid:{number}" if number else _id_without_number(sender, created, fields)
        if kind is Kind.TEXT:
            words = text(fields, "Content")
        elif kind is Kind.LOCATION:
            place = _place(fields)
            words = place.label
        elif kind is not Kind.UNKNOWN:
            words, media = _enclosed(kind, fields)

    person = f"{delivery.account}:{sender}"
    return Message(
        id=id_,
        account=delivery.account,
        channel=channel,
        person=person,
        chat=person,
        kind=kind,
        sent_at=sent_at,
        heard_at=delivery.received_at,
        text=words,
        media=media,
        place=place,
        event=event,
        event_key=event_key,
        origin=origin,
    )


def _moment(created: str) -> datetime:
    if _MOMENT.fullmatch(created):
        try:
            return datetime.fromtimestamp(int(created), UTC)
        except (ValueError, OverflowError, OSError):
            pass
    raise BadDelivery("bad_field:CreateTime", 400)


def _number(fields: Fields) -> str:
    """MsgId as text: it goes up to 2^64 - 1, and mini-programs send words. Some events write it MsgID."""
    number = (text(fields, "MsgId") or text(fields, "MsgID")).strip()
    if number and not _WORD.fullmatch(number):
        raise BadDelivery("bad_field:MsgId", 400)
    return number


def _id_without_number(sender: str, created: str, fields: Fields) -> str:
    """For a message without MsgId, which no document describes: equal fields are one message."""
    return f"msg:{sender}:{created}:{sha256(repr(sorted(fields.items())).encode()).hexdigest()[:32]}"


def _event_name(fields: Fields) -> str:
    name = text(fields, "Event").strip()
    if not _WORD.fullmatch(name):
        raise BadDelivery("bad_field:Event", 400)
    return name


def _bounded(id_: str) -> str:
    """The id, or so much of it as fits and a hash of the whole."""
    return id_ if len(id_) <= _MAX_ID else f"{id_[: _MAX_ID - 41]}#{sha256(id_.encode()).hexdigest()[:40]}"


def _short(event_key: str) -> str:
    """The key as it may stand in an id: a long one (the address of a VIEW) by its hash."""
    if len(event_key) <= _MAX_KEY_IN_ID:
        return event_key
    return sha256(event_key.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _origin(event: str, event_key: str, fields: Fields) -> str:
    """The scene of a scanned QR code; for the menu's 扫一扫, what was read."""
    if event == "subscribe":
        return event_key.removeprefix("qrscene_") if event_key.startswith("qrscene_") else ""
    if event == "scan":
        return event_key
    if event.startswith("scancode_"):
        return text(nested(fields, "ScanCodeInfo"), "ScanResult").strip()
    return ""


def _place(fields: Fields) -> Place:
    """Location_X is the latitude, Location_Y the longitude."""
    try:
        latitude = float(text(fields, "Location_X"))
        longitude = float(text(fields, "Location_Y"))
    except ValueError:
        raise BadDelivery("bad_field:Location", 400) from None
    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):  # nan is neither
        raise BadDelivery("bad_field:Location", 400)
    return Place(latitude, longitude, text(fields, "Label").strip())


def _enclosed(kind: Kind, fields: Fields) -> tuple[str, tuple[Media, ...]]:
    """The words and the enclosure of a picture, voice note, video, file or link."""
    if kind is Kind.LINK:
        return text(fields, "Title").strip(), (Media(kind, url=text(fields, "Url").strip()),)
    media_id = text(fields, "MediaId").strip()
    if kind is Kind.IMAGE:
        return "", (Media(kind, media_id, text(fields, "PicUrl").strip()),)
    if kind is Kind.VOICE:
        format_ = text(fields, "Format").strip().lower()
        return text(fields, "Recognition").strip(), (Media(kind, media_id, format=format_),)
    if kind is Kind.FILE:
        ending = text(fields, "Title").strip().rpartition(".")[2]
        media_id = media_id or text(fields, "FileKey").strip()
        return "", (Media(kind, media_id, format=ending.lower() if len(ending) <= 8 else ""),)
    return "", (Media(kind, media_id),)
