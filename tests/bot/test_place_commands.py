"""`linli import|export places|people`, `linli export codes`, and a service that learns of what was imported."""

import csv
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import select

from bot.commands.base import open_desk
from bot.commands.places import (
    export_codes_command,
    export_people_command,
    export_places_command,
    import_people_command,
    import_places_command,
)
from bot.commands.tables import Format
from bot.ticker import sweep
from models.database import session_on
from models.desk import Desk
from models.outbox import OutboxRow
from models.place_import import import_places
from tests.estate import written
from tests.talk import Talk, at

ROOT = Path(__file__).parent.parent.parent
PLACES = """小区,楼栋,单元,房号,面积,微网格
槐树苑,3栋,2单元,501,89.5,W01
槐树苑,3栋,2单元,502,76,W01
桂花苑,9栋,1单元,101,60,X9
"""
PEOPLE = """姓名,电话,小区,楼栋,单元,房号,关系,企业微信,职务,负责
王秀英,13900001111,槐树苑,3栋,2单元,501,业主,,,
周九,13900002222,,,,,,zhoujiu,微网格员,X9
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("LINLI_HOME", str(tmp_path / "var"))
    monkeypatch.setenv("LINLI_CONFIG", str(ROOT / "config.yaml"))
    monkeypatch.delenv("LINLI_DATABASE_URL", raising=False)
    monkeypatch.delenv("LINLI_SECRET_KEY", raising=False)
    (tmp_path / "地点.csv").write_text(PLACES, encoding="gbk")
    (tmp_path / "人.csv").write_text(PEOPLE, encoding="utf-8-sig")
    return tmp_path


def cells(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_places_and_people_come_in_and_go_out(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import_places_command(home / "地点.csv", dry_run=True)
    assert "预览（没有写进去）：3 行" in capsys.readouterr().out
    with open_desk() as desk:
        assert desk.homes() == []
    import_places_command(home / "地点.csv")
    said = capsys.readouterr().out
    assert "导入好了：3 行" in said and "户 3" in said and "3栋：归入小区 槐树苑" in said
    assert "注意：X9 还没有微网格员（A 角）" in said
    import_people_command(home / "人.csv")
    said = capsys.readouterr().out
    assert "人 2" in said and "职务 1" in said and "注意" not in said
    import_people_command(home / "人.csv")
    assert "新增：无\n  更新：无" in capsys.readouterr().out

    export_people_command(home / "出.csv")
    assert [row[:2] for row in cells(home / "出.csv")[1:]] == [
        ["王秀英", "139****1111"],
        ["周九", "139****2222"],
    ]
    export_people_command(home / "全.csv", phones=True)
    assert cells(home / "全.csv")[1][1] == "13900001111"
    export_people_command(home / "周九的.csv", for_="zhoujiu")
    assert [row[0] for row in cells(home / "周九的.csv")[1:]] == ["周九"]
    export_places_command(home / "出.xlsx", Format.XLSX, for_="zhangsan")
    rows = list(openpyxl.load_workbook(home / "出.xlsx").active.values)  # type: ignore[union-attr]
    assert {row[10] for row in rows[1:]} == {"W01", "W02"}  # he is the second of W02
    assert {(row[0], row[4]) for row in rows[1:]} > {("槐树苑", "3栋"), (None, "1栋"), (None, "2栋")}
    with pytest.raises(SystemExit):
        export_places_command(home / "出.csv", for_="nobody")
    assert "没有企业微信账号「nobody」" in capsys.readouterr().err


def test_bad_rows_are_told_and_nothing_is_imported(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (home / "坏.csv").write_text(
        PLACES.replace("502,76,W01", "502,76,W02").replace("60,X9", "六十,X9"), "gbk"
    )
    with pytest.raises(SystemExit) as end:
        import_places_command(home / "坏.csv")
    assert end.value.code == 1
    said = capsys.readouterr().err
    assert "没有导入，共 3 处要改" in said
    assert "第 3 行「微网格」列：config.yaml 里 3栋 归网格 W01" in said
    assert "第 4 行「面积」列：「六十」不像面积；请写成 89.5" in said
    with open_desk() as desk:
        assert desk.homes() == []


@pytest.mark.parametrize("name", ["样表.csv", "样表.xlsx"])
def test_a_template_imports_as_it_is_to_nothing_and_with_a_row_to_that_row(
    home: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    for command in (import_places_command, import_people_command):
        command(home / name, template=True)
        assert "样表写好了" in capsys.readouterr().out
        with pytest.raises(SystemExit):
            command(home / name)
        assert "只有表头，没有内容" in capsys.readouterr().err
    import_places_command(home / name, template=True)
    if name.endswith(".xlsx"):
        book = openpyxl.load_workbook(home / name)
        book.active.append(["槐树苑", "", "", "", "3栋", "", 2, 501, 89.5])  # type: ignore[union-attr]
        book.save(home / name)
    else:
        with (home / name).open("a", encoding="utf-8") as file:
            file.write("槐树苑,,,,3栋,,2,501,89.5\n")
    import_places_command(home / name)
    with open_desk() as desk:
        assert [(one.building, one.unit, one.room) for one in desk.homes()] == [("3", "2", "501")]


def test_codes_are_printed_for_those_who_have_none(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        export_codes_command(home / "码.csv")
    assert "先用 linli import places 导入" in capsys.readouterr().err
    import_places_command(home / "地点.csv")
    capsys.readouterr()
    export_codes_command(home / "码.csv", estate="槐树苑")
    assert "已写 2 个绑定码" in capsys.readouterr().out
    rows = cells(home / "码.csv")
    assert (
        rows[1][:4] == ["槐树苑", "3栋", "2单元", "501室"]
        and rows[1][6] == f"在公众号里发：绑定 {rows[1][4]}"
    )
    export_codes_command(home / "码2.csv")
    assert "已写 1 个绑定码" in capsys.readouterr().out
    export_codes_command(home / "码3.csv", building="3栋", each=2, again=True)
    assert "已写 4 个绑定码" in capsys.readouterr().out


@pytest.fixture
def talk(tmp_path: Path) -> Iterator[Talk]:
    made = Talk(tmp_path, at=at("2026-10-12 10:00"))
    yield made
    made.close()


def bring(talk: Talk, *rows: tuple[str, ...]) -> None:
    head = ("小区", "小区别名", "楼栋", "楼栋别名", "微网格", "微网格名称")
    with talk.database.write() as connection:
        session = session_on(connection)
        state = talk.service.state
        desk = Desk(session, community_id=state.community_id, now=talk.clock.at, rules=state.rules)
        import_places(desk, written(talk.service.settings.home / "p.csv", head, rows))
        session.flush()


def test_a_grid_without_a_worker_alarms_the_admins_once_a_day(talk: Talk) -> None:
    """G3: the tickets go to whoever is left, and nobody has to find out by himself."""
    state = talk.service.state

    def swept() -> list[tuple[str, str]]:
        with talk.database.write() as connection:
            sweep(connection, state, talk.clock)
        return talk.pushes()

    assert swept() == []
    bring(talk, ("桂花苑", "", "9栋", "", "X9", "桂花苑9栋"))
    first = swept()
    assert {person for person, _ in first} == {"work:wangwu", "work:zhaoliu"}
    assert "【没有负责人】X9 桂花苑9栋（报事先交给 王五）" in first[0][1]
    assert swept() == []
    talk.clock.at += timedelta(days=1)
    assert len(swept()) == 2
    talk.clock.at = at("2026-10-14 00:10")  # nobody is woken for it
    assert len(swept()) == 2
    with talk.database.read() as connection:
        waits = select(OutboxRow.due_at).order_by(OutboxRow.id.desc()).limit(1)  # type: ignore[call-overload,union-attr]
        assert connection.execute(waits).scalar() == at("2026-10-14 07:00")
    talk.say("mp:r", "桂花苑9栋1单元门禁坏了")
    assert talk.say("mp:r", "1").startswith("已登记，编号 261014-X9-0001。")


def test_imported_names_are_understood(talk: Talk) -> None:
    bring(talk, ("桂花苑", "桂苑", "9栋", "综合楼", "X9", ""), ("桂花苑", "", "8栋", "", "X9", ""))
    talk.clock.at += timedelta(seconds=15)
    assert "地点：桂花苑9栋2单元" in talk.say("mp:a", "桂苑9栋2单元灯坏了")
    assert "地点：桂花苑8栋" in talk.say("mp:b", "桂花苑8栋门禁坏了")
    assert "地点：桂花苑9栋" in talk.say("mp:c", "综合楼的灯坏了")
