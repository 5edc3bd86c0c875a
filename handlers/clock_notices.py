"""What admins hear about the calendar that deadlines count by: the known holidays end, or have ended."""

from collections.abc import Callable
from typing import Any

from handlers.context import Office
from handlers.message import Notice
from models.desk import Desk
from models.facts import Fact
from models.sla import HolidaysEnd, HolidaysUnknown


def unknown(fact: HolidaysUnknown, desk: Desk, office: Office) -> list[Notice]:
    """Once for each year and admin, however many deadlines are concerned."""
    said = office.texts.say("clock.holidays_unknown", 年=fact.year)
    return _to_admins(f"holidays-unknown:{desk.community_id}:{fact.year}", said, office)


def ending(fact: HolidaysEnd, desk: Desk, office: Office) -> list[Notice]:
    said = office.texts.say("clock.holidays_end", 日期=f"{fact.last:%Y-%m-%d}", 年=fact.last.year + 1)
    return _to_admins(f"holidays-end:{desk.community_id}:{fact.last.year}", said, office)


def _to_admins(key: str, said: str, office: Office) -> list[Notice]:
    if not office.worker_account:
        return []
    people = dict.fromkeys(office.worker_key(userid) for userid in office.admins)
    return [Notice(f"{key}:{person}", person, said) for person in people]


NOTICES: dict[type[Fact], Callable[[Any, Desk, Office], list[Notice]]] = {
    HolidaysUnknown: unknown,
    HolidaysEnd: ending,
}
