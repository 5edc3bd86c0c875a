"""Deadlines by the ten thousand to the million: `python -m benchmarks.deadlines`, in one run beside APScheduler.

linli: tickets with one running clock each in a database, ticks through the real ticker (claim, judge, notices, outbox
rows, commit). APScheduler 3.11: the same deadlines as one stored job each (SQLAlchemyJobStore on SQLite), its own
`_process_jobs` with an executor that only takes the call. Each figure comes from a process of its own, because memory is
measured too. `--most` bounds linli, `--jobs` APScheduler (ten thousand jobs take half a minute to add).
"""

import argparse
import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from benchmarks.servers import NOWHERE, ROOT, postgres

SIZES = (10_000, 100_000, 1_000_000)
DUE = 2_000
ADDED = 500
IDLE_TICKS = 200
NOW = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)
FAR = timedelta(days=9)


def ring(number: int) -> None:
    """What a stored job would call."""


class StandingClock:
    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        return self.at


def memory_mb() -> float:
    """The most that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Wall seconds and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def linli(size: int, url: str, home: Path) -> dict[str, float]:
    """Fill a database, tick while nothing is due, then let `DUE` deadlines pass at once."""
    from bot.bootstrap import Service  # noqa: PLC0415 - what APScheduler's process need not carry
    from bot.settings import read_settings  # noqa: PLC0415
    from bot.ticker import LIMIT, tick  # noqa: PLC0415
    from models.database import Database  # noqa: PLC0415
    from models.migrate import migrate  # noqa: PLC0415

    config = home / "config.yaml"
    shutil.copyfile(ROOT / "config.yaml", config)
    settings = read_settings(home=home, config=config, database_url=url, weixin_api=NOWHERE, qyapi=NOWHERE)
    database = Database(settings.database_url)
    migrate(database)
    clock = StandingClock(NOW)
    service = Service(settings, database, clock=clock, work=False)
    fill(database, size)
    idle: list[float] = []
    idle_cpu: list[float] = []

    def one_tick() -> int:
        with database.write() as connection:
            return tick(connection, service.state, clock)

    for _ in range(IDLE_TICKS):
        clock.at += timedelta(seconds=1)
        wall, cpu = timed(one_tick)
        idle.append(wall * 1000)
        idle_cpu.append(cpu * 1000)
    assert one_tick() == 0
    added_s = add_some(database, service.state.rules, clock.at)
    clock.at = NOW + FAR
    fired = 0

    def fire() -> None:
        nonlocal fired
        while (due := one_tick()) >= LIMIT:
            fired += due
        fired += due

    wall, cpu = timed(fire)
    assert fired == DUE, fired
    memory = memory_mb()
    database.close()
    return {
        "add_us": added_s * 1e6,
        "idle_ms": statistics.median(idle),
        "idle_p99_ms": sorted(idle)[int(len(idle) * 0.99)],
        "idle_cpu_ms": statistics.median(idle_cpu),
        "fired_per_s": fired / wall,
        "fired_cpu_us": cpu / fired * 1e6,
        "memory_mb": memory,
    }


def add_some(database: Any, rules: Any, now: datetime) -> float:
    """Seconds for one clock more in a transaction that is open anyway (an accept is two of them)."""
    from sqlmodel import col, select  # noqa: PLC0415

    from models.database import session_on  # noqa: PLC0415
    from models.desk import Desk  # noqa: PLC0415
    from models.sla import SlaClock  # noqa: PLC0415
    from models.ticket import Stage, Step, Ticket  # noqa: PLC0415

    with database.write() as connection, connection.begin_nested() as undone:
        session = session_on(connection)
        desk = Desk(session, community_id=1, now=now, rules=rules)
        tickets = session.exec(select(Ticket).where(col(Ticket.id) <= ADDED)).all()
        for ticket in tickets:
            ticket.cycle = 2
            desk.begin_clocks(ticket)
        wall, _ = timed(lambda: [desk.turn_clocks(ticket, Step.ACCEPT) for ticket in tickets])
        started = session.exec(select(SlaClock.stage).where(SlaClock.cycle == 2)).all()
        assert started.count(Stage.CLOSE) == len(tickets)
        undone.rollback()
    return wall / len(started)


def fill(database: Any, size: int) -> None:
    """`size` tickets with an onsite clock each, `DUE` of which end at `NOW + FAR`, the others in the day after.

    The first is written by the service's own means, the others are copies that the database makes itself.
    """
    from models.database import session_on  # noqa: PLC0415
    from models.rules import SlaRules  # noqa: PLC0415
    from models.sla import ClockSegment, SlaClock, plan  # noqa: PLC0415
    from models.ticket import Stage, State, Ticket, Urgency  # noqa: PLC0415

    due = NOW + FAR
    rungs = [rung for rung in plan(SlaRules().onsite) if rung[0] >= 0]
    with database.write() as connection:
        session = session_on(connection)
        ticket = Ticket(
            id=1,
            community_id=1,
            number="261012-W01-1",
            state=State.DISPATCHED,
            urgency=Urgency.NORMAL,
            text="楼道灯坏了",
            building="1",
            reporter="mp:r",
            grid_code="W01",
            grid_path="1/W01",
            assignee="zhangsan",
            submitted_at=NOW,
            said_at=NOW,
        )
        session.add(ticket)
        session.flush()
        clock = SlaClock(
            id=1,
            community_id=1,
            ticket_id=1,
            cycle=1,
            stage=Stage.ONSITE,
            target_s=3600,
            started_at=NOW,
            due_at=due,
            late_after=due,
            rungs=rungs,
            next_rung_at=due,
        )
        session.add(clock)
        session.flush()
        session.add(ClockSegment(id=1, community_id=1, clock_id=1, run_from=NOW))
        session.flush()
        if database.is_sqlite:
            many = "WITH RECURSIVE many(n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM many WHERE n < :size)"
            later = f"datetime('{due + timedelta(days=1):%Y-%m-%d %H:%M:%S}', n % 86400 || ' seconds') || '.000000'"
        else:
            many = "WITH many AS (SELECT generate_series(2, :size) AS n)"
            later = f"TIMESTAMPTZ '{due + timedelta(days=1):%Y-%m-%d %H:%M:%S+00}' + (n % 86400) * INTERVAL '1 second'"
        moment = f"CASE WHEN n <= {DUE} THEN {{}} ELSE {later} END"
        copies: tuple[tuple[Any, dict[str, str]], ...] = (
            (Ticket, {"id": "n", "number": "'261012-W01-' || CAST(n AS TEXT)"}),
            (
                SlaClock,
                {
                    "id": "n",
                    "ticket_id": "n",
                    **{name: moment.format(name) for name in ("due_at", "late_after", "next_rung_at")},
                },
            ),
            (ClockSegment, {"id": "n", "clock_id": "n"}),
        )
        for kind, changed in copies:
            table = kind.__table__
            names = [column.name for column in table.c]
            values = ", ".join(changed.get(name, name) for name in names)
            connection.execute(
                text(
                    f"INSERT INTO {table.name} ({', '.join(names)}) {many}"
                    f" SELECT {values} FROM {table.name}, many WHERE {table.name}.id = 1"
                ),
                {"size": size},
            )
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for kind, _ in copies:
                name = kind.__table__.name
                connection.execute(text(f"SELECT setval('{name}_id_seq', :size)"), {"size": size})
            connection.execute(text("ANALYZE"))


def scheduler(size: int, url: str, home: Path) -> dict[str, float]:
    """The same with a stored job for each deadline."""
    from apscheduler.executors.base import BaseExecutor  # noqa: PLC0415
    from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore  # noqa: PLC0415
    from apscheduler.schedulers.background import BackgroundScheduler  # noqa: PLC0415

    ran = 0

    class Taker(BaseExecutor):  # type: ignore[misc]
        """Takes the call and calls it done: no thread pool is measured."""

        def _do_submit_job(self, job: Any, run_times: list[datetime]) -> None:
            nonlocal ran
            ran += len(run_times)
            self._run_job_success(job.id, [])

    store = SQLAlchemyJobStore(url=url)
    planner = BackgroundScheduler(
        jobstores={"default": store}, executors={"default": Taker()}, timezone="UTC"
    )
    planner.start(paused=True)
    begin = datetime.now(UTC) + timedelta(days=1)

    def add() -> None:
        for number in range(1, size + 1):
            when = begin if number <= DUE else begin + timedelta(days=1, seconds=number % 86400)
            planner.add_job(
                ring, "date", run_date=when, args=(number,), misfire_grace_time=None, id=str(number)
            )

    add_s, _ = timed(add)
    idle: list[float] = []
    idle_cpu: list[float] = []
    for _ in range(IDLE_TICKS):
        wall, cpu = timed(lambda: (store.get_due_jobs(datetime.now(UTC)), store.get_next_run_time()))
        idle.append(wall * 1000)
        idle_cpu.append(cpu * 1000)
    # Jobs cannot be told another time: the first ones are moved to a moment that has passed.
    past = datetime.now(UTC) - timedelta(seconds=1)
    for number in range(1, DUE + 1):
        job = store.lookup_job(str(number))
        job._modify(next_run_time=past)
        store.update_job(job)
    planner.state = 1  # running, but its own thread stays asleep: the calling thread does the work
    wall, cpu = timed(planner._process_jobs)
    planner.state = 2
    assert ran == DUE, ran
    memory = memory_mb()
    planner.shutdown(wait=False)
    return {
        "add_us": add_s / size * 1e6,
        "idle_ms": statistics.median(idle),
        "idle_p99_ms": sorted(idle)[int(len(idle) * 0.99)],
        "idle_cpu_ms": statistics.median(idle_cpu),
        "fired_per_s": ran / wall,
        "fired_cpu_us": cpu / ran * 1e6,
        "memory_mb": memory,
    }


SYSTEMS: dict[str, Callable[[int, str, Path], dict[str, float]]] = {"linli": linli, "APScheduler": scheduler}


def measured(system: str, size: int, url: str = "") -> dict[str, Any]:
    """One figure set, from a process and a folder of its own."""
    with tempfile.TemporaryDirectory(prefix="linli-deadlines-") as folder:
        target = url or f"sqlite:///{folder}/deadlines.db"
        command = [sys.executable, "-W", "ignore", "-m", "benchmarks.deadlines", "--one", system, str(size)]
        done = subprocess.run(
            [*command, target, folder], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True
        )
        figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return figures


@contextmanager
def fresh(server: str, name: str) -> Iterator[str]:
    """A database of its own on a server."""
    from sqlalchemy import create_engine, make_url  # noqa: PLC0415

    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with closing(admin.connect()) as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    try:
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
    finally:
        with closing(admin.connect()) as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
        admin.dispose()


HEAD = (
    "| system | running | add, µs each | idle tick, ms (median / p99 / CPU) | rungs fired a second | CPU µs a rung | RSS MB |\n"
    "|---|---|---|---|---|---|---|"
)


def line(name: str, size: int, figures: dict[str, float]) -> str:
    return (
        f"| {name} | {size:,} | {figures['add_us']:,.0f} | {figures['idle_ms']:.2f} / {figures['idle_p99_ms']:.2f} "
        f"/ {figures['idle_cpu_ms']:.2f} | {figures['fired_per_s']:,.0f} | {figures['fired_cpu_us']:,.0f} | {figures['memory_mb']:.0f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--most", type=int, default=SIZES[-1], help="largest number of clocks")
    parser.add_argument("--jobs", type=int, default=SIZES[0], help="largest number of APScheduler jobs")
    parser.add_argument("--postgres", action="store_true", help="linli on a PostgreSQL of its own as well")
    parser.add_argument("--one", nargs=4, metavar=("SYSTEM", "SIZE", "URL", "HOME"), help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        system, size, url, home = chosen.one
        print(json.dumps(SYSTEMS[system](int(size), url, Path(home))))
        return
    print(HEAD, flush=True)
    with ExitStack() as stack:
        server = ""
        if chosen.postgres:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="linli-pg-"))
            server = stack.enter_context(postgres(Path(folder)))
        for size in SIZES:
            if size <= chosen.jobs:
                print(line("APScheduler, a stored job each", size, measured("APScheduler", size)), flush=True)
            if size <= chosen.most:
                print(line("linli, SQLite", size, measured("linli", size)), flush=True)
            if size <= chosen.most and server:
                with fresh(server, f"clocks_{size}") as url:
                    print(line("linli, PostgreSQL", size, measured("linli", size, url)), flush=True)


if __name__ == "__main__":
    main()
