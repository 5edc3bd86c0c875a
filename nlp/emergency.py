"""Danger in words: fire, gas, trapped, medical, violence, electric, water, fall; what is over or asked is none."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nlp.dangers import GLANCE, HARMLESS, KINDS, NOT, NOW, OVER, TALK

_SPLIT = re.compile(r"[,。!?;、\s]+|，|；|但是|不过|结果|可是")


@dataclass(frozen=True, slots=True)
class Danger:
    """What the rules saw: the kind, the words that said so, and why it was let pass, if it was."""

    kind: str
    words: str
    guard: str = ""

    def __bool__(self) -> bool:
        return bool(self.kind) and not self.guard


NONE = Danger("", "")


def danger(text: str, urgent_words: Sequence[tuple[str, str]] = ()) -> Danger:
    """The danger a normalised text tells of, true when it is going on; `urgent_words` are (word, intent) of the admin.

    A danger that is over, practised, feared or asked about comes back with its `guard` and counts as false.
    """
    if not urgent_words and not GLANCE.search(text):
        return NONE
    calm = HARMLESS.sub("　", text)
    passed = NONE if calm == text else Danger("", "", "说的不是危险")
    for kind, cue in KINDS:
        for found in cue.finditer(calm):
            guard = _guard(calm, found.start(), found.end())
            if not guard:
                return Danger(kind, found[0])
            passed = passed if passed.kind else Danger(kind, found[0], guard)
    for word, _ in urgent_words:
        at = calm.find(word)
        if at >= 0:
            guard = _guard(calm, at, at + len(word))
            if not guard:
                return Danger("other", word)
            passed = passed if passed.kind else Danger("other", word, guard)
    return passed


def _guard(text: str, start: int, end: int) -> str:
    """Why the danger at this place is none, or "": looked for in its own clause, negation right before it."""
    first = max((found.end() for found in _SPLIT.finditer(text, 0, start)), default=0)
    after = _SPLIT.search(text, end)
    clause = text[first : after.start() if after else len(text)]
    if (found := NOT.search(text[max(0, start - 5) : start])) is not None:
        return f"前面有「{found[0]}」"
    talk = TALK.search(clause) or (TALK.search(text) if len(text) <= 24 else None)
    over = OVER.search(clause)
    now = NOW.search(clause)
    if talk is not None and not (now and now[0] in {"快来", "救命", "正在", "现在", "来人"}):
        return f"像是在说「{talk[0]}」"
    if over is not None and now is None:
        return f"像是已经过去（{over[0]}）"
    return ""
