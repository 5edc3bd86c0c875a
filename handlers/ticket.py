"""After filing: progress, supplement, urging, cancelling, rating, reopening, and who is responsible."""

import re
from collections.abc import Callable, Sequence

from handlers import wording
from handlers.context import Context, Handler, Service
from handlers.home import door, own_home
from handlers.message import Choice, Dialog, Kind, Message, Turn
from handlers.ticket_words import next_step, person, places
from models.desk.ticket_steps import URGES_UP, Proof
from models.errors import DomainError
from models.ticket import DONE, OPEN, Actor, State, Step, Ticket
from nlp.understanding import Decision

_YES = re.compile(r"^(1|是|是的|对|确定|确认|好|好的|嗯+|要得|可以|行|取消)(吧|嘛|了|哈|[。！!])*$")
_KEEP = re.compile(r"^(2|保留|不|不用|不取消|继续办?|算了|不要|还是要?办)(吧|嘛|了|哈|[。！!])*$")
# A mobile number is eleven digits too, and no ticket.
NUMBER = re.compile(r"(?<!\d)(?!1[3-9]\d{9}(?!\d))\d{6}-?[A-Za-z0-9]{1,16}-?\d{4}(?!\d)")
SHORT_NUMBER = re.compile(
    r"(?:^|编号|单号|工单|进度|催办?|取消|补充|评价|重新办理|查一?下?)[\s:：]*(0\d{3})(?![\d室号])"
)
_LEAD = re.compile(r"^(我要|我想|再)?(补充|追加|补一句|加一句)(一下|说明|情况|：|:|，|,|\s)*")

Act = Callable[[Ticket, Message, Context], Turn]


def own_ticket(message: Message, context: Context) -> Ticket | None:
    """The ticket a resident names by number; his own or one he follows: another's is as good as none (R8)."""
    number = context.heard.slots.get("ticket", "")
    if not number:
        found = NUMBER.search(message.text) or SHORT_NUMBER.search(message.text)
        number = found.group(found.lastindex or 0) if found else ""
    if not number:
        return None
    ticket = context.desk.ticket_known_to(message.person, number)
    if ticket is None:
        raise DomainError("status.not_found", 编号=number)
    return ticket


def pick(
    message: Message, dialog: Dialog, context: Context, form: str, states: Sequence[State], act: Act
) -> Turn | None:
    """Act on the ticket that is named, on the only one that fits, or ask which."""
    if dialog.form == form and "number" in dialog.answers:
        if _another_wish(message, context):
            return None
        ticket = context.desk.ticket_known_to(message.person, str(dialog.answers["number"]))
        return act(ticket, message, context) if ticket is not None else None
    ticket = own_ticket(message, context)
    if ticket is not None:
        return act(ticket, message, context)
    if dialog.form == form:
        return None
    fitting = [t for t in context.desk.tickets_of(message.person) if t.state in states]
    if not fitting and form in _BY_FOLLOWERS:
        fitting = _as_he_knows_them(message.person, states, context)
    if not fitting:
        return Turn((context.texts.say("choose.none"),))
    if len(fitting) == 1:
        return act(fitting[0], message, context)
    choices = tuple(
        Choice(f"{t.number} {wording.situation(t.text, 16)}", f"{FORM_WORDS[form]} {t.number}")
        for t in fitting[:8]
    )
    if form == "supplement" and len(_LEAD.sub("", message.text).strip()) >= 2:  # keep what was to be added
        more = _LEAD.sub("", message.text).strip()[:200]
        choices = tuple(Choice(c.label, f"{c.say} {more}") for c in choices)
    return Turn((context.texts.say("choose.ticket"),), Dialog(form, {}, choices), choices)


def _as_he_knows_them(person_key: str, states: Sequence[State], context: Context) -> list[Ticket]:
    """What a resident follows, under his own number where his ticket was merged into it."""
    desk = context.desk
    numbers = [desk.number_for(t, person_key) for t in desk.followed_by(person_key) if t.state in states]
    known = (desk.ticket_known_to(person_key, number) for number in numbers)
    return [ticket for ticket in known if ticket is not None]


def _another_wish(message: Message, context: Context) -> bool:
    """Instead of the words that were asked for: something short that is surely understood as another intent."""
    heard = context.heard
    more = ("", "file_request", "supplement", "emergency")
    return (
        message.kind is Kind.TEXT
        and heard.decision is Decision.SURE
        and heard.intent not in more
        and len(message.text) <= 12
    )


def status(message: Message, dialog: Dialog, context: Context) -> Turn | None:
    """One ticket in full, or the list of all."""
    proposal = _proposal(message, context)
    if proposal is not None:
        return proposal
    ticket = own_ticket(message, context)
    if ticket is not None:
        return status_of(ticket, message.person, context)
    if dialog.form == "status":
        return None
    desk = context.desk
    tickets = desk.tickets_of(message.person)
    targets = {t.id: desk.primary_of(t) for t in tickets}
    going = [t for t in tickets if targets[t.id].state not in DONE or t.state in _NOT_RATED]
    own = {target.id for target in targets.values()}
    followed = [t for t in desk.followed_by(message.person) if t.id not in own and t.state not in _OVER]
    followed = [t for t in followed if desk.may_see(t, message.person)]
    if not tickets and not followed:
        return Turn(
            (context.texts.say("status.none", 社区=context.office.name, 值班电话=context.office.phone),)
        )
    shown = going or tickets[: 0 if followed else 1]
    if len(shown) + len(followed) == 1:
        return status_of((shown + followed)[0], message.person, context)
    say, lines = context.texts.say, []
    for t in shown[:8]:
        said = wording.situation(t.text, 14)
        state = wording.STATES[targets[t.id].state]
        lines.append(Choice(say("status.line", 编号=t.number, 情况=said, 状态=state), f"进度 {t.number}"))
    for t in followed[: 8 - len(lines)]:
        state = wording.STATES[t.state]
        label = say("status.line_followed", 编号=t.number, 类别=t.category, 状态=state)
        lines.append(Choice(label, f"进度 {t.number}"))
    question = say("status.many", 件数=len(shown) + len(followed))
    return Turn((question,), Dialog("status", {}, tuple(lines)), tuple(lines))


def _proposal(message: Message, context: Context) -> Turn | None:
    """What became of a matter that many have to talk about, asked by the proposal's number."""
    found = NUMBER.search(message.text)
    proposal = context.desk.proposal_known_to(message.person, found[0]) if found else None
    if proposal is None:
        return None
    state = wording.PROPOSAL_STATES[proposal.state]
    return Turn(
        (context.texts.say("status.proposal", 议题=proposal.number, 标题=proposal.title, 状态=state),)
    )


def status_of(ticket: Ticket, person_key: str, context: Context) -> Turn:
    """His own in full; a followed one by place and kind alone; a merged one with how the other stands."""
    target = context.desk.primary_of(ticket)
    own = ticket.reporter == person_key
    key = "status.one" if own else "status.followed"
    if target is not ticket and own:
        key = "status.merged"
    text = context.texts.say(
        key,
        编号=ticket.number,
        地点=wording.place(ticket) if own else wording.public_place(ticket),
        情况=wording.situation(ticket.text, 40) if own else ticket.category,
        类别=ticket.category,
        状态=wording.STATES[target.state],
        网格员=person(target, context),
        下一步=next_step(target, context),
        说明=ticket.resolution or ticket.finding,
    )
    return Turn((text,))


def supplement(message: Message, dialog: Dialog, context: Context) -> Turn | None:
    return pick(message, dialog, context, "supplement", OPEN, _supplement)


def _supplement(ticket: Ticket, message: Message, context: Context) -> Turn:
    words = _LEAD.sub("", NUMBER.sub("", message.text)).strip()
    proofs = proofs_of(message)
    if not proofs and len(words) < 2:
        question = context.texts.say("supplement.what", 编号=ticket.number)
        return Turn((question,), Dialog("supplement", {"number": ticket.number}))
    target = context.desk.primary_of(ticket)
    context.desk.move_ticket(
        target,
        Step.SUPPLEMENT,
        actor=message.person,
        role=context.desk.resident_role(target, message.person),
        payload={"text": words[:1000]},
        proofs=proofs,
    )
    return Turn((said("supplement.done", ticket, context),))


def proofs_of(message: Message) -> tuple[Proof, ...]:
    """What came with a message and can stand as an attachment: media, and a point on the map."""
    proofs = tuple(Proof(m.kind.value, message.id, m.media_id, m.url) for m in message.media)
    if message.place is not None:
        point = f"geo:{message.place.latitude},{message.place.longitude};crs=gcj02"
        proofs += (Proof(Kind.LOCATION.value, message.id, "", point),)
    return proofs


def said(key: str, ticket: Ticket, context: Context, **more: object) -> str:
    target = context.desk.primary_of(ticket)
    known = {
        "编号": ticket.number,
        "情况": wording.situation(ticket.text, 30),
        "网格员": person(target, context),
        "下一步": next_step(target, context),
    }
    return context.texts.say(key, **{**known, **more})


def urge(message: Message, dialog: Dialog, context: Context) -> Turn | None:
    return pick(message, dialog, context, "urge", OPEN, _urge)


def _urge(ticket: Ticket, message: Message, context: Context) -> Turn:
    desk, target = context.desk, context.desk.primary_of(ticket)
    role = desk.resident_role(target, message.person)
    desk.move_ticket(target, Step.URGE, actor=message.person, role=role)
    key = "urge.up" if target.urges >= URGES_UP else "urge.done"
    return Turn((said(key, ticket, context, 次数=target.urges),))


def cancel(message: Message, dialog: Dialog, context: Context) -> Turn | None:
    """Ask once more before a ticket is given up."""
    if dialog.form == "cancel" and "sure" in dialog.answers:
        ticket = context.desk.find_ticket(str(dialog.answers["sure"]), reporter=message.person)
        if ticket is None:
            return None
        if not _YES.match(message.text.strip()):
            if _KEEP.match(message.text.strip()):
                return Turn((context.texts.say("cancel.kept", 编号=ticket.number),))
            return None
        if ticket.state in (State.ONSITE, State.REPORTED) or context.desk.followers_of(ticket):
            context.desk.move_ticket(ticket, Step.ASK_CANCEL, actor=message.person, role=Actor.REPORTER)
            return Turn((said("cancel.asked", ticket, context),))
        context.desk.move_ticket(ticket, Step.CANCEL, actor=message.person, role=Actor.REPORTER)
        return Turn((said("cancel.done", ticket, context),))
    return pick(message, dialog, context, "cancel", OPEN, ask_cancel)


def ask_cancel(ticket: Ticket, message: Message, context: Context) -> Turn:
    if ticket.reporter != message.person:
        return Turn((context.texts.say("follow.cancel", 编号=ticket.number),))
    if ticket.state not in OPEN:
        raise DomainError("step.impossible", 编号=ticket.number, 状态=wording.STATES[ticket.state])
    question = context.texts.say("cancel.sure", 编号=ticket.number, 情况=wording.situation(ticket.text, 30))
    return Turn((question,), Dialog("cancel", {"sure": ticket.number}))


def contact(message: Message, dialog: Dialog, context: Context) -> Turn | None:
    """Who answers for a building."""
    found = places(context.heard.slots)
    if not found and dialog.form != "contact" and (home := own_home(message.person, context)) is not None:
        found = door(home, "unit")  # the answer names the place
    if not found:
        if dialog.form == "contact":
            return None
        return Turn((context.texts.say("contact.where"),), Dialog("contact"))
    route = context.desk.route(found.get("estate", ""), found["building"])
    where = wording.place_of(found.get("estate", ""), found["building"], "", "", "")
    if not route.worker:
        return Turn((context.texts.say("contact.unknown", 地点=where, 值班电话=context.office.phone),))
    worker = context.desk.worker(route.worker)
    phone = f"，电话 {worker.phone}" if worker is not None and worker.phone else ""
    name = context.desk.name_of(route.worker)
    return Turn((context.texts.say("contact.one", 地点=where, 网格员=name, 电话=phone),))


FORM_WORDS = {"supplement": "补充", "urge": "催办", "cancel": "取消", "reopen": "重新办理", "appeal": "申诉"}
_NOT_RATED = (State.CLOSED, State.FED_BACK)
_OVER = frozenset(DONE) - {State.CLOSED}
_BY_FOLLOWERS = frozenset({"supplement", "urge"})

SERVICES: dict[str, Service] = {
    "查进度": Service(status, {"回复": "status.one", "没有时": "status.none"}),
    "补充": Service(supplement, {"回复": "supplement.done"}),
    "催办": Service(urge, {"回复": "urge.done"}),
    "取消报事": Service(cancel, {"回复": "cancel.done"}),
    "找网格员": Service(contact),
}
FORMS: dict[str, Handler] = {
    "status": status,
    "supplement": supplement,
    "urge": urge,
    "cancel": cancel,
    "contact": contact,
}
