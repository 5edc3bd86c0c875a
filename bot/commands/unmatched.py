"""`linli intents unmatched|teach|dismiss`: what was not understood, and teaching it to the bot."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated

import typer

from bot.commands.base import config_or_refuse, open_desk, refuse, settings_or_refuse
from bot.config import Config, ConfigError, parse_config, phrase_mistakes
from bot.config.additions import NoPlace, quoted, with_chitchat, with_phrase
from bot.config.fields import said
from bot.settings import Settings
from models.desk import Desk
from nlp.compare import grouped
from nlp.spec import OUT_OF_SCOPE, IntentSpec
from nlp.understand import Understander

SHOWN = 3
_BLANKS = {"［号码］": "{电话}", "［编号］": "{编号}", "［姓名］": "{姓名}", "［姓］": "", "［房号］": ""}

Number = Annotated[int, typer.Argument(metavar="组号", help="`linli intents unmatched` 里那一组前面的号")]
Write = Annotated[bool, typer.Option("--write", help="写进 config.yaml（不写就只告诉您怎么改）")]


@dataclass(frozen=True, slots=True)
class _Group:
    """`number` is the id of the message that stands for the group: it stays while others come and go."""

    number: int
    texts: tuple[str, ...]
    ids: tuple[int, ...]
    guess: str


def unmatched(
    as_json: Annotated[bool, typer.Option("--json", help="每组一行 JSON，给别的程序用")] = False,
) -> None:
    """没听懂的话，像的放在一组；电话、姓名、房号已经遮住。"""
    settings = settings_or_refuse()
    config = config_or_refuse(settings)
    understander = Understander(config.nlp)
    with open_desk(settings) as desk:
        groups = _groups(desk, understander)
    if as_json:
        for one in groups:
            row = {"group": one.number, "n": len(one.ids), "guess": one.guess, "texts": list(one.texts)}
            print(json.dumps(row, ensure_ascii=False))
        return
    if not groups:
        print("没有没听懂的话。")
        return
    kept = said(config.rules.message_retention)
    print(f"没听懂的话 {sum(len(one.ids) for one in groups)} 句，{len(groups)} 组（留 {kept}）：")
    for one in groups:
        intent = config.nlp.intent(one.guess)
        like = f"有点像「{intent.name}」" if intent is not None else "哪个都不像"
        shown = "".join(f"「{text[:30]}」" for text in one.texts[:SHOWN])
        print(f"  {one.number:>5}  {len(one.ids)} 句，{like}：{shown}")
    print("\n是某个意图的话：linli intents teach 组号 意图 --write")
    print("不归我们办的：　linli intents dismiss 组号 --write")


def teach(
    number: Number,
    intent: Annotated[str, typer.Argument(metavar="意图", help="意图的编号或标识，例如 报事")],
    phrase: Annotated[
        str, typer.Option("--phrase", help="写成这句说法；不写就用组里最有代表的一句", show_default=False)
    ] = "",
    write: Write = False,
) -> None:
    """把一组没听懂的话归到一个意图：在它的「说法」里加一句。"""
    settings = settings_or_refuse()
    config = config_or_refuse(settings)
    chosen = _intent_or_refuse(config, intent)
    with open_desk(settings) as desk:
        group = _group_or_refuse(desk, config, number)
        line = phrase or _as_phrase(group.texts[0])
        if write:
            _write(settings, config, lambda: with_phrase(config, chosen.ident, line))
            desk.sort_unmatched(group.ids, chosen.ident)
            print(
                f"已在「{chosen.name}」的说法里加上「{line}」，几秒后生效；这一组 {len(group.ids)} 句已归好。"
            )
        else:
            print(
                f"请在 {settings.config} 的「意图 ▸ {chosen.name} ▸ 说法」里加一行：\n      - {quoted(line)}"
            )
            print("或在这条命令后面加 --write，让机器人来写。")


def dismiss(number: Number, write: Write = False) -> None:
    """把一组没听懂的话归为闲聊：不是我们办的事，以后不再猜。"""
    settings = settings_or_refuse()
    config = config_or_refuse(settings)
    with open_desk(settings) as desk:
        group = _group_or_refuse(desk, config, number)
        line = group.texts[0]
        if write:
            _write(settings, config, lambda: with_chitchat(config, line))
            desk.sort_unmatched(group.ids, OUT_OF_SCOPE)
            print(f"已在「词语 ▸ 闲聊」里加上「{line}」，几秒后生效；这一组 {len(group.ids)} 句已归好。")
        else:
            print(f"请在 {settings.config} 的「词语」里写：\n  闲聊: [{quoted(line)}]")
            print("或在这条命令后面加 --write，让机器人来写。")


def _groups(desk: Desk, understander: Understander) -> list[_Group]:
    kept = desk.unmatched()
    found = []
    for group in grouped(understander.reader, [one.text for one in kept]):
        rows = [kept[at] for at in group.members]
        guesses = [row.guess for row in rows if row.guess]
        guess = max(set(guesses), key=lambda one: (guesses.count(one), one)) if guesses else ""
        found.append(_Group(rows[0].id, group.texts, tuple(row.id for row in rows), guess))
    return found


def _group_or_refuse(desk: Desk, config: Config, number: int) -> _Group:
    groups = _groups(desk, Understander(config.nlp))
    found = next((one for one in groups if number == one.number or number in one.ids), None)
    if found is None:
        refuse(f"没有第 {number} 组：请先用 `linli intents unmatched` 看有哪些组")
    return found


def _intent_or_refuse(config: Config, name: str) -> IntentSpec:
    found = next((one for one in config.nlp.intents if name in (one.name, one.ident)), None)
    if found is None:
        known = "、".join(one.name for one in config.nlp.intents)
        refuse(f"没有「{name}」这个意图。现有：{known}")
    return found


def _as_phrase(text: str) -> str:
    """A masked message as a 说法: what was covered becomes a blank or goes away."""
    for cover, blank in _BLANKS.items():
        text = text.replace(cover, blank)
    return text


def _write(settings: Settings, config: Config, changed: Callable[[], bytes]) -> None:
    """Write the file when the bot would take it; else say why not and change nothing."""
    try:
        source = changed()
        new = parse_config(source, settings.config.name)
        if mistakes := phrase_mistakes(new, Understander(new.nlp)):
            raise ConfigError(mistakes)
    except NoPlace as problem:
        refuse(str(problem))
    except ConfigError as error:
        refuse(f"这样加了，机器人就不收这份配置了，所以没有写：\n{error}")
    if settings.config.read_bytes() != config.source:
        refuse(f"{settings.config} 刚刚被改过，请再来一次")
    half = settings.config.with_suffix(".half")
    half.write_bytes(source)
    half.replace(settings.config)
