"""The ledger's pure part: what an entry is made of, its canonical form and hash, names masked for the public."""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from models.errors import DomainError
from models.fund import EntryKind, Shown

FORM = 1
GENESIS = "0" * 64
LONGEST = {"memo": 300, "tag": 64, "voucher": 64, "party": 64, "created_by": 128}  # characters
BANK = "bank"
OPENING = "opening"
PROPERTY_FEE = "property_fee"  # what a trust's remuneration is measured by: fees actually received
REMUNERATION = "remuneration"
REMUNERATION_DONATION = "remuneration_donation"


@dataclass(frozen=True, slots=True)
class Line:
    """One posting to be made: a debit is positive, a credit negative, in fen."""

    account: str
    amount_fen: int


@dataclass(frozen=True, slots=True)
class NewEntry:
    """An entry to be posted. `party` is the giver or payee as the books know them; `shown` what the public reads.

    `kind` may be left out: it is told from the lines. `public_memo` left out is `memo` with the party's name
    and any phone or bank number masked.
    """

    occurred_on: date
    lines: tuple[Line, ...]
    memo: str = ""
    public_memo: str | None = None
    kind: EntryKind | None = None
    tag: str = ""
    voucher: str | None = None
    party: str = ""
    shown: Shown = Shown.MASKED
    source_type: str = ""
    source_id: str = ""
    transfer_id: str = ""
    created_by: str = ""


def received(category: str, fen: int, bank: str = BANK) -> tuple[Line, ...]:
    """The lines of `fen` coming in from an income category."""
    return (Line(bank, fen), Line(category, -fen))


def spent(category: str, fen: int, bank: str = BANK) -> tuple[Line, ...]:
    """The lines of `fen` going out for an expense category."""
    return (Line(category, fen), Line(bank, -fen))


def canonical(
    *,
    form: int,
    fund: str,
    seq: int,
    kind: str,
    occurred_on: date,
    posted_at: datetime,
    memo: str,
    public_memo: str,
    tag: str,
    voucher: str | None,
    source_type: str,
    source_id: str,
    transfer_id: str,
    created_by: str,
    party_seal: str,
    reverses_seq: int | None,
    postings: Sequence[tuple[str, int]],
    prev_hash: str,
) -> bytes:
    """The bytes that are hashed: JSON, keys sorted, no row ids, so a backup restored elsewhere hashes alike (L15)."""
    content = {
        "form": form,
        "fund": fund,
        "seq": seq,
        "kind": kind,
        "occurred_on": occurred_on.isoformat(),
        "posted_at": posted_at.astimezone(UTC).isoformat(timespec="microseconds"),
        "memo": memo,
        "public_memo": public_memo,
        "tag": tag,
        "voucher": voucher,
        "source_type": source_type,
        "source_id": source_id,
        "transfer_id": transfer_id,
        "created_by": created_by,
        "party_seal": party_seal,
        "reverses_seq": reverses_seq,
        "postings": [[account, fen] for account, fen in postings],
        "prev_hash": prev_hash,
    }
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def seal(salt: str, name: str) -> str:
    """What an entry keeps of a name: enough to prove it later, nothing once salt and name are erased."""
    return sha256(f"{salt}\n{name}".encode())


# The surnames of two characters that are still common; every other name's first character is its surname.
_DOUBLE_SURNAMES = (
    "欧阳",
    "司马",
    "上官",
    "诸葛",
    "东方",
    "皇甫",
    "尉迟",
    "公孙",
    "慕容",
    "令狐",
    "司徒",
    "夏侯",
)
NAMELESS = "未留名"


def mask(name: str, shown: Shown) -> str:
    """A giver or payee as the public reads it: 「王**」, the whole name by consent, or 「未留名」."""
    name = name.strip()
    if shown is Shown.ANONYMOUS or not name:
        return NAMELESS
    if shown is Shown.NAMED:
        return name
    surname = name[:2] if name.startswith(_DOUBLE_SURNAMES) else name[:1]
    return f"{surname}**"


_NUMBERS = re.compile(r"(?<!\d)(\d{3})\d{4,14}(\d{3}[\dXx])(?![\d.])")


def mask_memo(memo: str, party: str, shown: Shown) -> str:
    """A memo fit for the page: the party's name masked as the party is, long numbers (phone, card, ID) hidden."""
    if party and shown is not Shown.NAMED:
        memo = memo.replace(party, mask(party, shown))
    return _NUMBERS.sub(r"\1****\2", memo)


class LedgerRefusal(DomainError):
    """The ledger said no; `day` is the day on which the rule would break, where there is one."""

    def __init__(self, code: str, *, day: date | None = None, **places: object) -> None:
        super().__init__(code, **places)
        self.day = day


def yuan(fen: int) -> str:
    """An amount as people read it: 「1,234.50」, a minus in front when it is below zero."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100:,}.{abs(fen) % 100:02d}"


CHENGDU = ZoneInfo("Asia/Shanghai")


def local_day(moment: datetime) -> date:
    """The calendar day of a moment where the books are kept."""
    return moment.astimezone(CHENGDU).date()


def first_below(opening: int, days: Mapping[date, int], floor: int) -> tuple[date, int] | None:
    """The first day whose closing balance is below `floor`, and that balance; None when none is.

    Judged at the end of each day: a day's own order is not known, neither to the books nor to a bank statement.
    """
    balance = opening
    for day in sorted(days):
        balance += days[day]
        if balance < floor:
            return day, balance
    return None


@dataclass(frozen=True, slots=True)
class Terms:
    """One version of a trust agreement, from `valid_from` on; `rate` in basis points, None when a fixed sum a month."""

    valid_from: date
    rate: int | None
    fixed_fen: int = 0


def remuneration_limits(
    terms: Sequence[Terms], base_days: Mapping[date, int], days: Iterable[date]
) -> Iterator[tuple[date, int]]:
    """The most remuneration that may have been taken by the end of each of `days` (ascending).

    Rounded down, so it is never above the agreed share (L8). `base_days` is the property fee received on each
    day; what was received before the first version follows the first. A fixed sum is due for each month begun.
    """
    bases = [0] * len(terms)
    waiting = sorted(base_days)
    seen = 0
    for day in days:
        while seen < len(waiting) and waiting[seen] <= day:
            bases[_in_force(terms, waiting[seen])] += base_days[waiting[seen]]
            seen += 1
        limit = 0
        for at, term in enumerate(terms):
            if term.rate is not None:
                limit += bases[at] * term.rate // 10_000
            elif term.valid_from <= day:
                end = terms[at + 1].valid_from - timedelta(days=1) if at + 1 < len(terms) else day
                last = min(day, end)
                months = (last.year - term.valid_from.year) * 12 + last.month - term.valid_from.month + 1
                limit += max(0, months) * term.fixed_fen
        yield day, limit


def _in_force(terms: Sequence[Terms], day: date) -> int:
    return max((at for at, term in enumerate(terms) if term.valid_from <= day), default=0)


def first_over(
    terms: Sequence[Terms], base_days: Mapping[date, int], taken_days: Mapping[date, int], since: date
) -> tuple[date, int, int] | None:
    """The first day from `since` on when more was taken than allowed: (day, taken, allowed)."""
    taken = 0
    for day, allowed in remuneration_limits(terms, base_days, sorted({*base_days, *taken_days})):
        taken += taken_days.get(day, 0)
        if day >= since and taken > allowed:
            return day, taken, allowed
    return None
