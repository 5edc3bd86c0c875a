"""Questions to the books: balances, a period's sums, entries as the public reads them. All figures in fen."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Select, func, or_, select

from models.desk.fund_accounts import id_of
from models.desk.fund_books import FundBooks
from models.desk.fund_sql import ACCOUNT, ENTRY, MONTH, POSTING
from models.desk.fund_stamp import BOOKS
from models.desk.memory import remembered
from models.fund import AccountType, Fund, FundAccount


@dataclass(frozen=True, slots=True)
class CategorySum:
    """One category over a period; `amount_fen` reads positive for income and for expense."""

    code: str
    name: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class FundSummary:
    """One fund over the days `first` to `last`, both included.

    `closing_fen == opening_fen + income_fen - expense_fen + other_fen`, where `other_fen` is what came by opening
    balances and transfers that are neither. `sources` and `uses` are the largest first and leave out zeros.
    """

    fund: Fund
    first: date
    last: date
    opening_fen: int
    income_fen: int
    expense_fen: int
    other_fen: int
    closing_fen: int
    sources: tuple[CategorySum, ...]
    uses: tuple[CategorySum, ...]


@dataclass(frozen=True, slots=True)
class TagSum:
    """What one activity brought and cost in one fund (L12)."""

    fund: Fund
    tag: str
    income_fen: int
    expense_fen: int
    first: date
    last: date
    uses: tuple[CategorySum, ...] = field(default=())


class FundFigures(FundBooks):
    """账目查询。"""

    @remembered(BOOKS)
    def fund_balance(self, fund: Fund, at: date | None = None) -> int:
        """What the fund's asset accounts hold at the end of `at` (today's books when left out)."""
        moved = self._fund_moved(fund, None, at)
        accounts = self._fund_accounts_by_id(fund)
        return sum(fen for key, fen in moved.items() if accounts[key].type is AccountType.ASSET)

    @remembered(BOOKS)
    def fund_summary(self, fund: Fund, first: date, last: date) -> FundSummary:
        """Opening, income by source, expense by category, closing, for the days `first` to `last`."""
        accounts = self._fund_accounts_by_id(fund)
        moved = self._fund_moved(fund, first, last)
        opening = self.fund_balance(fund, first - timedelta(days=1))
        sides: dict[AccountType, list[CategorySum]] = {AccountType.INCOME: [], AccountType.EXPENSE: []}
        assets = 0
        for key, fen in moved.items():
            account = accounts[key]
            if account.type is AccountType.ASSET:
                assets += fen
            elif account.type in sides and fen:
                reading = -fen if account.type is AccountType.INCOME else fen
                sides[account.type].append(CategorySum(account.code, account.name, reading))
        sources, uses = (
            tuple(sorted(side, key=lambda part: (-part.amount_fen, part.code))) for side in sides.values()
        )
        income, expense = (sum(part.amount_fen for part in side) for side in (sources, uses))
        return FundSummary(
            fund=fund,
            first=first,
            last=last,
            opening_fen=opening,
            income_fen=income,
            expense_fen=expense,
            other_fen=assets - income + expense,
            closing_fen=opening + assets,
            sources=sources,
            uses=uses,
        )

    @remembered(BOOKS)
    def fund_span(self, fund: Fund) -> tuple[date, date] | None:
        """The first and the last day that is booked; None for empty books."""
        # Asked one by one, each is a single step into the index.
        first, last = (
            self._fund_sql(select(edge(ENTRY.c.occurred_on)).where(ENTRY.c.fund_id == id_of(fund))).scalar()
            for edge in (func.min, func.max)
        )
        return (first, last) if first is not None else None

    @remembered(BOOKS)
    def fund_tags(self, funds: Sequence[Fund]) -> list[str]:
        """The activities that money was booked under, the latest first."""
        ids = [id_of(fund) for fund in funds]
        return [
            tag
            for (tag,) in self._fund_sql(
                select(ENTRY.c.tag)
                .where(ENTRY.c.fund_id.in_(ids), ENTRY.c.tag != "")
                .group_by(ENTRY.c.tag)
                .order_by(func.max(ENTRY.c.occurred_on).desc(), ENTRY.c.tag)
            )
        ]

    @remembered(BOOKS)
    def fund_by_tag(self, fund: Fund, tag: str) -> TagSum | None:
        """What an activity brought and cost in this fund, over all time; None when nothing is booked under it."""
        accounts = self._fund_accounts_by_id(fund)
        found = self._fund_sql(
            select(
                POSTING.c.account_id,
                func.sum(POSTING.c.amount_fen).label("fen"),
                func.min(POSTING.c.occurred_on).label("first"),
                func.max(POSTING.c.occurred_on).label("last"),
            )
            .where(POSTING.c.fund_id == id_of(fund), POSTING.c.seq.in_(tagged_seqs(fund, tag)))
            .group_by(POSTING.c.account_id)
        ).all()
        if not found:
            return None
        income = -sum(row.fen for row in found if accounts[row.account_id].type is AccountType.INCOME)
        uses = tuple(
            sorted(
                (
                    CategorySum(accounts[row.account_id].code, accounts[row.account_id].name, int(row.fen))
                    for row in found
                    if accounts[row.account_id].type is AccountType.EXPENSE and row.fen
                ),
                key=lambda part: (-part.amount_fen, part.code),
            )
        )
        return TagSum(
            fund=fund,
            tag=tag,
            income_fen=int(income),
            expense_fen=sum(part.amount_fen for part in uses),
            first=min(row.first for row in found),
            last=max(row.last for row in found),
            uses=uses,
        )

    # -- how it is read ----------------------------------------------------------------------------------

    def _fund_accounts_by_id(self, fund: Fund) -> dict[int, FundAccount]:
        return {account.id or 0: account for account in self.fund_accounts(fund).values()}

    @remembered(BOOKS)
    def _fund_moved(self, fund: Fund, first: date | None, last: date | None) -> dict[int, int]:
        """What each account moved between two days: whole months from their totals, the odd days from postings."""
        fund_id = id_of(fund)
        months: list[ColumnElement[bool]] = [MONTH.c.fund_id == fund_id]
        odd: list[ColumnElement[bool]] = []
        if (
            first is not None
            and last is not None
            and f"{first:%Y-%m}" == f"{last:%Y-%m}"
            and not (first.day == 1 and _is_month_end(last))
        ):
            return self._fund_days_moved(fund_id, [POSTING.c.occurred_on.between(first, last)])
        if first is not None:
            if first.day == 1:
                months.append(MONTH.c.month >= f"{first:%Y-%m}")
            else:
                months.append(MONTH.c.month > f"{first:%Y-%m}")
                odd.append(POSTING.c.occurred_on.between(first, _month_end(first)))
        if last is not None:
            if _is_month_end(last):
                months.append(MONTH.c.month <= f"{last:%Y-%m}")
            else:
                months.append(MONTH.c.month < f"{last:%Y-%m}")
                odd.append(POSTING.c.occurred_on.between(last.replace(day=1), last))
        moved: dict[int, int] = self._fund_days_moved(fund_id, odd) if odd else {}
        for key, fen in self._fund_sql(
            select(MONTH.c.account_id, func.sum(MONTH.c.amount_fen))
            .where(*months)
            .group_by(MONTH.c.account_id)
        ):
            moved[key] = moved.get(key, 0) + int(fen)
        return moved

    def _fund_days_moved(self, fund_id: int, days: list[ColumnElement[bool]]) -> dict[int, int]:
        accounts = select(ACCOUNT.c.id).where(ACCOUNT.c.fund_id == fund_id)
        return {
            key: int(fen)
            for key, fen in self._fund_sql(
                select(POSTING.c.account_id, func.sum(POSTING.c.amount_fen))
                .where(POSTING.c.account_id.in_(accounts), or_(*days))
                .group_by(POSTING.c.account_id)
            )
        }


def tagged_seqs(fund: Fund, tag: str) -> Select[tuple[int]]:
    """The entries of one activity, found by the index on tags before any posting is looked at."""
    return select(ENTRY.c.seq).where(ENTRY.c.fund_id == id_of(fund), ENTRY.c.tag == tag)


def _month_end(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _is_month_end(day: date) -> bool:
    return day == _month_end(day)
