"""Pushes that did not bring to a worker what somebody on duty must hear of: found here, carried on by the relay."""

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, or_, select, update

from models.outbox import OutboxRow, OutboxState
from models.prepared import Prepared

_OUTBOX = OutboxRow.__table__  # type: ignore[attr-defined]
PATIENCE = timedelta(minutes=2)  # so long an ordinary push may wait for its own way
TRIES = 4


@dataclass(frozen=True, slots=True)
class Stranded:
    """A row that takes another way from here; `reason` in Chinese, "" when only a quota stands in the way."""

    id: int
    person: str
    dedupe_key: str
    topic: str
    urgent: bool
    about: str
    notice: dict[str, Any]
    error: str


def _stuck(now: Any, soon: Any) -> Any:
    c = _OUTBOX.c
    tried = or_(c.attempts > 0, c.error_code != 0)
    waits = c.state == OutboxState.PENDING
    long = or_(c.urgent, c.attempts >= TRIES, c.due_at > soon)
    dead = or_(c.state == OutboxState.FAILED, c.state == OutboxState.UNKNOWN, c.state == OutboxState.HELD)
    return c.must_reach & ~c.relayed & or_(dead, waits & tried & long & (c.due_at > now))


_ANY = Prepared(
    lambda _: (
        select(_OUTBOX.c.id)
        .where(
            _OUTBOX.c.community_id == bindparam("community"),
            _stuck(
                bindparam("now", type_=_OUTBOX.c.due_at.type), bindparam("soon", type_=_OUTBOX.c.due_at.type)
            ),
        )
        .limit(1)
    )
)


def take_stranded(
    connection: Connection, community_id: int, now: datetime, limit: int = 50
) -> list[Stranded]:
    """What has to go another way now, urgent first; it is not found a second time."""
    soon = now + PATIENCE
    if _ANY.run(connection, {"community": community_id, "now": now, "soon": soon}).first() is None:
        return []
    names = [field.name for field in fields(Stranded)]
    rows = connection.execute(
        select(*(_OUTBOX.c[name] for name in names))
        .where(_OUTBOX.c.community_id == community_id, _stuck(now, soon))
        .order_by(_OUTBOX.c.urgent.desc(), _OUTBOX.c.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    connection.execute(update(_OUTBOX).where(_OUTBOX.c.id.in_([row.id for row in rows])).values(relayed=True))
    return [Stranded(*row) for row in rows]
