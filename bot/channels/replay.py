"""Remembers signatures that do not cover the body, so that a captured one carries no other body."""

import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from hashlib import sha256

from bot.channel import BadDelivery, Delivery

MAX_REMEMBERED = 65_536  # some 12 MB; twice what a district's storm (33 a second) fills in its ten minutes


class ReplayGuard:
    """Plain mode signs token, timestamp and nonce only: freshness and a memory stand in for the rest.

    This memory is the first door, of one process and without a question to the database; what another process has
    heard is asked in the transaction of the message (`models/desk/signatures.py`).
    The same signature with the same body is the platform's retry and passes: the engine answers it as before.
    `freshness_s` 0 switches the freshness off, the memory stays.
    """

    def __init__(self, freshness_s: float) -> None:
        self._freshness_s = freshness_s
        self._keep = timedelta(seconds=2 * freshness_s)  # a timestamp may lie ahead by as much as behind
        self._bodies: OrderedDict[str, tuple[str, datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def check_time(self, timestamp: str, now: datetime) -> None:
        """
        Raises:
            BadDelivery: signed too long ago, or ahead of our clock.
        """
        if not self._freshness_s:
            return
        if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
            raise BadDelivery("stale")
        if abs(now.timestamp() - int(timestamp)) > self._freshness_s:
            raise BadDelivery("stale")

    def check_body(self, delivery: Delivery, now: datetime) -> tuple[str, str]:
        """The signature and the body's digest, which the database asks again for all processes.

        Raises:
            BadDelivery: this signature came before, around another body.
        """
        signed = delivery.query["signature"]
        digest = sha256(delivery.body).hexdigest()[:32]
        with self._lock:
            known = self._bodies.get(signed)
            if known is not None:
                if known[0] != digest:
                    raise BadDelivery("replay")
                return signed, digest
            self._forget(now)
            self._bodies[signed] = (digest, now)
        return signed, digest

    def _forget(self, now: datetime) -> None:
        """Drop what freshness refuses by now (two at most, so that the work is spread), and the oldest when full."""
        bodies = self._bodies
        for _ in range(2):
            oldest = next(iter(bodies), None)
            if oldest is None:
                return
            expired = self._freshness_s and now - bodies[oldest][1] > self._keep
            if not expired and len(bodies) < MAX_REMEMBERED:
                return
            del bodies[oldest]
