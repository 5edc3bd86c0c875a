"""The grid worker acts by a reply: 受理 到场 上报 办结 反馈 退回 转交, with or without the number, in his own words."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from handlers import wording
from handlers.context import Context, Handler
from handlers.message import Choice, Dialog, Kind, Message, Turn
from handlers.ticket import proofs_of
from handlers.ticket_words import who_may
from handlers.worker_commands import Command, command_in
from handlers.worker_steps import NAMES, Order, may, steps_of, take
from handlers.worker_words import by_when, line
from models.desk.ticket_steps import Proof
from models.errors import DomainError
from models.ticket import DONE, STEPS, State, Step, Ticket

FORM = "worker"

_TODO = re.compile(
    r"^(我的)?(待办|任务|工单|活儿?|清单)$|^(我)?(手上|还)有(哪些|什么|啥|好多|几件)(事|活|待办|没办)?[?？]?$"
)
_HELP = re.compile(r"^(帮助|怎么用|\?|？|help|你好|您好|在吗)$", re.IGNORECASE)
SHOWN = 8
# What only those above the worker may order.
ABOVE_ALL: frozenset[Order] = frozenset(
    {
        Step.EXTEND,
        Step.DENY,
        Step.MERGE,
        Step.UNMERGE,
        Step.SPLIT,
        Step.CONVERT,
        Step.REFER,
        Step.REJECT,
        Step.REOPEN,
        "allow",
    }
)
OVER = frozenset(DONE) - {State.CLOSED}


def work(message: Message, dialog: Dialog, context: Context) -> Turn:
    """One reply of a worker; what is no command is answered with what can be done with it."""
    words = message.text.strip()
    command = command_in(words) if words else None
    pending = dialog.form == FORM and bool(dialog.answers.get("step"))
    if pending and (command is None or command.soft) and not (_TODO.match(words) or _HELP.match(words)):
        return _continue(words, message, dialog, context)
    if _TODO.match(words):
        return _todo(context)
    if command is not None:
        proofs = [*kept(dialog), *proofs_of(message)]
        if command.soft and not command.number:
            return _in_passing(command, proofs, context)
        return act(command.order, command.number, command.rest, proofs, context)
    if message.kind is Kind.EVENT:
        return Turn((context.texts.say("worker.help"),)) if message.event == "enter_agent" else Turn()
    if not words:
        return Turn()
    return _offered(words, dialog, context) or Turn((context.texts.say("worker.help"),))


def kept(dialog: Dialog) -> list[Proof]:
    """The photos that an open question has kept."""
    return [Proof(*proof) for proof in dialog.answers.get("proofs", ())]


def plain(proofs: Iterable[Proof]) -> list[list[str]]:
    return [[p.kind, p.message_id, p.media_id, p.url] for p in proofs]


def _continue(words: str, message: Message, dialog: Dialog, context: Context) -> Turn:
    """The missing part of an act: a photo, a sentence."""
    proofs = [*kept(dialog), *proofs_of(message)]
    known = str(dialog.answers.get("rest", ""))
    adds = words not in known and not words.isdigit()
    rest = " ".join(part for part in (known, words) if part) if adds else known
    order = dialog.answers["step"]
    return act(
        order if order in ("locate", "allow") else Step(order),
        str(dialog.answers["number"]),
        rest,
        proofs,
        context,
    )


# What a guard misses and one more message can bring.
_ASKS = frozenset(
    {
        "step.arrive_proof",
        "step.report_text",
        "step.decline_text",
        "step.close_text",
        "step.close_proof",
        "step.to_whom",
        "step.hold_reason",
        "step.hold_until",
        "step.extend_span",
        "step.extend_text",
        "step.merge_into",
        "step.split_text",
        "step.refer_to",
        "step.reject_reason",
        "step.reject_text",
        "step.convert_text",
        "step.call_back_text",
        "worker.no_such",
        "worker.no_place",
    }
)


def act(order: Order, number: str, rest: str, proofs: list[Proof], context: Context) -> Turn:
    """Do it to the ticket that is named or that fits; a refusal says who or what comes first."""
    ticket = which(order, number, rest, proofs, context)
    if isinstance(ticket, Turn):
        return ticket
    role = context.desk.role_on(ticket, context.userid)
    if role is None or not may(order, ticket, role):
        raise _refused(order, ticket, context)
    try:
        return take(order, ticket, role, rest, proofs, context)
    except DomainError as refusal:
        if refusal.code not in _ASKS:
            raise
        context.desk.undo()
        if refusal.code in ("worker.no_such", "worker.no_place"):
            rest = ""
        known = {"step": str(order), "number": refusal.places["编号"], "rest": rest, "proofs": plain(proofs)}
        key = refusal.code if refusal.code in context.texts else f"error.{refusal.code}"
        question = context.texts.say(key, **refusal.places)
        if proofs and refusal.code == "step.close_text":
            question = context.texts.say("worker.photo_got") + question
        return Turn((question,), Dialog(FORM, known))


def _refused(order: Order, ticket: Ticket, context: Context) -> DomainError:
    desk = context.desk
    move = STEPS.get((ticket.state, steps_of(order, ticket)[0]))
    if move is not None and order in ABOVE_ALL:
        who = who_may(ticket, move.who, desk)
        return DomainError("worker.who_may", 编号=ticket.number, 动作=NAMES[order], 谁=who)
    if ticket.assignee and ticket.assignee != context.userid and order not in ABOVE_ALL:
        return DomainError("worker.not_yours", 编号=ticket.number, 负责人=desk.name_of(ticket.assignee))
    return DomainError(
        "worker.impossible",
        编号=ticket.number,
        状态=wording.STATES[ticket.state],
        动作=NAMES[order],
        下一步=by_when(ticket, desk, context.office) or context.texts.say("worker.over"),
    )


def _candidates(order: Order, context: Context) -> list[Ticket]:
    """What is in his hands; for some orders also what nobody has in hand yet."""
    desk, me = context.desk, context.userid
    tickets = desk.work_of(me)
    if order in (Step.ACCEPT, Step.REASSIGN, "locate"):
        tickets += [t for t in desk.waiting_for(me) if t.assignee != me]
    if order in (Step.HOLD, Step.EXTEND, Step.DENY, "allow"):
        return (tickets if order is Step.HOLD else []) + desk.asked_of(me)
    if order is Step.FEEDBACK:
        return tickets + desk.call_backs_of(me)
    if order in ABOVE_ALL:
        return desk.overseen_by(me, *{state for state, step in STEPS if step is order})
    return tickets


def which(order: Order, number: str, rest: str, proofs: list[Proof], context: Context) -> Ticket | Turn:
    """The ticket that is named, the only one that fits, or the question which."""
    desk, me = context.desk, context.userid
    if len(number) > 4:
        ticket = desk.find_ticket(number)
        if ticket is None:
            raise DomainError("worker.not_found", 编号=number)
        return ticket
    tickets = desk.tickets_ending(number, me) if number else _candidates(order, context)
    if number:  # 「0001」 of two grids: his own before one that he could take over
        tickets = [t for t in tickets if t.assignee == me and t.state not in OVER] or tickets
    fitting = [t for t in tickets if (role := desk.role_on(t, me)) and may(order, t, role)]
    if number and not fitting:
        fitting = tickets[:1]
        if not fitting:
            raise DomainError("worker.not_found", 编号=number)
    if order is Step.ACCEPT and not number and sum(t.assignee == me for t in fitting) == 1:
        fitting = [t for t in fitting if t.assignee == me]
    if not fitting:
        return Turn((context.texts.say("worker.none", 动作=NAMES[order]),))
    if len(fitting) == 1:
        locked = desk.find_ticket(fitting[0].number)
        assert locked is not None
        return locked
    choices = tuple(
        Choice(line(t, context), f"{NAMES[order]} {t.number} {rest[:300]}".strip()) for t in fitting[:SHOWN]
    )
    return Turn(
        (context.texts.say("worker.which", 动作=NAMES[order]),),
        Dialog("worker.which", {"proofs": plain(proofs)}, choices),
        choices,
    )


def _in_passing(command: Command, proofs: list[Proof], context: Context) -> Turn:
    """「收到」「到了」「修好了」: an act where exactly one ticket of his own waits for it, else what comes next."""
    desk, me, order = context.desk, context.userid, command.order
    mine = desk.work_of(me)
    fitting = [t for t in mine if (role := desk.role_on(t, me)) and may(order, t, role)]
    if fitting:
        return act(order, fitting[0].number if len(fitting) == 1 else "", command.rest, proofs, context)
    if order is Step.ACCEPT and not mine:
        waiting = desk.waiting_for(me)
        if waiting:
            choices = tuple(Choice(f"受理 {line(t, context)}", f"受理 {t.number}") for t in waiting[:SHOWN])
            question = context.texts.say("worker.take_over")
            return Turn((question,), Dialog("worker.which", {}, choices), choices)
    if len(mine) == 1:
        said = f"{mine[0].number}：{by_when(mine[0], desk, context.office)}"
        return Turn((context.texts.say("worker.ok", 下一步=said),))
    return Turn((context.texts.say("worker.ok", 下一步=context.texts.say("worker.see_todo")),))


def _offered(words: str, dialog: Dialog, context: Context) -> Turn | None:
    """A plain sentence while he is at work: probably the report or the result; ask before it is written down."""
    if len(words) < 4 or _HELP.match(words):
        return None
    offers: list[Choice] = []
    for ticket in context.desk.work_of(context.userid, State.ONSITE, State.REPORTED):
        steps = (Step.REPORT, Step.CLOSE) if ticket.state is State.ONSITE else (Step.CLOSE,)
        offers += [
            Choice(f"{NAMES[step]} {line(ticket, context)}", f"{NAMES[step]} {ticket.number} {words[:300]}")
            for step in steps
        ]
    if not offers:
        return None
    choices = tuple(offers[:SHOWN])
    question = context.texts.say("worker.said_which", 说明=wording.shorten(words, 30))
    return Turn((question,), Dialog("worker.which", {"proofs": plain(kept(dialog))}, choices), choices)


def _todo(context: Context) -> Turn:
    desk, texts = context.desk, context.texts
    mine = desk.work_of(context.userid)
    others = [t for t in desk.waiting_for(context.userid) if t.assignee != context.userid]

    def listed(tickets: list[Ticket]) -> str:
        return "\n".join(
            texts.say(
                "worker.todo_line",
                编号=t.number,
                地点=wording.place(t),
                情况=wording.situation(t.text, 16),
                下一步=by_when(t, desk, context.office),
            )
            for t in tickets[:SHOWN]
        )

    said = []
    if mine:
        said.append(texts.say("worker.todo", 件数=len(mine), 清单=listed(mine)))
    for key, tickets, what in (
        ("worker.todo_asked", desk.asked_of(context.userid), "worker.do_decide"),
        ("worker.todo_call_back", desk.call_backs_of(context.userid), "worker.do_call_back"),
    ):
        if tickets:
            lines = [f"{line(t, context)}\n　{texts.say(what, 编号=t.number)}" for t in tickets[:SHOWN]]
            said.append(texts.say(key, 件数=len(tickets), 清单="\n".join(lines)))
    if others:
        said.append(texts.say("worker.todo_others", 件数=len(others), 清单=listed(others)))
    return Turn(tuple(said) or (texts.say("worker.todo_none"),))


def which_one(message: Message, dialog: Dialog, context: Context) -> Turn | None:
    """After a list: the pick comes as a command; a photo in between is kept for it."""
    if message.media or message.place:
        answers: dict[str, Any] = {
            **dialog.answers,
            "proofs": plain([*kept(dialog), *proofs_of(message)]),
        }
        turn = Turn((context.texts.say("worker.photo_got"),), replace(dialog, answers=answers))
        return replace(turn, choices=dialog.choices)
    return work(message, dialog, context)


FORMS: dict[str, Handler] = {FORM: work, "worker.which": which_one}
