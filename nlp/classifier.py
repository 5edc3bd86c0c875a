"""Which intent a text most likely has: one-vs-rest linear SVMs trained when the configuration is loaded."""

from collections.abc import Sequence
from math import exp
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from nlp.features import Reader, Vocabulary

Floats = NDArray[np.float64]

COST = 1.0
EPOCHS = 16
# A margin becomes a score by a logistic curve, fitted on held-out folds of the shipped configuration.
SLOPE, MIDDLE = 3.2, -0.35


class Scored(NamedTuple):
    """One intent with its margin (SVM, about -1…1) and its score (0..1)."""

    ident: str
    margin: float
    score: float


def descend(
    rows: Sequence[tuple[Sequence[int], Sequence[float]]],
    labels: Sequence[int],
    features: int,
    classes: int,
    *,
    cost: float = COST,
    epochs: int = EPOCHS,
) -> Floats:
    """Weights (features x classes) by dual coordinate descent, all classes at once, L2-loss, always the same.

    Hsieh et al., A Dual Coordinate Descent Method for Large-scale Linear SVM, ICML 2008.
    """
    weights = np.zeros((features, classes))
    places = [np.array(row[0], dtype=np.intp) for row in rows]
    values = [np.array(row[1]) for row in rows]
    signs = -np.ones((len(rows), classes))
    signs[np.arange(len(rows)), labels] = 1.0
    slack = 1.0 / (2.0 * cost)
    squares = [float(value @ value) + slack for value in values]
    duals = np.zeros((len(rows), classes))
    order = np.random.default_rng(0)
    for _ in range(epochs):
        worst = 0.0
        for at in order.permutation(len(rows)):
            place, value, sign, dual = places[at], values[at], signs[at], duals[at]
            gradient = sign * (value @ weights[place]) - 1.0 + slack * dual
            moved = np.maximum(dual - gradient / squares[at], 0.0)
            step = moved - dual
            size = float(np.abs(step).max())
            if size > 1e-4:
                weights[place] += np.outer(value, step * sign)
                duals[at] = moved
                worst = max(worst, size)
        if worst < 0.02:
            break
    return weights


class Classifier:
    """Trained on (normalised text, label) lines; `scores` ranks the labels for a text."""

    def __init__(self, reader: Reader, lines: Sequence[tuple[str, str]]) -> None:
        self.reader = reader
        self.labels = tuple(dict.fromkeys(label for _, label in lines))
        number = {label: at for at, label in enumerate(self.labels)}
        rows = [reader.features(text) for text, _ in lines]
        self._vocabulary = Vocabulary(rows)
        vectors = [self._vocabulary.vector(row) for row in rows]
        self._weights = descend(
            vectors, [number[label] for _, label in lines], self._vocabulary.size, len(self.labels)
        )
        self._fast = self._weights.astype(np.float32)
        self._numbers = tuple(range(len(self.labels)))

    def scores(self, text: str, most: int = 8) -> list[Scored]:
        """The likeliest labels first; margins equal to three places keep the order of training."""
        places, values = self._vocabulary.vector(self.reader.features(text))
        # Single precision is enough here and half the memory to touch.
        margins = np.array(values, dtype=np.float32) @ self._fast.take(places, axis=0)
        ranked = sorted(zip((-margins).round(3).tolist(), self._numbers, strict=True))[:most]
        return [Scored(self.labels[number], -minus, score(-minus)) for minus, number in ranked]

    def because(self, text: str, label: str, most: int = 6) -> list[tuple[str, float]]:
        """The features that spoke loudest for a label."""
        column = self.labels.index(label)
        parts = []
        for name in self.reader.features(text):
            place, value = self._vocabulary.single(name)
            if place >= 0:
                parts.append((name, value * float(self._weights[place, column])))
        return sorted(parts, key=lambda pair: -pair[1])[:most]


def score(margin: float) -> float:
    """0..1 from an SVM margin."""
    return 1.0 / (1.0 + exp(-SLOPE * (margin - MIDDLE)))
