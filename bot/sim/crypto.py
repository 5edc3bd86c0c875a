"""Signature and AES of the platforms, written apart from the channels so that a slip there cannot hide here."""

import base64
import binascii
import hashlib
import hmac
import secrets
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32  # the platforms pad to 32 bytes, not to the 16 of AES


class BadSecret(Exception):
    """What came back is not signed or encrypted as agreed; the text says in Chinese what is wrong."""


def sign(token: str, *parts: str) -> str:
    """sha1 over the sorted parts, as hex."""
    return hashlib.sha1("".join(sorted((token, *parts))).encode()).hexdigest()


def same(left: str, right: str) -> bool:
    return hmac.compare_digest(left.encode(), right.encode())


def key_of(aes_key: str) -> bytes:
    """The 32 bytes behind the 43 characters of the console."""
    return base64.b64decode(aes_key + "=")


def encrypt(text: str, aes_key: str, receive_id: str, random: bytes | None = None) -> str:
    """base64(AES-256-CBC(16 random bytes, length, text, receive id)); `random` only for known vectors."""
    key = key_of(aes_key)
    body = text.encode()
    plain = (
        (random or secrets.token_hex(8).encode()) + struct.pack(">I", len(body)) + body + receive_id.encode()
    )
    fill = BLOCK - len(plain) % BLOCK
    plain += bytes([fill]) * fill
    cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).encryptor()
    return base64.b64encode(cipher.update(plain) + cipher.finalize()).decode()


def decrypt(encrypted: str, aes_key: str, receive_id: str) -> str:
    """The text inside.

    Raises:
        BadSecret: not base64, not whole blocks, padding, length or receive id wrong.
    """
    key = key_of(aes_key)
    try:
        data = base64.b64decode(encrypted, validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadSecret("Encrypt 不是 base64") from error
    if not data or len(data) % 16:
        raise BadSecret("密文长度不对")
    cipher = Cipher(algorithms.AES(key), modes.CBC(key[:16])).decryptor()
    plain = cipher.update(data) + cipher.finalize()
    fill = plain[-1]
    if not 1 <= fill <= BLOCK or fill > len(plain) or plain[-fill:] != bytes([fill]) * fill:
        raise BadSecret("密文填充不对（密钥不一致？）")
    plain = plain[:-fill]
    if len(plain) < 20:
        raise BadSecret("密文太短")
    size = struct.unpack(">I", plain[16:20])[0]
    if size > len(plain) - 20:
        raise BadSecret("密文里的长度不对")
    found = plain[20 + size :].decode(errors="replace")
    if found != receive_id:
        raise BadSecret(f"密文里的 AppID 是 {found}，应为 {receive_id}")
    try:
        return plain[20 : 20 + size].decode()
    except UnicodeDecodeError as error:
        raise BadSecret("密文里不是 UTF-8") from error
