"""Who hears of an alarm by push; that it stands is seen in `linli outbox`, the metrics and the console all the same."""

from collections.abc import Callable
from typing import Any

from handlers import wording
from handlers.context import Office
from handlers.message import Notice
from handlers.relay import names_and_phones
from handlers.worker_words import phone_of
from models.alarm import Alarm, AlarmKind, AlarmRaised, EmergencyUnanswered
from models.desk import Desk
from models.facts import Fact


def raised(fact: AlarmRaised, desk: Desk, office: Office) -> list[Notice]:
    """The office; of an emergency everybody near it has just heard by its own push."""
    if fact.alarm.kind is AlarmKind.EMERGENCY or not office.worker_account:
        return []
    text = office.texts.say(
        f"alarm.{fact.alarm.kind.value}",
        **_known(fact.alarm, desk),
        电话簿=names_and_phones(fact.ticket, desk),
    )
    return [
        Notice(f"alarm:{fact.alarm.id}:{userid}", office.worker_key(userid), text, urgent=True)
        for userid in _office(desk, office)
    ]


def unanswered(fact: EmergencyUnanswered, desk: Desk, office: Office) -> list[Notice]:
    """B, the lead, the community's desk, the admins: everyone who could still go or call."""
    ticket = fact.ticket
    if not office.worker_account:
        return []
    text = office.texts.say(
        "alarm.unanswered",
        编号=ticket.number,
        地点=wording.place(ticket),
        情况=wording.situation(ticket.text, 60),
        等了=wording.wait(desk.now - fact.alarm.raised_at),
        电话簿=names_and_phones(ticket, desk),
        电话=phone_of(ticket),
    )
    route = desk.route_for(ticket)
    people = dict.fromkeys((ticket.assignee, route.backup, route.lead, *_office(desk, office)))
    return [
        Notice(
            f"alarm:{fact.alarm.id}:{fact.alarm.level}:{office.worker_key(userid)}:unanswered",
            office.worker_key(userid),
            text,
            urgent=True,
            about=ticket.number,
            must_reach=True,
        )
        for userid in people
        if userid
    ]


def _office(desk: Desk, office: Office) -> list[str]:
    return list(dict.fromkeys((*desk.route("", "").dispatchers, *office.admins)))


def _known(alarm: Alarm, desk: Desk) -> dict[str, str]:
    return {
        "编号": alarm.about,
        "账号": alarm.about,
        "姓名": desk.name_of(str(alarm.details.get("worker", ""))),
        "原因": str(alarm.details.get("reason", "")),
    }


def line(alarm: Alarm, desk: Desk, office: Office) -> str:
    """The alarm in one line, for a list."""
    return office.texts.say(f"alarm.line_{alarm.kind.value}", **_known(alarm, desk))


NOTICES: dict[type[Fact], Callable[[Any, Desk, Office], list[Notice]]] = {
    AlarmRaised: raised,
    EmergencyUnanswered: unanswered,
}
