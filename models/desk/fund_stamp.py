"""When remembered figures of the books are out of date: as soon as any fund has a newer entry."""

from collections.abc import Hashable
from datetime import timedelta

from sqlalchemy import bindparam, func, select

from models.desk.base import DeskBase
from models.desk.fund_sql import ENTRY, FUND
from models.desk.memory import Shelf

# Entries are only ever added, and numbered without a gap inside a fund; each maximum is one step into an index.
_LAST_ENTRIES = (
    select(
        FUND.c.id,
        select(func.max(ENTRY.c.seq)).where(ENTRY.c.fund_id == FUND.c.id).correlate(FUND).scalar_subquery(),
    )
    .where(FUND.c.community_id == bindparam("community"))
    .order_by(FUND.c.id)
)


def _last_entries(desk: DeskBase) -> Hashable:
    found = desk.session.connection().execute(_LAST_ENTRIES, {"community": desk.community_id})
    return tuple(tuple(row) for row in found)


# A fund or an account that is only reworded has no newer entry: that is seen within the minute.
BOOKS = Shelf(
    "books",
    timedelta(minutes=1),
    _last_entries,
    frozenset({"fund", "fund_account", "ledger_entry", "posting", "account_month"}),
)
