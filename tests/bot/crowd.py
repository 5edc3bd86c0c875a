"""Residents who write to real processes of linli as a platform would, and what must be true of the database afterwards."""

import hashlib
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

import httpx2
from sqlalchemy import select

from models.database import Database
from models.inbox import Inbox
from models.outbox import OutboxRow
from models.ticket import Ticket

ROOT = Path(__file__).parents[2]
TOKEN = "KillTestToken"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _environment(home: Path, database_url: str, more: Mapping[str, str]) -> dict[str, str]:
    return {
        **os.environ,
        "LINLI_HOME": str(home),
        "LINLI_CONFIG": str(ROOT / "config.yaml"),
        "LINLI_DATABASE_URL": database_url,
        "LINLI_ACCOUNT_MP_TOKEN": TOKEN,
        "LINLI_LOG_LEVEL": "ERROR",
        "PYTHONPATH": str(ROOT),
        **more,
    }


@contextmanager
def at_work(
    home: Path, database_url: str, *, program: Sequence[str], more: Mapping[str, str]
) -> Iterator["subprocess.Popen[bytes]"]:
    """A process of `linli work` that has begun."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-W", "ignore", *program, "work"],
        env=_environment(home, database_url, more),
        cwd=ROOT,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    try:
        assert any("后台已启动" in line.decode() for line in process.stdout), "it did not start"
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(90)
        process.stdout.close()


@contextmanager
def served(
    port: int,
    home: Path,
    database_url: str = "",
    *,
    program: Sequence[str] = ("-m", "bot"),
    arguments: Sequence[str] = (),
    more: Mapping[str, str] = MappingProxyType({}),
) -> Iterator["subprocess.Popen[bytes]"]:
    """A process of `linli serve` that is ready; on SQLite in `home` without a database of its own.

    `program` is what Python runs, `arguments` what the command is told besides, `more` what its environment holds.
    """
    environment = _environment(home, database_url, more)
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", *program, "serve", "--port", str(port), *arguments],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 240  # on a machine that is busy with much else
        while True:
            assert process.poll() is None, "the service did not start"
            try:
                if httpx2.get(f"http://127.0.0.1:{port}/readyz", timeout=2).status_code == 200:
                    break
            except httpx2.TransportError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            process.wait(90)


def post(
    client: httpx2.Client, port: int, person: str, number: str, words: str, timestamp: int | None = None
) -> str:
    """Deliver one signed message once; what the person reads, "" for silence.

    Raises:
        TransportError: nobody answered.
    """
    now, nonce = str(timestamp or int(time.time())), f"{random.getrandbits(48):x}"
    signature = hashlib.sha1("".join(sorted((TOKEN, now, nonce))).encode()).hexdigest()
    body = (
        f"<xml><ToUserName>gh</ToUserName><FromUserName>{person}</FromUserName><CreateTime>{now}</CreateTime>"
        f"<MsgType>text</MsgType><Content><![CDATA[{words}]]></Content><MsgId>{number}</MsgId></xml>"
    )
    answer = client.post(
        f"http://127.0.0.1:{port}/callback/mp",
        params={"signature": signature, "timestamp": now, "nonce": nonce},
        content=body.encode(),
    )
    if answer.status_code == 503:  # not acknowledged: the platform asks again
        raise httpx2.ReadError("not answered")
    assert answer.status_code == 200, answer.status_code
    found = re.search(r"<Content><!\[CDATA\[(.*?)\]\]>", answer.text, re.DOTALL)
    return found[1] if found else ""


class Resident(threading.Thread):
    """Files one ticket after another; repeats a message, as the platform does, until any of the ports answers."""

    def __init__(self, number: int, ports: Sequence[int], stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.person = f"resident-{number}"
        self.ports = ports
        self.stop = stop
        self.answers: list[tuple[str, str]] = []  # (message id, what was answered)
        self.slowest_s = 0.0
        self.count = 0

    def run(self) -> None:
        with httpx2.Client(timeout=5) as client:
            while not self.stop.is_set():
                self.say(client, f"{random.randint(1, 6)}栋1单元501厨房灯坏了，第{self.count}次")
                self.say(client, "1")

    def say(self, client: httpx2.Client, words: str) -> None:
        self.count += 1
        number = f"{self.person}-{self.count}"
        while True:
            started = time.monotonic()
            try:
                answer = post(client, random.choice(self.ports), self.person, number, words)
            except httpx2.TransportError:
                time.sleep(0.05)
                continue
            self.slowest_s = max(self.slowest_s, time.monotonic() - started)
            self.answers.append((f"msgid:{number}", answer))
            return


def check(database: Database, people: Sequence[Resident]) -> int:
    """Every answer is on disk, every promised ticket is there, none without its confirmation; how many there are."""
    with database.read() as connection:
        table = Ticket.__table__  # type: ignore[attr-defined]
        rows = connection.execute(select(table.c.number, table.c.reporter)).all()
        heard = {
            number: answer
            for number, answer in connection.execute(select(Inbox.message_id, Inbox.answer))  # type: ignore[call-overload]
        }
        keys = list(connection.execute(select(OutboxRow.dedupe_key)).scalars())  # type: ignore[call-overload]
    numbers = {row.number: row.reporter for row in rows}
    assert len(numbers) == len(rows), "a number given twice"
    promised: dict[str, str] = {}
    for person in people:
        for message_id, answer in person.answers:
            kept = heard[message_id]
            assert kept is not None, f"{message_id} was answered but is not on disk"
            if not answer:
                assert f"answer:mp:{message_id}" in keys, f"{message_id}: silence and no answer to come"
                continue
            assert kept["texts"][0].split() == answer.split(), message_id
            if found := re.search(r"编号 (\S+)。", answer):
                assert found[1] not in promised, "one number promised twice"
                promised[found[1]] = f"mp:{person.person}"
    assert promised.items() <= numbers.items(), "a promised ticket is missing"
    confirmed = [
        found[1]
        for answer in heard.values()
        if answer and answer["texts"] and (found := re.search(r"已登记，编号 (\S+)。", answer["texts"][0]))
    ]
    assert Counter(confirmed) == Counter(numbers.keys()), "a ticket without its confirmation, or two for one"
    assert len(keys) == len(set(keys))
    return len(promised)
