"""The captured payloads, and what a platform does to them before it posts: sign, seal, ask."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha1
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bot.channel import Account, Delivery
from bot.channels.wechat_mp import WechatMp
from bot.channels.wecom import Wecom

FOLDER = Path(__file__).parent.parent / "fixtures" / "wechat"
ENTRIES: list[dict[str, Any]] = json.loads((FOLDER / "manifest.json").read_text("utf-8"))["entries"]

NOW = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
TOKEN = "AAAAA"
APP_ID = "wxba5fad812f8e6fb9"
AES_KEY = "A" * 43
OLD_AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


def entries(*groups: str) -> Iterator[dict[str, Any]]:
    return (entry for entry in ENTRIES if entry["group"] in groups)


def entry(id_: str) -> dict[str, Any]:
    return next(entry for entry in ENTRIES if entry["id"] == id_)


def body_of(entry: dict[str, Any]) -> bytes:
    name = entry["request"]["body_file"]
    return (FOLDER / name).read_bytes() if name else b""


def sealed_part(body: bytes) -> str:
    """The Encrypt of a body, found without our reader."""
    if body.lstrip().startswith(b"{"):
        return str(json.loads(body)["Encrypt"])
    return body.decode().partition("<Encrypt><![CDATA[")[2].partition("]]>")[0]


def sign(*parts: str) -> str:
    return sha1("".join(sorted(parts)).encode()).hexdigest()


def seal(plain: bytes, *, key: str = AES_KEY, receive_id: str = APP_ID, pad: bytes | None = None) -> str:
    """An independent sealing, so that ours is not its own judge; `pad` replaces the padding."""
    raw = b64decode(key + "=")
    content = b"0123456789abcdef" + len(plain).to_bytes(4, "big") + plain + receive_id.encode()
    missing = 32 - len(content) % 32
    encryptor = Cipher(algorithms.AES(raw), modes.CBC(raw[:16])).encryptor()
    padding = pad if pad is not None else bytes((missing,)) * missing
    return b64encode(encryptor.update(content + padding) + encryptor.finalize()).decode()


def plain_query(stamp: str = STAMP, nonce: str = "1320562132", token: str = TOKEN) -> dict[str, str]:
    return {"signature": sign(token, stamp, nonce), "timestamp": stamp, "nonce": nonce}


def sealed_query(
    sealed: str, stamp: str = STAMP, nonce: str = "1320562132", token: str = TOKEN
) -> dict[str, str]:
    return {
        **plain_query(stamp, nonce, token),
        "encrypt_type": "aes",
        "msg_signature": sign(token, stamp, nonce, sealed),
    }


def post(body: bytes, query: dict[str, str], account: str = "mp") -> Delivery:
    return Delivery(account, "POST", query, {}, body, NOW)


def posted(entry: dict[str, Any]) -> Delivery:
    """An entry as the platform posts it: freshly signed where it may be, else as it was published."""
    query, body = entry["request"]["query"], body_of(entry)
    if entry.get("resign"):
        token = entry["creds"]["token"]
        query = {**query, **plain_query(token=token)}
        if "msg_signature" in query:
            query = {**query, **sealed_query(sealed_part(body), token=token)}
    return post(body, query)


def account_of(entry: dict[str, Any], **more: Any) -> Account:
    creds = entry["creds"]
    return Account(
        "mp",
        "公众号",
        can_push=True,
        token=creds["token"],
        aes_key=creds["aes_key"],
        app_id=creds["receive_id"],
        **more,
    )


def mp(account: Account | None = None, **more: Any) -> WechatMp:
    account = account or Account(
        "mp", "公众号", can_push=True, token=TOKEN, aes_key=AES_KEY, aes_key_old=OLD_AES_KEY, app_id=APP_ID
    )
    return WechatMp(account, **{"api_base": "https://api.weixin.qq.com", "now": lambda: NOW, **more})


def wecom(account: Account | None = None, **more: Any) -> Wecom:
    account = account or Account(
        "mp", "企业微信", can_push=True, token=TOKEN, aes_key=AES_KEY, app_id=APP_ID, agent_id="218"
    )
    return Wecom(account, **{"api_base": "https://qyapi.weixin.qq.com", "now": lambda: NOW, **more})


def xml_text(content: str = "你好", msg_id: str = "6054768590064713728", **fields: str) -> bytes:
    """A text message the way 公众号 writes it."""
    values = {"ToUserName": "gh_1", "FromUserName": "oUser1", "CreateTime": "1760234400", "MsgType": "text"}
    values |= {"Content": content, "MsgId": msg_id} | fields
    inner = "".join(f"<{name}><![CDATA[{value}]]></{name}>" for name, value in values.items())
    return f"<xml>{inner}</xml>".encode()
