"""One message in, one turn out: which form goes on, which service begins, what to say when neither fits."""

import re
from dataclasses import replace

from handlers import (
    absence,
    activity,
    emergency,
    filed,
    home,
    parking,
    rating,
    talk,
    ticket,
    wishes,
    wording,
    worker,
    worker_photos,
)
from handlers.context import Context, Role
from handlers.message import Choice, Dialog, Kind, Media, Message, Turn
from handlers.registry import FORMS, SERVICES, WORKER_FORMS
from handlers.report import FORM as REPORT
from models.errors import DomainError
from models.ticket import OPEN, State
from nlp.understanding import Decision

_DROP = re.compile(r"^(算了|取消|返回|退出|不弄了|不说了|不是这个意思|停|重新开始)[。！!]*$")
_ABOUT_US = re.compile(r"^(我要|我想)?(投诉|举报)(你们?|社区|网格员|微网格员|工作人员|这个机器人)")
_ACK = re.compile(r"^(好|好吧|好的|行|行吧|哦+|噢+|嗯+|知道了|晓得了|要得|ok|OK)[。！!～~]*$")
_SHORT_NUMBER = re.compile(r"^0\d{3}$")
_GO_ON = re.compile(r"^(继续|接着办|接着说)[。！!]*$")
_MENU = re.compile(r"^(菜单|帮助|功能|怎么用|你能做什么|你会什么|\?|？|help)$", re.IGNORECASE)
_REOPEN = re.compile(r"^(重新办理|重办|再办一次)")
_NUMBERED = re.compile(r"^[第（(]?(?P<number>\d{1,2}|[一二三四五六七八])[)）个、.。]?$")
_CHINESE = {word: number for number, word in enumerate("一二三四五六七八", start=1)}
MAX_TEXT = 1000


def respond(message: Message, dialog: Dialog, draft: Dialog | None, slept: bool, context: Context) -> Turn:
    """What to answer, and where the dialog stands then; a refused rule becomes words here.

    `draft` is a dialog that fell asleep and can be taken up by 「继续」; `slept` says that it just did, so the
    person is reminded of it once.
    """
    too_long = len(message.text) > MAX_TEXT
    if too_long:
        message = replace(message, text=message.text[:MAX_TEXT])
    dialog, parked = parking.split(dialog)
    try:
        turn = _respond(message, dialog, draft, context)
    except DomainError as refusal:
        context.desk.undo()
        turn = Turn((_refusal(refusal, context),))
    if slept and draft is not None and parking.replaced(draft, turn):
        parked = draft  # a new report begins: the one that fell asleep comes after it
    turn = parking.join(turn, parked, context)
    if too_long:
        turn = replace(turn, texts=(*turn.texts, context.texts.say("common.too_long")))
    if slept and draft is not None and draft.form == REPORT and not turn.dialog.form and turn.texts:
        said = wording.situation(str(draft.answers.get("text", "")) or "刚才那件事", 20)
        turn = replace(turn, texts=(*turn.texts, context.texts.say("common.draft", 情况=said)))
    return turn


def _refusal(refusal: DomainError, context: Context) -> str:
    places = dict(refusal.places)
    if places.get("状态") in list(State):
        places["状态"] = wording.STATES[State(str(places["状态"]))]
    key = refusal.code if refusal.code in context.texts else f"error.{refusal.code}"
    return talk.say(key, context, **places)


def _respond(message: Message, dialog: Dialog, draft: Dialog | None, context: Context) -> Turn:
    picked = _pick(message, dialog)
    if picked is not None:
        message = replace(message, text=picked, kind=Kind.TEXT)
    if context.role is Role.WORKER:
        away = absence.absence(message, context)
        if away is not None:
            return away
        form = WORKER_FORMS.get(dialog.form)
        turn = form(message, dialog, context) if form is not None else None
        turn = turn or worker_photos.photo(message, dialog, context)
        return turn if turn is not None else worker.work(message, dialog, context)
    if message.kind is Kind.EVENT:
        return _event(message, context)
    return _resident(message, dialog, draft, context)


def _pick(message: Message, dialog: Dialog) -> str | None:
    """「2」 after a list of choices means what the second choice says."""
    if not dialog.choices or message.kind not in (Kind.TEXT, Kind.VOICE):
        return None
    words = message.text.strip()
    found = _NUMBERED.match(words)
    if found is not None:
        number = _CHINESE.get(found["number"]) or int(found["number"])
        return dialog.choices[number - 1].say if 1 <= number <= len(dialog.choices) else None
    return next((choice.say for choice in dialog.choices if words in (choice.label, choice.say)), None)


def _event(message: Message, context: Context) -> Turn:
    if message.event == "subscribe":
        return talk.welcome(context)
    if message.event == "click" and message.event_key:
        card = context.office.intents.get(message.event_key)
        if card is not None and card.service in SERVICES:
            heard = replace(context.heard, intent=message.event_key, decision=Decision.SURE)
            turn = SERVICES[card.service].run(message, Dialog(), replace(context, heard=heard))
            return turn if turn is not None else talk.menu(message, Dialog(), context)
        return talk.menu(message, Dialog(), context)
    return Turn()


def _resident(message: Message, dialog: Dialog, draft: Dialog | None, context: Context) -> Turn:
    heard = context.heard
    own_door = home.home(message, context)  # before all: 「绑定」 alone sounds like violence
    if own_door is not None:
        return parking.join(own_door, dialog if dialog.form == REPORT else None, context)
    if heard.emergency and message.kind in (Kind.TEXT, Kind.VOICE):
        turn = emergency.emergency(message, Dialog(), context)
        assert turn is not None
        return parking.join(turn, dialog if dialog.form == REPORT else None, context)
    if _ABOUT_US.match(message.text.strip()):  # not a matter for the worker whom it is about
        parked = dialog if dialog.form == REPORT else None
        return parking.join(talk.human(message, Dialog(), context), parked, context)
    if dialog.form in _OWN_NO:  # 「取消」 then has a meaning of its own, not just the end of the dialog
        turn = _FORMS[dialog.form](message, dialog, context)
        if turn is not None:
            return turn
        if dialog.form == REPORT:  # something else comes in between: the report waits
            return parking.join(_fresh(message, Dialog(), draft, context), dialog, context)
    return _fresh(message, dialog, draft, context)


def _fresh(message: Message, dialog: Dialog, draft: Dialog | None, context: Context) -> Turn:
    """A message that no form with a will of its own has taken."""
    words = message.text.strip()
    asks = _DROP.match(words) or filed.SUPPLEMENT.match(words)
    going = [t for t in context.desk.tickets_of(message.person) if t.state in OPEN] if asks else []
    if going and filed.SUPPLEMENT.match(words):
        turn = ticket.supplement(message, Dialog(), context)
        assert turn is not None
        return turn
    if going and not dialog.form:
        turn = ticket.cancel(message, Dialog(), context)
        assert turn is not None
        return turn
    if _DROP.match(words):
        return Turn((talk.say("common.dropped" if dialog.form else "common.nothing_open", context),))
    if dialog.form == "ask" and words in ("都不是", "不是"):
        return talk.menu(message, dialog, context)
    form = _FORMS.get(dialog.form)
    if form is not None and dialog.form not in _OWN_NO:
        turn = form(message, dialog, context)
        if turn is not None:
            return turn
    if _GO_ON.match(words):
        if draft is None:
            return Turn((talk.say("common.no_draft", context),))
        return _resume(message, draft, context)
    if message.kind is Kind.VOICE and not words:
        return Turn((talk.say("common.voice_unheard", context),))
    if message.media or message.place is not None:
        return _shown(message, dialog, context)
    if not words:
        return Turn((talk.say("common.sticker", context),))
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
    if _REOPEN.match(words):
        turn = rating.reopen(message, Dialog(), context)
        assert turn is not None
        return turn
    return _served(message, dialog, context)


def _resume(message: Message, draft: Dialog, context: Context) -> Turn:
    """Take up a dialog that fell asleep, as if the person had just come back to it."""
    form = _FORMS.get(draft.form)
    turn = form(replace(message, text="", kind=Kind.TEXT), draft, context) if form is not None else None
    return turn if turn is not None else Turn((talk.say("common.no_draft", context),))


def _shown(message: Message, dialog: Dialog, context: Context) -> Turn:
    """A photo or a place without a word: for the ticket that is open, or the beginning of a new one."""
    going = [t for t in context.desk.tickets_of(message.person) if t.state in OPEN]
    if dialog.form == "shown" or not going:
        turn = SERVICES["报事"].run(message, Dialog(), context)
        assert turn is not None
        return turn
    return filed.add_or_new(going[0], message, context)


def _served(message: Message, dialog: Dialog, context: Context) -> Turn:
    heard, office = context.heard, context.office
    card = office.intents.get(heard.intent)
    if heard.decision is Decision.SURE and card is not None and card.service in SERVICES:
        turn = SERVICES[card.service].run(message, Dialog(), context)
        if turn is not None:
            return wishes.remind(turn, message, card.service, context)
    if heard.decision is Decision.ASK:
        names = [heard.intent, *(intent for intent, _ in heard.alternatives)]
        cards = [(name, office.intents[name]) for name in dict.fromkeys(names) if name in office.intents][:2]
        if cards:
            key = "common.ask" if len(cards) == 2 else "common.ask_one"
            places = {"第一": cards[0][1].name} | ({"第二": cards[1][1].name} if len(cards) == 2 else {})
            question = talk.say(key, context, **places)
            choices = tuple(Choice(one.name, f"意图:{name}") for name, one in cards)
            return Turn(
                (question,), Dialog("ask", {"said": message.text, "slots": dict(heard.slots)}, choices)
            )
    if _ACK.match(message.text.strip()):
        return Turn((context.texts.say("common.ok"),))
    if "phone" in heard.slots or heard.intent == "supplement":  # probably more about what is going on
        going = [t for t in context.desk.tickets_of(message.person) if t.state in OPEN]
        if going and len(message.text.strip()) >= 4:
            return filed.add_or_new(going[0], message, context)
    if dialog.form in ("lost", "lost2"):
        return Turn((talk.say("common.lost_again", context),), Dialog("lost2", {"said": message.text[:200]}))
    return Turn((talk.say("common.lost", context),), Dialog("lost", {"said": message.text[:200]}))


def _asked(message: Message, dialog: Dialog, context: Context) -> Turn | None:
    """The answer to 「您是想…还是…？」: the words of before, with the intent that was picked."""
    if not message.text.startswith("意图:"):
        return None
    intent = message.text.removeprefix("意图:")
    card = context.office.intents.get(intent)
    if card is None or card.service not in SERVICES:
        return None
    said = replace(message, text=str(dialog.answers["said"]))
    heard = replace(
        context.heard, intent=intent, decision=Decision.SURE, slots=dialog.answers.get("slots", {})
    )
    return SERVICES[card.service].run(said, Dialog(), replace(context, heard=heard))


def _shown_what(message: Message, dialog: Dialog, context: Context) -> Turn | None:
    """「1 补充，2 新报」 after a photo, or after words that may be either."""
    words = message.text.strip()
    answers = dict(dialog.answers)
    number, said = str(answers.pop("number")), str(answers.get("text", ""))
    if words in ("1", "补充", "是补充"):
        known = Dialog("supplement", {"number": number})
        media = tuple(
            Media(Kind(proof[0]), proof[2], proof[3])
            for proof in answers["proofs"]
            if proof[0] != Kind.LOCATION.value
        )
        heard = replace(context.heard, decision=Decision.UNKNOWN, intent="")
        said_again = replace(message, text=said, media=media)
        return ticket.supplement(said_again, known, replace(context, heard=heard))
    if words in ("2", "新报", "新的", "新报一件"):
        slots = answers.pop("slots", {})
        heard = replace(context.heard, slots=slots, decision=Decision.SURE, intent="file_request")
        answers.pop("text", None)
        report = Dialog(REPORT, answers)
        return FORMS[REPORT](replace(message, text=said), report, replace(context, heard=heard))
    if message.media or message.place is not None:
        return None
    if context.heard.decision is Decision.SURE and context.heard.intent == "file_request":
        if said and context.heard.slots.get("building"):  # a place of its own: another matter
            first = _shown_what(replace(message, text="1", media=()), dialog, context)
            turn = _fresh(message, Dialog(), None, context)
            return replace(turn, texts=(*(first.texts if first else ()), *turn.texts))
        return FORMS[REPORT](message, Dialog(REPORT, answers), context)
    if context.heard.intent == "supplement":
        return _shown_what(replace(message, text="1"), dialog, context)
    return None


_FORMS = {**FORMS, "ask": _asked, "shown": _shown_what}
_OWN_NO = frozenset({activity.AFTER_SIGN_UP, REPORT, filed.FORM, "cancel", "rate.reopen"})
