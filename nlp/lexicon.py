"""Concept classes: the words by which a sentence shows what it is about, read from `data/lexicon.yaml`."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

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
    """Finds every word of a list in a text, longest first at each place; about 5 µs a message."""

    def __init__(self, words: Iterable[tuple[str, str]]) -> None:
        meanings: dict[str, list[str]] = {}
        for word, meaning in words:
            if meaning not in meanings.setdefault(word, []):
                meanings[word].append(meaning)
        by_first: dict[str, list[str]] = {}
        for word in meanings:
            by_first.setdefault(word[0], []).append(word)
        self._meanings = {word: tuple(found) for word, found in meanings.items()}
        self._by_first = {
            first: tuple(sorted(found, key=lambda word: (-len(word), word)))
            for first, found in by_first.items()
        }

    def find(self, text: str) -> list[tuple[str, tuple[str, ...]]]:
        """(word, its meanings) in the order of the text; words inside a longer one that starts earlier are
        found only when they end after it."""
        found = []
        covered = 0
        by_first = self._by_first
        for at, char in enumerate(text):
            for word in by_first.get(char, ()):
                if text.startswith(word, at):
                    if at + len(word) > covered:
                        covered = at + len(word)
                        found.append((word, self._meanings[word]))
                    break
        return found
