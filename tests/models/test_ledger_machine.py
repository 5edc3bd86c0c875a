"""The ledger against a plain model: whatever is posted, reversed or refused, both hold the same figures."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, date, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from models.community import Community
from models.database import Database, session_on
from models.desk import Desk
from models.fund import FundKind, LedgerEntry
from models.ledger import LedgerRefusal, NewEntry, received, spent
from models.rules import Rules

TODAY = date(2026, 10, 12)
NOW = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)
DAYS = st.integers(0, 70).map(lambda ago: TODAY - timedelta(days=ago))
FEN = st.integers(1, 100_000)


class Books(RuleBasedStateMachine):
    """A trust fund: its bank must never be below zero, its remuneration never above 15 %, day by day."""

    @initialize()
    def open(self) -> None:
        self.stack = ExitStack()
        self.database = Database("sqlite://")
        self.database.create_all()
        connection = self.stack.enter_context(self.database.write())
        session = session_on(connection)
        session.add(Community(id=1, code="demo", name="示例社区"))
        session.flush()
        self.desk = Desk(session, community_id=1, now=NOW, rules=Rules())
        self.fund = self.desk.open_fund("XT", "某苑", FundKind.TRUST, opened_on=date(2026, 1, 1))
        self.written: list[tuple[date, str, int]] = []  # (day, category, fen: money in positive)
        self.entries: list[LedgerEntry] = []
        self.reversed: set[int] = set()

    def allowed(self, more: list[tuple[date, str, int]]) -> bool:
        """The plain model: add everything up for every day."""
        rows = [*self.written, *more]
        for day in {day for day, _, _ in rows}:
            upto = [row for row in rows if row[0] <= day]
            if sum(fen for _, _, fen in upto) < 0:
                return False
            fees = sum(fen for _, category, fen in upto if category == "property_fee")
            taken = -sum(fen for _, category, fen in upto if category == "remuneration")
            if taken > fees * 15 // 100:
                return False
        return True

    def post(self, rows: list[tuple[date, str, int]]) -> None:
        new = [
            NewEntry(day, received(category, fen) if fen > 0 else spent(category, -fen))
            for day, category, fen in rows
        ]
        expected = self.allowed(rows)
        try:
            made = self.desk.post_entries(self.fund, new)
        except LedgerRefusal as refusal:
            assert refusal.code in ("fund_overdrawn", "fund_remuneration_over")
            assert not expected, f"{rows} should have been taken"
        else:
            assert expected, f"{rows} should have been refused"
            self.written += rows
            self.entries += made

    @rule(day=DAYS, fen=FEN, category=st.sampled_from(["property_fee", "parking_fee"]))
    def receive(self, day: date, fen: int, category: str) -> None:
        self.post([(day, category, fen)])

    @rule(day=DAYS, fen=FEN, category=st.sampled_from(["cleaning", "repair"]))
    def spend(self, day: date, fen: int, category: str) -> None:
        self.post([(day, category, -fen)])

    @rule(day=DAYS, share=st.integers(1, 20))
    def take_remuneration(self, day: date, share: int) -> None:
        fees = sum(fen for when, category, fen in self.written if category == "property_fee" and when <= day)
        self.post([(day, "remuneration", -max(1, fees * share // 100))])

    @rule(rows=st.lists(st.tuples(DAYS, st.sampled_from(["property_fee", "cleaning"]), FEN), max_size=5))
    def post_a_batch(self, rows: list[tuple[date, str, int]]) -> None:
        self.post([(day, name, fen if name == "property_fee" else -fen) for day, name, fen in rows])

    @precondition(lambda self: self.entries)
    @rule(data=st.data())
    def reverse(self, data: st.DataObject) -> None:
        entry = data.draw(st.sampled_from(self.entries))
        undo: list[tuple[date, str, int]] = []
        if entry.reverses_id is None:
            _, category, fen = self.written[entry.seq - 1]
            undo = [(TODAY, category, -fen)]
        expected = bool(undo) and entry.seq not in self.reversed and self.allowed(undo)
        try:
            made = self.desk.reverse_entry(entry, memo="更正")
        except LedgerRefusal:
            assert not expected
        else:
            assert expected
            self.reversed.add(entry.seq)
            self.written += undo
            self.entries.append(made)

    @invariant()
    def figures_agree(self) -> None:
        if not hasattr(self, "desk"):
            return
        assert self.desk.fund_balance(self.fund) == sum(fen for _, _, fen in self.written)
        assert self.desk.check_ledger() == []
        last = self.desk.last_entry(self.fund)
        assert (last.seq if last else 0) == len(self.written)
        for first, until in self.periods():
            found = self.desk.fund_summary(self.fund, first, until)
            inside = [row for row in self.written if first <= row[0] <= until]
            assert found.opening_fen == sum(fen for day, _, fen in self.written if day < first)
            assert found.income_fen - found.expense_fen == sum(fen for _, _, fen in inside)
            assert found.closing_fen == sum(fen for day, _, fen in self.written if day <= until)
            sums = {part.code: part.amount_fen for part in found.uses}
            assert sums.get("cleaning", 0) == -sum(fen for _, name, fen in inside if name == "cleaning")

    def periods(self) -> Iterator[tuple[date, date]]:
        yield date(2026, 9, 1), date(2026, 9, 30)
        yield date(2026, 8, 15), date(2026, 10, 3)
        yield date(2026, 9, 5), date(2026, 9, 20)

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()
            self.database.close()


Books.TestCase.settings = settings(max_examples=20, stateful_step_count=20, deadline=None)
TestBooks = Books.TestCase
