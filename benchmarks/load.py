"""The load process: keep-alive connections that ask as fast as they are answered, and look at every answer.

Run as `python -m benchmarks.load …`, it prints one JSON object. The answers are kept and checked after the clock has
stopped, so that the client's own work is not measured as the server's.
"""

import argparse
import asyncio
import json
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from benchmarks.traffic import JUDGES, Asked, Checker, Crowd

_LENGTH = re.compile(rb"\r\n[Cc]ontent-[Ll]ength: *(\d+)")
ANSWER_WITHIN_S = 10.0
SHOWN = 5


@dataclass(slots=True)
class Tally:
    """What came back: (asked, status, body), the time of each answer in s, and what broke on the way."""

    answers: list[tuple[Asked, int, bytes]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


class Talker(asyncio.Protocol):
    """One connection, one request at a time; before `since` (s, monotonic) nothing is counted, after `until` it ends."""

    def __init__(
        self, requests: Iterator[tuple[bytes, Asked]], tally: Tally, since: float, until: float
    ) -> None:
        self._requests = requests
        self._tally = tally
        self._since = since
        self._until = until
        self._buffer = b""
        self._asked: Asked | None = None
        self._sent = 0.0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._ask()

    def _ask(self) -> None:
        if time.perf_counter() >= self._until:
            self._asked = None
            self._transport.close()
            return
        raw, self._asked = next(self._requests)
        self._sent = time.perf_counter()
        self._transport.write(raw)

    def data_received(self, data: bytes) -> None:
        self._buffer = buffer = self._buffer + data
        head = buffer.find(b"\r\n\r\n")
        if head < 0:
            return
        length = _LENGTH.search(buffer, 0, head)
        if length is None or not buffer.startswith(b"HTTP/1.1 "):
            self._tally.broken.append(f"no HTTP answer with a length: {buffer[:80]!r}")
            self._asked = None
            self._transport.close()
            return
        end = head + 4 + int(length[1])
        if len(buffer) < end:
            return
        now = time.perf_counter()
        if self._asked is not None:
            self._tally.answers.append((self._asked, int(buffer[9:12]), buffer[head + 4 : end]))
            if self._sent >= self._since:
                self._tally.times.append(now - self._sent)
        self._buffer = buffer[end:]
        self._ask()

    def connection_lost(self, problem: Exception | None) -> None:
        if self._asked is not None:
            self._tally.broken.append(f"the server closed the line: {problem!r}")
        if not self.done.done():
            self.done.set_result(None)


async def run(
    port: int, crowds: list[Crowd], judge: str, *, seconds: float, warm_s: float = 0.0, aes: bool = False
) -> dict[str, Any]:
    """One window: a connection for each crowd. Times in ms; `faults` counts answers that were not right."""
    loop = asyncio.get_running_loop()
    tally = Tally()
    since = time.perf_counter() + warm_s
    until = since + seconds
    talkers: list[Talker] = []
    for crowd in crowds:
        _, talker = await loop.create_connection(
            lambda crowd=crowd: Talker(crowd.requests(), tally, since, until), "127.0.0.1", port
        )
        talkers.append(talker)
    _, waiting = await asyncio.wait(
        [talker.done for talker in talkers], timeout=warm_s + seconds + ANSWER_WITHIN_S
    )
    took = time.perf_counter() - since
    return report(tally, judge, took, silent=len(waiting), aes=aes)


def report(tally: Tally, judge: str, took: float, *, silent: int = 0, aes: bool = False) -> dict[str, Any]:
    """The figures of a window, and at most `SHOWN` examples of what was wrong."""
    checker = Checker(JUDGES[judge], aes=aes)
    faults = [fault for answer in tally.answers if (fault := checker.fault(*answer))]
    faults += tally.broken + ["no answer within 10 s"] * silent
    times = sorted(tally.times)
    return {
        "messages": len(times),
        "all_messages": len(tally.answers),
        "per_second": len(times) / took,
        "p50_ms": _share(times, 0.50) * 1000,
        "p99_ms": _share(times, 0.99) * 1000,
        "max_ms": _share(times, 1.0) * 1000,
        "faults": len(faults),
        "examples": sorted(set(faults))[:SHOWN],
    }


def _share(times: list[float], part: float) -> float:
    return times[min(len(times) - 1, int(len(times) * part))] if times else 0.0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--name", default="0", help="tells the residents of two runs apart")
    parser.add_argument("--judge", choices=list(JUDGES), required=True)
    parser.add_argument("--connections", type=int, default=32)
    parser.add_argument("--residents", type=int, default=640)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--warm", type=float, default=0.5)
    parser.add_argument("--aes", action="store_true")
    given = parser.parse_args()
    each = max(1, given.residents // given.connections)
    crowds = [Crowd(f"{given.name}c{number:03}", each, aes=given.aes) for number in range(given.connections)]
    window = run(given.port, crowds, given.judge, seconds=given.seconds, warm_s=given.warm, aes=given.aes)
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        print(json.dumps(runner.run(window), ensure_ascii=False))


def _loop_factory() -> Any:
    if sys.platform == "win32":
        return None
    import uvloop  # noqa: PLC0415 - comes with uvicorn[standard], and not on Windows

    return uvloop.new_event_loop


if __name__ == "__main__":
    main()
