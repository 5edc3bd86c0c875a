"""Sayings that come with the product: what residents say for each 标识, beside the 说法 of a configuration."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from nlp.normalise import normalise

_DATA = Path(__file__).parent / "data"


class BadSayings(Exception):
    """A line of the sayings that stands under no 标识; `line` counts from 1."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"说法文件第 {line} 行：{what}")
        self.line = line


def read(text: str) -> dict[str, tuple[str, ...]]:
    """标识 → its sayings: a line 「file_request:」 begins a group, every line below is one saying.

    Raises:
        BadSayings: a saying before the first 标识, or in two groups.
    """
    groups: dict[str, list[str]] = {}
    owner: dict[str, str] = {}
    ident = ""
    for number, line in enumerate(text.splitlines(), 1):
        saying = line.strip()
        if not saying or saying.startswith("#"):
            continue
        if saying.endswith(":") and saying[:-1].isidentifier() and saying.isascii():
            ident = saying[:-1]
            groups.setdefault(ident, [])
        elif not ident:
            raise BadSayings(number, "先写意图的标识，例如「file_request:」，说法写在它下面")
        elif owner.setdefault(saying, ident) != ident:
            raise BadSayings(number, f"「{saying}」在「{owner[saying]}」里也有，请只留一处")
        else:
            groups[ident].append(saying)
    return {name: tuple(dict.fromkeys(sayings)) for name, sayings in groups.items()}


@cache
def shipped() -> Mapping[str, tuple[str, ...]]:
    """The sayings that come with the product."""
    return read((_DATA / "sayings.txt").read_text(encoding="utf-8"))


@cache
def chitchat() -> tuple[str, ...]:
    """Lines that want nothing of the community, normalised."""
    lines = (normalise(line) for line in (_DATA / "chitchat.txt").read_text(encoding="utf-8").splitlines())
    return tuple(dict.fromkeys(line for line in lines if line))
