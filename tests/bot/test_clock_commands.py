"""`linli doctor`, `linli clocks …`, `linli import holidays` on a database of their own."""

import json
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from bot.commands.base import open_desk, settings_or_refuse
from bot.commands.clocks import recalc_command, stats_command
from bot.commands.doctor import CHECKS, Level, doctor, examine
from bot.commands.holidays import import_holidays_command
from models.database import Database
from models.desk import Desk
from models.migrate import HEAD, migrate
from models.sla import SlaChange
from models.ticket import Actor, Stage, Step, Ticket
from tests.conftest import NOW
from tests.models.test_ticket_steps import new
from tests.talk import at

ROOT = Path(__file__).parents[2]
CONFIG = (ROOT / "config.yaml").read_text(encoding="utf-8")
ON_DUTY = CONFIG.replace("办结: {限: 1天, 从: 受理}", "办结: {限: 7小时, 从: 受理, 按: 值班时间}")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINLI_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("LINLI_CONFIG", str(tmp_path / "config.yaml"))
    monkeypatch.delenv("LINLI_DATABASE_URL", raising=False)
    configure(tmp_path, CONFIG)
    return tmp_path


def configure(home: Path, text: str) -> None:
    (home / "config.yaml").write_text(text, encoding="utf-8")


def accepted(desk: Desk) -> Ticket:
    desk.sync_places()
    ticket = desk.file_ticket(new())
    desk.move_ticket(ticket, Step.ACCEPT, actor="zhangsan", role=Actor.ASSIGNEE)
    desk.facts.clear()
    return ticket


def findings(now: datetime) -> dict[str, list[tuple[Level, str]]]:
    found: dict[str, list[tuple[Level, str]]] = {name: [] for name, _ in CHECKS}
    for name, one in examine(settings_or_refuse(), now):
        found[name].append((one.level, f"{one.what} {one.remedy}"))
    return found


def year(path: Path, number: int = 2027) -> Path:
    days = [
        {"date": f"{number}-0{month}-0{day}", "isOffDay": True} for month in (1, 5) for day in (1, 2, 3, 4)
    ]
    path.write_text(json.dumps({"year": number, "days": days}), encoding="utf-8")
    return path


def test_the_doctor_warns_sixty_days_before_the_holidays_end(home: Path) -> None:
    """C10: with and without a database, louder where a clock counts working time."""
    ((level, said),) = findings(at("2026-11-01 12:00"))["节假日"]
    assert level is Level.GOOD and "2026-12-31" in said
    ((level, said),) = findings(at("2026-11-02 12:00"))["节假日"]
    assert level is Level.WARN and "暂时不影响" in said and "linli import holidays 2027.json" in said
    ((level, said),) = findings(at("2027-01-01 12:00"))["节假日"]
    assert level is Level.WARN and "没有 2027 年" in said
    configure(home, ON_DUTY)
    ((level, said),) = findings(at("2026-11-02 12:00"))["节假日"]
    assert level is Level.WARN and "不影响" not in said
    ((level, said),) = findings(at("2027-01-01 12:00"))["节假日"]
    assert level is Level.BAD


def test_the_doctor_names_a_year_that_deadlines_wait_for(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configure(home, ON_DUTY)
    with open_desk() as desk:
        desk.now = at("2026-12-31 17:00")
        accepted(desk)
    ending, waiting = findings(at("2026-12-31 18:00"))["节假日"]
    assert ending[0] is Level.WARN and waiting[0] is Level.BAD
    assert "1 个期限算到了 2027 年" in waiting[1]
    import_holidays_command(year(home / "2027.json"))
    said = capsys.readouterr().out
    assert "已导入 2027 年：放假 8 天，调休上班 0 天" in said and "1 个暂定的期限已改准" in said
    assert "2027-12-31" in said
    assert [level for level, _ in findings(at("2026-12-31 18:00"))["节假日"]] == [Level.GOOD]
    import_holidays_command(home / "2027.json")
    assert "没有变化" in capsys.readouterr().out


def test_a_file_that_is_no_year_imports_nothing(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stub = home / "2027.json"
    stub.write_text('{"year": 2027, "papers": [], "days": []}')
    for path, said in ((stub, "还没有公布"), (home / "没有.json", "打不开")):
        with pytest.raises(SystemExit) as end:
            import_holidays_command(path)
        assert end.value.code == 1 and said in capsys.readouterr().err


def test_the_doctor_says_what_is_wrong_with_file_and_database(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert findings(NOW)["数据库"][0][0] is Level.WARN
    database = Database(settings_or_refuse().database_url)
    migrate(database)
    database.close()
    assert findings(NOW)["数据库"] == [(Level.GOOD, f"数据库是最新版本 {HEAD} ")]
    configure(home, CONFIG.replace("限: 1小时", "限: 一会儿", 1))
    (home / "x").touch()
    monkeypatch.setenv("LINLI_DATABASE_URL", f"sqlite:///{home}/x/no.db")
    with pytest.raises(SystemExit) as end:
        doctor(as_json=True)
    assert end.value.code == 1
    told = json.loads(capsys.readouterr().out)
    assert not told["ok"]
    assert [one["level"] for one in told["findings"]][:2] == ["bad", "bad"]
    assert "请写成「10分钟」" in told["findings"][0]["what"]
    with pytest.raises(SystemExit):
        doctor()
    assert "[有问题] 数据库" in capsys.readouterr().out


def test_the_doctor_is_content_with_a_whole_installation(home: Path) -> None:
    with open_desk() as desk:
        desk.now = NOW
        accepted(desk)
    assert all(level is Level.GOOD for found in findings(NOW).values() for level, _ in found)


def test_nothing_is_recalculated_where_nothing_changed(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with open_desk() as desk:
        desk.now = NOW
        accepted(desk)
    recalc_command()
    assert "没有要改的" in capsys.readouterr().out


def test_recalculation_after_an_edit(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_desk() as desk:
        desk.now = NOW
        number = accepted(desk).number
    configure(home, CONFIG.replace("办结: {限: 1天, 从: 受理}", "办结: {限: 2天, 从: 受理}"))
    recalc_command()
    said = capsys.readouterr().out
    assert f"{number} 办结：期限 2026-10-13 10:00:00 → 2026-10-14 10:00:00，时限 1天 → 2天" in said
    assert "会改 1 个时限" in said
    with pytest.raises(SystemExit):
        recalc_command(apply=True, reason="新规定")
    assert "请写明是谁、为什么" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        recalc_command(ticket="261012-W09-0009")
    assert "没有编号" in capsys.readouterr().err
    recalc_command(ticket=number, apply=True, reason="新规定", by="王五")
    assert "已改 1 个时限" in capsys.readouterr().out
    with open_desk() as desk:
        (change,) = desk.session.exec(select(SlaChange)).all()
        assert (change.actor, change.reason, change.cause) == ("王五", "新规定", "recalculated")
        found = desk.find_ticket(number)
        assert found is not None
        clock = desk.clock_of(found, Stage.CLOSE)
        assert clock is not None and clock.due_at == NOW + timedelta(days=2)


def test_stats_say_the_formula_and_the_shares(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with open_desk() as desk:
        desk.now = NOW
        late, _ = accepted(desk), accepted(desk)
        desk.now += timedelta(hours=2)
        desk.stop_clocks(late, "cancelled")
    stats_command()
    said = capsys.readouterr().out
    assert "准时率 = 准时 ÷（准时 + 超时）" in said
    assert "受理  准时率 100.0%（准时 2，超时 0，还在走 0，中途停止 0）" in said
    assert "到场  准时率 0.0%（准时 0，超时 1，还在走 1，中途停止 0）" in said
    assert "反馈  准时率 还没有" in said
    stats_command(since="2026-10-12", until="2026-10-12", as_json=True)
    told = {one["stage"]: one for one in json.loads(capsys.readouterr().out)}
    assert (told["accept"]["share"], told["onsite"]["late"]) == (1.0, 1)
    stats_command(since="2026-10-13", as_json=True)
    assert all(one["in_time"] == one["late"] == 0 for one in json.loads(capsys.readouterr().out))
    with pytest.raises(SystemExit):
        stats_command(since="昨天")
    assert "请写成 2026-10-01" in capsys.readouterr().err
