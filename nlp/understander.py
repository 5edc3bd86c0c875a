"""From a resident's words to an `Understanding`: rules first, then the trained classifier, then the slots."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from nlp import lexicon, places, sayings, wishes
from nlp.classifier import Classifier, Scored, leans_out
from nlp.emergency import Danger, danger, overheard, prepare, sounds_calm
from nlp.features import reader
from nlp.normalise import normalise
from nlp.rules import Ruled, Rules, key
from nlp.slots import slots
from nlp.spec import OUT_OF_SCOPE, NlpSpec, filled
from nlp.understanding import Decision, Understanding, Wish

_NUMBER = re.compile(r"\d")
# Services whose dates look back when the words do not say: what was spent, what was reported.
_LOOKS_BACK = frozenset({"查账", "物业费账", "查进度", "催办"})
# Below this share of 「低于」 nothing is offered; a rival within this many margins makes us ask; a 句式 does not
# overrule an intent so many margins before its own.
_FLOOR = 0.25
_RIVAL = 0.12
_SURER = 1.5
# Greetings, thanks, digits, menu words: short, and said again and again by everybody. A longer text, or one with a
# number in it (a house, a telephone), is one person's own and is neither met again nor kept.
_SHORT = 12
_KEPT = 4096
# An emergency that no rule named must be this likely before we sound the alarm without asking, or stand this many
# margins before anything else.
_ALARM = 0.6
_ALONE = 0.3
# What only sounds like danger is none when the classifier is this sure (margin) of something else.
_SURE_OF_OTHER = 0.25


@dataclass(frozen=True, slots=True)
class Explained:
    """How a decision came about, for `linli intents try` and the admin's page."""

    understanding: Understanding
    why: str  # one line in Chinese
    words: tuple[str, ...]
    concepts: tuple[tuple[str, str], ...]  # (word, class)
    keywords: tuple[tuple[str, str], ...]  # (word, intent)
    scores: tuple[Scored, ...]
    because: tuple[tuple[str, float], ...]  # (feature in words, weight)
    nearest: tuple[tuple[str, str, float], ...]  # (phrase, intent, likeness 0..1)
    danger: Danger


@dataclass(frozen=True, slots=True)
class _Judged:
    decision: Decision
    intent: str
    score: float
    alternatives: tuple[tuple[str, float], ...]
    why: str


class Understander:
    """Everything learnt from one configuration; never changes once built, safe to share between threads.

    Building takes about 0.3 s for 1,200 phrases, so a reload builds a second one beside the first.
    """

    def __init__(self, spec: NlpSpec) -> None:
        self.spec = spec
        self._names = {intent.ident: intent.name for intent in spec.intents}
        self._services = {intent.ident: intent.service for intent in spec.intents}
        self._emergency = next((i.ident for i in spec.intents if i.service == "紧急"), "")
        self._urgent = tuple(
            (normalise(word), intent.ident) for intent in spec.intents for word in intent.urgent_words
        )
        self.phrases = tuple(
            (phrase, normalise(text), intent.ident)
            for intent in spec.intents
            for phrase in intent.phrases
            for text in filled(phrase)
        )
        self.sayings = _beside(spec)
        self.rules = Rules(spec, [(saying, ident) for saying, _, ident in self.sayings])
        keywords = [(normalise(word), intent.ident) for intent in spec.intents for word in intent.keywords]
        synonyms = {
            normalise(head): tuple(normalise(word) for word in words) for head, words in spec.unified.items()
        }
        self.reader = reader(
            tuple(_classes(spec).items()),
            tuple(synonyms.items()),
            tuple(pair for pair in keywords if pair[0]),
        )
        first = {intent.ident: -intent.priority for intent in spec.intents}
        taught = sorted((*self.phrases, *self.sayings), key=lambda one: first[one[2]])
        lines = [(text, ident) for _, text, ident in taught]
        own = {key(text): line for line in spec.chitchat if (text := normalise(line))}
        self._idle = {text: line for text, line in own.items() if text}
        lines += [
            (text, OUT_OF_SCOPE) for text in (*sayings.chitchat(), *map(normalise, self._idle.values()))
        ]
        self.classifier = Classifier(self.reader, lines)
        prepare()
        self._repeated: dict[tuple[str, int, tuple[str, ...], tuple[str, ...]], Understanding] = {}

    def understand(
        self, text: str, *, now: datetime, activities: Sequence[str] = (), estates: Sequence[str] = ()
    ) -> Understanding:
        """What the words want; never raises for any text. `now` is aware.

        Short texts are remembered for the minute (1 µs instead of some 50): dates and times in words depend on it.
        """
        if len(text) > _SHORT or (len(text) > 1 and _NUMBER.search(text)):
            return self._understood(text, now, activities, estates)
        minute = int(now.timestamp()) // 60
        asked = (text, minute, tuple(activities), tuple(estates))
        known = self._repeated.get(asked)
        if known is None:
            if len(self._repeated) >= _KEPT:
                self._repeated.clear()
            known = self._understood(text, datetime.fromtimestamp(minute * 60, UTC), activities, estates)
            self._repeated[asked] = known
        return known

    def _understood(
        self, text: str, now: datetime, activities: Sequence[str], estates: Sequence[str]
    ) -> Understanding:
        plain = normalise(text)
        seen, scored = self._danger(plain)
        judged = self._judge(plain, seen, scored)
        if self._services.get(judged.intent, "") in wishes.COURTESY and not self.rules.said(plain):
            rest = wishes.without_courtesies(plain)  # 「你好，3栋归哪个管，谢谢」 is no thanks
            judged = self._judge(rest, seen) if rest else judged
        whole = self._with_slots(text, plain, seen, judged, now, activities, estates)
        if not (wishes.announced(text) or wishes.parted(plain, judged.alternatives)) or self.rules.said(
            plain
        ):
            return whole
        parts = tuple(
            Wish(part, self._with_slots(part, words, alarm, one, now, activities, estates))
            for part, (words, alarm, one) in self._several(text, plain, seen, judged)
        )
        if not parts:
            return whole
        why = "几件事：" + "；".join(f"「{part.text[:12]}」{part.heard.why}" for part in parts)
        danger_in = next((part.heard.emergency for part in parts if part.heard.emergency), whole.emergency)
        return replace(whole, wishes=parts, why=why, emergency=danger_in)

    def _several(
        self, text: str, plain: str, seen: Danger, judged: _Judged
    ) -> list[tuple[str, tuple[str, Danger, _Judged]]]:
        """The wishes of a message in its own words, each judged by itself; [] when it is one."""
        known: dict[str, tuple[str, Danger, _Judged]] = {text.strip(wishes.EDGE): (plain, seen, judged)}

        def judge(part: str) -> wishes.Clause:
            if part not in known:
                words = normalise(part)
                alarm, scored = self._danger(words)
                known[part] = words, alarm, self._judge(words, alarm, scored)
            words, alarm, one = known[part]
            service = self._services.get(one.intent, "")
            where = places.places(words).get("building", "") if service == "报事" else ""
            urgent = bool(self._kind(alarm, one))
            return wishes.Clause(part, one.decision, one.intent, one.score, service, urgent, where)

        rivals = (judged.intent, *(ident for ident, score in judged.alternatives if score >= wishes.RIVAL))
        return [(one.text, known[one.text]) for one in wishes.split(text, judge, rivals)]

    def _with_slots(
        self,
        said: str,
        plain: str,
        seen: Danger,
        judged: _Judged,
        now: datetime,
        activities: Sequence[str],
        estates: Sequence[str],
    ) -> Understanding:
        sure = judged.decision is Decision.SURE
        past = sure and self._services.get(judged.intent, "") in _LOOKS_BACK
        return Understanding(
            text=plain,
            decision=judged.decision,
            intent=judged.intent,
            score=round(judged.score, 4),
            alternatives=judged.alternatives,
            emergency=self._kind(seen, judged),
            slots=slots(plain, now, past=past, activities=activities, estates=estates, said=said)
            if plain
            else {},
            why=judged.why,
        )

    def _kind(self, seen: Danger, judged: _Judged) -> str:
        if seen:
            return seen.kind
        sure = judged.decision is Decision.SURE and judged.intent == self._emergency
        return "other" if sure and self._emergency else ""

    def _danger(self, plain: str) -> tuple[Danger, list[Scored] | None]:
        """What the rules hear, or what sounds like danger to an ear that the classifier does not contradict.

        With the scores of the classifier, when it had to be asked.
        """
        seen = danger(plain, self._urgent)
        if seen.kind or not self._emergency:
            return seen, None
        heard = overheard(plain)
        if not heard or self.rules.menu(plain) or self.rules.said(plain):
            return seen, None
        scored = self.classifier.scores(plain)
        likely = any(one.ident == self._emergency for one in scored)
        return (heard if likely and scored[0].margin < _SURE_OF_OTHER else seen), scored

    def _judge(
        self, plain: str, seen: Danger, known: list[Scored] | None = None, *, by_heart: bool = True
    ) -> _Judged:
        """The decision; without `by_heart` a 说法 is judged as if it had not been written word for word."""
        if not key(plain):
            return _Judged(Decision.UNKNOWN, "", 0.0, (), "没有可以认的字")
        if seen and self._emergency:
            return _Judged(Decision.SURE, self._emergency, 1.0, (), f"听到危险：「{seen.words}」")
        ruled = self.rules.menu(plain) or (self.rules.said(plain) if by_heart else None)
        if ruled is not None:
            return self._by_rule(ruled, ())
        if by_heart and (line := self._idle.get(key(plain))) is not None:
            return _Judged(Decision.UNKNOWN, "", 0.0, (), f"和闲聊「{line}」一样")
        scored = self._ranked(plain, seen, known)
        ruled = self.rules.pattern(plain)
        if ruled is not None and self._plausible(ruled.ident, scored):
            return self._by_rule(ruled, self._others(scored, ruled.ident))
        return self._by_score(plain, scored)

    def _by_rule(self, ruled: Ruled, others: tuple[tuple[str, float], ...]) -> _Judged:
        return _Judged(Decision.SURE, ruled.ident, 1.0, others, ruled.why)

    def _plausible(self, ident: str, scored: Sequence[Scored]) -> bool:
        """A 句式 may overrule the classifier only among its first three, and not where it is sure of another."""
        return any(one.ident == ident and scored[0].margin - one.margin < _SURER for one in scored[:3])

    def _ranked(self, plain: str, seen: Danger, known: list[Scored] | None = None) -> list[Scored]:
        """Scores, the likeliest first; a danger that is over or only talked about is not one."""
        scored = self.classifier.scores(plain) if known is None else known
        if seen.guard and self._emergency:
            scored = [one for one in scored if one.ident != self._emergency]
        return scored

    def _others(self, scored: Sequence[Scored], ident: str) -> tuple[tuple[str, float], ...]:
        return tuple(
            (one.ident, round(one.score, 4))
            for one in scored[:5]
            if one.ident not in {ident, OUT_OF_SCOPE} and one.score > 0.05
        )[:3]

    def _by_score(self, plain: str, scored: Sequence[Scored]) -> _Judged:
        inside = [one for one in scored[:6] if one.ident != OUT_OF_SCOPE]
        below = self.spec.lost.below
        if not inside:
            return _Judged(Decision.UNKNOWN, "", 0.0, (), "像是闲聊")
        best = inside[0]
        others = self._others(inside, best.ident)
        if leans_out(scored, best):
            return _Judged(Decision.UNKNOWN, best.ident, best.score, others, "像是闲聊")
        if best.score < below * _FLOOR:
            return _Judged(Decision.UNKNOWN, best.ident, best.score, others, "哪个意图都不像")
        second = inside[1] if len(inside) > 1 else None
        close = second is not None and best.margin - second.margin < _RIVAL and second.score >= below * _FLOOR
        alone = second is None or best.margin - second.margin > _ALONE
        faint = best.score < _ALARM and not (alone and best.score >= below)
        unruled = best.ident == self._emergency and (faint or sounds_calm(plain))
        if best.score < below or (close and best.score < 0.6) or unruled:
            return self._asked(inside, "把握不够" if best.score < below else "两个意图都像")
        return _Judged(
            Decision.SURE,
            best.ident,
            best.score,
            others,
            f"最像「{self._names.get(best.ident, best.ident)}」",
        )

    def _asked(self, inside: Sequence[Scored], why: str) -> _Judged:
        best = inside[0]
        return _Judged(Decision.ASK, best.ident, best.score, self._others(inside, best.ident), why)

    def explain(
        self,
        text: str,
        *,
        now: datetime,
        activities: Sequence[str] = (),
        estates: Sequence[str] = (),
    ) -> Explained:
        """The same as `understand`, with everything that led to it. Slow (some ms): for people."""
        plain = normalise(text)
        seen, known = self._danger(plain)
        judged = self._judge(plain, seen, known)
        signs = self.reader.signs(plain)
        scored = self._ranked(plain, seen) if key(plain) else []
        about = judged.intent if judged.intent in self.classifier.labels else OUT_OF_SCOPE
        return Explained(
            understanding=self._understood(text, now, activities, estates),
            why=judged.why + (f"；{seen.guard}，不按紧急处理" if seen.guard else ""),
            words=signs.words,
            concepts=signs.concepts,
            keywords=signs.keywords,
            scores=tuple(scored),
            because=tuple(
                (_in_words(name), round(weight, 3)) for name, weight in self.classifier.because(plain, about)
            ),
            nearest=self.nearest(plain),
            danger=seen,
        )

    def nearest(self, plain: str, most: int = 3) -> tuple[tuple[str, str, float], ...]:
        """The phrases most alike by shared characters and concepts: (phrase, intent, likeness 0..1)."""
        mine = set(self.reader.features(plain))
        likeness: dict[tuple[str, str], float] = {}
        for phrase, text, ident in (*self.phrases, *self.sayings):
            theirs = self._phrase_features(text)
            alike = len(mine & theirs) / (len(mine | theirs) or 1)
            likeness[phrase, ident] = max(alike, likeness.get((phrase, ident), 0.0))
        ranked = sorted(likeness.items(), key=lambda pair: -pair[1])[:most]
        return tuple((phrase, ident, round(alike, 3)) for (phrase, ident), alike in ranked if alike > 0)

    def _phrase_features(self, text: str) -> frozenset[str]:
        return frozenset(self.reader.features(text))

    def reached(self, phrase_text: str, *, by_heart: bool = False) -> str:
        """The intent a normalised phrase reaches, as if it were not known by heart; "oos" for none."""
        seen, known = self._danger(phrase_text)
        judged = self._judge(phrase_text, seen, known, by_heart=by_heart)
        return judged.intent if judged.decision is not Decision.UNKNOWN else OUT_OF_SCOPE


_KINDS_OF_FEATURE = {
    "k": "词类",
    "p": "词类",
    "w": "词",
    "q": "关键词",
    "t": "词性",
    "d": "词性",
    "l": "长短",
}


def _in_words(name: str) -> str:
    if name[1:2] == ":":
        return f"{_KINDS_OF_FEATURE[name[0]]} {name[2:]}"
    return f"字 {name}" if name == name.lower() else f"读音 {name.lower().strip()}"


def _classes(spec: NlpSpec) -> dict[str, tuple[str, ...]]:
    """The concept classes of the product with the words of 词类 added."""
    classes = dict(lexicon.shipped())
    for name, words in spec.classes.items():
        classes[name] = tuple(dict.fromkeys((*classes.get(name, ()), *map(normalise, words))))
    return classes


def _beside(spec: NlpSpec) -> tuple[tuple[str, str, str], ...]:
    """The sayings of the product for these intents, filled: (saying, normalised text, 标识).

    A sentence that the configuration itself gives to an intent, or to a 意图 as its name, is left to it.
    """
    own = {key(normalise(phrase)) for intent in spec.intents for phrase in (intent.name, *intent.phrases)}
    return tuple(
        (saying, text, intent.ident)
        for intent in spec.intents
        for saying in sayings.shipped().get(intent.ident, ())
        if key(normalise(saying)) not in own
        for text in map(normalise, filled(saying))
    )
