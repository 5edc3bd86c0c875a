"""Pictures and voice notes the platform keeps for three days, and the sample photos of the demonstration."""

import secrets
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path

from bot.sim.clock import SimClock

KEPT_S = 3 * 86400.0
ROOM = 64 * 1024 * 1024  # bytes of all files together; the oldest go first
LARGEST = {"image": 10 << 20, "voice": 2 << 20, "video": 10 << 20, "thumb": 64 << 10, "file": 20 << 20}
PHOTOS = Path(__file__).parent / "static" / "photos"
SAMPLES = {
    "lamp": "楼道灯不亮",
    "fixed": "楼道灯亮了",
    "leak": "天花板漏水",
    "rubbish": "楼道堆物",
    "parking": "占用消防通道",
}


@dataclass(frozen=True, slots=True)
class Kept:
    media_id: str
    kind: str
    data: bytes
    media_type: str
    created_at: float


class Media:
    def __init__(self, clock: SimClock) -> None:
        self._clock = clock
        self._kept: OrderedDict[str, Kept] = OrderedDict()

    def keep(self, data: bytes, kind: str, media_type: str) -> Kept:
        kept = Kept("SIM_" + secrets.token_urlsafe(36), kind, data, media_type, self._clock.now())
        self._kept[kept.media_id] = kept
        while len(self._kept) > 1 and sum(len(one.data) for one in self._kept.values()) > ROOM:
            self._kept.popitem(last=False)
        return kept

    def sample(self, name: str) -> Kept:
        """One of the sample photos, freshly taken.

        Raises:
            KeyError: no such sample.
        """
        if name not in SAMPLES:
            raise KeyError(name)
        return self.keep((PHOTOS / f"{name}.jpg").read_bytes(), "image", "image/jpeg")

    def get(self, media_id: str) -> Kept | None:
        kept = self._kept.get(media_id)
        return kept if kept and kept.created_at + KEPT_S > self._clock.now() else None

    def clear(self) -> None:
        self._kept.clear()


def picture_type(data: bytes) -> str | None:
    """What the bytes themselves say they are; the platform believes nothing else."""
    for start, media_type in ((b"\xff\xd8\xff", "image/jpeg"), (b"\x89PNG\r\n\x1a\n", "image/png")):
        if data.startswith(start):
            return media_type
    return None
