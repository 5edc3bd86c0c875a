"""The one place where the service looks at the time; everything below is handed a moment."""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

log = logging.getLogger(__name__)

SLOWED = 0.9  # of its speed, while the machine's clock catches up
BELIEVED = timedelta(days=1)  # a clock set back by more than this was wrong before, and is followed
NOTICED = timedelta(seconds=2)


class Clock(Protocol):
    """Whatever tells the time: the machine in service, a standing clock in tests."""

    def now(self) -> datetime:
        """Aware, UTC."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class SteadyClock:
    """Follows a clock that somebody may set, and never runs back: what comes later is written as later (R2, C8).

    A clock put forward is followed at once. One that is put back is let catch up: meanwhile time goes on here at
    nine tenths of its speed, so that deadlines neither stand still nor come twice.
    """

    def __init__(self, machine: Clock, steady: Callable[[], float] = time.monotonic) -> None:
        self._machine = machine
        self._steady = steady
        self._lock = threading.Lock()
        self._last = machine.now()
        self._at = steady()

    def now(self) -> datetime:
        with self._lock:
            told, at = self._machine.now(), self._steady()
            least = self._last + timedelta(seconds=max(0.0, at - self._at) * SLOWED)
            if least - told > BELIEVED:
                log.error("clock_set_back_far", extra={"days": (least - told).days})
                least = told
            self._last = max(told, least)
            self._at = at
            return self._last

    def not_before(self, moment: datetime) -> None:
        """Go on from a moment that was written before this process began."""
        ahead = moment - self.now()
        with self._lock:
            if timedelta(0) < ahead <= BELIEVED:
                if ahead > NOTICED:
                    log.warning("clock_set_back", extra={"seconds": round(ahead.total_seconds())})
                self._last = moment
