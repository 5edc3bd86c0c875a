"""What a worker's order does to a ticket: one step of the table, or two where he skipped one on the way."""

from typing import Any, Literal

from handlers import wording, worker_office, worker_time
from handlers.context import Context
from handlers.message import Turn
from handlers.ticket_words import locate, places
from handlers.worker_words import by_when, phone_of
from models.desk.ticket_steps import Proof
from models.errors import DomainError
from models.place import Worker
from models.ticket import ANSWERED, STEPS, Actor, State, Step, Ticket

Order = Step | Literal["locate", "allow"]

NAMES: dict[Order, str] = {
    Step.ACCEPT: "受理",
    Step.ARRIVE: "到场",
    Step.REPORT: "上报",
    Step.CLOSE: "办结",
    Step.FEEDBACK: "反馈",
    Step.DECLINE: "退回",
    Step.REASSIGN: "转交",
    Step.CANCEL: "同意取消",
    Step.HOLD: "挂起",
    Step.RESUME: "恢复",
    Step.ASK_EXTEND: "延期",
    Step.EXTEND: "同意延期",
    Step.DENY: "不同意",
    Step.MERGE: "合并",
    Step.UNMERGE: "撤销合并",
    Step.SPLIT: "拆分",
    Step.TRANSFER: "转派",
    Step.REFER: "转外单位",
    Step.REJECT: "驳回",
    Step.CONVERT: "转议事",
    Step.REOPEN: "重办",
    Step.CALL_BACK: "回访",
    "locate": "地点",
    "allow": "同意",
}
_FINDINGS = (
    ("not_as_described", ("不属实", "没有发现", "未发现", "与描述不符", "没得这回事")),
    ("needs_level_up", ("请上级", "超出能力", "需要社区", "需社区", "需街道", "上级协调", "解决不了")),
    ("needs_resource", ("需要", "要换", "等配件", "等材料", "请师傅", "联系厂家", "需更换", "需物业")),
)


def steps_of(order: Order, ticket: Ticket) -> tuple[Step, ...]:
    """The steps of the table that an order means in this state: who arrives has accepted, who closes has reported."""
    if order == "locate":
        return (Step.SUPPLEMENT,)
    if order == "allow":  # to a hold or to more time: both are for those above
        return (Step.EXTEND,)
    if order is Step.FEEDBACK and ticket.state in ANSWERED:
        return (Step.CALL_BACK,)
    if order is Step.REFER and ticket.state is State.SUBMITTED:
        return (Step.ACCEPT, Step.REFER)
    if order is Step.ARRIVE and ticket.state is State.SUBMITTED:
        return (Step.ACCEPT, Step.ARRIVE)
    if order is Step.CLOSE and ticket.state is State.ONSITE:
        return (Step.REPORT, Step.CLOSE)
    if order is Step.REASSIGN and ticket.state is State.ACCEPTED:
        return (Step.DISPATCH,)
    if order is Step.DECLINE and ticket.state is State.SUBMITTED:
        return (Step.REASSIGN,)
    return (Step(order),)


def may(order: Order, ticket: Ticket, role: Actor) -> bool:
    """Whether the table lets this person do this now."""
    if order is Step.CANCEL and not ticket.cancel_asked_at:
        return False
    move = STEPS.get((ticket.state, steps_of(order, ticket)[0]))
    return move is not None and role in move.who


def take(order: Order, ticket: Ticket, role: Actor, rest: str, proofs: list[Proof], context: Context) -> Turn:
    """Take the steps of the order; a refused second one leaves the first one undone too (the caller's `undo`)."""
    if order == "locate":
        return _locate(ticket, role, rest, context)
    if order is Step.REASSIGN:
        return _reassign(ticket, role, rest, context)
    if order is Step.DECLINE:
        return _decline(ticket, role, rest, context)
    if (act := _ACTS.get(order) or _ACTS.get(steps_of(order, ticket)[-1])) is not None:
        return act(ticket, role, rest, context)
    done: list[str] = []
    for step in steps_of(order, ticket):
        _step(step, ticket, rest, proofs if step is order else [], context, last=step is order)
        done.append(_done(step, ticket, context))
    return Turn((done[-1],))


def _step(
    step: Step, ticket: Ticket, rest: str, proofs: list[Proof], context: Context, *, last: bool
) -> None:
    desk, me = context.desk, context.userid
    role = desk.role_on(ticket, me)
    assert role is not None
    payload: dict[str, Any] = {"text": rest[:1000]} if rest and (last or step is Step.REPORT) else {}
    if not last:
        payload["passing"] = True  # the next step follows in the same breath and tells the resident more
    if step is Step.REPORT:
        payload["finding"] = next(
            (kind for kind, signs in _FINDINGS if any(s in rest for s in signs)), "on_spot"
        )
        if not last and not rest:
            raise DomainError("step.close_text", 编号=ticket.number)
    desk.move_ticket(ticket, step, actor=me, role=role, payload=payload, proofs=proofs)
    if step is Step.ACCEPT:
        desk.move_ticket(ticket, Step.DISPATCH, actor="system", role=Actor.SYSTEM, payload={"to": me})
    if step is Step.REPORT and last and payload["finding"] == "needs_level_up":
        desk.move_ticket(ticket, Step.ESCALATE, actor=me, role=role, payload={"text": rest})


def _done(step: Step, ticket: Ticket, context: Context) -> str:
    key = {
        Step.ACCEPT: "worker.accepted",
        Step.ARRIVE: "worker.arrived",
        Step.REPORT: "worker.reported",
        Step.CLOSE: "worker.closed",
        Step.FEEDBACK: "worker.fed_back",
        Step.CANCEL: "worker.cancel_done",
    }[step]
    known = {
        "编号": ticket.number,
        "地点": wording.place(ticket),
        "情况": wording.situation(ticket.text, 60),
        "电话": phone_of(ticket),
        "时间": wording.moment(context.desk.now, context.desk.now),
        "下一步": by_when(ticket, context.desk, context.office),
    }
    return context.texts.say(key, **known)


def _named(words: str, context: Context) -> tuple[Worker | None, str, str]:
    """The worker that the words begin with, the name as written, and the rest."""
    desk = context.desk
    words = words.strip().removeprefix("给").lstrip(" @，,：:")
    name, _, why = words.partition(" ")
    name = name.rstrip("，,。")
    if name in ("我", "自己", "我自己"):
        return desk.worker(context.userid), name, why
    worker = desk.find_worker(name)
    if worker is None:
        for rule in desk.rules.workers:
            if words.startswith((rule.name, rule.userid)):
                known = rule.name if words.startswith(rule.name) else rule.userid
                return desk.worker(rule.userid), known, words.removeprefix(known).strip(" ，,：:")
    return worker, name, why.strip()


def _reassign(ticket: Ticket, role: Actor, rest: str, context: Context) -> Turn:
    desk = context.desk
    worker, name, why = _named(rest, context)
    if worker is None and (grid := desk.find_grid(name)):
        return worker_office.transfer(ticket, role, grid, why, context)
    if name and worker is None:
        raise DomainError("worker.no_such", 姓名=wording.shorten(name, 12), 编号=ticket.number)
    if worker is not None and worker.userid == ticket.assignee:
        raise DomainError("worker.already_his", 负责人=worker.name, 编号=ticket.number)
    if worker is not None and worker.userid != context.userid and desk.is_away(worker.userid):
        raise DomainError("absence.away", 姓名=worker.name)
    payload = {"to": worker.userid, "text": why} if worker is not None else {}
    (step,) = steps_of(Step.REASSIGN, ticket)
    desk.move_ticket(ticket, step, actor=context.userid, role=role, payload=payload)
    return Turn(
        (context.texts.say("worker.reassigned", 编号=ticket.number, 负责人=desk.name_of(ticket.assignee)),)
    )


def _decline(ticket: Ticket, role: Actor, why: str, context: Context) -> Turn:
    """Back to whoever is behind; after the second time only the lead can assign (domain.md §2)."""
    desk, me = context.desk, context.userid
    if not why:
        raise DomainError("step.decline_text", 编号=ticket.number)
    payload = {"text": why[:1000]}
    route = desk.route_for(ticket)
    other = next((userid for userid in (route.worker, route.backup) if userid and userid != me), "")
    if ticket.state is State.SUBMITTED:
        heir = other or route.lead
        if not heir or heir == me:
            raise DomainError("step.decline_limit", 编号=ticket.number)
        desk.move_ticket(ticket, Step.REASSIGN, actor=me, role=role, payload={"to": heir, **payload})
    else:
        desk.move_ticket(ticket, Step.DECLINE, actor=me, role=role, payload=payload)
        if other and ticket.declines < 2:
            to = {"to": other, **payload}
            desk.move_ticket(ticket, Step.DISPATCH, actor="system", role=Actor.SYSTEM, payload=to)
    if not ticket.assignee:
        return Turn((context.texts.say("worker.declined_none", 编号=ticket.number),))
    name = desk.name_of(ticket.assignee)
    return Turn((context.texts.say("worker.declined", 编号=ticket.number, 负责人=name),))


def _locate(ticket: Ticket, role: Actor, rest: str, context: Context) -> Turn:
    """The place as the community's desk found it out; a ticket that had no grid goes to its worker."""
    desk, me = context.desk, context.userid
    found = places(context.heard.slots)
    if not found:
        raise DomainError("worker.no_place", 编号=ticket.number)
    if not desk.route(found.get("estate", ""), found["building"]).grid_code:
        raise DomainError("worker.no_place", 编号=ticket.number)
    locate(ticket, found, desk)
    desk.move_ticket(
        ticket, Step.SUPPLEMENT, actor=me, role=role, payload={"located": True, "text": rest[:200]}
    )
    route = desk.route_for(ticket)
    if ticket.assignee == me and ticket.state is State.DISPATCHED and route.worker not in ("", me):
        desk.move_ticket(ticket, Step.REASSIGN, actor=me, role=role, payload={"to": route.worker})
    return Turn(
        (
            context.texts.say(
                "worker.located_done",
                编号=ticket.number,
                地点=wording.place(ticket),
                负责人=desk.name_of(ticket.assignee),
            ),
        )
    )


_ACTS: dict[Order, worker_office.Act] = {
    Step.HOLD: worker_time.hold,
    Step.RESUME: worker_time.resume,
    Step.ASK_EXTEND: worker_time.ask_extension,
    Step.EXTEND: worker_time.extend,
    Step.DENY: worker_time.deny,
    "allow": worker_time.allow,
}
_ACTS.update(worker_office.ACTS.items())
