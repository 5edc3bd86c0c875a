"""What another configuration would make of the same messages, and messages grouped by likeness."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from nlp.features import Reader
from nlp.normalise import normalise
from nlp.spec import OUT_OF_SCOPE
from nlp.understander import Understander
from nlp.understanding import Decision, Understanding

ASKED = "ask:"
LIKE = 0.3  # share of the shorter one's features from which two messages are about the same thing


@dataclass(frozen=True, slots=True)
class Rerouted:
    """One message that is understood differently: "oos" for not at all, "ask:…" where the bot asks back."""

    text: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Group:
    """Messages alike; the first is the one that is most like all others."""

    texts: tuple[str, ...]
    members: tuple[int, ...]  # positions in what was given


def routed(heard: Understanding) -> str:
    """Where a message goes: the intents of its wishes, joined by 「+」."""
    if heard.wishes:
        return "+".join(routed(part.heard) for part in heard.wishes)
    if heard.decision is Decision.UNKNOWN:
        return OUT_OF_SCOPE
    return heard.intent if heard.decision is Decision.SURE else ASKED + heard.intent


def rerouted(
    old: Understander,
    new: Understander,
    texts: Sequence[str],
    now: datetime,
    progress: Callable[[int], None] = lambda done: None,
) -> list[Rerouted]:
    """The messages that go elsewhere, in their order, each wording once."""
    found = []
    for at, text in enumerate(dict.fromkeys(texts), start=1):
        before, after = routed(old.understand(text, now=now)), routed(new.understand(text, now=now))
        if before != after:
            found.append(Rerouted(text, before, after))
        progress(at)
    return found


def grouped(reader: Reader, texts: Iterable[str]) -> list[Group]:
    """Messages that share enough characters and concepts stand together; the largest groups first."""
    kept = [
        (text, frozenset(name for name in reader.features(normalise(text)) if len(name) > 1))
        for text in texts
    ]
    groups: list[list[int]] = []
    for at, (_, mine) in enumerate(kept):
        best, likest = None, LIKE
        for group in groups:
            alike = max(_alike(mine, kept[other][1]) for other in group[:8])
            if alike > likest:
                best, likest = group, alike
        if best is None:
            groups.append([at])
        else:
            best.append(at)
    return sorted((_group(group, kept) for group in groups), key=lambda one: -len(one.members))


def _group(group: Sequence[int], kept: Sequence[tuple[str, frozenset[str]]]) -> Group:
    some = group[:40]
    middle = max(some, key=lambda at: sum(_alike(kept[at][1], kept[other][1]) for other in some))
    members = (middle, *(at for at in group if at != middle))
    return Group(tuple(dict.fromkeys(kept[at][0] for at in members)), members)


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / (min(len(one), len(other)) or 1)
