"""`linli outbox …` and what the metrics and `/readyz` say of alarms, on a database of their own."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update
from starlette.testclient import TestClient

from bot.app import create_app
from bot.bootstrap import Service
from bot.commands.base import open_desk
from bot.commands.outbox import clear_command, list_command, resend_command
from bot.notices import outbox_rows
from bot.settings import read_settings
from handlers.message import Notice
from models.alarm import AlarmKind
from models.database import Database
from models.desk import outbox as outbox_desk
from models.outbox import OutboxRow, OutboxState

ROOT = Path(__file__).parent.parent.parent
TABLE = OutboxRow.__table__  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINLI_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("LINLI_CONFIG", str(ROOT / "config.yaml"))
    monkeypatch.delenv("LINLI_DATABASE_URL", raising=False)
    return tmp_path


def fill() -> None:
    """Two dead letters, one held, and three alarms."""
    now = datetime.now(UTC)
    with open_desk() as desk:
        connection = desk.session.connection()
        notices = [
            Notice(key, person, "说") for key, person in (("a", "work:x"), ("b", "mp:r"), ("c", "mp:r"))
        ]
        outbox_desk.enqueue(connection, outbox_rows(notices, desk.community_id, now), now)
        for key, state in (("a", OutboxState.FAILED), ("b", OutboxState.UNKNOWN), ("c", OutboxState.HELD)):
            connection.execute(
                update(TABLE).where(TABLE.c.dedupe_key == key).values(state=state, error=f"原因{key}")
            )
        desk.raise_alarm(
            AlarmKind.UNREACHABLE, "261012-W01-0001", {"worker": "zhangsan", "reason": "没有安装"}
        )
        desk.raise_alarm(AlarmKind.ACCOUNT, "work", {"reason": "Secret 不对"})
        desk.raise_alarm(AlarmKind.EMERGENCY, "261012-W01-0002")
        desk.facts.clear()


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return capsys.readouterr().out


def test_the_list_shows_alarms_first_then_figures_then_letters(capsys: pytest.CaptureFixture[str]) -> None:
    fill()
    list_command()
    lines = said(capsys).splitlines()
    assert lines[0].startswith("告警")
    assert "紧急报事 261012-W01-0002 还没有人受理" in lines[1]
    assert "261012-W01-0001 的提醒谁都没有收到（没有安装）" in lines[2]
    assert "渠道「work」推送不出去（Secret 不对）" in lines[3]
    assert "等居民下次来话（平台要求他先说话）：1" in lines
    assert any("a  原因a" in line for line in lines) and any("b  原因b" in line for line in lines)
    assert "linli outbox resend --all" in lines[-1]


def test_an_empty_outbox_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    list_command()
    assert said(capsys) == "发件箱是空的。\n"


def test_one_letter_or_all_get_another_life(capsys: pytest.CaptureFixture[str]) -> None:
    fill()
    resend_command(1)
    assert "已放回发件箱 1 条" in said(capsys)
    with pytest.raises(SystemExit):
        resend_command(1)
    assert "没有编号为 1 的未送达通知" in capsys.readouterr().err
    resend_command(everything=True, account="work")
    assert "没有要重发的" in said(capsys)
    resend_command(everything=True)
    assert "已放回发件箱 1 条" in said(capsys)
    with open_desk() as desk:
        assert outbox_desk.counts(desk.session.connection()) == {"pending": 2, "held": 1}


@pytest.mark.parametrize("given", [{}, {"number": 1, "everything": True}])
def test_what_to_resend_must_be_said(given: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        resend_command(**given)
    assert "--all" in capsys.readouterr().err


def test_an_alarm_is_cleared_once(capsys: pytest.CaptureFixture[str]) -> None:
    fill()
    clear_command(2)
    assert said(capsys) == "告警已消。\n"
    with pytest.raises(SystemExit):
        clear_command(2)
    assert "没有编号为 2 的告警" in capsys.readouterr().err


def test_metrics_and_readyz_count_the_alarms_and_stay_ready(home: Path) -> None:
    fill()
    settings = read_settings()
    service = Service(settings, Database(settings.database_url), work=False)
    with TestClient(create_app(service)) as client:
        ready = client.get("/readyz")
        assert ready.status_code == 200
        assert ready.json()["alarms"] == {"emergency": 1, "unreachable": 1, "account": 1}
        figures = client.get("/metrics").text
    assert 'linli_alarms{kind="emergency"} 1.0' in figures
    assert 'linli_outbox{state="held"} 1.0' in figures
