"""Right after a ticket was filed: the place that was missing, more photos, more words, second thoughts."""

import re
from typing import Any

from handlers import following, wording
from handlers.context import Context, Handler
from handlers.draft import NEAR, without_place
from handlers.home import YES_HOME, door, own_home
from handlers.message import Dialog, Kind, Message, Turn
from handlers.ticket import ask_cancel, proofs_of, supplement
from handlers.ticket_words import locate, person, placed, places
from models.ticket import OPEN, Actor, Step, Ticket, Urgency
from nlp.understanding import Decision

FORM = "filed"
_CANCEL = re.compile(r"^(取消|算了|不用了?|撤销?|误报|不用来了|没事了)(吧|嘛|哈|了)*[。！!]*$")
_THANKS = re.compile(r"^(好|好的|要得|嗯+|行|知道了|晓得了|收到|ok|OK|哦+)(哈|嘛|了)*[。！!～~]*$")
SUPPLEMENT = re.compile(r"^(我要|我想|我|再)?(补充|追加)[\s，,：:一]*(?=.{2})")
_CORRECTS = re.compile(r"^(不是|不对|说错|写错|搞错|错了).{2,}")
_ELSE = re.compile(r"^(继续|接着办|接着说|0\d{3})[。！!]*$")
_MORE = frozenset({"", "supplement", "emergency"})
_SHORT = 40


def filed(message: Message, dialog: Dialog, context: Context) -> Turn | None:
    """None when the words are about something else."""
    ticket = context.desk.find_ticket(str(dialog.answers["number"]), reporter=message.person)
    if ticket is None or ticket.state not in OPEN:
        return None
    words, urgent = message.text.strip(), ticket.urgency is Urgency.EMERGENCY
    here = Dialog(FORM, dict(dialog.answers))
    if message.kind is Kind.VOICE and not words and not message.media:
        return Turn((context.texts.say("common.voice_unheard"),), here)
    if _ELSE.match(words) or following.ABOUT.match(words):
        return None
    if urgent and not ticket.building and YES_HOME.match(words):
        home = own_home(message.person, context)
        if home is not None:
            return _located(ticket, message, here, context, door(home, "room"))
    if message.kind in (Kind.TEXT, Kind.VOICE):
        if _CANCEL.match(words):
            return ask_cancel(ticket, message, context)
        if _THANKS.match(words):
            return Turn((context.texts.say("filed.ok", 网格员=person(ticket, context)),), here)
    if _names_place(ticket, message, context):
        return _located(ticket, message, here, context)
    if (message.media and (message.kind is not Kind.VOICE or not words)) or message.place is not None:
        turn = supplement(message, Dialog("supplement", {"number": ticket.number}), context)
        kept = (context.texts.say("common.voice_kept"),) if message.kind is Kind.VOICE else ()
        return Turn((*kept, *turn.texts), here) if turn is not None else None
    if not words:
        return None
    if _about_this(ticket, message, context):
        if (
            urgent
            or SUPPLEMENT.match(words)
            or _CORRECTS.match(words)
            or (context.heard.intent == "supplement" and context.heard.decision is Decision.SURE)
        ):
            turn = supplement(message, Dialog("supplement", {"number": ticket.number}), context)
            return Turn(turn.texts, here) if turn is not None else None
        return add_or_new(ticket, message, context)
    return None


def _names_place(ticket: Ticket, message: Message, context: Context) -> bool:
    """A place, and hardly anything else, for a ticket that lacks one or part of one."""
    found = places(context.heard.slots)
    if message.place is not None:
        return not ticket.building and ticket.latitude is None
    rest = without_place(message.text.strip())
    if message.kind not in (Kind.TEXT, Kind.VOICE) or (
        rest and (found or ticket.building) and not NEAR.match(rest)
    ):
        return False
    if found:
        return not ticket.building or (found["building"] == ticket.building and len(message.text) <= _SHORT)
    if not ticket.building:
        return "place" in context.heard.slots and len(message.text.strip()) <= _SHORT
    return bool(context.heard.slots.get("unit") or context.heard.slots.get("room"))


def _located(
    ticket: Ticket, message: Message, here: Dialog, context: Context, home: dict[str, str] | None = None
) -> Turn:
    desk, slots = context.desk, context.heard.slots
    found = home or placed(message, context)
    label = message.place.label if message.place else message.text.strip()
    if not found and ticket.building:
        found = {
            "building": ticket.building,
            "unit": slots.get("unit", "") or ticket.unit,
            "room": slots.get("room", "") or ticket.room,
        }
    if not found:
        found = {"place_text": wording.shorten(label, 60)}
    elif home is None and not found.get("place_text"):
        rest = "" if message.place else without_place(message.text.strip())
        found = {**found, "place_text": rest if 2 <= len(rest) <= 8 else ""}
    had_grid = ticket.grid_code
    locate(ticket, found, desk)
    if message.place is not None:
        ticket.latitude, ticket.longitude = message.place.latitude, message.place.longitude
    desk.move_ticket(
        ticket,
        Step.SUPPLEMENT,
        actor=message.person,
        role=Actor.REPORTER,
        payload={"located": True, "text": label, "first": not had_grid},
    )
    key = "emergency.located" if ticket.urgency is Urgency.EMERGENCY else "filed.located"
    if not ticket.grid_code:
        key = "filed.still_unlocated"
    said = context.texts.say(
        key,
        地点=wording.place(ticket),
        网格员=person(ticket, context),
        编号=ticket.number,
        值班电话=context.office.phone,
    )
    return Turn((said,), here)


def _about_this(ticket: Ticket, message: Message, context: Context) -> bool:
    """Words that the bot does not surely take for another wish."""
    heard = context.heard
    if heard.decision is Decision.ASK and heard.intent not in (*_MORE, "file_request"):
        return False
    if heard.decision is Decision.SURE and heard.intent == "file_request":
        # Another building is another matter; without a place it may be either, so ask.
        found = places(heard.slots)
        return not found or found["building"] == ticket.building
    return heard.decision is not Decision.SURE or heard.intent in _MORE


def add_or_new(ticket: Ticket, message: Message, context: Context) -> Turn:
    """「这是要补充，还是新报一件？」 with what was said kept for either."""
    answers: dict[str, Any] = {
        "number": ticket.number,
        "said_at": message.sent_at.isoformat(),
        "proofs": [[p.kind, p.message_id, p.media_id, p.url] for p in proofs_of(message)],
        "slots": dict(context.heard.slots),
    }
    if message.kind is not Kind.LOCATION and message.text.strip():
        answers["text"] = message.text.strip()[:500]
    if message.place is not None:
        answers |= {"latitude": message.place.latitude, "longitude": message.place.longitude}
        answers |= {"place_text": message.place.label}
    question = context.texts.say(
        "report.add_or_new", 编号=ticket.number, 情况=wording.situation(ticket.text, 20)
    )
    return Turn((question,), Dialog("shown", answers))


FORMS: dict[str, Handler] = {FORM: filed}
