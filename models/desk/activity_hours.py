"""Quiet hours as activities keep them: no push leaves in them, no offer lapses in them."""

from datetime import datetime, timedelta

from models.desk.activity_plan import SHANGHAI
from models.rules import SlaRules

MORNING_GRACE = timedelta(hours=1)  # 07:00 push, 08:00 lapse


def is_quiet(moment: datetime, sla: SlaRules) -> bool:
    """Whether the wall clock in Chengdu is in [quiet_from, quiet_to), which may reach over midnight."""
    clock = moment.astimezone(SHANGHAI).time()
    if sla.quiet_from <= sla.quiet_to:
        return sla.quiet_from <= clock < sla.quiet_to
    return clock >= sla.quiet_from or clock < sla.quiet_to


def after_quiet(moment: datetime, sla: SlaRules) -> datetime:
    """The moment itself, or the end of the quiet hours it falls into."""
    if not is_quiet(moment, sla):
        return moment
    local = moment.astimezone(SHANGHAI)
    end = datetime.combine(local.date(), sla.quiet_to, SHANGHAI)
    return end if end > local else end + timedelta(days=1)


def offer_expiry(now: datetime, starts_at: datetime, sla: SlaRules) -> datetime:
    """min(12 h, half the time to the start), at least 15 min, never in the quiet hours (domain.md §6).

    Counted from the moment the offer can be read: a push of the night leaves in the morning.
    """
    read_at = after_quiet(now, sla)
    expires = read_at + max(timedelta(minutes=15), min(timedelta(hours=12), (starts_at - read_at) / 2))
    return after_quiet(expires, sla) + MORNING_GRACE if is_quiet(expires, sla) else expires
