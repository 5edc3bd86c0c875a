"""账目 (funds): a double-entry ledger in fen whose entries are only ever added (domain.md §5).

Signs are the bookkeeper's: a debit is positive, a credit negative, so money in the bank is positive and income is
negative inside `Posting`; every figure that leaves the Desk is turned so that income and expense read positive.
"""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Connection,
    ForeignKeyConstraint,
    Index,
    MetaData,
    UniqueConstraint,
    event,
)
from sqlmodel import Field, SQLModel

from models.columns import StringEnum, UtcDateTime
from models.ledger_triggers import TRIGGERS


class FundKind(StrEnum):
    """F1, F4, F19: the community's own fund, the owners' trust account, and what later joins them."""

    MICRO = "micro"
    TRUST = "trust"
    GUARANTEE = "guarantee"
    CHARITY_MIRROR = "charity_mirror"
    PROJECT = "project"


class AccountType(StrEnum):
    ASSET = "asset"
    LIABILITY = "liability"
    INCOME = "income"
    EXPENSE = "expense"
    EQUITY = "equity"


class EntryKind(StrEnum):
    OPENING = "opening"
    INCOME = "income"
    EXPENSE = "expense"
    TRANSFER = "transfer"
    OTHER = "other"
    REVERSAL = "reversal"


class Shown(StrEnum):
    """What the public may read of a giver or payee: 姓** unless they agreed to be named."""

    MASKED = "masked"
    NAMED = "named"
    ANONYMOUS = "anonymous"


class RemunerationMode(StrEnum):
    """F4, F12: a share of the fees received, or a fixed sum a month."""

    RATE = "rate"
    FIXED = "fixed"


class Fund(SQLModel, table=True):
    """一本账。`code` is unique in the community; `estate` is "" for the community's own money.

    `overdraft_fen` is how far its bank may go below zero (L7; 0 unless the community decided otherwise).
    """

    __table_args__ = (UniqueConstraint("community_id", "code"),)

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    kind: FundKind = Field(sa_column=Column(StringEnum(FundKind), nullable=False))
    code: str = Field(max_length=32)
    name: str = Field(max_length=64)
    estate: str = Field(default="", max_length=64)
    bank_account_mask: str = Field(default="", max_length=32)
    overdraft_fen: int = Field(default=0, sa_type=BigInteger)
    opened_on: date
    created_at: datetime = Field(sa_type=UtcDateTime)


class FundAccount(SQLModel, table=True):
    """科目 of one fund; `code` is stable (it is hashed), `name` is what people read and may be reworded."""

    __tablename__ = "fund_account"
    __table_args__ = (UniqueConstraint("fund_id", "code"), UniqueConstraint("fund_id", "id"))

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    fund_id: int = Field(foreign_key="fund.id")
    code: str = Field(max_length=80)
    name: str = Field(max_length=64)
    type: AccountType = Field(sa_column=Column(StringEnum(AccountType), nullable=False))


class LedgerEntry(SQLModel, table=True):
    """One posted entry: written once, after its postings, and never changed (triggers on both engines).

    `seq` has no gap inside a fund (L4). `hash` is SHA-256 over the canonical content and `prev_hash`
    (`models.ledger.canonical`, whose shape is numbered by `form`). `memo` is for the books, `public_memo` for
    the page. `party_seal` ties the entry to the name in `LedgerParty` without holding it. `transfer_id` joins
    the two legs of a transfer between funds. What is still waiting for approval never stands here.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        UniqueConstraint("fund_id", "seq"),
        UniqueConstraint("fund_id", "voucher"),
        UniqueConstraint("reverses_id"),
        Index("ix_ledger_entry_day", "fund_id", "occurred_on", "seq"),
        Index("ix_ledger_entry_tag", "fund_id", "tag", "occurred_on"),
        Index("ix_ledger_entry_source", "community_id", "source_type", "source_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    fund_id: int = Field(foreign_key="fund.id")
    seq: int
    kind: EntryKind = Field(sa_column=Column(StringEnum(EntryKind), nullable=False))
    occurred_on: date
    posted_at: datetime = Field(sa_type=UtcDateTime)
    memo: str = Field(default="", max_length=300)
    public_memo: str = Field(default="", max_length=300)
    tag: str = Field(default="", max_length=64)
    voucher: str | None = Field(default=None, max_length=64)
    source_type: str = Field(default="", max_length=32)
    source_id: str = Field(default="", max_length=64)
    transfer_id: str = Field(default="", max_length=64)
    created_by: str = Field(default="", max_length=128)
    party_seal: str = Field(default="", max_length=64)
    reverses_id: int | None = Field(default=None, foreign_key="ledger_entry.id")
    form: int = 1
    prev_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64)


class Posting(SQLModel, table=True):
    """One line of an entry, written before it: the entry seals it, after which no line can join or leave.

    `occurred_on` is the entry's, repeated so that a balance is read from one index.
    """

    __table_args__ = (
        UniqueConstraint("fund_id", "seq", "line"),
        ForeignKeyConstraint(
            ["fund_id", "seq"],
            ["ledger_entry.fund_id", "ledger_entry.seq"],
            deferrable=True,
            initially="DEFERRED",
        ),
        ForeignKeyConstraint(["fund_id", "account_id"], ["fund_account.fund_id", "fund_account.id"]),
        CheckConstraint("amount_fen <> 0", name="ck_posting_amount"),
        Index("ix_posting_account_day", "account_id", "occurred_on", "amount_fen"),
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    fund_id: int
    seq: int
    line: int
    account_id: int
    occurred_on: date
    amount_fen: int = Field(sa_type=BigInteger)


class AccountMonth(SQLModel, table=True):
    """What one account moved in one month (`YYYY-MM`): kept beside the postings so that questions stay quick (L3)."""

    __tablename__ = "account_month"

    account_id: int = Field(foreign_key="fund_account.id", primary_key=True)
    month: str = Field(max_length=7, primary_key=True)
    fund_id: int = Field(foreign_key="fund.id", index=True)
    amount_fen: int = Field(sa_type=BigInteger)


class LedgerParty(SQLModel, table=True):
    """Who gave or was paid: the one part of the books that can be erased when a person asks for it.

    The entry holds only SHA-256 of salt and name, so erasing a name leaves the chain whole, and putting another
    name here is found.
    """

    __tablename__ = "ledger_party"

    entry_id: int = Field(foreign_key="ledger_entry.id", primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    fund_id: int = Field(foreign_key="fund.id", index=True)
    name: str = Field(max_length=64)
    salt: str = Field(max_length=32)
    shown: Shown = Field(sa_column=Column(StringEnum(Shown), nullable=False))


class TrustAgreement(SQLModel, table=True):
    """One version of a trust's agreement, in force from `valid_from` until the next version (F4, F5, F12).

    Rates are basis points; the remuneration's is never above 1500 (15 %). `donation_rate` is the part of the
    remuneration that the company gives to the 微基金.
    """

    __tablename__ = "trust_agreement"
    __table_args__ = (
        UniqueConstraint("fund_id", "version"),
        CheckConstraint("remuneration_rate BETWEEN 0 AND 1500", name="ck_trust_remuneration"),
        CheckConstraint("donation_rate BETWEEN 0 AND 10000", name="ck_trust_donation"),
        CheckConstraint("fixed_fen >= 0", name="ck_trust_fixed"),
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    fund_id: int = Field(foreign_key="fund.id")
    version: int
    mode: RemunerationMode = Field(sa_column=Column(StringEnum(RemunerationMode), nullable=False))
    remuneration_rate: int = 1500
    fixed_fen: int = Field(default=0, sa_type=BigInteger)
    donation_rate: int = 3000
    company: str = Field(default="", max_length=64)
    valid_from: date


class LedgerImport(SQLModel, table=True):
    """One file taken in: `sha256` is of its rows, not its bytes, so the same rows saved anew are known again (L14)."""

    __tablename__ = "ledger_import"
    __table_args__ = (UniqueConstraint("community_id", "sha256"),)

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    fund_id: int = Field(foreign_key="fund.id")
    sha256: str = Field(max_length=64)
    file_name: str = Field(max_length=200)
    first_seq: int
    last_seq: int
    imported_at: datetime = Field(sa_type=UtcDateTime)
    imported_by: str = Field(default="", max_length=128)


@event.listens_for(SQLModel.metadata, "after_create")
def _stand_triggers(_target: MetaData, connection: Connection, **_: Any) -> None:
    """Where tables are made at once (tests); a migration executes the same statements."""
    for statement in TRIGGERS.get(connection.dialect.name, ()):
        connection.exec_driver_sql(statement)
