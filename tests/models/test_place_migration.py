"""Places of the first schema live on in the present one, on both engines."""

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import make_url, text

import models.migrate
from models.database import Database, session_on
from models.desk import Desk
from models.migrate import migrate
from models.place_audit import place_offences
from models.rules import GridRule, Rules
from tests.conftest import NOW

OLD = """
INSERT INTO community (id, code, name) VALUES (1, 'demo', '示例');
INSERT INTO grid (id, community_id, parent_id, kind, code, name, path, valid_from) VALUES
 (1, 1, NULL, 'community', '', '社区', '1', '2026-01-01'), (2, 1, 1, 'microgrid', 'W01', '一', '1/W01', '2026-01-01');
INSERT INTO building (id, community_id, estate, no) VALUES (1, 1, '甲苑', '1'), (2, 1, '', '2'), (3, 1, '', '3');
INSERT INTO building_grid (id, community_id, building_id, grid_id, valid_from, valid_to) VALUES
 (1, 1, 1, 2, '2026-01-01', NULL), (2, 1, 2, 2, '2026-01-01', '2026-02-01'),
 (3, 1, 3, 2, '2026-01-01', NULL), (4, 1, 3, 2, '2026-03-01', NULL);
INSERT INTO worker (id, community_id, userid, name, phone) VALUES (1, 1, 'a', '阿甲', '1');
INSERT INTO duty (id, community_id, worker_id, grid_id, role, rank, valid_from, valid_to) VALUES
 (1, 1, 1, 2, 'micro_worker', 'A', '2026-01-01', NULL), (2, 1, 1, 1, 'dispatcher', 'A', '2026-01-01', NULL);
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """A database at the first revision with rows in it."""
    if request.param == "sqlite":
        database = Database(f"sqlite:///{tmp_path}/old.db")
    else:
        url: str = request.getfixturevalue("postgres_url")
        admin = Database(url)
        with admin.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            name = f"{make_url(url).database}_places"
            connection.execute(text(f"DROP DATABASE IF EXISTS {name}"))
            connection.execute(text(f"CREATE DATABASE {name}"))
        admin.close()
        database = Database(make_url(url).set(database=name).render_as_string(hide_password=False))
    config = Config()
    config.set_main_option("script_location", str(Path(models.migrate.__file__).parent / "migrations"))
    with database.write() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in OLD.split(";\n"):
            if statement.strip():
                connection.execute(text(statement))
    return database


def test_what_stood_in_the_first_schema_still_answers(old: Database) -> None:
    assert migrate(old)
    with old.write() as connection:
        session = session_on(connection)
        desk = Desk(session, community_id=1, now=NOW, rules=Rules())
        assert place_offences(desk) == []
        assert desk.route("甲苑", "1").worker == "a" and desk.route("", "2").grid_code == ""
        assert desk.route("", "").dispatchers == ("a",)
        assert desk.estates() == ["甲苑"]
        rule = GridRule(code="W02", name="二", buildings=("甲苑1栋",), worker="b")
        desk.rules = Rules(grids=(rule,), community_desk=("b",))
        if not old.is_sqlite:  # rows written with their numbers: let the counters follow
            for table in ("grid", "building", "building_grid", "worker", "duty"):
                connection.execute(
                    text(
                        f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
                    )
                )
        desk.sync_places()
        assert desk.route("甲苑", "1").worker == "b"
        assert place_offences(desk) == []
    old.close()
