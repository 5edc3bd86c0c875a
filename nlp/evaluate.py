"""How good the understanding is on labelled lines, in the forms that `linli intents eval` and `parse` print."""

import math
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from nlp.classifier import Classifier
from nlp.features import Reader
from nlp.normalise import normalise
from nlp.spec import OUT_OF_SCOPE
from nlp.understander import Understander
from nlp.understanding import Decision, Understanding

# A label that training never saw is told by a low margin: so low that this share of the lines which are understood
# rightly when they are held out would be lost.
_LOST = 0.045
_FOLDS = 4


class BadTable(Exception):
    """A table that cannot be read: `line` counts from 1, the message is for people."""

    def __init__(self, line: int, what: str) -> None:
        super().__init__(f"第 {line} 行：{what}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Line:
    """One labelled line; `also_ok` are other labels that count as right."""

    text: str
    label: str
    also_ok: tuple[str, ...] = ()


def read_lines(table: str) -> list[Line]:
    """Lines of a TSV with a header: `text`, `intent` (or `label`), optionally `also_ok`.

    Raises:
        BadTable: a column is missing, a row is short, nothing to read.
    """
    rows = [row.split("\t") for row in table.lstrip("\ufeff").splitlines()]
    header = [name.strip().lower() for name in rows[0]] if rows else []
    label_name = "intent" if "intent" in header else "label"
    if "text" not in header or label_name not in header:
        raise BadTable(1, "第一行要有列名 text 和 intent（或 label），用制表符隔开")
    text_at, label_at = header.index("text"), header.index(label_name)
    also_at = header.index("also_ok") if "also_ok" in header else None
    lines = []
    for number, row in enumerate(rows[1:], 2):
        if not any(cell.strip() for cell in row):
            continue
        if len(row) <= max(text_at, label_at) or not row[label_at].strip():
            raise BadTable(number, "这一行缺了 text 或 intent")
        also = row[also_at] if also_at is not None and len(row) > also_at else ""
        others = tuple(part for part in also.replace(",", " ").replace("|", " ").replace(";", " ").split())
        lines.append(Line(row[text_at], row[label_at].strip(), others))
    if not lines:
        raise BadTable(1, "文件里没有一行可用的句子")
    return lines


def read_texts(table: str) -> list[str]:
    """The texts of a TSV with a `text` column, or every line of a plain file."""
    rows = table.lstrip("\ufeff").splitlines()
    header = [name.strip().lower() for name in rows[0].split("\t")] if rows else []
    if "text" not in header:
        return [row for row in rows if row.strip()]
    at = header.index("text")
    return [cells[at] for row in rows[1:] if len(cells := row.split("\t")) > at]


def evaluate(
    understander: Understander, lines: Sequence[Line], *, now: datetime, load_s: float
) -> dict[str, object]:
    """The figures of a configuration; asking back counts as the intent that is named first."""

    def label(text: str) -> str:
        heard = understander.understand(text, now=now)
        return OUT_OF_SCOPE if heard.decision is Decision.UNKNOWN else heard.intent

    return _figures(label, lines, load_s)


def evaluate_alone(train: Sequence[Line], lines: Sequence[Line]) -> dict[str, object]:
    """The figures of the bare engine, trained on `train` alone: no lexicon, no rules, no chit-chat of ours.

    Where `lines` hold labels that were not taught, what is too far from everything taught is refused (`oos`).
    """
    begun = time.perf_counter()
    reader = Reader({}, {}, ())
    taught = [(normalise(line.text), line.label) for line in train]
    classifier = Classifier(reader, taught)
    known = set(classifier.labels)
    refuse = OUT_OF_SCOPE not in known and any(line.label not in known for line in lines)
    floor = _floor(reader, taught) if refuse else -math.inf
    load_s = time.perf_counter() - begun

    def label(text: str) -> str:
        best = classifier.scores(normalise(text))[0]
        return OUT_OF_SCOPE if best.margin < floor else best.ident

    return _figures(label, lines, load_s)


def _floor(reader: Reader, taught: Sequence[tuple[str, str]]) -> float:
    """The margin below which a text is none of what was taught, by cross-validation on what was taught."""
    order = list(range(len(taught)))
    random.Random(0).shuffle(order)
    margins = []
    for fold in range(_FOLDS):
        kept = [taught[at] for place, at in enumerate(order) if place % _FOLDS != fold]
        if len({label for _, label in kept}) < 2:
            continue
        classifier = Classifier(reader, kept)
        for at in order[fold::_FOLDS]:
            best = classifier.scores(taught[at][0])[0]
            if best.ident == taught[at][1]:
                margins.append(best.margin)
    return sorted(margins)[int(len(margins) * _LOST)] if margins else -math.inf


def _figures(label: Callable[[str], str], lines: Sequence[Line], load_s: float) -> dict[str, object]:
    begun = time.perf_counter()
    got = [label(line.text) for line in lines]
    seconds = time.perf_counter() - begun
    answers = [
        line.label if one == line.label or one in line.also_ok else one
        for line, one in zip(lines, got, strict=True)
    ]
    pairs = Counter(zip((line.label for line in lines), answers, strict=True))
    right = sum(count for (gold, one), count in pairs.items() if gold == one)
    inside = [
        (line.label, one) for line, one in zip(lines, answers, strict=True) if line.label != OUT_OF_SCOPE
    ]
    outside = [one for line, one in zip(lines, answers, strict=True) if line.label == OUT_OF_SCOPE]
    confused = [(pair, count) for pair, count in pairs.most_common() if pair[0] != pair[1]]
    return {
        "n": len(lines),
        "accuracy": round(right / len(lines), 4),
        "macro_f1": round(_macro_f1(pairs), 4),
        "false_reject": round(_share(one == OUT_OF_SCOPE for _, one in inside), 4),
        "oos_recall": round(_share(one == OUT_OF_SCOPE for one in outside), 4),
        "us_per_message": round(seconds / len(lines) * 1e6, 1),
        "load_s": round(load_s, 3),
        "confusions": [
            {
                "gold": gold,
                "got": one,
                "n": count,
                "texts": [
                    line.text
                    for line, answer in zip(lines, answers, strict=True)
                    if (line.label, answer) == (gold, one)
                ][:5],
            }
            for (gold, one), count in confused
        ],
    }


def _share(claims: Iterable[bool]) -> float:
    found = list(claims)
    return sum(found) / len(found) if found else 0.0


def _macro_f1(pairs: Counter[tuple[str, str]]) -> float:
    labels = {gold for gold, _ in pairs}
    total = 0.0
    for label in labels:
        hit = pairs[label, label]
        said = sum(count for (_, one), count in pairs.items() if one == label)
        gold = sum(count for (one, _), count in pairs.items() if one == label)
        total += 2 * hit / (said + gold) if hit else 0.0
    return total / len(labels) if labels else 0.0


def parsed(text: str, heard: Understanding) -> dict[str, object]:
    """One message as `linli intents parse` prints it; an unknown one has the intent `oos`."""
    unknown = heard.decision is Decision.UNKNOWN
    guesses = ((heard.intent, heard.score),) if unknown and heard.intent else ()
    return {
        "text": text,
        "decision": heard.decision.value,
        "intent": OUT_OF_SCOPE if unknown else heard.intent,
        "score": heard.score,
        "alternatives": [
            {"intent": ident, "score": score} for ident, score in (*guesses, *heard.alternatives)
        ],
        "emergency": bool(heard.emergency),
        "slots": dict(heard.slots),
    }


def parse_lines(
    understander: Understander, texts: Iterable[str], *, now: datetime
) -> list[dict[str, object]]:
    """Each text as `linli intents parse --json` prints it. `now` is aware."""
    return [parsed(text, understander.understand(text, now=now)) for text in texts]
