"""What the classifier sees of a text: character pairs, concept classes and their pairs, words, keywords."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt
from operator import add

from nlp.lexicon import MAX_CONCEPTS, Finder
from nlp.segment import Segmenter

_DIGITS = re.compile(r"[0-9]+(?:[-_.:][0-9a-z]+)*")
_MARKS = re.compile(r"[^\w?!❤\U0001F300-\U0001FAFF]+|_+")
_MAX_GRAMS = 160  # characters read for n-grams: what a resident wants stands at the beginning

# How loud each kind of feature speaks beside the others; found by cross-validation on the shipped configuration.
LOUDNESS = {"c": 1.0, "k": 2.0, "p": 0.7, "w": 0.6, "q": 1.6}


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
        self._concepts = Finder((word, name) for name, words in classes.items() for word in words)
        own = {word for words in classes.values() for word in words if 2 <= len(word) <= 4}
        own |= {word for word, _ in unified if len(word) >= 2} | set(synonyms)
        self._segmenter = Segmenter(sorted(own))

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

    def features(self, text: str) -> dict[str, float]:
        """Feature name → loudness of a text that `normalise` made."""
        plain = self.plain(text)[:_MAX_GRAMS]
        framed = f"^{plain}$"
        # One or two characters are a gram; every other feature has a longer name, so none can be mistaken.
        found = dict.fromkeys(plain, LOUDNESS["c"])
        found |= dict.fromkeys(map(add, framed, framed[1:]), LOUDNESS["c"])
        loud = LOUDNESS["w"]
        for word in self._segmenter.cut(plain):
            if len(word) > 1:
                found["w:" + word] = loud
        names = sorted({name for _, names in self._concepts.find(plain) for name in names})[:MAX_CONCEPTS]
        loud, pair_loud = LOUDNESS["k"], LOUDNESS["p"]
        for at, name in enumerate(names):
            found["k:" + name] = loud
            for other in names[at + 1 :]:
                found[f"p:{name}+{other}"] = pair_loud
        loud = LOUDNESS["q"]
        for _, idents in self._keywords.find(plain):
            for ident in idents:
                found["q:" + ident] = loud
        return found


class Vocabulary:
    """Numbers the features of a training set and weighs rare ones up (idf); unknown features are dropped."""

    def __init__(self, rows: Sequence[Mapping[str, float]]) -> None:
        counts: Counter[str] = Counter()
        louds: dict[str, float] = {}
        for row in rows:
            counts.update(row.keys())
            louds.update(row)
        total = len(rows)
        self._known = {
            name: (place, louds[name] * (1.0 + 0.35 * log(total / counts[name])))
            for place, name in enumerate(sorted(counts))
        }
        self.size = len(self._known) + 1  # the last one is the constant

    def vector(self, row: Mapping[str, float]) -> tuple[list[int], list[float]]:
        """Places and values, of length one, with the constant at the end.

        Features never seen in training still count towards the length: far-off words lower every margin.
        """
        known = self._known
        places, values, square = [], [], 0.0
        for name, loud in row.items():
            pair = known.get(name)
            if pair is None:
                square += 0.25 * loud * loud
            else:
                value = pair[1]
                places.append(pair[0])
                values.append(value)
                square += value * value
        scale = 1.0 / sqrt(square) if square else 0.0
        values = [value * scale for value in values]
        places.append(self.size - 1)
        values.append(0.5)
        return places, values

    def single(self, name: str) -> tuple[int, float]:
        """Place and weight of one feature before the vector is brought to length one; (-1, 0) when unknown."""
        return self._known.get(name, (-1, 0.0))
