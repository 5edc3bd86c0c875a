"""A push that does not reach a worker goes on: to his own 公众号, to the next on duty, at last to an alarm."""

from handlers import wording
from handlers.context import Office
from handlers.message import Notice
from handlers.worker_words import phone_book
from models.alarm import AlarmKind
from models.desk import Desk
from models.desk.stranded import Stranded
from models.ticket import State, Ticket

TEMPLATE = "进度通知"
_CALLED_OFF = (State.CANCELLED, State.REJECTED, State.MERGED, State.ARCHIVED)
# What asks for nothing but that somebody take the ticket.
_TO_BE_TAKEN = (":worker.new", ":worker.emergency", ":worker.backup", ":worker.unlocated", ":unanswered")


def onward(stuck: Stranded, desk: Desk, office: Office) -> list[Notice]:
    """The next way of this push; when there is none left, an alarm is noted on the desk."""
    at_work = stuck.person.startswith(f"{office.worker_account}:")
    userid = stuck.person.partition(":")[2] if at_work else desk.worker_linked(stuck.person)
    ticket = desk.find_ticket(stuck.about) if stuck.about else None
    if ticket is not None and _over(stuck, ticket):
        return []
    own = desk.link_of(userid) if at_work and userid else ""
    if own:
        return [_again(stuck, own, str(stuck.notice["text"]), ticket)]
    following = _next_on_duty(userid, ticket, desk, office)
    if following:
        text = office.texts.say("relay.next", 姓名=desk.name_of(userid), 原文=_original(stuck, office))
        return [_again(stuck, office.worker_key(following), text, ticket)]
    details = {"worker": userid, "reason": stuck.error or "超过了平台允许的条数"}
    desk.raise_alarm(AlarmKind.UNREACHABLE, stuck.about or stuck.dedupe_key[:64], details, ticket=ticket)
    return []


def _over(stuck: Stranded, ticket: Ticket) -> bool:
    """Whether nobody need hear of it any more: the ticket is done with, or has been taken by somebody."""
    return ticket.state in _CALLED_OFF or (
        ticket.state is not State.SUBMITTED and stuck.dedupe_key.endswith(_TO_BE_TAKEN)
    )


def _original(stuck: Stranded, office: Office) -> str:
    """The words without an earlier 「请代为处理」 before them."""
    text = str(stuck.notice["text"])
    mark = office.texts["relay.next"].partition("{")[0]
    return text.partition("\n")[2] if mark and text.startswith(mark) else text


def _again(stuck: Stranded, person: str, text: str, ticket: Ticket | None) -> Notice:
    """Under the same key but for the person: whoever has been told the same already is not told again."""
    key = stuck.dedupe_key
    key = key.replace(f":{stuck.person}:", f":{person}:") if f":{stuck.person}:" in key else f"{key}:{person}"
    fields = {}
    if ticket is not None:
        fields = {
            "编号": ticket.number,
            "状态": wording.STATES[ticket.state],
            "情况": wording.shorten(ticket.text, 20),
            "网格员": ticket.assignee or "社区",
        }
    return Notice(
        key[:240],
        person,
        text,
        template=TEMPLATE,
        fields=fields,
        topic=stuck.topic,
        urgent=stuck.urgent,
        about=stuck.about,
        must_reach=True,
    )


def _next_on_duty(userid: str, ticket: Ticket | None, desk: Desk, office: Office) -> str:
    """Who comes after him: A, B, the lead, the community's desk; somebody from outside is followed by A."""
    if not office.worker_account:
        return ""
    route = desk.route_for(ticket) if ticket is not None else desk.route("", "")
    order = [
        one for one in dict.fromkeys((route.worker, route.backup, route.lead, *route.dispatchers)) if one
    ]
    rest = order[order.index(userid) + 1 :] if userid in order else order
    return next(iter(rest), "")


def names_and_phones(ticket: Ticket | None, desk: Desk) -> str:
    """Whom to call, in the order of duty."""
    route = desk.route_for(ticket) if ticket is not None else desk.route("", "")
    return phone_book([route.worker, route.backup, route.lead, *route.dispatchers], desk)
