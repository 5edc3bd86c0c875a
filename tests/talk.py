"""A conversation in a test: people write, the clock moves, answers and pushes are read; everything but the network is real."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select

from bot.bootstrap import Service
from bot.channel import Account, Capabilities, Delivery, Heard, Receipt, Sent
from bot.settings import Settings
from bot.ticker import tick
from handlers.message import Kind, Media, Message, Notice, Place, Turn
from models.database import Database
from models.outbox import OutboxRow
from nlp.spec import NlpSpec
from nlp.understand import Understander

ROOT = Path(__file__).parent.parent


_TRAINED: dict[int, Understander] = {}


def understander(spec: NlpSpec) -> Understander:
    """Training takes most of a second: once for each configuration in a test process is enough."""
    key = hash(repr(spec))
    if key not in _TRAINED:
        _TRAINED[key] = Understander(spec)
    return _TRAINED[key]


class StandingClock:
    """Stands still until a test moves it."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


@dataclass
class FakeChannel:
    """A channel without a platform: keeps what was pushed."""

    account: Account
    capabilities: Capabilities = field(default_factory=lambda: Capabilities(push=True))
    pushed: list[Notice] = field(default_factory=list)

    def verify(self, delivery: Delivery) -> bytes:
        return b""

    def parse(self, delivery: Delivery) -> Heard:
        raise NotImplementedError

    def render(self, turn: Turn, heard: Heard) -> bytes:
        return "\n\n".join(turn.texts).encode()

    def media_type(self, heard: Heard) -> str:
        return "text/plain"

    def push(self, notice: Notice) -> Receipt:
        self.pushed.append(notice)
        return Receipt(Sent.SENT, "text")

    def close(self) -> None:
        pass


class Talk:
    """One community, one clock, any number of people."""

    def __init__(
        self,
        folder: Path,
        *,
        at: datetime,
        config: Path = ROOT / "config.yaml",
        database: Database | None = None,
    ) -> None:
        """`database` has its tables and holds nothing; without one it is a SQLite file in `folder`."""
        self.clock = StandingClock(at)
        self.database = database or Database(f"sqlite:///{folder}/linli.db")
        if database is None:
            self.database.create_all()
        settings = Settings(home=folder, config=config, public_url="http://linli.test")
        self.service = Service(
            settings, self.database, clock=self.clock, work=False, understander=understander
        )
        self.loop = asyncio.new_event_loop()
        self.service.engine.start()
        self._count = 0
        self._read = 0

    def close(self) -> None:
        self.service.stop()
        self.loop.close()

    def message(self, person: str, text: str = "", **fields: Any) -> Message:
        self._count += 1
        account = person.partition(":")[0]
        channel = "wecom" if account == "work" else "wechat_mp"
        known: dict[str, Any] = {
            "id": f"msgid:{self._count}",
            "kind": Kind.TEXT,
            "sent_at": self.clock.at,
            "heard_at": self.clock.at,
        } | fields
        return Message(account=account, channel=channel, person=person, chat=person, text=text, **known)

    def hear(self, message: Message) -> Turn:
        self.service.name_activities()

        async def wait() -> Turn:
            pending = self.service.engine.hear(message, self.service.understand(message))
            assert pending.future is not None
            return await asyncio.wait_for(pending.future, 20)

        return self.loop.run_until_complete(wait())

    def say(self, person: str, text: str) -> str:
        """What the person reads in answer to a line of a dialog file: `[图片]`, `[语音 …]`, `[位置 …]`, `[关注]` or words."""
        return shown(self.hear(self._said(person, text)))

    def _said(self, person: str, text: str) -> Message:
        if not (text.startswith("[") and text.endswith("]")):
            return self.message(person, text)
        what, _, rest = text[1:-1].partition(" ")
        match what:
            case "图片":
                media = (Media(Kind.IMAGE, f"media-{self._count}", f"http://img.test/{self._count}.jpg"),)
                return self.message(person, kind=Kind.IMAGE, media=media)
            case "语音":
                media = (Media(Kind.VOICE, f"voice-{self._count}", format="amr"),)
                return self.message(person, rest, kind=Kind.VOICE, media=media)
            case "位置":
                place = Place(30.66, 104.08, rest)
                return self.message(person, rest, kind=Kind.LOCATION, place=place)
            case "关注":
                return self.message(person, kind=Kind.EVENT, event="subscribe")
            case "扫码":
                return self.message(person, kind=Kind.EVENT, event="scan", event_key=rest, origin=rest)
            case "点菜单":
                return self.message(person, kind=Kind.EVENT, event="click", event_key=rest)
        raise ValueError(f"unknown gesture {text}")

    def wait(self, span: timedelta) -> None:
        """Let time pass and tick once at its end."""
        self.clock.at += span
        self.tick()

    def tick(self) -> int:
        state = self.service.state
        return self.service.engine.run(lambda connection: tick(connection, state, self.clock)).result(20)

    def pushes(self) -> list[tuple[str, str]]:
        """(person, text) of the outbox rows written since the last call."""
        with self.database.read() as connection:
            rows = connection.execute(
                select(OutboxRow.id, OutboxRow.person, OutboxRow.notice)
                .where(OutboxRow.id > self._read)  # type: ignore[arg-type,operator]
                .order_by(OutboxRow.id)  # type: ignore[arg-type]
            ).all()
        if rows:
            self._read = rows[-1].id
        return [(row.person, str(row.notice["text"])) for row in rows]

    def row(self, statement: Any) -> Mapping[str, Any]:
        with self.database.read() as connection:
            return dict(connection.execute(statement).one()._mapping)


def shown(turn: Turn) -> str:
    """The turn as a phone shows it."""
    lines = [f"{number} {choice.label}" for number, choice in enumerate(turn.choices, start=1)]
    return "\n\n".join(turn.texts) + ("\n" + "\n".join(lines) if lines else "")


def at(text: str) -> datetime:
    """`at("2026-10-12 10:00")` in Chengdu, as UTC."""
    return datetime.fromisoformat(f"{text}+08:00").astimezone(UTC)
