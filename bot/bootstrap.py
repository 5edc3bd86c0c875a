"""Puts the parts together: from the environment and the configuration to a service that runs."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection
from sqlmodel import Session, select

from bot.channel import Account, Channel
from bot.channels.wechat_mp import WechatMp
from bot.channels.wecom import Wecom
from bot.clock import Clock, SteadyClock, SystemClock
from bot.config import Config, ConfigError, accounts, office, phrase_mistakes
from bot.config.effects import LOOKED_AT, moved_text
from bot.engine import Engine
from bot.notices import outbox_rows
from bot.outbox import Outbox
from bot.reload import Reloader
from bot.settings import Settings
from bot.spool import Spool
from bot.ticker import Ticker
from handlers.context import Office
from handlers.message import Kind, Message, Notice
from models.community import Community
from models.database import Database, session_on
from models.desk import Desk, inbox
from models.desk import outbox as outbox_desk
from models.desk.places import split_building
from models.rules import Rules
from nlp.compare import rerouted
from nlp.spec import NlpSpec
from nlp.understand import Understander
from nlp.understanding import Decision, Understanding

log = logging.getLogger(__name__)

_SPOKEN = frozenset({Kind.TEXT, Kind.VOICE, Kind.LINK})
_NOTHING = Understanding(text="", decision=Decision.UNKNOWN)
REPLAY_AFTER = timedelta(seconds=30)
NAMES_EVERY = timedelta(seconds=15)
TOLD_ONCE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class State:
    """Everything that one version of the configuration decides."""

    config: Config
    office: Office
    rules: Rules
    community_id: int
    understander: Understander
    channels: Mapping[str, Channel]
    passive_accounts: frozenset[str]
    estates: tuple[str, ...]


def make_channel(account: Account, settings: Settings, clock: Clock) -> Channel | None:
    """The channel of an account; None for kinds that this version does not speak yet.

    `clock` is the machine's own: signatures and tokens are the platform's, which knows nothing of our steadiness.
    """
    match account.kind:
        case "公众号":
            return WechatMp(
                account, api_base=settings.weixin_api, now=clock.now, freshness_s=settings.replay_window
            )
        case "企业微信":
            return Wecom(account, api_base=settings.qyapi, now=clock.now)
        case _:
            return None


def community_id(session: Session, config: Config) -> int:
    """The id of the configuration's community; its row is made at the first call."""
    row = session.exec(select(Community).where(Community.code == config.community.code)).first()
    if row is None:
        row = Community(code=config.community.code, name=config.community.name)
        session.add(row)
    row.name = config.community.name
    session.flush()
    assert row.id is not None
    return row.id


class Service:
    """One process of linli: start it, hand it deliveries, stop it.

    `work` says whether this process also ticks and pushes (`serve --no-work` leaves that to `linli work`).
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        *,
        clock: Clock | None = None,
        work: bool = True,
        understander: Callable[[NlpSpec], Understander] = Understander,
    ) -> None:
        self.settings = settings
        self.database = database
        self.clock = clock or SteadyClock(SystemClock())
        self._machine_clock = clock or SystemClock()
        self.works = work
        self._understander = understander
        self.spool = Spool(Path(settings.home) / "late")
        self._channels: dict[str, Channel] = {}
        self._moved = ""
        self._live: State | None = None
        self._activities: tuple[str, ...] = ()
        self._estates: tuple[str, ...] = ()
        self._named_at = self.clock.now() - NAMES_EVERY
        self.reloader: Reloader[State] = Reloader(
            settings.config,
            self._build,
            trial=lambda config, state: phrase_mistakes(config, state.understander),
            adopt=self._adopt,
            on_good=self._config_good,
            on_bad=self._config_bad,
            history=Path(settings.home) / "config-history",
            clock=self.clock,
        )
        self.current = self.reloader.start()
        self.engine = Engine(database, lambda: self.current.value, self.clock, self.spool)
        self.outbox = Outbox(self.engine, lambda: self.current.value.channels, self.clock)
        self.ticker = Ticker(
            self.engine,
            lambda: self.current.value,
            self.clock,
            signatures_kept=timedelta(seconds=2 * settings.replay_window + 60),
        )

    @property
    def state(self) -> State:
        return self.current.value

    def _build(self, config: Config) -> State:
        """The new state beside the old one; channels whose account did not change keep their tokens."""
        found: dict[str, Channel] = {}
        for account in accounts(config, self.settings):
            channel = self._channels.get(account.code)
            if channel is None or channel.account != account:
                channel = make_channel(account, self.settings, self._machine_clock)
            if channel is None:
                log.warning("channel_not_spoken", extra={"account": account.code, "kind": account.kind})
                continue
            found[account.code] = channel
        understander = self._understander(config.nlp)
        with self.database.write() as connection:
            self.database.alone(connection)
            number = community_id(session_on(connection), config)
        names = (split_building(name)[0] for grid in config.rules.grids for name in grid.buildings)
        return State(
            config=config,
            office=office(config, self.settings),
            rules=config.rules,
            community_id=number,
            understander=understander,
            channels=found,
            passive_accounts=frozenset(code for code, one in found.items() if not one.capabilities.push),
            estates=tuple(dict.fromkeys(name for name in names if name)),
        )

    def _adopt(self, config: Config, state: State) -> None:
        """What a version that goes live changes outside memory: the places, and which channels are kept."""
        with self.database.write() as connection:
            self.database.alone(connection)
            session = session_on(connection)
            now = self.clock.now()
            desk = Desk(session, community_id=state.community_id, now=now, rules=config.rules)
            desk.sync_places()
            desk.sync_policies()
            session.flush()
        self._channels = dict(state.channels)
        self._moved = self._understood_anew(state)

    def _understood_anew(self, state: State) -> str:
        """A few stored messages that the version going live understands differently, for the admin who wrote it."""
        old, self._live = self._live, state
        if old is None or old.config.nlp == state.config.nlp:
            return ""
        with self.database.read() as connection:
            desk = Desk(
                session_on(connection),
                community_id=state.community_id,
                now=self.clock.now(),
                rules=state.rules,
            )
            texts = [text for text, _ in desk.stored_messages(LOOKED_AT)]
        moved = rerouted(old.understander, state.understander, texts, self.clock.now())
        return moved_text(moved, (old.config.nlp, state.config.nlp))

    def start(self) -> None:
        """Start the threads; messages that an earlier process only acknowledged are answered first."""
        self._go_on_from_the_last_moment()
        self.engine.start()
        self.name_activities()
        for message in self.spool.replay():
            self.engine.hear_late(message, self.understand(message))
        if self.works:
            self.engine.on_notices = self.outbox.wake
            self.outbox.start()
        if self.reloader.doubts:
            log.warning("config_doubts", extra={"mistakes": len(self.reloader.doubts)})
            self._tell_admins(
                f"配置可以用，但有说法认得不对，请改一改：\n{ConfigError(self.reloader.doubts)}"
            )

    def _go_on_from_the_last_moment(self) -> None:
        """A clock that was set back while we were down must not write moments before those that are written."""
        if isinstance(self.clock, SteadyClock):
            with self.database.read() as connection:
                last = inbox.last_moment(connection)
            if last is not None:
                self.clock.not_before(last)

    def stop(self) -> None:
        self.engine.wind_down()
        if self.works:
            self.outbox.stop()
        self.engine.stop()
        for channel in self.state.channels.values():
            channel.close()
        self.database.close()

    def jobs(self) -> list[Callable[[], object]]:
        """What the one ticking job calls, in order."""
        return [
            self.reloader.poll,
            self.name_activities,
            self.replay,
            *([self.ticker.tick] if self.works else []),
        ]

    def replay(self) -> None:
        """Late messages whose answer did not come about (the database was away) are heard again."""
        if not self.engine.keeps_up or self.engine.waiting:
            return  # those that wait already would only be queued once more each second
        before = (self.clock.now() - REPLAY_AFTER).timestamp()
        for message in self.spool.replay():
            if self.spool.age(message) < before:
                self.engine.hear_late(message, self.understand(message))

    def understand(self, message: Message) -> Understanding:
        """What the words mean; nothing for pictures, places and events.

        Words that break the understanding are words that were not understood: the message goes its way all the
        same (an open form may still take it), and the traceback is in the log.
        """
        if message.kind not in _SPOKEN or not message.text:
            return _NOTHING
        state = self.current.value
        try:
            return state.understander.understand(
                message.text[:1000],
                now=message.heard_at,
                activities=self.activities(),
                estates=self.estates(),
            )
        except Exception:
            log.exception("understanding_failed", extra={"account": message.account})
            return _NOTHING

    def activities(self) -> Sequence[str]:
        """The names of the activities that are open, at most some seconds old."""
        return self._activities

    def estates(self) -> Sequence[str]:
        """The names of the estates: those of the configuration at once, imported ones and aliases within seconds."""
        return tuple(dict.fromkeys((*self.current.value.estates, *self._estates)))

    def name_activities(self) -> None:
        """Read the names anew when they are old; never on the messages' road, which must not wait for a database.

        Raises:
            SQLAlchemyError: the database is away; the names stay as they are.
        """
        now = self.clock.now()
        if now - self._named_at < NAMES_EVERY:
            return
        self._named_at = now
        state = self.current.value
        with self.database.read() as connection:
            desk = Desk(session_on(connection), community_id=state.community_id, now=now, rules=state.rules)
            self._activities = tuple(activity.title for activity in desk.open_activities())
            self._estates = tuple(desk.estates())

    def _config_good(self, summary: str) -> None:
        self._tell_admins(f"配置已更新并生效：{summary}{self._moved}")
        self._moved = ""

    def _config_bad(self, error: ConfigError) -> None:
        self._tell_admins(f"配置没有生效，机器人继续用上一版：\n{error}")

    def _tell_admins(self, text: str) -> None:
        state = self.current.value
        if not state.office.worker_account:
            return
        now = self.clock.now()
        digest = sha256(text.encode()).hexdigest()[:16]
        minute = int(now.timestamp()) // 60

        def key(minute: int, userid: str) -> str:
            return f"config:{digest}:{minute}:{userid}"

        notices = [
            Notice(key(minute, userid), state.office.worker_key(userid), text[:600])
            for userid in state.office.admins
        ]
        before = [key(minute - 1, userid) for userid in state.office.admins]

        def enqueue(connection: Connection) -> None:
            # Every process sees the same edit within seconds; the admins hear of it once.
            if not outbox_desk.said_since(connection, before, now - TOLD_ONCE):
                outbox_desk.enqueue(connection, outbox_rows(notices, state.community_id, now), now)

        self.engine.run(enqueue)
