"""Signed messages against linli, an echo bot and a bare answer, round by round in one run; see README.md here."""

import argparse
import json
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

import psutil
from rich.console import Console
from rich.table import Table

from benchmarks import servers
from benchmarks.servers import ROOT, Broken, Running, System

ECHO = "echo bot"
GOALS = "goals: linli >= 0.6 x echo bot (wanted 1.0), p99 < 100 ms, RSS < 200 MB, ready < 3 s"


def measure(running: Running, given: argparse.Namespace, number: int) -> dict[str, Any]:
    """One window against one system.

    Raises:
        Broken: an answer was wrong.
    """
    before = running.cpu_s()
    command = [sys.executable, "-m", "benchmarks.load", "--port", str(running.port), "--name", f"r{number}"]
    command += ["--judge", running.system.judge, "--connections", str(given.connections)]
    command += ["--residents", str(given.residents), "--seconds", str(given.seconds)]
    command += ["--aes"] if given.aes else []
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    used = running.cpu_s() - before
    if done.returncode:
        raise Broken(f"the load process failed:\n{done.stderr[-2000:]}")
    window: dict[str, Any] = json.loads(done.stdout)
    if window["faults"] or not window["messages"]:
        raise Broken(
            f"{running.system.name}: {window['faults']} wrong of {window['all_messages']} answers\n"
            + "\n".join(window["examples"])
        )
    # The CPU of the whole process over all its messages, the warm-up's and the background's included.
    window["cpu_us"] = used / window["all_messages"] * 1e6
    window["rss_mb"] = running.rss_mb()
    running.settle()
    return window


def summary(
    name: str, starts: Sequence[float], rounds: Sequence[dict[str, Any]], echo: Sequence[float]
) -> Any:
    """Medians over the rounds; the ratio is the median of the ratios within each round."""
    middle = {
        key: median(window[key] for window in rounds) for key in ("per_second", "p50_ms", "p99_ms", "cpu_us")
    }
    return {
        "system": name,
        **middle,
        "rss_mb": max(window["rss_mb"] for window in rounds),
        "start_s": median(starts),
        "x_echo": median(window["per_second"] / other for window, other in zip(rounds, echo, strict=True)),
        "messages": sum(window["all_messages"] for window in rounds),
        "rounds": rounds,
    }


def run(given: argparse.Namespace, stack: ExitStack, say: Any) -> list[dict[str, Any]]:
    folder = Path(tempfile.mkdtemp(prefix="linli-bench-"))
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    systems = _systems(given, stack, folder)
    starts: dict[str, list[float]] = {system.name: [] for system in systems}
    running: list[Running] = []
    for system in systems:
        for turn in range(given.starts):
            one = Running(system, folder)
            starts[system.name].append(one.start_s)
            if turn < given.starts - 1:
                one.stop()
        stack.callback(one.stop)
        running.append(one)
    rounds: dict[str, list[dict[str, Any]]] = {system.name: [] for system in systems}
    for number in range(given.rounds):
        for one in running[number % len(running) :] + running[: number % len(running)]:
            window = measure(one, given, number)
            rounds[one.system.name].append(window)
            say(f"round {number + 1}: {one.system.name:18} {window['per_second']:8.0f} msg/s")
    echo = [window["per_second"] for window in rounds[ECHO]]
    return [summary(system.name, starts[system.name], rounds[system.name], echo) for system in systems]


def _systems(given: argparse.Namespace, stack: ExitStack, folder: Path) -> list[System]:
    systems = [servers.linli("linli", folder / "sqlite"), servers.echo_bot()]
    if not given.aes:  # the bare answer cannot open an envelope
        systems.append(servers.bare())
    if given.postgres:
        address = stack.enter_context(servers.postgres(folder / "pg"))
        systems.insert(1, servers.linli("linli (PostgreSQL)", folder / "pghome", address))
    return systems


def show(results: Sequence[dict[str, Any]]) -> Table:
    table = Table("system", title=f"{date.today().isoformat()}  {_machine()}", caption=GOALS)  # noqa: DTZ011
    for name in ("msg/s", "x echo", "p50 ms", "p99 ms", "CPU us/msg", "RSS MB", "ready s"):
        table.add_column(name, justify="right")
    for one in results:
        table.add_row(
            one["system"],
            f"{one['per_second']:,.0f}",
            f"{one['x_echo']:.2f}",
            f"{one['p50_ms']:.1f}",
            f"{one['p99_ms']:.0f}",
            f"{one['cpu_us']:.0f}",
            f"{one['rss_mb']:.0f}",
            f"{one['start_s']:.2f}",
        )
    return table


def _machine() -> str:
    return f"{psutil.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of a window")
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--residents", type=int, default=640, help="people who write in each round")
    parser.add_argument(
        "--starts", type=int, default=3, help="how often each system is started for its start time"
    )
    parser.add_argument("--aes", action="store_true", help="safe mode: everything sealed")
    parser.add_argument("--postgres", action="store_true", help="linli on PostgreSQL as well")
    parser.add_argument("--json", type=Path, help="write every figure of every round to this file")
    given = parser.parse_args()
    try:
        with ExitStack() as stack:
            results = run(given, stack, lambda line: print(line, file=sys.stderr, flush=True))
    except Broken as problem:
        raise SystemExit(str(problem)) from None
    Console(width=100).print(show(results))
    if given.json is not None:
        given.json.write_text(json.dumps(results, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
