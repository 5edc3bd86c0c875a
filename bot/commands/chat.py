"""`linli chat`: the simulator's phone in the terminal, pushes shown between the lines."""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import typer

from bot.commands.base import config_or_refuse, refuse, settings_or_refuse
from bot.commands.sim import HOST, listen_or_refuse, sim_server

try:
    import readline
except ImportError:  # Windows: lines are typed without it
    readline = None  # type: ignore[assignment]

HELP = """直接打字就是说话。还可以：
  /语音 要说的话      按语音发出
  /图片 [名字或文件]  不写就发「楼道灯不亮」；也可写 天花板漏水、楼道堆物、占用消防通道，或照片文件
  /位置 [地点]        不写就列出可用的地点
  /扫码 场景          扫带场景的二维码，例如 /扫码 3栋门口
  /菜单 [名字]        点公众号菜单，不写就列出
  /关注  /取消关注
  /退出"""
LINGER_S = 1.5  # after the last line of a pipe: time for a push to arrive


class Terminal:
    """Writes whole lines, and puts back the prompt and what was being typed when something arrives meanwhile."""

    def __init__(self) -> None:
        self.live = sys.stdin.isatty() and sys.stdout.isatty()
        self.prompt = ""
        self._typing = False

    def read(self, prompt: str) -> str | None:
        """One line; None at the end of the input."""
        self.prompt, self._typing = prompt, True
        try:
            return input(prompt if self.live else "")
        except EOFError:
            return None
        finally:
            self._typing = False

    def write(self, text: str) -> None:
        if self.live and self._typing:
            typed = readline.get_line_buffer() if readline else ""
            sys.stdout.write(f"\r\033[K{text}\n{self.prompt}{typed}")
        else:
            sys.stdout.write(text + "\n")
        sys.stdout.flush()


class Phone:
    """One person's phone on one account, worked by lines; `write` gets every line to show."""

    def __init__(self, client: httpx2.Client, user: str, account: str, write: Callable[[str], None]) -> None:
        self.client = client
        self.write = write
        state = self.state()
        found = next(
            (one for one in state["users"] if user in (one["id"], one["name"], one["platform_id"])), None
        )
        if found is None:
            names = "、".join(f"{one['id']}（{one['name']}）" for one in state["users"])
            refuse(f"没有叫「{user}」的人。可选：{names}")
        self.user: dict[str, Any] = found
        kind = "企业微信" if found["role"] == "worker" else "公众号"
        mine = [
            one["code"] for one in state["accounts"] if one["kind"] == kind and account in ("", one["code"])
        ]
        if not mine:
            refuse(f"{found['name']}的手机上没有账号「{account or kind}」。")
        self.account: str = mine[0]

    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get("/sim/state").json()
        return found

    def act(self, line: str) -> bool:
        """Do what a line says; False when it says goodbye."""
        line = line.strip()
        if not line:
            return True
        if not line.startswith("/"):
            self._say({"type": "text", "content": line})
            return True
        command, _, rest = line[1:].partition(" ")
        rest = rest.strip()
        match command:
            case "退出" | "quit" | "exit":
                return False
            case "语音":
                self._say({"type": "voice", "content": rest})
            case "图片":
                self._picture(rest)
            case "位置":
                self._place(rest)
            case "扫码":
                self._event({"event": "scan", "scene": rest})
            case "菜单":
                self._menu(rest)
            case "关注":
                self._event({"event": "subscribe"})
            case "取消关注":
                self._event({"event": "unsubscribe"})
            case _:
                self.write(HELP)
        return True

    def _say(self, given: dict[str, Any]) -> None:
        self._send("/sim/say", given)

    def _event(self, given: dict[str, Any]) -> None:
        self._send("/sim/event", given)

    def _send(self, path: str, given: dict[str, Any]) -> None:
        answer = self.client.post(path, json={"account": self.account, "user": self.user["id"], **given})
        told = answer.json()
        if "error" in told:
            self.write(f"（{told['error']}）")
        elif not told["delivered"]:
            self.write(f"（没有收到回答：{told['fault']}，投递了 {told['attempts']} 次）")
        elif told["reply"]:
            self.write(f"机器人 < {told['reply']}")
        elif path == "/sim/say":
            self.write("（已送到，机器人没有马上回话）")

    def _picture(self, name: str) -> None:
        photos: dict[str, str] = self.state()["photos"]
        if not name or name in photos:
            self._say({"type": "image", "content": name or next(iter(photos))})
        elif name in photos.values():
            self._say(
                {"type": "image", "content": next(key for key, label in photos.items() if label == name)}
            )
        elif Path(name).is_file():
            kept = self.client.post("/sim/media", content=Path(name).read_bytes()).json()
            if "error" in kept:
                self.write(f"（{kept['error']}）")
            else:
                self._say({"type": "image", "content": kept["media_id"]})
        else:
            self.write(f"（没有这张照片：{name}。可选：{'、'.join(photos.values())}，或写照片文件的路径）")

    def _place(self, name: str) -> None:
        places = [one["name"] for one in self.state()["places"]]
        if name in places:
            self._say({"type": "location", "content": name})
        else:
            self.write(f"（可选的地点：{'、'.join(places)}。例如 /位置 {places[0]}）")

    def _menu(self, name: str) -> None:
        shown = self.state()["menus"].get(self.account, [])
        buttons = [leaf for one in shown for leaf in (one.get("sub_button") or [one])]
        wanted = next((one for one in buttons if one["name"] == name), None)
        if wanted is None:
            self.write(f"（菜单：{'、'.join(one['name'] for one in buttons) or '没有'}）")
        elif wanted["type"] == "view":
            self._event({"event": "VIEW", "key": wanted["url"]})
            self.write(f"（打开网页 {wanted['url']}）")
        else:
            self._event({"event": "click", "key": wanted["key"], "name": name})

    def pushes(self) -> Iterator[str]:
        """Each push as it arrives, as a line; ends when the simulator does."""
        with self.client.stream("GET", "/sim/events", timeout=None) as stream:
            kind = ""
            for line in stream.iter_lines():
                if line.startswith("event: "):
                    kind = line[7:]
                elif line.startswith("data: ") and kind == "bubble":
                    bubble = json.loads(line[6:])
                    if bubble["user"] == self.user["id"] and bubble["via"] == "push":
                        yield _pushed(bubble)


def _pushed(bubble: dict[str, Any]) -> str:
    more = bubble["more"]
    rows = [f"  {name}：{value}" for name, value in more.get("rows", [])]
    extra = [f"  {more[name]}" for name in ("description", "url") if more.get(name)]
    return "\n".join([f"推送 < {bubble['text']}", *rows, *extra])


def chat(
    user: str = typer.Option("wang", help="谁的手机：wang（王婆婆）、zhangsan（网格员张三）……"),
    account: str = typer.Option("", help="账号编号；不写就用这个人手机上的第一个"),
    sim: str = typer.Option("http://127.0.0.1:8001", help="模拟器的地址；没有开着就自己开一个"),
    bot: str = typer.Option("http://127.0.0.1:8000", help="服务的地址（自己开模拟器时用）"),
) -> None:
    """在终端里和机器人说话（通过手机模拟器）。"""
    with _simulator(sim, bot), httpx2.Client(base_url=sim, trust_env=False, timeout=30) as client:
        terminal = Terminal()
        phone = Phone(client, user, account, terminal.write)
        threading.Thread(target=_listen, args=(phone, terminal.write), daemon=True).start()
        terminal.write(f"您是{phone.user['name']}，正在和「{phone.account}」说话。/帮助 看用法，/退出 结束。")
        try:
            while (line := terminal.read(f"{phone.user['name']} > ")) is not None:
                if not phone.act(line):
                    return
            time.sleep(LINGER_S)
        except KeyboardInterrupt:
            terminal.write("")
        except httpx2.TransportError:
            refuse("模拟器没有回答，请看看它是否还开着。")


def _listen(phone: Phone, write: Callable[[str], None]) -> None:
    try:
        for line in phone.pushes():
            write(line)
    except httpx2.HTTPError:
        return  # the simulator ended; the next line typed says so


@contextmanager
def _simulator(url: str, bot: str) -> Iterator[None]:
    """The one that runs at `url`, or one of our own on its port while we talk."""
    try:
        httpx2.get(f"{url}/healthz", trust_env=False, timeout=3).raise_for_status()
        yield
        return
    except httpx2.HTTPError:
        address = urlsplit(url)
    if address.hostname not in (HOST, "localhost"):
        refuse(f"模拟器 {url} 没有回答。请先启动它：linli sim")
    port = address.port or 80
    settings = settings_or_refuse()
    server = sim_server(config_or_refuse(settings), settings, bot, port)
    listener = listen_or_refuse(port)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        time.sleep(0.01)
    try:
        yield
    finally:
        server.stop()
        thread.join(5)
