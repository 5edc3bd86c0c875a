"""How often a platform lets an account write to one person: the rules as data, and what they leave at a moment.

Source: the platforms' rules for 客服消息 (a message opens 48 h for 5, a menu click, a follow or a scan 1 min for 3), for
messages of a 企业微信 app (a member takes 30 a minute and 1,000 an hour, more are dropped without a word) and for
group robots (20 a minute).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
# The platform's clock is not ours, and a push that was let through still travels.
_MARGIN = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `count` calls in any span of this length; the last `kept` of them are left for urgent ones."""

    count: int
    span: timedelta
    kept: int = 0


@dataclass(frozen=True, slots=True)
class Window:
    """`count` calls within `span` after the person did something; doing it again opens a new one."""

    count: int
    span: timedelta


@dataclass(frozen=True, slots=True)
class Quota:
    """What binds the plain way of an account (its template messages are free of it).

    `message` is opened by what a person says, `touch` by a menu click, a follow, a scan; without either window an
    account may write at any time, within its rates.
    """

    rates: tuple[Rate, ...] = ()
    message: Window | None = None
    touch: Window | None = None

    @property
    def windowed(self) -> bool:
        return self.message is not None or self.touch is not None

    @property
    def memory(self) -> timedelta:
        """How far back calls matter."""
        spans = [rate.span for rate in self.rates]
        spans += [window.span for window in (self.message, self.touch) if window is not None]
        return max(spans, default=timedelta())


OFFICIAL = Quota(message=Window(5, 48 * HOUR - MINUTE), touch=Window(3, timedelta(seconds=50)))
MEMBER = Quota(rates=(Rate(30, MINUTE + _MARGIN, kept=6), Rate(1000, HOUR + _MARGIN, kept=50)))
ROBOT = Quota(rates=(Rate(20, MINUTE + _MARGIN, kept=4),))


@dataclass(frozen=True, slots=True)
class Past:
    """What one person and one account have had to do with each other.

    `calls` are the moments of the calls that may have counted, in order: the moment when their fate was written
    down, which is never before the platform saw them; now for those still on their way.
    """

    calls: Sequence[datetime] = ()
    wrote_at: datetime | None = None
    touched_at: datetime | None = None


def free_at(quota: Quota, past: Past, now: datetime, *, urgent: bool = False) -> datetime:
    """When the rates let the next call through: now, or the moment at which enough of the earlier ones are old."""
    free = now
    for rate in quota.rates:
        limit = max(1, rate.count if urgent else rate.count - rate.kept)
        recent = [call for call in past.calls if call > now - rate.span]
        if len(recent) >= limit:
            free = max(free, recent[len(recent) - limit] + rate.span)
    return free


def open_now(quota: Quota, past: Past, now: datetime) -> bool:
    """Whether a window lets one more call through.

    A call is charged to every window that stood when it was noted, so this never says yes where the platform says
    no, however late a call was noted; in the minute after a touch it may say no up to three calls too early.
    """
    if not quota.windowed:
        return True
    return _open(quota.message, past.wrote_at, past.calls, now) or _open(
        quota.touch, past.touched_at, past.calls, now
    )


def _open(window: Window | None, since: datetime | None, calls: Sequence[datetime], now: datetime) -> bool:
    if window is None or since is None or now >= since + window.span:
        return False
    return sum(call >= since for call in calls) < window.count
