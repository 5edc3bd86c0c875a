"""Late messages as files: the same one several times at once, and two processes with one folder."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from bot.spool import Spool
from handlers.message import Kind, Message

NOW = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)


def message(number: int = 1) -> Message:
    return Message(
        id=f"msgid:{number}",
        account="mp",
        channel="wechat_mp",
        person="mp:r",
        chat="mp:r",
        kind=Kind.TEXT,
        sent_at=NOW,
        heard_at=NOW,
        text="你好",
        signed=("signature", "digest"),
    )


def test_one_message_delivered_several_times_at_once_is_kept_once(tmp_path: Path) -> None:
    spools, start = [Spool(tmp_path / "late") for _ in range(8)], threading.Barrier(8)

    def add(spool: Spool) -> None:
        start.wait(10)
        for _ in range(20):
            spool.add(message())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, spools))
    (kept,) = spools[0].replay()
    assert (kept.id, kept.late, kept.signed) == ("msgid:1", True, ("signature", "digest"))
    assert [path.suffix for path in (tmp_path / "late").iterdir()] == [".json"]


def test_what_another_process_answers_meanwhile_is_passed_over(tmp_path: Path) -> None:
    mine, other = Spool(tmp_path / "late"), Spool(tmp_path / "late")
    for number in range(3):
        mine.add(message(number))
    replay = mine.replay()
    first = next(replay)
    for number in range(3):
        other.remove(message(number))
    assert list(replay) == []
    assert mine.age(first) == float("inf")
