"""Facts become notices: one table of who hears what."""

from collections.abc import Callable, Iterable
from typing import Any

from handlers import activity_notices, alarm_notices, clock_notices, place_notices, talk, ticket_notices
from handlers.context import Office
from handlers.message import Notice
from models.desk import Desk
from models.facts import Fact

_NOTICES: dict[type[Fact], Callable[[Any, Desk, Office], list[Notice]]] = {
    **ticket_notices.NOTICES,
    **activity_notices.NOTICES,
    **place_notices.NOTICES,
    **alarm_notices.NOTICES,
    **clock_notices.NOTICES,
    talk.HumanAsked: talk.human_asked,
}


def compose(facts: Iterable[Fact], desk: Desk, office: Office) -> list[Notice]:
    """Everything that has to be pushed because of these facts."""
    return [
        notice
        for fact in facts
        if type(fact) in _NOTICES
        for notice in _NOTICES[type(fact)](fact, desk, office)
    ]
