"""`linli …`: every command, with Chinese help."""

import importlib
import sys
from pathlib import Path
from typing import Any

import typer

import handlers
import models
import nlp


def _check_house() -> None:
    """The four packages must be those of one checkout: another `models` on the path would be imported silently."""
    here = Path(__file__).resolve().parent.parent
    for package in (handlers, models, nlp):
        found = Path(str(package.__file__)).resolve().parent.parent
        if found != here:
            print(
                f"「{package.__name__}」是从 {found} 来的，不是邻里自己的（{here}）。"
                "请在项目目录里用 .venv/bin/linli 启动，或清掉 PYTHONPATH。",
                file=sys.stderr,
            )
            raise SystemExit(1)


def main() -> None:
    """The entry of the script `linli`."""
    _check_house()
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    _app(name)(prog_name="linli")


# What each command is: `module:function`, `module:app` for a group of its own, or a group put together here.
_COMMANDS: dict[str, str | tuple[str, dict[str, str]]] = {
    "demo": "bot.commands.demo:demo",
    "serve": "bot.commands.serve:serve",
    "work": "bot.commands.serve:work",
    "sim": "bot.commands.sim:sim",
    "chat": "bot.commands.chat:chat",
    "migrate": "bot.commands.serve:migrate_command",
    "check": "bot.commands.check:check",
    "audit": "bot.commands.audit:audit",
    "doctor": "bot.commands.doctor:doctor",
    "intents": "bot.commands.intents:app",
    "activity": "bot.commands.activity:app",
    "clocks": "bot.commands.clocks:app",
    "outbox": "bot.commands.outbox:app",
    "import": (
        "导入文件：网格和户、住户和值守的人、账目、活动、节假日",
        {
            "places": "bot.commands.places:import_places_command",
            "people": "bot.commands.places:import_people_command",
            "ledger": "bot.commands.ledger:import_ledger_command",
            "activities": "bot.commands.activity:import_activities_command",
            "holidays": "bot.commands.holidays:import_holidays_command",
        },
    ),
    "export": (
        "导出成 csv、xlsx 或 json",
        {
            "tickets": "bot.commands.export:export_tickets_command",
            "places": "bot.commands.places:export_places_command",
            "people": "bot.commands.places:export_people_command",
            "codes": "bot.commands.places:export_codes_command",
            "ledger": "bot.commands.ledger:export_ledger_command",
            "activities": "bot.commands.activity:export_activities_command",
        },
    ),
}


def _app(name: str) -> typer.Typer:
    """The command line; of the commands only the one that is called is imported, so that each starts quickly."""
    app = typer.Typer(
        help="邻里：社区居民的聊天机器人服务",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.callback()(_nothing)  # without it an app with one command would swallow the command's name
    for command, target in _COMMANDS.items():
        if name in _COMMANDS and command != name:
            continue
        if isinstance(target, tuple):
            group = typer.Typer(help=target[0], no_args_is_help=True)
            for subcommand, inner in target[1].items():
                group.command(subcommand)(_load(inner))
            app.add_typer(group, name=command)
        elif target.endswith(":app"):
            app.add_typer(_load(target), name=command)
        else:
            app.command(command)(_load(target))
    return app


def _load(target: str) -> Any:
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def _nothing() -> None:
    """邻里：社区居民的聊天机器人服务"""


if __name__ == "__main__":
    main()
