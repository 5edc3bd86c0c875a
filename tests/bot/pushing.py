"""A whole service whose platforms are played by the test: people write, time passes, what is due is pushed at once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.channel import Account, Capabilities, PushRefused, Receipt, Sent
from bot.outbox import Outbox
from handlers.message import Notice
from models.alarm import Alarm
from models.database import Database
from models.outbox import OutboxRow
from models.quota import MEMBER, OFFICIAL, Quota
from tests.talk import FakeChannel, Talk, at

TABLE = OutboxRow.__table__  # type: ignore[attr-defined]
ALARMS = Alarm.__table__  # type: ignore[attr-defined]


@dataclass
class Platform(FakeChannel):
    """Takes everything, unless `refuse` raises; `calls` counts every call, `pushed` what arrived."""

    refuse: Callable[[Notice], None] = lambda _: None
    calls: list[Notice] = field(default_factory=list)

    def push(self, notice: Notice) -> Receipt:
        self.calls.append(notice)
        self.refuse(notice)
        self.pushed.append(notice)
        return Receipt(Sent.SENT, notice.way or self.capabilities.way, "4711")

    def texts(self, person: str = "") -> list[str]:
        return [notice.text for notice in self.pushed if person in ("", notice.person)]


def platform(code: str, way: str, quota: Quota, **account: Any) -> Platform:
    kind = "企业微信" if code == "work" else "公众号"
    capabilities = Capabilities(push=True, way=way, quota=quota)
    return Platform(Account(code, kind, can_push=True, **account), capabilities)


def never(code: int, reason: str = "不行", **more: Any) -> Callable[[Notice], None]:
    """A platform that refuses everything."""

    def refuse(_: Notice) -> None:
        raise PushRefused(code, reason, **({"retry": False} | more))

    return refuse


class Pushing:
    """`work` and `mp` take the pushes; nothing runs by itself."""

    def __init__(self, folder: Path, database: Database, start: str = "2026-10-12 10:00") -> None:
        self.talk = Talk(folder, at=at(start), database=database)
        self.work = platform("work", "text", MEMBER)
        self.mp = platform("mp", "custom", OFFICIAL)
        self.outbox = Outbox(
            self.talk.service.engine, lambda: {"work": self.work, "mp": self.mp}, self.talk.clock
        )

    def close(self) -> None:
        self.talk.close()

    def push(self) -> None:
        """Send what is due until nothing is."""
        while True:
            claim, channels = self.outbox.claim(16, False)
            for row in claim.rows:
                self.outbox.send(row, channels.get(row.account))
            if not claim.rows and not claim.full:
                return

    def wait(self, span: timedelta) -> None:
        """Time passes, a tick at its end, and what is due goes out."""
        self.talk.wait(span)
        self.push()

    def report(self, person: str = "mp:wang", words: str = "3栋楼道灯坏了") -> str:
        """A filed ticket's number."""
        self.talk.say(person, words)
        said = self.talk.say(person, "1")
        self.push()
        return said.partition("编号 ")[2][:15]

    def emergency(self, words: str = "3栋1单元着火了，快来人") -> str:
        said = self.talk.say("mp:wang", words)
        self.push()
        return said.partition("编号 ")[2][:15]

    def bind(self, userid: str, person: str) -> None:
        code = self.talk.say(f"work:{userid}", "绑定公众号").partition("网格员 ")[2][:8]
        assert "绑好了" in self.talk.say(person, f"网格员 {code}")

    def rows(self, **where: Any) -> list[Any]:
        query = select(TABLE).order_by(TABLE.c.id)
        for name, value in where.items():
            query = query.where(TABLE.c[name] == value)
        with self.talk.database.read() as connection:
            return list(connection.execute(query))

    def alarms(self) -> list[Any]:
        with self.talk.database.read() as connection:
            return list(connection.execute(select(ALARMS).where(ALARMS.c.cleared_at.is_(None))))
