"""The one place where the service looks at the time; everything below is handed a moment."""

from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Whatever tells the time: the machine in service, a standing clock in tests."""

    def now(self) -> datetime:
        """Aware, UTC."""


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)
