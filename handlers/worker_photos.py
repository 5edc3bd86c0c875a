"""A worker's photo or point on the map without a word: kept where it belongs, or the act it can prove."""

import re

from handlers.context import Context, Handler
from handlers.message import Choice, Dialog, Message, Turn
from handlers.ticket import proofs_of
from handlers.worker import FORM, SHOWN, kept, plain, work
from handlers.worker_steps import NAMES
from handlers.worker_words import by_when, line
from models.desk.ticket_steps import Proof
from models.ticket import Actor, State, Step, Ticket

_KEEP = re.compile(r"^(只)?存(照片|下|起)?[。！]*$")


def photo(message: Message, dialog: Dialog, context: Context) -> Turn | None:
    """None when the photo is not alone: something is open that waits for it."""
    if not (message.media or message.place) or (message.text.strip() and not message.place):
        return None
    if dialog.form in (FORM, "worker.which"):
        return None
    texts, proofs = context.texts, [*kept(dialog), *proofs_of(message)]
    tickets = context.desk.work_of(context.userid, State.DISPATCHED, State.ONSITE, State.REPORTED)
    what = "位置" if message.place else "照片"
    if not tickets:
        return Turn((texts.say("worker.photo_none"),))
    if len(tickets) == 1:
        ticket = tickets[0]
        if ticket.state is State.ONSITE or (message.place and ticket.state is State.REPORTED):
            return _keep(ticket, proofs, context)
        if ticket.state is State.REPORTED:
            answers = {"step": Step.CLOSE.value, "number": ticket.number, "proofs": plain(proofs)}
            return Turn((texts.say("worker.photo_close", 编号=ticket.number),), Dialog(FORM, answers))
    offers: list[Choice] = []
    for ticket in tickets:
        act = {State.DISPATCHED: Step.ARRIVE, State.REPORTED: Step.CLOSE}.get(ticket.state)
        if act is not None:
            offers.append(Choice(f"{NAMES[act]} {line(ticket, context)}", f"{NAMES[act]} {ticket.number}"))
        if ticket.state is not State.DISPATCHED:
            offers.append(Choice(f"只存{what} {line(ticket, context)}", f"存照片 {ticket.number}"))
    choices = tuple(offers[:SHOWN])
    question = texts.say("worker.photo_which", 什么=what)
    return Turn((question,), Dialog("worker.photo", {"proofs": plain(proofs)}, choices), choices)


def _keep(ticket: Ticket, proofs: list[Proof], context: Context) -> Turn:
    desk = context.desk
    desk.move_ticket(
        ticket,
        Step.SUPPLEMENT,
        actor=context.userid,
        role=Actor.ASSIGNEE,
        payload={"text": ""},
        proofs=proofs,
    )
    said = by_when(ticket, desk, context.office)
    return Turn((context.texts.say("worker.proof_kept", 编号=ticket.number, 下一步=said),))


def photo_pick(message: Message, dialog: Dialog, context: Context) -> Turn | None:
    """After 「要用在哪里」: more photos join, 「存照片 编号」 keeps them, a command uses them."""
    if message.media or message.place:
        return photo(message, dialog, context)
    words = message.text.strip()
    if words.startswith("存照片 "):
        ticket = context.desk.find_ticket(words.removeprefix("存照片 "))
        if ticket is None or context.desk.role_on(ticket, context.userid) is not Actor.ASSIGNEE:
            return None
        return _keep(ticket, kept(dialog), context)
    return work(message, dialog, context)


def asked(message: Message, dialog: Dialog, context: Context) -> Turn | None:
    """While a sentence is missing for 办结: 「存照片」 only keeps what was sent."""
    if _KEEP.match(message.text.strip()) and dialog.answers.get("proofs"):
        ticket = context.desk.find_ticket(str(dialog.answers["number"]))
        if ticket is not None and context.desk.role_on(ticket, context.userid) is Actor.ASSIGNEE:
            return _keep(ticket, kept(dialog), context)
    return work(message, dialog, context)


FORMS: dict[str, Handler] = {FORM: asked, "worker.photo": photo_pick}
