"""`linli audit`: every rule that the database must keep, asked of it as it stands."""

import json
from typing import Annotated

import typer

from bot.clock import SystemClock
from bot.commands.base import database_or_refuse, refuse, settings_or_refuse
from models.audit import CHECKS, Result, examine
from models.migrate import HEAD, revision

NOT_ASKED = 2  # the exit code where the database could not be asked at all


def audit(
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON，给程序读")] = False,
) -> None:
    """核查数据库：报事、时限、账目、活动、推送是否都合规矩。只读，服务开着也能查；有不合的退出码是 1。"""
    settings = settings_or_refuse()
    database = database_or_refuse(settings, code=NOT_ASKED)
    try:
        found = revision(database)
        if found != HEAD:
            refuse(
                f"数据库的版本是 {found or '空库'}，程序要的是 {HEAD}：请先执行 linli migrate。", NOT_ASKED
            )
        now = SystemClock().now()
        with database.read() as connection:
            results = examine(connection, CHECKS, now)
    finally:
        database.close()
    broken = [result for result in results if result.count and not result.check.alarm]
    if as_json:
        print(json.dumps(_plain(results, now.isoformat()), ensure_ascii=False))
    else:
        _tell(results)
    if broken:
        raise SystemExit(1)


def _plain(results: list[Result], at: str) -> dict[str, object]:
    return {
        "ok": not any(result.count for result in results if not result.check.alarm),
        "at": at,
        "checks": [
            {
                "code": result.check.code,
                "about": result.check.about,
                "alarm": result.check.alarm,
                "count": result.count,
                "first": [{"where": one.where, "what": one.what} for one in result.first],
                "ms": result.ms,
            }
            for result in results
        ],
    }


def _tell(results: list[Result]) -> None:
    for result in results:
        if not result.count:
            continue
        sign = "提醒" if result.check.alarm else "不合"
        print(f"【{sign}】{result.check.code} {result.check.about}：{result.count} 处")
        for one in result.first:
            print(f"    {one.where}：{one.what}")
        if result.count > len(result.first):
            print(f"    ……还有 {result.count - len(result.first)} 处")
    broken = sum(1 for result in results if result.count and not result.check.alarm)
    if broken:
        print(
            f"核查了 {len(results)} 条规矩，{broken} 条不合。请先备份数据库，再把上面这些连同日志交给维护的人；不要手工改库。"
        )
    else:
        print(f"核查了 {len(results)} 条规矩，都合。")
