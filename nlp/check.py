"""What is wrong or weak in the words of a configuration, told to the admin in Chinese."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nlp.classifier import Classifier, leans_out
from nlp.normalise import normalise
from nlp.rules import key
from nlp.sayings import chitchat
from nlp.spec import OUT_OF_SCOPE, NlpSpec
from nlp.understander import Understander

FOLDS = 5


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to look at; `path` leads to it by the keys of the file, `serious` means it will go wrong."""

    path: tuple[str | int, ...]
    what: str
    serious: bool = False


@dataclass(frozen=True, slots=True)
class Expected:
    """What cross-validation expects of new messages.

    `accuracy` over all, `accepted` what is ours and reaches its intent, `refused` what is not ours and is refused,
    each 0..1; `confused` the pairs mixed up, most often first; `curve` slope and middle of the logistic curve that
    would make a score of a margin (`nlp.classifier.SLOPE`, `MIDDLE`).
    """

    accuracy: float
    accepted: float
    refused: float
    by_intent: dict[str, float]
    confused: tuple[tuple[str, str, int], ...]
    curve: tuple[float, float]


def untrue_phrases(understander: Understander, *, by_heart: bool = False) -> list[tuple[str, str, str]]:
    """Every 说法 that does not reach its own 意图: (intent, phrase, the intent it reaches or "oos").

    A phrase that is only known by heart is found when said word for word; words like it go elsewhere.
    """
    wrong = []
    for phrase, text, ident in understander.phrases:
        got = understander.reached(text, by_heart=by_heart)
        if got != ident and (ident, phrase, got) not in wrong:
            wrong.append((ident, phrase, got))
    return wrong


def check(spec: NlpSpec, understander: Understander | None = None) -> list[Finding]:
    """Everything worth telling, the serious first; about 0.1 s beside building the understander."""
    understander = understander or Understander(spec)
    found = [Finding(mistake.path, mistake.what, serious=True) for mistake in spec.mistakes()]
    found += _untrue(spec, understander)
    found += _contradictions(spec, understander)
    found += _keywords(spec, understander)
    found += _thin(spec)
    return sorted(found, key=lambda finding: not finding.serious)


def findings(understander: Understander) -> list[str]:
    """The hints of `check` as sentences, without what is refused anyway."""
    return [finding.what for finding in check(understander.spec, understander) if not finding.serious]


def _at(spec: NlpSpec, ident: str) -> int:
    return next(at for at, intent in enumerate(spec.intents) if intent.ident == ident)


def _name(spec: NlpSpec, ident: str) -> str:
    intent = spec.intent(ident)
    return intent.name if intent is not None else "听不懂"


def _untrue(spec: NlpSpec, understander: Understander) -> Iterator[Finding]:
    lost = untrue_phrases(understander, by_heart=True)
    for ident, phrase, got in untrue_phrases(understander):
        at = _at(spec, ident)
        serious = (ident, phrase) in {(one[0], one[1]) for one in lost}
        yield Finding(
            ("意图", at, "说法", spec.intents[at].phrases.index(phrase)),
            f"「{phrase}」写在「{_name(spec, ident)}」里，机器人却认成「{_name(spec, got)}」："
            "请改一改说法，或给它加关键词"
            if serious
            else f"「{phrase}」要一字不差才认作「{_name(spec, ident)}」，像它的话会认成「{_name(spec, got)}」："
            "请给「" + _name(spec, ident) + "」多加几句像它的说法",
            serious=serious,
        )


def _contradictions(spec: NlpSpec, understander: Understander) -> Iterator[Finding]:
    """Phrases of two intents that look the same once synonyms and numbers are unified."""
    owners: dict[str, tuple[str, str]] = {}
    for phrase, text, ident in understander.phrases:
        plain = key(understander.reader.plain(text))
        other = owners.setdefault(plain, (ident, phrase))
        if other[0] != ident and other[1] != phrase:
            at = _at(spec, ident)
            yield Finding(
                ("意图", at, "说法", spec.intents[at].phrases.index(phrase)),
                f"「{phrase}」和「{_name(spec, other[0])}」里的「{other[1]}」在机器人眼里是同一句话，请只留一处",
                serious=True,
            )


def _keywords(spec: NlpSpec, understander: Understander) -> Iterator[Finding]:
    """Keywords that can never fire, that no phrase uses, or that speak for another intent."""
    texts = {
        intent.ident: [understander.reader.plain(normalise(phrase)) for phrase in intent.phrases]
        for intent in spec.intents
    }
    for at, intent in enumerate(spec.intents):
        for position, word in enumerate(intent.keywords):
            path = ("意图", at, "关键词", position)
            plain = understander.reader.plain(normalise(word))
            if (plain, intent.ident) not in understander.reader.signs(normalise(word)).keywords:
                yield Finding(path, f"「{intent.name}」的关键词「{word}」永远碰不上：请换一个词，或删掉它")
                continue
            hits = {ident: sum(plain in text for text in lines) for ident, lines in texts.items()}
            best = max(hits, key=lambda ident: hits[ident])
            if not hits[best]:
                yield Finding(
                    path, f"「{intent.name}」的关键词「{word}」在说法里一次也没用到：请加一句带它的说法"
                )
            elif best != intent.ident and hits[best] > 2 * hits[intent.ident]:
                yield Finding(
                    path,
                    f"「{intent.name}」的关键词「{word}」在「{_name(spec, best)}」的说法里更常见"
                    f"（{hits[best]} 句对 {hits[intent.ident]} 句），容易认错",
                )


def _thin(spec: NlpSpec) -> Iterator[Finding]:
    for at, intent in enumerate(spec.intents):
        if len(intent.phrases) < 5:
            yield Finding(
                ("意图", at, "说法"),
                f"「{intent.name}」只有 {len(intent.phrases)} 句说法，新的话很难认出来：最好写 20 句以上",
            )


def expected(understander: Understander) -> Expected:
    """Accuracy on lines held out in turn: a phrase is never judged by a classifier that has read it. About 2 s."""
    lines: list[tuple[str, str, str]] = [*understander.phrases, *understander.sayings]
    lines += [(text, text, OUT_OF_SCOPE) for text in chitchat()]
    # All fillings of one phrase stay in one fold; phrases of an intent are dealt out evenly.
    fold_of: dict[tuple[str, str], int] = {}
    dealt: Counter[str] = Counter()
    for phrase, _, ident in lines:
        if (phrase, ident) not in fold_of:
            fold_of[phrase, ident] = dealt[ident] % FOLDS
            dealt[ident] += 1
    right: Counter[str] = Counter()
    total: Counter[str] = Counter()
    mixed: defaultdict[tuple[str, str], int] = defaultdict(int)
    margins: list[tuple[float, bool]] = []
    for fold in range(FOLDS):
        known = [(text, ident) for phrase, text, ident in lines if fold_of[phrase, ident] != fold]
        if len({ident for _, ident in known}) < 2:
            continue
        classifier = Classifier(understander.reader, known)
        for phrase, text, ident in lines:
            if fold_of[phrase, ident] == fold:
                scored = classifier.scores(text, len(classifier.labels))
                best = next((one for one in scored if one.ident != OUT_OF_SCOPE), scored[0])
                margins.append((best.margin, best.ident == ident))
                got = OUT_OF_SCOPE if leans_out(scored, best) else best.ident
                total[ident] += 1
                right[ident] += got == ident
                if got != ident:
                    mixed[ident, got] += 1
    ranked = sorted(mixed.items(), key=lambda pair: -pair[1])
    outside, inside = total[OUT_OF_SCOPE], total.total() - total[OUT_OF_SCOPE]
    return Expected(
        accuracy=right.total() / total.total() if total else 0.0,
        accepted=(right.total() - right[OUT_OF_SCOPE]) / inside if inside else 0.0,
        refused=right[OUT_OF_SCOPE] / outside if outside else 0.0,
        by_intent={ident: right[ident] / count for ident, count in total.items()},
        confused=tuple((gold, got, count) for (gold, got), count in ranked),
        curve=_curve(margins),
    )


def _curve(margins: Sequence[tuple[float, bool]]) -> tuple[float, float]:
    """Slope and middle of the logistic curve that fits (margin, was it right) best; by Newton's steps."""
    points = np.array([(1.0, margin) for margin, _ in margins])
    rights = np.array([float(right) for _, right in margins])
    offset = np.array([0.0, 4.0])
    for _ in range(25):
        chance = 1.0 / (1.0 + np.exp(-points @ offset))
        weights = chance * (1.0 - chance) + 1e-6
        hessian = (points * weights[:, None]).T @ points + 1e-6 * np.eye(2)
        offset = offset + np.linalg.solve(hessian, points.T @ (rights - chance))
    return float(offset[1]), float(-offset[0] / offset[1]) if offset[1] else 0.0
