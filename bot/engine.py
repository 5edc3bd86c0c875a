"""The engine: one writer thread takes what has queued up, answers it in one transaction, commits once, then replies.

An answer leaves only after it is on disk. A retry gets the same answer. A handler that fails loses its own savepoint
only. What the platform was told was received, but not answered in time, is answered by push.
"""

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from bot.channel import BadDelivery
from bot.clock import Clock
from bot.hearing import LOST, Brain, Failed, Hearing, Job, Pending, Savepoint, Spoiled, late_answer, sorry
from bot.log import info_many, mask, message_id
from bot.notices import outbox_rows
from bot.spool import Spool
from handlers.message import Message, Turn
from models.database import Database, no_room, session_on, take_turn
from models.desk import outbox as outbox_desk
from models.desk.memory import Memory
from nlp.understanding import Understanding

log = logging.getLogger(__name__)

T = TypeVar("T")
BATCH = 64
GATHER_S = 0.001
RETRY_WAIT_S = (0.05, 0.2, 0.5, 1.0, 2.0)
MOST_CUTS = (
    20  # a line that is cut says nothing against what was being written; but something may crash the server
)
STUCK_S = 10.0  # a batch under way for longer than this is a sign that the database does not take it


class Engine:
    """Start it, `hear` messages, `run` jobs, stop it. `brain` gives the present configuration at each batch."""

    def __init__(self, database: Database, brain: Callable[[], Brain], clock: Clock, spool: Spool) -> None:
        self._database = database
        self._brain = brain
        self._clock = clock
        self._spool = spool
        self._memory = Memory()
        self._remembering: Brain | None = None
        self._queue: queue.SimpleQueue[Pending | Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="linli-writer", daemon=True)
        self._stopping = threading.Event()
        self._away = False
        self._since: float | None = None
        self.retry_waits_s: Sequence[float] = RETRY_WAIT_S
        self._busy = False
        self.heard = 0
        self.failed = 0
        self.on_notices: Callable[[], None] = lambda: None

    def start(self) -> None:
        self._thread.start()

    def wind_down(self) -> None:
        """From now on a database that is away is not waited for: whoever waits for a job hears so, and can end."""
        self._stopping.set()

    def stop(self) -> None:
        """Finish what has been taken, then end."""
        self.wind_down()
        self._queue.put(None)
        self._thread.join(timeout=30)

    @property
    def brain(self) -> Brain:
        """What the present configuration decides."""
        return self._brain()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def waiting(self) -> int:
        return self._queue.qsize()

    @property
    def keeps_up(self) -> bool:
        """False while the database does not take what is written, or takes very long for it."""
        since = self._since
        return not self._away and (since is None or time.monotonic() - since < STUCK_S)

    def hear(self, message: Message, heard: Understanding) -> Pending:
        """Queue a message; its future (of the running loop) gets the turn once that is on disk."""
        loop = asyncio.get_running_loop()
        pending = Pending(message, heard, loop, loop.create_future(), late=message.late)
        self._queue.put(pending)
        return pending

    def hear_late(self, message: Message, heard: Understanding) -> None:
        """Queue a message that nobody waits for: its answer goes by push."""
        self._queue.put(Pending(message, heard, None, None, late=True))

    def run(self, work: Callable[[Connection], T]) -> "Future[T]":
        """Run something in the writer's next transaction; the future gets its result after the commit."""
        job = Job(work)
        self._queue.put(job)
        return job.future

    def _work(self) -> None:
        while True:
            item = self._queue.get()
            if self._busy:
                # While messages stream in, wait a moment for company: larger batches share their fixed costs, and
                # the event loop reads on undisturbed meanwhile (10 % less CPU a message at 32 connections).
                time.sleep(GATHER_S)
            batch: list[Pending | Job] = []
            while item is not None:
                batch.append(item)
                if len(batch) >= BATCH or self._queue.empty():
                    break
                item = self._queue.get()
            if batch:
                self._since = time.monotonic()
                self._carry(batch)
                self._since = None
            self._busy = len(batch) > 2
            if item is None:
                return

    def _carry(self, batch: Sequence[Pending | Job], *, alone: bool = False) -> None:
        """One transaction for all. While the database is away the batch waits for it; a database that is there and
        refuses is asked again, then one by one so that one item cannot sink all."""
        tries, waits_s = 0, self.retry_waits_s[:1] if alone else self.retry_waits_s
        was_there = False  # the database took writes after the last refusal, so it was not away
        while True:
            try:
                results = self._transact(batch)
            except Spoiled as spoiled:
                self._memory.clear()
                spoiled.item.spoiled = spoiled.problem
                continue
            except Exception as problem:
                self._memory.clear()
                lost = isinstance(problem, LOST)
                self._away = self._away or lost
                cut = isinstance(problem, DBAPIError) and problem.connection_invalidated
                most = MOST_CUTS if cut else len(waits_s) if lost else 1
                if tries < most and isinstance(problem, (DBAPIError, *LOST)):
                    log.warning("batch_retry", extra={"size": len(batch), "error": type(problem).__name__})
                    self._stopping.wait(waits_s[min(tries, len(waits_s) - 1)])
                    tries += 1
                    continue
                full = no_room(
                    problem
                )  # whoever asks with fewer words may find room, and these would be lost
                if lost and not self._stopping.is_set() and (full or not was_there):
                    was_there = not full and self._database.can_write()
                    if not was_there:
                        log.error("database_away", extra={"size": len(batch), "waiting": self.waiting})
                        self._stopping.wait(waits_s[-1])
                    continue
                if len(batch) > 1:
                    for item in batch:
                        self._carry([item], alone=True)
                    return
                log.exception("batch_failed")
                self._fail(batch[0], problem)
                return
            self._away = False
            self._resolve(batch, results)
            return

    def _fail(self, item: Pending | Job, problem: Exception) -> None:
        """What cannot be written even alone: a job hears why; a message that will never go in is set aside, and its
        sender reads the apology instead of asking again for ever."""
        self.failed += 1
        if isinstance(item, Job):
            item.future.set_exception(problem)
            return
        if isinstance(problem, LOST):
            if item.loop is not None and item.future is not None:
                with suppress(RuntimeError):
                    item.loop.call_soon_threadsafe(_refuse, item.future, problem)
            return
        try:
            self._spool.set_aside(item.message)
        except OSError:
            log.exception("set_aside_failed")
        turn = sorry(self._brain(), item)
        if item.loop is None:
            self._push_answer(item, turn)
            return
        with suppress(RuntimeError):
            item.loop.call_soon_threadsafe(self._reply, [(item, turn)])

    def _transact(self, batch: Sequence[Pending | Job]) -> list[Any]:
        brain = self._brain()
        noticed = False
        if brain is not self._remembering:
            self._memory.clear()
            self._remembering = brain
        with self._database.write() as connection:
            take_turn(connection, brain.community_id)
            now = self._clock.now()  # not before: whoever had the turn has written later moments meanwhile
            session = session_on(connection)
            self._memory.attach(session)
            hearing = Hearing(connection, session, brain, now)
            hearing.claim([item for item in batch if isinstance(item, Pending)])
            results: list[Any] = []
            lines: list[dict[str, Any]] = []
            for item in batch:
                if isinstance(item, Job):
                    results.append(self._job(item, connection))
                elif hearing.is_replay(item):
                    results.append(Failed(BadDelivery("replay")))
                else:
                    results.append(self._hear(item, hearing, lines))
            hearing.keep()
            noticed = outbox_desk.written(connection)
        info_many(log, "message", lines)
        if noticed:
            self.on_notices()
        return results

    def _job(self, job: Job, connection: Connection) -> Any:
        if job.spoiled is not None:
            return Failed(job.spoiled)
        with Savepoint(connection) as savepoint:
            try:
                return job.run(connection)
            except LOST:
                raise
            except Exception as problem:  # a job's own bug must not take the batch with it
                log.exception("job_failed")
                savepoint.check(job, problem)
                savepoint.roll_back()
                self._memory.clear()
                return Failed(problem)

    def _hear(self, pending: Pending, hearing: "Hearing", lines: list[dict[str, Any]]) -> Turn:
        message = pending.message
        known = hearing.answered(message)
        if known is not None:
            hearing.remind_late(pending, known)
            return known
        started = time.perf_counter()
        token = message_id.set(message.id)
        outcome = "answered"
        try:
            with Savepoint(hearing.connection) as savepoint:

                def take_back() -> None:
                    savepoint.roll_back()
                    self._memory.clear()
                    hearing.forget()

                try:
                    if pending.spoiled is not None:
                        raise pending.spoiled
                    turn = hearing.respond(pending, take_back)
                except LOST:
                    raise
                except Exception as problem:
                    savepoint.check(pending, problem)
                    take_back()
                    self.failed += 1
                    outcome = "failed"
                    log.exception("handler_failed", extra={"intent": pending.heard.intent})
                    turn = hearing.apologise(pending)
            self.heard += 1
            lines.append(
                {
                    "account": message.account,
                    "person": mask(message.person),
                    "kind": message.kind.value,
                    "intent": pending.heard.intent,
                    "decision": pending.heard.decision.value,
                    "outcome": outcome,
                    "ms": round((time.perf_counter() - started) * 1000, 2),
                    "message_id": message.id,
                }
            )
        finally:
            message_id.reset(token)
        return turn

    def _resolve(self, batch: Sequence[Pending | Job], results: Sequence[Any]) -> None:
        replies: dict[asyncio.AbstractEventLoop, list[tuple[Pending, Turn]]] = {}
        for item, result in zip(batch, results, strict=True):
            if isinstance(item, Job):
                if isinstance(result, Failed):
                    item.future.set_exception(result.problem)
                else:
                    item.future.set_result(result)
            elif item.loop is not None:
                if isinstance(result, Failed):
                    with suppress(RuntimeError):
                        item.loop.call_soon_threadsafe(self._turn_away, item, result.problem)
                else:
                    replies.setdefault(item.loop, []).append((item, result))
            else:
                self._spool.remove(item.message)  # its answer went into the outbox with this commit
        for loop, pairs in replies.items():
            with suppress(RuntimeError):  # the loop is closed: the service is stopping, the answers are kept
                loop.call_soon_threadsafe(self._reply, pairs)

    def _turn_away(self, pending: Pending, problem: Exception) -> None:
        """In the loop's thread: whoever waits hears why; what was acknowledged unheard is forgotten."""
        if pending.late:
            self._spool.remove(pending.message)
        elif pending.future is not None:
            _refuse(pending.future, problem)

    def _reply(self, pairs: Sequence[tuple[Pending, Turn]]) -> None:
        """In the loop's thread: hand out the turns; push those that nobody waits for any more."""
        for pending, turn in pairs:
            if pending.late:
                self._push_answer(pending, turn)
            elif pending.future is not None and not pending.future.done():
                pending.future.set_result(turn)

    def _push_answer(self, pending: Pending, turn: Turn) -> None:
        message = pending.message
        rows = outbox_rows(
            [late_answer(message, turn)] if turn.texts else [],
            self._brain().community_id,
            self._clock.now(),
        )

        def enqueue(connection: Connection) -> None:
            outbox_desk.enqueue(connection, rows, self._clock.now())

        self.run(enqueue).add_done_callback(
            lambda done: self._spool.remove(message) if done.exception() is None else None
        )


def _refuse(future: "asyncio.Future[Turn]", problem: Exception) -> None:
    if not future.done():
        future.set_exception(problem)
