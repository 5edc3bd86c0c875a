"""一起关注 and 申诉: a neighbour's ticket joined instead of a second one, and a refused one looked at again."""

import re
from dataclasses import replace

from handlers import wording
from handlers.context import Context, Handler
from handlers.draft import FORM as REPORT
from handlers.draft import Draft
from handlers.message import Choice, Dialog, Kind, Message, Turn
from handlers.talk import say
from handlers.ticket import NUMBER, own_ticket, pick, proofs_of
from handlers.ticket_words import next_step, person
from models.desk.ticket_steps import Proof
from models.errors import DomainError
from models.ticket import Actor, State, Step, Ticket

JOIN = re.compile(
    r"^(1|(我也|那就|就)?(一起)?(关注|跟到看|跟着)(一下)?|一起|加入|是同一件|同一件|就是这件|好的?|要得|可以|行)(吧|嘛|哈|[。！!])*$"
)
OWN = re.compile(
    r"^(2|(我)?(还是)?(要)?(另报|另外报|新报|单独报|重新报|再报)(一件|一个|一哈)?|不是(这件|这个|同一件)|不一样)(吧|嘛|哈|了|[。！!])*$"
)
FOLLOW = re.compile(r"^(我也?要?|一起)?关注")
UNFOLLOW = re.compile(r"^(取消关注|不(再|要)?关注了?|别再?(给我)?发.{0,4}进展)")
APPEAL = re.compile(r"^(我要|我想|我)?(申诉|不服)")
ABOUT = re.compile(
    rf"(?:{UNFOLLOW.pattern}|{APPEAL.pattern}|{FOLLOW.pattern}[^，,。]{{0,4}}{NUMBER.pattern})"
)
_FORM = "appeal"
_JOINED = "一起关注"


def same_already(draft: Draft, message: Message, context: Context) -> Turn | None:
    """The question whether to join what a neighbour has reported; None when there is nothing alike.

    Place, kind and time find it, its words rank it; what the neighbour wrote is not shown (R8).
    """
    found = context.desk.similar_tickets(
        message.person,
        draft.text,
        context.desk.rules.category_of(draft.text),
        estate=draft.estate,
        building=draft.building,
        unit=draft.unit,
        room=draft.room,
    )
    if not found:
        return None
    ticket = found[0]
    question = context.texts.say(
        "report.same",
        地点=wording.public_place(ticket),
        类别=ticket.category,
        时间=wording.moment(ticket.submitted_at, context.desk.now),
        状态=wording.STATES[ticket.state],
        网格员=person(ticket, context),
    )
    choices = (Choice(_JOINED, _JOINED), Choice("另报一件", "另报一件"))
    answers = replace(draft, asked="同类", same=ticket.number).as_answers()
    return Turn((question,), Dialog(REPORT, answers, choices), choices)


def join(draft: Draft, message: Message, context: Context) -> Turn | None:
    """Follow it, with what he has to say; None when it is over meanwhile."""
    ticket = context.desk.find_ticket(draft.same)
    if ticket is None or not context.desk.may_follow(ticket, message.person):
        return None
    return _follow(ticket, draft.text, tuple(Proof(*proof) for proof in draft.proofs), message, context)


def _follow(ticket: Ticket, text: str, proofs: tuple[Proof, ...], message: Message, context: Context) -> Turn:
    context.desk.move_ticket(
        ticket,
        Step.FOLLOW,
        actor=message.person,
        role=Actor.RESIDENT,
        payload={"text": text[:1000]},
        proofs=proofs,
    )
    said = context.texts.say(
        "follow.done",
        编号=ticket.number,
        地点=wording.public_place(ticket),
        类别=ticket.category,
        网格员=person(ticket, context),
        下一步=next_step(ticket, context),
    )
    return Turn((said,))


def follow(message: Message, context: Context) -> Turn | None:
    """「关注 编号」 of a shared place; None without a number. A private one does not exist for him (R8)."""
    found = NUMBER.search(message.text)
    if found is None:
        return None
    desk = context.desk
    ticket = desk.find_ticket(found[0])
    role = desk.resident_role(ticket, message.person) if ticket is not None else Actor.RESIDENT
    if ticket is not None and role is Actor.REPORTER:
        return Turn((context.texts.say("follow.own", 编号=ticket.number),))
    if ticket is not None and role is Actor.FOLLOWER and desk.may_see(ticket, message.person):
        return Turn((context.texts.say("follow.already", 编号=ticket.number),))
    if ticket is None or not desk.may_follow(ticket, message.person):
        raise DomainError("status.not_found", 编号=found[0])
    more = FOLLOW.sub("", NUMBER.sub("", message.text)).strip(" ，,。：:")
    return _follow(ticket, more, proofs_of(message), message, context)


def unfollow(message: Message, context: Context) -> Turn:
    """「取消关注 编号」, or the only one that he follows."""
    desk, texts = context.desk, context.texts
    ticket = own_ticket(message, context)
    if ticket is None:
        followed = [t for t in desk.followed_by(message.person) if desk.may_see(t, message.person)]
        if not followed:
            return Turn((texts.say("follow.none"),))
        if len(followed) > 1:
            choices = tuple(
                Choice(f"{t.number} {wording.public_place(t)} {t.category}", f"取消关注 {t.number}")
                for t in followed[:8]
            )
            return Turn((texts.say("choose.ticket"),), Dialog("", {}, choices), choices)
        ticket = followed[0]
    if ticket.reporter == message.person:
        return Turn((texts.say("follow.own", 编号=ticket.number),))
    desk.move_ticket(ticket, Step.UNFOLLOW, actor=message.person, role=Actor.FOLLOWER)
    return Turn((texts.say("follow.over", 编号=ticket.number),))


def appeal(message: Message, dialog: Dialog, context: Context) -> Turn | None:
    """「申诉 编号 理由」: once, against a refusal."""
    refused = [t for t in context.desk.tickets_of(message.person) if t.state is State.REJECTED]
    if dialog.form != _FORM and not refused and own_ticket(message, context) is None:
        return Turn((context.texts.say("appeal.none"),))
    return pick(message, dialog, context, _FORM, (State.REJECTED,), _appeal)


def _appeal(ticket: Ticket, message: Message, context: Context) -> Turn:
    why = APPEAL.sub("", NUMBER.sub("", message.text)).strip(" ，,。：:")
    proofs = proofs_of(message)
    if len(why) < 2 and ticket.state is State.REJECTED and ticket.appealed_at is None:
        if message.kind is Kind.IMAGE:
            why = "补充了照片"
        else:
            question = context.texts.say("appeal.why", 编号=ticket.number)
            return Turn((question,), Dialog(_FORM, {"number": ticket.number}))
    role = context.desk.resident_role(ticket, message.person)
    payload = {"text": why[:1000]}
    context.desk.move_ticket(
        ticket, Step.APPEAL, actor=message.person, role=role, payload=payload, proofs=proofs
    )
    return Turn((say("appeal.done", context, 编号=ticket.number),))


FORMS: dict[str, Handler] = {_FORM: appeal}
