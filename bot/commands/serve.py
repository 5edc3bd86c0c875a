"""`linli serve`, `linli work` and `linli migrate`: the service itself."""

import contextlib
import gc
import logging
import resource
import signal
import socket
import threading
from typing import Annotated

import typer
import uvicorn

from bot.app import create_app
from bot.bootstrap import Service
from bot.commands.base import database_or_refuse, refuse, settings_or_refuse
from bot.config import ConfigError
from bot.jobs import Jobs
from bot.log import set_up
from bot.settings import Settings, SettingsError
from models.migrate import HEAD, migrate, revision

log = logging.getLogger(__name__)

# How many new objects before the collector looks: a batch of 32 messages makes some thousands (7 % of the CPU).
GC_THRESHOLDS = (50_000, 20, 20)


def open_service(settings: Settings, *, work: bool = True) -> Service:
    """The service with a migrated database; whatever is wrong ends the command with a Chinese sentence."""
    database = database_or_refuse(settings)
    try:
        migrate(database)
        return Service(settings, database, work=work)
    except ConfigError as problem:
        refuse(f"{problem}\n请改好 {settings.config} 再启动；可先用「linli check」检查。")
    except (SettingsError, ValueError) as problem:
        refuse(str(problem))


def serve(
    host: Annotated[str, typer.Option(help="监听的地址；放在反向代理后面就用默认")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="监听的端口")] = 8000,
    no_work: Annotated[
        bool, typer.Option("--no-work", help="只接收和回答，不催办、不推送（另开 linli work）")
    ] = False,
) -> None:
    """启动服务：接收消息、回答、催办、推送。"""
    settings = settings_or_refuse()
    set_up(settings.log_level)
    door = _bind_or_refuse(host, port)
    service = open_service(settings, work=not no_work)
    print_dry_run(service)
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(service),
            host=host,
            port=port,
            log_level="warning",
            access_log=False,
            proxy_headers=False,  # the pages have it, see create_app
            server_header=False,
            timeout_graceful_shutdown=10,
        )
    )
    _open_many_files()
    # What was built at the start stays: no collection has to walk through the dictionaries again (5 % of the CPU).
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[door])


def _open_many_files() -> None:
    """As many connections as the system allows at all: hundreds that never say anything must not keep others out."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _bind_or_refuse(host: str, port: int) -> socket.socket:
    """The listening socket, taken before anything slow begins."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        door = socket.socket(family, kind, proto)
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(address)
    except OSError as problem:
        refuse(
            f"{host} 的端口 {port} 用不了（{problem.strerror}）：可能已经有一个在运行，换一个端口：linli serve --port 8010"
        )
    return door


def print_dry_run(service: Service) -> None:
    """Say which accounts have no secrets, so that nobody waits for pushes that never leave."""
    for channel in service.state.channels.values():
        account = channel.account
        if not account.token:
            print(f"账号「{account.code}」（{account.kind}）没有设置 TOKEN：收不了消息。")
        if not account.secret:
            print(f"账号「{account.code}」（{account.kind}）没有设置 SECRET：推送只记录、不发出（演练）。")


def work() -> None:
    """只做后台的事：按时提醒、推送（和 linli serve --no-work 搭配）。"""
    settings = settings_or_refuse()
    set_up(settings.log_level)
    service = open_service(settings)
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: done.set())
    service.start()
    jobs = Jobs(service.jobs())
    jobs.start()
    print("邻里后台已启动，按 Ctrl-C 结束。")
    done.wait()
    service.engine.wind_down()
    jobs.stop()
    service.stop()


def migrate_command() -> None:
    """把数据库升级到当前版本。"""
    settings = settings_or_refuse()
    database = database_or_refuse(settings)
    try:
        before = revision(database)
        changed = migrate(database)
    finally:
        database.close()
    print(f"数据库已从 {before or '空库'} 升级到 {HEAD}。" if changed else f"数据库已是最新版本 {HEAD}。")
