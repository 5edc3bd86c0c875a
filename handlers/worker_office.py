"""What the lead and the community's desk decide by a reply: 合并 撤销合并 拆分 转派 转外单位 驳回 转议事 重办 回访."""

import re
from collections.abc import Callable, Mapping

from handlers import wording
from handlers.context import Context
from handlers.message import Turn
from handlers.worker_words import by_when
from models.desk.ticket_office import REFUSALS
from models.errors import DomainError
from models.ticket import Actor, State, Step, Ticket

Act = Callable[[Ticket, Actor, str, Context], Turn]

_NUMBER = re.compile(r"\d{6}-?[A-Za-z0-9]{1,16}-?\d{4}(?!\d)|(?<!\d)\d{1,4}(?!\d)")
_REFUSED: tuple[tuple[str, str], ...] = (
    (REFUSALS[0], r"不属于(本社区|社区|我们)?(的)?(职责|范围|管)?|不归(社区|我们)管?|不是(社区|我们)(的)?(职责|管的?)|超出职责"),
    (REFUSALS[1], r"司法(程序)?|诉讼|法院|仲裁|官司|已立案"),
    (REFUSALS[2], r"信息不足(且|，|,)?(联系不[上到])?|联系不[上到]|说不清楚且联系不上"),
    (REFUSALS[3], r"恶意|捣乱|骚扰|辱骂|乱报"),
)  # fmt: skip
_TO = re.compile(r"^(给|到|由|请|交给)?\s*(?P<to>[^\s，,。：:]{2,30})[\s，,。：:]*(?P<why>.*)$", re.DOTALL)


def merge(ticket: Ticket, role: Actor, rest: str, context: Context) -> Turn:
    """「合并 A 到 B」: A goes on inside B."""
    desk, me = context.desk, context.userid
    found = _NUMBER.search(rest)
    into = _named(found[0], context) if found is not None else None
    if found is not None and into is None:
        raise DomainError("worker.not_found", 编号=found[0])
    payload = {"into": into.number} if into is not None else {}
    desk.move_ticket(ticket, Step.MERGE, actor=me, role=role, payload=payload)
    primary = desk.primary_of(ticket)
    return Turn((context.texts.say("merge.done", 编号=ticket.number, 另一件=primary.number),))


def _named(number: str, context: Context) -> Ticket | None:
    """A ticket by its number; a short one among those that are this person's business."""
    if len(number) > 4:
        return context.desk.find_ticket(number)
    return next(iter(context.desk.tickets_ending(number, context.userid)), None)


def unmerge(ticket: Ticket, role: Actor, rest: str, context: Context) -> Turn:
    desk = context.desk
    desk.move_ticket(ticket, Step.UNMERGE, actor=context.userid, role=role, payload={"text": rest[:1000]})
    known = {"编号": ticket.number, "状态": wording.STATES[ticket.state]}
    return Turn((context.texts.say("unmerge.done", 下一步=by_when(ticket, desk, context.office), **known),))


def split(ticket: Ticket, role: Actor, rest: str, context: Context) -> Turn:
    """「拆分 编号 另一件事」."""
    desk = context.desk
    new = desk.split_ticket(ticket, rest[:1000], actor=context.userid, role=role)
    said = {
        "编号": ticket.number,
        "另一件": new.number,
        "情况": wording.situation(new.text, 30),
        "负责人": desk.name_of(new.assignee),
    }
    return Turn((context.texts.say("split.done", **said),))


def transfer(ticket: Ticket, role: Actor, code: str, why: str, context: Context) -> Turn:
    """「转派 编号 W02」: to the people of another grid."""
    desk, me = context.desk, context.userid
    payload = {"grid": code, "text": why[:1000]}
    desk.move_ticket(ticket, Step.TRANSFER, actor=me, role=role, payload=payload)
    route = desk.route_for(ticket)
    if ticket.state is State.ACCEPTED and (heir := route.worker or route.backup or route.lead):
        desk.move_ticket(ticket, Step.DISPATCH, actor=me, role=role, payload={"to": heir, "text": why})
    name = desk.name_of(ticket.assignee)
    return Turn((context.texts.say("transfer.done", 编号=ticket.number, 网格=route.grid_name, 负责人=name),))


def refer(ticket: Ticket, role: Actor, rest: str, context: Context) -> Turn:
    """「转外单位 编号 城管 占道归他们管」: accepted here first, where nobody has done that."""
    desk, me = context.desk, context.userid
    found = _TO.match(rest)
    payload = {"to": found["to"], "text": found["why"][:1000]} if found is not None else {}
    if ticket.state is State.SUBMITTED:
        desk.move_ticket(ticket, Step.ACCEPT, actor=me, role=role)
    desk.move_ticket(ticket, Step.REFER, actor=me, role=role, payload=payload)
    return Turn((context.texts.say("refer.done", 编号=ticket.number, 单位=ticket.referred_to),))


def reject(ticket: Ticket, role: Actor, rest: str, context: Context) -> Turn:
    """「驳回 编号 不属于本社区职责 请拨 12345 找城管」."""
    reason, where = "", rest
    for name, signs in _REFUSED:
        if (found := re.search(signs, rest)) is not None:
            reason, where = name, rest[: found.start()] + rest[found.end() :]
            break
    payload = {"reason": reason, "text": where.strip(" ，,。；;：:")[:1000]}
    context.desk.move_ticket(ticket, Step.REJECT, actor=context.userid, role=role, payload=payload)
    return Turn((context.texts.say("reject.done", 编号=ticket.number, 原因=reason),))


def convert(ticket: Ticket, role: Actor, rest: str, context: Context) -> Turn:
    """「转议事 编号 题目」."""
    desk = context.desk
    desk.move_ticket(ticket, Step.CONVERT, actor=context.userid, role=role, payload={"text": rest[:1000]})
    proposal = desk.proposal_of(ticket)
    assert proposal is not None
    return Turn((context.texts.say("convert.done", 编号=ticket.number, 议题=proposal.number),))


def reopen(ticket: Ticket, role: Actor, rest: str, context: Context) -> Turn:
    """「重办 编号 原因」 by the lead, who heard from a resident that it did not help."""
    desk = context.desk
    again = desk.reopen_ticket(ticket, actor=context.userid, role=role, why=rest[:1000])
    key = "reopen.by_lead" if again else "reopen.up"
    said = context.texts.say(key, 编号=ticket.number, 负责人=desk.name_of(ticket.assignee))
    return Turn((said,))


def call_back(ticket: Ticket, role: Actor, rest: str, context: Context) -> Turn:
    """「回访 编号 居民怎么说」."""
    payload = {"text": rest[:1000]}
    context.desk.move_ticket(ticket, Step.CALL_BACK, actor=context.userid, role=role, payload=payload)
    return Turn((context.texts.say("call_back.done", 编号=ticket.number),))


ACTS: Mapping[Step, Act] = {
    Step.MERGE: merge,
    Step.UNMERGE: unmerge,
    Step.SPLIT: split,
    Step.REFER: refer,
    Step.REJECT: reject,
    Step.CONVERT: convert,
    Step.REOPEN: reopen,
    Step.CALL_BACK: call_back,
}
