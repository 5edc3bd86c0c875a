"""Keeping the books: entries posted and reversed, written once and in order, each with its hash."""

import secrets
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import insert, select, text
from sqlmodel import select as rows

from models.desk.fund_accounts import id_of
from models.desk.fund_rules import FundRules
from models.desk.fund_sql import ACCOUNT, ENTRY, FUND, PARTY, POSTING
from models.fund import AccountType, EntryKind, Fund, FundAccount, LedgerEntry, LedgerParty, Shown
from models.ledger import (
    FORM,
    GENESIS,
    LONGEST,
    OPENING,
    LedgerRefusal,
    Line,
    NewEntry,
    canonical,
    local_day,
    mask_memo,
    seal,
    sha256,
)


class FundBooks(FundRules):
    """记账、冲正。"""

    def post_entry(self, fund: Fund, entry: NewEntry) -> LedgerEntry:
        """Write one entry; see `post_entries`."""
        return self.post_entries(fund, [entry])[0]

    def post_entries(self, fund: Fund, entries: Sequence[NewEntry]) -> list[LedgerEntry]:
        """Write entries in the order given, all or none: nothing is written before every rule has agreed.

        Raises:
            LedgerRefusal: fund_unbalanced (L1), fund_unknown_account, fund_bad_amount, fund_future,
                fund_voucher_used, fund_overdrawn (L7), fund_remuneration_over (L8).
        """
        return [LedgerEntry(**row) for row in self._write_entries(fund, list(entries), None)]

    def post_file(self, fund: Fund, entries: Sequence[NewEntry]) -> tuple[int, int]:
        """`post_entries` for thousands: the first and the last seq instead of the rows."""
        rows = self._write_entries(fund, list(entries), None)
        return rows[0]["seq"], rows[-1]["seq"]

    def reverse_entry(
        self, entry: LedgerEntry, *, memo: str, occurred_on: date | None = None, created_by: str = ""
    ) -> LedgerEntry:
        """Undo an entry by its exact negation, dated today unless told otherwise (L6).

        Raises:
            LedgerRefusal: fund_reversal_of_reversal, fund_reversed_already, and what `post_entries` raises.
        """
        if entry.reverses_id is not None:
            raise LedgerRefusal("fund_reversal_of_reversal", 序号=entry.seq)
        done = self._fund_sql(select(ENTRY.c.seq).where(ENTRY.c.reverses_id == entry.id)).scalar()
        if done is not None:
            raise LedgerRefusal("fund_reversed_already", 序号=entry.seq, 冲正=done)
        fund = self.session.get_one(Fund, entry.fund_id)
        lines = self._fund_sql(
            select(ACCOUNT.c.code, POSTING.c.amount_fen)
            .join(ACCOUNT, ACCOUNT.c.id == POSTING.c.account_id)
            .where(POSTING.c.fund_id == entry.fund_id, POSTING.c.seq == entry.seq)
            .order_by(POSTING.c.line)
        ).all()
        reversal = NewEntry(
            occurred_on=occurred_on or max(local_day(self.now), entry.occurred_on),
            lines=tuple(Line(code, -fen) for code, fen in lines),
            memo=memo,
            kind=EntryKind.REVERSAL,
            tag=entry.tag,
            source_type="reversal",
            source_id=str(entry.seq),
            created_by=created_by,
        )
        return LedgerEntry(**self._write_entries(fund, [reversal], entry)[0])

    def ledger_entry(self, fund: Fund, seq: int) -> LedgerEntry | None:
        return self.session.exec(
            rows(LedgerEntry).where(LedgerEntry.fund_id == id_of(fund), LedgerEntry.seq == seq)
        ).first()

    def show_party(self, entry: LedgerEntry, shown: Shown) -> None:
        """Follow a giver's wish to be named, masked or not named at all; the books themselves stay as they are."""
        party = self.session.get(LedgerParty, entry.id)
        if party is not None:
            party.shown = shown
            self.session.add(party)
            self.session.flush()

    def _write_entries(
        self, fund: Fund, entries: list[NewEntry], reverses: LedgerEntry | None
    ) -> list[dict[str, Any]]:
        if not entries:
            return []
        fund_id = id_of(fund)
        # One writer a fund: the next seq and the checks below rest on what nobody else can change meanwhile.
        self._fund_sql(select(FUND.c.id).where(FUND.c.id == fund_id).with_for_update())
        accounts = self.fund_accounts(fund)
        for entry in entries:
            self._check_lines(entry, accounts)
        self._check_vouchers(fund_id, entries)
        self._check_assets(fund, entries, accounts)
        self._check_remuneration(fund, entries, accounts)
        last = self._fund_sql(
            select(ENTRY.c.seq, ENTRY.c.hash)
            .where(ENTRY.c.fund_id == fund_id)
            .order_by(ENTRY.c.seq.desc())
            .limit(1)
        ).first()
        seq, prev_hash = (last.seq, last.hash) if last else (0, GENESIS)
        written: list[dict[str, Any]] = []
        salts: list[str] = []
        for entry in entries:
            seq += 1
            salts.append(secrets.token_hex(16) if entry.party else "")
            made = self._entry_row(fund, entry, accounts, seq, prev_hash, salts[-1], reverses)
            prev_hash = made["hash"]
            written.append(made)
        self._insert_entries(fund_id, entries, written, salts, accounts)
        return written

    def _entry_row(
        self,
        fund: Fund,
        entry: NewEntry,
        accounts: dict[str, FundAccount],
        seq: int,
        prev_hash: str,
        salt: str,
        reverses: LedgerEntry | None,
    ) -> dict[str, Any]:
        public_memo = entry.public_memo
        if public_memo is None:
            public_memo = mask_memo(entry.memo, entry.party, entry.shown)[: LONGEST["memo"]]
        content: dict[str, Any] = {
            "form": FORM,
            "seq": seq,
            "occurred_on": entry.occurred_on,
            "posted_at": self.now,
            "memo": entry.memo,
            "public_memo": public_memo,
            "tag": entry.tag,
            "voucher": entry.voucher,
            "source_type": entry.source_type,
            "source_id": entry.source_id,
            "transfer_id": entry.transfer_id,
            "created_by": entry.created_by,
            "party_seal": seal(salt, entry.party) if entry.party else "",
            "prev_hash": prev_hash,
        }
        kind = entry.kind or _kind_of(entry, accounts)
        digest = sha256(
            canonical(
                **content,
                fund=fund.code,
                kind=kind.value,
                reverses_seq=reverses.seq if reverses else None,
                postings=[(line.account, line.amount_fen) for line in entry.lines],
            )
        )
        return content | {
            "community_id": self.community_id,
            "fund_id": id_of(fund),
            "kind": kind,
            "reverses_id": reverses.id if reverses else None,
            "hash": digest,
        }

    def _insert_entries(
        self,
        fund_id: int,
        entries: list[NewEntry],
        written: list[dict[str, Any]],
        salts: list[str],
        accounts: dict[str, FundAccount],
    ) -> None:
        """Postings first, then the entries that seal them, then names and month totals."""
        postings: list[dict[str, Any]] = []
        months: dict[tuple[int, str], int] = {}
        ids_of = {code: account.id or 0 for code, account in accounts.items()}
        for entry, made in zip(entries, written, strict=True):
            for number, line in enumerate(entry.lines, 1):
                account_id = ids_of[line.account]
                postings.append(
                    {
                        "community_id": self.community_id,
                        "fund_id": fund_id,
                        "seq": made["seq"],
                        "line": number,
                        "account_id": account_id,
                        "occurred_on": entry.occurred_on,
                        "amount_fen": line.amount_fen,
                    }
                )
                key = (account_id, f"{entry.occurred_on:%Y-%m}")
                months[key] = months.get(key, 0) + line.amount_fen
        connection = self.session.connection()
        connection.execute(insert(POSTING), postings)
        connection.execute(insert(ENTRY), written)
        ids = {
            seq: entry_id
            for seq, entry_id in self._fund_sql(
                select(ENTRY.c.seq, ENTRY.c.id).where(
                    ENTRY.c.fund_id == fund_id, ENTRY.c.seq >= written[0]["seq"]
                )
            )
        }
        for made in written:
            made["id"] = ids[made["seq"]]
        parties = [
            {
                "entry_id": made["id"],
                "community_id": self.community_id,
                "fund_id": fund_id,
                "name": entry.party,
                "salt": salt,
                "shown": entry.shown,
            }
            for entry, made, salt in zip(entries, written, salts, strict=True)
            if entry.party
        ]
        if parties:
            connection.execute(insert(PARTY), parties)
        connection.execute(
            text(
                "INSERT INTO account_month (account_id, month, fund_id, amount_fen)"
                " VALUES (:account_id, :month, :fund_id, :amount_fen) ON CONFLICT (account_id, month)"
                " DO UPDATE SET amount_fen = account_month.amount_fen + excluded.amount_fen"
            ),
            [
                {"account_id": account_id, "month": month, "fund_id": fund_id, "amount_fen": fen}
                for (account_id, month), fen in months.items()
            ],
        )


def _kind_of(entry: NewEntry, accounts: dict[str, FundAccount]) -> EntryKind:
    """What people call it: an opening balance, money in, money out, or something between accounts."""
    types = {accounts[line.account].type for line in entry.lines}
    if entry.transfer_id:
        return EntryKind.TRANSFER
    if any(line.account == OPENING for line in entry.lines):
        return EntryKind.OPENING
    if AccountType.INCOME in types and AccountType.EXPENSE not in types:
        return EntryKind.INCOME
    if AccountType.EXPENSE in types and AccountType.INCOME not in types:
        return EntryKind.EXPENSE
    return EntryKind.OTHER
