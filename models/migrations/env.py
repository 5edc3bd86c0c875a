"""Alembic's entry: runs on the connection it is given, or on a scratch SQLite when a new revision is drafted."""

from typing import Any, Literal

from alembic import context
from sqlalchemy import Connection, create_engine
from sqlmodel import AutoString, SQLModel

import models.tables  # noqa: F401  every table is known to the metadata
from models.columns import StringEnum, UtcDateTime


def _plain(kind: str, item: Any, _: object) -> str | Literal[False]:
    """Our own column types as the plain ones they are in the database: a migration must not change with the code."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, StringEnum):
        return "sa.String(length=32)"
    if kind == "type" and isinstance(item, AutoString):
        return f"sa.String(length={item.length})" if item.length else "sa.String()"
    return False


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=SQLModel.metadata, render_item=_plain)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    _run(given)
else:
    with create_engine("sqlite:////tmp/linli-draft.db").begin() as scratch:
        _run(scratch)
