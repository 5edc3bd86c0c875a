"""What people said before, and what was not understood: kept, sorted, forgotten, on both engines."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select

from models.desk import Desk, inbox, sayings
from models.inbox import Inbox
from tests.conftest import NOW

MINUTE = timedelta(minutes=1)


def heard(desk: Desk, number: int, text: str, **fields: Any) -> None:
    known = {
        "kind": "text",
        "account": "mp",
        "person": "mp:li",
        "heard_at": NOW - 10 * MINUTE + number * MINUTE,
    }
    desk.session.add(Inbox(community_id=1, message_id=f"m{number}", text=text, **(known | fields)))
    desk.session.flush()


def test_the_message_before_comes_with_what_else_it_may_have_meant(desk: Desk) -> None:
    heard(
        desk,
        1,
        "看下账",
        understood={"why": "最像「查微基金」", "others": ["property_fee"], "slots": {"month": "2026-09"}},
    )
    heard(desk, 2, "谢谢")
    heard(desk, 3, "不是这个意思")
    heard(desk, 4, "别人的话", person="mp:wang")
    newest, before = desk.said_lately("mp", "mp:li", "", "m3")
    assert (newest.text, newest.others) == ("谢谢", ())
    assert (before.text, before.why, before.others) == ("看下账", "最像「查微基金」", ("property_fee",))
    assert before.slots == {"month": "2026-09"}
    [chosen] = desk.said_lately("mp", "mp:li", "m1", "m3")
    assert chosen == before


def test_what_was_said_long_ago_is_not_meant(desk: Desk) -> None:
    heard(desk, 1, "看下账", heard_at=NOW - 31 * MINUTE)
    assert desk.said_lately("mp", "mp:li", "", "m9") == []


def test_what_was_not_understood_waits_until_it_is_sorted(desk: Desk) -> None:
    desk.keep_unmatched("哪里学游泳", "event_list")
    desk.keep_unmatched("驿站几点关门" * 60, "")
    desk.keep_unmatched("  ", "")
    desk.session.flush()
    second, first = desk.unmatched()
    assert (first.text, first.guess, first.heard_at) == ("哪里学游泳", "event_list", NOW)
    assert len(second.text) == 200
    assert desk.sort_unmatched([first.id], "event_list") == 1
    assert desk.sort_unmatched([first.id, second.id], "oos") == 1  # the first is sorted already
    assert desk.unmatched() == []
    assert sayings.sorted_to_intents(desk.session.connection()) == [("哪里学游泳", "event_list")]


def test_another_community_sees_nothing_of_it(desk: Desk) -> None:
    desk.keep_unmatched("哪里学游泳", "")
    heard(desk, 1, "看下账")
    desk.session.flush()
    [one] = desk.unmatched()
    other = Desk(desk.session, community_id=2, now=NOW, rules=desk.rules)
    assert other.unmatched() == [] and other.stored_messages(9) == []
    assert other.sort_unmatched([one.id], "oos") == 0


def test_stored_messages_are_words_only(desk: Desk) -> None:
    heard(desk, 1, "看下账")
    heard(desk, 2, "", kind="image")
    heard(desk, 3, "槐树苑3栋", kind="location")
    heard(desk, 4, "路灯坏了", kind="voice")
    assert [text for text, _ in desk.stored_messages(9)] == ["路灯坏了", "看下账"]
    assert [text for text, _ in desk.stored_messages(1)] == ["路灯坏了"]


def test_both_are_forgotten_in_time(desk: Desk) -> None:
    heard(desk, 1, "我住501", understood={"why": "像", "slots": {"room": "501"}})
    desk.keep_unmatched("哪里学游泳", "")
    desk.session.flush()
    connection = desk.session.connection()
    assert sayings.forget(connection, NOW) == 0
    assert sayings.forget(connection, NOW + MINUTE) == 1
    assert inbox.forget(connection, NOW) == 1
    table = Inbox.__table__  # type: ignore[attr-defined]
    assert tuple(connection.execute(select(table.c.text, table.c.understood)).one()) == ("", None)
