"""`linli demo`: service and phone simulator together, with a demonstration community to play with."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from typing import Annotated

import typer

from bot.commands.base import config_or_refuse, open_desk, refuse, settings_or_refuse
from bot.sim.demo_accounts import demo_environment
from models.desk import Desk
from models.desk.activity_demo import demo_activities
from models.ledger_demo import demo_ledgers

READY_WITHIN_S = 20


def demo(
    port: Annotated[int, typer.Option(help="服务的端口")] = 8000,
    sim_port: Annotated[int, typer.Option(help="手机模拟器的端口")] = 8001,
) -> None:
    """启动演示：服务、手机模拟器和一个示范社区。"""
    settings = settings_or_refuse()
    config = config_or_refuse(settings)
    for wanted in (port, sim_port):
        _free_or_refuse(wanted)
    sim_url, url = f"http://127.0.0.1:{sim_port}", f"http://127.0.0.1:{port}"
    with open_desk(settings) as desk:
        load_demo(desk)
    # What the operator has set himself wins; the addresses of the platforms are always the simulator's.
    environment = {
        **demo_environment([channel.code for channel in config.channels], sim_url),
        "LINLI_PUBLIC_URL": url,
        "LINLI_LOG_LEVEL": "WARNING",
        **os.environ,
        "LINLI_WEIXIN_API": sim_url,
        "LINLI_QYAPI": sim_url,
    }
    commands = (
        ["serve", "--port", str(port)],
        ["sim", "--port", str(sim_port), "--bot", url],
    )
    children = [
        subprocess.Popen([sys.executable, "-m", "bot", *command], env=environment, start_new_session=True)
        for command in commands
    ]
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a script started us with SIGINT ignored
        signal.signal(number, _interrupt)
    try:
        _wait_ready(children, (f"{url}/readyz", f"{sim_url}/sim/state"))
        print(_WELCOME.format(sim=sim_url, url=url, config=settings.config, home=settings.home), flush=True)
        while all(child.poll() is None for child in children):
            time.sleep(0.3)
        refuse("有一个部分自己停了，看看上面的提示。")
    except KeyboardInterrupt:
        print("\n正在结束……", flush=True)
    finally:
        _stop(children)
    print("已结束。数据还在，下次 make run 接着用。")


def load_demo(desk: Desk) -> None:
    """Activities and ledgers of the demonstration community, once."""
    if not desk.funds():
        demo_ledgers(desk)
    if not desk.open_activities():
        demo_activities(desk)


_WELCOME = """
邻里已启动。

  打开手机模拟器：{sim}
  账目公开页：    {url}/r/funds
  活动页：        {url}/r/activities

在左边的居民手机里试试：
  · 3栋2单元楼道灯坏了      （报事：核对后回复 1，再到右边的网格员手机里受理）
  · 微基金还剩好多钱        （查账）
  · 我和老伴报名重阳宴      （活动报名）
  · 屋里一股臭鸡蛋味        （紧急事项）

改 {config} 保存就生效；数据在 {home}/。按 Ctrl-C 结束。
"""


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _free_or_refuse(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            refuse(
                f"端口 {port} 已被占用：可能已经开着一个演示。"
                "先结束它，或换端口：.venv/bin/linli demo --port 8010 --sim-port 8011"
            )


def _wait_ready(children: Sequence["subprocess.Popen[bytes]"], urls: Sequence[str]) -> None:
    """Until every address answers; a child that ends instead has already said why."""
    deadline = time.monotonic() + READY_WITHIN_S
    for url in urls:
        while True:
            if any(child.poll() is not None for child in children):
                refuse("没有启动成功，原因见上面的提示。")
            try:
                with urllib.request.urlopen(url, timeout=2):
                    break
            except (urllib.error.URLError, OSError):
                if time.monotonic() > deadline:
                    refuse(f"{READY_WITHIN_S} 秒内没有准备好（{url}），请看上面的提示。")
                time.sleep(0.05)


def _stop(children: Sequence["subprocess.Popen[bytes]"]) -> None:
    for child in children:
        if child.poll() is None:
            child.send_signal(signal.SIGINT)
    for child in children:
        try:
            child.wait(timeout=12)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
