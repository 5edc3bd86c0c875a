"""Danger in words: fire, gas, trapped, medical, violence and the rest; what is over or asked is none."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from nlp.danger_ear import THRESHOLD, ear
from nlp.danger_guards import guard, struck_out
from nlp.danger_signs import signs
from nlp.danger_words import shorthand
from nlp.dangers import KINDS
from nlp.glance import Glance, alternatives


@dataclass(frozen=True, slots=True)
class Danger:
    """What the rules saw: the kind, the words that said so, and why it was let pass, if it was."""

    kind: str
    words: str
    guard: str = ""

    def __bool__(self) -> bool:
        return bool(self.kind) and not self.guard


@dataclass(frozen=True, slots=True)
class _Cue:
    kind: str
    pattern: re.Pattern[str]
    more: tuple[re.Pattern[str], ...] = ()
    frank: bool = False


NONE = Danger("", "")
_FEWEST = 6  # characters: a shorter text is either named in a table or says too little


@cache
def _wordings() -> tuple[tuple[_Cue, ...], Glance]:
    cues = [_Cue(kind, re.compile(one)) for kind, cue in KINDS for one in alternatives(cue)]
    return tuple(cues), Glance([cue.pattern.pattern for cue in cues])


@cache
def _signs() -> tuple[tuple[_Cue, ...], Glance]:
    cues = [
        _Cue(sign.kind, re.compile(one), sign.more, sign.frank)
        for sign in signs()
        for one in alternatives(sign.first)
    ]
    return tuple(cues), Glance([cue.pattern.pattern for cue in cues])


def prepare() -> None:
    """Learn and compile now, some 0.2 s, rather than with the first message."""
    ear(), _signs(), _wordings()


def danger(text: str, urgent_words: Sequence[tuple[str, str]] = ()) -> Danger:
    """The danger a normalised text tells of, true when it is going on; `urgent_words` are (word, intent) of the admin.

    A danger that is over, practised, feared or asked about comes back with its `guard` and counts as false.
    """
    calm = struck_out(text)
    brief, at = shorthand(calm)
    passed = NONE if calm == text else Danger("", "", "说的不是危险")
    for kind, start, end, frank in _found(calm, brief, at, urgent_words):
        why = guard(calm, start, end, kind, frank=frank)
        if not why:
            return Danger(kind, calm[start:end])
        passed = passed if passed.kind else Danger(kind, calm[start:end], why)
    return passed


def overheard(text: str) -> Danger:
    """Danger that only sounds like it, by likeness to sentences we know; good as a hint, not alone as an alarm."""
    if len(text) < _FEWEST:
        return NONE
    brief, _ = shorthand(text)
    if ear().margin(brief) < THRESHOLD or guard(text, 0, len(text), "other"):
        return NONE
    return Danger(ear().kind(brief), text)


def sounds_calm(text: str) -> bool:
    """True when the text is more like our harmless sentences than like the dangerous ones."""
    return ear().margin(shorthand(text)[0]) < 0


def _found(
    calm: str, brief: str, at: Sequence[int], urgent_words: Sequence[tuple[str, str]]
) -> Iterator[tuple[str, int, int, bool]]:
    """(kind, start, end, frank) of everything that sounds like danger, the surest first."""
    cues, glance = _signs()
    for number in glance.possible(brief):
        cue = cues[number]
        found = cue.pattern.search(brief)
        if found is not None and all(more.search(brief) for more in cue.more):
            yield cue.kind, at[found.start()], at[found.end()], cue.frank
    cues, glance = _wordings()
    for number in glance.possible(calm):
        for found in cues[number].pattern.finditer(calm):
            yield cues[number].kind, found.start(), found.end(), False
    for word, _ in urgent_words:
        place = calm.find(word)
        if place >= 0:
            yield "other", place, place + len(word), False
