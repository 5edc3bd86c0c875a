"""One access token, fetched by one thread at a time and kept until shortly before its end."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from bot.channel import PushRefused

EARLY = timedelta(minutes=5)
# Threads that waited while a fetch failed share its failure instead of repeating it one after the other.
SHARE_FAILURE = timedelta(seconds=5)
# A token refused so soon after it was fetched: the platform would only give the same one again, out of a daily quota.
RENEW_EVERY = timedelta(seconds=30)


class AccessToken:
    """`fetch` gives (token, seconds it lives) or raises PushRefused."""

    def __init__(self, fetch: Callable[[], tuple[str, int]], now: Callable[[], datetime]) -> None:
        self._fetch = fetch
        self._now = now
        self._lock = threading.Lock()
        self._kept: tuple[str, datetime] | None = None  # one reference, so that `get` may read it unlocked
        self._renewed_at: datetime | None = None
        self._failure: tuple[datetime, PushRefused] | None = None

    def get(self) -> str:
        """
        Raises:
            PushRefused: the platform gives no token.
        """
        token = self._fresh()
        if token:
            return token
        with self._lock:
            return self._fresh() or self._fetch_now()

    def renew(self, refused: str) -> str:
        """Another token than the refused one; fetched only by the first thread that saw it refused.

        The same one when it was itself the fruit of a renewal some seconds ago.

        Raises:
            PushRefused: the platform gives no token.
        """
        with self._lock:
            token = self._fresh()
            if token and token != refused:
                return token
            if token and self._renewed_at is not None and abs(self._now() - self._renewed_at) < RENEW_EVERY:
                return token
            self._renewed_at = self._now()
            return self._fetch_now()

    def _fresh(self) -> str:
        kept = self._kept
        return kept[0] if kept is not None and self._now() < kept[1] else ""

    def _fetch_now(self) -> str:
        if self._failure is not None and abs(self._now() - self._failure[0]) < SHARE_FAILURE:
            raise _again(self._failure[1])
        self._kept = None
        try:
            token, lives_s = self._fetch()
        except PushRefused as refused:
            self._failure = (self._now(), refused)
            raise
        self._failure = None
        lives = timedelta(seconds=lives_s)
        self._kept = (token, self._now() + max(lives - EARLY, lives / 2 if lives < 2 * EARLY else EARLY))
        return token


def _again(refused: PushRefused) -> PushRefused:
    """A copy: one exception raised in several threads would gather all their tracebacks."""
    return PushRefused(
        refused.code,
        refused.reason,
        retry=refused.retry,
        retry_after_s=refused.retry_after_s,
        unknown=refused.unknown,
        whole_account=refused.whole_account,
        way=refused.way,
    )
