"""`linli intents dry-run`: which stored messages a changed configuration would understand differently."""

import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.base import config_or_refuse, open_desk, refuse, settings_or_refuse
from bot.config import ConfigError, load_config, phrase_mistakes
from bot.config.effects import told
from nlp.compare import Rerouted, rerouted
from nlp.masking import masked
from nlp.slots import LOCAL
from nlp.spec import NlpSpec
from nlp.understand import Understander

EXAMPLES = 5
TOLD_EVERY = 2000  # messages between two lines of progress


def dry_run(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="改过的配置文件，还没有换上")],
    most: Annotated[int, typer.Option("--most", help="最多看最近多少条来话")] = 20000,
    as_json: Annotated[bool, typer.Option("--json", help="一个 JSON，给别的程序用")] = False,
) -> None:
    """换上这份配置，以前的来话有哪些会认成别的？什么都不改。"""
    settings = settings_or_refuse()
    now_used = config_or_refuse(settings)
    try:
        candidate = load_config(file)
        new = Understander(candidate.nlp)
        if mistakes := phrase_mistakes(candidate, new):
            raise ConfigError(mistakes)
    except ConfigError as error:
        refuse(f"{error}\n\n{file} 有 {len(error.mistakes)} 处要改，改好再试。")
    with open_desk(settings) as desk:
        texts = [text for text, _ in desk.stored_messages(most)]
    distinct = len(dict.fromkeys(texts))

    def progress(done: int) -> None:
        if done % TOLD_EVERY == 0:
            print(f"看了 {done} / {distinct} 句…", file=sys.stderr)

    old = Understander(now_used.nlp)
    moved = rerouted(old, new, texts, datetime.now(LOCAL), progress)
    if as_json:
        print(json.dumps(_figures(distinct, moved), ensure_ascii=False))
    else:
        print(_report(distinct, moved, (now_used.nlp, candidate.nlp)))


def _pairs(moved: Sequence[Rerouted]) -> list[tuple[tuple[str, str], list[str]]]:
    pairs: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for one in moved:
        pairs[one.before, one.after].append(masked(one.text))
    return sorted(pairs.items(), key=lambda pair: (-len(pair[1]), pair[0]))


def _figures(seen: int, moved: Sequence[Rerouted]) -> dict[str, object]:
    return {
        "n": seen,
        "changed": len(moved),
        "pairs": [
            {"before": before, "after": after, "n": len(texts), "texts": texts[:EXAMPLES]}
            for (before, after), texts in _pairs(moved)
        ],
    }


def _report(seen: int, moved: Sequence[Rerouted], specs: tuple[NlpSpec, NlpSpec]) -> str:
    if not seen:
        return "库里还没有来话可以比。"
    if not moved:
        return f"看了 {seen} 句来话，换上以后认得都一样。"
    rows = [f"看了 {seen} 句来话，换上以后有 {len(moved)} 句认得不同："]
    for (before, after), texts in _pairs(moved):
        rows.append(f"  {told(before, specs)} → {told(after, specs)}：{len(texts)} 句")
        rows += [f"      「{text[:40]}」" for text in texts[:EXAMPLES]]
    return "\n".join(rows)
