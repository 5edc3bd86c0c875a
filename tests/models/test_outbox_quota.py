"""Claims within the platforms' quotas: what exceeds them waits, is held or goes by template; nothing is lost (C5)."""

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select

from bot.sim.windows import Windows
from models.community import Community
from models.database import Database, session_on, take_turn
from models.desk import outbox, outbox_quota
from models.desk.outbox_quota import Claim, Road
from models.desk.stranded import take_stranded
from models.inbox import Inbox
from models.outbox import OutboxRow, OutboxState
from models.quota import HOUR, MEMBER, MINUTE, OFFICIAL
from tests.conftest import NOW

S = OutboxState
TABLE = OutboxRow.__table__  # type: ignore[attr-defined]
SECOND = timedelta(seconds=1)
ROADS = {"work": Road("text", MEMBER), "mp": Road("custom", OFFICIAL, frozenset({"进度通知"}))}


def row(key: str, person: str = "work:zhangsan", **more: Any) -> dict[str, Any]:
    plain = {"text": f"说 {key}", "template": more.pop("template", "")}
    return {
        "community_id": 1,
        "dedupe_key": key,
        "account": person.partition(":")[0],
        "person": person,
        "topic": "",
        "urgent": False,
        "resend": True,
        "notice": plain,
        "state": S.PENDING,
        "due_at": NOW,
        "attempts": 0,
        "created_at": NOW,
        "way": "",
        "reference": "",
        "error_code": 0,
        "error": "",
    } | more


def prepare(database: Database, *rows: dict[str, Any]) -> None:
    with database.write() as connection:
        session = session_on(connection)
        session.merge(Community(id=1, code="demo", name="示例社区"))
        session.flush()
        outbox.enqueue(connection, rows, NOW)


def claim(database: Database, at: datetime = NOW, roads: Mapping[str, Road] = ROADS, **more: Any) -> Claim:
    with database.write() as connection:
        take_turn(connection, 1)
        return outbox_quota.claim(connection, at, community_id=1, roads=roads, **more)


def keys(claimed: Claim) -> list[str]:
    return [one.dedupe_key for one in claimed.rows]


def sent(database: Database, claimed: Claim, at: datetime = NOW, way: str = "text") -> None:
    values = {"way": way, "reference": "", "error": "", "error_code": 0}
    with database.write() as connection:
        for one in claimed.rows:
            outbox.mark(connection, one.id, at, S.SENT, **(values | {"way": one.way or way}))


def heard(database: Database, person: str, at: datetime, event: str = "") -> None:
    with database.write() as connection:
        connection.execute(
            insert(Inbox).values(
                community_id=1,
                account=person.partition(":")[0],
                message_id=f"{person}{at}{event}",
                person=person,
                kind="event" if event else "text",
                text="",
                intent=event,
                decision="",
                heard_at=at,
                answer={},
            )
        )


def get(database: Database, key: str) -> Any:
    with database.read() as connection:
        return connection.execute(select(TABLE).where(TABLE.c.dedupe_key == key)).one()


def test_a_member_takes_thirty_a_minute_and_the_rest_waits(database: Database) -> None:
    prepare(database, *[row(f"n{number:02}") for number in range(40)], row("other", "work:lisi"))
    first = claim(database, limit=41)
    assert keys(first) == [*(f"n{number:02}" for number in range(24)), "other"]
    assert first.full and not first.stranded
    sent(database, first, NOW + 5 * SECOND)
    again = NOW + 5 * SECOND + MINUTE + SECOND
    assert get(database, "n24").due_at == NOW + MINUTE + SECOND, (
        "counted from the claim while it is on its way"
    )
    assert keys(claim(database, NOW + MINUTE + SECOND)) == []
    assert get(database, "n39").due_at == again, "then from the moment its fate was written down"
    assert keys(claim(database, again)) == [f"n{number}" for number in range(24, 40)]
    assert get(database, "n39").attempts == 1, "waiting is no try"


def test_an_hour_has_its_own_limit(database: Database) -> None:
    prepare(database, row("next"), row("fire", urgent=True))
    with database.write() as connection:
        old = [
            row(f"o{number}", state=S.SENT, way="text", called_at=NOW - timedelta(seconds=70 + 3 * number))
            for number in range(960)
        ]
        connection.execute(
            insert(TABLE), [{"about": "", "must_reach": False, "relayed": False} | one for one in old]
        )
    assert keys(claim(database)) == ["fire"], "the last fifty are kept for what is urgent"
    assert NOW < get(database, "next").due_at < NOW + HOUR


def test_an_emergency_finds_room_in_a_full_minute(database: Database) -> None:
    prepare(database, *[row(f"n{number:02}") for number in range(30)])
    assert len(claim(database).rows) == 24
    prepare(database, row("fire", urgent=True, must_reach=True))
    assert keys(claim(database, emergencies=True)) == ["fire"]


def test_after_a_word_of_the_resident_five_go_through_and_the_others_wait_for_his_next(
    database: Database,
) -> None:
    heard(database_with(database), "mp:r", NOW - HOUR)
    prepare(database, *[row(f"n{number}", "mp:r") for number in range(7)])
    first = claim(database)
    assert keys(first) == [f"n{number}" for number in range(5)]
    assert {one.way for one in first.rows} == {"custom"}
    sent(database, first)
    assert [get(database, f"n{number}").state for number in (5, 6)] == [S.HELD, S.HELD]
    assert get(database, "n5").error_code == outbox_quota.SILENT
    assert keys(claim(database, NOW + 100 * HOUR)) == [], "time alone changes nothing"
    later = NOW + 101 * HOUR
    heard(database, "mp:r", later)
    with database.write() as connection:
        outbox.written(connection)
        outbox.release(connection, ["mp:x", "mp:r"], later)
        assert outbox.written(connection), "the sender is woken"
    assert keys(claim(database, later)) == ["n5", "n6"]


def database_with(database: Database) -> Database:
    prepare(database)
    return database


def test_outside_the_window_the_template_steps_in(database: Database) -> None:
    prepare(
        database, row("a", "mp:r", template="进度通知"), row("b", "mp:r", template="别的"), row("c", "mp:r")
    )
    first = claim(database)
    assert [(one.dedupe_key, one.way) for one in first.rows] == [("a", "template")]
    sent(database, first)
    assert [get(database, key).state for key in "bc"] == [S.HELD, S.HELD]
    heard(database, "mp:r", NOW + MINUTE)
    prepare(database, *[row(f"d{number}", "mp:r", due_at=NOW + MINUTE) for number in range(6)])
    assert len(claim(database, NOW + MINUTE).rows) == 5, "template messages are not counted"


@pytest.mark.parametrize(("event", "through"), [("click", 3), ("subscribe", 3), ("scan", 3), ("view", 0)])
def test_a_touch_opens_a_minute_for_three(database: Database, event: str, through: int) -> None:
    heard(database_with(database), "mp:r", NOW - 10 * SECOND, event)
    prepare(database, *[row(f"n{number}", "mp:r") for number in range(4)])
    assert len(claim(database).rows) == through


def test_what_a_crash_left_in_the_air_counts(database: Database) -> None:
    heard(database_with(database), "mp:r", NOW)
    prepare(database, *[row(f"n{number}", "mp:r", resend=False) for number in range(5)])
    assert len(claim(database).rows) == 5
    after = NOW + outbox.LEASE + MINUTE
    prepare(database, row("next", "mp:r", due_at=after))
    with database.read() as connection:
        lost = outbox.in_hand(connection)
    assert keys(claim(database, after, lost=lost)) == [], "five calls may have arrived"
    assert get(database, "n0").state is S.UNKNOWN
    assert get(database, "next").state is S.HELD


def test_a_refused_call_does_not_count(database: Database) -> None:
    heard(database_with(database), "mp:r", NOW)
    prepare(database, *[row(f"n{number}", "mp:r") for number in range(5)])
    with database.write() as connection:
        for one in outbox_quota.claim(connection, NOW, community_id=1, roads=ROADS).rows:
            outbox.mark(connection, one.id, NOW, S.FAILED, counts=False, error="没有关注")
    prepare(database, row("next", "mp:r"))
    assert keys(claim(database)) == ["next"]


def pause(database: Database, account: str, way: str, at: datetime, for_s: float | None = None) -> bool:
    with database.write() as connection:
        return outbox_quota.pause(
            connection,
            community_id=1,
            account=account,
            way=way,
            now=at,
            for_s=for_s,
            code=45009,
            reason="次数用完",
        )


def test_a_used_up_day_stops_until_the_next_one_but_the_template_still_goes(database: Database) -> None:
    heard(database_with(database), "mp:r", NOW)
    assert pause(database, "mp", "custom", NOW, for_s=14 * 3600)
    prepare(database, row("plain", "mp:r"), row("both", "mp:r", template="进度通知"), row("worker"))
    first = claim(database)
    assert sorted((one.dedupe_key, one.way) for one in first.rows) == [
        ("both", "template"),
        ("worker", "text"),
    ]
    plain = get(database, "plain")
    assert (plain.state, plain.due_at, plain.error) == (S.PENDING, NOW + 14 * HOUR, "次数用完")
    sent(database, first)
    assert keys(claim(database, NOW + 14 * HOUR)) == ["plain"]


def test_an_account_in_trouble_rests_longer_each_time_and_loses_nothing(database: Database) -> None:
    prepare(database, row("a"), row("b", "mp:r"))
    heard(database, "mp:r", NOW)
    at = NOW
    for wait_s in (30, 60, 120, 300, 600, 600):
        pause(database, "work", "", at)
        assert not pause(database, "work", "", at), "found out twice at one moment is one trouble"
        assert "a" not in keys(claim(database, at))
        at += timedelta(seconds=wait_s)
        assert get(database, "a").due_at == at
    assert keys(claim(database, at)) == ["a"]
    assert get(database, "b").attempts > 0, "the other account was not disturbed"
    with database.write() as connection:
        assert outbox_quota.lift(connection, 1, "work", "text")
        assert not outbox_quota.lift(connection, 1, "work", "text")


def test_what_is_put_off_makes_room_for_the_others(database: Database) -> None:
    """A silent resident's notices must not stand before those of others for ever."""
    prepare(database, *[row(f"n{number:02}", "mp:r") for number in range(20)], row("z", "work:lisi"))
    taken: list[str] = []
    for _ in range(8):
        one = claim(database, limit=4)
        taken += keys(one)
        if not one.full:
            break
    assert taken == ["z"]


def test_what_may_not_wait_is_found_stranded_once(database: Database) -> None:
    prepare(
        database,
        row("held", "mp:w", must_reach=True, urgent=True),
        row("waits", must_reach=True),
        row("resident", "mp:r"),
        row("dead", must_reach=True, state=S.FAILED, error="不在可见范围"),
        row("tried", "work:lisi", must_reach=True, attempts=2, due_at=NOW + MINUTE),
        row("tried often", "work:lisi", must_reach=True, attempts=4, due_at=NOW + MINUTE),
        row("quiet night", "work:lisi", must_reach=True, due_at=NOW + 9 * HOUR),
        row("fire", "work:lisi", must_reach=True, urgent=True, attempts=1, due_at=NOW + 5 * SECOND),
    )
    pause(database, "work", "", NOW, for_s=600)
    assert claim(database).stranded
    with database.write() as connection:
        found = take_stranded(connection, 1, NOW)
        assert {one.dedupe_key for one in found} == {"held", "waits", "dead", "tried often", "fire"}
        assert found[0].urgent and found[1].urgent
        assert take_stranded(connection, 1, NOW) == []
        assert take_stranded(connection, 2, NOW) == []


def test_processes_that_claim_at_once_do_not_exceed_a_minute(busy_database: Database) -> None:
    prepare(busy_database, *[row(f"n{number:03}") for number in range(90)])
    start, taken = threading.Barrier(4), []

    def work() -> None:
        start.wait(10)
        for _ in range(12):
            taken.extend(keys(claim(busy_database, limit=5)))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(taken) == len(set(taken)) == 24


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def now(self) -> float:
        return self.at.timestamp()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(["say", "touch", "write", "write", "work", "restart"]),
            st.floats(1.0, 120.0),
            st.floats(3600.0, 60 * 3600.0),
        ),
        max_size=40,
    )
)
def test_a_platform_that_counts_itself_refuses_nothing_and_nothing_vanishes(acts: list[str | float]) -> None:
    """The simulator's windows stand for the platform: every claimed push is let through, every notice stands somewhere."""
    database = Database("sqlite://")
    database.create_all()
    prepare(database)
    clock = Clock()
    platform = Windows(clock)  # type: ignore[arg-type]
    written = arrived = 0
    for act in acts:
        match act:
            case float():
                clock.at += timedelta(seconds=act)
            case "say" | "touch":
                if act == "say":
                    platform.message("mp", "r")
                else:
                    platform.touch("mp", "r")
                heard(database, "mp:r", clock.at, "click" if act == "touch" else "")
                clock.at += timedelta(milliseconds=1)
                with database.write() as connection:
                    outbox.release(connection, ["mp:r"], clock.at)
            case "write":
                prepare(database, row(f"m{written}", "mp:r", due_at=clock.at))
                written += 1
            case "work":
                prepare(database, *[row(f"w{written}-{n}", due_at=clock.at) for n in range(20)])
                written += 20
        claimed = claim(database, clock.at, limit=100)
        for one in claimed.rows:
            if one.account == "mp":
                assert platform.spend("mp", "r") == 0
            else:
                assert platform.spend_wecom("work", "zhangsan"), "it would have vanished without a word"
        arrived += len(claimed.rows)
        sent(database, claimed, clock.at)
    with database.read() as connection:
        stand = outbox.counts(connection)
    assert stand.get("sent", 0) == arrived
    assert sum(stand.values()) == written
    assert set(stand) <= {"sent", "pending", "held"}
    database.close()
