"""A migrated database is the one that the models describe, on both engines, and a second run changes nothing."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import make_url, text
from sqlmodel import SQLModel

import models.tables  # noqa: F401
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
