"""Fifty seats, eight at a time: nobody oversells, on a SQLite file and on PostgreSQL (E1, E2)."""

import multiprocessing
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlmodel import col, select

from models.activity import SEATED, Activity, SignUp, SignUpState
from models.community import Community
from models.database import Database, session_on
from models.desk.activities import ActivityDesk
from models.desk.activity_plan import ActivityPlan
from models.desk.activity_signing import Outcome
from models.errors import DomainError
from models.rules import Rules

NOW = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)
SEATS, CROWD, ATTEMPTS = 50, 8, 40


def prepare(url: str, *, waitlist: bool) -> None:
    database = Database(url)
    database.create_all()
    with database.write() as connection:
        session = session_on(connection)
        session.add(Community(id=1, code="demo", name="示例社区"))
        session.flush()
        desk = ActivityDesk(session, community_id=1, now=NOW, rules=Rules())
        starts_at = NOW + timedelta(days=9)
        desk.create_activity(ActivityPlan("CYY", "重阳宴", "广场", starts_at, SEATS, waitlist=waitlist))
        session.flush()
    database.close()


def rush(url: str, number: int) -> int:
    """One process or thread: forty people, one transaction each; how many got a seat."""
    database = Database(url)
    sold = 0
    for attempt in range(ATTEMPTS):
        with database.write() as connection:
            desk = ActivityDesk(session_on(connection), community_id=1, now=NOW, rules=Rules())
            activity = desk.activity("CYY")
            assert activity is not None and activity.id is not None
            try:
                signing = desk.sign_up(activity.id, f"mp:{number}-{attempt}", 1)
            except DomainError:
                continue
            sold += signing.outcome is Outcome.CONFIRMED
    database.close()
    return sold


def sell_out(url: str) -> int:
    sold: list[int] = []
    threads = [threading.Thread(target=lambda n=n: sold.append(rush(url, n))) for n in range(CROWD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sold) == CROWD, "a thread failed"
    return sum(sold)


def recount(url: str) -> tuple[int, int, int]:
    """(seats by the counter, seats by recount, groups in line)"""
    database = Database(url)
    with database.read() as connection:
        session = session_on(connection)
        taken = session.exec(select(Activity.taken)).one()
        seated = session.exec(select(SignUp.people).where(col(SignUp.state).in_(SEATED))).all()
        waiting = session.exec(select(SignUp.id).where(col(SignUp.state) == SignUpState.WAITLISTED)).all()
    database.close()
    return taken, sum(seated), len(waiting)


@pytest.fixture
def file_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'linli.db'}"


@pytest.fixture
def clean_postgres(postgres_url: str) -> Iterator[str]:
    """A database of its own on the test server: what is committed here meets no other test."""
    name = f"rush_{uuid.uuid4().hex[:12]}"
    server = create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.mark.parametrize("waitlist", [False, True])
def test_eight_threads_sell_fifty_seats_of_a_file(file_url: str, waitlist: bool) -> None:
    prepare(file_url, waitlist=waitlist)
    assert sell_out(file_url) == SEATS
    assert recount(file_url) == (SEATS, SEATS, CROWD * ATTEMPTS - SEATS if waitlist else 0)


@pytest.mark.parametrize("waitlist", [False, True])
def test_eight_threads_sell_fifty_seats_on_postgresql(clean_postgres: str, waitlist: bool) -> None:
    prepare(clean_postgres, waitlist=waitlist)
    assert sell_out(clean_postgres) == SEATS
    assert recount(clean_postgres) == (SEATS, SEATS, CROWD * ATTEMPTS - SEATS if waitlist else 0)


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["file_url", "clean_postgres"])
def test_eight_processes_sell_fifty_seats(engine: str, request: pytest.FixtureRequest) -> None:
    url: str = request.getfixturevalue(engine)
    prepare(url, waitlist=False)
    # An executor, unlike a pool, never waits for ever when a process or its answer is lost.
    with ProcessPoolExecutor(CROWD, multiprocessing.get_context("spawn")) as pool:
        sold = list(pool.map(rush, [url] * CROWD, range(CROWD), timeout=180))
    assert sum(sold) == SEATS
    assert recount(url) == (SEATS, SEATS, 0)


def test_the_same_person_from_eight_threads_has_one_sign_up(clean_postgres: str) -> None:
    prepare(clean_postgres, waitlist=True)
    outcomes: list[Outcome] = []

    def insist() -> None:
        database = Database(clean_postgres)
        for _ in range(5):
            with database.write() as connection:
                desk = ActivityDesk(session_on(connection), community_id=1, now=NOW, rules=Rules())
                activity = desk.activity("CYY")
                assert activity is not None and activity.id is not None
                outcomes.append(desk.sign_up(activity.id, "mp:li", 2).outcome)
        database.close()

    threads = [threading.Thread(target=insist) for _ in range(CROWD)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count(Outcome.CONFIRMED) == 1
    assert outcomes.count(Outcome.ALREADY) == CROWD * 5 - 1
    assert recount(clean_postgres) == (2, 2, 0)
