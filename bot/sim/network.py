"""The network panel: every request and answer between platform and service, readable."""

import re
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import count
from typing import Any

from bot.sim.bus import Bus

KEPT = 150
LONGEST = 4000  # characters of a body that are kept
_SECRET = re.compile(r'("(?:secret|corpsecret|access_token)"\s*:\s*")([^"]{0,6})[^"]*(")')


def shorten(text: str) -> str:
    """A body as the panel keeps it: secrets blotted out, very long ones cut."""
    text = _SECRET.sub(r"\1\2…\3", text)
    return text if len(text) <= LONGEST else text[:LONGEST] + f"…（共 {len(text)} 字）"


@dataclass(slots=True)
class Exchange:
    """One request with its answer. `way` is "callback" (platform asks service) or "api" (service asks platform).

    `good` False paints it red; `verdict` says in Chinese what the platform made of it.
    """

    id: int
    at: float
    way: str
    account: str
    method: str
    path: str
    query: dict[str, str]
    mode: str
    sent: str
    sent_plain: str
    status: int
    answer: str
    answer_plain: str
    latency_ms: float
    verdict: str
    good: bool
    attempt: int = 0
    user: str = ""

    def public(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(slots=True)
class Network:
    """The last exchanges, told to the open pages as they end."""

    bus: Bus
    _kept: deque[Exchange] = field(default_factory=lambda: deque(maxlen=KEPT))
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def note(
        self,
        *,
        way: str,
        account: str,
        method: str,
        path: str,
        query: Mapping[str, str],
        status: int,
        latency_ms: float,
        verdict: str,
        good: bool,
        mode: str = "",
        sent: str = "",
        sent_plain: str = "",
        answer: str = "",
        answer_plain: str = "",
        attempt: int = 0,
        user: str = "",
    ) -> Exchange:
        shown = {
            name: (value[:10] + "…" if name in ("access_token", "secret", "corpsecret") else value)
            for name, value in query.items()
        }
        exchange = Exchange(
            id=next(self._numbers),
            at=time.time(),
            way=way,
            account=account,
            method=method,
            path=path,
            query=shown,
            mode=mode,
            sent=shorten(sent),
            sent_plain=shorten(sent_plain),
            status=status,
            answer=shorten(answer),
            answer_plain=shorten(answer_plain),
            latency_ms=round(latency_ms, 1),
            verdict=verdict,
            good=good,
            attempt=attempt,
            user=user,
        )
        self._kept.append(exchange)
        self.bus.publish("exchange", exchange.public())
        return exchange

    def recent(self) -> list[Exchange]:
        return list(self._kept)

    def clear(self) -> None:
        self._kept.clear()
