"""A migrated database is the one that the models describe, on both engines, and a second run changes nothing."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import make_url, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel, col, select

import models.tables
from models import migrate as migrate_module
from models.database import Database, session_on
from models.desk import Desk
from models.ledger_triggers import POSTGRES_TRIGGERS, SQLITE_TRIGGERS
from models.migrate import HEAD, migrate, revision
from models.rules import MINUTE, Rules
from models.sla import SlaBreach, SlaClock
from tests.conftest import NOW


def triggers(database: Database) -> set[str]:
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if database.is_sqlite
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    )
    with database.read() as connection:
        return set(connection.execute(text(query)).scalars())


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    if request.param == "sqlite":
        return Database(f"sqlite:///{tmp_path}/empty.db")
    url: str = request.getfixturevalue("postgres_url")
    admin = Database(url)
    with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        name = f"{make_url(url).database}_migrated"  # the processes of a run share the server
        connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
        connection.execute(text(f"CREATE DATABASE {name}"))
    admin.close()
    return Database(make_url(url).set(database=name).render_as_string(hide_password=False))


def test_migrations_make_what_the_models_describe(empty: Database) -> None:
    assert revision(empty) is None
    assert migrate(empty)
    assert revision(empty) == HEAD
    with empty.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), SQLModel.metadata) == []
    assert not migrate(empty)
    made = Database("sqlite://")
    made.create_all()
    if empty.is_sqlite:
        assert triggers(empty) == triggers(made) != set()
    assert len(SQLITE_TRIGGERS) > 0 and len(POSTGRES_TRIGGERS) > 0
    empty.close()
    made.close()


def at_revision(database: Database, wanted: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrate_module.__file__).parent / "migrations"))
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, wanted)


def test_what_was_pushed_before_the_quotas_counts_against_them(empty: Database) -> None:
    at_revision(empty, "0001")
    moment = "2026-10-12 02:00:00"
    with empty.write() as connection:
        connection.execute(text("INSERT INTO community (id, code, name) VALUES (1, 'demo', '示例')"))
        for key, state, way in (("a", "sent", "custom"), ("b", "pending", ""), ("c", "sent", "passive")):
            connection.execute(
                text(
                    "INSERT INTO outbox (community_id, dedupe_key, account, person, topic, urgent, resend, notice,"
                    " state, due_at, attempts, created_at, done_at, way, reference, error_code, error)"
                    " VALUES (1, :key, 'mp', 'mp:r', '', :no, :yes, '{}', :state, :at, 1, :at, :at, :way, '', 0, '')"
                ),
                {"key": key, "state": state, "way": way, "at": moment, "no": False, "yes": True},
            )
    assert migrate(empty)
    with empty.read() as connection:
        rows = connection.execute(
            text(
                "SELECT dedupe_key, about, must_reach, called_at IS NOT NULL FROM outbox ORDER BY dedupe_key"
            )
        ).all()
    assert [(key, about, bool(must), bool(called)) for key, about, must, called in rows] == [
        ("a", "", False, True),
        ("b", "", False, False),
        ("c", "", False, False),
    ]
    empty.close()


_OLD_TICKET = {
    "id": 7, "community_id": 1, "number": "261012-W01-0001", "state": "accepted", "type": "field", "category": "照明",
    "urgency": "normal", "emergency": "", "text": "灯坏了", "estate": "", "building": "1", "unit": "", "room": "",
    "place_text": "", "reporter": "mp:r", "phone": "", "proxy_by": "", "visibility": "private", "source": "",
    "origin": "", "grid_code": "W01", "grid_path": "1/W01", "assignee": "a", "accepted_by": "a", "cycle": 1, "level": 0,
    "declines": 0, "reopens": 0, "urges": 0, "submitted_at": "2026-10-12 02:00:00", "said_at": "2026-10-12 02:00:00",
    "finding": "", "resolution": "", "comment": "", "version": 1,
}  # fmt: skip
_OLD_CLOCK = {
    "community_id": 1, "ticket_id": 7, "cycle": 1, "target_s": 60.0, "started_at": "2026-10-12 02:00:00",
    "due_at": "2026-10-12 02:01:00", "stop_reason": "", "epoch": 1, "rungs": "[[0, 0]]", "rung": 0,
}  # fmt: skip
_OLD_CLOCKS = (
    {**_OLD_CLOCK, "id": 1, "stage": "accept", "stopped_at": "2026-10-12 02:05:00", "breached_at": "2026-10-12 02:01:00"},
    {**_OLD_CLOCK, "id": 2, "stage": "onsite", "next_rung_at": "2026-10-12 02:01:00"},
)  # fmt: skip


def test_clocks_from_before_run_on_as_natural_time(empty: Database) -> None:
    """0002 with data in the tables: each old clock has its one segment, its breach has its row, nothing else moved."""
    at_revision(empty, "0001")
    with empty.write() as connection:
        connection.execute(text("INSERT INTO community (id, code, name) VALUES (1, 'demo', '示例')"))
        for table, row in (("ticket", _OLD_TICKET), *(("sla_clock", clock) for clock in _OLD_CLOCKS)):
            places = ", ".join(f":{name}" for name in row)
            connection.execute(text(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})"), row)
    assert migrate(empty)
    with empty.write() as connection:
        desk = Desk(session_on(connection), community_id=1, now=NOW + 2 * MINUTE, rules=Rules())
        clocks = desk.session.exec(select(SlaClock).order_by(col(SlaClock.id))).all()
        assert [clock.late_after == clock.due_at == NOW + MINUTE for clock in clocks] == [True, True]
        assert [desk.runs_of(clock) for clock in clocks] == [[(NOW, NOW + 5 * MINUTE)], [(NOW, None)]]
        assert [row.clock_id for row in desk.session.exec(select(SlaBreach)).all()] == [1]
        assert desk.ring_clocks() == 1
        desk.session.flush()
        assert [row.clock_id for row in desk.session.exec(select(SlaBreach)).all()] == [1, 2]
    with pytest.raises(DBAPIError, match="append-only"), empty.write() as connection:
        connection.execute(text("DELETE FROM sla_breach"))
    empty.close()


def test_an_old_rating_becomes_the_reporters_row(empty: Database) -> None:
    """0003 with data in the tables: who rated before cannot rate again, and a low rating asks nobody to call now."""
    old = Config()
    old.set_main_option("script_location", str(Path(models.__file__).parent / "migrations"))
    rated = {**_OLD_TICKET, "state": "rated", "stars": 2, "comment": "慢", "rated_at": "2026-10-12 02:00:00"}
    with empty.write() as connection:
        old.attributes["connection"] = connection
        command.upgrade(old, "0001")
        connection.execute(text("INSERT INTO community (id, code, name) VALUES (1, 'demo', '示例')"))
        places = ", ".join(f":{name}" for name in rated)
        connection.execute(text(f"INSERT INTO ticket ({', '.join(rated)}) VALUES ({places})"), rated)
    assert migrate(empty)
    with empty.write() as connection:
        desk = Desk(session_on(connection), community_id=1, now=NOW + MINUTE, rules=Rules())
        ticket = desk.find_ticket("261012-W01-0001")
        assert ticket is not None and (ticket.outcome, ticket.held_until, ticket.joined_id) == (
            "",
            None,
            None,
        )
        rating = desk.rating_of(ticket, "mp:r")
        assert rating is not None and (rating.stars, rating.text, rating.at) == (2, "慢", NOW)
        assert desk.call_backs_for(ticket) == []
    empty.close()
