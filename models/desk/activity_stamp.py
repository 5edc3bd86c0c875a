"""How long a list of activities with its seats may be remembered: as long as the rows themselves read the same."""

from collections.abc import Hashable
from datetime import timedelta

from sqlalchemy import bindparam, func, select

from models.activity import Activity, SignUp, SignUpState
from models.desk.base import DeskBase
from models.desk.memory import Shelf
from models.prepared import Prepared

REMEMBERED = timedelta(days=30)  # so long one still hears 「已经结束」 rather than 「没有这个活动」

_ROWS = Activity.__table__  # type: ignore[attr-defined]
_QUEUE = SignUp.__table__  # type: ignore[attr-defined]
# Who waits in line changes without a trace in the activity's own row, so the line is counted beside it.
_IN_LINE = (
    select(func.count())
    .where(_QUEUE.c.activity_id == _ROWS.c.id, _QUEUE.c.state == SignUpState.WAITLISTED)
    .scalar_subquery()
)
_RECENT = Prepared(
    lambda _: select(_ROWS, _IN_LINE).where(
        _ROWS.c.community_id == bindparam("community"), _ROWS.c.starts_at > bindparam("since")
    )
)


def _rows(desk: DeskBase) -> Hashable:
    """The rows as the driver gives them: 30 µs, where reading them as objects takes ten times that."""
    since = desk.now - REMEMBERED
    return tuple(_RECENT.rows(desk.session.connection(), {"community": desk.community_id, "since": since}))


# What is announced and what is just over, its seats and its waiting line.
ACTIVITIES = Shelf("activities", timedelta.max, _rows, frozenset({"activity", "sign_up"}))
