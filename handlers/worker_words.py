"""What workers are told alike in answers and pushes: the reply that acts, the time left, the caller's phone."""

from collections.abc import Iterable

from handlers import wording
from handlers.context import Context, Office
from models.desk import Desk
from models.ticket import Stage, State, Ticket

_HOW = {
    State.SUBMITTED: "worker.do_accept",
    State.ACCEPTED: "worker.do_assign",
    State.DISPATCHED: "worker.do_arrive",
    State.ONSITE: "worker.do_report",
    State.REPORTED: "worker.do_close",
    State.CLOSED: "worker.do_feedback",
}
_STAGE = {
    State.SUBMITTED: Stage.ACCEPT,
    State.DISPATCHED: Stage.ONSITE,
    State.ONSITE: Stage.REPORT,
    State.REPORTED: Stage.CLOSE,
    State.CLOSED: Stage.FEEDBACK,
}


def how(ticket: Ticket, office: Office) -> str:
    """The reply that takes the next step."""
    key = _HOW.get(ticket.state)
    return office.texts.say(key, 编号=ticket.number) if key else ""


def by_when(ticket: Ticket, desk: Desk, office: Office) -> str:
    """The next step, its deadline and the reply that takes it."""
    wanted = _STAGE.get(ticket.state)
    clock = None if wanted is None else desk.clock_of(ticket, wanted)
    said = ""
    if clock is not None and clock.due_at is None:
        said = office.texts.say("worker.by_held", 环节=wording.STAGES[clock.stage])
    elif clock is not None and clock.due_at is not None:
        left = clock.due_at - desk.now
        stage = wording.STAGES[clock.stage]
        if left.total_seconds() < 0:
            said = office.texts.say("worker.by_late", 环节=stage, 超出=wording.wait(left))
        else:
            at = wording.moment(clock.due_at, desk.now)
            said = office.texts.say("worker.by", 环节=stage, 时间=at, 剩余=wording.wait(left))
    return said + how(ticket, office)


def line(ticket: Ticket, context: Context) -> str:
    return context.texts.say(
        "worker.line", 编号=ticket.number, 地点=wording.place(ticket), 情况=wording.situation(ticket.text, 16)
    )


def phone_of(ticket: Ticket) -> str:
    """「，居民电话 138…」 for the one who goes there; "" when none was left."""
    return f"，居民电话 {ticket.phone}" if ticket.phone else ""


def phone_book(userids: Iterable[str], desk: Desk) -> str:
    """「张三 139…、李四 138…」: whom to call, as far as the community wrote their phones down; else the names."""
    found = [(desk.name_of(userid), desk.worker(userid)) for userid in dict.fromkeys(userids) if userid]
    lines = [f"{name} {row.phone}".strip() if row is not None else name for name, row in found]
    return "、".join(lines) or "社区值班"
