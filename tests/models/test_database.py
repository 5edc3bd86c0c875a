from datetime import datetime

import pytest
from sqlmodel import Session, select

from models.columns import UtcDateTime
from models.community import Community
from models.database import Database, session_on


def test_a_written_row_is_read_back_on_both_engines(database: Database) -> None:
    with database.write() as connection:
        session = session_on(connection)
        session.add(Community(code="hbj", name="槐北街社区"))
        session.flush()
    with database.read() as connection:
        assert Session(connection).exec(select(Community.name)).all() == ["槐北街社区"]


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError), database.write() as connection:
        session = session_on(connection)
        session.add(Community(code="x", name="x"))
        session.flush()
        raise RuntimeError
    with database.read() as connection:
        assert Session(connection).exec(select(Community)).all() == []


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="naive"):
        UtcDateTime().process_bind_param(datetime(2026, 1, 1), None)  # noqa: DTZ001
