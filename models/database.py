"""The database: SQLite (WAL, durable) or PostgreSQL behind the same two doors, `read` and `write`."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, make_url, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.pool import StaticPool
from sqlmodel import Session, SQLModel

_ALONE = 7_203_114  # an advisory lock's number that nobody else uses
BUSY_TIMEOUT_MS = 30_000
MOST_READERS = 40  # as many pages as the web server's threads may read at once, and the writer still gets in
# A server that is gone is noticed within seconds, and a process that froze inside a transaction lets the others go on.
_POSTGRES = {
    "connect_timeout": 3,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,  # ms
    "options": "-c idle_in_transaction_session_timeout=60s",
}
_READ_ONLY = "25006"  # SQLSTATE read_only_sql_transaction
_SQLITE_NO_ROOM = ("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_READONLY", "SQLITE_CANTOPEN")
_WRITER = 0x6C6C  # the class of our advisory locks


class Database:
    """An engine set up the way linli needs it.

    On SQLite: WAL, synchronous=FULL (an answer leaves only after it is on disk), foreign keys, and `write()`
    takes the write lock at once (BEGIN IMMEDIATE) so that no transaction fails half-way for want of it.
    """

    def __init__(self, url: str, *, echo: bool = False) -> None:
        self.url = url
        memory = url in ("sqlite://", "sqlite:///:memory:")
        options: dict[str, Any] = {"echo": echo, "json_serializer": _json}
        if memory:
            options |= {"poolclass": StaticPool, "connect_args": {"check_same_thread": False}}
        elif url.startswith("sqlite"):
            wait = {"timeout": BUSY_TIMEOUT_MS / 1000, "check_same_thread": False}
            options |= {"connect_args": wait, "max_overflow": MOST_READERS}
        else:
            given = make_url(url).query  # what the operator wrote wins
            ours = {name: value for name, value in _POSTGRES.items() if name not in given}
            options |= {"connect_args": ours, "max_overflow": MOST_READERS, "pool_pre_ping": True}
        self.engine: Engine = create_engine(url, **options)
        self.is_sqlite = self.engine.dialect.name == "sqlite"
        if self.is_sqlite:
            event.listen(self.engine, "connect", _prepare_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        else:
            event.listen(self.engine, "handle_error", _standby_is_away, retval=True)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that may write: committed at the end, rolled back on an exception."""
        with self.engine.connect().execution_options(linli_write=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads; it never waits for a writer on SQLite."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    def alone(self, connection: Connection) -> None:
        """Wait until no other process is inside its own `alone`, until this transaction ends.

        For what several processes do at their start: migrate, make the community and its places. SQLite has one
        writer anyway.
        """
        if not self.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ALONE})

    def ping(self) -> None:
        """Ask the database for anything.

        Raises:
            SQLAlchemyError: it does not answer.
        """
        with self.read() as connection:
            connection.execute(text("SELECT 1"))

    def can_write(self) -> bool:
        """Whether something can be written now: no other writer for ever, no full disk, no read-only standby."""
        try:
            with self.write() as connection:
                connection.execute(_TOUCH)
        except SQLAlchemyError:
            return False
        return True

    def create_all(self) -> None:
        """Make every table at once: for tests; a service migrates instead."""
        with self.write() as connection:
            SQLModel.metadata.create_all(connection)

    def close(self) -> None:
        self.engine.dispose()


def session_on(connection: Connection) -> Session:
    """A session inside the connection's open transaction; whoever opened that commits it."""
    return Session(
        bind=connection, autoflush=False, expire_on_commit=False, join_transaction_mode="rollback_only"
    )


def no_room(problem: BaseException) -> bool:
    """Whether the database is there but can take nothing: its disk is full, failing, or read-only."""
    original = getattr(problem, "orig", None)
    name = getattr(original, "sqlite_errorname", "") or ""
    state = getattr(original, "sqlstate", "") or ""
    return name.startswith(_SQLITE_NO_ROOM) or state.startswith("53") or state == _READ_ONLY


def take_turn(connection: Connection, community_id: int) -> None:
    """Wait until no other process hears messages or ticks for this community; it holds until the transaction ends.

    SQLite has one writer anyway. On PostgreSQL two processes would touch counters, tickets and notices in different
    orders, and each such deadlock stands everybody still for a second before the server resolves it.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(_TURN, {"writer": _WRITER, "community": community_id})


_TOUCH = text(
    "UPDATE community SET name = name WHERE id = (SELECT min(id) FROM community)"
)  # changes nothing, and has to be on disk all the same
_TURN = text("SELECT pg_advisory_xact_lock(:writer, :community)")


def _standby_is_away(context: ExceptionContext) -> Exception | None:
    """A server that only reads (a standby, or what was the primary before a failover) is as good as gone: whatever
    pooled connections lead there are dropped, and the next try finds the one that writes."""
    original = context.original_exception
    if getattr(original, "sqlstate", None) != _READ_ONLY:
        return None
    context.is_disconnect = True
    return OperationalError(context.statement, None, original, connection_invalidated=True)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _prepare_sqlite(dbapi_connection: Any, _record: Any) -> None:
    dbapi_connection.isolation_level = None  # we say BEGIN ourselves
    cursor = dbapi_connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    write = connection.get_execution_options().get("linli_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
