"""The books on both engines: posting, reversal, the rules that say no, and triggers that hold against raw SQL."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from models.desk import Desk
from models.fund import Fund, FundKind, LedgerEntry, Shown
from models.ledger import LedgerRefusal, Line, NewEntry, received, spent

SEPTEMBER = date(2026, 9, 10)


def micro(desk: Desk) -> Fund:
    return desk.open_fund("WJJ", "微基金", FundKind.MICRO, opened_on=date(2026, 1, 1))


def give(desk: Desk, fund: Fund, fen: int, day: date = SEPTEMBER, **more: object) -> LedgerEntry:
    return desk.post_entry(
        fund,
        NewEntry(day, received("merchant_donation", fen), **more),  # type: ignore[arg-type]
    )


def pay(desk: Desk, fund: Fund, fen: int, day: date = SEPTEMBER, **more: object) -> LedgerEntry:
    return desk.post_entry(fund, NewEntry(day, spent("activity", fen), **more))  # type: ignore[arg-type]


def refused(code: str, act: Callable[[], object]) -> LedgerRefusal:
    with pytest.raises(LedgerRefusal) as caught:
        act()
    assert caught.value.code == code
    return caught.value


def test_entries_are_chained_without_gaps_and_the_books_check_clean(desk: Desk) -> None:
    fund = micro(desk)
    first = give(desk, fund, 100_000, party="王大明")
    second = pay(desk, fund, 30_000, tag="重阳宴")
    assert (first.seq, second.seq) == (1, 2)
    assert second.prev_hash == first.hash
    assert desk.fund_balance(fund) == 70_000
    assert desk.fund_balance(fund, SEPTEMBER - timedelta(days=1)) == 0
    assert desk.check_ledger() == []


def test_a_reversal_negates_exactly_and_only_once(desk: Desk) -> None:
    fund = micro(desk)
    give(desk, fund, 100_000)
    wrong = pay(desk, fund, 30_000)
    undone = desk.reverse_entry(wrong, memo="金额写错")
    assert desk.fund_balance(fund) == 100_000
    assert undone.occurred_on == date(2026, 10, 12)
    refused("fund_reversed_already", lambda: desk.reverse_entry(wrong, memo="再来一次"))
    refused("fund_reversal_of_reversal", lambda: desk.reverse_entry(undone, memo="冲正的冲正"))
    assert desk.check_ledger() == []


def test_reversing_money_that_is_spent_already_is_refused(desk: Desk) -> None:
    fund = micro(desk)
    gift = give(desk, fund, 100_000)
    pay(desk, fund, 90_000)
    refused("fund_overdrawn", lambda: desk.reverse_entry(gift, memo="支票退回"))
    assert desk.fund_balance(fund) == 10_000


def test_the_bank_never_goes_below_zero_on_any_day_even_by_a_back_dated_entry(desk: Desk) -> None:
    fund = micro(desk)
    give(desk, fund, 100_000, SEPTEMBER)
    late = refused("fund_overdrawn", lambda: pay(desk, fund, 100_001))
    assert (late.day, late.places["差"]) == (SEPTEMBER, 1)
    early = refused("fund_overdrawn", lambda: pay(desk, fund, 1, SEPTEMBER - timedelta(days=1)))
    assert early.day == SEPTEMBER - timedelta(days=1)
    pay(desk, fund, 60_000, SEPTEMBER + timedelta(days=20))
    back = refused("fund_overdrawn", lambda: pay(desk, fund, 50_000, SEPTEMBER + timedelta(days=1)))
    assert back.day == SEPTEMBER + timedelta(days=20)
    assert desk.count_entries(fund, date.min, date.max) == 2


def test_a_refused_batch_writes_nothing(desk: Desk) -> None:
    fund = micro(desk)
    batch = [
        NewEntry(SEPTEMBER, received("interest", 500)),
        NewEntry(SEPTEMBER, spent("activity", 501)),
    ]
    refused("fund_overdrawn", lambda: desk.post_entries(fund, batch))
    assert desk.last_entry(fund) is None
    assert desk.fund_balance(fund) == 0


@pytest.mark.parametrize(
    ("code", "entry"),
    [
        ("fund_unbalanced", NewEntry(SEPTEMBER, (Line("bank", 5), Line("interest", -4)))),
        ("fund_unbalanced", NewEntry(SEPTEMBER, (Line("bank", 0),))),
        ("fund_unknown_account", NewEntry(SEPTEMBER, (Line("bank", 5), Line("property_fee", -5)))),
        ("fund_bad_amount", NewEntry(SEPTEMBER, (Line("bank", 0), Line("interest", 0)))),
        ("fund_bad_amount", NewEntry(SEPTEMBER, received("interest", 10**14))),
        ("fund_future", NewEntry(date(2026, 10, 13), received("interest", 5))),
    ],
)
def test_what_is_not_an_entry_is_refused(desk: Desk, code: str, entry: NewEntry) -> None:
    fund = micro(desk)
    refused(code, lambda: desk.post_entry(fund, entry))
    assert desk.last_entry(fund) is None


def test_a_voucher_backs_one_entry_of_a_fund(desk: Desk) -> None:
    fund = micro(desk)
    give(desk, fund, 5_000, voucher="收-001")
    refused("fund_voucher_used", lambda: give(desk, fund, 5_000, voucher="收-001"))
    other = desk.open_fund("B", "另一本", FundKind.MICRO)
    give(desk, other, 5_000, voucher="收-001")


def test_remuneration_stays_within_fifteen_percent_of_the_fees_received(desk: Desk) -> None:
    fund = desk.open_fund("XT", "槐树苑物业费", FundKind.TRUST, estate="槐树苑", opened_on=date(2026, 1, 1))
    desk.post_entry(fund, NewEntry(SEPTEMBER, received("property_fee", 100_003)))
    over = refused(
        "fund_remuneration_over",
        lambda: desk.post_entry(fund, NewEntry(SEPTEMBER, spent("remuneration", 15_001))),
    )
    assert (over.places["已提"], over.places["可提"]) == (15_001, 15_000)
    early = NewEntry(SEPTEMBER - timedelta(days=1), received("parking_fee", 50_000))
    desk.post_entry(fund, early)
    refused(
        "fund_remuneration_over",
        lambda: desk.post_entry(fund, NewEntry(SEPTEMBER - timedelta(days=1), spent("remuneration", 1))),
    )
    desk.post_entry(fund, NewEntry(SEPTEMBER, spent("remuneration", 15_000)))
    fees = desk.ledger_entry(fund, 1)
    assert fees is not None
    refused("fund_remuneration_over", lambda: desk.reverse_entry(fees, memo="退费"))
    trust = desk.trust_summary(fund, date(2026, 9, 1), date(2026, 9, 30))
    assert (trust.fees_fen, trust.remuneration_fen, trust.service_fen) == (100_003, 15_000, 0)
    assert (trust.limit_fen, trust.donation_due_fen, trust.is_within_limit) == (15_000, 4_500, True)
    assert desk.check_ledger() == []


def test_an_agreement_takes_no_more_than_fifteen_percent_and_may_be_a_fixed_sum(desk: Desk) -> None:
    refused(
        "fund_rate_too_high",
        lambda: desk.open_fund("A", "某苑", FundKind.TRUST, remuneration_rate=1501),
    )
    fund = desk.open_fund("B", "某苑", FundKind.TRUST, opened_on=date(2026, 1, 1))
    desk.agree_trust(fund, valid_from=date(2026, 8, 1), fixed_fen=20_000)
    desk.post_entry(fund, NewEntry(date(2026, 8, 2), received("property_fee", 1_000_000)))
    desk.post_entry(fund, NewEntry(date(2026, 8, 3), spent("remuneration", 20_000)))
    refused(
        "fund_remuneration_over",
        lambda: desk.post_entry(fund, NewEntry(date(2026, 8, 31), spent("remuneration", 1))),
    )
    desk.post_entry(fund, NewEntry(date(2026, 9, 1), spent("remuneration", 20_000)))
    assert desk.check_ledger() == []


def test_a_period_adds_up_and_names_sources_and_uses(desk: Desk) -> None:
    fund = micro(desk)
    give(desk, fund, 100_000, date(2026, 8, 5))
    give(desk, fund, 50_000, date(2026, 9, 5))
    desk.post_entry(fund, NewEntry(date(2026, 9, 6), received("interest", 123)))
    pay(desk, fund, 40_000, date(2026, 9, 30))
    pay(desk, fund, 10_000, date(2026, 10, 1))
    whole = desk.fund_summary(fund, date(2026, 9, 1), date(2026, 9, 30))
    assert (whole.opening_fen, whole.income_fen, whole.expense_fen, whole.closing_fen) == (
        100_000,
        50_123,
        40_000,
        110_123,
    )
    assert [(part.name, part.amount_fen) for part in whole.sources] == [("商家捐赠", 50_000), ("利息", 123)]
    part = desk.fund_summary(fund, date(2026, 8, 6), date(2026, 9, 29))
    assert (part.opening_fen, part.income_fen, part.expense_fen) == (100_000, 50_123, 0)
    day = desk.fund_summary(fund, date(2026, 9, 5), date(2026, 9, 5))
    assert (day.income_fen, day.closing_fen) == (50_000, 150_000)
    year = desk.fund_summary(fund, date(2026, 1, 1), date(2026, 12, 31))
    assert year.closing_fen == desk.fund_balance(fund) == 100_123


def test_givers_are_masked_unless_they_agreed_and_reversed_gifts_are_left_out(desk: Desk) -> None:
    fund = micro(desk)
    give(desk, fund, 20_000, party="王大明")
    give(desk, fund, 10_000, party="王小明")
    give(desk, fund, 5_000, party="王大明")
    give(desk, fund, 80_000, party="红旗超市", shown=Shown.NAMED)
    give(desk, fund, 1_000, party="李四", shown=Shown.ANONYMOUS)
    give(desk, fund, 2_000)
    wrong = give(desk, fund, 99_000, party="赵六")
    desk.reverse_entry(wrong, memo="退回")
    desk.post_entry(fund, NewEntry(SEPTEMBER, received("interest", 77)))
    gifts = desk.fund_donors(fund, date(2026, 1, 1), date(2026, 12, 31))
    assert [(gift.name, gift.amount_fen, gift.times) for gift in gifts] == [
        ("红旗超市", 80_000, 1),
        ("王**", 25_000, 2),
        ("王**", 10_000, 1),
        ("未留名", 3_000, 2),
    ]


def test_the_public_reads_neither_names_nor_numbers_in_memos(desk: Desk) -> None:
    fund = micro(desk)
    entry = give(desk, fund, 20_000, party="欧阳修", memo="欧阳修 13812345678 捐款 1200 元")
    (shown,) = desk.fund_entries(fund, SEPTEMBER, SEPTEMBER)
    assert (shown.party, shown.memo) == ("欧阳**", "欧阳** 138****5678 捐款 1200 元")
    desk.show_party(entry, Shown.NAMED)
    (shown,) = desk.fund_entries(fund, SEPTEMBER, SEPTEMBER)
    assert shown.party == "欧阳修"
    assert desk.check_ledger() == []


def test_an_activity_has_its_own_sums(desk: Desk) -> None:
    fund = micro(desk)
    give(desk, fund, 100_000, tag="重阳宴")
    pay(desk, fund, 30_000, tag="重阳宴")
    wrong = pay(desk, fund, 9_000, tag="重阳宴")
    desk.reverse_entry(wrong, memo="记错")
    pay(desk, fund, 5_000, tag="风筝节")
    found = desk.fund_by_tag(fund, "重阳宴")
    assert found is not None
    assert (found.income_fen, found.expense_fen) == (100_000, 30_000)
    assert set(desk.fund_tags([fund])) == {"重阳宴", "风筝节"}
    assert desk.fund_by_tag(fund, "没有的活动") is None


def test_the_biggest_leave_out_what_was_undone(desk: Desk) -> None:
    fund = micro(desk)
    give(desk, fund, 1_000_000)
    wrong = pay(desk, fund, 900_000)
    desk.reverse_entry(wrong, memo="多写了一个零")
    for fen in (300, 90_000, 200, 5_000):
        pay(desk, fund, fen)
    biggest = desk.biggest_entries(fund, date(2026, 1, 1), date(2026, 12, 31))
    assert [entry.expense_fen for entry in biggest] == [90_000, 5_000, 300]


def test_another_communitys_funds_are_not_seen(desk: Desk) -> None:
    micro(desk)
    desk.session.execute(text("INSERT INTO community (id, code, name) VALUES (2, 'other', '别处')"))
    elsewhere = Desk(desk.session, community_id=2, now=desk.now, rules=desk.rules)
    assert elsewhere.funds() == []
    assert elsewhere.fund("WJJ") is None
    micro(elsewhere)
    assert len(desk.funds()) == len(elsewhere.funds()) == 1


TAMPERING = {
    "change an amount": "UPDATE posting SET amount_fen = amount_fen * 2",
    "change a memo": "UPDATE ledger_entry SET memo = 'x'",
    "drop an entry": "DELETE FROM ledger_entry WHERE seq = 2",
    "drop its postings": "DELETE FROM posting WHERE seq = 2",
    "raise the rate": "UPDATE trust_agreement SET remuneration_rate = 1",
    "add to a written entry": "INSERT INTO posting (community_id, fund_id, seq, line, account_id, occurred_on, amount_fen)"
    " SELECT 1, fund_id, seq, 9, account_id, occurred_on, 100 FROM posting WHERE seq = 1 AND line = 1",
    "an entry without postings": "INSERT INTO ledger_entry (community_id, fund_id, seq, kind, occurred_on, posted_at, memo,"
    " public_memo, tag, source_type, source_id, transfer_id, created_by, party_seal, form, prev_hash, hash)"
    " SELECT 1, fund_id, 3, kind, occurred_on, posted_at, '', '', '', '', '', '', '', '', 1, hash, 'x'"
    " FROM ledger_entry WHERE seq = 2",
    "an entry after a gap": "INSERT INTO ledger_entry (community_id, fund_id, seq, kind, occurred_on, posted_at, memo,"
    " public_memo, tag, source_type, source_id, transfer_id, created_by, party_seal, form, prev_hash, hash)"
    " SELECT 1, fund_id, 9, kind, occurred_on, posted_at, '', '', '', '', '', '', '', '', 1, hash, 'x'"
    " FROM ledger_entry WHERE seq = 2",
}
REPLACING = {
    "replace a posting": "INSERT OR REPLACE INTO posting SELECT id, community_id, fund_id, 7, line, account_id,"
    " occurred_on, amount_fen + 1 FROM posting WHERE seq = 1",
    "replace an entry": "INSERT OR REPLACE INTO ledger_entry SELECT * FROM ledger_entry WHERE seq = 2",
    "update or replace": "UPDATE OR REPLACE posting SET seq = 1 WHERE seq = 2",
}


@pytest.mark.parametrize("how", [*TAMPERING, *REPLACING, "truncate"])
def test_raw_sql_cannot_bend_the_books(desk: Desk, how: str) -> None:
    postgres = desk.session.get_bind().dialect.name == "postgresql"
    if (how in REPLACING and postgres) or (how == "truncate" and not postgres):
        pytest.skip("a statement that this engine does not have")
    fund = micro(desk)
    desk.open_fund("XT", "某苑", FundKind.TRUST)
    give(desk, fund, 100_000, voucher="a")
    pay(desk, fund, 30_000, voucher="b")
    statement = {**TAMPERING, **REPLACING}.get(
        how, "SET CONSTRAINTS ALL IMMEDIATE; TRUNCATE posting, ledger_entry CASCADE"
    )
    with (
        pytest.raises(DBAPIError, match=r"\[(append-only|sealed|gap|unbalanced)\]"),
        desk.session.begin_nested(),
    ):
        desk.session.connection().execute(text(statement))
    assert desk.fund_balance(fund) == 70_000
    assert desk.check_ledger() == []
