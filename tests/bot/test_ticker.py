"""The tick in more than one process: what is due rings once."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from bot.ticker import Ticker, sweep, tick
from models.database import Database
from models.outbox import OutboxRow
from models.sla import SlaClock
from tests.talk import ROOT, Talk, at

START = at("2026-10-12 10:00")


@pytest.fixture
def talk(tmp_path: Path, busy_database: Database) -> Iterator[Talk]:
    made = Talk(tmp_path, at=START, database=busy_database)
    for number in range(5):
        made.say(f"mp:r{number}", f"{number + 1}栋楼道灯坏了")
        made.say(f"mp:r{number}", "1")
    made.pushes()
    made.clock.at += timedelta(seconds=61)
    yield made
    made.close()


def on_duty(folder: Path) -> Path:
    """The shipped configuration with 办结 counted in working time."""
    path = folder / "on-duty.yaml"
    shipped = (ROOT / "config.yaml").read_text(encoding="utf-8")
    written = shipped.replace("办结: {限: 1天, 从: 受理}", "办结: {限: 7小时, 从: 受理, 按: 值班时间}")
    assert written != shipped
    path.write_text(written, encoding="utf-8")
    return path


def keys(talk: Talk) -> list[str]:
    with talk.database.read() as connection:
        return list(connection.execute(select(OutboxRow.dedupe_key)).scalars())  # type: ignore[call-overload]


def test_ticks_at_the_same_moment_ring_once(talk: Talk) -> None:
    before, start, rung = len(keys(talk)), threading.Barrier(4), []

    def work() -> None:
        start.wait(10)
        with talk.database.write() as connection:
            rung.append(tick(connection, talk.service.state, talk.clock))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(rung) == [0, 0, 0, 5], "one of them rang all that was due"
    late = [text for _, text in talk.pushes() if "受理" in text]
    assert len(keys(talk)) - before == len(late) >= 5
    assert len(set(keys(talk))) == len(keys(talk))


def test_two_connections_that_tick_inside_each_other_share_what_is_due(talk: Talk) -> None:
    """PostgreSQL only: the second sees that the first has the clocks in hand, and passes over them."""
    if talk.database.is_sqlite:
        pytest.skip("SQLite has one writer")
    state = talk.service.state
    with talk.database.write() as one, talk.database.write() as two:
        assert tick(one, state, talk.clock) == 5
        assert tick(two, state, talk.clock) == 0
    assert len(talk.pushes()) >= 5
    assert talk.tick() == 0


def test_a_tick_that_breaks_rings_all_the_same_at_the_next(
    talk: Talk, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = talk.service.state

    def broken(connection: Connection) -> None:
        tick(connection, state, talk.clock)
        raise RuntimeError("the power went")

    with pytest.raises(RuntimeError):
        talk.service.engine.run(broken).result(10)
    assert talk.pushes() == []
    assert talk.tick() == 5
    assert len(talk.pushes()) >= 5


def test_the_job_ticks_until_nothing_is_due(talk: Talk) -> None:
    ticker = Ticker(talk.service.engine, lambda: talk.service.state, talk.clock)
    ticker.tick()
    assert len(talk.pushes()) >= 5
    ticker.tick()
    assert talk.pushes() == []
    with talk.database.read() as connection:
        assert all(
            moment > talk.clock.at
            for moment in connection.execute(select(SlaClock.next_rung_at)).scalars()  # type: ignore[call-overload]
            if moment is not None
        )


def test_the_end_of_the_holidays_is_told_to_the_admins_once(tmp_path: Path, database: Database) -> None:
    """C10: 60 days before, however often the sweep comes by."""
    talk = Talk(tmp_path, at=at("2026-11-20 10:00"), database=database, config=on_duty(tmp_path))
    state = talk.service.state
    for _ in range(3):
        talk.service.engine.run(lambda connection: sweep(connection, state, talk.clock)).result(10)
        talk.clock.at += timedelta(days=1)
    told = [(person, text) for person, text in talk.pushes() if "放假安排只到 2026-12-31" in text]
    assert [person for person, _ in told] == ["work:wangwu", "work:zhaoliu"]
    assert "linli import holidays 2027.json" in told[0][1]
    talk.close()


def test_a_deadline_in_an_unknown_year_is_told_to_the_admins_once(tmp_path: Path, database: Database) -> None:
    talk = Talk(tmp_path, at=at("2026-12-31 17:00"), database=database, config=on_duty(tmp_path))
    for number in range(2):
        talk.say(f"mp:r{number}", f"{number + 1}栋楼道灯坏了")
        talk.say(f"mp:r{number}", "1")
        talk.say("work:zhangsan", "受理")
    told = [person for person, text in talk.pushes() if "还没有 2027 年的放假安排" in text]
    assert told == ["work:wangwu", "work:zhaoliu"]
    talk.close()
