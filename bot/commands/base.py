"""What commands share: the settings, the database, and a desk whose facts reach the people concerned."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.bootstrap import community_id
from bot.clock import SystemClock
from bot.config import Config, ConfigError, load_config, office
from bot.notices import outbox_rows
from bot.settings import Settings, SettingsError, read_settings
from handlers.notices import compose
from models.database import Database, session_on
from models.desk import Desk
from models.desk import outbox as outbox_desk
from models.migrate import migrate


def refuse(message: str, code: int = 1) -> NoReturn:
    """End with a Chinese sentence on stderr."""
    print(message, file=sys.stderr)
    raise SystemExit(code)


def settings_or_refuse() -> Settings:
    try:
        settings = read_settings()
        settings.prepare_home()
    except SettingsError as problem:
        refuse(str(problem))
    return settings


def config_or_refuse(settings: Settings) -> Config:
    try:
        return load_config(settings.config)
    except ConfigError as problem:
        refuse(str(problem))


def database_or_refuse(settings: Settings, code: int = 1) -> Database:
    """The database, which has answered once; its password is never shown."""
    database = Database(settings.database_url)
    try:
        database.ping()
    except SQLAlchemyError as problem:
        database.close()
        lines = str(getattr(problem, "orig", None) or problem).strip().splitlines()
        shown = make_url(settings.database_url).render_as_string(hide_password=True)
        refuse(
            f"数据库用不了：{shown}\n{lines[0] if lines else type(problem).__name__}\n"
            "请确认数据库已启动、LINLI_DATABASE_URL 写对了，再试一次。",
            code,
        )
    return database


@contextmanager
def open_desk(settings: Settings | None = None) -> Iterator[Desk]:
    """A desk in a transaction of its own on the service's database, committed at the end; notices go out with it."""
    settings = settings or settings_or_refuse()
    config = config_or_refuse(settings)
    database = database_or_refuse(settings)
    try:
        migrate(database)
        with database.write() as connection:
            session = session_on(connection)
            now = SystemClock().now()
            number = community_id(session, config)
            desk = Desk(session, community_id=number, now=now, rules=config.rules)
            yield desk
            session.flush()
            rows = outbox_rows(compose(desk.facts, desk, office(config, settings)), number, now)
            outbox_desk.enqueue(connection, rows, now)
    finally:
        database.close()
