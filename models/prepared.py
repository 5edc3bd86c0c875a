"""Statements of the message road, compiled once: running one costs a third of what SQLAlchemy's own way takes.

`connection.execute` looks a statement up in a cache by its structure and asks every value's type how to bind it, each
time: 60 to 200 µs of CPU for an insert of ten to thirty columns. Here the text and the binding of a statement are
worked out at its first use; after that a row costs 5 to 10 µs and the call 20. Types and errors stay SQLAlchemy's,
and its events too (`exec_driver_sql`) but for `rows`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from sqlalchemy import Connection, CursorResult, Float
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import CompilerElement

DIALECTS: dict[str, ModuleType] = {"sqlite": sqlite, "postgresql": postgresql}
Bind = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Ready:
    """`binds`: each place's name, and how its type stores a value; `fixed` what the statement itself gives."""

    text: str
    by_place: bool
    binds: tuple[tuple[str, Bind | None], ...]
    fixed: Mapping[str, Any]

    def values(self, row: Mapping[str, Any]) -> Any:
        if self.fixed:
            row = {**self.fixed, **row}
        if self.by_place:
            return tuple([row[name] if bind is None else bind(row[name]) for name, bind in self.binds])
        return {name: row[name] if bind is None else bind(row[name]) for name, bind in self.binds}


class Prepared:
    """A statement without lists (`IN` of a varying length), the same for every call.

    `make` gets the dialect's module (for its own `insert`). `columns` are the columns that an insert fills.
    """

    def __init__(self, make: Callable[[Any], CompilerElement], columns: Sequence[str] | None = None) -> None:
        self._make = make
        self._columns = columns
        self._ready: dict[str, _Ready] = {}

    def run(self, connection: Connection, row: Mapping[str, Any]) -> CursorResult[tuple[Any, ...]]:
        """Once. What it returns are the driver's own values: `reader` tells how to read a column's.

        Raises:
            KeyError: a value is missing.
        """
        ready = self._for(connection.dialect)
        return connection.exec_driver_sql(ready.text, ready.values(row))

    def rows(self, connection: Connection, row: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """All rows of a question, as the driver gives them.

        Straight from its cursor: SQLAlchemy works out anew what each column of a result is, 2 µs for each of them.

        Raises:
            DBAPIError: whatever the driver says, as SQLAlchemy would have put it.
        """
        dialect = connection.dialect
        ready = self._for(dialect)
        values = ready.values(row)
        cursor: Any = connection.connection.cursor()
        try:
            cursor.execute(ready.text, values)
            found: list[tuple[Any, ...]] = cursor.fetchall()
        except dialect.loaded_dbapi.Error as problem:
            raise DBAPIError.instance(
                ready.text, values, problem, dialect.loaded_dbapi.Error, dialect=dialect
            ) from problem
        finally:
            cursor.close()
        return found

    def run_many(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
        """Once for each row; how many rows were written or changed."""
        if not rows:
            return 0
        ready = self._for(connection.dialect)
        return connection.exec_driver_sql(ready.text, [ready.values(row) for row in rows]).rowcount

    def _for(self, dialect: Dialect) -> _Ready:
        ready = self._ready.get(dialect.name)
        if ready is None:
            ready = self._ready[dialect.name] = self._prepare(dialect)
        return ready

    def _prepare(self, dialect: Dialect) -> _Ready:
        statement = self._make(DIALECTS[dialect.name])
        columns = None if self._columns is None else list(self._columns)
        compiled: Any = statement.compile(dialect=dialect, column_keys=columns)
        assert isinstance(compiled, SQLCompiler)
        text = str(compiled)
        names = compiled.positiontup or [name for name in compiled.binds if f"%({name})s" in text]
        places = {name: compiled.binds[name] for name in names}
        return _Ready(
            text,
            compiled.positiontup is not None,
            tuple((name, _binder(places[name].type, dialect)) for name in names),
            {
                name: place.value
                for name, place in places.items()
                if not place.required and place.value is not None
            },
        )


def _binder(kind: Any, dialect: Dialect) -> Bind | None:
    bind: Bind | None = kind.dialect_impl(dialect).bind_processor(dialect)
    return bind


def reader(column: Any, dialect: Dialect) -> Bind:
    """How a column's value is read from what the driver gives."""
    known = _READERS.get((column, dialect.name))
    if known is None:
        plain = isinstance(
            column.type, Float
        )  # the drivers give floats; only SQLAlchemy wants to know of which size
        known = _as_it_is if plain else column.type.dialect_impl(dialect).result_processor(dialect, None)
        known = known or _as_it_is
        _READERS[column, dialect.name] = known
    return known


_READERS: dict[tuple[Any, str], Bind] = {}


def _as_it_is(value: Any) -> Any:
    return value
