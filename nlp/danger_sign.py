"""What a sign of danger is: patterns over the shorthand of `nlp.danger_words` that must all be found.

In the patterns capital letters are classes of words, `…` is any character within a clause, `~` any character, `<人>`
anybody. A sign with several patterns needs all of them, anywhere in the message.
"""

import re
from dataclasses import dataclass

_MACROS = {
    "<人>": "[KOP]",
    "<老>": "(?:O|一个P(?:住|在|租)|独居|孤寡|空巢|一个P住|单身|独自住|一个P在(?:屋|家))",
    "<到>": "(?:到|住|在|进|起|入|着|倒)",
    "<水里>": "(?:Y|水)",
    "…": "[^,。!?;]",
    "~": "[^\n]",
}


@dataclass(frozen=True, slots=True)
class Sign:
    """One kind of danger and what tells of it; a `frank` one needs fewer guards."""

    kind: str
    first: str  # alternatives, one of which must be found; compiled one by one by `nlp.emergency`
    more: tuple[re.Pattern[str], ...] = ()  # must all be found as well
    frank: bool = False  # fears and earlier days belong to what it tells: 「担心她出事」「从昨晚到现在」


def sign(kind: str, first: str, *more: str, frank: bool = False) -> Sign:
    return Sign(kind, _filled(first), tuple(re.compile(_filled(pattern)) for pattern in more), frank)


def _filled(pattern: str) -> str:
    for macro, meaning in _MACROS.items():
        pattern = pattern.replace(macro, meaning)
    return pattern


def either(*lines: str) -> str:
    return "|".join(lines)
