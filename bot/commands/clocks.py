"""`linli clocks`: how punctual each stage is, and running clocks put under the rules in force."""

import json
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Annotated

import typer

from bot.commands.base import open_desk, refuse
from bot.config.fields import said
from handlers import wording
from models.calendar import CHINA
from models.desk.clock_figures import StageFigures
from models.desk.clock_recalc import Recalculation
from models.desk.tickets import canonical_number

app = typer.Typer(help="时限：准时率、按现在的规定重算", no_args_is_help=True)
SHOWN = 40


@app.command("stats")
def stats_command(
    since: Annotated[str, typer.Option(help="从哪天起算的时限，例如 2026-10-01")] = "",
    until: Annotated[str, typer.Option(help="到哪天为止（含这一天）")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
) -> None:
    """五个环节各有多少准时、超时、还在走。"""
    first = _day(since) if since else None
    last = _day(until) + timedelta(days=1) if until else None
    with open_desk() as desk:
        figures = desk.stage_figures(first, last)
    if as_json:
        print(json.dumps([{**asdict(one), "share": one.share} for one in figures], ensure_ascii=False))
        return
    print("准时率 = 准时 ÷（准时 + 超时）；还没到期的、取消或并走的不算")
    for one in figures:
        print(_line(one))


def _line(one: StageFigures) -> str:
    share = "还没有" if one.share is None else f"{one.share:.1%}"
    parts = [f"准时 {one.in_time}", f"超时 {one.late}", f"还在走 {one.running}", f"中途停止 {one.given_up}"]
    if one.automatic:
        parts.append(f"自动受理 {one.automatic}")
    if one.extended:
        parts.append(f"延过期 {one.extended}")
    if one.open_question:
        parts.append(f"待节假日公布 {one.open_question}")
    return f"{wording.STAGES[one.stage]}  准时率 {share}（{'，'.join(parts)}）"


@app.command("recalc")
def recalc_command(
    ticket: Annotated[str, typer.Option(help="只算这一件报事；不写就是全部正在走的时限")] = "",
    apply: Annotated[bool, typer.Option("--apply", help="真的改；不写就只看会怎样")] = False,
    reason: Annotated[str, typer.Option(help="为什么要重算（--apply 时必填，会记下来）")] = "",
    by: Annotated[str, typer.Option(help="谁决定的（--apply 时必填，会记下来）")] = "",
) -> None:
    """把正在走的时限改按现在的规定算。改 config.yaml 本来只管以后的。"""
    if apply and not (reason.strip() and by.strip()):
        refuse("请写明是谁、为什么：linli clocks recalc --apply --by 王五 --reason 新增了值班时间")
    if len(reason) > 200 or len(by) > 128:
        refuse("原因最多 200 个字，姓名最多 128 个字。")
    number = canonical_number(ticket) if ticket else ""
    with open_desk() as desk:
        if number and desk.find_ticket(number) is None:
            refuse(f"没有编号为 {number} 的报事。")
        shown: list[Recalculation] = []
        count = late = 0
        for one in desk.recalculation(number=number):
            count, late = count + 1, late + one.late_now
            if len(shown) < SHOWN:
                shown.append(one)
        changed = desk.recalculate(actor=by.strip(), reason=reason.strip(), number=number) if apply else 0
    for one in shown:
        print(_change(one))
    if count > SHOWN:
        print(f"……共 {count} 个")
    if not count:
        print("正在走的时限都已经是现在的规定，没有要改的。")
    elif apply:
        print(f"已改 {changed} 个时限，其中 {late} 个因此算超时。")
    else:
        print(
            f"会改 {count} 个时限，其中 {late} 个会因此算超时（记下就不能撤）。"
            "确定要改，请加 --apply --by 谁 --reason 为什么"
        )


def _change(one: Recalculation) -> str:
    due = f"{_moment(one.old_due)} → {_moment(one.new_due)}"
    target = f"{said(one.old_target)} → {said(one.new_target)}"
    notes = ("，会算超时" if one.late_now else "") + ("，暂定（缺放假安排）" if one.provisional else "")
    return f"{one.number} {wording.STAGES[one.stage]}：期限 {due}，时限 {target}{notes}"


def _moment(at: datetime | None) -> str:
    return "暂停中" if at is None else f"{at.astimezone(CHINA):%Y-%m-%d %H:%M:%S}"


def _day(text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time(0), CHINA)
    except ValueError:
        refuse(f"「{text}」不是日期，请写成 2026-10-01 这样。")
