"""The outbox's statements: written with their cause, claimed with a lease, marked when done."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    Connection,
    Integer,
    bindparam,
    case,
    false,
    func,
    literal,
    or_,
    select,
    true,
    tuple_,
    update,
)

from models.outbox import OutboxRow, OutboxState
from models.prepared import Prepared

_OUTBOX = OutboxRow.__table__  # type: ignore[attr-defined]
LEASE = timedelta(seconds=60)  # longer than any push takes, with its time-outs
_WRITTEN = "linli_notices_written"
RESENDS = 1  # how often a row whose fate nobody knows is sent again
UNSENT = (OutboxState.PENDING, OutboxState.HELD)
DEAD = (OutboxState.FAILED, OutboxState.UNKNOWN)

_ENQUEUE = Prepared(
    lambda dialect: dialect.insert(_OUTBOX).on_conflict_do_nothing(index_elements=["dedupe_key"]).inline(),
    (
        *("community_id", "dedupe_key", "account", "person", "topic", "urgent", "resend", "notice", "state"),
        *("about", "must_reach", "relayed"),
        *("due_at", "attempts", "created_at", "way", "reference", "error_code", "error"),
    ),
)
_PLAIN = {"about": "", "must_reach": False, "relayed": False}
_SAID = _OUTBOX.alias("said")
# What waits is called back at once; what is on its way keeps its state and is not tried again should it fail: the
# moment in `done_at` says so.
_UNDECIDED = or_(*(_OUTBOX.c.state == state for state in (*UNSENT, OutboxState.SENDING)))
_CALLED_BACK = case(
    (_OUTBOX.c.state == OutboxState.SENDING, _OUTBOX.c.state),
    else_=literal(OutboxState.SUPERSEDED, _OUTBOX.c.state.type),
)
_SUPERSEDE = (
    update(_OUTBOX)
    .where(
        _OUTBOX.c.topic == bindparam("old_topic"),
        _OUTBOX.c.person == bindparam("old_person"),
        _UNDECIDED,
        _OUTBOX.c.dedupe_key != bindparam("new_key"),
        # What is said a second time is passed over, so it must not silence what came after it either.
        ~select(_SAID.c.id).where(_SAID.c.dedupe_key == bindparam("new_key")).exists(),
    )
    .values(state=_CALLED_BACK, done_at=bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed row: `notice` is the notice as JSON, `attempts` counts this one, `way` is how it shall be sent ("":
    the channel decides)."""

    id: int
    community_id: int
    account: str
    person: str
    dedupe_key: str
    notice: dict[str, Any]
    attempts: int
    resend: bool
    way: str


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
    if len({(one["old_topic"], one["old_person"]) for one in topical}) < len(topical):
        for row in rows:  # one of these takes the place of another: each after the one before it
            enqueue(connection, [row], now)
        return
    if topical:
        connection.execute(_SUPERSEDE, topical)
    if rows:
        _ENQUEUE.run_many(connection, [{**_PLAIN, **row} for row in rows])
        connection.info[_WRITTEN] = True


def written(connection: Connection) -> bool:
    """Whether notices were written since the last call."""
    return bool(connection.info.pop(_WRITTEN, False))


# Asked after every batch that wrote notices, and each second: 20 µs when there is nothing, where claiming costs 500.
_WAITING = Prepared(
    lambda _: select(
        *(
            select(_OUTBOX.c.id)
            .where(
                _OUTBOX.c.state == bindparam("pending", type_=_OUTBOX.c.state.type),
                _OUTBOX.c.urgent == urgent,
                _OUTBOX.c.due_at <= bindparam("now", type_=_OUTBOX.c.due_at.type),
            )
            .exists()
            for urgent in (true(), false())
        ),
    )
)
_IN_HAND = Prepared(
    lambda _: select(_OUTBOX.c.id, _OUTBOX.c.attempts).where(
        _OUTBOX.c.state == bindparam("sending", type_=_OUTBOX.c.state.type)
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
                for name in ("state", "done_at", "called_at", "way", "reference", "error", "error_code")
            },
        )
    )
)
# Asked at the end of every batch of messages: nothing is held nearly always, which costs 10 µs to know.
_HOLDS = Prepared(
    lambda _: select(
        select(_OUTBOX.c.id).where(_OUTBOX.c.state == bindparam("held", type_=_OUTBOX.c.state.type)).exists()
    )
)
_SENT_WITH = frozenset({"way", "reference", "error", "error_code"})


_TAKE = (
    update(_OUTBOX)
    .where(_OUTBOX.c.id.in_(bindparam("taken", expanding=True)))
    .values(
        state=OutboxState.SENDING,
        lease_until=bindparam("lease"),
        called_at=bindparam("now"),
        attempts=_OUTBOX.c.attempts + 1,
    )
    .returning(*_OUTGOING, _OUTBOX.c.urgent, _OUTBOX.c.due_at)
)


@dataclass(frozen=True, slots=True)
class Due:
    """Whether urgent and whether common rows are due."""

    urgent: bool
    common: bool


def in_hand(connection: Connection) -> list[tuple[int, int]]:
    """What any process is sending just now: (id, attempts), which together are one claim and no other."""
    found: Any = _IN_HAND.run(connection, {"sending": OutboxState.SENDING})
    return [(number, attempts) for number, attempts in found]


def anything_due(connection: Connection, now: datetime, lost: Collection[tuple[int, int]] = ()) -> Due | None:
    """What a claim would find; None: nothing. `lost` are claims (of `in_hand`) whose sender has died: due again."""
    if lost:
        _reclaim(connection, now, lost)
        return Due(True, True)
    found: Any = _WAITING.run(connection, {"now": now, "pending": OutboxState.PENDING}).one()
    urgent, common = found
    return Due(bool(urgent), bool(common)) if urgent or common else None


@cache
def _due(urgent: bool, of_one: bool, held: bool, emergencies: bool) -> Any:
    """Built once of each kind: putting it together costs more than running it."""
    due = (
        select(_OUTBOX.c.id)
        .where(
            _OUTBOX.c.state == OutboxState.PENDING,
            _OUTBOX.c.urgent == (true() if urgent else false()),
            _OUTBOX.c.due_at <= bindparam("now"),
        )
        .order_by(_OUTBOX.c.due_at, _OUTBOX.c.id)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True)
    )
    if of_one:
        due = due.where(_OUTBOX.c.community_id == bindparam("community"))
    if held:
        due = due.where(_OUTBOX.c.account.not_in(bindparam("held", expanding=True)))
    return due.where(_OUTBOX.c.must_reach) if emergencies else due


def due_ids(
    connection: Connection,
    now: datetime,
    limit: int,
    due: Due,
    *,
    community_id: int | None,
    held_accounts: Sequence[str],
    emergencies: bool,
) -> list[int]:
    """What is due, urgent first, each row locked and passed over where another process has it in hand.

    Each question reads no more rows of the index than it gives, however many wait.
    """
    found: list[int] = []
    values = {"now": now, "community": community_id, "held": list(held_accounts)}
    for urgent in (True, False):
        if len(found) == limit or not (due.urgent if urgent else due.common and not emergencies):
            continue
        query = _due(urgent, community_id is not None, bool(held_accounts), emergencies)
        given = {name: value for name, value in values.items() if value or name == "now"}
        found += connection.execute(query, {**given, "most": limit - len(found)}).scalars()
    return found


def claim_due(
    connection: Connection,
    now: datetime,
    *,
    limit: int = 32,
    held_accounts: Sequence[str] = (),
    community_id: int | None = None,
    emergencies: bool = False,
    lost: Collection[tuple[int, int]] = (),
) -> list[Outgoing]:
    """Take what is due, urgent first, and lease it; accounts that cannot push are left for the next answer.

    `community_id` None: of every community; `emergencies`: only what must reach somebody at once; `lost`: claims
    (of `in_hand`) whose sender has died, taken over first.
    """
    due = anything_due(connection, now, lost)
    if due is None:
        return []
    found = due_ids(
        connection,
        now,
        limit,
        due,
        community_id=community_id,
        held_accounts=held_accounts,
        emergencies=emergencies,
    )
    if not found:
        return []
    taken = connection.execute(_TAKE, {"taken": found, "now": now, "lease": now + LEASE}).all()
    taken = sorted(taken, key=lambda row: (not row.urgent, row.due_at, row.id))
    return [Outgoing(*row[: len(_OUTGOING)]) for row in taken]


def _reclaim(connection: Connection, now: datetime, claims: Collection[tuple[int, int]]) -> None:
    """Rows whose sender died: sent once more where that does less harm than silence, else `unknown`."""
    lost = (_OUTBOX.c.state == OutboxState.SENDING) & tuple_(_OUTBOX.c.id, _OUTBOX.c.attempts).in_(
        list(claims)
    )
    called_back = _OUTBOX.c.done_at.is_not(None)
    again = lost & _OUTBOX.c.resend & (_OUTBOX.c.attempts <= RESENDS) & ~called_back
    connection.execute(
        update(_OUTBOX)
        .where(again)
        .values(state=OutboxState.PENDING, due_at=now, called_at=now, lease_until=None)
    )
    connection.execute(
        update(_OUTBOX)
        .where(lost)
        .values(state=OutboxState.UNKNOWN, done_at=now, called_at=now, lease_until=None)
    )


def mark(
    connection: Connection,
    row_id: int,
    now: datetime,
    state: OutboxState,
    *,
    counts: bool = True,
    **values: Any,
) -> None:
    """What became of a claimed row; `values` as the columns (way, reference, error_code, error, due_at, attempts).

    `counts`: the platform may have taken it, so the call counts against the quota.
    """
    done_at = None if state in UNSENT else now
    called_at = now if counts else None
    if values.keys() == _SENT_WITH:  # what happens to nearly all: prepared, a tenth of the time
        row = {
            "row": row_id,
            "sending": OutboxState.SENDING,
            "never": None,
            "state": state,
            "done_at": done_at,
            "called_at": called_at,
        }
        _SENT.run(connection, {**row, **values})
        return
    sending = (_OUTBOX.c.id == row_id) & (_OUTBOX.c.state == OutboxState.SENDING)
    if state in UNSENT:  # not tried again what was called back meanwhile
        connection.execute(
            update(_OUTBOX)
            .where(sending, _OUTBOX.c.done_at.is_not(None))
            .values(state=OutboxState.SUPERSEDED, lease_until=None, **{**values, "due_at": _OUTBOX.c.due_at})
        )
    connection.execute(
        update(_OUTBOX)
        .where(sending)
        .values(state=state, lease_until=None, done_at=done_at, called_at=called_at, **values)
    )


def release(connection: Connection, persons: Sequence[str], now: datetime) -> None:
    """These have written: what the platform did not let through to them may be tried again."""
    if not persons or not _HOLDS.run(connection, {"held": OutboxState.HELD}).scalar_one():
        return
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    places = ", ".join([mark] * len(persons))
    waiting = f"SELECT id FROM outbox WHERE state = 'held' AND person IN ({places})"
    rows = [number for (number,) in connection.exec_driver_sql(waiting, tuple(persons))]
    if rows:
        connection.execute(
            update(_OUTBOX)
            .where(_OUTBOX.c.id.in_(rows), _OUTBOX.c.state == OutboxState.HELD)
            .values(state=OutboxState.PENDING, due_at=now)
        )
        connection.info[_WRITTEN] = True


def take_held(connection: Connection, person: str, now: datetime, limit: int = 5) -> list[dict[str, Any]]:
    """What waits for a person whose account cannot push: handed over with the answer being written now."""
    rows = connection.execute(
        select(_OUTBOX.c.id, _OUTBOX.c.notice)
        .where(_OUTBOX.c.person == person, _OUTBOX.c.state.in_(UNSENT), _OUTBOX.c.due_at <= now)
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
    """What has not been sent of this topic need not be sent any more (C6)."""
    connection.execute(
        update(_OUTBOX).where(_OUTBOX.c.topic == topic, _UNDECIDED).values(state=_CALLED_BACK, done_at=now)
    )


def said_since(connection: Connection, keys: Sequence[str], since: datetime) -> bool:
    """Whether any of these was written after that moment."""
    said = select(_OUTBOX.c.id).where(_OUTBOX.c.dedupe_key.in_(list(keys)), _OUTBOX.c.created_at > since)
    return connection.execute(said.limit(1)).first() is not None


def resend(connection: Connection, row_id: int, now: datetime) -> bool:
    """Give a dead letter another life; False when there is no such dead letter."""
    return bool(_revive(connection, _OUTBOX.c.id == row_id, now))


def resend_all(connection: Connection, now: datetime, account: str = "") -> int:
    """Give every dead letter (of one account) another life; how many."""
    return _revive(connection, _OUTBOX.c.account == account if account else _OUTBOX.c.id > 0, now)


def _revive(connection: Connection, which: Any, now: datetime) -> int:
    return connection.execute(
        update(_OUTBOX)
        .where(which, _OUTBOX.c.state.in_(DEAD))
        .values(state=OutboxState.PENDING, due_at=now, attempts=0, done_at=None, error="", error_code=0)
    ).rowcount


def counts(connection: Connection) -> dict[str, int]:
    """How many rows stand in each state."""
    rows = connection.execute(select(_OUTBOX.c.state, func.count()).group_by(_OUTBOX.c.state))
    return {str(state): count for state, count in rows}


def dead_letters(connection: Connection, limit: int = 50) -> list[dict[str, Any]]:
    """What could not be delivered, the newest first."""
    rows = connection.execute(
        select(
            *(_OUTBOX.c.id, _OUTBOX.c.account, _OUTBOX.c.dedupe_key, _OUTBOX.c.error_code, _OUTBOX.c.error),
            *(_OUTBOX.c.state, _OUTBOX.c.created_at, _OUTBOX.c.relayed),
        )
        .where(_OUTBOX.c.state.in_(DEAD))
        .order_by(_OUTBOX.c.id.desc())
        .limit(limit)
    )
    return [dict(row._mapping) for row in rows]
