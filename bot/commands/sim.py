"""`linli sim`: the phone simulator for the accounts and workers of `config.yaml`."""

import asyncio
import socket

import typer

from bot.commands.base import config_or_refuse, refuse, settings_or_refuse
from bot.config import Config, ConfigError, accounts, load_config
from bot.settings import Settings, SettingsError
from bot.sim.accounts import PLAYED
from bot.sim.app import create_sim
from bot.sim.people import Person, demo_residents, worker
from bot.sim.server import SimServer
from bot.sim.world import World
from models.rules import Rules

HOST = "127.0.0.1"


def sim(
    port: int = typer.Option(8001, help="模拟器的端口"),
    bot: str = typer.Option("http://127.0.0.1:8000", help="服务的地址"),
) -> None:
    """启动手机模拟器：扮演微信和企业微信，用浏览器里的手机和机器人说话。"""
    settings = settings_or_refuse()
    config = config_or_refuse(settings)
    listener = listen_or_refuse(port)
    server = sim_server(config, settings, bot, port)
    print(f"手机模拟器已启动，请打开 http://{HOST}:{port}（服务地址 {bot}），按 Ctrl-C 结束。", flush=True)
    try:
        server.run(sockets=[listener])
    except KeyboardInterrupt:
        return


def sim_server(config: Config, settings: Settings, bot: str, port: int) -> SimServer:
    """The simulator of this configuration, ready to be run."""
    try:
        known = accounts(config, settings)
    except SettingsError as problem:
        refuse(str(problem))
    if not any(account.kind in PLAYED for account in known):
        refuse(f"{settings.config} 的「渠道」里没有{'或'.join(PLAYED)}账号，模拟器没有可以扮演的。")
    app = create_sim(
        known, bot, users=[*demo_residents(), *workers(config.rules)], title=config.community.name
    )
    watch = Watch(app.state.world, settings)
    return SimServer(app, host=HOST, port=port, watch=watch.look)


class Watch:
    """Tells the platform of workers and templates that an admin adds while everything runs."""

    def __init__(self, world: World, settings: Settings) -> None:
        self._world = world
        self._settings = settings
        self._seen = self._stamp()

    def _stamp(self) -> tuple[int, int]:
        try:
            found = self._settings.config.stat()
        except OSError:
            return (0, 0)
        return found.st_mtime_ns, found.st_size

    async def look(self) -> None:
        stamp = self._stamp()
        if stamp == self._seen:
            return
        self._seen = stamp
        try:
            config = await asyncio.to_thread(load_config, self._settings.config)
            known = accounts(config, self._settings)
        except (ConfigError, SettingsError):
            return  # the service tells the admin; the platform goes on with what it knows
        self._world.refresh(known, workers(config.rules))


def workers(rules: Rules) -> list[Person]:
    """Everybody of 人员 and whoever a grid names, in the order of their work: grids, leads, the community's desk."""
    duties: dict[str, list[str]] = {}
    for grid in rules.grids:
        duties.setdefault(grid.worker, []).append(f"{grid.code} {grid.name} · 负责")
    for grid in rules.grids:
        if grid.backup:
            duties.setdefault(grid.backup, []).append(f"{grid.code} 后备")
    for userid in dict.fromkeys(grid.lead for grid in rules.grids if grid.lead):
        duties.setdefault(userid, []).append("网格长")
    for userid in rules.community_desk:
        duties.setdefault(userid, []).append("社区值班")
    for person in rules.workers:
        duties.setdefault(person.userid, ["社区"])
    names = {person.userid: person.name for person in rules.workers}
    return [worker(userid, names.get(userid, ""), "，".join(duty)) for userid, duty in duties.items()]


def listen_or_refuse(port: int) -> socket.socket:
    """The port, taken before anything is printed."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except (OSError, OverflowError):
        listener.close()
        refuse(f"端口 {port} 用不了：可能已经开着一个模拟器。先结束它，或换一个：linli sim --port 8011")
    return listener
