"""APScheduler's only work: one ticking job. Deadlines are rows, so nothing is lost with the process."""

import logging
from collections.abc import Callable, Sequence

from apscheduler.schedulers.background import BackgroundScheduler

log = logging.getLogger(__name__)

TICK_S = 1


def guarded(work: Callable[[], object]) -> Callable[[], None]:
    """The job wrapper: a tick that fails is logged, the next one tries again."""

    def run() -> None:
        try:
            work()
        except Exception:
            log.exception("job_failed", extra={"job": getattr(work, "__qualname__", "job")})

    return run


class Jobs:
    """Calls each of `works` in turn once a second, never two at a time."""

    def __init__(self, works: Sequence[Callable[[], object]]) -> None:
        self._works = [guarded(work) for work in works]
        self._scheduler = BackgroundScheduler(timezone="Asia/Shanghai")

    def start(self) -> None:
        self._scheduler.add_job(
            self._tick,
            "interval",
            seconds=TICK_S,
            id="tick",
            max_instances=1,
            coalesce=True,
            misfire_grace_time=None,
        )
        self._scheduler.start()
        # A tick that finds the last one still running is skipped: nothing to warn of, the next one sees the same rows.
        logging.getLogger("apscheduler").setLevel(logging.ERROR)

    def _tick(self) -> None:
        for work in self._works:
            work()

    def stop(self) -> None:
        self._scheduler.shutdown(wait=True)
