"""Several wishes in one message: danger first, then what can be answered at once, then what has to ask something."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from handlers import parking, wording
from handlers.context import Context
from handlers.frame import FILED, Frame, Matter, asks
from handlers.message import Dialog, Message, Turn
from models.errors import DomainError
from nlp.understanding import Decision, Wish

Serve = Callable[[Message, Dialog, Context], Turn]
Refused = Mapping[str, str]
ROOM = 1800  # bytes of answers; the platforms take 2,048, and what the router may add needs room too
SERVED = 3  # wishes answered in one go: more do not fit on a phone's screen


class Refusal(Exception):
    """A rule refused one wish of several: the others are served again without it."""

    def __init__(self, said: str, rule: DomainError) -> None:
        super().__init__(said)
        self.said = said
        self.rule = rule


def serve(
    message: Message, context: Context, first: Turn | None, one_wish: Serve, refused: Refused
) -> Turn | None:
    """Every wish of the message, or None when only one of its parts is one.

    `first` is what an open dialog made of the first part. `one_wish` serves a message as if it had come alone;
    `refused` are the answers to parts that a rule has refused before. Of two wishes that ask something the first
    goes on; the second waits and comes back by itself.

    Raises:
        Refusal: a rule said no to one part: nothing of the others may stay in the database.
    """
    parts = [part for part in context.heard.wishes[first is not None :] if _counts(part)]
    if len(parts) + (first is not None) < 2:
        return None
    parts.sort(key=lambda part: not part.heard.emergency)
    told: list[Turn] = [first] if first is not None else []
    said = [""] if first is not None else []
    later: list[Matter] = []
    for part in parts:
        alarmed = any(turn.dialog.answers.get("urgent") for turn in told)
        if alarmed or len(told) >= SERVED or _bytes(told) > ROOM:
            later.append(Matter(begun=message.id, wish=part))
            continue
        if part.text in refused:
            turn = Turn((refused[part.text],))
        else:
            words = message.text if _is_for_people(part, context) else part.text
            alone = replace(message, text=words, media=message.media if not told else ())
            turn = _granted(part, alone, context, one_wish)
        told.append(turn)
        said.append(part.text)
    return _together(told, said, later, context)


def _granted(part: Wish, alone: Message, context: Context, one_wish: Serve) -> Turn:
    try:
        return one_wish(alone, Dialog(), replace(context, heard=part.heard))
    except DomainError as no:
        raise Refusal(part.text, no) from no


def again(matter: Matter, message: Message, context: Context, one_wish: Serve, refused: Refused) -> Turn:
    """A wish that had to wait, served now.

    Raises:
        Refusal: a rule said no to it.
    """
    assert matter.wish is not None
    said = context.texts.say("common.next", 另一件=wording.shorten(matter.wish.text, 20))
    if matter.wish.text in refused:
        return Turn((said, refused[matter.wish.text]))
    alone = replace(message, text=matter.wish.text, media=(), place=None)
    turn = _granted(matter.wish, alone, context, one_wish)
    return replace(turn, texts=(said, *turn.texts))


def _is_for_people(part: Wish, context: Context) -> bool:
    """Whether people will read it: they need all that was said."""
    card = context.office.intents.get(part.heard.intent)
    return card is not None and card.service == "转人工"


def _counts(part: Wish) -> bool:
    return part.heard.decision is not Decision.UNKNOWN


def _together(told: Sequence[Turn], said: Sequence[str], later: Sequence[Matter], context: Context) -> Turn:
    """Answers first, then the first question; other questions wait behind it."""
    words = dict(zip(map(id, told), said, strict=True))
    asking = [turn for turn in told if asks(turn.dialog)]
    open_at = asking[0] if asking else next((turn for turn in reversed(told) if turn.dialog.form), told[-1])
    urgent = next((turn for turn in told if turn.dialog.answers.get("urgent")), None)
    open_at = urgent or open_at
    if asking or urgent or open_at.choices:
        texts = [text for turn in told if turn is not open_at and turn not in asking for text in _said(turn)]
        texts = [*open_at.texts, *texts] if urgent else [*texts, *open_at.texts]
    else:
        texts = [text for turn in told for text in turn.texts]
    matters = [_unseen(turn, words[id(turn)]) for turn in asking if turn is not open_at] + list(later)
    if matters and (asks(open_at.dialog) or open_at.choices or urgent):
        key = "common.second_urgent" if urgent else "common.second"
        others = "」「".join(wording.shorten(one.about, 20) for one in matters)
        at = (
            len(texts) - len(open_at.texts) if open_at.choices else len(texts)
        )  # numbers follow their question
        texts.insert(at, context.texts.say(key, 另一件=others))
    asked = open_at.texts[-1][:600] if asks(open_at.dialog) and open_at.texts else ""
    also = next((t for t in told if t is not open_at and t.dialog.form and not asks(t.dialog)), None)
    frame = replace(Frame.of(open_at.dialog), asked=asked)
    if also is not None and also.dialog.form != FILED:
        frame = replace(frame, also=Matter(replace(also.dialog, around={})))
    dialog = frame.around(open_at.dialog)
    return parking.wait(Turn(tuple(texts), dialog, open_at.choices), *matters)


def _said(turn: Turn) -> tuple[str, ...]:
    """The texts of an answer that is not the last one: its choices cannot be picked by number here."""
    if not turn.choices:
        return turn.texts
    listed = "\n".join(f"· {choice.label}" for choice in turn.choices)
    return (*turn.texts[:-1], f"{turn.texts[-1] if turn.texts else ''}\n{listed}".strip())


def _unseen(turn: Turn, said: str) -> Matter:
    frame = Frame.of(turn.dialog)
    choices = turn.choices or turn.dialog.choices
    dialog = replace(turn.dialog, around={}, choices=choices)
    return Matter(dialog, "\n\n".join(turn.texts)[:600], frame.begun, seen=False, said=said)


def _bytes(told: Sequence[Turn]) -> int:
    return sum(len(text.encode()) for turn in told for text in turn.texts)
