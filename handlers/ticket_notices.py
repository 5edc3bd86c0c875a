"""Who hears what when a ticket moves or a clock rings: the message matrix of domain.md §2 and the ladder of §3."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from handlers import wording
from handlers.context import Office
from handlers.message import Notice
from handlers.overdue import crowded, digests
from handlers.ticket_words import promised, what_next, who
from handlers.worker_words import how, phone_of
from models.alarm import AlarmKind
from models.desk import Desk
from models.desk.places import Route
from models.facts import Fact
from models.sla import ClockRung, topic_of
from models.ticket import Stage, Step, Ticket, TicketMoved, Urgency

LOW_STARS = 2
# What a worker may miss without harm: nobody else need act in his place.
_FOR_KNOWING = frozenset(
    {
        "worker.soon",
        "worker.accepted_by_other",
        "worker.reassigned_from",
        "worker.cancelled",
        "worker.answered",
        "worker.supplement",
    }
)
_JUST = timedelta(seconds=5)


def _known(ticket: Ticket, desk: Desk, office: Office) -> dict[str, Any]:
    photos = sum(a.kind == "image" for a in desk.attachments_of(ticket))
    return {
        "编号": ticket.number,
        "地点": wording.place(ticket),
        "情况": wording.situation(ticket.text, 60),
        "类别": ticket.category,
        "附件": f"（{photos} 张照片）" if photos else "",
        "电话": phone_of(ticket),
        "受理时限": promised(desk.rule_for(ticket, Stage.ACCEPT)),
        "负责人": who(ticket, desk),
        "网格员": who(ticket, desk),
        "值班电话": office.phone,
        "怎么做": how(ticket, office),
        "下一步": what_next(ticket, desk, office),
    }


class _Writer:
    """Notices of one fact: keys and recipients in one place."""

    def __init__(self, key: str, ticket: Ticket, desk: Desk, office: Office, **more: object) -> None:
        self.key, self.ticket, self.office = key, ticket, office
        self.known = {**_known(ticket, desk, office), **more}
        self.notices: list[Notice] = []
        self._told: set[str] = set()

    def worker(self, userid: str, text: str, **options: Any) -> None:
        """Tell one worker once; without a 企业微信 account in the configuration nobody can be told."""
        if userid and userid != "system" and self.office.worker_account and userid not in self._told:
            self._told.add(userid)
            self._add(
                self.office.worker_key(userid), text, {"must_reach": text not in _FOR_KNOWING, **options}
            )

    def resident(self, text: str, template: str = "", **options: Any) -> None:
        fields = {
            "编号": self.ticket.number,
            "状态": wording.STATES[self.ticket.state],
            "情况": wording.shorten(self.ticket.text, 20),
            "网格员": str(self.known["网格员"]),
        }
        self._add(self.ticket.reporter, text, {"template": template, "fields": fields, **options})

    def _add(self, person: str, text: str, options: Mapping[str, Any]) -> None:
        said = self.office.texts.say(text, **self.known)
        urgent = self.ticket.urgency is Urgency.EMERGENCY
        self.notices.append(
            Notice(
                f"{self.key}:{person}:{text}",
                person,
                said,
                **{"urgent": urgent, "about": self.ticket.number, **options},
            )
        )


def moved(fact: TicketMoved, desk: Desk, office: Office) -> list[Notice]:
    ticket, payload = fact.ticket, fact.payload
    said = str(payload.get("text", "")).strip()
    write = _Writer(
        f"ticket:{ticket.number}:{fact.event_seq}",
        ticket,
        desk,
        office,
        说明=wording.shorten(said, 100) or "（无）",
    )
    route = desk.route_for(ticket)
    match fact.step:
        case Step.SUBMIT:
            _submitted(write, ticket, route)
        case Step.SUPPLEMENT if payload.get("located"):
            emergency = ticket.urgency is Urgency.EMERGENCY  # then nobody near it has heard of it yet
            for userid in (
                ticket.assignee,
                *((route.backup, route.lead) if emergency else ()),
                *route.dispatchers,
            ):
                if userid != fact.actor:
                    write.worker(userid, "worker.located")
        case Step.SUPPLEMENT if fact.actor == ticket.reporter:
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
        case Step.REPORT if not payload.get("passing"):  # else closed in the same breath
            write.resident("notice.reported", "进度通知")
        case Step.ESCALATE:
            for userid in (route.lead, *route.dispatchers):
                write.worker(userid, "worker.level_up")
        case Step.CLOSE:
            # The news and the question in one: WeChat lets through five messages after the resident's last word.
            write.resident("notice.fed_back", "进度通知")
        case Step.FEEDBACK if payload.get("answered"):
            write.known["评价"] = _rating(ticket)
            write.worker(ticket.assignee, "worker.answered")
        case Step.REJECT:
            write.resident("notice.rejected", "进度通知")
        case Step.CANCEL:
            if fact.actor == ticket.reporter:
                write.worker(ticket.assignee, "worker.cancelled")
            else:
                write.resident("notice.cancelled")
        case Step.ASK_CANCEL:
            write.worker(ticket.assignee, "worker.cancel_asked")
        case Step.URGE:
            write.known["次数"] = ticket.urges
            write.worker(ticket.assignee, "worker.urged")
            write.worker(route.lead, "worker.urged")
            if ticket.urges >= 3:
                for userid in route.dispatchers:
                    write.worker(userid, "worker.urged")
        case Step.REOPEN:
            write.worker(ticket.assignee, "worker.reopened")
            write.worker(route.lead, "worker.reopened")
        case Step.RATE if (ticket.stars or 5) <= LOW_STARS or ticket.solved is False:
            write.known["评价"] = _rating(ticket)
            write.worker(route.lead or next(iter(route.dispatchers), ""), "worker.low_rating")
        case _:
            pass
    return write.notices


def _rating(ticket: Ticket) -> str:
    stars = f"{ticket.stars} 星" if ticket.stars else "已解决" if ticket.solved else "没有解决"
    return f"{stars} {wording.shorten(ticket.comment, 40)}".strip()


def _asked_to_step_in(ticket: Ticket, desk: Desk, route: Route) -> set[str]:
    """B, if he has heard of it: told at once of an emergency, else when the first clock has rung."""
    rung = any(clock.stage is Stage.ACCEPT and clock.rung > 0 for clock in desk.clocks_of(ticket))
    return {route.backup} if rung or ticket.urgency is Urgency.EMERGENCY else set()


def _submitted(write: _Writer, ticket: Ticket, route: Route) -> None:
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
    write = _Writer(
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
