"""A voice note that could not be turned into words: kept, and one question asked about it."""

from dataclasses import replace

from handlers import filed, report
from handlers.context import Context
from handlers.draft import FORM as REPORT
from handlers.draft import Draft
from handlers.message import Dialog, Message, Turn
from models.ticket import OPEN
from nlp.understanding import Decision

FORM = "voice"
_MORE = frozenset({"file_request", "supplement"})


def unheard(message: Message, context: Context) -> Turn:
    """With a ticket going: does it belong there? Without one: what is it about?"""
    going = [t for t in context.desk.tickets_of(message.person) if t.state in OPEN]
    if going and message.media:
        turn = filed.add_or_new(going[0], message, context)
        return replace(turn, texts=(context.texts.say("common.voice_kept"), *turn.texts))
    kept = [[m.kind.value, message.id, m.media_id, m.url] for m in message.media]
    here = Dialog(FORM, {"proofs": kept, "said_at": message.sent_at.isoformat()}) if kept else Dialog()
    return Turn((context.texts.say("common.voice_unheard"),), here)


def typed(message: Message, dialog: Dialog, context: Context) -> Turn | None:
    """What was typed after it: a report takes the voice note with it, anything else goes its own way."""
    heard = context.heard
    if heard.decision is Decision.UNKNOWN or heard.intent not in _MORE or not message.text.strip():
        return None
    draft = Draft.of({**dialog.answers, "origin": message.origin})
    begun = Dialog(REPORT, draft.as_answers())
    sure = replace(heard, decision=Decision.SURE, intent="file_request")
    return report.report(message, begun, replace(context, heard=sure))
