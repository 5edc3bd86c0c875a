"""The outbox: claims what is due through the writer, pushes in a few threads, writes down what became of it."""

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection

from bot.channel import Channel, PushRefused, Receipt, Sent
from bot.clock import Clock
from bot.engine import Engine
from bot.log import mask
from bot.notices import notice_of
from bot.relay import account_closed, account_open, relay
from models.desk import outbox as outbox_desk
from models.desk import outbox_quota
from models.desk.outbox import Outgoing
from models.desk.outbox_quota import OVER_QUOTA, SILENT, Claim, Road
from models.outbox import OutboxState

log = logging.getLogger(__name__)

SENDERS = 8
IN_HAND = 2 * SENDERS  # claimed and not yet marked: each waits for one other push at most
EXPRESS = 2  # senders that take nothing but emergencies: these wait for no slow platform, no full hand
IDLE_S = 1.0
GATHER_S = (
    0.05  # so long after a claim the next one waits: under load one claim takes the notices of many batches
)
# The platform lets nothing through until the person writes again.
_UNTIL_THEY_WRITE = frozenset({SILENT, OVER_QUOTA})
_AFTER_TROUBLE_S = 30.0
LOOK_EVERY_S = 1.0
# How long to wait after each failed try: about a day in all, then it is a dead letter that an admin sees.
WAITS_S = (5, 15, 60, 300, 900, 3600, 3600, 7200, 14_400, 28_800, 28_800)


class LostClaims:
    """Tells whose sender has died: a claim that has been seen standing for longer than a lease.

    Seen by this process and by time that nobody can set: no clock that is put forward, here or on another machine,
    makes a living sender look dead, and nothing would be said twice for it.
    """

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        self._steady = steady
        self._first_seen: dict[tuple[int, int], float] = {}
        self._looked_at = -LOOK_EVERY_S
        self._mine: set[int] = set()
        self._lock = threading.Lock()

    def take(self, ids: Iterable[int]) -> None:
        """This process sends these now: however long that takes, they are not lost."""
        with self._lock:
            self._mine.update(ids)

    def let_go(self, number: int) -> None:
        with self._lock:
            self._mine.discard(number)

    def look(self, connection: Connection) -> list[tuple[int, int]]:
        """The claims that are lost, at most once a second."""
        now = self._steady()
        if now - self._looked_at < LOOK_EVERY_S:
            return []
        self._looked_at = now
        with self._lock:
            mine = set(self._mine)
        standing = [claim for claim in outbox_desk.in_hand(connection) if claim[0] not in mine]
        self._first_seen = {claim: self._first_seen.get(claim, now) for claim in standing}
        return [
            claim
            for claim, seen in self._first_seen.items()
            if now - seen > outbox_desk.LEASE.total_seconds()
        ]


def wait_after(attempts: int) -> timedelta | None:
    """How long to wait after this many tries; None when it is a dead letter."""
    return timedelta(seconds=WAITS_S[attempts - 1]) if attempts <= len(WAITS_S) else None


class Outbox:
    """Claims, sends, marks; `wake` it when something was written. `channels` are the accounts that can be sent from.

    Two lanes: the common one takes whatever is due, urgent first; the express lane emergencies alone.
    """

    def __init__(
        self,
        engine: Engine,
        channels: Callable[[], Mapping[str, Channel]],
        clock: Clock,
        *,
        idle_s: float = IDLE_S,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        self._engine = engine
        self._channels = channels
        self._clock = clock
        self._claims = LostClaims(steady)
        self._troubled: set[tuple[str, str]] = set()
        self._common = _Lane(self, "linli-outbox", SENDERS, IN_HAND, idle_s)
        self._express = _Lane(self, "linli-outbox-express", EXPRESS, EXPRESS, idle_s, emergencies=True)
        self._lanes = (self._common, self._express)

    def start(self) -> None:
        for lane in self._lanes:
            lane.start()

    def stop(self) -> None:
        """Send what is in hand, claim nothing more."""
        for lane in self._lanes:
            lane.stop()

    def wake(self) -> None:
        """Something was written: the express lane need only look when the common one has its hands full."""
        self._common.wake.set()
        if self._common.full:
            self._express.wake.set()

    def claim(self, limit: int, emergencies: bool) -> tuple[Claim, Mapping[str, Channel]]:
        """What is due, taken and leased."""
        channels = self._channels()
        brain = self._engine.brain
        held = [code for code, channel in channels.items() if not channel.capabilities.push]
        roads = {
            code: Road(channel.capabilities.way, quota, frozenset(channel.account.templates))
            for code, channel in channels.items()
            if (quota := channel.capabilities.quota) is not None
        }

        def take(connection: Connection) -> tuple[Claim, set[tuple[str, str]]]:
            now = self._clock.now()
            claim = outbox_quota.claim(
                connection,
                now,
                community_id=brain.community_id,
                roads=roads,
                limit=limit,
                held_accounts=held,
                emergencies=emergencies,
                lost=self._claims.look(connection),
            )
            if claim.stranded:
                relay(connection, brain, now)
            if not (roads and claim.rows):
                return claim, set()
            return claim, set(outbox_quota.troubled(connection, brain.community_id))

        claim, troubled = self._engine.run(take).result()
        self._claims.take(row.id for row in claim.rows)
        if claim.rows:
            self._troubled = troubled
        return claim, channels

    def send(self, row: Outgoing, channel: Channel | None) -> None:
        """Push one claimed row and write down what became of it."""
        try:
            fate = self._push(row, channel)
        except Exception:
            log.exception("push_broke", extra={"notice": row.id})
            problem = PushRefused(0, "程序出错，请把日志发给维护人员", retry=True)
            fate = _refused(row, problem, self._clock.now(), bound=False)
        brain = self._engine.brain
        now = self._clock.now()

        def mark(connection: Connection) -> None:
            outbox_desk.mark(connection, row.id, now, fate.state, counts=fate.counts, **fate.values)
            if fate.state is OutboxState.SENT:
                way = str(fate.values["way"])
                if self._troubled & {(row.account, ""), (row.account, way)}:
                    account_open(connection, brain, now, row.account, way)
            elif fate.closed is not None:
                account_closed(
                    connection,
                    brain,
                    now,
                    account=row.account,
                    way=fate.closed.way or "",
                    for_s=fate.closed.retry_after_s,
                    code=fate.closed.code,
                    reason=fate.closed.reason,
                )
            elif fate.state is not OutboxState.DRY_RUN:
                relay(connection, brain, now)

        try:
            self._engine.run(mark).result()
        except Exception:  # its lease runs out: then it is sent once more, or an admin sees it
            log.exception("mark_failed", extra={"notice": row.id, "state": fate.state})
        finally:
            self._claims.let_go(row.id)

    def _push(self, row: Outgoing, channel: Channel | None) -> "_Fate":
        if channel is None:
            error = f"config.yaml 里没有编号为「{row.account}」的账号"
            return _Fate(OutboxState.FAILED, {"error": error}, counts=False)
        try:
            receipt = channel.push(notice_of(row.dedupe_key, row.person, row.notice, row.way))
        except PushRefused as refusal:
            bound = channel.capabilities.quota is not None
            return _refused(row, refusal, self._clock.now(), bound=bound)
        return _sent(row, receipt)


class _Lane:
    """One claiming thread and its senders."""

    def __init__(
        self,
        outbox: Outbox,
        name: str,
        senders: int,
        in_hand: int,
        idle_s: float,
        *,
        emergencies: bool = False,
    ) -> None:
        self.wake = threading.Event()
        self._outbox = outbox
        self._in_hand = in_hand
        self._idle_s = idle_s
        self._emergencies = emergencies
        self._stopping = threading.Event()
        self._pool = ThreadPoolExecutor(senders, thread_name_prefix="linli-push")
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._free = threading.BoundedSemaphore(in_hand)

    @property
    def full(self) -> bool:
        """Whether every place is taken just now."""
        if self._free.acquire(blocking=False):
            self._free.release()
            return False
        return True

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self.wake.set()
        self._thread.join(timeout=30)
        self._pool.shutdown(wait=True)

    def _work(self) -> None:
        while not self._stopping.is_set():
            self.wake.wait(self._idle_s)
            self.wake.clear()
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
        taken = 0
        try:
            claim, channels = self._outbox.claim(room, self._emergencies)
            taken = len(claim.rows)
            for row in claim.rows:
                self._pool.submit(self._outbox.send, row, channels.get(row.account)).add_done_callback(
                    lambda _: self._free.release()
                )
        finally:
            for _ in range(room - taken):
                self._free.release()
        return claim.full

    def _room(self) -> int:
        """How many may be taken: no more than will be sent well within their lease; waits for the first place."""
        if not self._free.acquire(timeout=self._idle_s):
            return 0
        room = 1
        while room < self._in_hand and self._free.acquire(blocking=False):
            room += 1
        return room


@dataclass(frozen=True, slots=True)
class _Fate:
    """What became of a push: the row's new state and columns; `counts` against the quota; `closed` when the whole
    account was refused."""

    state: OutboxState
    values: dict[str, Any]
    counts: bool = True
    closed: PushRefused | None = None


def _sent(row: Outgoing, receipt: Receipt) -> _Fate:
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
    way, reference = receipt.way[:16], receipt.reference[:64]
    return _Fate(state, {"way": way, "reference": reference, "error": "", "error_code": 0})


def _refused(row: Outgoing, refusal: PushRefused, now: datetime, *, bound: bool) -> _Fate:
    """`bound`: the account's pauses are looked at when a row is claimed again."""
    values: dict[str, Any] = {"error_code": refusal.code, "error": refusal.reason[:500]}
    waiting = wait_after(row.attempts)
    # Nobody knows whether it arrived: sent once more where silence would do more harm than a repetition.
    may_retry = row.resend and row.attempts <= outbox_desk.RESENDS if refusal.unknown else refusal.retry
    closed = None
    if refusal.whole_account:  # not this notice's fault: the try does not count, the account rests
        closed, state = refusal, OutboxState.PENDING
        wait_s = 0.0 if bound else refusal.retry_after_s or _AFTER_TROUBLE_S
        values |= {"attempts": row.attempts - 1, "due_at": now + timedelta(seconds=wait_s)}
    elif refusal.code in _UNTIL_THEY_WRITE and bound:
        state = OutboxState.HELD
    elif may_retry and waiting is not None:
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
    return _Fate(state, values, counts=refusal.unknown, closed=closed)
