"""The audit finds what the triggers would have stopped, and writers at once leave one chain."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from models.community import Community
from models.database import Database, session_on
from models.desk import Desk
from models.fund import FundKind
from models.ledger import NewEntry, received, spent
from models.rules import Rules

NOW = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)
DAY = date(2026, 9, 10)


@pytest.fixture
def bare(sqlite: Database) -> Iterator[Desk]:
    """Books whose triggers somebody with the database's own rights has taken away."""
    with sqlite.write() as connection:
        session = session_on(connection)
        session.add(Community(id=1, code="demo", name="示例社区"))
        session.flush()
        desk = Desk(session, community_id=1, now=NOW, rules=Rules())
        fund = desk.open_fund("XT", "某苑", FundKind.TRUST, opened_on=date(2026, 1, 1))
        desk.post_entry(fund, NewEntry(DAY, received("property_fee", 100_000), memo="物业费", party="王大明"))
        desk.post_entry(fund, NewEntry(DAY, spent("remuneration", 15_000), memo="酬金"))
        wrong = desk.post_entry(fund, NewEntry(DAY, spent("cleaning", 9_000), memo="保洁"))
        desk.reverse_entry(wrong, memo="记错", occurred_on=DAY)
        desk.post_entry(fund, NewEntry(DAY, spent("repair", 5_000), memo="维修"))
        names = (
            connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
        )
        for name in names:
            connection.execute(text(f"DROP TRIGGER {name}"))
        connection.execute(text("PRAGMA defer_foreign_keys = ON"))
        yield desk


ACCOUNT = "(SELECT id FROM fund_account WHERE code = '{}')"
TAMPERING = [
    ("UPDATE posting SET amount_fen = amount_fen + 1 WHERE seq = 5 AND line = 1", {"L1", "L2", "L3", "L4"}),
    ("UPDATE posting SET amount_fen = amount_fen * 2 WHERE seq = 5", {"L3", "L4"}),
    ("UPDATE ledger_entry SET memo = 'x' WHERE seq = 2", {"L4"}),
    ("UPDATE ledger_entry SET public_memo = 'x' WHERE seq = 2", {"L4"}),
    ("UPDATE ledger_entry SET occurred_on = '2026-09-11' WHERE seq = 2", {"L2", "L4"}),
    ("UPDATE ledger_entry SET voucher = 'x' WHERE seq = 2", {"L4"}),
    ("UPDATE ledger_entry SET posted_at = '2026-10-12 02:00:01.000000' WHERE seq = 2", {"L4"}),
    ("UPDATE ledger_entry SET hash = 'x' WHERE seq = 5", {"L4"}),
    ("UPDATE ledger_entry SET prev_hash = 'x' WHERE seq = 3", {"L4"}),
    ("UPDATE ledger_party SET name = '李四'", {"L4"}),
    (
        f"UPDATE posting SET account_id = {ACCOUNT.format('greening')} WHERE seq = 5 AND line = 1",
        {"L3", "L4"},
    ),
    ("DELETE FROM ledger_entry WHERE seq = 2", {"L2", "L4"}),
    ("DELETE FROM posting WHERE seq = 2", {"L1", "L4"}),
    (
        "UPDATE ledger_entry SET reverses_id = (SELECT id FROM ledger_entry WHERE seq = 5) WHERE seq = 4",
        {"L4", "L6"},
    ),
    ("UPDATE posting SET amount_fen = amount_fen * 2 WHERE seq = 4", {"L4", "L6"}),
    (
        f"UPDATE posting SET amount_fen = amount_fen * 2 WHERE account_id IN ({ACCOUNT.format('remuneration')}) OR seq = 2",
        {"L4", "L8"},
    ),
    ("UPDATE posting SET amount_fen = amount_fen * 100 WHERE seq = 5", {"L4", "L7"}),
    ("UPDATE trust_agreement SET remuneration_rate = 100", {"L8"}),
    ("UPDATE account_month SET amount_fen = amount_fen + 1 WHERE amount_fen > 0", {"L3"}),
    ("DELETE FROM account_month", {"L3"}),
]


@pytest.mark.parametrize(("statement", "rules"), TAMPERING, ids=[statement for statement, _ in TAMPERING])
def test_every_bent_row_is_found(bare: Desk, statement: str, rules: set[str]) -> None:
    assert bare.check_ledger() == []
    with bare.session.begin_nested() as trial:
        bare.session.connection().execute(text(statement))
        bare.session.expire_all()
        found = bare.check_ledger()
        trial.rollback()
    assert rules <= {finding.rule for finding in found}
    assert all(finding.fund == "XT" and finding.what for finding in found)


def test_a_name_erased_at_its_owners_wish_leaves_the_chain_whole(bare: Desk) -> None:
    bare.session.connection().execute(text("DELETE FROM ledger_party"))
    assert bare.check_ledger() == []


def test_writers_at_once_leave_one_chain_without_gaps(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite lets one writer in at a time")
    with database.write() as connection:
        session = session_on(connection)
        session.add(Community(id=1, code="demo", name="示例社区"))
        session.flush()
        fund = Desk(session, community_id=1, now=NOW, rules=Rules()).open_fund("A", "微基金", FundKind.MICRO)
        session.flush()
        assert fund.code == "A"

    def post(number: int) -> int:
        with database.write() as connection:
            desk = Desk(session_on(connection), community_id=1, now=NOW, rules=Rules())
            mine = desk.fund("A")
            assert mine is not None
            for _ in range(5):
                desk.post_entry(mine, NewEntry(DAY, received("interest", number + 1)))
        return 5

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(post, range(6))) == 30
    with database.read() as connection:
        desk = Desk(session_on(connection), community_id=1, now=NOW, rules=Rules())
        mine = desk.fund("A")
        assert mine is not None
        last = desk.last_entry(mine)
        assert last is not None
        assert last.seq == 30
        assert desk.fund_balance(mine) == 5 * (1 + 2 + 3 + 4 + 5 + 6)
        assert desk.check_ledger() == []
