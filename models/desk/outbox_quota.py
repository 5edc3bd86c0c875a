"""Claiming within what the platforms allow: what exceeds it takes the template's way, waits, or is held; nothing vanishes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update

from models.desk.outbox import LEASE, Outgoing, anything_due, claim_due, due_ids
from models.inbox import Inbox
from models.outbox import OutboxRow, OutboxState, PushPause
from models.prepared import Prepared
from models.quota import Past, Quota, free_at, open_now

_OUTBOX = OutboxRow.__table__  # type: ignore[attr-defined]
_INBOX = Inbox.__table__  # type: ignore[attr-defined]
_PAUSE = PushPause.__table__  # type: ignore[attr-defined]

TEMPLATE = "template"
OVER_QUOTA = 45047  # what the platform would say
SILENT = 45015
# What a person can do that opens the short window (Inbox.intent of an event is its name).
TOUCHES = ("subscribe", "scan", "click", "scancode_push", "scancode_waitmsg")
# How long an account rests whose platform refused everything, each time it does so again.
PAUSES_S = (30, 60, 120, 300, 600)


@dataclass(frozen=True, slots=True)
class Road:
    """What binds pushes of one account: the plain `way`, its quota, and the templates that stand in for it."""

    way: str
    quota: Quota
    templates: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Claim:
    """The rows that were taken; `full`: there may be more; `stranded`: something was put off that may not wait."""

    rows: list[Outgoing] = field(default_factory=list)
    full: bool = False
    stranded: bool = False


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Sent by `way` when that is not ""; else put off `until`, or held when nobody knows until when."""

    way: str = ""
    until: datetime | None = None
    code: int = 0
    why: str = ""


_TAKEN = (
    *("id", "community_id", "account", "person", "dedupe_key", "notice", "attempts", "resend"),
    "urgent",
)
_COLUMNS = [_OUTBOX.c[name] for name in (*_TAKEN, "must_reach", "relayed")]

_FOUND = select(*_COLUMNS).where(_OUTBOX.c.id.in_(bindparam("found", expanding=True)))


def _at(name: str) -> Any:
    return bindparam(name, type_=_OUTBOX.c[name].type)


_TAKE = Prepared(
    lambda _: (
        update(_OUTBOX)
        .where(_OUTBOX.c.id == bindparam("row"))
        .values(
            **{name: _at(name) for name in ("state", "lease_until", "called_at", "attempts", "way")},
        )
    )
)
_PUT_OFF = Prepared(
    lambda _: (
        update(_OUTBOX)
        .where(_OUTBOX.c.id == bindparam("row"))
        .values(**{name: _at(name) for name in ("state", "due_at", "error_code", "error")})
    )
)


def claim(
    connection: Connection,
    now: datetime,
    *,
    community_id: int,
    roads: Mapping[str, Road],
    limit: int = 32,
    held_accounts: Sequence[str] = (),
    emergencies: bool = False,
    lost: Collection[tuple[int, int]] = (),
) -> Claim:
    """Take what is due and may be sent now; `lost` are claims whose sender has died.

    Correct between processes because the caller holds the community's turn (`models.database.take_turn`): a call is
    counted from the moment it is claimed, so no two processes spend the same one.
    """
    if not roads:
        taken_at_once = claim_due(
            connection,
            now,
            limit=limit,
            held_accounts=held_accounts,
            community_id=community_id,
            emergencies=emergencies,
            lost=lost,
        )
        return Claim(taken_at_once, len(taken_at_once) == limit)
    waiting = anything_due(connection, now, lost)
    if waiting is None:
        return Claim()
    found = due_ids(
        connection,
        now,
        limit,
        waiting,
        community_id=community_id,
        held_accounts=held_accounts,
        emergencies=emergencies,
    )
    if not found:
        return Claim()
    rows = connection.execute(_FOUND, {"found": found})
    due = sorted(rows, key=lambda row: found.index(row.id))
    bound = [row for row in due if row.account in roads]
    paused = _pauses(connection, community_id, now) if bound else {}
    pasts = _pasts(connection, {row.person: roads[row.account].quota for row in bound}, now)
    taken: list[Outgoing] = []
    put_off: list[dict[str, Any]] = []
    stranded = False
    for row in due:
        road = roads.get(row.account)
        verdict = (
            _judge(row, road, pasts[row.person], paused, now) if road is not None else _Verdict(way="any")
        )
        if verdict.way:
            way = "" if verdict.way == "any" else verdict.way
            if road is not None and way == road.way:
                past = pasts[row.person]
                pasts[row.person] = Past((*past.calls, now), past.wrote_at, past.touched_at)
            taken.append(
                Outgoing(
                    *(row.id, row.community_id, row.account, row.person, row.dedupe_key, row.notice),
                    *(row.attempts + 1, row.resend, way),
                )
            )
            continue
        held = verdict.until is None
        stranded = stranded or (row.must_reach and not row.relayed)
        put_off.append(
            {
                "row": row.id,
                "state": OutboxState.HELD if held else OutboxState.PENDING,
                "due_at": verdict.until or now,
                "error_code": verdict.code,
                "error": verdict.why,
            }
        )
    _TAKE.run_many(
        connection,
        [
            {
                "row": row.id,
                "state": OutboxState.SENDING,
                "lease_until": now + LEASE,
                "called_at": now,
                "attempts": row.attempts,
                "way": row.way,
            }
            for row in taken
        ],
    )
    _PUT_OFF.run_many(connection, put_off)
    return Claim(taken, len(due) == limit, stranded)


def _judge(
    row: Any, road: Road, past: Past, paused: Mapping[tuple[str, str], PushPause], now: datetime
) -> _Verdict:
    closed = paused.get((row.account, ""))
    if closed is not None:
        return _Verdict(until=closed.until, code=closed.error_code, why=closed.error)
    rest = paused.get((row.account, road.way))
    free = free_at(road.quota, past, now, urgent=row.urgent)
    standing = open_now(road.quota, past, now)
    if rest is None and free <= now and standing:
        return _Verdict(way=road.way)
    other = paused.get((row.account, TEMPLATE))
    if row.notice.get("template") in road.templates:
        if other is None:
            return _Verdict(way=TEMPLATE)
        if rest is None and not standing:  # the template's way opens before the person is known to write
            return _Verdict(until=other.until, code=other.error_code, why=other.error)
    if rest is not None:
        return _Verdict(until=rest.until, code=rest.error_code, why=rest.error)
    if standing:
        return _Verdict(until=free, code=OVER_QUOTA)
    return _Verdict(code=SILENT)


_PAUSES = select(_PAUSE).where(
    _PAUSE.c.community_id == bindparam("community"), _PAUSE.c.until > bindparam("now")
)
_CALLS = select(_OUTBOX.c.person, _OUTBOX.c.state, _OUTBOX.c.called_at).where(
    _OUTBOX.c.person.in_(bindparam("persons", expanding=True)),
    _OUTBOX.c.called_at > bindparam("since"),
    _OUTBOX.c.way != TEMPLATE,
)
_IS_EVENT = _INBOX.c.kind == "event"
_DID = (
    select(_INBOX.c.person, _IS_EVENT, func.max(_INBOX.c.heard_at))
    .where(
        _INBOX.c.person.in_(bindparam("persons", expanding=True)),
        _INBOX.c.heard_at > bindparam("since"),
        ~_IS_EVENT | _INBOX.c.intent.in_(TOUCHES),
    )
    .group_by(_INBOX.c.person, _IS_EVENT)
)


def _pauses(connection: Connection, community_id: int, now: datetime) -> dict[tuple[str, str], PushPause]:
    rows = connection.execute(_PAUSES, {"community": community_id, "now": now})
    return {(row.account, row.way): PushPause(**row._mapping) for row in rows}


def _pasts(connection: Connection, quotas: Mapping[str, Quota], now: datetime) -> dict[str, Past]:
    """What counts of each person's past: calls from the outbox, what the person did from the inbox."""
    if not quotas:
        return {}
    since = now - max(quota.memory for quota in quotas.values())
    calls: dict[str, list[datetime]] = {person: [] for person in quotas}
    rows = connection.execute(_CALLS, {"persons": list(quotas), "since": since})
    for person, state, called_at in rows:
        calls[person].append(now if state is OutboxState.SENDING else called_at)
    wrote: dict[str, datetime] = {}
    touched: dict[str, datetime] = {}
    windowed = [person for person, quota in quotas.items() if quota.windowed]
    if windowed:
        did = connection.execute(_DID, {"persons": windowed, "since": since})
        for person, event, at in did:
            (touched if event else wrote)[person] = at
    return {
        person: Past(tuple(sorted(calls[person])), wrote.get(person), touched.get(person))
        for person in quotas
    }


def pause(
    connection: Connection,
    *,
    community_id: int,
    account: str,
    way: str,
    now: datetime,
    for_s: float | None,
    code: int,
    reason: str,
) -> bool:
    """The platform takes nothing of this account (by this way) for `for_s`, or for a growing while; whether this is
    new trouble."""
    key = (_PAUSE.c.community_id == community_id, _PAUSE.c.account == account, _PAUSE.c.way == way)
    known = connection.execute(select(_PAUSE.c.until, _PAUSE.c.tries).where(*key)).one_or_none()
    if known is not None and known.until > now:  # several pushes found it out at the same moment
        return False
    tries = known.tries + 1 if known is not None else 1
    wait_s = for_s if for_s is not None else PAUSES_S[min(tries, len(PAUSES_S)) - 1]
    values = {
        "until": now + timedelta(seconds=wait_s),
        "tries": tries,
        "error_code": code,
        "error": reason[:500],
    }
    if known is not None:
        connection.execute(update(_PAUSE).where(*key).values(**values))
    else:
        row = {"community_id": community_id, "account": account, "way": way, **values}
        connection.execute(_PAUSE.insert().values(**row))
    return known is None


def troubled(connection: Connection, community_id: int) -> dict[tuple[str, str], str]:
    """(account, way) → why, of every pause that no push has ended yet."""
    rows = connection.execute(
        select(_PAUSE.c.account, _PAUSE.c.way, _PAUSE.c.error).where(_PAUSE.c.community_id == community_id)
    )
    return {(row.account, row.way): row.error for row in rows}


def lift(connection: Connection, community_id: int, account: str, way: str) -> bool:
    """A push got through by this way: the account's trouble is over; whether there was any."""
    return bool(
        connection.execute(
            delete(_PAUSE).where(
                _PAUSE.c.community_id == community_id,
                _PAUSE.c.account == account,
                _PAUSE.c.way.in_(["", way]),
            )
        ).rowcount
    )
