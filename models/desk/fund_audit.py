"""The ledger judged row by row, trusting nothing that was checked when it was written (domain.md §5)."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import select

from models.desk.fund_accounts import id_of
from models.desk.fund_sql import ENTRY, MONTH, PARTY, POSTING
from models.desk.fund_trust import FundTrust
from models.fund import AccountType, Fund, FundAccount, FundKind
from models.ledger import (
    GENESIS,
    PROPERTY_FEE,
    REMUNERATION,
    canonical,
    first_below,
    first_over,
    seal,
    sha256,
)

CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class LedgerFinding:
    """One broken invariant: its letter and number, the fund, the entry where there is one, and a Chinese sentence."""

    rule: str
    fund: str
    seq: int | None
    what: str


@dataclass(slots=True)
class _Run:
    """What one pass over a fund gathers."""

    code: str
    accounts: dict[int, FundAccount]
    days: dict[int, dict[date, int]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(int)))
    months: dict[tuple[int, str], int] = field(default_factory=lambda: defaultdict(int))
    lines: dict[int, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    found: list[LedgerFinding] = field(default_factory=list)

    def add(self, rule: str, seq: int | None, what: str) -> None:
        self.found.append(LedgerFinding(rule, self.code, seq, what))


class FundAudit(FundTrust):
    """账目核查。"""

    def check_ledger(self, progress: Callable[[int], None] | None = None) -> list[LedgerFinding]:
        """Every finding of L1, L2, L3, L4, L6, L7 and L8 in this community; `progress` hears of entries done."""
        found: list[LedgerFinding] = []
        for fund in self.funds():
            found += self._check_fund(fund, progress)
        return found

    def _check_fund(self, fund: Fund, progress: Callable[[int], None] | None) -> list[LedgerFinding]:
        run = _Run(fund.code, self._fund_accounts_by_id(fund))
        heads: dict[int, tuple[int, int | None]] = {}
        prev_hash, expected = GENESIS, 1
        for done, (head, lines) in enumerate(self._chain(fund), 1):
            if head.seq != expected:
                run.add("L4", head.seq, f"序号不连续：第 {expected} 笔不见了")
            expected = head.seq + 1
            if head.prev_hash != prev_hash:
                run.add("L4", head.seq, "与上一笔的校验值接不上")
            prev_hash = head.hash
            self._check_entry(run, head, lines, heads)
            heads[head.id] = (head.seq, head.reverses_id)
            if progress and done % CHUNK == 0:
                progress(CHUNK)
        self._check_strays(run, id_of(fund), {seq for seq, _ in heads.values()})
        self._check_reversals(run, heads)
        self._check_totals(run, fund)
        return run.found

    def _chain(self, fund: Fund) -> Iterator[tuple[Any, list[Any]]]:
        """Entries with their postings, in the order of seq, a few thousand at a time."""
        after = 0
        while True:
            heads = self._fund_sql(
                select(ENTRY, PARTY.c.name.label("party"), PARTY.c.salt.label("salt"))
                .outerjoin(PARTY, PARTY.c.entry_id == ENTRY.c.id)
                .where(ENTRY.c.fund_id == id_of(fund), ENTRY.c.seq > after)
                .order_by(ENTRY.c.seq)
                .limit(CHUNK)
            ).all()
            if not heads:
                return
            rows = self._fund_sql(
                select(POSTING)
                .where(POSTING.c.fund_id == id_of(fund), POSTING.c.seq.between(heads[0].seq, heads[-1].seq))
                .order_by(POSTING.c.seq, POSTING.c.line)
            ).all()
            lines = {seq: list(group) for seq, group in groupby(rows, key=lambda row: row.seq)}
            for head in heads:
                yield head, lines.get(head.seq, [])
            after = heads[-1].seq

    def _check_entry(
        self, run: _Run, head: Any, lines: list[Any], heads: dict[int, tuple[int, int | None]]
    ) -> None:
        if len(lines) < 2 or sum(line.amount_fen for line in lines) != 0:
            run.add("L1", head.seq, "借贷不平：各行相加不等于零")
        postings: list[tuple[str, int]] = []
        for line in lines:
            account = run.accounts.get(line.account_id)
            postings.append((account.code if account else "?", line.amount_fen))
            if account is None:
                run.add("L1", head.seq, "记到了不属于本账的科目")
            if line.occurred_on != head.occurred_on:
                run.add("L2", head.seq, "分录的日期与本笔的日期不同")
            run.days[line.account_id][line.occurred_on] += line.amount_fen
            run.months[(line.account_id, f"{line.occurred_on:%Y-%m}")] += line.amount_fen
        run.lines[head.id] = tuple((line.account_id, line.amount_fen) for line in lines)
        content = canonical(
            form=head.form,
            fund=run.code,
            seq=head.seq,
            kind=head.kind.value,
            occurred_on=head.occurred_on,
            posted_at=head.posted_at,
            memo=head.memo,
            public_memo=head.public_memo,
            tag=head.tag,
            voucher=head.voucher,
            source_type=head.source_type,
            source_id=head.source_id,
            transfer_id=head.transfer_id,
            created_by=head.created_by,
            party_seal=head.party_seal,
            reverses_seq=heads[head.reverses_id][0] if head.reverses_id in heads else None,
            postings=postings,
            prev_hash=head.prev_hash,
        )
        if sha256(content) != head.hash:
            run.add("L4", head.seq, "内容与校验值不符，这一笔被改动过")
        if head.party is not None and seal(head.salt, head.party) != head.party_seal:
            run.add("L4", head.seq, "往来人姓名与记账时不符")

    def _check_strays(self, run: _Run, fund_id: int, seqs: set[int]) -> None:
        for (seq,) in self._fund_sql(select(POSTING.c.seq).where(POSTING.c.fund_id == fund_id).distinct()):
            if seq not in seqs:
                run.add("L2", seq, "有分录而没有这一笔账")

    def _check_reversals(self, run: _Run, heads: dict[int, tuple[int, int | None]]) -> None:
        reversed_by: dict[int, int] = {}
        for entry_id, (seq, original) in heads.items():
            if original is None:
                continue
            if original not in heads:
                run.add("L6", seq, "冲正的那一笔不在本账")
                continue
            if heads[original][1] is not None:
                run.add("L6", seq, "对冲正再做了冲正")
            if original in reversed_by:
                run.add("L6", seq, f"第 {heads[original][0]} 笔被冲正了两次")
            reversed_by[original] = seq
            exact = sorted((account, -fen) for account, fen in run.lines[original])
            if sorted(run.lines[entry_id]) != exact:
                run.add("L6", seq, "冲正的金额与原来那一笔不是正好相反")

    def _check_totals(self, run: _Run, fund: Fund) -> None:
        trial: dict[str, int] = defaultdict(int)
        for (_, month), fen in run.months.items():
            trial[month] += fen
        for month, fen in sorted(trial.items()):
            if fen:
                run.add("L2", None, f"{month} 试算不平，差 {fen} 分")
        stored = {
            (row.account_id, row.month): row.amount_fen
            for row in self._fund_sql(select(MONTH).where(MONTH.c.fund_id == id_of(fund)))
        }
        for key in sorted({*stored, *run.months}):
            if stored.get(key, 0) != run.months.get(key, 0):
                name = run.accounts[key[0]].name if key[0] in run.accounts else "?"
                run.add("L3", None, f"{key[1]}「{name}」的月合计与明细不符")
        by_code = {account.code: account for account in run.accounts.values()}
        for account_id, days in run.days.items():
            account = run.accounts.get(account_id)
            if account and account.type is AccountType.ASSET:
                below = first_below(0, days, -fund.overdraft_fen)
                if below:
                    run.add("L7", None, f"「{account.name}」{below[0]} 日终为 {below[1]} 分，低于允许的数")
        if fund.kind is FundKind.TRUST:
            base, taken = (dict(run.days[by_code[code].id or 0]) for code in (PROPERTY_FEE, REMUNERATION))
            over = first_over(
                self.trust_terms(fund), {day: -fen for day, fen in base.items()}, taken, date.min
            )
            if over:
                run.add("L8", None, f"到 {over[0]} 酬金共提 {over[1]} 分，按约定最多 {over[2]} 分")
