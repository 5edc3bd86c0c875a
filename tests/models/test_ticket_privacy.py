"""R8 and the grids' borders: nobody sees or moves a ticket that is not his business."""

import pytest

from models.desk import Desk
from models.desk.tickets import NewTicket
from models.rules import GridRule, Rules
from models.ticket import Actor
from tests.conftest import NOW

RULES = Rules(
    grids=(
        GridRule(code="W01", name="一", buildings=("1栋",), worker="a", backup="b", lead="l"),
        GridRule(code="W02", name="二", buildings=("2栋",), worker="c", backup="a", lead="m"),
    ),
    community_desk=("d",),
)


@pytest.fixture
def tickets(desk: Desk) -> list[str]:
    desk.rules = RULES
    desk.sync_places()
    return [desk.file_ticket(NewTicket(f"mp:{n}", "灯坏了", NOW, building=str(n))).number for n in (1, 2)]


def test_a_resident_finds_only_his_own(desk: Desk, tickets: list[str]) -> None:
    for words in (tickets[0], tickets[0].replace("-", "").lower(), "0001", "1"):
        assert desk.find_ticket(words, reporter="mp:1") is not None
        found = desk.find_ticket(words, reporter="mp:2")
        assert found is None or found.reporter == "mp:2"
        assert desk.find_ticket(words, reporter="mp:3") is None
    assert [t.number for t in desk.tickets_of("mp:2")] == [tickets[1]]


@pytest.mark.parametrize(
    ("userid", "first", "second"),
    [
        ("a", Actor.ASSIGNEE, Actor.WORKER),
        ("b", Actor.WORKER, None),
        ("c", None, Actor.ASSIGNEE),
        ("l", Actor.LEAD, None),
        ("m", None, Actor.LEAD),
        ("d", Actor.DISPATCHER, Actor.DISPATCHER),
        ("stranger", None, None),
        ("", None, None),
    ],
)
def test_in_which_capacity_somebody_stands_to_a_ticket(
    desk: Desk, tickets: list[str], userid: str, first: Actor | None, second: Actor | None
) -> None:
    roles = [desk.role_on(t, userid) for n in tickets if (t := desk.find_ticket(n)) is not None]
    assert roles == [first, second]
    ending = {t.number for t in desk.tickets_ending("0001", userid)}
    assert ending == {n for n, role in zip(tickets, roles, strict=True) if role is not None}
    waiting = {t.number for t in desk.waiting_for(userid)}
    assert waiting == ending
