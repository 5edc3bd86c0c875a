"""Funds, their accounts, and the agreements of trusts."""

from collections.abc import Callable
from datetime import date
from typing import Any

from sqlalchemy import insert
from sqlmodel import select as rows

from models import ledger_categories
from models.desk.base import DeskBase
from models.desk.fund_sql import ACCOUNT
from models.desk.fund_stamp import BOOKS
from models.desk.memory import remembered
from models.fund import AccountType, Fund, FundAccount, FundKind, RemunerationMode, TrustAgreement
from models.ledger import LedgerRefusal, Terms, local_day


def id_of(fund: Fund) -> int:
    """The row's id; a fund that is not stored yet has none and is a bug."""
    if fund.id is None:
        raise ValueError("the fund is not stored yet")
    return fund.id


class FundAccounts(DeskBase):
    """开账、科目、信托协议。"""

    def open_fund(
        self,
        code: str,
        name: str,
        kind: FundKind,
        *,
        estate: str = "",
        opened_on: date | None = None,
        overdraft_fen: int = 0,
        bank_account_mask: str = "",
        remuneration_rate: int = 1500,
        company: str = "",
    ) -> Fund:
        """A new fund with the accounts of its kind; a trust gets version 1 of its agreement (rate in basis points).

        Raises:
            LedgerRefusal: fund_exists.
        """
        if self.fund(code) is not None:
            raise LedgerRefusal("fund_exists", 编号=code)
        opened = opened_on or local_day(self.now)
        fund = Fund(
            community_id=self.community_id,
            kind=kind,
            code=code,
            name=name,
            estate=estate,
            bank_account_mask=bank_account_mask,
            overdraft_fen=overdraft_fen,
            opened_on=opened,
            created_at=self.now,
        )
        self.session.add(fund)
        self.session.flush()
        for category in ledger_categories.of(kind):
            self._add_account(fund, category.code, category.name, category.type)
        if kind is FundKind.TRUST:
            self.agree_trust(fund, remuneration_rate=remuneration_rate, company=company, valid_from=opened)
        return fund

    @remembered(BOOKS)
    def fund(self, code: str) -> Fund | None:
        return self.session.exec(
            rows(Fund).where(Fund.community_id == self.community_id, Fund.code == code)
        ).first()

    @remembered(BOOKS)
    def funds(self, kind: FundKind | None = None) -> list[Fund]:
        """All funds, the community's own money first, then estate by estate."""
        found = self.session.exec(rows(Fund).where(Fund.community_id == self.community_id)).all()
        order = list(FundKind)
        return sorted(
            (fund for fund in found if kind is None or fund.kind is kind),
            key=lambda fund: (order.index(fund.kind), fund.estate, fund.id),
        )

    def add_fund_account(self, fund: Fund, code: str, name: str, type_: AccountType) -> FundAccount:
        self._add_account(fund, code, name, type_)
        return self.fund_accounts(fund)[code]

    def _add_account(self, fund: Fund, code: str, name: str, type_: AccountType) -> None:
        # By Core: an account made and read again inside a savepoint that fails would stay in the session.
        self._fund_sql(
            insert(ACCOUNT).values(
                community_id=self.community_id, fund_id=id_of(fund), code=code, name=name, type=type_
            )
        )

    @remembered(BOOKS)
    def fund_accounts(self, fund: Fund) -> dict[str, FundAccount]:
        """The fund's accounts by code."""
        found = self.session.exec(rows(FundAccount).where(FundAccount.fund_id == id_of(fund))).all()
        return {account.code: account for account in sorted(found, key=lambda account: account.id or 0)}

    def agree_trust(
        self,
        fund: Fund,
        *,
        valid_from: date,
        remuneration_rate: int = 1500,
        fixed_fen: int | None = None,
        donation_rate: int = 3000,
        company: str = "",
    ) -> TrustAgreement:
        """The next version of a trust's agreement: a rate in basis points, or `fixed_fen` a month instead (F12).

        Raises:
            LedgerRefusal: fund_rate_too_high above 15 %; fund_agreement_order when it would begin before the last.
        """
        if not 0 <= remuneration_rate <= 1500:
            raise LedgerRefusal("fund_rate_too_high", 上限="15%")
        before = self.trust_agreements(fund)
        if before and valid_from <= before[-1].valid_from:
            raise LedgerRefusal("fund_agreement_order", 日期=before[-1].valid_from)
        agreement = TrustAgreement(
            community_id=self.community_id,
            fund_id=id_of(fund),
            version=len(before) + 1,
            mode=RemunerationMode.RATE if fixed_fen is None else RemunerationMode.FIXED,
            remuneration_rate=remuneration_rate,
            fixed_fen=fixed_fen or 0,
            donation_rate=donation_rate,
            company=company,
            valid_from=valid_from,
        )
        self.session.add(agreement)
        self.session.flush()
        return agreement

    def trust_agreements(self, fund: Fund) -> list[TrustAgreement]:
        found = self.session.exec(rows(TrustAgreement).where(TrustAgreement.fund_id == id_of(fund))).all()
        return sorted(found, key=lambda agreement: agreement.version)

    def trust_terms(self, fund: Fund) -> list[Terms]:
        return [
            Terms(
                agreement.valid_from,
                agreement.remuneration_rate if agreement.mode is RemunerationMode.RATE else None,
                agreement.fixed_fen,
            )
            for agreement in self.trust_agreements(fund)
        ]

    @property
    def _fund_sql(self) -> Callable[..., Any]:
        return self.session.connection().execute
