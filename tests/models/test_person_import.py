"""Files of people: who is who, representatives (G5), duties, what the configuration decides, phones sealed."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import select

from models.desk import Desk
from models.desk.households import CODE_KIND
from models.desk.scope import Scope
from models.errors import ImportProblem
from models.person import Binding, Person, Relation
from models.person_import import PeopleImported, import_people
from models.place import Duty, Worker
from models.place_audit import place_offences
from models.place_export import people_rows
from models.place_import import import_places
from models.vault import Vault
from tests.estate import RULES, written

VAULT = Vault("a secret of the tests")
HEAD = ("姓名", "电话", "小区", "楼栋", "单元", "房号", "关系", "户代表")
DUTY = ("姓名", "企业微信", "职务", "负责", "AB角", "班次", "止")
DOORS = [
    ("甲苑", "7栋", "1单元", "101", "X7"),
    ("甲苑", "7栋", "1单元", "102", "X7"),
    ("乙苑", "7栋", "1单元", "101", "X8"),
    ("乙苑", "8栋", "1单元", "101", "X8"),
]


@pytest.fixture
def settled(desk: Desk, tmp_path: Path) -> Desk:
    desk.rules = RULES
    import_places(desk, written(tmp_path / "places.csv", ("小区", "楼栋", "单元", "房号", "微网格"), DOORS))
    return desk


def bring(
    desk: Desk, folder: Path, head: tuple[str, ...], *rows: tuple[str, ...], dry_run: bool = False
) -> PeopleImported:
    return import_people(desk, written(folder / "people.csv", head, rows), VAULT, dry_run=dry_run)


def refused(
    desk: Desk, folder: Path, head: tuple[str, ...], *rows: tuple[str, ...]
) -> list[tuple[int, str, str]]:
    before = people(desk)
    with pytest.raises(ImportProblem) as problem:
        bring(desk, folder, head, *rows)
    desk.session.expire_all()
    assert people(desk) == before
    return problem.value.mistakes


def people(desk: Desk) -> list[object]:
    kinds = (Person, Binding, Duty, Worker)
    return [
        row.model_dump() for kind in kinds for row in desk.session.exec(select(kind).order_by(kind.id)).all()
    ]


WANG = ("王秀英", "13900000001", "甲苑", "7栋", "1单元", "101", "业主", "是")
LI = ("李建国", "13900000002", "甲苑", "7栋", "1单元", "101", "家人", "")


def test_phones_lie_sealed_and_are_found_again(settled: Desk, tmp_path: Path) -> None:
    bring(settled, tmp_path, HEAD, WANG, LI)
    stored = settled.session.execute(text("SELECT name, phone_enc, phone_print FROM person")).all()
    assert all("1390000" not in str(row) for row in stored)
    assert [row[:2] for row in people_rows(settled, VAULT)] == [
        ["王秀英", "139****0001"],
        ["李建国", "139****0002"],
    ]
    assert [row[1] for row in people_rows(settled, Vault("another key altogether"))] == [
        "（密钥变了，读不出）"
    ] * 2
    changed = bring(settled, tmp_path, HEAD, (WANG[0], "13911112222", *WANG[2:]))
    assert (dict(changed.new), changed.changed) == (
        {"人": 0, "住户登记": 0, "户代表": 0},
        {"人": 1, "户代表": 0},
    )
    assert next(people_rows(settled, VAULT, phones=True))[1] == "13911112222"


def test_one_person_with_two_flats_is_one_person(settled: Desk, tmp_path: Path) -> None:
    bring(
        settled, tmp_path, HEAD, WANG, ("王秀英", "13900000001", "乙苑", "8栋", "1单元", "101", "业主", "是")
    )
    assert len(settled.session.exec(select(Person)).all()) == 1
    assert len(settled.session.exec(select(Binding)).all()) == 2
    assert [one for one in place_offences(settled) if one.rule == "G5"] == []


def test_a_new_representative_takes_over(settled: Desk, tmp_path: Path) -> None:
    """G5: at most one, whatever the file says; the one of before steps back."""
    bring(settled, tmp_path, HEAD, WANG, LI)
    done = bring(settled, tmp_path, HEAD, (*LI[:-1], "是"))
    assert done.changed["户代表"] == 1
    rows = settled.session.exec(select(Binding).order_by(Binding.id)).all()  # type: ignore[arg-type]
    settled.session.expire_all()
    assert [row.is_representative for row in rows] == [False, True]
    assert [one for one in place_offences(settled) if one.rule == "G5"] == []
    both = refused(settled, tmp_path, HEAD, WANG, (*LI[:-1], "是"))
    assert both == [(3, "户代表", "一户只能有一个户代表，第 2 行已经是了")]


def test_the_database_itself_refuses_a_second_representative(settled: Desk, tmp_path: Path) -> None:
    """G5, G2: the tables' own rules, whatever a program does."""
    bring(settled, tmp_path, HEAD, WANG, LI)
    for statement in (
        "UPDATE binding SET is_representative = TRUE",
        "INSERT INTO binding (community_id, person_id, household_id, relation, verified_by, is_representative, valid_from)"
        " SELECT community_id, person_id, household_id, relation, verified_by, FALSE, valid_from FROM binding",
        "INSERT INTO building_grid (community_id, building_id, grid_id, source, valid_from)"
        " SELECT community_id, building_id, grid_id, source, valid_from FROM building_grid",
    ):
        nested = settled.session.begin_nested()
        with pytest.raises(Exception, match=r"(?i)unique"):
            settled.session.execute(text(statement))
        nested.rollback()


def test_bad_rows_are_all_told(settled: Desk, tmp_path: Path) -> None:
    found = refused(
        settled,
        tmp_path,
        HEAD,
        WANG,
        ("王秀英", "13900000009", "甲苑", "7栋", "1单元", "101", "", ""),  # the same person, another phone
        ("赵六", "12", "甲苑", "7栋", "1单元", "102", "业主", ""),
        ("赵七", "", "甲苑", "7栋", "1单元", "999", "业主", ""),
        ("赵八", "", "", "7栋", "1单元", "101", "业主", ""),  # both estates have it
        ("赵九", "", "甲苑", "7栋", "1单元", "102", "亲戚", ""),
        ("钱一", "", "甲苑", "7栋", "1单元", "102", "", ""),
        ("", "", "甲苑", "7栋", "1单元", "102", "业主", ""),
        ("钱二", "", "", "", "", "", "", ""),
    )
    assert [(row, column) for row, column, _ in found] == [
        (3, "电话"),
        (4, "电话"),
        (5, "房号"),
        (6, "小区"),
        (7, "关系"),
        (8, "关系"),
        (9, "姓名"),
        (10, "房号"),
    ]
    again = refused(settled, tmp_path, HEAD, LI, LI)
    assert again == [(3, "姓名", "与第 2 行是同一个人、同一户，请删去一行")]


def test_duties_route_tickets_and_end(settled: Desk, tmp_path: Path) -> None:
    assert [one.grid_code for one in settled.unmanned()] == ["X7", "X8"]  # G3
    rows = [
        ("孙一", "sun1", "微网格员", "X7", "A", "", ""),
        ("孙二", "sun2", "网格员", "x7", "B", "", ""),
        ("孙三", "sun3", "网格长", "X8", "", "", ""),
        ("孙四", "", "楼栋长", "甲苑7栋", "", "", ""),
        ("孙五", "sun5", "书记", "", "", "", ""),
    ]
    done = bring(settled, tmp_path, DUTY, *rows)
    assert done.new["职务"] == 5 and [one.grid_code for one in done.unmanned] == ["X8"]
    route = settled.route("甲苑", "7")
    assert (route.worker, route.backup) == ("sun1", "sun2")
    assert settled.route("乙苑", "7").worker == "sun3"  # G3: to the lead
    assert settled.scope_of("sun5").whole and settled.scope_of("sun1").paths == {"1/X7"}
    again = bring(settled, tmp_path, DUTY, *rows)
    assert not any((*again.new.values(), *again.changed.values()))
    settled.sync_places()
    assert settled.route("甲苑", "7").worker == "sun1"
    ending = ("孙一", "sun1", "微网格员", "X7", "A", "", "2026-10-12")
    assert bring(settled, tmp_path, DUTY, ending).changed == {"职务": 1, "户代表": 0}
    assert settled.route("甲苑", "7").worker == "sun1"
    settled.now += timedelta(days=1)
    assert settled.route("甲苑", "7").worker == "sun2"
    assert "X7" in {one.grid_code for one in settled.unmanned()}


@pytest.mark.parametrize(
    ("row", "column", "what"),
    [
        (("某", "", "微网格员", "X7", "", "", ""), "企业微信", "请填企业微信账号"),
        (("某", "张三", "微网格员", "X7", "", "", ""), "企业微信", "不是姓名"),
        (("某", "x", "保安", "X7", "", "", ""), "职务", "请写其中之一"),
        (("某", "x", "微网格员", "", "", "", ""), "负责", "请填负责哪里"),
        (("某", "x", "微网格员", "Z9", "", "", ""), "负责", "没有「Z9」"),
        (("某", "x", "微网格员", "8栋", "", "", ""), "负责", "请写网格编号"),
        (("某", "x", "楼栋长", "7栋", "", "", ""), "负责", "有几个小区都有 7栋"),
        (("某", "x", "微网格员", "W01", "", "", ""), "负责", "写在 config.yaml 里"),
        (("某", "a", "志愿者", "X7", "", "", ""), "姓名", "config.yaml 的「人员」里 a 是「阿甲」"),
        (("某", "x", "微网格员", "X7", "C", "", ""), "AB角", "请写其中之一"),
        (("某", "x", "微网格员", "X7", "", "白班", ""), "班次", "08:00-20:00"),
        (("某", "x", "微网格员", "X7", "", "", "明年"), "止", "2026-09-10"),
    ],
)
def test_a_duty_that_cannot_be_is_told(
    settled: Desk, tmp_path: Path, row: tuple[str, ...], column: str, what: str
) -> None:
    found = refused(settled, tmp_path, DUTY, row)
    assert [(line, name) for line, name, _ in found] == [(2, column)] and what in found[0][2]


def test_what_the_configuration_says_too_is_simply_true(settled: Desk, tmp_path: Path) -> None:
    done = bring(settled, tmp_path, DUTY, ("阿甲", "a", "微网格员", "W01", "A", "", ""))
    assert not done.new.get("职务")
    assert settled.route("", "1").worker == "a"


def test_a_building_lead_sees_his_building_from_his_own_phone(settled: Desk, tmp_path: Path) -> None:
    head = (*HEAD, "职务")
    bring(settled, tmp_path, head, (*WANG, "楼栋长"))
    (home,) = [
        home for home in settled.homes() if (home.estate, home.room, home.building) == ("甲苑", "101", "7")
    ]
    code = VAULT.fingerprint(CODE_KIND, settled.issue_codes([home], VAULT)[0].code)
    assert settled.scope_of_person("mp:wang") == Scope()
    settled.bind("mp:wang", code, Relation.OWNER, "王秀英")
    assert settled.scope_of_person("mp:wang") == Scope(buildings=frozenset({("甲苑", "7")}))
    assert settled.scope_of_person("mp:else") == Scope()


def test_a_preview_and_a_tenant_who_leaves(settled: Desk, tmp_path: Path) -> None:
    head = (*HEAD, "止")
    before = people(settled)
    assert bring(settled, tmp_path, HEAD, WANG, dry_run=True).new["人"] == 1
    settled.session.expire_all()
    assert people(settled) == before
    bring(
        settled,
        tmp_path,
        head,
        (*WANG, ""),
        ("房客", "", "甲苑", "7栋", "1单元", "102", "租客", "是", "2026-12-31"),
    )
    bring(settled, tmp_path, head, ("房客", "", "甲苑", "7栋", "1单元", "102", "租客", "", "2026-10-01"))
    rows = [row[0] for row in people_rows(settled, VAULT)]
    assert rows == ["王秀英"]
    bring(settled, tmp_path, HEAD, ("新房客", "", "甲苑", "7栋", "1单元", "102", "租客", "是"))
    assert [one for one in place_offences(settled) if one.rule == "G5"] == []
