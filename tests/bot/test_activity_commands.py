"""`linli import|export activities` and `linli activity …` on a database of their own."""

import csv
import json
from pathlib import Path

import openpyxl
import pytest
from sqlmodel import select

from bot.commands.activity import (
    cancel_activity,
    create_activity,
    export_activities_command,
    import_activities_command,
    list_activities,
    sign_ups,
)
from bot.commands.base import open_desk
from bot.commands.tables import Format
from models.outbox import OutboxRow

ROOT = Path(__file__).parent.parent.parent
FILE = """编号,名称,时间,地点,名额,报名截止
CYY,重阳宴,2099-10-18 10:00,文化广场,3,2099-10-16
FZJ,风筝节,2099-11-07 9:30,草坪,20,
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINLI_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("LINLI_CONFIG", str(ROOT / "config.yaml"))
    monkeypatch.delenv("LINLI_DATABASE_URL", raising=False)
    return tmp_path


@pytest.fixture
def imported(home: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    path = home / "活动.csv"
    path.write_text(FILE, encoding="utf-8-sig")
    import_activities_command(path)
    assert "新增 2 个活动" in capsys.readouterr().out
    with open_desk() as desk:
        activity = desk.activity("CYY")
        assert activity is not None and activity.id is not None
        desk.sign_up(activity.id, "mp:li", 2, companions="老伴", name="=李", phone="13800000000")
        desk.sign_up(activity.id, "mp:wang", 2)
    return home


def test_a_bad_file_imports_nothing_and_says_where(
    imported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = imported / "坏.csv"
    path.write_text(FILE.replace("文化广场,3", "文化广场,1").replace("FZJ", "NEU"), encoding="gbk")
    with pytest.raises(SystemExit) as end:
        import_activities_command(path)
    assert end.value.code == 1
    assert "第 2 行「名额」列：已经有 2 人报名" in capsys.readouterr().err
    list_activities(all_=True)
    assert "NEU" not in capsys.readouterr().out


def test_list_and_sign_ups(imported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    list_activities(all_=False)
    out = capsys.readouterr().out
    assert "CYY　重阳宴　10月18日（周日）上午10:00" in out
    assert "已报 2/3　候补 1 组" in out
    sign_ups("cyy")
    out = capsys.readouterr().out
    assert "报名号 1　已报名　2 位　=李 13800000000，同行：老伴" in out
    assert "报名号 2　候补　2 位　（没留姓名）" in out


def test_create_and_its_slips(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    create_activity("msk", "面塑课", "2099-12-01 14:00", "活动室", 10)
    assert "建好了：MSK　面塑课　12月1日" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        create_activity("MSK", "面塑课", "2099-12-01 14:00", "活动室", 10)
    assert "已经有了" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        create_activity("MSK2", "面塑课", "下周二", "活动室", 10)
    assert "「时间」：「下周二」看不懂" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        create_activity("MSK2", "面塑课", "2020-12-01 14:00", "活动室", 10)
    assert "已经过去了" in capsys.readouterr().err


def test_cancel_tells_everybody_once(imported: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cancel_activity("CYY", reason="下大雨")
    assert "会通知 2 位" in capsys.readouterr().out
    cancel_activity("CYY", reason="下大雨")
    assert "早已取消" in capsys.readouterr().out
    with open_desk() as desk:
        rows = desk.session.exec(select(OutboxRow)).all()
        assert sorted(row.person for row in rows) == ["mp:li", "mp:wang"]
    with pytest.raises(SystemExit):
        cancel_activity("NIX", reason="")
    assert "没有编号是「NIX」" in capsys.readouterr().err


def test_the_export_opens_in_a_spreadsheet_and_runs_no_formula(imported: Path) -> None:
    path = imported / "名单.csv"
    export_activities_command(path, Format.CSV, "")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["活动编号"], r["报名号"], r["姓名"], r["人数"], r["状态"]) for r in rows] == [
        ("CYY", "1", "'=李", "2", "已报名"),
        ("CYY", "2", "", "2", "候补"),
    ]
    export_activities_command(imported / "名单.json", Format.JSON, "FZJ")
    assert json.loads((imported / "名单.json").read_text(encoding="utf-8")) == []
    export_activities_command(imported / "名单.xlsx", Format.XLSX, "CYY")
    page = openpyxl.load_workbook(imported / "名单.xlsx").worksheets[0]
    assert [cell.value for cell in page[1]][:2] == ["活动编号", "活动"]
    assert page.max_row == 3
    assert "mp:li" not in path.read_text(encoding="utf-8-sig")
