"""Signatures and sealed envelopes: the cryptography that 公众号 and 企业微信 share.

Source: the platforms' 「消息加解密说明」 and its golden numbers (tests/fixtures/wechat).
"""

import binascii
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha1
from typing import Protocol

from bot.channel import Account, BadDelivery

BLOCK = 32  # of the padding; AES itself works on 16


class Cipher(Protocol):
    def encrypt(self, plaintext: bytes) -> bytes: ...

    def decrypt(self, ciphertext: bytes) -> bytes: ...


def signature(*parts: str) -> str:
    """sha1 over the sorted parts, hex."""
    return sha1("".join(sorted(parts)).encode("utf-8", "surrogatepass"), usedforsecurity=False).hexdigest()


def matches(given: str, *parts: str) -> bool:
    """Whether `given` signs the parts; takes the same time wherever the difference is."""
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), signature(*parts).encode("ascii"))


@dataclass(frozen=True, slots=True, eq=False)
class Key:
    """One EncodingAESKey, kept as a cipher object: making one costs as much as using it."""

    cipher: Cipher

    @classmethod
    def read(cls, encoded: str) -> "Key":
        """
        Raises:
            ValueError: not an EncodingAESKey; says so in Chinese.
        """
        try:
            raw = binascii.a2b_base64(encoded.strip() + "=", strict_mode=True)
        except (binascii.Error, ValueError):
            raw = b""
        if len(raw) != 32:
            raise ValueError(
                "消息加解密密钥（EncodingAESKey）应为 43 个字母和数字，请从公众平台或企业微信后台重新复制"
            )
        # Here, not above: wechatpy brings requests along, and only an account with a key needs it.
        from wechatpy.crypto.cryptography import WeChatCipher  # noqa: PLC0415

        return cls(WeChatCipher(raw))


def _random16() -> bytes:
    return secrets.token_hex(8).encode("ascii")


def _nonce() -> str:
    return secrets.token_hex(8)


class Envelope:
    """Opens and seals for one account. `keys` are the current EncodingAESKey and, if any, the one before it."""

    def __init__(
        self,
        token: str,
        keys: tuple[str, ...],
        receive_id: str,
        *,
        random16: Callable[[], bytes] = _random16,
        nonce: Callable[[], str] = _nonce,
    ) -> None:
        self.token = token
        self.keys = tuple(Key.read(key) for key in keys if key)
        self._receive_id = receive_id.encode("utf-8")
        self._random16 = random16
        self._nonce = nonce

    @classmethod
    def of(cls, account: Account) -> "Envelope":
        """The account's envelope.

        Raises:
            ValueError: an EncodingAESKey of it is none; says so in Chinese.
        """
        try:
            return cls(account.token, (account.aes_key, account.aes_key_old), account.app_id)
        except ValueError as error:
            raise ValueError(f"账号「{account.code}」：{error}") from None

    def check(self, given: str, timestamp: str, nonce: str, *rest: str) -> None:
        """
        Raises:
            BadDelivery: not signed with our token.
        """
        if not self.token:
            raise BadDelivery("no_token")
        if not matches(given, self.token, timestamp, nonce, *rest):
            raise BadDelivery("bad_signature")

    def open(self, sealed: str) -> tuple[bytes, Key]:
        """What is inside, and the key that opened it: the answer is sealed with the same one.

        Call `check` with the sealed text first: what is not signed must not be decrypted.

        Raises:
            BadDelivery: no key fits, the padding or length is wrong, or it was sealed for another account.
        """
        if not self.keys:
            raise BadDelivery("no_aes_key")
        if not self._receive_id:
            raise BadDelivery("no_app_id")
        try:
            ciphertext = binascii.a2b_base64(sealed.strip().encode("ascii"), strict_mode=True)
        except (binascii.Error, UnicodeEncodeError):
            raise BadDelivery("bad_base64", 400) from None
        if not ciphertext or len(ciphertext) % BLOCK:
            raise BadDelivery("bad_ciphertext", 400)
        foreign = False
        for key in self.keys:
            content = _unpad(key.cipher.decrypt(ciphertext))
            if content is None:
                continue
            end = 20 + int.from_bytes(content[16:20], "big")
            if len(content) < 20 or end > len(content):
                continue
            if hmac.compare_digest(content[end:], self._receive_id):
                return content[20:end], key
            foreign = True
        raise BadDelivery("foreign_receive_id" if foreign else "undecipherable")

    def encrypt(self, plain: bytes, key: Key) -> str:
        """base64 of random16 + length + plain + receive id, padded."""
        content = self._random16() + len(plain).to_bytes(4, "big") + plain + self._receive_id
        missing = BLOCK - len(content) % BLOCK
        sealed = key.cipher.encrypt(content + bytes((missing,)) * missing)
        return binascii.b2a_base64(sealed, newline=False).decode("ascii")

    def seal(self, plain: bytes, key: Key, *, moment: int, as_json: bool) -> bytes:
        """The encrypted answer: Encrypt, MsgSignature, TimeStamp (`moment`, Unix seconds) and Nonce."""
        encrypt = self.encrypt(plain, key)
        nonce = self._nonce()
        sign = signature(self.token, str(moment), nonce, encrypt)
        if as_json:
            return json.dumps(
                {"Encrypt": encrypt, "MsgSignature": sign, "TimeStamp": moment, "Nonce": nonce}
            ).encode("ascii")
        return (
            f"<xml><Encrypt><![CDATA[{encrypt}]]></Encrypt><MsgSignature><![CDATA[{sign}]]></MsgSignature>"
            f"<TimeStamp>{moment}</TimeStamp><Nonce><![CDATA[{nonce}]]></Nonce></xml>"
        ).encode("ascii")


def _unpad(padded: bytes) -> bytes | None:
    """PKCS#7 to a block of 32, every byte of it looked at; None when it is not that."""
    count = padded[-1]
    if not 1 <= count <= BLOCK or padded[-count:] != bytes((count,)) * count:
        return None
    return padded[:-count]
