"""Rows of a bookkeeper's file: which column is which, and each row checked, every mistake with row and column."""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from models.errors import ImportProblem
from models.fund import Shown
from models.ledger_cells import NAMELESS_WORDS, BadCell, Cell, day_of, fen_of, shown_of, text_of
from models.sheet import SheetRow

T = TypeVar("T")

# Our columns, and what people call them. 金额 needs 收支 beside it. 借方 and 贷方 are not guessed: they mean the
# opposite on a bank's statement and in one's own books, so they must be mapped by hand.
COLUMNS: dict[str, tuple[str, ...]] = {
    "日期": ("日期", "记账日期", "交易日期", "发生日期", "时间", "入账日期"),
    "收入": ("收入", "收入金额", "存入", "存入金额"),
    "支出": ("支出", "支出金额", "支取", "支取金额"),
    "金额": ("金额", "发生额", "交易金额"),
    "收支": ("收支", "收/支", "收支类型", "方向"),
    "类别": ("类别", "科目", "分类", "来源", "用途", "项目", "收支项目"),
    "摘要": ("摘要", "说明", "内容", "事由", "用途说明"),
    "往来人": ("往来人", "付款人", "捐赠人", "收款人", "对方", "对方户名", "单位", "姓名", "来自"),
    "公开": ("公开", "是否公开", "公开姓名", "姓名公开", "是否公开姓名"),
    "公开摘要": ("公开摘要", "公示摘要", "对外摘要"),
    "活动": ("活动", "活动名称", "所属活动"),
    "凭证号": ("凭证号", "凭证编号", "凭证", "票据号", "单据号", "流水号"),
}
LENGTHS = {"摘要": 300, "公开摘要": 300, "往来人": 64, "活动": 64, "凭证号": 64, "类别": 64}
_TOTALS = re.compile(r"^(本[页月年日]|累计|总|小|合)?\s*(合|总|小|累)?\s*计$")
HEADER_WITHIN = 15  # rows above the header: titles, the name of the community


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One row of a file that reads well: exactly one of the two amounts is above zero, in fen."""

    row: int
    day: date
    income_fen: int
    expense_fen: int
    category: str
    memo: str
    party: str
    shown: Shown
    public_memo: str | None
    tag: str
    voucher: str | None


@dataclass(frozen=True, slots=True)
class LedgerFile:
    """A file's rows in its own order, the header's names for our columns, and how many sums were passed over."""

    rows: tuple[LedgerRow, ...]
    headers: Mapping[str, str]
    skipped: int

    def fingerprint(self) -> str:
        """SHA-256 of what the rows say: the same for the same rows in another encoding or format."""
        content = [
            [
                row.day.isoformat(),
                row.income_fen,
                row.expense_fen,
                row.category,
                row.memo,
                row.party,
                row.tag,
                row.voucher,
            ]
            for row in self.rows
        ]
        return hashlib.sha256(json.dumps(content, ensure_ascii=False).encode()).hexdigest()


def read_rows(sheet: list[SheetRow], mapping: Mapping[str, str] | None = None) -> LedgerFile:
    """The rows of a ledger file. `mapping` names the file's own headers: `{"日期": "TransactionDate"}`.

    Raises:
        ImportProblem: every mistake of every row.
    """
    at, places, headers = _header(sheet, mapping or {})
    mistakes: list[tuple[int, str, str]] = []
    rows: list[LedgerRow] = []
    skipped = 0
    for row in sheet[at + 1 :]:
        if any(_TOTALS.match(text_of(cell)) for cell in row.cells[:3]):
            skipped += 1
            continue
        read = _read_row(row, places, headers, mistakes)
        if read is not None:
            rows.append(read)
    if not rows and not mistakes:
        mistakes.append((sheet[at].number, "", "表头下面没有账"))
    if mistakes:
        raise ImportProblem(mistakes)
    return LedgerFile(tuple(rows), headers, skipped)


def _header(sheet: list[SheetRow], mapping: Mapping[str, str]) -> tuple[int, dict[str, int], dict[str, str]]:
    """The header's place in `sheet`, and for each of our columns its place in a row and its name in the file."""
    unknown = [name for name in mapping if name not in COLUMNS]
    if unknown:
        raise ImportProblem(
            [(1, name, f"对应关系里没有这一列；可用的有：{'、'.join(COLUMNS)}") for name in unknown]
        )
    best: tuple[int, dict[str, int], dict[str, str]] | None = None
    for at, row in enumerate(sheet[:HEADER_WITHIN]):
        found = _match(row, mapping)
        if "日期" in found and (best is None or len(found) > len(best[1])):
            best = (at, found, {name: text_of(row.cells[place]) for name, place in found.items()})
    if best is None:
        wanted = mapping.get("日期", "日期")
        raise ImportProblem(
            [(sheet[0].number, wanted, f"没有找到「{wanted}」列；表头要有 日期、收入、支出、类别、摘要")]
        )
    at, found, _ = best
    line = sheet[at].number
    mistakes = [
        (line, theirs, f"文件里没有这一列，「{ours}」对应不上")
        for ours, theirs in mapping.items()
        if ours not in found
    ]
    if "金额" in found and "收入" not in found and "支出" not in found:
        if "收支" not in found:
            mistakes.append((line, "收支", "只有「金额」列时，还要有「收支」列写明是收入还是支出"))
    elif "收入" not in found and "支出" not in found:
        mistakes.append((line, "收入", "没有找到「收入」列，也没有「支出」列"))
    if "类别" not in found:
        mistakes.append((line, "类别", "没有找到「类别」列（也可写「科目」）：居民问钱花在哪里，就按它来答"))
    if mistakes:
        raise ImportProblem(mistakes)
    return best


def _match(row: SheetRow, mapping: Mapping[str, str]) -> dict[str, int]:
    titles = [text_of(cell) for cell in row.cells]
    plain = [re.sub(r"[((（].*?[))）]|\s|[::：]", "", title) for title in titles]
    found: dict[str, int] = {}
    for ours, theirs in mapping.items():
        if theirs.strip() in titles:
            found[ours] = titles.index(theirs.strip())
    for ours, names in COLUMNS.items():
        if ours in mapping:
            continue
        for name in names:
            if name in plain and plain.index(name) not in found.values():
                found[ours] = plain.index(name)
                break
    return found


def _read_row(
    row: SheetRow, places: Mapping[str, int], headers: Mapping[str, str], mistakes: list[tuple[int, str, str]]
) -> LedgerRow | None:
    before = len(mistakes)

    def cell(name: str) -> Cell:
        place = places.get(name)
        return row.cells[place] if place is not None and place < len(row.cells) else None

    def wrong(name: str, what: str) -> None:
        mistakes.append((row.number, headers.get(name, name), what))

    def read(name: str, how: Callable[[Cell], T]) -> T | None:
        try:
            return how(cell(name))
        except BadCell as bad:
            wrong(name, str(bad))
            return None

    def words(name: str) -> str:
        value = text_of(cell(name))
        if len(value) > LENGTHS[name]:
            wrong(name, f"太长了，最多 {LENGTHS[name]} 个字")
        return value

    day = read("日期", day_of)
    income, expense = _amounts(cell, read, wrong)
    if len(mistakes) == before and (income > 0) == (expense > 0):
        both = income > 0
        name = "收入" if "收入" in places else "支出" if "支出" in places else "金额"
        wrong(name, "收入和支出只能填一个" if both else "收入和支出都没有填，这一行没有金额")
    category = words("类别")
    if not category:
        wrong("类别", "没有填类别；实在分不清就写「其他收入」或「其他支出」")
    party = words("往来人")
    shown = read("公开", shown_of) or Shown.MASKED
    if party in NAMELESS_WORDS:
        party = ""
    memo, public, tag, voucher = words("摘要"), words("公开摘要"), words("活动"), words("凭证号")
    if len(mistakes) > before or day is None:
        return None
    return LedgerRow(
        row=row.number,
        day=day,
        income_fen=income,
        expense_fen=expense,
        category=category,
        memo=memo or category,
        party=party,
        shown=shown,
        public_memo=public or None,
        tag=tag,
        voucher=voucher or None,
    )


def _amounts(
    cell: Callable[[str], Cell],
    read: Callable[[str, Callable[[Cell], int | None]], int | None],
    wrong: Callable[[str, str], None],
) -> tuple[int, int]:
    """(income, expense) of a row in fen, from two columns or from 金额 with 收支 beside it."""
    way = text_of(cell("收支"))
    if way:
        fen = read("金额", fen_of) or 0
        if way in ("收", "收入", "入", "进"):
            return fen, 0
        if way in ("支", "支出", "出", "付"):
            return 0, fen
        wrong("收支", f"「{way}」请写「收入」或「支出」")
        return 0, 0
    return read("收入", fen_of) or 0, read("支出", fen_of) or 0
