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
    """One kind of danger and the patterns that must all be found; `calm` says which guards it does not need."""

    kind: str
    patterns: tuple[re.Pattern[str], ...]
    frank: bool = False  # fears and earlier days belong to what it tells: 「担心她出事」「从昨晚到现在」


def sign(kind: str, *patterns: str, frank: bool = False) -> Sign:
    return Sign(kind, tuple(re.compile(_filled(pattern)) for pattern in patterns), frank)


def _filled(pattern: str) -> str:
    for macro, meaning in _MACROS.items():
        pattern = pattern.replace(macro, meaning)
    return pattern


def either(*lines: str) -> str:
    return "|".join(lines)
