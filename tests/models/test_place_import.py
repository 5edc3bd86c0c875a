"""Files of places: all or nothing, every mistake with row and column, a second time nothing new (G1, G2, G4)."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from openpyxl import Workbook
from sqlmodel import func, select

from models.desk import Desk
from models.errors import ImportProblem
from models.person import Binding, Person
from models.person_import import import_people
from models.person_rows import COLUMNS as PEOPLE_COLUMNS
from models.place import Building, BuildingGrid, Estate, Grid, Household, Unit
from models.place_audit import place_offences
from models.place_export import people_rows, place_rows
from models.place_import import import_places
from models.place_rows import COLUMNS
from models.rules import GridRule
from models.vault import Vault
from tests.estate import (
    HOUSEHOLDS,
    PEOPLE_HEADER,
    PLACE_HEADER,
    RESIDENTS,
    RULES,
    people_table,
    place_table,
    written,
)

VAULT = Vault("a secret of the tests")
HEAD = ("小区", "楼栋", "单元", "房号", "面积", "微网格")


@pytest.fixture
def ruled(desk: Desk) -> Desk:
    desk.rules = RULES
    desk.sync_places()
    return desk


def count(desk: Desk, kind: type) -> int:
    return desk.session.exec(select(func.count()).select_from(kind)).one()


def state(desk: Desk) -> list[object]:
    """Everything that stands in the tables of places."""
    kinds = (Grid, Estate, Building, BuildingGrid, Unit, Household)
    return [
        row.model_dump() for kind in kinds for row in desk.session.exec(select(kind).order_by(kind.id)).all()
    ]


def mistakes(desk: Desk, path: Path) -> list[tuple[int, str, str]]:
    before = state(desk)
    with pytest.raises(ImportProblem) as problem:
        import_places(desk, path)
    desk.session.expire_all()
    assert state(desk) == before
    return problem.value.mistakes


@pytest.mark.slow
def test_a_whole_estate_comes_in_once_and_goes_out_the_same(ruled: Desk, tmp_path: Path) -> None:
    places = written(tmp_path / "places.csv", PLACE_HEADER, place_table(), "gb18030")
    people = written(tmp_path / "people.csv", PEOPLE_HEADER, people_table(), "utf-8-sig")
    done = import_places(ruled, places)
    assert (done.new["户"], done.new["小区"], done.new["网格"]) == (HOUSEHOLDS, 2, 2)
    assert import_people(ruled, people, VAULT).new == {
        "人": RESIDENTS,
        "住户登记": RESIDENTS,
        "户代表": HOUSEHOLDS,
    }
    assert (count(ruled, Household), count(ruled, Person), count(ruled, Binding)) == (
        HOUSEHOLDS,
        RESIDENTS,
        RESIDENTS,
    )
    assert [one for one in place_offences(ruled) if one.rule != "G3"] == []
    again = import_places(ruled, places)
    assert not any(again.new.values()) and not any(again.changed.values()) and not again.moves
    assert not any(import_people(ruled, people, VAULT).new.values())
    assert count(ruled, Person) == RESIDENTS

    # What was exported is what an import of it leaves untouched, masked phones and all.
    before = state(ruled)
    listed = list(people_rows(ruled, VAULT))
    assert all(row[1].startswith("139****") for row in listed)
    import_places(ruled, written(tmp_path / "out.csv", tuple(COLUMNS), list(place_rows(ruled))))
    back = import_people(ruled, written(tmp_path / "back.csv", tuple(PEOPLE_COLUMNS), listed), VAULT)
    assert not any(back.new.values()) and not any(back.changed.values())
    assert state(ruled) == before
    phones = {row[1] for row in people_rows(ruled, VAULT, phones=True)}
    assert phones == {row[1] for row in people_table()}


def test_a_bad_row_keeps_everything_out_and_every_bad_row_is_told(ruled: Desk, tmp_path: Path) -> None:
    rows = [
        ("鸿运小区", "4栋", "1单元", "101", "89.5", "W01"),
        ("鸿运小区", "四号楼", "1单元", "101室", "89.5", "W01"),  # 2: the same door written otherwise
        ("鸿运小区", "5栋", "1单元", "一〇二?", "89.5", "W01"),
        ("鸿运小区", "5栋", "1单元", "103", "很大", "W01"),
        ("鸿运小区", "6栋", "1单元", "101", "", ""),  # which microgrid?
        ("鸿运小区", "4栋", "2单元", "101", "", "W02"),  # another than in row 2
        ("鸿运小区", "槐树苑4栋", "2单元", "102", "", "W02"),
        ("", "", "", "", "", ""),
        ("", "", "1单元", "501", "", ""),
        ("鸿运小区", "7栋", "", "3栋501", "", "W 01"),
    ]
    found = mistakes(ruled, written(tmp_path / "bad.csv", HEAD, rows))
    assert {(row, column) for row, column, _ in found} == {
        (3, "房号"),
        (4, "房号"),
        (5, "面积"),
        (7, "微网格"),
        (8, "楼栋"),
        (10, "楼栋"),
        (11, "房号"),
        (11, "微网格"),
    }
    assert any("与第 2 行是同一户" in what for _, _, what in found)
    assert mistakes(ruled, written(tmp_path / "new.csv", HEAD, [rows[4]])) == [
        (2, "微网格", "6栋 还不知道归哪个微网格，请填网格编号，例如 W01")
    ]


@pytest.mark.parametrize(
    ("head", "row", "where", "what"),
    [
        (("楼栋", "所属网格"), ("4栋", "W01"), (1, "所属网格"), "不认识这一列"),
        (("楼栋", "楼栋", "微网格"), ("4", "4", "W01"), (1, "楼栋"), "写了两次"),
        (("房号", "面积"), ("101", "50"), (1, ""), "至少要有「楼栋」列"),
        (("名字",), ("4栋",), (1, ""), "没有找到表头"),
        (("楼栋", "微网格"), ("综合楼", "W01"), (2, "楼栋"), "看不出是几栋"),
        (("楼栋", "微网格", "微网格名称"), ("4栋", "W01", "别的名字"), (2, "微网格名称"), "config.yaml 里 W01 叫「一网格」"),
        (("楼栋", "微网格"), ("1栋", "W02"), (2, "微网格"), "config.yaml 里 1栋 归网格 W01"),
        (("楼栋", "微网格", "网格"), ("9栋", "W09", "W02"), (2, "网格"), "已经是微网格的编号"),
        (("楼栋", "微网格", "网格"), ("9栋", "W09", "W09"), (2, "网格"), "两级网格的编号要不同"),
        (("小区", "小区类型"), ("甲", "豪华"), (2, "小区类型"), "请写其中之一"),
        (("楼栋", "微网格", "专属"), ("9栋", "", "市场"), (2, "微网格"), "没有写是哪个微网格"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(
    ruled: Desk,
    tmp_path: Path,
    head: tuple[str, ...],
    row: tuple[str, ...],
    where: tuple[int, str],
    what: str,
) -> None:
    found = mistakes(ruled, written(tmp_path / "bad.csv", head, [row]))
    assert [(line, column) for line, column, _ in found] == [where]
    assert what in found[0][2]


def test_excel_turned_a_door_into_a_date(ruled: Desk, tmp_path: Path) -> None:
    book = Workbook()
    assert book.active is not None
    book.active.append(["楼栋", "单元", "房号", "微网格"])
    book.active.append(["4栋", 1, date(2026, 5, 1), "W01"])
    book.active.append(["4栋", 1, 102, "W01"])
    book.save(tmp_path / "doors.xlsx")
    found = mistakes(ruled, tmp_path / "doors.xlsx")
    assert [(row, column) for row, column, _ in found] == [(2, "房号")] and "文本" in found[0][2]


def test_a_preview_writes_nothing(ruled: Desk, tmp_path: Path) -> None:
    before = state(ruled)
    places = written(tmp_path / "places.csv", PLACE_HEADER, place_table()[:50])
    done = import_places(ruled, places, dry_run=True)
    assert done.new["户"] == 50
    ruled.session.expire_all()
    assert state(ruled) == before


def test_a_building_moves_to_another_microgrid_and_keeps_its_past(ruled: Desk, tmp_path: Path) -> None:
    """G2: at every instant exactly one; G6: what was is still written."""
    first = written(tmp_path / "1.csv", ("楼栋", "微网格"), [("9栋", "X1"), ("8栋", "X1")])
    import_places(ruled, first)
    ruled.now += timedelta(days=1)
    done = import_places(ruled, written(tmp_path / "2.csv", ("楼栋", "微网格"), [("9栋", "X2")]))
    assert done.moves == ("9栋：X1 → X2",)
    assert ruled.route("", "9").grid_code == "X2" and ruled.route("", "8").grid_code == "X1"
    building = ruled.session.exec(select(Building).where(Building.no == "9")).one()
    links = ruled.session.exec(
        select(BuildingGrid).where(BuildingGrid.building_id == building.id).order_by(BuildingGrid.id)  # type: ignore[arg-type]
    ).all()
    assert [link.valid_to for link in links] == [links[1].valid_from, None]


def test_the_configuration_and_a_file_live_together(ruled: Desk, tmp_path: Path) -> None:
    """「1栋」 of the configuration is the file's 槐树苑1栋; what the configuration names it decides."""
    rows = [
        ("槐树苑", "1栋", "1单元", "101", "W01", "G1"),
        ("槐树苑", "9栋", "1单元", "101", "X9", "G1"),
    ]
    head = ("小区", "楼栋", "单元", "房号", "微网格", "网格")
    assert import_places(ruled, written(tmp_path / "1.csv", head, rows)).moves == (
        "W01：改属网格 G1",
        "1栋：归入小区 槐树苑",
    )
    for _ in range(2):
        assert ruled.estates_with("1") == ["槐树苑"]
        assert ruled.route("", "1").grid_path == "1/G1/W01"
        assert ruled.route("槐树苑", "9").grid_code == "X9"
        assert [one.rule for one in place_offences(ruled)] == ["G3"]
        ruled.sync_places()
    # The configuration takes over the imported grid, and lets it go again: then nobody answers for its building.
    taken = GridRule(code="X9", name="新九", buildings=("9栋",), worker="c")
    ruled.rules = RULES.model_copy(update={"grids": (*RULES.grids, taken)})
    ruled.sync_places()
    assert (ruled.route("槐树苑", "9").grid_name, ruled.route("槐树苑", "9").worker) == ("新九", "c")
    ruled.rules = RULES
    ruled.sync_places()
    assert ruled.route("槐树苑", "9").grid_code == ""
    assert [one for one in place_offences(ruled) if one.rule != "G3"] == []


def test_two_estates_with_the_same_number_need_the_name_in_the_configuration(
    ruled: Desk, tmp_path: Path
) -> None:
    rows = [("甲苑", "1栋", "X1"), ("乙苑", "1栋", "X2")]
    found = mistakes(ruled, written(tmp_path / "1.csv", ("小区", "楼栋", "微网格"), rows))
    assert all("写上小区名" in what for row, _, what in found if "范围" in what and "只写了" in what)
    assert any("只写了「1栋」" in what for _, _, what in found)
