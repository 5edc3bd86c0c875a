"""Judging a passive answer as the platform does: silent, a message, or the fault line."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bot.sim import crypto, wire
from bot.sim.accounts import WECOM, SimAccount

TEXT_BYTES = 2048
KINDS = (
    "text",
    "image",
    "voice",
    "video",
    "music",
    "news",
    "transfer_customer_service",
    "update_template_card",
)


class BadReply(Exception):
    """The platform would not show this; the text says why, in Chinese. `plain` is what could be decrypted."""

    def __init__(self, reason: str, plain: str = "") -> None:
        super().__init__(reason)
        self.plain = plain


@dataclass(frozen=True, slots=True)
class Reply:
    """A readable answer. `kind` is "silent" or the MsgType; `plain` the decrypted body; `mode` plain or aes."""

    kind: str
    text: str = ""
    plain: str = ""
    mode: str = "plain"
    fields: Mapping[str, Any] = field(default_factory=dict)


def judge(account: SimAccount, person: str, body: bytes) -> Reply:
    """What an answer of status 200 means to the platform.

    Raises:
        BadReply: the person sees the fault line.
    """
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadReply("回复不是 UTF-8") from error
    if text.strip() in ("", "success"):
        return Reply("silent", plain=text)
    try:
        fields = wire.read(text, account.format)
    except wire.Unreadable as error:
        raise BadReply(f"{error}（应为 XML，或空串、success）") from error
    plain, mode = text, "plain"
    if "Encrypt" in fields:
        if not account.encrypts:
            raise BadReply("明文模式下不该回复密文")
        plain, mode = _open(account, fields), "aes"
        try:
            fields = wire.read(plain, account.format)
        except wire.Unreadable as error:
            raise BadReply(f"解密后{error}", plain) from error
    elif account.mode == "safe":
        raise BadReply("安全模式下回复必须加密", plain)
    return _message(account, person, fields, plain, mode)


def _open(account: SimAccount, fields: wire.Fields) -> str:
    signature, stamp, nonce = (str(fields.get(name, "")) for name in ("MsgSignature", "TimeStamp", "Nonce"))
    encrypted = str(fields["Encrypt"])
    if not stamp.strip().isdigit() or not nonce:
        raise BadReply("加密回复缺少 TimeStamp 或 Nonce")
    if not crypto.same(crypto.sign(account.token, stamp.strip(), nonce, encrypted), signature.strip()):
        raise BadReply("加密回复的 MsgSignature 不对")
    try:
        return crypto.decrypt(encrypted.strip(), account.aes_key, account.app_id)
    except crypto.BadSecret as error:
        raise BadReply(str(error)) from error


def _message(account: SimAccount, person: str, fields: wire.Fields, plain: str, mode: str) -> Reply:
    kind = str(fields.get("MsgType", ""))
    if kind not in KINDS:
        raise BadReply(f"MsgType 是「{kind}」，平台不认识", plain)
    if fields.get("ToUserName") != person:
        raise BadReply("ToUserName 不是发消息的人", plain)
    if fields.get("FromUserName") != account.original:
        raise BadReply("FromUserName 不是这个账号", plain)
    if not str(fields.get("CreateTime", "")).strip().isdigit():
        raise BadReply("缺少 CreateTime", plain)
    said = ""
    if kind == "text":
        said = str(fields.get("Content", ""))
        if not said.strip():
            raise BadReply("Content 是空的", plain)
        if len(said.encode()) > TEXT_BYTES and account.kind != WECOM:
            raise BadReply(f"文字有 {len(said.encode())} 字节，超过 {TEXT_BYTES}", plain)
        if account.kind == WECOM:  # WeCom cuts instead of refusing
            said = said.encode()[:TEXT_BYTES].decode(errors="ignore")
    elif kind == "news":
        said = "；".join(article["title"] for article in articles(fields))
        if not said:
            raise BadReply("图文里没有文章", plain)
    return Reply(kind, said, plain, mode, fields)


def articles(fields: Mapping[str, Any]) -> list[dict[str, str]]:
    """The articles of a news answer, in the page's own names."""
    found = fields.get("Articles")
    items = found if isinstance(found, list) else []
    return [
        {
            "title": str(item.get("Title", "")),
            "description": str(item.get("Description", "")),
            "picture": str(item.get("PicUrl", "")),
            "url": str(item.get("Url", "")),
        }
        for item in items
        if isinstance(item, Mapping)
    ]
