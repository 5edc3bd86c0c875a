"""The outbox: claims what is due through the writer, pushes in a few threads, writes down what became of it."""

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.channel import Channel, PushRefused, Receipt, Sent
from bot.clock import Clock
from bot.engine import Engine
from bot.log import mask
from bot.notices import notice_of
from models.desk import outbox as outbox_desk
from models.desk.outbox import Outgoing
from models.outbox import OutboxState

log = logging.getLogger(__name__)

SENDERS = 8
IN_HAND = 2 * SENDERS  # claimed and not yet marked: each waits for one other push at most
IDLE_S = 1.0
GATHER_S = (
    0.05  # so long after a claim the next one waits: under load one claim takes the notices of many batches
)
# How long to wait after each failed try: about a day in all, then it is a dead letter that an admin sees.
WAITS_S = (5, 15, 60, 300, 900, 3600, 3600, 7200, 14_400, 28_800, 28_800)


def wait_after(attempts: int) -> timedelta | None:
    """How long to wait after this many tries; None when it is a dead letter."""
    return timedelta(seconds=WAITS_S[attempts - 1]) if attempts <= len(WAITS_S) else None


class Outbox:
    """One claiming thread and `SENDERS` sending ones; `wake` it when something was written."""

    def __init__(
        self,
        engine: Engine,
        channels: Callable[[], Mapping[str, Channel]],
        clock: Clock,
        *,
        idle_s: float = IDLE_S,
    ) -> None:
        self._engine = engine
        self._channels = channels
        self._clock = clock
        self._idle_s = idle_s
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(SENDERS, thread_name_prefix="linli-push")
        self._thread = threading.Thread(target=self._work, name="linli-outbox", daemon=True)
        self._free = threading.BoundedSemaphore(IN_HAND)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Send what is in hand, claim nothing more."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(timeout=30)
        self._pool.shutdown(wait=True)

    def wake(self) -> None:
        self._wake.set()

    def _work(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait(self._idle_s)
            self._wake.clear()
            try:
                while not self._stopping.is_set() and self._claim():
                    pass
                self._stopping.wait(GATHER_S)
            except Exception:
                log.exception("outbox_claim_failed")
                self._stopping.wait(self._idle_s)

    def _claim(self) -> bool:
        """Take what is due and hand it to the senders; whether there may be more."""
        room = self._room()
        if not room:
            return False
        rows: list[Outgoing] = []
        try:
            channels = self._channels()
            held = [code for code, channel in channels.items() if not channel.capabilities.push]
            now = self._clock.now()

            def take(connection: Connection) -> list[Outgoing]:
                return outbox_desk.claim_due(connection, now, limit=room, held_accounts=held)

            rows = self._engine.run(take).result()
            for row in rows:
                self._pool.submit(self._send, row, channels.get(row.account)).add_done_callback(
                    lambda _: self._free.release()
                )
        finally:
            for _ in range(room - len(rows)):
                self._free.release()
        return len(rows) == room

    def _room(self) -> int:
        """How many may be taken: no more than will be sent well within their lease; waits for the first place."""
        if not self._free.acquire(timeout=self._idle_s):
            return 0
        room = 1
        while room < IN_HAND and self._free.acquire(blocking=False):
            room += 1
        return room

    def _send(self, row: Outgoing, channel: Channel | None) -> None:
        try:
            outcome = self._push(row, channel)
        except Exception:
            log.exception("push_broke", extra={"notice": row.id})
            outcome = _refused(
                row, PushRefused(0, "程序出错，请把日志发给维护人员", retry=True), self._clock.now()
            )
        state, values = outcome

        def mark(connection: Connection) -> None:
            outbox_desk.mark(connection, row.id, self._clock.now(), state, **values)

        try:
            self._engine.run(mark).result()
        except Exception:  # its lease runs out: then it is sent once more, or an admin sees it
            log.exception("mark_failed", extra={"notice": row.id, "state": state})

    def _push(self, row: Outgoing, channel: Channel | None) -> tuple[OutboxState, dict[str, Any]]:
        if channel is None:
            return OutboxState.FAILED, {"error": f"config.yaml 里没有编号为「{row.account}」的账号"}
        try:
            receipt = channel.push(notice_of(row.dedupe_key, row.person, row.notice))
        except PushRefused as refusal:
            return _refused(row, refusal, self._clock.now())
        return _sent(row, receipt)


def _sent(row: Outgoing, receipt: Receipt) -> tuple[OutboxState, dict[str, Any]]:
    state = OutboxState.SENT if receipt.state is Sent.SENT else OutboxState.DRY_RUN
    log.info(
        "pushed",
        extra={
            "notice": row.id,
            "account": row.account,
            "person": mask(row.person),
            "way": receipt.way,
            "state": state,
        },
    )
    return state, {"way": receipt.way[:16], "reference": receipt.reference[:64], "error": "", "error_code": 0}


def _refused(row: Outgoing, refusal: PushRefused, now: datetime) -> tuple[OutboxState, dict[str, Any]]:
    values: dict[str, Any] = {"error_code": refusal.code, "error": refusal.reason[:500]}
    waiting = wait_after(row.attempts)
    # Nobody knows whether it arrived: sent once more where silence would do more harm than a repetition.
    may_retry = row.resend and row.attempts <= outbox_desk.RESENDS if refusal.unknown else refusal.retry
    if may_retry and waiting is not None:
        if refusal.retry_after_s is not None:
            waiting = timedelta(seconds=refusal.retry_after_s)
        values["due_at"] = now + waiting
        state = OutboxState.PENDING
    else:
        state = OutboxState.UNKNOWN if refusal.unknown else OutboxState.FAILED
    log.warning(
        "push_refused",
        extra={
            "notice": row.id,
            "account": row.account,
            "errcode": refusal.code,
            "state": state,
            "attempts": row.attempts,
        },
    )
    return state, values
