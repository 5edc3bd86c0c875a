"""`linli doctor`: looks at the installation and says in Chinese what is wrong, what will be, and what to do."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

import typer
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import select

from bot.clock import SystemClock
from bot.commands.base import settings_or_refuse
from bot.config import Config, ConfigError, load_config
from bot.settings import Settings
from models.calendar import CHINA
from models.community import Community
from models.database import Database, session_on
from models.desk import Desk
from models.holidays import ends_soon, known_until, shipped
from models.migrate import HEAD, revision


class Level(StrEnum):
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


_MARKS = {Level.GOOD: "好", Level.WARN: "提醒", Level.BAD: "有问题"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check saw; `remedy` says what to do where something is to be done."""

    level: Level
    what: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Patient:
    """What the checks look at. `config` is None when the file is wrong, `database` when it does not answer.

    Nothing is written: the database is neither migrated nor given a community.
    """

    settings: Settings
    now: datetime
    config: Config | None
    config_error: str
    database: Database | None
    database_error: str

    @contextmanager
    def desk(self) -> Iterator[Desk | None]:
        """A desk that only reads; None when there is no migrated database with this community, or no configuration."""
        if self.config is None or self.database is None or revision(self.database) != HEAD:
            yield None
            return
        with self.database.read() as connection:
            session = session_on(connection)
            row = session.exec(select(Community).where(Community.code == self.config.community.code)).first()
            if row is None or row.id is None:
                yield None
                return
            yield Desk(session, community_id=row.id, now=self.now, rules=self.config.rules)


Check = Callable[[Patient], Iterator[Finding]]


def check_config(patient: Patient) -> Iterator[Finding]:
    if patient.config is None:
        yield Finding(Level.BAD, patient.config_error, "改好以后用「linli check」再检查一次")
    else:
        yield Finding(Level.GOOD, f"{patient.settings.config} 没有写错的地方")


def check_database(patient: Patient) -> Iterator[Finding]:
    if patient.database is None:
        yield Finding(
            Level.BAD,
            f"数据库用不了：{patient.database_error}",
            "确认数据库已启动、LINLI_DATABASE_URL 写对了",
        )
        return
    found = revision(patient.database)
    if found == HEAD:
        yield Finding(Level.GOOD, f"数据库是最新版本 {HEAD}")
    else:
        yield Finding(
            Level.WARN, f"数据库是{'空的' if found is None else f'旧版本 {found}'}", "执行「linli migrate」"
        )


def check_holidays(patient: Patient) -> Iterator[Finding]:
    """C10: the end of the known holidays is seen 60 days ahead, and a year in use without them is never passed over."""
    today = patient.now.astimezone(CHINA).date()
    used = patient.config is not None and patient.config.rules.sla.uses_duty
    with patient.desk() as desk:
        until = known_until(shipped() if desk is None else desk.holidays(), today)
        waiting = [] if desk is None else desk.provisional_clocks()
    year = until.year + 1
    remedy = f"国务院公布 {year} 年的安排后，下载 holiday-cn 的 {year}.json，执行「linli import holidays {year}.json」"
    unused = "" if used else "（现在没有时限按值班时间算，暂时不影响）"
    if until < today:
        yield Finding(Level.BAD if used else Level.WARN, f"没有 {today.year} 年的放假安排{unused}", remedy)
    elif ends_soon(until, today):
        yield Finding(Level.WARN, f"放假安排只到 {until:%Y-%m-%d}{unused}", remedy)
    else:
        yield Finding(Level.GOOD, f"放假安排到 {until:%Y-%m-%d}")
    for missing, count in waiting:
        yield Finding(
            Level.BAD,
            f"{count} 个期限算到了 {missing} 年，但没有 {missing} 年的放假安排：先按平常的一周暂定",
            f"执行「linli import holidays {missing}.json」，会自动改准",
        )


# Each check on its own: one that finds the database gone keeps no other from speaking.
CHECKS: tuple[tuple[str, Check], ...] = (
    ("配置", check_config),
    ("数据库", check_database),
    ("节假日", check_holidays),
)


def examine(settings: Settings, now: datetime) -> list[tuple[str, Finding]]:
    """Everything that the checks find, in their order."""
    config, config_error = None, ""
    try:
        config = load_config(settings.config)
    except ConfigError as problem:
        config_error = str(problem)
    database: Database | None = Database(settings.database_url)
    database_error = ""
    assert database is not None
    opened = database
    try:
        database.ping()
    except SQLAlchemyError as problem:
        database, database_error = (
            None,
            (str(getattr(problem, "orig", None) or problem).splitlines() or [""])[0],
        )
    patient = Patient(settings, now, config, config_error, database, database_error)
    try:
        return [(name, finding) for name, check in CHECKS for finding in check(patient)]
    finally:
        opened.close()


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON，给监控程序看")] = False,
) -> None:
    """体检：配置、数据库、节假日安排有没有问题，该做什么。有问题时退出码是 1。"""
    found = examine(settings_or_refuse(), SystemClock().now())
    bad = any(finding.level is Level.BAD for _, finding in found)
    if as_json:
        rows = [
            {"check": name, "level": one.level, "what": one.what, "remedy": one.remedy} for name, one in found
        ]
        print(json.dumps({"ok": not bad, "findings": rows}, ensure_ascii=False))
    else:
        for name, one in found:
            print(f"[{_MARKS[one.level]}] {name}：{one.what}")
            if one.remedy:
                print(f"       → {one.remedy}")
    if bad:
        raise SystemExit(1)
