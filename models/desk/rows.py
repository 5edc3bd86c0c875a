"""Rows of the message road as objects: written at once or read by a prepared statement, without the ORM in between."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, inspect, select
from sqlalchemy.orm import configure_mappers, make_transient_to_detached
from sqlmodel import Session, SQLModel

from models.prepared import Prepared, reader

Row = TypeVar("Row", bound=SQLModel)


class Written(Generic[Row]):
    """Inserts rows of one table by a prepared statement and hands them out as if they had just been read.

    Building a row of sixty columns as an object (400 µs) and flushing it (300 µs) costs ten times the insert itself.
    Columns that are not given get the table's default; the session must have flushed what the row refers to.
    """

    def __init__(self, kind: type[Row]) -> None:
        table: Any = kind.__table__  # type: ignore[attr-defined]
        names = [column.name for column in table.c if column.name != "id"]
        self._kind = kind
        self._defaults = {
            name: None if field.is_required() else field.get_default(call_default_factory=True)
            for name, field in kind.model_fields.items()
            if name in names
        }
        self._insert = Prepared(lambda dialect: dialect.insert(table).returning(table.c.id), names)

    def add(self, session: Session, values: Mapping[str, Any]) -> Row:
        """The new row with its number, part of the session.

        Raises:
            IntegrityError: the table's own rules refuse it.
        """
        whole = {**self._defaults, **values}
        whole["id"] = self._insert.run(session.connection(), whole).scalar_one()
        return _as_loaded(session, self._kind, whole)


class Found(Generic[Row]):
    """Whole rows of one table by a statement that is the same for every call, as `session.exec` would give them.

    The ORM's own way costs 100 µs a question and 40 a row, most of it to find out each time what to do. A row that
    the session knows already is handed out as it stands there, changes and all.
    """

    def __init__(self, kind: type[Row], which: Callable[[Select[Any]], Select[Any]]) -> None:
        table: Any = kind.__table__  # type: ignore[attr-defined]
        self._kind = kind
        self._columns = tuple(table.c)
        self._names = tuple(column.name for column in self._columns)
        self._read = Prepared(lambda _: which(select(*self._columns)))
        self._readers: dict[str, tuple[Callable[[Any], Any], ...]] = {}

    def all(self, session: Session, values: Mapping[str, Any]) -> list[Row]:
        """The rows in the statement's order; what the session has not flushed yet is not seen."""
        connection = session.connection()
        dialect = connection.dialect
        readers = self._readers.get(dialect.name)
        if readers is None:
            configure_mappers()  # else done by the ORM's first statement, which this may come before
            readers = tuple(reader(column, dialect) for column in self._columns)
            self._readers[dialect.name] = readers
        known = session.identity_map
        key_of = inspect(self._kind).identity_key_from_primary_key
        rows = []
        for raw in self._read.rows(connection, values):
            row = known.get(key_of((raw[0],)))
            if row is None:
                whole = {name: read(one) for name, read, one in zip(self._names, readers, raw, strict=True)}
                row = _as_loaded(session, self._kind, whole)
            rows.append(row)
        return rows


def _as_loaded(session: Session, kind: type[Row], whole: Mapping[str, Any]) -> Row:
    """A row as if it had just been read, part of the session."""
    row: Row = inspect(kind).class_manager.new_instance()
    vars(row).update(whole)  # as the loader does; building the object would note each value as a change
    make_transient_to_detached(row)
    session.add(row)
    return row
