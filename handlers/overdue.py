"""One list instead of many single reminders, for a worker with more open breaches than the community allows for."""

from collections.abc import Iterable, Sequence

from handlers import wording
from handlers.context import Office
from handlers.message import Notice
from models.desk import Desk
from models.sla import SlaClock
from models.ticket import Ticket, Urgency

SHOWN = 8


def crowded(ticket: Ticket, desk: Desk) -> list[tuple[Ticket, SlaClock]]:
    """All that is overdue in the hands of the ticket's worker, where it is to be told as a list; else nothing.

    An emergency is always told by itself.
    """
    over = desk.rules.digest_over
    if not over or not ticket.assignee or ticket.urgency is Urgency.EMERGENCY:
        return []
    overdue = desk.overdue_of(ticket.assignee)
    return overdue if len(overdue) > over else []


def digests(
    key: str,
    ticket: Ticket,
    overdue: Sequence[tuple[Ticket, SlaClock]],
    up: Iterable[str],
    desk: Desk,
    office: Office,
) -> list[Notice]:
    """The list for the worker and for those above him whom this rung tells.

    At once when the last one is old enough, else when it will be; until then a newer list takes its place.
    """
    assignee = ticket.assignee
    lines = [
        office.texts.say(
            "digest.line",
            编号=one.number,
            地点=wording.place(one),
            环节=wording.STAGES[clock.stage],
            超出=wording.wait(
                (clock.due_at or desk.now) - desk.now
            ),  # a clock that is held is not among them
        )
        for one, clock in overdue[:SHOWN]
    ]
    if len(overdue) > SHOWN:
        lines.append(office.texts.say("digest.more", 件数=len(overdue) - SHOWN))
    said = {
        "时间": desk.now.astimezone(wording.CHENGDU).strftime("%H:%M"),
        "件数": len(overdue),
        "清单": "\n".join(lines),
        "姓名": desk.name_of(assignee),
    }
    topic = f"digest:{assignee}"
    notices = []
    for userid in dict.fromkeys((assignee, *up)):
        if not userid or not office.worker_account:
            continue
        person = office.worker_key(userid)
        text = office.texts.say("digest.own" if userid == assignee else "digest.up", **said)
        notices.append(
            Notice(
                f"{key}:{person}:digest",
                person,
                text,
                topic=topic,
                must_reach=True,
                about=ticket.number,
                not_before=desk.next_digest(topic, person),
            )
        )
    return notices
