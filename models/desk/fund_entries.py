"""Single entries as the public reads them: a period's list, the largest, who gave, the newest hash."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, select

from models.desk.fund_accounts import id_of
from models.desk.fund_figures import FundFigures, tagged_seqs
from models.desk.fund_sql import ENTRY, PARTY, POSTING
from models.desk.fund_stamp import BOOKS
from models.desk.memory import remembered
from models.fund import AccountType, EntryKind, Fund, FundAccount, LedgerEntry, Shown
from models.ledger import NAMELESS, mask


@dataclass(frozen=True, slots=True)
class PublicEntry:
    """One entry as the page shows it: the party masked as they wished, never the inner memo."""

    seq: int
    occurred_on: date
    memo: str
    categories: str
    income_fen: int
    expense_fen: int
    other_fen: int
    party: str
    tag: str
    voucher: str
    reverses_seq: int | None
    reversed_by_seq: int | None
    hash: str


@dataclass(frozen=True, slots=True)
class Gift:
    """What one giver gave in a period: `name` is as the public may read it."""

    name: str
    amount_fen: int
    times: int


class FundEntries(FundFigures):
    """收支明细。"""

    def last_entry(self, fund: Fund) -> LedgerEntry | None:
        """The newest entry: its hash stands for the whole book up to it."""
        seq = self._fund_sql(select(func.max(ENTRY.c.seq)).where(ENTRY.c.fund_id == id_of(fund))).scalar()
        return self.ledger_entry(fund, seq) if seq else None

    @remembered(BOOKS)
    def count_entries(self, fund: Fund, first: date, last: date) -> int:
        return int(self._fund_sql(select(func.count()).where(*_between(fund, first, last))).scalar() or 0)

    def fund_entries(
        self, fund: Fund, first: date, last: date, *, limit: int = 100, offset: int = 0
    ) -> list[PublicEntry]:
        """The entries of a period, newest first."""
        seqs = [
            seq
            for (seq,) in self._fund_sql(
                select(ENTRY.c.seq)
                .where(*_between(fund, first, last))
                .order_by(ENTRY.c.occurred_on.desc(), ENTRY.c.seq.desc())
                .limit(limit)
                .offset(offset)
            )
        ]
        return self._public(fund, seqs)

    def biggest_entries(
        self,
        fund: Fund,
        first: date,
        last: date,
        *,
        side: AccountType = AccountType.EXPENSE,
        tag: str = "",
        limit: int = 3,
    ) -> list[PublicEntry]:
        """The largest expenses (or incomes) of a period, of one activity if `tag` is given.

        Reversed entries and reversals are left out.
        """
        accounts = [key for key, account in self._fund_accounts_by_id(fund).items() if account.type is side]
        sign = literal(1 if side is AccountType.EXPENSE else -1)
        amount = func.sum(POSTING.c.amount_fen * sign)
        later = ENTRY.alias("later")
        seqs = [
            row.seq
            for row in self._fund_sql(
                select(POSTING.c.seq, amount)
                .join(ENTRY, and_(ENTRY.c.fund_id == POSTING.c.fund_id, ENTRY.c.seq == POSTING.c.seq))
                .outerjoin(later, later.c.reverses_id == ENTRY.c.id)
                .where(
                    POSTING.c.account_id.in_(accounts),
                    POSTING.c.occurred_on.between(first, last),
                    ENTRY.c.kind != EntryKind.REVERSAL,
                    later.c.id.is_(None),
                    *_tagged(fund, tag),
                )
                .group_by(POSTING.c.seq)
                .order_by(amount.desc(), POSTING.c.seq)
                .limit(limit)
            )
        ]
        return self._public(fund, seqs)

    def fund_donors(self, fund: Fund, first: date, last: date, *, tag: str = "") -> list[Gift]:
        """Who gave how much in a period, the largest first; names as their owners agreed, 姓** otherwise.

        Two people who read alike stay two lines; gifts without a name are one line 「未留名」. `tag` narrows it to
        one activity.
        """
        accounts = self._fund_accounts_by_id(fund)
        giving = [key for key, account in accounts.items() if _is_gift(account)]
        later = ENTRY.alias("later")
        found = self._fund_sql(
            select(PARTY.c.name, PARTY.c.shown, func.sum(-POSTING.c.amount_fen), func.count())
            .select_from(POSTING)
            .join(ENTRY, and_(ENTRY.c.fund_id == POSTING.c.fund_id, ENTRY.c.seq == POSTING.c.seq))
            .outerjoin(later, later.c.reverses_id == ENTRY.c.id)
            .outerjoin(PARTY, PARTY.c.entry_id == ENTRY.c.id)
            .where(
                POSTING.c.account_id.in_(giving),
                POSTING.c.occurred_on.between(first, last),
                ENTRY.c.kind != EntryKind.REVERSAL,
                later.c.id.is_(None),
                *_tagged(fund, tag),
            )
            .group_by(PARTY.c.name, PARTY.c.shown)
        )
        gifts: dict[tuple[str, str], Gift] = {}
        for name, shown, fen, times in found:
            reading = mask(name or "", shown or Shown.ANONYMOUS)
            key = ("", NAMELESS) if reading == NAMELESS else (name, reading)
            before = gifts.get(key, Gift(reading, 0, 0))
            gifts[key] = Gift(reading, before.amount_fen + int(fen), before.times + times)
        return sorted(gifts.values(), key=lambda gift: (-gift.amount_fen, gift.name))

    def books_changed_at(self, fund: Fund) -> datetime | None:
        """When the newest entry was written."""
        entry = self.last_entry(fund)
        return entry.posted_at if entry else None

    def _public(self, fund: Fund, seqs: list[int]) -> list[PublicEntry]:
        """These entries in this order, with their lines told as money in and money out."""
        if not seqs:
            return []
        fund_id = id_of(fund)
        accounts = self._fund_accounts_by_id(fund)
        earlier, later = ENTRY.alias("earlier"), ENTRY.alias("later")
        heads = {
            row.seq: row
            for row in self._fund_sql(
                select(
                    ENTRY,
                    PARTY.c.name.label("party"),
                    PARTY.c.shown.label("shown"),
                    earlier.c.seq.label("reverses_seq"),
                    later.c.seq.label("reversed_by_seq"),
                )
                .outerjoin(PARTY, PARTY.c.entry_id == ENTRY.c.id)
                .outerjoin(earlier, earlier.c.id == ENTRY.c.reverses_id)
                .outerjoin(later, later.c.reverses_id == ENTRY.c.id)
                .where(ENTRY.c.fund_id == fund_id, ENTRY.c.seq.in_(seqs))
            )
        }
        lines: dict[int, list[tuple[FundAccount, int]]] = {seq: [] for seq in seqs}
        for row in self._fund_sql(
            select(POSTING.c.seq, POSTING.c.account_id, POSTING.c.amount_fen)
            .where(POSTING.c.fund_id == fund_id, POSTING.c.seq.in_(seqs))
            .order_by(POSTING.c.seq, POSTING.c.line)
        ):
            lines[row.seq].append((accounts[row.account_id], row.amount_fen))
        return [_public_entry(heads[seq], lines[seq]) for seq in seqs]


def _public_entry(head: Any, lines: list[tuple[FundAccount, int]]) -> PublicEntry:
    def total(kind: AccountType) -> int:
        return sum(fen for account, fen in lines if account.type is kind)

    income, expense = -total(AccountType.INCOME), total(AccountType.EXPENSE)
    named = dict.fromkeys(account.name for account, _ in lines if account.type is not AccountType.ASSET)
    return PublicEntry(
        seq=head.seq,
        occurred_on=head.occurred_on,
        memo=head.public_memo,
        categories="、".join(named),
        income_fen=income,
        expense_fen=expense,
        other_fen=total(AccountType.ASSET) - income + expense,
        party=mask(head.party, head.shown) if head.party else "",
        tag=head.tag,
        voucher=head.voucher or "",
        reverses_seq=head.reverses_seq,
        reversed_by_seq=head.reversed_by_seq,
        hash=head.hash,
    )


_NOT_GIFTS = {
    "interest",
    "other_income",
    "grant",
    "community_raised",
    "charity_sale",
    "property_fee",
    "parking_fee",
    "public_revenue",
}


def _is_gift(account: FundAccount) -> bool:
    return account.type is AccountType.INCOME and account.code not in _NOT_GIFTS


def _tagged(fund: Fund, tag: str) -> tuple[ColumnElement[bool], ...]:
    return (POSTING.c.seq.in_(tagged_seqs(fund, tag)),) if tag else ()


def _between(fund: Fund, first: date, last: date) -> tuple[ColumnElement[bool], ...]:
    return (ENTRY.c.fund_id == id_of(fund), ENTRY.c.occurred_on.between(first, last))
