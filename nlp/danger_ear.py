"""An ear for danger that no table names: learnt from our own sentences, dangerous and harmless ones."""

from collections import Counter
from dataclasses import dataclass
from functools import cache
from operator import add
from pathlib import Path
from random import Random

from nlp.danger_words import shorthand
from nlp.normalise import normalise

_DATA = Path(__file__).parent / "data"
_EPOCHS = 6
_MOST = 0.1  # how far one sentence may move a weight
# Below this margin (about -1…1) nothing is heard: chosen by cross-validation on the sentences.
THRESHOLD = 0.2


@dataclass(frozen=True, slots=True)
class Ear:
    """Weights of the features, and the kinds of danger that each of them speaks for."""

    weights: dict[str, float]
    kinds: dict[str, tuple[tuple[str, float], ...]]

    def margin(self, brief: str) -> float:
        """How dangerous a text in shorthand sounds."""
        weigh = self.weights.get
        return sum([weigh(name, 0.0) for name in features(brief)], 0.0)

    def kind(self, brief: str) -> str:
        """The kind of danger that most of the features speak for."""
        votes: dict[str, float] = {}
        for name in sorted(features(brief)):
            for kind, share in self.kinds.get(name, ()):
                votes[kind] = votes.get(kind, 0.0) + share
        return max(votes, key=lambda kind: votes[kind]) if votes else "other"


def features(brief: str) -> set[str]:
    """Characters, pairs of neighbours, and pairs with one between them; classes of words are one character here."""
    text = f"^{brief}$"
    found = set(text)
    found.update(map(add, text, text[1:]))
    found.update(map(add, [char + "_" for char in text], text[2:]))
    return found


def sentences() -> list[tuple[str, str]]:
    """Our own sentences, normalised: (text, kind of danger or "")."""
    lines = (_DATA / "dangers.tsv").read_text(encoding="utf-8").splitlines()[1:]
    pairs = [line.partition("\t") for line in lines if line]
    return [(normalise(text), kind) for text, _, kind in pairs]


def trained(lines: list[tuple[str, str]]) -> Ear:
    """An averaged passive-aggressive classifier (Crammer et al. 2006), the same each time for the same lines."""
    rows = [(sorted(features(shorthand(text)[0])), kind) for text, kind in lines]
    weights: dict[str, float] = {}
    summed: dict[str, float] = {}
    since: dict[str, int] = {}
    step = 0
    order = list(range(len(rows)))
    shuffled = Random(20)
    for _ in range(_EPOCHS):
        shuffled.shuffle(order)
        for number in order:
            step += 1
            names, kind = rows[number]
            sign = 1.0 if kind else -1.0
            loss = 1.0 - sign * sum([weights.get(name, 0.0) for name in names])
            if loss <= 0:
                continue
            move = sign * min(_MOST, loss / len(names))
            for name in names:
                old = weights.get(name, 0.0)
                summed[name] = summed.get(name, 0.0) + old * (step - since.get(name, 0))
                since[name] = step
                weights[name] = old + move
    averaged = {name: (summed[name] + weights[name] * (step - since[name])) / step for name in weights}
    return Ear(averaged, _shares(rows))


def _shares(rows: list[tuple[list[str], str]]) -> dict[str, tuple[tuple[str, float], ...]]:
    """For each feature the kinds it was heard in, each with its share; a kind of many sentences counts no more."""
    size = Counter(kind for _, kind in rows if kind)
    heard: dict[str, dict[str, float]] = {}
    for names, kind in rows:
        for name in names if kind else ():
            kinds = heard.setdefault(name, {})
            kinds[kind] = kinds.get(kind, 0.0) + 1.0 / size[kind] ** 0.5
    return {
        name: tuple((kind, value / sum(kinds.values())) for kind, value in kinds.items())
        for name, kinds in heard.items()
    }


@cache
def ear() -> Ear:
    """Learnt once a process, in about 0.1 s: it depends on no configuration."""
    chitchat = (_DATA / "chitchat.txt").read_text(encoding="utf-8").splitlines()
    return trained(sentences() + [(normalise(line), "") for line in chitchat if line])
