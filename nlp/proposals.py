"""Words that the lexicon lacks: said for one intent again and again, and in no class of words."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from nlp.normalise import normalise
from nlp.understander import Understander

SAID = 3  # phrases or messages a word must stand in
MINE = 0.75  # and so much of them for the one intent
MOST = 12


@dataclass(frozen=True, slots=True)
class Proposal:
    """A word that speaks for an intent; `near` is the class of words it stands beside most often, "" for none."""

    word: str
    ident: str
    said: int
    near: str
    example: str


def proposals(
    understander: Understander, sorted_messages: Iterable[tuple[str, str]] = (), most: int = MOST
) -> list[Proposal]:
    """The most telling first. `sorted_messages` are (words, intent) that an admin has sorted; they count double."""
    reader = understander.reader
    lines = [(text, ident, 1) for _, text, ident in understander.phrases]
    lines += [(normalise(text), ident, 2) for text, ident in sorted_messages]
    weighs: defaultdict[str, Counter[str]] = defaultdict(Counter)
    beside: defaultdict[str, Counter[str]] = defaultdict(Counter)
    example: dict[tuple[str, str], str] = {}
    for text, ident, weight in dict.fromkeys(lines):
        signs = reader.signs(text)
        known = {word for word, _ in (*signs.concepts, *signs.keywords)}
        for word in {one for one in _words(signs.words) if len(one) >= 2 and not one.isascii()}:
            if any(word in one or one in word for one in known):
                continue
            weighs[word][ident] += weight
            beside[word].update({name for _, name in signs.concepts})
            example.setdefault((word, ident), text)
    found = []
    for word, counts in weighs.items():
        ident, said = counts.most_common(1)[0]
        if said >= SAID and said >= MINE * counts.total():
            near = beside[word].most_common(1)
            found.append(Proposal(word, ident, said, near[0][0] if near else "", example[word, ident]))
    return sorted(found, key=lambda one: (-one.said, one.word))[:most]


_LITTLE = frozenset(
    "的了是我你他她它们在不有没个这那就都也要吗嘛啊呢吧和与到去来把被给让跟对从很太还再会能可想说看哪几多少点里上下一两三"
)


def _words(cut: Iterable[str]) -> list[str]:
    """The words of a cut text, and what stands there in single characters: a word the dictionary may not know."""
    words, run = [], ""
    for one in (*cut, " "):
        if len(one) == 1 and "一" <= one <= "鿿" and one not in _LITTLE:
            run += one
            continue
        if 2 <= len(run) <= 4:
            words.append(run)
        run = ""
        words.append(one)
    return words
