"""Checks of the books (domain.md §5): the ledger's own audit by letter, and what joins one fund to another."""

from collections.abc import Iterator
from functools import partial

from models.audit.check import Check, Find, Finding, Look, offenders
from models.database import session_on
from models.desk import Desk
from models.desk.fund_audit import LedgerFinding
from models.rules import Rules

_FOUND = "linli_ledger_findings"


def _findings(look: Look) -> list[LedgerFinding]:
    """One pass over all books for all letters, kept with the look."""
    kept: list[LedgerFinding] | None = vars(look).get(_FOUND)
    if kept is None:
        kept = []
        session = session_on(look.connection)
        for row in look.rows("SELECT id FROM community ORDER BY id"):
            desk = Desk(session, community_id=row["id"], now=look.now, rules=Rules())
            kept += desk.check_ledger()
        vars(look)[_FOUND] = kept
    return kept


def _by_rule(rule: str, look: Look) -> Iterator[Finding]:
    for found in _findings(look):
        if found.rule == rule:
            where = f"账目 {found.fund}" + (f" 第 {found.seq} 笔" if found.seq is not None else "")
            yield Finding(where, found.what)


def _books(rule: str) -> Find:
    return partial(_by_rule, rule)


_REVERSED = "SELECT r.id FROM ledger_entry r WHERE r.reverses_id = e.id"
# Money that left one bank arrived at the other: over both legs the asset accounts sum to nothing.
_LEGS = f"""
SELECT e.community_id, e.transfer_id, count(DISTINCT e.fund_id) AS funds FROM ledger_entry e
JOIN posting p ON p.fund_id = e.fund_id AND p.seq = e.seq
JOIN fund_account c ON c.id = p.account_id AND c.type = 'asset'
WHERE e.transfer_id <> '' AND NOT EXISTS ({_REVERSED}) AND e.reverses_id IS NULL
GROUP BY e.community_id, e.transfer_id HAVING count(DISTINCT e.fund_id) <> 2 OR sum(p.amount_fen) <> 0
"""
_BACKED_TWICE = f"""
SELECT e.community_id, e.source_type, e.source_id FROM ledger_entry e
WHERE e.source_id <> '' AND e.reverses_id IS NULL AND NOT EXISTS ({_REVERSED})
GROUP BY e.community_id, e.source_type, e.source_id, e.fund_id HAVING count(*) > 1
"""
_VOUCHERS = """
SELECT f.code, e.voucher FROM ledger_entry e JOIN fund f ON f.id = e.fund_id
WHERE e.voucher IS NOT NULL GROUP BY f.id, f.code, e.voucher HAVING count(*) > 1
"""

CHECKS = (
    Check("L1", "每一笔账借贷相等", _books("L1")),
    Check("L2", "每一月试算平衡，没有游离的分录", _books("L2")),
    Check("L3", "月合计等于明细之和", _books("L3")),
    Check("L4", "校验值连成一串，序号没有缺", _books("L4")),
    Check("L6", "冲正与原来那一笔正好相反，一笔只冲一次", _books("L6")),
    Check("L7", "账户没有透支", _books("L7")),
    Check("L8", "信托酬金不超过约定", _books("L8")),
    Check(
        "L9", "转账的两头都在，金额相等", offenders("转账 {transfer_id}", "只有一头，或两头的金额不等", _LEGS)
    ),
    Check(
        "L14",
        "一份来源只支持一笔账",
        offenders("来源 {source_type} {source_id}", "记了两笔账", _BACKED_TWICE),
    ),
    Check(
        "L14.voucher", "一本账里凭证号不重", offenders("账目 {code} 凭证 {voucher}", "用了两次", _VOUCHERS)
    ),
)
