"""Who hears what when a ticket moves or a clock rings: the message matrix of domain.md §2 and the ladder of §3."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from handlers import wording
from handlers.casework_notices import told
from handlers.context import Office
from handlers.message import Notice
from handlers.notice_writer import Writer
from handlers.overdue import crowded, digests
from models.alarm import AlarmKind
from models.desk import Desk
from models.desk.places import Route
from models.desk.ticket_people import LOW_STARS
from models.facts import Fact
from models.sla import ClockRung, topic_of
from models.ticket import RESIDENTS, Actor, Stage, Step, Ticket, TicketMoved, Urgency

_JUST = timedelta(seconds=5)


def moved(fact: TicketMoved, desk: Desk, office: Office) -> list[Notice]:
    ticket, payload = fact.ticket, fact.payload
    said = str(payload.get("text", "")).strip()
    write = Writer(
        f"ticket:{ticket.number}:{fact.event_seq}",
        ticket,
        desk,
        office,
        说明=wording.shorten(said, 100) or "（无）",
    )
    route = desk.route_for(ticket)
    match fact.step:
        case Step.SUBMIT:
            _submitted(write, ticket, route, str(payload.get("similar", "")))
        case Step.SUPPLEMENT if payload.get("located"):
            emergency = ticket.urgency is Urgency.EMERGENCY  # then nobody near it has heard of it yet
            for userid in (
                ticket.assignee,
                *((route.backup, route.lead) if emergency else ()),
                *route.dispatchers,
            ):
                if userid != fact.actor:
                    write.worker(userid, "worker.located")
        case Step.SUPPLEMENT if fact.role in RESIDENTS:
            write.known["说明"] = wording.shorten(said, 100) or "又发来照片或附件"
            write.worker(ticket.assignee, "worker.supplement")
            if ticket.urgency is Urgency.EMERGENCY:
                for userid in (route.backup, route.lead, *route.dispatchers):
                    write.worker(userid, "worker.supplement")
        case Step.DISPATCH if ticket.declines:
            write.worker(ticket.assignee, "worker.reassigned_to")
            write.resident("notice.declined")
        case Step.DISPATCH:
            write.resident("notice.accepted", "进度通知")
            write.followers("progress.accepted")
            if fact.assignee_before == "":
                for userid in sorted(
                    {route.worker, *_asked_to_step_in(ticket, desk, route)} - {ticket.assignee}
                ):
                    write.worker(userid, "worker.accepted_by_other")
        case Step.REASSIGN:
            write.worker(ticket.assignee, "worker.reassigned_to")
            if fact.assignee_before not in (fact.actor, ticket.assignee):
                write.worker(fact.assignee_before, "worker.reassigned_from")
        case Step.DECLINE if ticket.declines >= 2 or not (route.worker and route.backup):
            for userid in (route.lead, *route.dispatchers):
                write.worker(userid, "worker.assign")
        case Step.ARRIVE:
            write.resident("notice.arrived", "进度通知")
            write.followers("progress.arrived")
        case Step.REPORT if not payload.get("passing"):  # else closed in the same breath
            write.resident("notice.reported", "进度通知")
        case Step.ESCALATE if (
            payload.get("by") == Step.URGE.value
        ):  # the third urging: the level above hears it
            write.known["次数"] = ticket.urges
            for userid in route.dispatchers:
                write.worker(userid, "worker.urged")
        case Step.ESCALATE if payload.get("by") == Step.REOPEN.value:
            for userid in route.dispatchers:
                write.worker(userid, "worker.reopened_up")
        case Step.ESCALATE:
            for userid in (route.lead, *route.dispatchers):
                write.worker(userid, "worker.level_up")
        case Step.CLOSE:
            # The news and the question in one: WeChat lets through five messages after the resident's last word.
            write.resident("notice.fed_back", "进度通知")
            write.followers("", "notice.followed_done")
        case Step.FEEDBACK if payload.get("answered"):
            write.known["评价"] = _rating(payload)
            write.worker(ticket.assignee, "worker.answered")
        case Step.REJECT:
            write.known["原因"] = ticket.outcome
            again = ticket.appealed_at is not None
            write.resident("notice.rejected_again" if again else "notice.rejected", "进度通知")
        case Step.CANCEL:
            if fact.role is Actor.REPORTER:
                write.worker(ticket.assignee, "worker.cancelled")
            else:
                write.resident("notice.cancelled")
                write.followers("progress.cancelled")
        case Step.ASK_CANCEL:
            write.worker(ticket.assignee, "worker.cancel_asked")
        case Step.URGE:
            write.known["次数"] = ticket.urges
            write.worker(ticket.assignee, "worker.urged")
            write.worker(route.lead, "worker.urged")
        case Step.REOPEN:
            write.worker(ticket.assignee, "worker.reopened")
            write.worker(route.lead, "worker.reopened")
            write.followers("progress.reopened")
        case Step.RATE if (payload.get("stars") or 5) <= LOW_STARS or payload.get("solved") is False:
            write.known["评价"] = _rating(payload)
            write.worker(desk.who_calls_back(ticket), "worker.low_rating")
        case _:
            told(write, fact, desk, route)
    return write.notices


def _rating(said: Mapping[str, Any]) -> str:
    stars = f"{said['stars']} 星" if said.get("stars") else "已解决" if said.get("solved") else "没有解决"
    return f"{stars} {wording.shorten(str(said.get('text', '')), 40)}".strip()


def _asked_to_step_in(ticket: Ticket, desk: Desk, route: Route) -> set[str]:
    """B, if he has heard of it: told at once of an emergency, else when the first clock has rung."""
    rung = any(clock.stage is Stage.ACCEPT and clock.rung > 0 for clock in desk.clocks_of(ticket))
    return {route.backup} if rung or ticket.urgency is Urgency.EMERGENCY else set()


def _submitted(write: Writer, ticket: Ticket, route: Route, similar: str) -> None:
    if similar:
        write.known["另一件"] = similar
        for userid in route.dispatchers:
            write.worker(userid, "worker.similar")
    if ticket.urgency is Urgency.EMERGENCY:
        # Pushed at once to everyone who could come: A, B, the lead, the community's duty desk.
        for userid in (ticket.assignee, route.backup, route.lead, *route.dispatchers):
            write.worker(userid, "worker.emergency", urgent=True)
    elif ticket.grid_code:
        write.worker(ticket.assignee, "worker.new")
    else:
        for userid in route.dispatchers:
            write.worker(userid, "worker.unlocated")


def rung(fact: ClockRung, desk: Desk, office: Office) -> list[Notice]:
    """A reminder before, at, or after a deadline, and the ladder upwards."""
    ticket, clock = fact.ticket, fact.clock
    route = desk.route_for(ticket)
    # domain.md §3: one key for ticket, cycle, stage, rung and epoch, so a second tick repeats nothing (C5).
    key = f"clock:{ticket.number}:{clock.cycle}:{clock.stage.value}:{fact.rung}:{clock.epoch}"
    backup = route.backup if ticket.assignee != route.backup else ""
    write = Writer(
        key,
        ticket,
        desk,
        office,
        环节=wording.STAGES[clock.stage],
        剩余=wording.wait(fact.left),
        超出="时限" if abs(fact.left) < _JUST else wording.wait(fact.left),
        后备=desk.name_of(backup) if backup else "社区",
    )
    topic = topic_of(clock)
    if fact.left > timedelta(0):
        options = {"topic": topic, "not_before": _awake(desk, ticket), "resend": False}
        if clock.stage is Stage.ACCEPT:
            write.worker(backup or route.lead, "worker.backup", **options)
        else:
            write.worker(ticket.assignee, "worker.soon", **options)
        return write.notices
    emergency = ticket.urgency is Urgency.EMERGENCY
    if emergency and clock.stage is Stage.ACCEPT and fact.level <= 1 and _alarmed(ticket, desk):
        return []  # all of them hear just now that nobody has answered it
    options = {"topic": topic, "urgent": emergency}
    copied = [
        (userid, role) for userid, role in _ladder(route, fact.level, backup) if userid != ticket.assignee
    ]
    overdue = crowded(ticket, desk)
    if overdue:
        return digests(key, ticket, overdue, [userid for userid, _ in copied], desk, office)
    nobody = clock.stage is Stage.ACCEPT  # whoever hears of it may take it
    write.known["顶上"] = f"，或直接回复「受理 {ticket.number}」" if nobody else ""
    names = "、".join(dict.fromkeys(desk.name_of(userid) for userid, _ in copied))
    write.known["抄送"] = f"已抄送{names}" if names else "请尽快"
    write.worker(ticket.assignee, "worker.late", **options)
    for userid, _ in copied:
        write.worker(userid, "worker.up", **options)
    return write.notices


def _ladder(route: Route, level: int, backup: str) -> list[tuple[str, str]]:
    """Everyone up to this level: B at the deadline, then the lead, then the community's desk.

    The street (level 3) has no accounts of its own yet: its rung goes to the community's desk again.
    """
    people = [(backup, "后备")] if backup else []
    if level >= 1:
        people += [(route.lead, "网格长")] if route.lead else [(d, "社区") for d in route.dispatchers]
    if level >= 2:
        people += [(userid, "社区") for userid in route.dispatchers]
    return people


def _alarmed(ticket: Ticket, desk: Desk) -> bool:
    """Whether the alarm of an emergency that nobody answers rings at this moment or has rung."""
    alarm = desk.standing_alarm(AlarmKind.EMERGENCY, ticket.number)
    return alarm is not None and (alarm.next_at is None or alarm.next_at <= desk.now)


def _awake(desk: Desk, ticket: Ticket) -> datetime | None:
    """When an ordinary reminder may ring: the end of the quiet hours; at once in the day and for what is urgent."""
    sla = desk.rules.sla
    if ticket.urgency is not Urgency.NORMAL or sla.quiet_from == sla.quiet_to:
        return None
    local = desk.now.astimezone(wording.CHENGDU)
    clock = local.time()
    overnight = sla.quiet_from > sla.quiet_to
    quiet = (
        clock >= sla.quiet_from or clock < sla.quiet_to
        if overnight
        else sla.quiet_from <= clock < sla.quiet_to
    )
    if not quiet:
        return None
    end = local.replace(hour=sla.quiet_to.hour, minute=sla.quiet_to.minute, second=0, microsecond=0)
    return end if end > local else end + timedelta(days=1)


NOTICES: dict[type[Fact], Callable[[Any, Desk, Office], list[Notice]]] = {TicketMoved: moved, ClockRung: rung}
