"""`linli outbox`: what could not be delivered, another try, and the alarms that stand."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from sqlalchemy import Connection

from bot.clock import SystemClock
from bot.commands.base import config_or_refuse, database_or_refuse, open_desk, refuse, settings_or_refuse
from bot.config import office
from handlers.alarm_notices import line
from handlers.wording import moment
from models.desk import outbox as outbox_desk
from models.migrate import migrate

app = typer.Typer(help="推送的发件箱：看没送到的、重发；看告警、消告警", no_args_is_help=True)

_STATES = {
    "pending": "等待发送",
    "held": "等居民下次来话（平台要求他先说话）",
    "sending": "正在发送",
    "sent": "已送达平台",
    "dry_run": "演练（没有密钥，未发出）",
    "failed": "失败",
    "unknown": "不确定是否送到",
    "superseded": "已被更新的提醒代替",
}


@contextmanager
def _connection() -> Iterator[Connection]:
    database = database_or_refuse(settings_or_refuse())
    try:
        migrate(database)
        with database.write() as connection:
            yield connection
    finally:
        database.close()


@app.command("list")
def list_command() -> None:
    """告警，各状态的数量，和没有送到的通知。"""
    settings = settings_or_refuse()
    with open_desk(settings) as desk:
        words = office(config_or_refuse(settings), settings)
        alarms = [
            f"  {alarm.id}  {moment(alarm.raised_at, desk.now)}  {line(alarm, desk, words)}"
            for alarm in desk.open_alarms()
        ]
        connection = desk.session.connection()
        counts = outbox_desk.counts(connection)
        letters = outbox_desk.dead_letters(connection)
    if alarms:
        print("告警（处理好以后：linli outbox clear 编号）：")
        print("\n".join(alarms))
    for state, name in _STATES.items():
        if counts.get(state):
            print(f"{name}：{counts[state]}")
    if not counts:
        print("发件箱是空的。")
    for letter in letters:
        reason = letter["error"] or "（无说明）"
        relayed = "（已改走别的路）" if letter["relayed"] else ""
        print(f"  {letter['id']}  {letter['account']}  {letter['dedupe_key']}  {reason}{relayed}")
    if letters:
        print("改好原因后重发：linli outbox resend 编号；全部重发：linli outbox resend --all")


@app.command("resend")
def resend_command(
    number: Annotated[int | None, typer.Argument(help="linli outbox list 里最前面的编号")] = None,
    everything: Annotated[bool, typer.Option("--all", help="没有送到的全部重发")] = False,
    account: Annotated[str, typer.Option(help="只重发这个渠道的（与 --all 一起用）")] = "",
) -> None:
    """重发没有送到的通知：一条，或全部。"""
    if (number is None) == (not everything):
        refuse("请写一个编号，或写 --all 全部重发。")
    with _connection() as connection:
        now = SystemClock().now()
        if number is None:
            done = outbox_desk.resend_all(connection, now, account)
        else:
            done = int(outbox_desk.resend(connection, number, now))
    if number is not None and not done:
        refuse(f"没有编号为 {number} 的未送达通知，先看 linli outbox list。")
    print(f"已放回发件箱 {done} 条，几秒内会再发。" if done else "没有要重发的。")


@app.command("clear")
def clear_command(number: Annotated[int, typer.Argument(help="linli outbox list 里告警的编号")]) -> None:
    """消掉一个已经处理好的告警。"""
    with open_desk() as desk:
        done = desk.clear_alarm(number, "linli")
    if not done:
        refuse(f"没有编号为 {number} 的告警，先看 linli outbox list。")
    print("告警已消。")
