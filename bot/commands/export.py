"""`linli export tickets`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.base import open_desk
from bot.commands.tables import Cell, Format, write_table
from handlers import wording
from models.desk import Desk
from models.ticket import Ticket

HEADER = (
    "编号", "状态", "类别", "紧急", "地点", "情况", "网格", "负责人", "提交", "受理", "到场", "上报", "办结", "反馈",
    "处理结果", "解决", "星级", "催办", "重办",
)  # fmt: skip


def export_tickets_command(
    file: Annotated[Path, typer.Argument(help="写到哪个文件")],
    format: Annotated[Format, typer.Option(help="格式")] = Format.CSV,
) -> None:
    """导出报事（不含居民身份和电话）。"""
    with open_desk() as desk:
        count = write_table(file, HEADER, (_row(ticket, desk) for ticket in desk.all_tickets()), format)
    print(f"已导出 {count} 件报事到 {file}。")


def _row(ticket: Ticket, desk: Desk) -> list[Cell]:
    return [
        ticket.number,
        wording.STATES[ticket.state],
        ticket.category,
        "是" if ticket.emergency else "",
        wording.place(ticket),
        ticket.text,
        ticket.grid_code,
        desk.name_of(ticket.assignee) if ticket.assignee else "",
        *(
            _time(at)
            for at in (
                ticket.submitted_at,
                ticket.accepted_at,
                ticket.arrived_at,
                ticket.reported_at,
                ticket.closed_at,
                ticket.fed_back_at,
            )
        ),
        ticket.resolution,
        {True: "是", False: "否", None: ""}[ticket.solved],
        ticket.stars,
        ticket.urges,
        ticket.reopens,
    ]


def _time(at: datetime | None) -> str:
    return f"{at.astimezone(wording.CHENGDU):%Y-%m-%d %H:%M:%S}" if at else ""
