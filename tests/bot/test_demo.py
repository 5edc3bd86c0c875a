"""What a newcomer does first: `linli demo`, then a whole report through both phones, money, a sign-up, a live edit."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.bot.crowd import free_port

ROOT = Path(__file__).parents[2]


class Demo:
    """A running demonstration and its two phones."""

    def __init__(self, home: Path) -> None:
        self.port, self.sim_port = free_port(), free_port()
        self.config = home / "config.yaml"
        shutil.copy(ROOT / "config.yaml", self.config)
        ports = [f"--port={self.port}", f"--sim-port={self.sim_port}"]
        self.process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "bot", "demo", *ports],
            cwd=ROOT,
            env={**os.environ, "LINLI_HOME": str(home / "数据"), "LINLI_CONFIG": str(self.config)},
            stdout=subprocess.PIPE,
            text=True,
        )

    def ready(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if "Ctrl-C" in line and "config.yaml" in line:
                return
        raise AssertionError("the demonstration did not start")

    def _json(self, path: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.sim_port}{path}", data, {"content-type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def say(self, user: str, words: str, *, kind: str = "text") -> str:
        account = "work" if user in ("zhangsan", "lisi", "sunqi", "wangwu") else "mp"
        said = self._json("/sim/say", {"account": account, "user": user, "type": kind, "content": words})
        assert said["delivered"] and not said["fault"], said
        return str(said["reply"])

    def pushed(self, user: str, words: str) -> str:
        """Wait for a push that holds these words."""
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            for push in self._json(f"/sim/outbox?user={user}")["pushes"]:
                if words in push["text"]:
                    return str(push["text"])
            time.sleep(0.1)
        raise AssertionError(f"{user} was never told: {words}")

    def page(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
            return str(answer.read().decode())

    def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        _, _ = self.process.communicate(timeout=30)
        return self.process.returncode


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """Started as `make run` does; at the end Ctrl-C must end both services."""
    made = Demo(tmp_path)
    try:
        made.ready()
        yield made
        assert made.stop() == 0
        left = subprocess.run(["pgrep", "-f", f"serve --port {made.port}"], capture_output=True, check=False)
        assert left.stdout == b""
    finally:
        if made.process.poll() is None:
            made.process.kill()


@pytest.mark.slow
def test_a_newcomer_tries_everything(demo: Demo) -> None:
    a_report_goes_through_both_phones_to_the_rating(demo)
    money_and_activities_are_answered_with_pages(demo)
    an_edit_goes_live_and_a_broken_one_does_not(demo)
    every_rule_holds(demo)


def a_report_goes_through_both_phones_to_the_rating(demo: Demo) -> None:
    assert "请核对" in demo.say("wang", "3栋2单元楼道灯坏了")
    assert "照片：1 张" in demo.say("wang", "lamp", kind="image")
    found = re.search(r"\d{6}-W01-\d{4}", demo.say("wang", "1"))
    assert found is not None
    number = found.group()
    assert "1 张照片" in demo.pushed("zhangsan", f"【新报事】{number}")
    assert "已受理" in demo.say("zhangsan", f"受理 {number}")
    demo.pushed("wang", "已由 张三 受理")
    demo.say("zhangsan", f"到场 {number}")
    assert "已记到场" in demo.say("zhangsan", "fixed", kind="image")
    assert "已上报" in demo.say("zhangsan", f"上报 {number} 灯管坏了，需要更换")
    demo.say("zhangsan", f"办结 {number} 已更换灯管，照明恢复")
    assert "已办结" in demo.say("zhangsan", "fixed", kind="image")
    assert "已反馈" in demo.say("zhangsan", f"反馈 {number} 已当面告知")
    demo.pushed("wang", "已更换灯管")
    assert "谢谢您的评价" in demo.say("wang", "已解决 5星")


def money_and_activities_are_answered_with_pages(demo: Demo) -> None:
    answer = demo.say("chen", "微基金还剩好多钱")
    assert re.search(r"现有 [\d,]+\.\d\d 元", answer)
    link = re.search(r"http://127\.0\.0\.1:\d+(/r/funds/\S+)", answer)
    assert link is not None
    assert "元" in demo.page(link[1])
    assert "2 位" in demo.say("chen", "我和老伴报名重阳宴")
    assert "重阳宴" in demo.page("/r/activities")
    ready = json.loads(demo.page("/readyz"))
    assert (ready["status"], ready["problems"]) == ("ready", [])
    assert "linli_outbox" in demo.page("/metrics")


def an_edit_goes_live_and_a_broken_one_does_not(demo: Demo) -> None:
    shipped = demo.config.read_text(encoding="utf-8")
    demo.config.write_text(shipped.replace("028-8888-0000", "028-6666-6666"), encoding="utf-8")
    demo.pushed("wangwu", "配置已更新")
    assert "028-6666-6666" in demo.say("liu", "转人工")
    demo.config.write_text(shipped.replace("  值班电话:", "  值班电话："), encoding="utf-8")
    told = demo.pushed("wangwu", "配置没有生效")
    assert re.search(r"config\.yaml 第 \d+ 行", told)
    assert "028-6666-6666" in demo.say("liu", "转人工")
    demo.config.write_text(shipped, encoding="utf-8")


def every_rule_holds(demo: Demo) -> None:
    """`linli audit`, while everything runs."""
    environment = {
        **os.environ,
        "LINLI_HOME": str(demo.config.parent / "数据"),
        "LINLI_CONFIG": str(demo.config),
    }
    command = [sys.executable, "-W", "ignore", "-m", "bot", "audit"]
    asked = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert asked.returncode == 0 and "都合" in asked.stdout, asked.stdout + asked.stderr
