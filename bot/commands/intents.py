"""`linli intents …`: what the bot makes of a sentence, how good it is, what a change would change."""

import json
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.commands.base import refuse
from bot.commands.rerouting import dry_run
from bot.commands.unmatched import dismiss, teach, unmatched
from bot.config import ConfigError, load_config
from bot.settings import SettingsError, read_settings
from nlp import evaluate
from nlp.slots import LOCAL
from nlp.spec import OUT_OF_SCOPE, NlpSpec
from nlp.understand import Explained, Understander
from nlp.understanding import Decision

app = typer.Typer(help="意图识别：试一句话、批量识别、测准确率，看没听懂的话、教机器人", no_args_is_help=True)
app.command("dry-run")(dry_run)
app.command()(unmatched)
app.command()(teach)
app.command()(dismiss)

ConfigFile = Annotated[
    Path | None, typer.Option("--config", help="配置文件；不写就用正在用的 config.yaml", show_default=False)
]
Now = Annotated[
    str, typer.Option("--now", help="当作现在的时间，例如 2026-10-12T10:00；不写就是此刻", show_default=False)
]
AsJson = Annotated[bool, typer.Option("--json", help="每句一行 JSON，给别的程序用")]


@app.command("try")
def try_(
    words: Annotated[list[str], typer.Argument(metavar="TEXT", help="要试的话")],
    config: ConfigFile = None,
    now: Now = "",
) -> None:
    """试一句话：认成什么、凭什么、还像哪些说法。"""
    understander = Understander(_spec(config))
    for text in words:
        print(_story(text, understander.explain(text, now=_moment(now)), understander.spec))


@app.command()
def parse(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="TEXT", help="要识别的话", show_default=False)
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="TSV（有 text 一列）或一行一句的文件", show_default=False)
    ] = None,
    config: ConfigFile = None,
    now: Now = "",
    as_json: AsJson = False,
) -> None:
    """批量识别：每句话的意图、把握和里面的地点、时间、人数。"""
    texts = list(words or []) + (evaluate.read_texts(_read(file)) if file is not None else [])
    if not texts:
        refuse("没有要识别的话：请写在命令后面，或用 --file 给一个文件")
    for row in evaluate.parse_lines(Understander(_spec(config)), texts, now=_moment(now)):
        print(json.dumps(row, ensure_ascii=False) if as_json else _line(row))


@app.command("eval")
def evaluate_(
    test: Annotated[Path, typer.Option("--test", help="要考的句子：TSV，列 text 和 intent（或 label）")],
    train: Annotated[
        Path | None,
        typer.Option(
            "--train", help="只用这个文件教出来的机器人来考，不用自带的词类和规则", show_default=False
        ),
    ] = None,
    config: ConfigFile = None,
    now: Now = "",
    as_json: AsJson = False,
) -> None:
    """测准确率：拿有答案的句子考机器人。"""
    try:
        lines = evaluate.read_lines(_read(test))
        if train is not None:
            figures = evaluate.evaluate_alone(evaluate.read_lines(_read(train)), lines)
        else:
            spec = _spec(config)
            begun = time.perf_counter()
            understander = Understander(spec)
            load_s = time.perf_counter() - begun
            figures = evaluate.evaluate(understander, lines, now=_moment(now), load_s=load_s)
    except evaluate.BadTable as problem:
        refuse(str(problem))
    print(json.dumps(figures, ensure_ascii=False) if as_json else _report(figures))


def _spec(config: Path | None) -> NlpSpec:
    try:
        return load_config(config or read_settings().config).nlp
    except (ConfigError, SettingsError) as problem:
        refuse(str(problem))


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError:
        refuse(f"打不开 {file}：请看看文件名对不对")
    except UnicodeDecodeError:
        refuse(f"{file} 不是 UTF-8 编码：请在表格软件里另存为 UTF-8")


def _moment(now: str) -> datetime:
    if not now:
        return datetime.now(LOCAL)
    try:
        moment = datetime.fromisoformat(now)
    except ValueError:
        refuse("--now 请写成 2026-10-12T10:00 这样")
    return moment if moment.tzinfo else moment.replace(tzinfo=LOCAL)


_DECISIONS = {Decision.SURE: "认定", Decision.ASK: "会反问", Decision.UNKNOWN: "没听懂"}
_SLOTS = {
    "building": "栋",
    "unit": "单元",
    "room": "房号",
    "floor": "楼层",
    "zone": "区",
    "estate": "小区",
    "place": "地点",
    "phone": "电话",
    "people": "人数",
    "amount_fen": "金额（分）",
    "date": "日期",
    "date_to": "到哪天",
    "time": "时间",
    "time_to": "到几点",
    "month": "月份",
    "ticket": "编号",
    "activity": "活动",
}


def _name(spec: NlpSpec, ident: str) -> str:
    intent = spec.intent(ident)
    return intent.name if intent is not None else "都不是"


def _slots(slots: Mapping[str, str]) -> str:
    return "，".join(f"{_SLOTS.get(name, name)} {value}" for name, value in slots.items()) or "没有"


def _story(text: str, explained: Explained, spec: NlpSpec) -> str:
    heard = explained.understanding
    named = (
        f"「{_name(spec, heard.intent)}」" if heard.intent and heard.decision is not Decision.UNKNOWN else ""
    )
    rows = [
        f"「{text}」",
        f"  结论：{_DECISIONS[heard.decision]}{named}，把握 {heard.score:.2f}（{explained.why}）",
        *(
            f"  第 {at} 件：「{part.text}」{_DECISIONS[part.heard.decision]}「{_name(spec, part.heard.intent)}」"
            f"（{part.heard.why}）"
            for at, part in enumerate(heard.wishes, start=1)
        ),
        f"  紧急：{'是，' + explained.danger.words if heard.emergency else '不是'}",
        f"  听到：{_slots(heard.slots)}",
        f"  分词：{' / '.join(explained.words)}",
        f"  词类：{'，'.join(f'{word}＝{name}' for word, name in explained.concepts) or '没有'}",
        f"  关键词：{'，'.join(f'{word}→{_name(spec, ident)}' for word, ident in explained.keywords) or '没有'}",
        "  打分：" + "，".join(f"{_name(spec, one.ident)} {one.score:.2f}" for one in explained.scores[:5]),
        "  最要紧的：" + "，".join(f"{what}（{weight:+.1f}）" for what, weight in explained.because),
        "  最像的说法："
        + "，".join(f"「{phrase}」→{_name(spec, ident)}" for phrase, ident, _ in explained.nearest),
    ]
    return "\n".join(rows) + "\n"


def _line(row: Mapping[str, Any]) -> str:
    decision = _DECISIONS[Decision(row["decision"])]
    alarm = "  ⚠ 紧急" if row["emergency"] else ""
    return f"{row['text']}\n  {decision} {row['intent']} {row['score']:.2f}{alarm}  {_slots(row['slots'])}"


def _report(figures: Mapping[str, Any]) -> str:
    rows = [
        f"句子 {figures['n']} 条",
        f"准确率 {figures['accuracy']:.1%}，各意图平均 F1 {figures['macro_f1']:.1%}",
        f"该办的事没听懂 {figures['false_reject']:.1%}，闲聊挡住 {figures['oos_recall']:.1%}",
        f"每句 {figures['us_per_message']:.0f} 微秒，学习用了 {figures['load_s']:.2f} 秒",
    ]
    if figures["confusions"]:
        rows.append("认错最多的：")
    for one in figures["confusions"][:10]:
        told = "没听懂" if one["got"] == OUT_OF_SCOPE else one["got"]
        rows.append(f"  {one['gold']} → {told}：{one['n']} 条，如「{one['texts'][0]}」")
    return "\n".join(rows)
