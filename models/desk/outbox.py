"""The outbox's statements: written with their cause, claimed with a lease, marked when done."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from models.outbox import OutboxRow, OutboxState
from models.prepared import Prepared

_OUTBOX = OutboxRow.__table__  # type: ignore[attr-defined]
LEASE = timedelta(seconds=60)
_WRITTEN = "linli_notices_written"
RESENDS = 1  # how often a row whose fate nobody knows is sent again

_ENQUEUE = Prepared(
    lambda dialect: dialect.insert(_OUTBOX).on_conflict_do_nothing(index_elements=["dedupe_key"]).inline(),
    (
        *("community_id", "dedupe_key", "account", "person", "topic", "urgent", "resend", "notice", "state"),
        *("due_at", "attempts", "created_at", "way", "reference", "error_code", "error"),
    ),
)
_SAID = _OUTBOX.alias("said")
_SUPERSEDE = (
    update(_OUTBOX)
    .where(
        _OUTBOX.c.topic == bindparam("old_topic"),
        _OUTBOX.c.person == bindparam("old_person"),
        _OUTBOX.c.state == OutboxState.PENDING,
        _OUTBOX.c.dedupe_key != bindparam("new_key"),
        # What is said a second time is passed over, so it must not silence what came after it either.
        ~select(_SAID.c.id).where(_SAID.c.dedupe_key == bindparam("new_key")).exists(),
    )
    .values(state=OutboxState.SUPERSEDED, done_at=bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed row: `notice` is the notice as JSON, `attempts` counts this one."""

    id: int
    community_id: int
    account: str
    person: str
    dedupe_key: str
    notice: dict[str, Any]
    attempts: int
    resend: bool


_OUTGOING = tuple(_OUTBOX.c[field.name] for field in fields(Outgoing))


def enqueue(connection: Connection, rows: Sequence[dict[str, Any]], now: datetime) -> None:
    """Write notices; one that was written before is passed over, an older pending one of its topic superseded.

    Leaves a mark on the connection that `written` takes: whoever commits then wakes the sender.
    """
    topical = [
        {"old_topic": row["topic"], "old_person": row["person"], "new_key": row["dedupe_key"], "now": now}
        for row in rows
        if row["topic"]
    ]
    if topical:
        connection.execute(_SUPERSEDE, topical)
    if rows:
        _ENQUEUE.run_many(connection, rows)
        connection.info[_WRITTEN] = True


def written(connection: Connection) -> bool:
    """Whether notices were written since the last call."""
    return bool(connection.info.pop(_WRITTEN, False))


# Asked after every batch that wrote notices, and each second: 20 µs when there is nothing, where claiming costs 500.
_WAITING = Prepared(
    lambda _: select(
        select(_OUTBOX.c.id)
        .where(
            _OUTBOX.c.state == bindparam("pending", type_=_OUTBOX.c.state.type),
            _OUTBOX.c.due_at <= bindparam("now", type_=_OUTBOX.c.due_at.type),
        )
        .exists(),
        select(_OUTBOX.c.id)
        .where(
            _OUTBOX.c.state == bindparam("sending", type_=_OUTBOX.c.state.type),
            _OUTBOX.c.lease_until < bindparam("now", type_=_OUTBOX.c.due_at.type),
        )
        .exists(),
    )
)
_SENT = Prepared(
    lambda _: (
        update(_OUTBOX)
        .where(
            _OUTBOX.c.id == bindparam("row"),
            _OUTBOX.c.state == bindparam("sending", type_=_OUTBOX.c.state.type),
        )
        .values(
            lease_until=bindparam("never", type_=_OUTBOX.c.lease_until.type),
            **{
                name: bindparam(name, type_=_OUTBOX.c[name].type)
                for name in ("state", "done_at", "way", "reference", "error", "error_code")
            },
        )
    )
)
_SENT_WITH = frozenset({"way", "reference", "error", "error_code"})


def claim_due(
    connection: Connection, now: datetime, *, limit: int = 32, held_accounts: Sequence[str] = ()
) -> list[Outgoing]:
    """Take what is due, urgent first, and lease it; accounts that cannot push are left for the next answer."""
    state: Any = _WAITING.run(
        connection, {"now": now, "pending": OutboxState.PENDING, "sending": OutboxState.SENDING}
    ).one()
    waiting, lost = state[0], state[1]
    if lost:
        _reclaim(connection, now)
    elif not waiting:
        return []
    due = (
        select(_OUTBOX.c.id)
        .where(_OUTBOX.c.state == OutboxState.PENDING, _OUTBOX.c.due_at <= now)
        .order_by(_OUTBOX.c.urgent.desc(), _OUTBOX.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if held_accounts:
        due = due.where(_OUTBOX.c.account.not_in(list(held_accounts)))
    # A CTE is run once; PostgreSQL may run a subquery several times, each time locking other rows.
    chosen = due.cte("due")
    taken = connection.execute(
        update(_OUTBOX)
        .where(_OUTBOX.c.id.in_(select(chosen.c.id)))
        .values(state=OutboxState.SENDING, lease_until=now + LEASE, attempts=_OUTBOX.c.attempts + 1)
        .returning(*_OUTGOING, _OUTBOX.c.urgent, _OUTBOX.c.due_at)
    ).all()
    taken = sorted(taken, key=lambda row: (not row.urgent, row.due_at, row.id))
    return [Outgoing(*row[: len(_OUTGOING)]) for row in taken]


def _reclaim(connection: Connection, now: datetime) -> None:
    """Rows whose sender died: sent once more where that does less harm than silence, else `unknown`."""
    lost = (_OUTBOX.c.state == OutboxState.SENDING) & (_OUTBOX.c.lease_until < now)
    again = lost & _OUTBOX.c.resend & (_OUTBOX.c.attempts <= RESENDS)
    connection.execute(
        update(_OUTBOX).where(again).values(state=OutboxState.PENDING, due_at=now, lease_until=None)
    )
    connection.execute(update(_OUTBOX).where(lost).values(state=OutboxState.UNKNOWN, done_at=now))


def mark(connection: Connection, row_id: int, now: datetime, state: OutboxState, **values: Any) -> None:
    """What became of a claimed row; `values` as the columns (way, reference, error_code, error, due_at)."""
    done_at = None if state is OutboxState.PENDING else now
    if values.keys() == _SENT_WITH:  # what happens to nearly all: prepared, a tenth of the time
        row = {
            "row": row_id,
            "sending": OutboxState.SENDING,
            "never": None,
            "state": state,
            "done_at": done_at,
        }
        _SENT.run(connection, {**row, **values})
        return
    connection.execute(
        update(_OUTBOX)
        .where(_OUTBOX.c.id == row_id, _OUTBOX.c.state == OutboxState.SENDING)
        .values(state=state, lease_until=None, done_at=done_at, **values)
    )


def take_held(connection: Connection, person: str, now: datetime, limit: int = 5) -> list[dict[str, Any]]:
    """What waits for a person whose account cannot push: handed over with the answer being written now."""
    rows = connection.execute(
        select(_OUTBOX.c.id, _OUTBOX.c.notice)
        .where(_OUTBOX.c.person == person, _OUTBOX.c.state == OutboxState.PENDING, _OUTBOX.c.due_at <= now)
        .order_by(_OUTBOX.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    if rows:
        connection.execute(
            update(_OUTBOX)
            .where(_OUTBOX.c.id.in_([row.id for row in rows]))
            .values(state=OutboxState.SENT, way="passive", done_at=now)
        )
    return [row.notice for row in rows]


def withdraw(connection: Connection, topic: str, now: datetime) -> None:
    """What has not been sent of this topic need not be sent any more."""
    connection.execute(
        update(_OUTBOX)
        .where(_OUTBOX.c.topic == topic, _OUTBOX.c.state == OutboxState.PENDING)
        .values(state=OutboxState.SUPERSEDED, done_at=now)
    )


def resend(connection: Connection, row_id: int, now: datetime) -> bool:
    """Give a dead letter another life; False when there is no such dead letter."""
    return bool(
        connection.execute(
            update(_OUTBOX)
            .where(
                _OUTBOX.c.id == row_id,
                _OUTBOX.c.state.in_([OutboxState.FAILED, OutboxState.UNKNOWN]),
            )
            .values(state=OutboxState.PENDING, due_at=now, attempts=0, done_at=None, error="", error_code=0)
        ).rowcount
    )


def counts(connection: Connection) -> dict[str, int]:
    """How many rows stand in each state."""
    rows = connection.execute(select(_OUTBOX.c.state, func.count()).group_by(_OUTBOX.c.state))
    return {str(state): count for state, count in rows}


def dead_letters(connection: Connection, limit: int = 50) -> list[dict[str, Any]]:
    """What could not be delivered, the newest first."""
    rows = connection.execute(
        select(_OUTBOX.c.id, _OUTBOX.c.account, _OUTBOX.c.dedupe_key, _OUTBOX.c.error_code, _OUTBOX.c.error)
        .where(_OUTBOX.c.state.in_([OutboxState.FAILED, OutboxState.UNKNOWN]))
        .order_by(_OUTBOX.c.id.desc())
        .limit(limit)
    )
    return [dict(row._mapping) for row in rows]
