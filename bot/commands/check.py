"""`linli check`: is the configuration right, and what does it hold."""

import time
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.base import refuse
from bot.config import Config, ConfigError, hints, load_config, phrase_mistakes
from bot.config.fields import said
from bot.config.sections import STAGES
from bot.settings import SettingsError, read_settings
from nlp.understand import Understander


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
    found = hints(config, understander)
    if found:
        print("\n提醒（不改也能用）：")
        print("\n".join(f"· {hint}" for hint in found))


def summary(config: Config) -> str:
    """What the file holds, in a few lines."""
    intents, rules = config.nlp.intents, config.rules
    phrases = sum(len(intent.phrases) for intent in intents)
    words = sum(1 + len(others) for others in config.nlp.synonyms.values())
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
