"""A migrated database is the one that the models describe, on both engines, and a second run changes nothing."""

from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import make_url, text
from sqlmodel import SQLModel

import models.tables  # noqa: F401
from models import migrate as migrate_module
from models.database import Database
from models.ledger_triggers import POSTGRES_TRIGGERS, SQLITE_TRIGGERS
from models.migrate import HEAD, migrate, revision


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
