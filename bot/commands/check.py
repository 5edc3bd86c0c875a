"""`linli check`: is the configuration right, and what does it hold."""

import time
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

from bot.commands.base import refuse
from bot.config import Config, ConfigError, hints, load_config, phrase_mistakes
from bot.config.fields import said
from bot.config.sections import STAGES
from bot.settings import Settings, SettingsError, read_settings
from models.database import Database
from models.desk.sayings import sorted_to_intents
from models.migrate import HEAD, revision
from nlp.proposals import proposals
from nlp.understand import Understander, expected

PAIRS = 4
MIXED_UP = 3  # phrases taken for another intent's before the pair is told
WEAK = 0.8  # share of an intent's phrases understood, below which it is told


def check(
    file: Annotated[
        Path | None, typer.Argument(help="要检查的文件；不写就检查正在用的 config.yaml", show_default=False)
    ] = None,
) -> None:
    """检查配置：写错的地方说出第几行、怎么改；写对了说有些什么。"""
    try:
        path = file or read_settings().config
    except SettingsError as problem:
        refuse(str(problem))
    started = time.perf_counter()
    try:
        config = load_config(path)
        read_s = time.perf_counter() - started
        understander = Understander(config.nlp)
        learnt_s = time.perf_counter() - started - read_s
        mistakes = phrase_mistakes(config, understander)
        if mistakes:
            raise ConfigError(mistakes)
    except ConfigError as error:
        print(error)
        refuse(f"\n{path} 有 {len(error.mistakes)} 处要改。改好再检查一次；正在运行的机器人继续用上一版。")
    print(f"{path} 没有问题。\n")
    print(summary(config))
    print(f"读取用了 {read_s:.2f} 秒，学习用了 {learnt_s:.2f} 秒。")
    print("\n" + outlook(config, understander))
    found = hints(config, understander)
    if found:
        print("\n提醒（不改也能用）：")
        print("\n".join(f"· {hint}" for hint in found))


def outlook(config: Config, understander: Understander) -> str:
    """How well new messages will be understood, what is mixed up, and which words the lexicon lacks."""
    held_out = expected(understander)
    rows = [f"预计准确率：{held_out.accuracy:.1%}（说法互相考出来的，闲聊也算在内）"]

    def named(ident: str) -> str:
        intent = config.nlp.intent(ident)
        return intent.name if intent is not None else "闲聊"

    mixed = [one for one in held_out.confused if one[2] >= MIXED_UP][:PAIRS]
    if mixed:
        rows.append("容易混的：" + "，".join(f"{named(a)}认成{named(b)} {n} 句" for a, b, n in mixed))
    weak = sorted((share, ident) for ident, share in held_out.by_intent.items() if share < WEAK)
    if weak:
        rows.append("最弱的：" + "，".join(f"{named(ident)} {share:.0%}" for share, ident in weak[:PAIRS]))
    words = proposals(understander, _sorted_before())
    if words:
        rows.append("词类里还没有、可以写进关键词或词类的词：")
        rows += [
            f"  「{one.word}」→ {named(one.ident)}（{one.said} 句"
            + (f"，常和「{one.near}」类的词在一起" if one.near else "")
            + f"，如「{one.example[:20]}」）"
            for one in words
        ]
    return "\n".join(rows)


def _sorted_before() -> list[tuple[str, str]]:
    """What residents said, was not understood and has been sorted since; nothing where there is no database yet."""
    try:
        settings = read_settings()
        database = Database(settings.database_url) if _has_database(settings) else None
    except SettingsError:
        return []
    if database is None:
        return []
    try:
        if revision(database) != HEAD:
            return []
        with database.read() as connection:
            return sorted_to_intents(connection)
    except SQLAlchemyError:  # the configuration is what is checked here
        return []
    finally:
        database.close()


def _has_database(settings: Settings) -> bool:
    url = make_url(settings.database_url)
    return not url.drivername.startswith("sqlite") or bool(url.database and Path(url.database).is_file())


def summary(config: Config) -> str:
    """What the file holds, in a few lines."""
    intents, rules = config.nlp.intents, config.rules
    phrases = sum(len(intent.phrases) for intent in intents)
    words = sum(1 + len(others) for others in config.nlp.unified.values())
    buildings = sum(len(grid.buildings) for grid in rules.grids)
    limits = "、".join(f"{name} {said(getattr(rules.sla, field).limit)}" for name, field in STAGES.items())
    channels = "、".join(f"{channel.code}（{channel.kind}）" for channel in config.channels) or "没有"
    return "\n".join(
        (
            f"社区：{config.community.name}，值班电话 {config.community.phone}",
            f"渠道：{channels}",
            f"意图：{len(intents)} 个，说法 {phrases} 句；词语 {words} 个",
            f"网格：{len(rules.grids)} 个，{buildings} 栋楼",
            f"时限：{limits}",
            f"改过的文案：{len(config.wording)} 处",
        )
    )
