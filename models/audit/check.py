"""What a check is, and how all of them are asked at one moment of the database."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import islice
from typing import Any

from sqlalchemy import Connection, bindparam, text
from sqlalchemy.exc import DatabaseError

from models.columns import UtcDateTime

FIRST = 5  # offenders that are shown; the others are counted
# So long after its moment a thing that the tick does may still be undone: a tick, a batch, a process that was restarted.
GRACE = timedelta(minutes=2)
# As closely the clocks of several machines agree: nearer together two moments tell no order.
SKEW = timedelta(seconds=2)
_MOMENTS = ("now", "seen", "grace")


@dataclass(frozen=True, slots=True)
class Finding:
    """One offender: `where` names the row as people know it, `what` says what is wrong with it (Chinese)."""

    where: str
    what: str


class Look:
    """One reading of the database: every check sees the same moment, whatever a running service does meanwhile."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self.connection = connection
        self.now = now

    @cached_property
    def seen(self) -> datetime | None:
        """When the service last showed itself in the database; None where it never did.

        What the tick must have done by then is judged by this moment, so that a database whose service stands
        still, or a backup, is no offender.
        """
        found = self.rows(
            "SELECT max(sign) AS last FROM (SELECT max(heard_at) AS sign FROM inbox"
            " UNION ALL SELECT max(created_at) FROM outbox UNION ALL SELECT max(done_at) FROM outbox) AS signs",
            moments=(),
            reads=("last",),
        )
        last: datetime | None = next(found)["last"]
        return last

    def rows(
        self, statement: str, *, moments: Sequence[str] = _MOMENTS, reads: Sequence[str] = (), **values: Any
    ) -> Iterator[Mapping[str, Any]]:
        """The rows of a SELECT that both engines understand, as mappings.

        `:now`, `:seen` and `:grace` (`seen` less the grace) may stand in it; columns named in `reads` come as aware
        datetimes. Values are given by name; a sequence fills `IN :name`.
        """
        asked = text(statement)
        given = dict(values)
        for name in moments:
            if f":{name}" in statement:
                at = self.now if name == "now" else self.seen
                given[name] = at - GRACE if at is not None and name == "grace" else at
                asked = asked.bindparams(bindparam(name, type_=UtcDateTime))
        for name, value in values.items():
            if isinstance(value, list | tuple | frozenset):
                asked = asked.bindparams(bindparam(name, expanding=True))
                given[name] = list(value)
        typed: Any = asked.columns(**{name: UtcDateTime for name in reads}) if reads else asked
        found: Any = self.connection.execute(typed, given).mappings()
        return iter(found)


Find = Callable[[Look], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Check:
    """`code` is the invariant's letter and number in domain.md, or a name of ours; `about` what must be true.

    An `alarm` is something that people must look at though no rule of the program is broken.
    """

    code: str
    about: str
    find: Find
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found: how many offenders, the first of them, and how long it took."""

    check: Check
    count: int
    first: tuple[Finding, ...]
    ms: float


def offenders(where: str, what: str, statement: str, **values: Any) -> Find:
    """A check that is one SELECT: each row it gives is an offender, `{column}` in the sentences is filled from it."""

    def find(look: Look) -> Iterator[Finding]:
        for row in look.rows(statement, **values):
            yield Finding(where.format_map(row), what.format_map(row))

    return find


def examine(
    connection: Connection, checks: Iterable[Check], now: datetime, *, fresh: bool = True
) -> list[Result]:
    """Ask all checks inside one transaction; a `fresh` one is made a snapshot on PostgreSQL."""
    if fresh and connection.dialect.name == "postgresql":
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
    look = Look(connection, now)
    return [_ask(check, look) for check in checks]


def _ask(check: Check, look: Look) -> Result:
    started = time.perf_counter()
    try:
        found = iter(check.find(look))
        first = tuple(islice(found, FIRST))
        count = len(first) + sum(1 for _ in found)
    except DatabaseError as problem:  # a damaged file breaks some checks and leaves others whole
        count, first = 1, (Finding("数据库", f"查到一半读不下去：{problem.orig}"),)
    return Result(check, count, first, round((time.perf_counter() - started) * 1000, 1))
