"""Files into the ledger: all of it or nothing, every mistake with its row and column, nothing booked twice."""

from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest

from models.desk import Desk
from models.errors import ImportProblem
from models.fund import FundKind
from models.ledger import LedgerRefusal
from models.ledger_import import LedgerImported, import_ledger

GOOD = """日期,收入,支出,类别,摘要,捐赠人,公开,活动,凭证号
2026-09-01,"1,234.50",,商家捐赠,红旗超市爱心款,红旗超市,是,,S1
2026-09-03,￥1200,,志愿者募集,王大明等募集,王大明,否,,S2
2026-09-20,,300元,活动支出,重阳宴食材,,,重阳宴,F1
2026-09-21,1.2万,,社区自筹,,,,,S3
"""


def bring(desk: Desk, path: Path, **more: object) -> LedgerImported:
    options: dict[str, object] = {"code": "WJJ", "name": "微基金", "kind": FundKind.MICRO, **more}
    return import_ledger(desk, path, **options)  # type: ignore[arg-type]


def written(tmp_path: Path, content: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / f"账-{encoding}-{abs(hash(content))}.csv"
    path.write_bytes(content.encode(encoding))
    return path


def mistakes(desk: Desk, path: Path, **more: object) -> list[tuple[int, str, str]]:
    with pytest.raises(ImportProblem) as caught:
        bring(desk, path, **more)
    assert desk.funds() == []
    return caught.value.mistakes


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "utf-16"])
def test_a_file_becomes_entries_in_any_office_encoding(desk: Desk, tmp_path: Path, encoding: str) -> None:
    done = bring(desk, written(tmp_path, GOOD, encoding))
    assert (done.entries, done.income_fen, done.expense_fen, done.balance_fen) == (
        4,
        1_443_450,
        30_000,
        1_413_450,
    )
    assert (done.first, done.last, done.opened) == (date(2026, 9, 1), date(2026, 9, 21), True)
    listed = desk.fund_entries(done.fund, done.first, done.last)
    assert [(entry.memo, entry.party, entry.tag, entry.voucher) for entry in listed] == [
        ("社区自筹", "", "", "S3"),
        ("重阳宴食材", "", "重阳宴", "F1"),
        ("王**等募集", "王**", "", "S2"),
        ("红旗超市爱心款", "红旗超市", "", "S1"),
    ]
    assert desk.check_ledger() == []


def test_a_workbook_with_a_title_and_a_sum_reads_like_the_csv(desk: Desk, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    page.append(["示例社区微基金收支明细表（2026年9月）"])
    page.append([])
    page.append(["记账日期", "收入（元）", "支出（元）", "科目", "摘要"])
    page.append([datetime(2026, 9, 1), 1234.5, None, "商家捐赠", "爱心款"])  # noqa: DTZ001
    page.append(["2026年9月2日", None, "34.50", "活动", "茶水"])
    page.append(["合计", 1234.5, 34.5])
    path = tmp_path / "账.xlsx"
    book.save(path)
    done = bring(desk, path)
    assert (done.entries, done.balance_fen, done.skipped) == (2, 120_000, 1)


def test_every_mistake_is_told_with_row_and_column_and_nothing_is_written(desk: Desk, tmp_path: Path) -> None:
    bad = """日期,收入,支出,类别,摘要,公开,凭证号
2026-09-01,100,,商家捐赠,好的,,A
9月2日,100,,商家捐赠,没有年份,,B
2026-09-03,"12,34",,商家捐赠,逗号,,C
2026-09-04,100,50,商家捐赠,两边都填,,D
2026-09-05,,,活动,没有金额,,E
2026-09-06,100,,,没有类别,,F
2026-09-07,-5,,商家捐赠,负数,,G
2026-09-08,5,,商家捐赠,公开乱写,大概,H
"""
    found = mistakes(desk, written(tmp_path, bad))
    assert [(row, column) for row, column, _ in found] == [
        (3, "日期"),
        (4, "收入"),
        (5, "收入"),
        (6, "收入"),
        (7, "类别"),
        (8, "收入"),
        (9, "公开"),
    ]


def test_what_does_not_fit_the_books_is_told_too(desk: Desk, tmp_path: Path) -> None:
    bad = """日期,收入,支出,类别,摘要,凭证号
2026-09-01,100,,彩票,没有的类别,A
2026-09-02,100,,活动支出,填错了边,B
2026-09-03,100,,商家捐赠,凭证重复,A
2027-01-01,100,,商家捐赠,还没到,D
"""
    found = mistakes(desk, written(tmp_path, bad))
    assert [(row, column) for row, column, _ in found] == [
        (2, "类别"),
        (3, "类别"),
        (4, "凭证号"),
        (5, "日期"),
    ]
    assert "--new-categories" in found[0][2]
    assert "支出类" in found[1][2]


def test_a_file_without_the_columns_says_which(desk: Desk, tmp_path: Path) -> None:
    assert "日期" in mistakes(desk, written(tmp_path, "甲,乙\n1,2\n"))[0][2]
    assert [column for _, column, _ in mistakes(desk, written(tmp_path, "日期,摘要\n2026-09-01,x\n"))] == [
        "收入",
        "类别",
    ]
    assert "空的" in mistakes(desk, written(tmp_path, "\n\n"))[0][2]
    assert "没有账" in mistakes(desk, written(tmp_path, "日期,收入,类别\n"))[0][2]
    assert "打不开" in mistakes(desk, tmp_path / "没有.csv")[0][2]


def test_broken_files_are_told_apart(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "坏.xlsx"
    path.write_bytes(b"PK\x03\x04 not a workbook")
    assert "工作簿" in mistakes(desk, path)[0][2]
    path = tmp_path / "旧.xls"
    path.write_bytes(b"\xd0\xcf\x11\xe0")
    assert ".xlsx" in mistakes(desk, path)[0][2]
    path = tmp_path / "图.csv"
    path.write_bytes(b"\x89PNG\x00\x00\x00")
    assert "不是表格" in mistakes(desk, path)[0][2]
    quotes = mistakes(desk, written(tmp_path, '日期,收入,类别\n2026-09-01,1,"商家\n'))
    assert quotes == [(2, "", "这一行的引号没有配对")]


def test_merged_cells_are_refused_with_their_place(desk: Desk, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in (["日期", "收入", "类别"], ["2026-09-01", 5, "义卖"], ["2026-09-01", 6, None]):
        page.append(row)
    page.merge_cells("C2:C3")
    path = tmp_path / "合并.xlsx"
    book.save(path)
    ((row, column, what),) = mistakes(desk, path)
    assert (row, column) == (2, "C2:C3")
    assert "取消合并" in what


def test_the_same_rows_are_known_again_in_another_form(desk: Desk, tmp_path: Path) -> None:
    bring(desk, written(tmp_path, GOOD))
    for encoding in ("utf-8", "gbk"):
        with pytest.raises(LedgerRefusal) as caught:
            bring(desk, written(tmp_path, GOOD.replace("300元", "300.00"), encoding))
        assert caught.value.code == "fund_file_again"


def test_a_voucher_in_the_books_is_not_booked_again(desk: Desk, tmp_path: Path) -> None:
    done = bring(desk, written(tmp_path, GOOD))
    more = GOOD.splitlines()[0] + "\n2026-09-25,5,,义卖,旧书,,,,S9\n2026-09-26,7,,义卖,旧衣,,,,S1\n"
    with pytest.raises(ImportProblem) as caught:
        bring(desk, written(tmp_path, more))
    assert [(row, column) for row, column, _ in caught.value.mistakes] == [(3, "凭证号")]
    assert desk.fund_balance(done.fund) == done.balance_fen


def test_overlapping_exports_without_vouchers_are_noticed(desk: Desk, tmp_path: Path) -> None:
    head = "日期,收入,支出,类别,摘要\n"
    row = "2026-09-01,5,,义卖,旧书\n"
    first = bring(desk, written(tmp_path, head + row + row))
    assert first.entries == 2
    again = written(tmp_path, head + row + "2026-09-02,8,,义卖,旧衣\n")
    with pytest.raises(ImportProblem) as caught:
        bring(desk, again)
    assert [(at, column) for at, column, _ in caught.value.mistakes] == [(2, "摘要")]
    assert "--allow-same" in caught.value.mistakes[0][2]
    assert bring(desk, again, allow_same=True).balance_fen == 2_300


def test_spending_more_than_there_is_names_the_row_and_an_opening_helps(desk: Desk, tmp_path: Path) -> None:
    file = written(tmp_path, "日期,收入,支出,类别\n2026-09-01,100,,义卖\n2026-09-02,,150.5,活动\n")
    ((row, column, what),) = mistakes(desk, file)
    assert (row, column) == (3, "支出")
    assert "差 50.50 元" in what
    done = bring(desk, file, opening_fen=10_000)
    assert (done.balance_fen, done.opening_fen) == (4_950, 10_000)
    summary = desk.fund_summary(done.fund, date(2026, 9, 1), date(2026, 9, 30))
    assert (summary.opening_fen, summary.other_fen, summary.income_fen) == (0, 10_000, 10_000)
    with pytest.raises(LedgerRefusal) as caught:
        bring(desk, written(tmp_path, "日期,收入,类别\n2026-09-05,1,义卖\n"), opening_fen=5)
    assert caught.value.code == "fund_opening_again"


def test_an_agreed_overdraft_lets_the_books_follow_real_life(desk: Desk, tmp_path: Path) -> None:
    file = written(tmp_path, "日期,收入,支出,类别\n2026-09-01,,150,活动\n2026-09-09,200,,义卖\n")
    assert bring(desk, file, overdraft_fen=20_000).balance_fen == 5_000
    assert desk.check_ledger() == []


def test_too_much_remuneration_names_the_row(desk: Desk, tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "日期,收入,支出,类别\n2026-09-01,1000,,物业费\n2026-09-02,,150.01,酬金\n2026-09-03,,1,保洁\n",
    )
    ((row, _, what),) = mistakes(desk, file, kind=FundKind.TRUST)
    assert row == 3
    assert "150.00 元" in what


def test_one_amount_column_with_its_direction(desk: Desk, tmp_path: Path) -> None:
    file = written(tmp_path, "日期,金额,收/支,用途\n2026-09-01,1000,收入,义卖\n2026-09-02,300,支,慰问\n")
    done = bring(desk, file)
    assert (done.income_fen, done.expense_fen) == (100_000, 30_000)


def test_a_foreign_file_comes_in_by_a_mapping(desk: Desk, tmp_path: Path) -> None:
    file = written(
        tmp_path,
        "When,In,Out,Tag,Reason,Cheque\n2026-09-01,150,,Misc,Start,\n2026-09-02,,32.52,Snacks,Buns,ch1\n",
    )
    mapping = {"日期": "When", "收入": "In", "支出": "Out", "类别": "Tag", "摘要": "Reason"}
    with pytest.raises(ImportProblem):
        bring(desk, file, mapping=mapping)
    done = bring(desk, file, mapping=mapping, new_categories=True)
    assert (done.balance_fen, done.new_categories) == (11_748, ("Misc", "Snacks"))


def test_a_mapping_that_misses_is_told(desk: Desk, tmp_path: Path) -> None:
    file = written(tmp_path, "When,In,Tag\n2026-09-01,150,Misc\n")
    assert mistakes(desk, file, mapping={"哪天": "When"})[0][1] == "哪天"
    found = mistakes(desk, file, mapping={"日期": "When", "收入": "Income", "类别": "Tag"})
    assert (1, "Income") in [(row, column) for row, column, _ in found]


def test_a_fund_that_is_not_there_is_not_made_by_accident(desk: Desk, tmp_path: Path) -> None:
    with pytest.raises(LedgerRefusal) as caught:
        bring(desk, written(tmp_path, GOOD), name="", kind=None)
    assert caught.value.code == "fund_unknown"
    assert desk.funds() == []
