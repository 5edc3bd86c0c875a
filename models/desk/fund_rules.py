"""The rules of the ledger, judged before anything is written (domain.md §5: L1, L7, L8, L14)."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import func, select

from models.desk.fund_accounts import FundAccounts
from models.desk.fund_sql import ENTRY, MONTH, POSTING
from models.fund import AccountType, Fund, FundAccount, FundKind
from models.ledger import (
    LONGEST,
    PROPERTY_FEE,
    REMUNERATION,
    LedgerRefusal,
    NewEntry,
    first_below,
    first_over,
    local_day,
)

MAX_FEN = 10**13  # a hundred milliard yuan: beyond it somebody typed a telephone number


class FundRules(FundAccounts):
    """记账前的检查。"""

    def _check_lines(self, entry: NewEntry, accounts: dict[str, FundAccount]) -> None:
        if len(entry.lines) < 2 or sum(line.amount_fen for line in entry.lines) != 0:
            raise LedgerRefusal("fund_unbalanced", day=entry.occurred_on)
        for line in entry.lines:
            if line.account not in accounts:
                raise LedgerRefusal("fund_unknown_account", day=entry.occurred_on, 科目=line.account)
            if line.amount_fen == 0 or abs(line.amount_fen) > MAX_FEN:
                raise LedgerRefusal("fund_bad_amount", day=entry.occurred_on)
        for name, most in LONGEST.items():
            if len(getattr(entry, name) or "") > most:
                raise LedgerRefusal("fund_too_long", day=entry.occurred_on, 最多=most)
        if entry.occurred_on > local_day(self.now):
            raise LedgerRefusal("fund_future", day=entry.occurred_on, 日期=entry.occurred_on)

    def _check_vouchers(self, fund_id: int, entries: Iterable[NewEntry]) -> None:
        seen: set[str] = set()
        for entry in entries:
            if entry.voucher is not None:
                if entry.voucher in seen:
                    raise LedgerRefusal("fund_voucher_used", day=entry.occurred_on, 凭证号=entry.voucher)
                seen.add(entry.voucher)
        used = self.vouchers_used(fund_id, seen)
        if used:
            raise LedgerRefusal("fund_voucher_used", 凭证号=min(used))

    def vouchers_used(self, fund_id: int, vouchers: set[str]) -> dict[str, int]:
        """Which of these voucher numbers the fund has booked already, and under which seq."""
        found: dict[str, int] = {}
        wanted = sorted(vouchers)
        for start in range(0, len(wanted), 500):
            part = wanted[start : start + 500]
            found |= {
                voucher: seq
                for voucher, seq in self._fund_sql(
                    select(ENTRY.c.voucher, ENTRY.c.seq).where(
                        ENTRY.c.fund_id == fund_id, ENTRY.c.voucher.in_(part)
                    )
                )
            }
        return found

    def _check_assets(self, fund: Fund, entries: list[NewEntry], accounts: dict[str, FundAccount]) -> None:
        """L7, at the end of every day from the first change on, so that back-dated entries are judged too."""
        changes: dict[int, dict[date, int]] = {}
        for entry in entries:
            for line in entry.lines:
                account = accounts[line.account]
                if account.type is AccountType.ASSET:
                    days = changes.setdefault(account.id or 0, {})
                    days[entry.occurred_on] = days.get(entry.occurred_on, 0) + line.amount_fen
        for account_id, days in changes.items():
            if all(fen >= 0 for fen in days.values()):
                continue
            since = min(days)
            opening, booked = self._account_days(account_id, since)
            for day, fen in days.items():
                booked[day] = booked.get(day, 0) + fen
            below = first_below(opening, booked, -fund.overdraft_fen)
            if below is not None:
                raise LedgerRefusal(
                    "fund_overdrawn", day=below[0], 日期=below[0], 差=-fund.overdraft_fen - below[1]
                )

    def _account_days(self, account_id: int, since: date | None) -> tuple[int, dict[date, int]]:
        """What the account held before `since`, and what it moved on each day from then on."""
        opening = 0
        wanted = [POSTING.c.account_id == account_id]
        if since is not None:
            month = f"{since:%Y-%m}"
            whole_months = select(func.sum(MONTH.c.amount_fen)).where(
                MONTH.c.account_id == account_id, MONTH.c.month < month
            )
            odd_days = select(func.sum(POSTING.c.amount_fen)).where(
                POSTING.c.account_id == account_id,
                POSTING.c.occurred_on >= since.replace(day=1),
                POSTING.c.occurred_on < since,
            )
            opening = sum(int(self._fund_sql(part).scalar() or 0) for part in (whole_months, odd_days))
            wanted.append(POSTING.c.occurred_on >= since)
        days = self._fund_sql(
            select(POSTING.c.occurred_on, func.sum(POSTING.c.amount_fen))
            .where(*wanted)
            .group_by(POSTING.c.occurred_on)
        )
        return opening, {day: int(fen) for day, fen in days}

    def _check_remuneration(
        self, fund: Fund, entries: list[NewEntry], accounts: dict[str, FundAccount]
    ) -> None:
        """L8, at the end of every day from the first change on."""
        if fund.kind is not FundKind.TRUST:
            return
        changes: dict[str, dict[date, int]] = {PROPERTY_FEE: {}, REMUNERATION: {}}
        for entry in entries:
            for line in entry.lines:
                if line.account in changes:
                    days = changes[line.account]
                    days[entry.occurred_on] = days.get(entry.occurred_on, 0) + line.amount_fen
        if not any(fen > 0 for days in changes.values() for fen in days.values()):
            return  # more fees, or remuneration given back, cannot break the limit
        base, taken = (
            self._account_days(accounts[code].id or 0, None)[1] for code in (PROPERTY_FEE, REMUNERATION)
        )
        for day, fen in changes[PROPERTY_FEE].items():
            base[day] = base.get(day, 0) + fen
        for day, fen in changes[REMUNERATION].items():
            taken[day] = taken.get(day, 0) + fen
        since = min(day for days in changes.values() for day in days)
        base = {day: -fen for day, fen in base.items()}
        over = first_over(self.trust_terms(fund), base, taken, since)
        if over is not None:
            day, got, allowed = over
            raise LedgerRefusal("fund_remuneration_over", day=day, 日期=day, 已提=got, 可提=max(0, allowed))
