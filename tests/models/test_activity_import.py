"""`linli import activities`: what a file may look like, and that a mistake anywhere imports nothing."""

from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest

from models.activity import ActivityMoved, ActivityState, Promoted
from models.desk import Desk
from models.desk.activity_sheet import read_activities
from models.errors import DomainError, ImportProblem

HEADER = "编号,名称,别名,时间,结束,地点,名额,报名截止,每人最多,候补,说明"
BANQUET = "CY1,重阳宴,敬老宴、坝坝宴,2026-10-25 10:00,13:00,文化广场,600人,2026-10-23,10,是,带身份证"
KITES = "fz1,亲子风筝节,,2026年11月7日 上午9点半,,草坪,120,,6,否,"


def a_file(folder: Path, *rows: str, header: str = HEADER, encoding: str = "utf-8") -> Path:
    path = folder / "活动.csv"
    path.write_bytes("\n".join([header, *rows]).encode(encoding))
    return path


def load(desk: Desk, path: Path) -> tuple[int, int]:
    return desk.import_activities(read_activities(path))


def mistakes(desk: Desk, path: Path) -> list[tuple[int, str, str]]:
    with pytest.raises(ImportProblem) as problem:
        load(desk, path)
    assert desk.activities() == []
    return problem.value.mistakes


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk"])
def test_a_file_becomes_activities(desk: Desk, tmp_path: Path, encoding: str) -> None:
    assert load(desk, a_file(tmp_path, BANQUET, KITES, encoding=encoding)) == (2, 0)
    banquet, kites = desk.activities()
    assert banquet.names == ("重阳宴", "敬老宴", "坝坝宴")
    assert banquet.starts_at == datetime(2026, 10, 25, 2, 0, tzinfo=UTC)
    assert banquet.ends_at == datetime(2026, 10, 25, 5, 0, tzinfo=UTC)
    assert banquet.closes_at == datetime(2026, 10, 23, 15, 59, tzinfo=UTC)
    assert banquet.remind_at == datetime(2026, 10, 24, 10, 0, tzinfo=UTC)
    assert (banquet.capacity_people, banquet.person_max, banquet.waitlist) == (600, 10, True)
    assert (kites.code, kites.starts_at) == ("FZ1", datetime(2026, 11, 7, 1, 30, tzinfo=UTC))
    assert (kites.waitlist, kites.closes_at) == (False, kites.starts_at)
    assert kites.state is ActivityState.OPEN


def test_a_workbook_with_real_dates(desk: Desk, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.worksheets[0]
    page.append(["编号", "名称", "时间", "地点", "名额", "报名截止"])
    page.append(["A1", "书法班", datetime(2026, 10, 20, 14, 30), "活动室", 20, datetime(2026, 10, 19)])  # noqa: DTZ001
    path = tmp_path / "活动.xlsx"
    book.save(path)
    assert load(desk, path) == (1, 0)
    (course,) = desk.activities()
    assert course.starts_at == datetime(2026, 10, 20, 6, 30, tzinfo=UTC)
    assert course.closes_at == datetime(2026, 10, 19, 15, 59, tzinfo=UTC)


def test_the_same_file_again_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    load(desk, a_file(tmp_path, BANQUET, KITES))
    versions = [a.version for a in desk.activities()]
    assert load(desk, a_file(tmp_path, BANQUET, KITES)) == (0, 0)
    assert [a.version for a in desk.activities()] == versions


def test_a_changed_row_updates_by_its_code(desk: Desk, tmp_path: Path) -> None:
    load(desk, a_file(tmp_path, BANQUET))
    (banquet,) = desk.activities()
    assert banquet.id is not None
    desk.sign_up(banquet.id, "mp:li", 2)
    desk.facts.clear()
    assert load(desk, a_file(tmp_path, BANQUET.replace("文化广场", "党群中心"), KITES)) == (1, 1)
    (moved,) = desk.facts
    assert isinstance(moved, ActivityMoved)
    assert (moved.place, [g.person for g in moved.guests]) == ("党群中心", ["mp:li"])


def test_fewer_seats_than_taken_are_refused_and_more_promote(desk: Desk, tmp_path: Path) -> None:
    small = BANQUET.replace("600人", "2").replace(",10,", ",2,")
    load(desk, a_file(tmp_path, small))
    (banquet,) = desk.activities()
    assert banquet.id is not None
    desk.sign_up(banquet.id, "mp:li", 2)
    desk.sign_up(banquet.id, "mp:wang", 2)
    with pytest.raises(ImportProblem) as problem:
        load(desk, a_file(tmp_path, KITES, small.replace(",2,2026", ",1,2026")))
    assert problem.value.mistakes == [(3, "名额", "已经有 2 人报名，名额不能少于 2")]
    assert len(desk.activities()) == 1
    desk.facts.clear()
    load(desk, a_file(tmp_path, small.replace(",2,2026", ",4,2026")))
    (offer,) = desk.facts
    assert isinstance(offer, Promoted)
    assert offer.guest.person == "mp:wang"


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [
        (BANQUET.replace("600人", "很多"), "名额", "不是整数"),
        (BANQUET.replace("600人", "0"), "名额", "1 到"),
        (BANQUET.replace("2026-10-25 10:00", "2026-10-25"), "时间", "少了几点"),
        (BANQUET.replace("2026-10-25 10:00", "下周日"), "时间", "看不懂"),
        (BANQUET.replace("2026-10-25 10:00", "2026-02-30 10:00"), "时间", "没有"),
        (BANQUET.replace("2026-10-25 10:00", "2025-10-25 10:00").replace("2026-10-23", ""), "时间", "过去"),
        (BANQUET.replace("13:00", "9:00"), "结束", "晚于"),
        (BANQUET.replace("2026-10-23", "2026-10-26"), "报名截止", "不能晚于"),
        (BANQUET.replace(",是,", ",也许,"), "候补", "「是」或「否」"),
        (BANQUET.replace("重阳宴", "", 1), "名称", "不能空着"),
        (BANQUET.replace("重阳宴", "宴" * 65, 1), "名称", "太长"),
    ],
)
def test_each_mistake_is_told_with_row_and_column(
    desk: Desk, tmp_path: Path, row: str, column: str, words: str
) -> None:
    found = mistakes(desk, a_file(tmp_path, KITES, row))
    assert [(number, name) for number, name, _ in found] == [(3, column)]
    assert words in found[0][2]


def test_all_mistakes_are_told_at_once(desk: Desk, tmp_path: Path) -> None:
    found = mistakes(desk, a_file(tmp_path, BANQUET.replace("600人", "x"), KITES.replace("120", "y")))
    assert [number for number, _, _ in found] == [2, 3]


def test_the_header_is_checked(desk: Desk, tmp_path: Path) -> None:
    assert ("名额", "缺这一列，请补上") in [
        (column, what)
        for _, column, what in mistakes(desk, a_file(tmp_path, header=HEADER.replace("名额", "人数")))
    ]
    found = mistakes(desk, a_file(tmp_path, BANQUET + ",x", header=HEADER + ",心情"))
    assert found[0][1] == "心情"
    assert "不认识这一列" in found[0][2]


def test_a_code_twice_in_one_file(desk: Desk, tmp_path: Path) -> None:
    assert mistakes(desk, a_file(tmp_path, BANQUET, KITES.replace("fz1", "cy1")))[0][:2] == (3, "编号")


def test_no_rows_and_no_table(desk: Desk, tmp_path: Path) -> None:
    assert "没有活动" in mistakes(desk, a_file(tmp_path))[0][2]
    broken = tmp_path / "x.xlsx"
    broken.write_bytes(b"not a workbook")
    assert mistakes(desk, broken)


def test_what_is_over_is_not_changed(desk: Desk, tmp_path: Path) -> None:
    load(desk, a_file(tmp_path, BANQUET))
    desk.cancel_activity("cy1", "下雨")
    assert load(desk, a_file(tmp_path, BANQUET)) == (0, 0)
    with pytest.raises(ImportProblem):
        load(desk, a_file(tmp_path, BANQUET.replace("600人", "700")))
    with pytest.raises(DomainError):
        desk.cancel_activity("没有")
