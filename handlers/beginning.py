"""Something new, whatever is open: which service begins, or what to say when none fits."""

import re
from dataclasses import replace

from handlers import activity, filed, following, lost, parking, rating, talk, ticket, voice
from handlers.context import Context
from handlers.frame import LOST, Frame
from handlers.message import Dialog, Kind, Message, Turn
from handlers.registry import SERVICES
from models.ticket import OPEN
from nlp.understanding import Decision

_ACK = re.compile(r"^(好|好吧|好的|行|行吧|哦+|噢+|嗯+|知道了|晓得了|要得|ok|OK)[。！!～~]*$")
_SHORT_NUMBER = re.compile(r"^0\d{3}$")
_GO_ON = re.compile(r"^(继续|接着办|接着说)[。！!]*$")
_MENU = re.compile(r"^(菜单|帮助|功能|怎么用|你能做什么|你会什么|\?|？|help)$", re.IGNORECASE)
_REPORT_INTENT = "file_request"
_REOPEN = re.compile(r"^(重新办理|重办|再办一次)")


def new(message: Message, dialog: Dialog, frame: Frame, draft: Dialog | None, context: Context) -> Turn:
    """Something new, whatever is open."""
    words = message.text.strip()
    if _GO_ON.match(words):
        if frame.waiting:
            return Turn((context.texts.say("common.go_on"),))
        if draft is None:
            return Turn((talk.say("common.no_draft", context),))
        return _resume(message, draft, context)
    return begun(_beginning(message, dialog, frame, context), message.id)


def begun(turn: Turn, message_id: str) -> Turn:
    """Remember with which message the matter began: 「不是这个意思」 goes back to it."""
    if not turn.dialog.form:
        return turn
    inside = Frame.of(turn.dialog)
    return (
        turn if inside.begun else replace(turn, dialog=replace(inside, begun=message_id).around(turn.dialog))
    )


def _beginning(message: Message, dialog: Dialog, frame: Frame, context: Context) -> Turn:
    words = message.text.strip()
    if message.kind is Kind.VOICE and not words:
        return voice.unheard(message, context)
    if (message.media and message.kind is not Kind.VOICE) or message.place is not None:
        return _shown(message, dialog, context)
    if not words:
        return Turn((context.texts.say("common.sticker"),))
    if _SHORT_NUMBER.match(words):
        turn = ticket.status(message, Dialog(), context)
        assert turn is not None
        return turn
    if _MENU.match(words):
        return talk.menu(message, dialog, context)
    turn = activity.answer_offer(message, dialog, context)
    if turn is not None:
        return turn
    if rating.sounds(words, message, context):
        turn = rating.rate(message, dialog, context)
        if turn is not None:
            return turn
    if following.APPEAL.match(words):
        turn = following.appeal(message, Dialog(), context)
        assert turn is not None
        return turn
    if following.UNFOLLOW.match(words):
        return following.unfollow(message, context)
    if following.FOLLOW.match(words) and (turn := following.follow(message, context)) is not None:
        return turn
    if _REOPEN.match(words):
        turn = rating.reopen(message, Dialog(), context)
        assert turn is not None
        return turn
    return _served(message, dialog, frame, context)


def _resume(message: Message, draft: Dialog, context: Context) -> Turn:
    """Take up a dialog that fell asleep, as if the person had just come back to it."""
    turn = parking.resumed(draft)
    return turn if turn is not None else Turn((talk.say("common.no_draft", context),))


def _shown(message: Message, dialog: Dialog, context: Context) -> Turn:
    """A photo or a place without a word: for the ticket that is open, or the beginning of a new one."""
    going = [t for t in context.desk.tickets_of(message.person) if t.state in OPEN]
    if dialog.form == "shown" or not going:
        turn = SERVICES["报事"].run(message, Dialog(), context)
        assert turn is not None
        return turn
    return filed.add_or_new(going[0], message, context)


def _first_time(message: Message, context: Context) -> bool:
    """「5栋电梯坏了两天了，快点来修嘛」 of somebody who has nothing to be urged: he reports it, in a hurry."""
    heard = context.heard
    likely = dict(heard.alternatives).get(_REPORT_INTENT, 0.0)
    named = bool(heard.slots.get("building") or heard.slots.get("place"))
    return (
        named and likely >= 0.25 and not any(t.state in OPEN for t in context.desk.tickets_of(message.person))
    )


def _served(message: Message, dialog: Dialog, frame: Frame, context: Context) -> Turn:
    heard, office = context.heard, context.office
    card = office.intents.get(heard.intent)
    if card is not None and card.service == "催办" and _first_time(message, context):
        context = replace(context, heard=replace(heard, intent=_REPORT_INTENT, decision=Decision.SURE))
        turn = SERVICES["报事"].run(message, Dialog(), context)
        assert turn is not None
        return turn
    if heard.decision is Decision.SURE and card is not None and card.service in SERVICES:
        said = dialog if dialog.form == LOST else Dialog()  # 「转人工」 hands on what was not understood
        turn = SERVICES[card.service].run(message, said, context)
        if turn is not None:
            return turn
    turn = lost.unsure(message, dialog, frame, context)
    if turn is not None:
        return turn
    if _ACK.match(message.text.strip()):
        return Turn((context.texts.say("common.ok"),))
    if "phone" in heard.slots or heard.intent == "supplement":  # probably more about what is going on
        going = [t for t in context.desk.tickets_of(message.person) if t.state in OPEN]
        if going and len(message.text.strip()) >= 4:
            return filed.add_or_new(going[0], message, context)
    return lost.lost(message, dialog, frame, context)
