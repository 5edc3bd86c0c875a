"""The platform's own clock, which can be moved: only the platform's rules read it, signatures use the real time."""

import time


class SimClock:
    """Seconds since the epoch, plus an offset that a test or a visitor sets (「过了 48 小时」).

    Deliveries keep the real time, since the service rightly refuses a signature from the day after tomorrow.
    """

    def __init__(self) -> None:
        self.offset = 0.0

    def now(self) -> float:
        return time.time() + self.offset
