"""`linli import ledger`: a bookkeeper's file into one fund, all of it or nothing."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import and_, insert, select

from models import ledger_categories
from models.desk.fund_accounts import id_of
from models.desk.fund_sql import ACCOUNT, ENTRY, IMPORT, POSTING
from models.desk.funds import FundDesk
from models.errors import ImportProblem
from models.fund import AccountType, Fund, FundAccount, FundKind
from models.ledger import (
    BANK,
    OPENING,
    REMUNERATION,
    LedgerRefusal,
    Line,
    NewEntry,
    local_day,
    received,
    spent,
    yuan,
)
from models.ledger_rows import LedgerFile, LedgerRow, read_rows
from models.sheet import read_sheet


@dataclass(frozen=True, slots=True)
class LedgerImported:
    """What one file brought; amounts in fen. `skipped` counts the rows of sums that were passed over."""

    fund: Fund
    opened: bool
    entries: int
    income_fen: int
    expense_fen: int
    opening_fen: int
    balance_fen: int
    first: date
    last: date
    new_categories: tuple[str, ...]
    skipped: int


def import_ledger(
    desk: FundDesk,
    path: Path,
    *,
    code: str,
    name: str = "",
    kind: FundKind | None = None,
    estate: str = "",
    mapping: Mapping[str, str] | None = None,
    sheet: str = "",
    opening_fen: int = 0,
    overdraft_fen: int = 0,
    new_categories: bool = False,
    allow_same: bool = False,
    imported_by: str = "",
) -> LedgerImported:
    """Read a CSV or XLSX and post its rows by day into the fund `code`, which is opened if `name` and `kind` are given.

    `opening_fen` is what the bank held before the first row; `overdraft_fen` how far it may go below zero (only
    for a fund opened here). `new_categories` opens an account for each category that is not known, instead of
    refusing it. `allow_same` lets in rows without a voucher that look like entries already booked.

    Raises:
        ImportProblem: every mistake with row and column; nothing was written.
        LedgerRefusal: fund_unknown, fund_file_again, fund_opening_again.
    """
    return import_rows(
        desk,
        read_rows(read_sheet(path, sheet), mapping),
        path.name,
        code=code,
        name=name,
        kind=kind,
        estate=estate,
        opening_fen=opening_fen,
        overdraft_fen=overdraft_fen,
        new_categories=new_categories,
        allow_same=allow_same,
        imported_by=imported_by,
    )


def import_rows(
    desk: FundDesk,
    file: LedgerFile,
    file_name: str,
    *,
    code: str,
    name: str = "",
    kind: FundKind | None = None,
    estate: str = "",
    opening_fen: int = 0,
    overdraft_fen: int = 0,
    new_categories: bool = False,
    allow_same: bool = False,
    imported_by: str = "",
) -> LedgerImported:
    """`import_ledger` for rows that are read already."""
    with desk.session.begin_nested():
        return _Import(desk, file, file_name, new_categories, allow_same, imported_by).run(
            code, name, kind, estate, opening_fen, overdraft_fen
        )


class _Import:
    """One import on its way: it collects mistakes and writes at the very end."""

    def __init__(
        self, desk: FundDesk, file: LedgerFile, file_name: str, new: bool, allow_same: bool, imported_by: str
    ) -> None:
        self.desk = desk
        self.file = file
        self.file_name = file_name
        self.new_categories = new
        self.allow_same = allow_same
        self.imported_by = imported_by
        self.sha256 = file.fingerprint()
        self.mistakes: list[tuple[int, str, str]] = []
        self.added: list[str] = []

    def run(
        self, code: str, name: str, kind: FundKind | None, estate: str, opening_fen: int, overdraft_fen: int
    ) -> LedgerImported:
        self._refuse_the_same_file()
        fund = self.desk.fund(code)
        opened = fund is None
        rows = sorted(self.file.rows, key=lambda row: row.day)
        if fund is None:
            if not name or kind is None:
                known = "、".join(f"{each.code} {each.name}" for each in self.desk.funds()) or "还没有"
                raise LedgerRefusal("fund_unknown", 编号=code, 已有=known)
            fund = self.desk.open_fund(
                code, name, kind, estate=estate, opened_on=rows[0].day, overdraft_fen=overdraft_fen
            )
        elif opening_fen and self.desk.last_entry(fund) is not None:
            raise LedgerRefusal("fund_opening_again", 账名=fund.name)
        codes = self._categories(fund)
        self._check_days()
        self._check_vouchers(fund)
        if not self.allow_same:
            self._check_same(fund)
        if self.mistakes:
            raise ImportProblem(sorted(self.mistakes))
        entries = [self._entry(row, codes) for row in rows]
        if opening_fen:
            lines = (Line(BANK, opening_fen), Line(OPENING, -opening_fen))
            start = NewEntry(rows[0].day, lines, memo="期初结余", created_by=self.imported_by)
            entries.insert(0, start)
        try:
            written = self.desk.post_file(fund, entries)
        except LedgerRefusal as refusal:
            raise ImportProblem([self._told(refusal, rows)]) from None
        self._remember(fund, written)
        return LedgerImported(
            fund=fund,
            opened=opened,
            entries=len(rows),
            income_fen=sum(row.income_fen for row in rows),
            expense_fen=sum(row.expense_fen for row in rows),
            opening_fen=opening_fen,
            balance_fen=self.desk.fund_balance(fund),
            first=rows[0].day,
            last=rows[-1].day,
            new_categories=tuple(self.added),
            skipped=self.file.skipped,
        )

    def _wrong(self, row: LedgerRow, column: str, what: str) -> None:
        self.mistakes.append((row.row, self.file.headers.get(column, column), what))

    def _refuse_the_same_file(self) -> None:
        before = (
            self.desk.session.connection()
            .execute(
                select(IMPORT.c.file_name, IMPORT.c.imported_at).where(
                    IMPORT.c.community_id == self.desk.community_id, IMPORT.c.sha256 == self.sha256
                )
            )
            .first()
        )
        if before is not None:
            raise LedgerRefusal("fund_file_again", 文件=before.file_name, 日期=local_day(before.imported_at))

    def _categories(self, fund: Fund) -> dict[tuple[AccountType, str], str]:
        """The account code for each category word of the file; unknown ones are opened or become mistakes."""
        accounts = self.desk.fund_accounts(fund)
        codes: dict[tuple[AccountType, str], str] = {}
        words: dict[tuple[AccountType, str], list[LedgerRow]] = {}
        for row in self.file.rows:
            side = AccountType.INCOME if row.income_fen else AccountType.EXPENSE
            words.setdefault((side, row.category), []).append(row)
        for (side, word), rows in words.items():
            code = _account_for(word, side, fund.kind, accounts)
            if code is None and self.new_categories:
                code = f"{side.value}:{word}"
                accounts[code] = self.desk.add_fund_account(fund, code, word, side)
                self.added.append(word)
            if code is None:
                also = f"（这样的共 {len(rows)} 行）" if len(rows) > 1 else ""
                self._wrong(rows[0], "类别", _unknown(word, side, fund.kind, accounts) + also)
            else:
                codes[(side, word)] = code
        return codes

    def _check_days(self) -> None:
        today = local_day(self.desk.now)
        for row in self.file.rows:
            if row.day > today:
                self._wrong(row, "日期", f"{row.day} 还没有到，请核对")

    def _check_vouchers(self, fund: Fund) -> None:
        first: dict[str, int] = {}
        for row in self.file.rows:
            if row.voucher is None:
                continue
            if row.voucher in first:
                self._wrong(
                    row,
                    "凭证号",
                    f"「{row.voucher}」与第 {first[row.voucher]} 行重复；一张凭证记几行，请写成 {row.voucher}-1、{row.voucher}-2",
                )
            first.setdefault(row.voucher, row.row)
        used = self.desk.vouchers_used(id_of(fund), set(first))
        for voucher, seq in used.items():
            self.mistakes.append(
                (
                    first[voucher],
                    self.file.headers.get("凭证号", "凭证号"),
                    f"「{voucher}」已经记过（账上第 {seq} 笔），请删去这一行",
                )
            )

    def _check_same(self, fund: Fund) -> None:
        """Rows without a voucher that are in the books already: monthly exports often overlap."""
        loose = [row for row in self.file.rows if row.voucher is None]
        if not loose:
            return
        booked: dict[tuple[date, int, str], list[int]] = {}
        for row in self.desk.session.connection().execute(
            select(ENTRY.c.occurred_on, POSTING.c.amount_fen, ENTRY.c.memo, ENTRY.c.seq)
            .join(POSTING, and_(POSTING.c.fund_id == ENTRY.c.fund_id, POSTING.c.seq == ENTRY.c.seq))
            .join(ACCOUNT, ACCOUNT.c.id == POSTING.c.account_id)
            .where(
                ENTRY.c.fund_id == id_of(fund),
                ENTRY.c.occurred_on.between(min(row.day for row in loose), max(row.day for row in loose)),
                ACCOUNT.c.code == BANK,
            )
            .order_by(ENTRY.c.seq)
        ):
            booked.setdefault((row.occurred_on, row.amount_fen, row.memo), []).append(row.seq)
        seen: Counter[tuple[date, int, str]] = Counter()
        for each in loose:
            key = (each.day, each.income_fen - each.expense_fen, each.memo)
            if seen[key] < len(booked.get(key, ())):
                seq = booked[key][seen[key]]
                self._wrong(
                    each,
                    "摘要",
                    f"与账上第 {seq} 笔的日期、金额、摘要都相同；重复就删去，确是两笔请加 --allow-same",
                )
            seen[key] += 1

    def _entry(self, row: LedgerRow, codes: Mapping[tuple[AccountType, str], str]) -> NewEntry:
        side = AccountType.INCOME if row.income_fen else AccountType.EXPENSE
        code = codes[(side, row.category)]
        return NewEntry(
            occurred_on=row.day,
            lines=received(code, row.income_fen) if row.income_fen else spent(code, row.expense_fen),
            memo=row.memo,
            public_memo=row.public_memo,
            tag=row.tag,
            voucher=row.voucher,
            party=row.party,
            shown=row.shown,
            source_type="import",
            source_id=f"{self.sha256[:16]}:{row.row}",
            created_by=self.imported_by,
        )

    def _told(self, refusal: LedgerRefusal, rows: list[LedgerRow]) -> tuple[int, str, str]:
        """The row that a rule of the whole ledger stumbles over: the last that took money on or before that day."""
        day = refusal.day or rows[-1].day
        until = [row for row in rows if row.day <= day] or rows[:1]
        took = [row for row in until if row.expense_fen] or until
        at = took[-1].row
        if refusal.code == "fund_overdrawn":
            short = int(str(refusal.places["差"]))
            return (
                at,
                self.file.headers.get("支出", "支出"),
                f"记到 {day} 账上的钱不够，差 {yuan(short)} 元。开账前已有余额请加 --opening 金额；"
                "确实允许先垫支，开账时加 --overdraft 金额",
            )
        if refusal.code == "fund_remuneration_over":
            got, allowed = (int(str(refusal.places[key])) for key in ("已提", "可提"))
            account = ledger_categories.BY_CODE[REMUNERATION].name
            return (
                at,
                self.file.headers.get("支出", "支出"),
                f"到 {day}「{account}」共提 {yuan(got)} 元，超过按已收物业费可提的 {yuan(allowed)} 元",
            )
        return at, "", f"不能记这一笔（{refusal.code}）"

    def _remember(self, fund: Fund, written: tuple[int, int]) -> None:
        self.desk.session.connection().execute(
            insert(IMPORT).values(
                community_id=self.desk.community_id,
                fund_id=id_of(fund),
                sha256=self.sha256,
                file_name=self.file_name[:200],
                first_seq=written[0],
                last_seq=written[1],
                imported_at=self.desk.now,
                imported_by=self.imported_by,
            )
        )


def _account_for(
    word: str, side: AccountType, kind: FundKind, accounts: Mapping[str, FundAccount]
) -> str | None:
    for code, account in accounts.items():
        if account.type is side and account.name == word:
            return code
    category = ledger_categories.find(kind, word, side)
    return category.code if category is not None and category.code in accounts else None


def _unknown(word: str, side: AccountType, kind: FundKind, accounts: Mapping[str, FundAccount]) -> str:
    other = AccountType.EXPENSE if side is AccountType.INCOME else AccountType.INCOME
    if _account_for(word, other, kind, accounts):
        mine, theirs = ("收入", "支出") if side is AccountType.INCOME else ("支出", "收入")
        return f"「{word}」是{theirs}类，金额却填在{mine}"
    known = "、".join(account.name for account in accounts.values() if account.type is side)
    return f"没有「{word}」这个类别；可用：{known}。要新建请加 --new-categories"
