"""A trust account in its four figures: fees received, remuneration, service spending, balance (F4, F5, F12)."""

from dataclasses import dataclass
from datetime import date

from models.desk.fund_entries import FundEntries
from models.desk.fund_figures import CategorySum, FundSummary
from models.fund import Fund, RemunerationMode, TrustAgreement
from models.ledger import PROPERTY_FEE, REMUNERATION, remuneration_limits


@dataclass(frozen=True, slots=True)
class TrustSummary:
    """A period of a trust. `services` is what was spent on the estate, the company's remuneration left out.

    `to_date_*` count from the first entry to the period's last day, which is how the limit is measured (L8);
    `donation_due_fen` is the agreed share of the period's remuneration that the company gives to the 微基金.
    """

    summary: FundSummary
    agreement: TrustAgreement
    fees_fen: int
    remuneration_fen: int
    service_fen: int
    services: tuple[CategorySum, ...]
    to_date_fees_fen: int
    to_date_remuneration_fen: int
    limit_fen: int
    donation_due_fen: int

    @property
    def is_within_limit(self) -> bool:
        return self.to_date_remuneration_fen <= self.limit_fen


class FundTrust(FundEntries):
    """信托制物业费账。"""

    def trust_summary(self, fund: Fund, first: date, last: date) -> TrustSummary:
        """The trust's figures for the days `first` to `last`, both included."""
        summary = self.fund_summary(fund, first, last)
        agreements = self.trust_agreements(fund)
        agreement = next((each for each in reversed(agreements) if each.valid_from <= last), agreements[0])
        codes = self.fund_accounts(fund)
        base, taken = (
            self._account_days(codes[code].id or 0, None)[1] for code in (PROPERTY_FEE, REMUNERATION)
        )
        base = {day: -fen for day, fen in base.items()}
        limit = next(fen for _, fen in remuneration_limits(self.trust_terms(fund), base, [last]))
        remuneration = sum(part.amount_fen for part in summary.uses if part.code == REMUNERATION)
        return TrustSummary(
            summary=summary,
            agreement=agreement,
            fees_fen=sum(part.amount_fen for part in summary.sources if part.code == PROPERTY_FEE),
            remuneration_fen=remuneration,
            service_fen=summary.expense_fen - remuneration,
            services=tuple(part for part in summary.uses if part.code != REMUNERATION),
            to_date_fees_fen=sum(fen for day, fen in base.items() if day <= last),
            to_date_remuneration_fen=sum(fen for day, fen in taken.items() if day <= last),
            limit_fen=max(0, limit),
            donation_due_fen=max(0, remuneration) * agreement.donation_rate // 10_000,
        )


def is_fixed(agreement: TrustAgreement) -> bool:
    return agreement.mode is RemunerationMode.FIXED
