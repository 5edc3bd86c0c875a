"""Which intent a text most likely has: one-vs-rest linear SVMs trained when the configuration is loaded."""

from collections.abc import Sequence
from math import exp, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlp.features import CONSTANT, UNSEEN, Reader, Vocabulary
from nlp.spec import OUT_OF_SCOPE

Floats = NDArray[np.float32]
Places = NDArray[np.intp]

COST = 1.5
EPOCHS = 5  # more change no answer any more
# A margin becomes a score by a logistic curve, fitted on held-out folds of the shipped configuration: the score is
# the share of messages with this margin that are understood rightly (`python -m benchmarks.understanding`).
SLOPE, MIDDLE = 4.5, -0.1


class Scored(NamedTuple):
    """One intent with its margin (SVM, about -1…1) and its score (0..1)."""

    ident: str
    margin: float
    score: float


# Chit-chat this many margins behind the best intent is still taken for chit-chat: by cross-validation, 0.89 of what
# is ours then reaches its intent and 0.91 of what is not is refused.
LEAN = 0.15


def leans_out(scored: Sequence[Scored], best: Scored) -> bool:
    """Whether ranked labels speak for 「none of ours」 although `best` may stand before it."""
    return any(one.ident == OUT_OF_SCOPE and one.margin + LEAN > best.margin for one in scored)


def descend(
    rows: Sequence[tuple[Places, Floats]],
    labels: Sequence[int],
    features: int,
    classes: int,
    *,
    cost: float = COST,
    epochs: int = EPOCHS,
) -> Floats:
    """Weights (features x classes) by dual coordinate descent, all classes at once, L2-loss, always the same.

    A row that moved no class in the last round is passed over in every other one.
    Hsieh et al., A Dual Coordinate Descent Method for Large-scale Linear SVM, ICML 2008.
    """
    weights: Floats = np.zeros((features, classes), np.float32)
    signs = -np.ones((len(rows), classes), np.float32)
    signs[np.arange(len(rows)), labels] = 1.0
    slack = np.float32(1.0 / (2.0 * cost))
    squares = [np.float32(value @ value) + slack for _, value in rows]
    duals = np.zeros((len(rows), classes), np.float32)
    still = np.zeros(len(rows), np.bool_)
    order = np.random.default_rng(0)
    maximum, outer = np.maximum, np.multiply.outer
    for epoch in range(epochs):
        worst = 0.0
        for at in order.permutation(len(rows)).tolist():
            if still[at] and epoch % 2:
                continue
            place, value = rows[at]
            mine = weights.take(place, axis=0)
            sign, dual = signs[at], duals[at]
            gradient = sign * (value @ mine) + slack * dual - 1.0
            step = maximum(dual - gradient / squares[at], 0.0) - dual
            size = float(maximum(step.max(), -step.min()))
            still[at] = size < 0.01
            if size > 1e-3:
                duals[at] += step
                weights[place] = mine + outer(value, step * sign)
                worst = max(worst, size)
        if worst < 0.03:
            break
    return weights


class Classifier:
    """Trained on (normalised text, label) lines; `scores` ranks the labels for a text."""

    def __init__(self, reader: Reader, lines: Sequence[tuple[str, str]]) -> None:
        self.reader = reader
        self.labels = tuple(dict.fromkeys(label for _, label in lines))
        number = {label: at for at, label in enumerate(self.labels)}
        rows = [reader.learnt(text) for text, _ in lines]
        vocabulary = self._vocabulary = Vocabulary(rows)
        values = np.array([*vocabulary.values, CONSTANT], np.float32)
        vectors = []
        for row in rows:
            places = np.array([*vocabulary.known(row), vocabulary.size], np.intp)
            vector = values.take(places)
            vector[:-1] /= sqrt(float(vector[:-1] @ vector[:-1])) or 1.0
            vectors.append((places, vector))
        weights = descend(
            vectors, [number[label] for _, label in lines], vocabulary.size + 1, len(self.labels)
        )
        # One row a feature: what it adds to every margin, and its square for the length of the text.
        self._rows = np.hstack([weights * values[:, None], values[:, None] ** 2]).astype(np.float32)[:-1]
        self._constant = weights[-1] * np.float32(CONSTANT)
        self._numbers = tuple(range(len(self.labels)))

    def scores(self, text: str, most: int = 8) -> list[Scored]:
        """The likeliest labels first; margins equal to three places keep the order of training."""
        names = self.reader.features(text)
        places = self._vocabulary.known(names)
        sums = self._rows.take(places, axis=0).sum(axis=0)
        length = sqrt(float(sums[-1]) + UNSEEN * (len(names) - len(places))) or 1.0
        margins = sums[:-1] / np.float32(length) + self._constant
        ranked = sorted(zip((-margins).round(3).tolist(), self._numbers, strict=True))[:most]
        return [Scored(self.labels[number], -minus, score(-minus)) for minus, number in ranked]

    def because(self, text: str, label: str, most: int = 6) -> list[tuple[str, float]]:
        """The features that spoke loudest for a label."""
        column = self.labels.index(label)
        places = self._vocabulary.places
        parts = [
            (name, float(self._rows[places[name], column]))
            for name in self.reader.features(text)
            if name in places
        ]
        return sorted(parts, key=lambda pair: -pair[1])[:most]


def score(margin: float) -> float:
    """0..1 from an SVM margin."""
    return 1.0 / (1.0 + exp(-SLOPE * (margin - MIDDLE)))
