"""What a push could not do is carried on in the writer's transaction: another way, the next on duty, an alarm."""

import logging
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Connection

from bot.hearing import Brain
from bot.notices import outbox_rows
from handlers.message import Notice
from handlers.notices import compose
from handlers.relay import onward
from models.alarm import AlarmKind
from models.database import session_on
from models.desk import Desk, outbox_quota
from models.desk import outbox as outbox_desk
from models.desk.stranded import take_stranded

log = logging.getLogger(__name__)


def relay(connection: Connection, brain: Brain, now: datetime) -> int:
    """Send on whatever is stranded; how many. Repeating it sends nothing a second time."""
    stranded = take_stranded(connection, brain.community_id, now)
    if not stranded:
        return 0

    def write(desk: Desk) -> list[Notice]:
        return [notice for one in stranded for notice in onward(one, desk, brain.office)]

    _at_the_desk(connection, brain, now, write)
    log.warning("relayed", extra={"count": len(stranded)})
    return len(stranded)


def account_closed(
    connection: Connection,
    brain: Brain,
    now: datetime,
    *,
    account: str,
    way: str,
    for_s: float | None,
    code: int,
    reason: str,
) -> None:
    """A platform takes nothing of this account: it rests, and the office hears of it unless it is over in a minute."""
    new = outbox_quota.pause(
        connection,
        community_id=brain.community_id,
        account=account,
        way=way,
        now=now,
        for_s=for_s,
        code=code,
        reason=reason,
    )
    log.error("account_closed", extra={"account": account, "way": way, "errcode": code})
    if not new or (for_s is not None and for_s <= 60):
        return

    def write(desk: Desk) -> list[Notice]:
        desk.raise_alarm(AlarmKind.ACCOUNT, account, {"reason": reason, "code": code})
        return []

    _at_the_desk(connection, brain, now, write)


def account_open(connection: Connection, brain: Brain, now: datetime, account: str, way: str) -> None:
    """A push got through again: the rest is over, and so is the alarm."""
    if not outbox_quota.lift(connection, brain.community_id, account, way):
        return
    log.info("account_open", extra={"account": account, "way": way})

    def write(desk: Desk) -> list[Notice]:
        if not any(code == account for code, _ in outbox_quota.troubled(connection, brain.community_id)):
            desk.settle_alarm(AlarmKind.ACCOUNT, account)
        return []

    _at_the_desk(connection, brain, now, write)


def _at_the_desk(
    connection: Connection, brain: Brain, now: datetime, write: Callable[[Desk], list[Notice]]
) -> None:
    session = session_on(connection)
    desk = Desk(session, community_id=brain.community_id, now=now, rules=brain.rules)
    notices = write(desk)
    session.flush()
    notices += compose(desk.facts, desk, brain.office)
    outbox_desk.enqueue(connection, outbox_rows(notices, brain.community_id, now), now)
    session.expunge_all()
