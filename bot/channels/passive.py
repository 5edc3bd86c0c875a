"""The answer in the HTTP response: XML or JSON, plain or sealed, as the question came."""

import json
from dataclasses import dataclass
from datetime import datetime

from bot.channels.envelope import Envelope, Key
from bot.channels.wording import spoken
from handlers.message import Turn

SILENCE = b"success"  # never encrypted; anything else, even an empty XML, is a service fault for the user


@dataclass(frozen=True, slots=True)
class ReplyTo:
    """Who asked whom, and how: the key that opened the question seals the answer (None: it came plain)."""

    user: str
    account: str
    as_json: bool
    key: Key | None


def answer(turn: Turn, reply_to: ReplyTo, envelope: Envelope, now: datetime, limit: int) -> bytes:
    """One text message of at most `limit` bytes, or `success` when there is nothing to say."""
    words = spoken(turn, limit)
    if not words or words.isspace():
        return SILENCE
    moment = int(now.timestamp())
    if reply_to.as_json:
        body = json.dumps(
            {
                "ToUserName": reply_to.user,
                "FromUserName": reply_to.account,
                "CreateTime": moment,
                "MsgType": "text",
                "Content": words,
            },
            ensure_ascii=False,
        )
    else:
        if "]]>" in words:
            words = words.replace("]]>", "]]]]><![CDATA[>")
        body = (
            f"<xml><ToUserName><![CDATA[{reply_to.user}]]></ToUserName>"
            f"<FromUserName><![CDATA[{reply_to.account}]]></FromUserName><CreateTime>{moment}</CreateTime>"
            f"<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[{words}]]></Content></xml>"
        )
    plain = body.encode("utf-8")
    if reply_to.key is None:
        return plain
    return envelope.seal(plain, reply_to.key, moment=moment, as_json=reply_to.as_json)


def media_type(reply_to: ReplyTo) -> str:
    return "application/json; charset=utf-8" if reply_to.as_json else "text/xml; charset=utf-8"
