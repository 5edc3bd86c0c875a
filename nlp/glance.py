"""Which of many patterns a text could match at all, told from its characters: spares nearly all the searching."""

import re
from collections.abc import Iterable, Sequence

_QUANTIFIER = re.compile(r"\?|\*|\+|\{(\d*),?(\d*)\}")
_COMMON = 12  # a character of everyday speech says as little as this many rare ones
_EVERYDAY = frozenset("KOPBTVEY的了在到有不一是我个上下里头来去都就还没得起着")


def alternatives(pattern: str) -> list[str]:
    """The pattern cut at the bars that stand outside every bracket."""
    parts, depth, begin, at = [], 0, 0, 0
    while at < len(pattern):
        char = pattern[at]
        if char == "\\":
            at += 1
        elif char == "[":
            at = pattern.index("]", at + 2)
        elif char in "()":
            depth += 1 if char == "(" else -1
        elif char == "|" and not depth:
            parts.append(pattern[begin:at])
            begin = at + 1
        at += 1
    return [*parts, pattern[begin:]]


def needed(pattern: str) -> frozenset[str]:
    """Characters of which every match holds at least one; empty when nothing can be said.

    Reads the part of the syntax that our tables use: literals, classes, groups, looks ahead and behind, quantifiers.
    """
    every = [_of_sequence(part) for part in alternatives(pattern)]
    return frozenset().union(*every) if all(every) else frozenset()


def _of_sequence(part: str) -> frozenset[str]:
    best: frozenset[str] = frozenset()
    at = 0
    while at < len(part):
        item, at = _item(part, at)
        quantifier = _QUANTIFIER.match(part, at)
        if quantifier is not None:
            at = quantifier.end()
            if at < len(part) and part[at] == "?":
                at += 1
            if quantifier[0] in "?*" or quantifier[1] in ("0", ""):
                item = item if quantifier[0] == "+" else frozenset()
        if item and (not best or _weight(item) < _weight(best)):
            best = item
    return best


def _item(part: str, at: int) -> tuple[frozenset[str], int]:
    """What one element of a sequence needs, and where the next one begins."""
    char = part[at]
    if char == "\\":
        return frozenset(), at + 2
    if char == "[":
        end = part.index("]", at + 2)
        inside = part[at + 1 : end]
        ranges = inside[0] == "^" or "-" in inside or "\\" in inside
        return frozenset() if ranges else frozenset(inside), end + 1
    if char == "(":
        end, depth = at, 0
        while True:
            if part[end] == "\\":
                end += 1
            elif part[end] == "[":
                end = part.index("]", end + 2)
            elif part[end] in "()":
                depth += 1 if part[end] == "(" else -1
                if not depth:
                    break
            end += 1
        inside = part[at + 1 : end]
        if inside.startswith(("?!", "?=", "?<")):
            return frozenset(), end + 1
        return needed(inside.removeprefix("?:")), end + 1
    return (frozenset() if char in ".^$" else frozenset(char)), at + 1


def _weight(chars: Iterable[str]) -> int:
    return sum(_COMMON if char in _EVERYDAY else 1 for char in chars)


class Glance:
    """An index from characters to the numbers of the patterns that they make possible."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._always: set[int] = set()
        index: dict[str, set[int]] = {}
        for number, pattern in enumerate(patterns):
            chars = needed(pattern)
            if not chars:
                self._always.add(number)
            for char in chars:
                index.setdefault(char, set()).add(number)
        self._index = {char: frozenset(numbers) for char, numbers in index.items()}

    def possible(self, text: str) -> list[int]:
        """The numbers of the patterns that may match, in their order."""
        index = self._index
        return sorted(self._always.union(*[index[char] for char in set(text) if char in index]))
