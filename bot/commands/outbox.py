"""`linli outbox`: what could not be delivered, and another try."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from sqlalchemy import Connection

from bot.clock import SystemClock
from bot.commands.base import refuse, settings_or_refuse
from models.database import Database
from models.desk import outbox as outbox_desk
from models.migrate import migrate

app = typer.Typer(help="推送的发件箱：看没送到的、重发", no_args_is_help=True)

_STATES = {
    "pending": "等待发送",
    "sending": "正在发送",
    "sent": "已送达平台",
    "dry_run": "演练（没有密钥，未发出）",
    "failed": "失败",
    "unknown": "不确定是否送到",
    "superseded": "已被更新的提醒代替",
}


@contextmanager
def _connection() -> Iterator[Connection]:
    database = Database(settings_or_refuse().database_url)
    try:
        migrate(database)
        with database.write() as connection:
            yield connection
    finally:
        database.close()


@app.command("list")
def list_command() -> None:
    """各状态的数量，和没有送到的通知。"""
    with _connection() as connection:
        counts = outbox_desk.counts(connection)
        letters = outbox_desk.dead_letters(connection)
    for state, name in _STATES.items():
        if counts.get(state):
            print(f"{name}：{counts[state]}")
    if not counts:
        print("发件箱是空的。")
    for letter in letters:
        print(
            f"  {letter['id']}  {letter['account']}  {letter['dedupe_key']}  {letter['error'] or '（无说明）'}"
        )
    if letters:
        print("改好原因后重发：linli outbox resend 编号")


@app.command("resend")
def resend_command(number: Annotated[int, typer.Argument(help="linli outbox list 里最前面的编号")]) -> None:
    """重发一条没有送到的通知。"""
    with _connection() as connection:
        done = outbox_desk.resend(connection, number, SystemClock().now())
    if not done:
        refuse(f"没有编号为 {number} 的未送达通知，先看 linli outbox list。")
    print("已放回发件箱，几秒内会再发。")
