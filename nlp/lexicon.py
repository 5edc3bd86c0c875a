"""Concept classes: the words by which a sentence shows what it is about, read from `data/lexicon.yaml`."""

from collections.abc import Iterable, Mapping
from functools import cache
from operator import add
from pathlib import Path

from nlp.sounds import alike, sounds

_FILE = Path(__file__).parent / "data" / "lexicon.yaml"
MAX_CONCEPTS = 24  # of one message: a longer one repeats itself


class BadLexicon(Exception):
    """A line of the lexicon that is neither a class nor its words; `line` counts from 1."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"词类文件第 {line} 行：{what}")
        self.line = line


def read(text: str) -> dict[str, tuple[str, ...]]:
    """The classes of a lexicon in the folded form of YAML (`类: >-`, words on indented lines).

    Raises:
        BadLexicon: a class without words or twice, words before the first class.
    """
    classes: dict[str, list[str]] = {}
    begun: dict[str, int] = {}
    current = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line[0] in " \t":
            if not current:
                raise BadLexicon(number, "词要写在一个类名下面，类名写成「设施: >-」这样")
            classes[current].extend(line.lower().split())
            continue
        name, colon, rest = line.partition(":")
        current = name.strip()
        if not colon or rest.strip() not in {">-", ">", "|", ""} or not current:
            raise BadLexicon(number, "类名请写成「设施: >-」这样，词写在下一行，前面空两格")
        if current in classes:
            raise BadLexicon(number, f"「{current}」这一类写了两遍，请合在一起")
        classes[current] = []
        begun[current] = number
    for name, words in classes.items():
        if not words:
            raise BadLexicon(begun[name], f"「{name}」这一类没有词：请写上，或删掉这一类")
    return {name: tuple(dict.fromkeys(words)) for name, words in classes.items()}


@cache
def shipped() -> Mapping[str, tuple[str, ...]]:
    """The lexicon that comes with the product."""
    return read(_FILE.read_text(encoding="utf-8"))


class Finder:
    """Finds every word of a list in a text, longest first at each place; about 5 µs a message.

    With `by_ear`, a word of three characters or more is also found when homophones stand for some of its
    characters, but not for all: 「物页费」 is 物业费.
    """

    def __init__(self, words: Iterable[tuple[str, str]], *, by_ear: bool = False) -> None:
        meanings: dict[str, list[str]] = {}
        for word, meaning in words:
            if meaning not in meanings.setdefault(word, []):
                meanings[word].append(meaning)
        self._meanings = {word: tuple(found) for word, found in meanings.items()}
        lengths: dict[str, set[int]] = {}
        for word in meanings:
            lengths.setdefault(word[0], set()).add(len(word))
        self._lengths = {first: tuple(sorted(found, reverse=True)) for first, found in lengths.items()}
        self._sounds = sounds()
        self._heard: dict[str, tuple[str, ...]] = {}
        if by_ear:
            heard: dict[str, list[str]] = {}
            for word in sorted(meanings):
                if len(word) >= 3 and all(char in self._sounds for char in word):
                    heard.setdefault(self._sounds[word[0]] + self._sounds[word[1]], []).append(word)
            self._heard = {
                sound: tuple(sorted(found, key=lambda word: (-len(word), word)))
                for sound, found in heard.items()
            }

    def find(self, text: str) -> list[tuple[str, tuple[str, ...]]]:
        """(word, its meanings) in the order of the text; words inside a longer one that starts earlier are
        found only when they end after it."""
        found = []
        covered = 0
        lengths, meanings = self._lengths, self._meanings
        for at, char in enumerate(text):
            for length in lengths.get(char, ()):
                word = text[at : at + length]
                if word in meanings:
                    if at + len(word) > covered:
                        covered = at + len(word)
                        found.append((word, meanings[word]))
                    break
        return found + self._by_ear(text) if self._heard else found

    def _by_ear(self, text: str) -> list[tuple[str, tuple[str, ...]]]:
        found = []
        heard = list(map(self._sounds.get, text, text))
        for at, pair in enumerate(map(add, heard, heard[1:])):
            for word in self._heard.get(pair, ()):
                said = text[at : at + len(word)]
                if (
                    said != word
                    and alike(said, word)
                    and any(a == b for a, b in zip(said, word, strict=True))
                ):
                    found.append((word, self._meanings[word]))
                    break
        return found
