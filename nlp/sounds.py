"""How characters sound, without the tone: what two homophones have in common."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "data" / "sounds.txt"


@cache
def sounds() -> Mapping[str, str]:
    """Character → its sound in capitals with a space behind: 「业」→ `YE `; other characters are not in it.

    Capitals, because `normalise` leaves none: a sound is never mistaken for what somebody typed.
    """
    table: dict[str, str] = {}
    for line in _FILE.read_text(encoding="utf-8").splitlines():
        sound, _, characters = line.partition(" ")
        if sound != "#":
            table.update(dict.fromkeys(characters, sound.upper() + " "))
    return table


def alike(one: str, other: str) -> bool:
    """Two words of one length that sound the same."""
    table = sounds()
    return len(one) == len(other) and all(
        a == b or table.get(a, a) == table.get(b, b) for a, b in zip(one, other, strict=True)
    )
