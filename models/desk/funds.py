"""The Desk's part for 账目: one name over opening, posting, asking and checking."""

from models.desk.fund_audit import FundAudit, LedgerFinding
from models.desk.fund_entries import Gift, PublicEntry
from models.desk.fund_figures import CategorySum, FundSummary, TagSum
from models.desk.fund_trust import TrustSummary


class FundDesk(FundAudit):
    """账目。"""


__all__ = [
    "CategorySum",
    "FundDesk",
    "FundSummary",
    "Gift",
    "LedgerFinding",
    "PublicEntry",
    "TagSum",
    "TrustSummary",
]
