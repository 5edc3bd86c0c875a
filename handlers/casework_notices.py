"""Who hears of what is decided about a ticket on its way: holds, more time, merging, passing on, appeals."""

from datetime import datetime, timedelta

from handlers import wording
from handlers.notice_writer import Writer
from handlers.worker_words import by_when
from models.desk import Desk
from models.desk.places import Route
from models.ticket import Stage, Step, TicketMoved

_WHY_RESUMED = {"timer": "挂起的时间到了", "resident": "居民回话了"}


def told(write: Writer, fact: TicketMoved, desk: Desk, route: Route) -> None:
    ticket, payload = fact.ticket, fact.payload
    match fact.step:
        case Step.ASK_HOLD | Step.HOLD:
            _held(write, fact, desk)
        case Step.RESUME if fact.actor != ticket.assignee:
            write.known["缘故"] = _WHY_RESUMED.get(
                str(payload.get("by", "")), desk.name_of(fact.actor) + "恢复的"
            )
            write.worker(ticket.assignee, "worker.resumed")
        case Step.ASK_EXTEND | Step.EXTEND:
            _extended(write, fact, desk)
        case Step.DENY:
            write.worker(ticket.assignee, "worker.denied")
        case Step.MERGE:
            _merged(write, desk)
        case Step.UNMERGE:
            write.worker(ticket.assignee, "worker.unmerged")
            write.resident("notice.unmerged")
        case Step.SPLIT:
            write.known["另一件"] = payload["new"]
            write.known["另情况"] = wording.situation(str(payload["text"]), 30)
            write.resident("notice.split")
        case Step.TRANSFER:
            write.worker(ticket.assignee, "worker.transferred")
            if fact.assignee_before not in (fact.actor, ticket.assignee):
                write.worker(fact.assignee_before, "worker.reassigned_from")
            if ticket.assignee:
                write.resident("notice.transferred")
        case Step.REFER:
            write.known["单位"] = ticket.referred_to
            if fact.assignee_before not in (fact.actor, ""):
                write.worker(fact.assignee_before, "worker.reassigned_from")
            write.resident("notice.referred", "进度通知")
            write.followers("progress.referred")
        case Step.CONVERT:
            proposal = desk.proposal_of(ticket)
            write.known["议题"] = proposal.number if proposal is not None else ""
            if fact.assignee_before != fact.actor:
                write.worker(fact.assignee_before, "worker.reassigned_from")
            write.resident("notice.converted", "进度通知")
            write.followers("progress.converted")
        case Step.APPEAL:
            for userid in (route.lead, *route.dispatchers):
                write.worker(userid, "worker.appealed")
        case Step.FOLLOW:
            write.known["人数"] = len(desk.followers_of(ticket))
            write.worker(ticket.assignee, "worker.followed")
        case _:
            pass


def _held(write: Writer, fact: TicketMoved, desk: Desk) -> None:
    ticket, payload = fact.ticket, fact.payload
    until = datetime.fromisoformat(str(payload["until"]))
    write.known |= {"时间": wording.moment(until, desk.now), "原因": payload["reason"]}
    if fact.step is Step.ASK_HOLD:
        for userid in desk.who_decides(ticket):
            write.worker(userid, "worker.hold_asked")
        return
    if fact.actor != ticket.assignee:
        write.worker(ticket.assignee, "worker.hold_allowed")
    write.resident("notice.held", "进度通知")
    write.followers("progress.held")


def _extended(write: Writer, fact: TicketMoved, desk: Desk) -> None:
    ticket = fact.ticket
    write.known["多久"] = wording.wait(timedelta(seconds=float(fact.payload["by_s"])))
    if fact.step is Step.ASK_EXTEND:
        for userid in desk.who_decides(ticket):
            write.worker(userid, "worker.extend_asked")
        return
    write.known["时间"] = close_by(fact, desk)
    write.known["下一步办"] = by_when(ticket, desk, write.office)
    write.worker(ticket.assignee, "worker.extend_allowed")
    write.resident("notice.extended", "进度通知")
    write.followers("progress.extended")


def close_by(fact: TicketMoved, desk: Desk) -> str:
    """The moment by which the work must be done; held, nobody knows it yet."""
    clock = next((c for c in desk.clocks_of(fact.ticket) if c.stage is Stage.CLOSE), None)
    return wording.moment(clock.due_at, desk.now) if clock is not None and clock.due_at else "恢复以后再算"


def _merged(write: Writer, desk: Desk) -> None:
    """The worker of the primary hears what the other resident said; the other's worker is free."""
    ticket = write.ticket
    primary = desk.primary_of(ticket)
    here = Writer(f"{write.key}:into", primary, desk, write.office, 说明=wording.situation(ticket.text, 60))
    here.worker(primary.assignee, "worker.merged_here")
    write.known["网格员"] = here.known["网格员"]
    if ticket.assignee != primary.assignee:
        write.worker(ticket.assignee, "worker.merged_away")
    write.resident("notice.merged", "进度通知")
    write.notices += here.notices
