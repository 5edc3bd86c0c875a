"""`linli activity …`, `linli import activities`, `linli export activities`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.base import open_desk, refuse
from bot.commands.tables import Cell, Format, write_table
from handlers.activity_words import span, when
from models.activity import Activity, ActivityState, SignUp, SignUpState
from models.desk import Desk
from models.desk.activity_plan import SHANGHAI
from models.desk.activity_sheet import plan_from, read_activities
from models.errors import DomainError, ImportProblem

app = typer.Typer(help="活动：列出、新建、取消、看名单", no_args_is_help=True)

STATES = {
    ActivityState.DRAFT: "草稿",
    ActivityState.PUBLISHED: "未开始报名",
    ActivityState.OPEN: "报名中",
    ActivityState.CLOSED: "报名截止",
    ActivityState.RUNNING: "进行中",
    ActivityState.DONE: "已结束",
    ActivityState.SETTLED: "已结清",
    ActivityState.CANCELLED: "已取消",
}
SIGN_UP_STATES = {
    SignUpState.PENDING: "处理中",
    SignUpState.CONFIRMED: "已报名",
    SignUpState.WAITLISTED: "候补",
    SignUpState.OFFERED: "待确认",
    SignUpState.LAPSED: "候补过期",
    SignUpState.CANCELLED: "已取消",
    SignUpState.CHECKED_IN: "已签到",
    SignUpState.NO_SHOW: "未到",
}
HEADER = ("活动编号", "活动", "报名号", "姓名", "电话", "人数", "同行", "状态", "报名时间", "最近变动")


def import_activities_command(
    file: Annotated[
        Path, typer.Argument(help="CSV 或 XLSX，列：编号、名称、别名、时间、结束、地点、名额、报名截止……")
    ],
) -> None:
    """导入活动：编号已有的就更新；有一处错就一个也不导入。"""
    try:
        with open_desk() as desk:
            made, changed = desk.import_activities(read_activities(file))
    except ImportProblem as problem:
        refuse(f"没有导入，请改好后再试：\n{problem}")
    print(f"导入好了：新增 {made} 个活动，更新 {changed} 个。")


def export_activities_command(
    file: Annotated[Path, typer.Argument(help="写到哪个文件")],
    format: Annotated[Format, typer.Option(help="格式")] = Format.CSV,
    activity: Annotated[str, typer.Option(help="只导出这个编号的活动")] = "",
) -> None:
    """导出报名名单（只有居民自己留下的姓名和电话）。"""
    with open_desk() as desk:
        activities = [_activity_or_refuse(desk, activity)] if activity else desk.activities()
        rows = [_row(each, sign_up) for each in activities for sign_up in desk.sign_ups_in(each.code)]
        count = write_table(file, HEADER, rows, format)
    print(f"已导出 {count} 条报名到 {file}。")


@app.command("list")
def list_activities(
    all_: Annotated[bool, typer.Option("--all", help="连已结束和已取消的也列出")] = False,
) -> None:
    """列出活动和剩余名额。"""
    with open_desk() as desk:
        activities = desk.activities() if all_ else desk.upcoming_activities()
        lines = [_line(activity, desk) for activity in activities]
    print("\n".join(lines) or "还没有活动。用 linli activity create 新建，或 linli import activities 导入。")


@app.command("create")
def create_activity(
    code: Annotated[str, typer.Argument(help="编号，例如 CYY2026")],
    title: Annotated[str, typer.Argument(help="名称，例如 重阳宴")],
    time: Annotated[str, typer.Option("--time", help="开始时间，例如 「2026-10-18 10:00」")],
    place: Annotated[str, typer.Option("--place", help="地点")],
    seats: Annotated[int, typer.Option("--seats", help="名额（人数）")],
    end: Annotated[str, typer.Option("--end", help="结束时间；不写按两小时")] = "",
    open_: Annotated[str, typer.Option("--open", help="报名开始；不写即时开始")] = "",
    close: Annotated[str, typer.Option("--close", help="报名截止；不写到开始为止")] = "",
    max_: Annotated[int, typer.Option("--max", help="每人最多报几位；0 不限")] = 0,
    alias: Annotated[str, typer.Option("--alias", help="别名，用顿号分开")] = "",
    note: Annotated[str, typer.Option("--note", help="说明，例如带什么")] = "",
    waitlist: Annotated[bool, typer.Option("--waitlist/--no-waitlist", help="报满后能否候补")] = True,
) -> None:
    """新建一个活动。"""
    row: dict[str, str | int] = {
        "编号": code,
        "名称": title,
        "别名": alias,
        "时间": time,
        "结束": end,
        "地点": place,
        "名额": seats,
        "报名开始": open_,
        "报名截止": close,
        "每人最多": max_,
        "候补": "是" if waitlist else "否",
        "说明": note,
    }
    try:
        plan = plan_from(row)
        with open_desk() as desk:
            if desk.activity(code) is not None:
                refuse(f"编号 {code} 已经有了。要改它，请用 linli import activities；新活动请换一个编号。")
            activity = desk.create_activity(plan)
            print(f"建好了：{_line(activity, desk)}")
    except ImportProblem as problem:
        refuse("没有新建：\n" + "\n".join(f"「{column}」：{what}" for _, column, what in problem.mistakes))


@app.command("cancel")
def cancel_activity(
    code: Annotated[str, typer.Argument(help="活动编号")],
    reason: Annotated[str, typer.Option(help="原因，会告诉报了名的居民")] = "",
) -> None:
    """取消一个活动，通知所有报名和候补的居民。"""
    try:
        with open_desk() as desk:
            before = _activity_or_refuse(desk, code).state
            activity = desk.cancel_activity(code, reason)
            told = len({s.person for s in desk.sign_ups_in(code) if s.changed_at == desk.now})
    except DomainError:
        refuse(f"编号 {code} 的活动已经结束，不能再取消。")
    if before is ActivityState.CANCELLED:
        print(f"{activity.title}早已取消，没有再通知。")
    else:
        print(f"已取消{activity.title}，会通知 {told} 位报名或候补的居民。")


@app.command("signups")
def sign_ups(code: Annotated[str, typer.Argument(help="活动编号")]) -> None:
    """看一个活动的报名名单。"""
    with open_desk() as desk:
        activity = _activity_or_refuse(desk, code)
        print(_line(activity, desk))
        groups = [
            s for s in desk.sign_ups_in(code) if s.state not in (SignUpState.CANCELLED, SignUpState.LAPSED)
        ]
        for group in groups:
            who = " ".join(part for part in (group.name, group.phone) if part) or "（没留姓名）"
            with_whom = f"，同行：{group.companions}" if group.companions else ""
            print(
                f"  报名号 {group.sequence}　{SIGN_UP_STATES[group.state]}　{group.people} 位　{who}{with_whom}"
            )
        if not groups:
            print("  还没有人报名。")


def _activity_or_refuse(desk: Desk, code: str) -> Activity:
    found = desk.activity(code)
    if found is None:
        refuse(f"没有编号是「{code}」的活动。用 linli activity list --all 看看有哪些。")
    return found


def _line(activity: Activity, desk: Desk) -> str:
    waiting = desk.waiting_groups(activity)
    return (
        f"{activity.code}　{activity.title}　{span(activity)}　{activity.place}　"
        f"{STATES[activity.state]}　已报 {activity.taken}/{activity.capacity_people}"
        + (f"　候补 {waiting} 组" if waiting else "")
        + (f"　报名到{when(activity.closes_at)}" if activity.state is ActivityState.OPEN else "")
    )


def _row(activity: Activity, sign_up: SignUp) -> list[Cell]:
    return [
        activity.code,
        activity.title,
        sign_up.sequence,
        sign_up.name,
        sign_up.phone,
        sign_up.people,
        sign_up.companions,
        SIGN_UP_STATES[sign_up.state],
        _time(sign_up.signed_at),
        _time(sign_up.changed_at),
    ]


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
