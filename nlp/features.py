"""What the classifier sees of a text: characters and sounds in pairs, words and their kinds, concept classes, keywords."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log
from operator import add
from sys import intern

from nlp.lexicon import MAX_CONCEPTS, Finder
from nlp.segment import Segmenter
from nlp.sounds import sounds

_DIGITS = re.compile(r"[0-9]+(?:[-_.:][0-9a-z]+)*")
_MARKS = re.compile(r"[^\w?!❤\U0001F300-\U0001FAFF]+|_+")
_LENGTHS = tuple(f"l:{size}" for size in range(6))  # of three characters each
_KEPT = 4096
_MAX_GRAMS = 120  # characters read: what a resident wants stands at the beginning

# How loud each kind of feature speaks beside the others; found by cross-validation. c one character, b a pair,
# s a sound, v a pair of sounds, w a word, t the kind of a word, d the kinds of two neighbours,
# l how long the text is, k a concept class, p two classes together, q a keyword.
LOUDNESS = {
    "c": 1.0,
    "b": 0.8,
    "s": 1.0,
    "v": 1.0,
    "w": 0.6,
    "t": 1.0,
    "d": 0.5,
    "l": 0.7,
    "k": 2.0,
    "p": 0.7,
    "q": 1.6,
}
# A feature that training never saw still counts towards the length of a text: far-off words lower every margin.
UNSEEN = 0.25
CONSTANT = 0.5


@dataclass(frozen=True, slots=True)
class Signs:
    """Concepts and words found in one text, for features and for explaining."""

    concepts: tuple[tuple[str, str], ...]  # (word, class)
    words: tuple[str, ...]
    keywords: tuple[tuple[str, str], ...]  # (word, intent)


class Reader:
    """Turns normalised text into named features. Built once for a configuration; thread-safe."""

    def __init__(
        self,
        classes: Mapping[str, Sequence[str]],
        synonyms: Mapping[str, Sequence[str]],
        keywords: Iterable[tuple[str, str]],
    ) -> None:
        pairs = [(word, head) for head, words in synonyms.items() for word in words]
        self._heads = dict(pairs)
        longest_first = sorted(self._heads, key=lambda word: (-len(word), word))
        self._synonyms = re.compile("|".join(map(re.escape, longest_first))) if pairs else None
        unified = [(self.plain(word), ident) for word, ident in keywords]
        self._keywords = Finder((word, ident) for word, ident in unified if word)
        self._concepts = Finder(
            ((word, name) for name, words in classes.items() for word in words), by_ear=True
        )
        own = {word for words in classes.values() for word in words if 2 <= len(word) <= 4}
        own |= {word for word, _ in unified if len(word) >= 2} | set(synonyms)
        self._segmenter = Segmenter(sorted(own))
        self._sounds = dict(sounds())
        self._combined: dict[frozenset[str], dict[str, None]] = {}
        self._learnt: dict[str, tuple[str, ...]] = {}

    def plain(self, text: str) -> str:
        """The text with synonyms unified, numbers as 0 and punctuation gone."""
        if self._synonyms is not None:
            text = self._synonyms.sub(lambda found: self._heads[found[0]], text)
        return _MARKS.sub(" ", _DIGITS.sub("0", text)).strip()

    def signs(self, text: str) -> Signs:
        """Concepts, words and keywords of a text that `normalise` made."""
        plain = self.plain(text)
        return Signs(
            tuple((word, name) for word, names in self._concepts.find(plain) for name in names),
            tuple(word for word in self._segmenter.cut(plain) if word.strip()),
            tuple((word, ident) for word, idents in self._keywords.find(plain) for ident in idents),
        )

    def _together(self, concepts: frozenset[str]) -> dict[str, None]:
        """The features of concept classes found in one text: each class, and each two of them."""
        known = self._combined.get(concepts)
        if known is None:
            names = sorted(concepts)[:MAX_CONCEPTS]
            known = dict.fromkeys("k:" + name for name in names)
            known |= dict.fromkeys(
                f"p:{one}+{other}" for at, one in enumerate(names) for other in names[at + 1 :]
            )
            if len(self._combined) >= _KEPT:
                self._combined.clear()
            self._combined[concepts] = known
        return known

    def learnt(self, text: str) -> tuple[str, ...]:
        """`features`, kept: the phrases of a configuration are read again after every edit."""
        known = self._learnt.get(text)
        if known is None:
            known = self._learnt[text] = tuple(map(intern, self.features(text)))
        return known

    def features(self, text: str) -> list[str]:
        """The names of the features of a text that `normalise` made, each once, always in the same order."""
        plain = self.plain(text)[:_MAX_GRAMS]
        # Characters and pairs are lower case and one or two long, sounds are in capitals, everything else has a
        # colon in second place: no name can be mistaken for another.
        framed = ["^", *plain, "$"]
        get = self._sounds.get
        heard = [get(char, char) for char in framed]
        found = dict.fromkeys(plain)
        found.update(dict.fromkeys(map(add, framed, framed[1:])))
        found.update(dict.fromkeys(heard))
        found.update(dict.fromkeys(map(add, heard, heard[1:])))
        before = "d:^"
        kinds = self._segmenter.kinds
        for word in self._segmenter.cut(plain):
            kind = kinds.get(word, "x")
            if len(word) > 1:
                found["w:" + word] = None
            found["t:" + kind] = None
            found[before + kind] = None
            before = f"d:{kind}+"
        found[before + "$"] = None
        found[_LENGTHS[min(5, len(plain) // 3)]] = None
        concepts = frozenset(name for _, names in self._concepts.find(plain) for name in names)
        if concepts:
            found.update(self._together(concepts))
        for _, idents in self._keywords.find(plain):
            for ident in idents:
                found["q:" + ident] = None
        return list(found)


@lru_cache(maxsize=2)
def reader(
    classes: tuple[tuple[str, tuple[str, ...]], ...],
    synonyms: tuple[tuple[str, tuple[str, ...]], ...],
    keywords: tuple[tuple[str, str], ...],
) -> Reader:
    """The reader for these words; an edit that leaves them alone gets the same one, with all it has learnt."""
    return Reader(dict(classes), dict(synonyms), keywords)


def is_sound(name: str) -> bool:
    """Whether this is the name of a sound or a pair with one: the only capitals outside words and classes."""
    return name[1:2] != ":" and name != name.lower()


def loudness(name: str) -> float:
    """How loud a feature of this name speaks."""
    if name[1:2] == ":":
        return LOUDNESS[name[0]]
    if is_sound(name):
        return LOUDNESS["s" if name.count(" ") == 1 and name[0].isupper() and name[-1] == " " else "v"]
    return LOUDNESS["c" if len(name) == 1 else "b"]


class Vocabulary:
    """Numbers the features of a training set and weighs rare ones up (idf); unknown features are dropped."""

    def __init__(self, rows: Sequence[Sequence[str]]) -> None:
        counts: Counter[str] = Counter()
        for row in rows:
            counts.update(row)
        total = len(rows)
        # The more there is to learn from, the more sounds may say beside characters: they only blur a few examples.
        sound = 0.75 + 0.25 * min(1.0, total / 2000)
        self.places = {name: place for place, name in enumerate(sorted(counts))}
        self.values = [
            loudness(name) * (sound if is_sound(name) else 1.0) * (1.0 + 0.35 * log(total / counts[name]))
            for name in self.places
        ]
        self.size = len(self.places)

    def known(self, row: Sequence[str]) -> list[int]:
        """The places of the features that training saw."""
        get = self.places.get
        return [place for name in row if (place := get(name)) is not None]
