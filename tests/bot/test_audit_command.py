"""`linli audit`: what people read, what programs read, and the exit codes."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from sqlalchemy import text
from typer.testing import CliRunner, Result

from bot.commands.audit import NOT_ASKED, audit
from models.audit import CHECKS
from models.database import Database
from models.migrate import migrate
from tests.lived import live
from tests.talk import Talk, at


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audit")
    database = Database(f"sqlite:///{folder}/linli.db")
    migrate(database)
    talk = Talk(folder, at=at("2026-10-12 10:00"), database=database)
    live(talk)
    talk.close()
    return folder


@pytest.fixture
def home(lived: Path, tmp_path: Path) -> Path:
    """A copy of its own for each test."""
    return shutil.copytree(lived, tmp_path / "home")


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CliRunner]:
    monkeypatch.setenv("LINLI_HOME", str(home))
    monkeypatch.setenv("LINLI_DATABASE_URL", f"sqlite:///{home}/linli.db")
    yield CliRunner()


def call(run: CliRunner, *arguments: str) -> Result:
    app = typer.Typer()
    app.command()(audit)
    return run.invoke(app, list(arguments))


def bend(home: Path, statement: str) -> None:
    database = Database(f"sqlite:///{home}/linli.db")
    with database.write() as connection:
        connection.execute(text(statement))
    database.close()


def test_a_clean_database_and_then_a_bent_row(run: CliRunner, home: Path) -> None:
    clean = call(run)
    assert clean.exit_code == 0, clean.output
    assert f"核查了 {len(CHECKS)} 条规矩，都合。" in clean.output
    bend(home, "UPDATE activity SET taken = 1 WHERE code = 'CYY'")
    bent = call(run)
    assert bent.exit_code == 1
    assert "【不合】E2" in bent.output and "活动 CYY「重阳宴」：记着占了 1，数出来是 0" in bent.output
    assert "不要手工改库" in bent.output
    as_json = call(run, "--json")
    assert as_json.exit_code == 1
    told = json.loads(as_json.output)
    assert told["ok"] is False
    (found,) = [check for check in told["checks"] if check["count"]]
    assert (found["code"], found["count"], found["alarm"]) == ("E2", 1, False)
    assert found["first"] == [{"where": "活动 CYY「重阳宴」", "what": "记着占了 1，数出来是 0"}]


def test_an_alarm_is_told_and_breaks_nothing(run: CliRunner, home: Path) -> None:
    bend(
        home,
        "UPDATE outbox SET state = 'failed', done_at = created_at, error = '对方没有关注公众号' WHERE id = 1",
    )
    found = call(run)
    assert found.exit_code == 0
    assert "【提醒】outbox.dead" in found.output and "对方没有关注公众号" in found.output
    assert json.loads(call(run, "--json").output)["ok"] is True


def test_many_offenders_are_counted_and_the_first_shown(run: CliRunner, home: Path) -> None:
    bend(home, "UPDATE duty SET valid_to = '2020-01-01 00:00:00'")
    found = call(run)
    assert found.exit_code == 1
    assert "duty.dates" in found.output and "……还有" in found.output


@pytest.mark.parametrize("missing", ["schema", "file"])
def test_a_database_that_cannot_be_asked(
    run: CliRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    folder = tmp_path if missing == "schema" else tmp_path / "gone"
    monkeypatch.setenv("LINLI_DATABASE_URL", f"sqlite:///{folder}/other.db")
    found = call(run)
    assert found.exit_code == NOT_ASKED
    assert "linli migrate" in found.output or "数据库用不了" in found.output
