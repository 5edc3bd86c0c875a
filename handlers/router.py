"""One message in, one turn out: which form goes on, which service begins, what to say when neither fits."""

import re
from dataclasses import replace

from handlers import (
    absence,
    activity,
    beginning,
    correction,
    emergency,
    filed,
    home,
    lost,
    parking,
    second_thoughts,
    talk,
    ticket,
    voice,
    wishes,
    wording,
    worker,
    worker_link,
    worker_photos,
)
from handlers.context import Context, Role
from handlers.draft import FORM as REPORT
from handlers.frame import MOST_WAITING, Frame, Matter, framed
from handlers.message import Dialog, Kind, Media, Message, Turn
from handlers.registry import FORMS, SERVICES, WORKER_FORMS
from handlers.ticket_words import who_may
from models.errors import DomainError
from models.ticket import OPEN, Actor, State
from nlp.understanding import Decision

_DROP = re.compile(r"^(算了|取消|返回|退出|不弄了|不说了|不是这个意思|停|重新开始)[。！!]*$")
_LEAVE = re.compile(r"^(返回|退出|停|重新开始)")  # leaves the talk; never a ticket
_BARE = re.compile(r"^(\d{1,2}|[一二三]|好的?|是的?|对的?|要得|嗯+|行|提交|算了|取消)[。！!]*$")
_ABOUT_US = re.compile(r"^(我要|我想)?(投诉|举报)(你们?|社区|网格员|微网格员|工作人员|这个机器人)")
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
    turn = _heard(message, dialog, draft if slept else None, draft, context)
    if too_long:
        turn = replace(turn, texts=(*turn.texts, context.texts.say("common.too_long")))
    if slept and draft is not None and draft.form == REPORT and not turn.dialog.form and turn.texts:
        said = wording.situation(str(draft.answers.get("text", "")) or "刚才那件事", 20)
        turn = replace(turn, texts=(*turn.texts, context.texts.say("common.draft", 情况=said)))
    return turn


def _heard(
    message: Message, dialog: Dialog, fell_asleep: Dialog | None, draft: Dialog | None, context: Context
) -> Turn:
    """The turn with all that waits around it; of several wishes those that a rule refuses cost the others nothing."""
    frame, bare = Frame.of(dialog), replace(dialog, around={}) if dialog.around else dialog
    refused: dict[str, str] = {}
    for _ in range(MOST_WAITING + 1):
        try:
            turn = _respond(message, bare, frame, draft, context, refused)
            turn = framed(turn, bare, frame)
            if fell_asleep is not None and parking.replaced(fell_asleep, turn):
                # A new report begins: the one that fell asleep comes after it.
                turn = parking.wait(turn, Frame.of(fell_asleep).matter(fell_asleep))
            return parking.settle(turn, context, lambda one: _later(one, message, context, refused))
        except wishes.Refusal as refusal:
            context.desk.undo()
            refused[refusal.said] = _refusal(refusal.rule, context)
        except DomainError as refusal:
            context.desk.undo()
            turn = Turn((_refusal(refusal, context),))
            if bare.form == REPORT:  # what was told so far is not lost by it
                turn = parking.wait(turn, frame.matter(bare))
            return parking.settle(
                framed(turn, bare, frame), context, lambda one: _tried(one, message, context)
            )
    raise AssertionError("more wishes refused than a message holds")


def _later(matter: Matter, message: Message, context: Context, refused: wishes.Refused) -> Turn:
    """A wish that has waited for the first one of its message."""

    def alone(message: Message, dialog: Dialog, context: Context) -> Turn:
        return beginning.begun(beginning.new(message, dialog, Frame(), None, context), matter.begun)

    return wishes.again(matter, message, context, alone, refused)


def _tried(matter: Matter, message: Message, context: Context) -> Turn:
    """The same where nothing else was done that a refusal could take away."""
    try:
        return _later(matter, message, context, {})
    except wishes.Refusal as refusal:
        context.desk.undo()
        return Turn((_refusal(refusal.rule, context),))


def _refusal(refusal: DomainError, context: Context) -> str:
    places = dict(refusal.places)
    if places.get("状态") in list(State):
        places["状态"] = wording.STATES[State(str(places["状态"]))]
    who = places.get("谁")
    if isinstance(who, tuple):  # said by name, as the ticket knows them
        named = context.desk.find_ticket(str(places.get("编号", "")))
        if named is not None:
            places["谁"] = who_may(named, (Actor(one) for one in who), context.desk)
    key = refusal.code if refusal.code in context.texts else f"error.{refusal.code}"
    return talk.say(key, context, **places)


def _respond(
    message: Message,
    dialog: Dialog,
    frame: Frame,
    draft: Dialog | None,
    context: Context,
    refused: wishes.Refused,
) -> Turn:
    picked = _pick(message, dialog)
    if picked is not None:
        message = replace(message, text=picked, kind=Kind.TEXT)
    if context.role is Role.WORKER:
        away = absence.absence(message, context)
        if away is not None:
            return away
        linked = worker_link.at_work(message, context)
        if linked is not None:
            return replace(linked, dialog=dialog)
        form = WORKER_FORMS.get(dialog.form)
        turn = form(message, dialog, context) if form is not None else None
        turn = turn or worker_photos.photo(message, dialog, context)
        return turn if turn is not None else worker.work(message, dialog, context)
    if message.kind is Kind.EVENT:
        return _event(message, context)
    message, context = correction.meant(message, context)
    return _resident(message, dialog, frame, draft, context, refused)


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
    if message.event == "user_authorization_revoke":  # the consent is withdrawn: the cases stay (R11)
        for door in context.desk.homes_of(message.person):
            context.desk.unbind(message.person, door.household_id)
        context.desk.detach_person(message.person)
        return Turn()
    if message.event == "click" and message.event_key:
        card = context.office.intents.get(message.event_key)
        if card is not None and card.service in SERVICES:
            heard = replace(context.heard, intent=message.event_key, decision=Decision.SURE)
            turn = SERVICES[card.service].run(message, Dialog(), replace(context, heard=heard))
            return turn if turn is not None else talk.menu(message, Dialog(), context)
        return talk.menu(message, Dialog(), context)
    return Turn()


def _resident(
    message: Message,
    dialog: Dialog,
    frame: Frame,
    draft: Dialog | None,
    context: Context,
    refused: wishes.Refused,
) -> Turn:
    heard = context.heard
    linked = worker_link.in_public(message, context)
    if linked is not None:
        return replace(linked, dialog=dialog)
    own_door = home.home(message, context)  # before all: 「绑定」 alone sounds like violence
    if own_door is not None:
        return parking.aside(own_door, dialog, frame, context)
    spoken = message.kind in (Kind.TEXT, Kind.VOICE)
    if spoken and heard.wishes:
        turn = _several(message, dialog, frame, draft, context, refused)
        if turn is not None:
            return turn
    if heard.emergency and spoken:
        turn = emergency.emergency(message, Dialog(), context)
        assert turn is not None
        return parking.aside(turn, dialog, frame, context)
    if _ABOUT_US.match(message.text.strip()):  # not a matter for the worker whom it is about
        return parking.aside(talk.human(message, Dialog(), context), dialog, frame, context)
    if spoken:
        turn = second_thoughts.about_the_talk(message, dialog, frame, context)
        if turn is not None:
            return turn
    if frame.also is not None and spoken and not _BARE.match(message.text.strip()):
        also = frame.also.dialog  # 「那8月呢」 about an answer that was given in between
        turn = _FORMS[also.form](message, also, context) if also.form in _FORMS else None
        if turn is not None:
            return parking.aside(turn, dialog, frame, context)
    if dialog.form in _OWN_NO:  # 「取消」 then has a meaning of its own, not just the end of the dialog
        turn = _FORMS[dialog.form](message, dialog, context)
        if turn is not None:
            return turn
        if dialog.form == REPORT:  # something else comes in between: the report waits
            turn = _fresh(message, Dialog(), frame, draft, context)
            return parking.aside(turn, dialog, frame, context)
    return _fresh(message, dialog, frame, draft, context)


def _several(
    message: Message,
    dialog: Dialog,
    frame: Frame,
    draft: Dialog | None,
    context: Context,
    refused: wishes.Refused,
) -> Turn | None:
    """Every wish of the message; its first part may answer what is open."""

    def alone(message: Message, dialog: Dialog, context: Context) -> Turn:
        return _resident(message, dialog, Frame(), draft, context, {})

    answers = None
    first = context.heard.wishes[0]
    open_form = _FORMS.get(dialog.form)
    if open_form is not None and not first.heard.emergency:
        picked = _pick(replace(message, text=first.text), dialog)
        said = replace(message, text=picked or first.text)
        answers = open_form(said, dialog, replace(context, heard=first.heard))
    turn = wishes.serve(message, context, answers, alone, refused)
    if turn is None or answers is not None:
        return turn
    return parking.aside(turn, dialog, frame, context)


def _fresh(message: Message, dialog: Dialog, frame: Frame, draft: Dialog | None, context: Context) -> Turn:
    """A message that no form with a will of its own has taken."""
    words = message.text.strip()
    asks_off = _DROP.match(words) or filed.SUPPLEMENT.match(words)
    going = [t for t in context.desk.tickets_of(message.person) if t.state in OPEN] if asks_off else []
    if going and filed.SUPPLEMENT.match(words):
        turn = ticket.supplement(message, Dialog(), context)
        assert turn is not None
        return turn
    if going and not dialog.form and not _LEAVE.match(words):
        turn = ticket.cancel(message, Dialog(), context)
        assert turn is not None
        return turn
    if _DROP.match(words):
        return Turn((talk.say("common.dropped" if dialog.form else "common.nothing_open", context),))
    if dialog.form == "ask" and words in ("都不是", "不是"):
        lost.remember(str(dialog.answers.get("said", "")), context)
        return talk.menu(message, dialog, context)
    form = _FORMS.get(dialog.form)
    if form is not None and dialog.form not in _OWN_NO:
        turn = form(message, dialog, context)
        if turn is not None:
            return turn
    return parking.aside(beginning.new(message, dialog, frame, draft, context), dialog, frame, context)


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
    turn = SERVICES[card.service].run(said, Dialog(), replace(context, heard=heard))
    return beginning.begun(turn, "") if turn is not None else None


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
            turn = _fresh(message, Dialog(), Frame(), None, context)
            return replace(turn, texts=(*(first.texts if first else ()), *turn.texts))
        return FORMS[REPORT](message, Dialog(REPORT, answers), context)
    if context.heard.intent == "supplement":
        return _shown_what(replace(message, text="1"), dialog, context)
    return None


_FORMS = {**FORMS, "ask": _asked, "shown": _shown_what, voice.FORM: voice.typed}
_OWN_NO = frozenset({activity.AFTER_SIGN_UP, REPORT, filed.FORM, "cancel", "rate.reopen"})
