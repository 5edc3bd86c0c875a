"""The hot statements of the message road, for a whole batch at once: claim, look up, keep."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql

from models.inbox import DialogRow, Inbox
from models.outbox import OutboxRow
from models.prepared import Prepared, reader

_INBOX = Inbox.__table__  # type: ignore[attr-defined]
_DIALOG = DialogRow.__table__  # type: ignore[attr-defined]

# PostgreSQL: the unique key decides between processes, so the rows are written at once and say which of them are new.
_CLAIM = (
    postgresql.insert(_INBOX)
    .on_conflict_do_nothing(index_elements=["account", "message_id"])
    .returning(_INBOX.c.account, _INBOX.c.message_id)
)
_CLAIMED = (
    "community_id",
    "account",
    "message_id",
    "person",
    "kind",
    "text",
    "intent",
    "decision",
    "heard_at",
)
_WRITE_DOWN = Prepared(lambda dialect: dialect.insert(_INBOX).inline(), _CLAIMED)
_ANSWER = Prepared(
    lambda _: (
        update(_INBOX)
        .where(_INBOX.c.account == bindparam("at_account"), _INBOX.c.message_id == bindparam("at_message"))
        .values(
            answer=bindparam("answer", type_=_INBOX.c.answer.type),
            intent=bindparam("intent"),
            decision=bindparam("decision"),
            understood=bindparam("understood", type_=_INBOX.c.understood.type),
        )
    )
)
_SPOKEN = ("community_id", "chat", "person", "state", "draft", "updated_at")


def _keep_dialog(dialect: Any) -> Any:
    insert = dialect.insert(_DIALOG).inline()
    return insert.on_conflict_do_update(
        index_elements=["chat", "person"],
        set_={name: insert.excluded[name] for name in ("state", "draft", "updated_at")},
    )


_KEEP_DIALOG = Prepared(_keep_dialog, _SPOKEN)


def of_pairs(
    connection: Connection, wanted: str, table: str, first: str, second: str, keys: Iterable[tuple[str, str]]
) -> list[Any]:
    """The rows whose two columns are one of these pairs, each found by its index.

    `(first, second) IN (VALUES …)` reads the whole table on SQLite; CROSS JOIN keeps the pairs on the outside.
    """
    flat = [part for key in keys for part in key]
    if not flat:
        return []
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    pairs = ", ".join([f"({mark}, {mark})"] * (len(flat) // 2))
    statement = (
        f"WITH asked(a, b) AS (VALUES {pairs}) SELECT {wanted} FROM asked CROSS JOIN {table} "
        f"WHERE {table}.{first} = asked.a AND {table}.{second} = asked.b"
    )
    return list(connection.exec_driver_sql(statement, tuple(flat)))


@dataclass(frozen=True, slots=True)
class StoredDialog:
    state: dict[str, Any]
    draft: dict[str, Any] | None
    updated_at: datetime


def claim(connection: Connection, rows: Sequence[dict[str, Any]]) -> set[tuple[str, str]]:
    """Write the messages down; the (account, message id) of those that were never heard before.

    The unique key decides, also between processes: on PostgreSQL the second one waits for the first's commit.
    SQLite has one writer, who may look first: without RETURNING the rows go to the driver in one call.
    """
    if not rows:
        return set()
    if connection.dialect.name != "sqlite":
        return {(account, message_id) for account, message_id in connection.execute(_CLAIM, list(rows))}
    keys = [(row["account"], row["message_id"]) for row in rows]
    found = of_pairs(connection, "account, message_id", "inbox", "account", "message_id", keys)
    seen = {(account, number) for account, number in found}
    new = {key: row for key, row in zip(keys, rows, strict=True) if key not in seen}
    _WRITE_DOWN.run_many(connection, list(new.values()))
    return set(new)


def answers(connection: Connection, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], dict[str, Any]]:
    """The answers already given to these messages."""
    found = of_pairs(connection, "account, message_id, answer", "inbox", "account", "message_id", keys)
    read = reader(_INBOX.c.answer, connection.dialect)
    return {(account, number): read(answer) for account, number, answer in found if answer is not None}


def dialogs(connection: Connection, keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], StoredDialog]:
    """The dialogs of these (chat, person) pairs."""
    wanted = "chat, person, state, draft, updated_at"
    found = of_pairs(connection, wanted, "dialog", "chat", "person", keys)
    dialect = connection.dialect
    plain, moment = reader(_DIALOG.c.state, dialect), reader(_DIALOG.c.updated_at, dialect)
    return {
        (chat, person): StoredDialog(plain(state), plain(draft), moment(at))
        for chat, person, state, draft, at in found
    }


def keep(
    connection: Connection, answered: Sequence[dict[str, Any]], spoken: Sequence[dict[str, Any]]
) -> None:
    """Write what was answered (at_account, at_message, answer, intent, decision, understood), and the dialogs."""
    _ANSWER.run_many(connection, answered)
    _KEEP_DIALOG.run_many(connection, spoken)


def last_moment(connection: Connection) -> datetime | None:
    """The latest moment at which anything was heard or anybody was written to; None in an empty database."""
    heard = connection.execute(select(func.max(_INBOX.c.heard_at))).scalar()
    said = connection.execute(
        select(OutboxRow.created_at).order_by(OutboxRow.id.desc()).limit(1)  # type: ignore[call-overload,union-attr]
    ).scalar()
    return max((moment for moment in (heard, said) if moment is not None), default=None)


def forget(connection: Connection, before: datetime, limit: int = 1000) -> int:
    """Empty the words of messages older than the retention time; how many."""
    old = (
        select(_INBOX.c.id)
        .where(_INBOX.c.heard_at < before, _INBOX.c.text != "")
        .limit(limit)
        .scalar_subquery()
    )
    return connection.execute(
        update(_INBOX).where(_INBOX.c.id.in_(old)).values(text="", understood=None)
    ).rowcount


def forget_dialogs(connection: Connection, before: datetime) -> int:
    """Remove dialogs and drafts that nobody took up again."""
    return connection.execute(delete(_DIALOG).where(_DIALOG.c.updated_at < before)).rowcount


DRAFT_KEPT = timedelta(days=7)
