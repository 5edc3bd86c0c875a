"""What `nlp` hands to the handlers: an intent with a decision, and the slots found in the words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Decision(StrEnum):
    """How sure we are: act on it, ask 「您是想…还是…？」, or say that we did not understand."""

    SURE = "sure"
    ASK = "ask"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Understanding:
    """One message understood.

    `intent` is the 标识 of the best intent ("" when there is none), `score` 0..1, `alternatives` the next best
    (intent, score). `emergency` is "" or the kind: fire, gas, trapped, medical, violence, missing … (`handlers.emergency.KINDS`).
    `slots`: building, unit, room, floor, zone, estate, phone, people, amount_fen, date, time, date_to, time_to,
    month (YYYY-MM), ticket, activity, place (the words that name it); values as text, numbers in Arabic digits,
    dates ISO, times HH:MM. Where the words leave it open, date_or, time_or and building_or keep the other readings
    (several joined by commas). `text` is the normalised text.
    `why` explains the decision in one Chinese line. `wishes` are the wishes of a message that holds several, in its
    order; the first may answer what was asked before and then is no wish (UNKNOWN).
    """

    text: str
    decision: Decision
    intent: str = ""
    score: float = 0.0
    alternatives: tuple[tuple[str, float], ...] = ()
    emergency: str = ""
    slots: Mapping[str, str] = field(default_factory=dict)
    why: str = ""
    wishes: "tuple[Wish, ...]" = ()


@dataclass(frozen=True, slots=True)
class Wish:
    """One of several wishes of a message: its own words as they were typed, understood by themselves."""

    text: str
    heard: Understanding
