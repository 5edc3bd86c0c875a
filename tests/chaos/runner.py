"""`linli …` with a machine clock that a file puts back and forth, and leases of seconds."""

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bot.__main__ import main
from bot.clock import SystemClock
from models.desk import outbox

_OFFSET = Path(os.environ["LINLI_CHAOS_OFFSET"])


def _put(_: SystemClock) -> datetime:
    try:
        seconds = float(_OFFSET.read_text() or 0)
    except OSError:
        seconds = 0.0
    return datetime.fromtimestamp(time.time(), UTC) + timedelta(seconds=seconds)


if __name__ == "__main__":
    SystemClock.now = _put  # type: ignore[method-assign]
    outbox.LEASE = timedelta(seconds=float(os.environ["LINLI_CHAOS_LEASE_S"]))
    main()
