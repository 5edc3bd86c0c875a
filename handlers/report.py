"""报事: from a sentence, a photo, a point on the map to a confirmed card and a number."""

import re
from dataclasses import replace
from datetime import datetime

from handlers import wording
from handlers.context import Context, Handler, Question, Service
from handlers.draft import FORM, Draft, listen
from handlers.filed import FORM as FILED
from handlers.following import JOIN, OWN, join, same_already
from handlers.home import YES_HOME, about_home, door, own_home
from handlers.message import Choice, Dialog, Kind, Message, Turn
from handlers.ticket_words import next_step, person, places, promised
from models.desk.ticket_steps import Proof
from models.desk.tickets import NewTicket
from models.ticket import OPEN, Stage, Ticket, Urgency
from nlp.understanding import Decision

_END = r"(了|吧|嘛|哈|啊|呀|咯|哦|[。！!～~，,\s])*$"
_YES = re.compile(
    rf"^(1|(嗯+|好|好的|对|对的|对头|行|可以)?[，,\s]*(确认|确定|提交|对|对的|对头|是|是的|好|好的|好嘞|可以|可以的|要得|行|得行|没错|没得错|没问题|"
    rf"就这样|就是这样|就这个|就是这个|嗯+|ok|OK)(提交|谢谢)?){_END}"
)
_CHANGE = re.compile(rf"^(2|修改|改|改一下|不对|错了|不是){_END}")
_DROP = re.compile(
    rf"^(3|(那|还是)?(不报了?|不用报?了?|算了?|取消|不提交|不要|撤回?|不弄|不说|不办)(不?报了?|吧|提交)?){_END}"
)

# What may follow an open card without being a new wish: more about the same thing.
_SAME = frozenset({"", "file_request", "supplement", "emergency"})
# Said by somebody who believes it is filed already.
_BELIEVES = frozenset({"urge", "request_status", "thanks"})


def report(message: Message, dialog: Dialog, context: Context) -> Turn | None:
    """Collect place and situation, show the card, file on confirmation; None when it is a new wish."""
    if dialog.form != FORM:
        draft = listen(Draft(said_at=message.sent_at.isoformat(), origin=message.origin), message, context)
        return _ask_or_show(draft, message, context)
    draft = Draft.of(dialog.answers)
    words = message.text.strip()
    spoken = message.kind in (Kind.TEXT, Kind.VOICE)
    if message.kind is Kind.VOICE and not words:
        draft = replace(listen(draft, message, context), asked=draft.asked)
        return Turn((context.texts.say("common.voice_unheard"),), Dialog(FORM, draft.as_answers()))
    if draft.asked == "地点" and spoken and YES_HOME.match(words):
        home = own_home(message.person, context)
        if home is not None:
            at_home = replace(draft.at(door(home, about_home(draft.text) or "unit")), home=True, asked="")
            return _ask_or_show(at_home, message, context)
    if draft.asked == "卡片" and spoken:
        if _YES.match(words):
            return _file(draft, message, context)
        if _CHANGE.match(words):
            draft = replace(draft, asked="修改")
            return Turn((context.texts.say("report.change"),), Dialog(FORM, draft.as_answers()))
    if draft.asked == "同类" and spoken:
        if OWN.match(words):
            return _filed(draft, message, context)
        if JOIN.match(words):
            return join(draft, message, context) or _filed(replace(draft, same=""), message, context)
    if spoken and ((_DROP.match(words) and (words != "3" or draft.asked == "卡片")) or _gives_up(context)):
        return Turn((context.texts.say("report.dropped"),))
    if spoken and _believes_filed(message, context):
        turn = _ask_or_show(replace(draft, asked=""), message, context)
        return replace(turn, texts=(context.texts.say("report.not_yet"), *turn.texts))
    if _starts_something_new(draft, message, context):
        return None
    return _ask_or_show(listen(draft, message, context), message, context)


def _gives_up(context: Context) -> bool:
    return context.heard.decision is Decision.SURE and context.heard.intent == "cancel"


def _believes_filed(message: Message, context: Context) -> bool:
    """「快点」「谢谢」 to an open card, by somebody who has nothing else going."""
    heard = context.heard
    if heard.decision is not Decision.SURE or heard.intent not in _BELIEVES or "ticket" in heard.slots:
        return False
    return heard.intent == "thanks" or not any(
        t.state in OPEN for t in context.desk.tickets_of(message.person)
    )


def _starts_something_new(draft: Draft, message: Message, context: Context) -> bool:
    heard = context.heard
    if message.kind not in (Kind.TEXT, Kind.VOICE) or heard.decision is not Decision.SURE:
        return False
    if heard.intent in _SAME or draft.asked == "电话":
        return False
    answered = listen(draft, message, context) if draft.asked == "地点" else draft
    return not (
        draft.asked == "地点" and (places(heard.slots) or (answered.has_place and not draft.has_place))
    )


def _ask_or_show(draft: Draft, message: Message, context: Context) -> Turn:
    texts = context.texts
    for question in _questions(context):
        if draft.asked == "电话" and question.kind == "电话":
            return _ask(draft, "电话", texts.say("report.bad_phone"))
        missing = {
            "地点": not draft.has_place,
            "文字": not draft.text,
            "电话": not draft.phone,
        }.get(question.kind, False)
        if not missing:
            if question.kind == "地点" and draft.building and not draft.estate:
                estates = [name for name in context.desk.estates_with(draft.building) if name]
                if len(estates) > 1:
                    return _which_estate(draft, estates, context)
                draft = replace(draft, estate=estates[0] if estates else "")
            continue
        home = own_home(message.person, context) if question.kind == "地点" else None
        if home is not None and draft.text and (how := about_home(draft.text)) and not draft.times:
            draft = replace(draft.at(door(home, how)), home=True)
            continue
        photos = sum(kind == "image" for kind, *_ in draft.proofs)
        if message.kind is Kind.IMAGE and not draft.text:
            key = "report.photo_first" if not draft.has_place else "report.what"
            if photos > 1:
                key = "report.photos_first"
            return _ask(draft, "文字", texts.say(key, 张数=photos) if photos > 1 else texts.say(key))
        if question.kind == "文字" and message.place is not None:
            return _ask(draft, "文字", texts.say("report.place_first", 地点=draft.place))
        ask = question.ask
        if question.kind == "地点" and draft.text and draft.times:
            ask = texts.say("report.where_again", 情况=wording.situation(draft.text, 24))
        if home is not None and draft.text:
            there = wording.place_of(home.estate, home.building, home.unit, "", "")
            ask = texts.say("home.offer", 问题=ask, 地点=there)
        return _ask(draft, question.kind, ask)
    return _card(draft, context)


def _questions(context: Context) -> tuple[Question, ...]:
    """The community's own questions; without any, place and situation are asked in our words."""
    card = context.office.intents.get("file_request")
    if card is not None and card.questions:
        return card.questions
    say = context.texts.say
    return (Question("地点", say("report.where"), "地点"), Question("情况", say("report.what"), "文字"))


def _ask(draft: Draft, kind: str, question: str) -> Turn:
    times = draft.times + (kind == "地点" and bool(draft.text))
    return Turn((question,), Dialog(FORM, replace(draft, asked=kind, times=times).as_answers()))


def _which_estate(draft: Draft, estates: list[str], context: Context) -> Turn:
    choices = tuple(Choice(f"{name}{draft.building}栋", f"{name}{draft.building}栋") for name in estates)
    question = context.texts.say("report.which_estate", 栋=draft.building)
    answers = replace(draft, asked="地点").as_answers()
    return Turn((question,), Dialog(FORM, answers, choices), choices)


def _card(draft: Draft, context: Context) -> Turn:
    photos = sum(kind == "image" for kind, *_ in draft.proofs)
    others = len(draft.proofs) - photos
    attached = (f"\n照片：{photos} 张" if photos else "") + (f"\n语音等附件：{others} 个" if others else "")
    text = context.texts.say(
        "report.card",
        地点=context.texts.say("home.card", 地点=draft.place) if draft.home else draft.place,
        情况=wording.situation(draft.text, 80),
        类别=context.desk.rules.category_of(draft.text),
        附件=attached,
    )
    return Turn((text,), Dialog(FORM, replace(draft, asked="卡片").as_answers()))


def new_ticket(draft: Draft, message: Message, context: Context, emergency: str = "") -> NewTicket:
    return NewTicket(
        reporter=message.person,
        text=draft.text,
        said_at=datetime.fromisoformat(draft.said_at),
        category=context.desk.rules.category_of(draft.text),
        urgency=Urgency.EMERGENCY if emergency else Urgency.NORMAL,
        emergency=emergency,
        estate=context.desk.estate_name(draft.estate),
        building=draft.building,
        unit=draft.unit,
        room=draft.room,
        place_text=draft.place_text,
        latitude=draft.latitude,
        longitude=draft.longitude,
        phone="" if draft.phone == "跳过" else draft.phone,
        source=message.channel,
        origin=draft.origin,
        proofs=tuple(Proof(*proof) for proof in draft.proofs),
        similar=draft.same,
    )


def _file(draft: Draft, message: Message, context: Context) -> Turn:
    """File it, unless a neighbour has reported the same: then the resident decides."""
    asked = same_already(draft, message, context)
    return asked if asked is not None else _filed(draft, message, context)


def _filed(draft: Draft, message: Message, context: Context) -> Turn:
    ticket = context.desk.file_ticket(new_ticket(draft, message, context))
    return Turn((filed_text(ticket, context),), Dialog(FILED, {"number": ticket.number}))


def filed_text(ticket: Ticket, context: Context) -> str:
    rule = context.desk.rule_for
    places_filled = {
        "编号": ticket.number,
        "地点": wording.place(ticket),
        "情况": wording.situation(ticket.text, 40),
        "类别": ticket.category,
        "网格员": person(ticket, context),
        "受理时限": promised(rule(ticket, Stage.ACCEPT)),
        "到场时限": promised(rule(ticket, Stage.ONSITE)),
        "办结时限": promised(rule(ticket, Stage.CLOSE)),
        "社区": context.office.name,
        "值班电话": context.office.phone,
        "下一步": next_step(ticket, context),
    }
    return context.texts.say(
        "report.filed" if ticket.grid_code else "report.filed_unlocated", **places_filled
    )


SERVICES: dict[str, Service] = {"报事": Service(report, {"回复": "report.filed"})}
FORMS: dict[str, Handler] = {FORM: report}
