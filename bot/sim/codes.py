"""QR codes with a scene: made by the service or typed by the visitor, and the ticket that stands for them."""

import secrets
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Code:
    account: str
    scene: str
    ticket: str
    expire_seconds: int  # 0: for ever

    def public(self) -> dict[str, Any]:
        return {"account": self.account, "scene": self.scene, "expire_seconds": self.expire_seconds}


class Codes:
    def __init__(self) -> None:
        self._codes: dict[tuple[str, str], Code] = {}

    def make(self, account: str, scene: str, expire_seconds: int = 0) -> Code:
        code = Code(account, scene, "gQ" + secrets.token_urlsafe(64), expire_seconds)
        self._codes[account, scene] = code
        return code

    def scan(self, account: str, scene: str) -> Code:
        """The code of a scene; a poster the service knows nothing of has a ticket all the same."""
        return self._codes.get((account, scene)) or self.make(account, scene)

    def known(self) -> list[Code]:
        return list(self._codes.values())

    def clear(self) -> None:
        self._codes.clear()
