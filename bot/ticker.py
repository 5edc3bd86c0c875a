"""The tick: once a second, what is due becomes facts, notices and outbox rows in one transaction of the writer."""

import logging
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Connection

from bot.clock import Clock
from bot.engine import Engine
from bot.hearing import Brain
from bot.notices import outbox_rows
from bot.relay import relay
from handlers.notices import compose
from models.database import session_on
from models.desk import Desk, inbox, sayings, signatures
from models.desk import outbox as outbox_desk
from models.desk.memory import Memory
from models.sla import HolidaysEnd, HolidaysUnknown

log = logging.getLogger(__name__)

LIMIT = 200
SWEEP_EVERY = timedelta(minutes=10)
SIGNATURES_KEPT = timedelta(days=2)


def tick(connection: Connection, brain: Brain, clock: Clock) -> int:
    """Ring what is due at this moment; how many things were due. Repeating it changes nothing more."""
    now = clock.now()
    session = session_on(connection)
    Memory().attach(session)  # who answers for a grid is asked for each reminder
    desk = Desk(session, community_id=brain.community_id, now=now, rules=brain.rules)
    due = desk.resume_held(LIMIT) + desk.ring_clocks(LIMIT)
    due += desk.archive_unrated(LIMIT) + desk.tick_activities(LIMIT) + desk.watch_alarms()
    session.flush()
    rows = outbox_rows(compose(desk.facts, desk, brain.office), brain.community_id, now)
    outbox_desk.enqueue(connection, rows, now)
    session.expunge_all()
    relay(connection, brain, now)
    return due


def sweep(
    connection: Connection, brain: Brain, clock: Clock, signatures_kept: timedelta = SIGNATURES_KEPT
) -> None:
    """Forget what the community promised to forget: old words, dialogs that nobody took up again; spent signatures.

    And tell the admins, once a day, of grids that nobody answers for (G3), once of a calendar that ends.
    """
    now = clock.now()
    signatures.forget(connection, now - signatures_kept)
    inbox.forget(connection, now - brain.rules.message_retention)
    inbox.forget_dialogs(connection, now - inbox.DRAFT_KEPT)
    sayings.forget(connection, now - brain.rules.message_retention)
    session = session_on(connection)
    desk = Desk(session, community_id=brain.community_id, now=now, rules=brain.rules)
    desk.alarm_unmanned()
    while desk.mind_calendars(LIMIT) >= LIMIT:
        session.flush()
    session.flush()
    for fact in desk.facts:
        if isinstance(fact, HolidaysEnd | HolidaysUnknown):
            log.warning("calendar_short", extra={"fact": type(fact).__name__})
    rows = outbox_rows(compose(desk.facts, desk, brain.office), brain.community_id, now)
    outbox_desk.enqueue(connection, rows, now)
    session.expunge_all()


class Ticker:
    """What the job calls each second; a tick that is still running is not joined by a second one."""

    def __init__(
        self,
        engine: Engine,
        brain: Callable[[], Brain],
        clock: Clock,
        *,
        signatures_kept: timedelta = SIGNATURES_KEPT,
    ) -> None:
        self._engine = engine
        self._signatures_kept = signatures_kept
        self._brain = brain
        self._clock = clock
        self._swept_at = clock.now() - SWEEP_EVERY

    def tick(self) -> None:
        brain = self._brain()
        while self._engine.run(lambda connection: tick(connection, brain, self._clock)).result() >= LIMIT:
            log.info("tick_full")
        if self._clock.now() - self._swept_at >= SWEEP_EVERY:
            self._swept_at = self._clock.now()
            kept = self._signatures_kept
            self._engine.run(lambda connection: sweep(connection, brain, self._clock, kept)).result()
