"""`linli audit`: clean where a community has lived, and every check finds the row that somebody bent."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import Connection, text

from models.audit import CHECKS, Result, examine
from models.database import Database
from tests.conftest import empty
from tests.lived import live
from tests.talk import Talk, at

START = at("2026-10-12 10:00")
LATER = at("2026-10-12 11:00")


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def lived(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    folder = tmp_path_factory.mktemp("lived")
    if request.param == "sqlite":
        database = Database(f"sqlite:///{folder}/linli.db")
        database.create_all()
    else:
        database = request.getfixturevalue("postgres")
    talk = Talk(folder, at=START, database=database)
    live(talk)
    talk.service.engine.stop()
    talk.loop.close()
    database.close()
    yield database
    if database.is_sqlite:
        database.close()
    else:
        empty(database)


def asked(database: Database, code: str = "") -> list[Result]:
    checks = [check for check in CHECKS if check.code == code or not code]
    with database.read() as connection:
        return examine(connection, checks, LATER)


def test_a_community_that_lived_by_the_rules_is_clean(lived: Database) -> None:
    assert [(found.check.code, found.first) for found in asked(lived) if found.count] == []


def test_every_check_has_its_own_code() -> None:
    codes = [check.code for check in CHECKS]
    assert len(codes) == len(set(codes))
    assert codes == [code for code in dict.fromkeys(codes) if code], "and says what must be true"


@dataclass(frozen=True)
class Bent:
    """What somebody with the database's own rights did: `bare` tables have lost their keys and triggers before."""

    code: str
    statement: str
    bare: tuple[str, ...] = ()
    where: str = ""


def a(table: str, condition: str = "1 = 1") -> str:
    return f"(SELECT min(id) FROM {table} WHERE {condition})"


DONE = a("ticket", "state = 'dispatched'")
STOPPED = a("sla_clock", "stopped_at IS NOT NULL AND stopped_at <= due_at")
RUNNING = a("sla_clock", "stopped_at IS NULL")
SAID = a("outbox")
PENDING = a("outbox", "topic LIKE 'clock:%'")
BBH = "(SELECT id FROM activity WHERE code = 'BBH')"
COPY = "INSERT INTO {0} SELECT * FROM {0} WHERE id = (SELECT min(id) FROM {0})"
LEDGER = ("ledger_entry", "posting", "account_month")

BENT = [
    Bent("rows", "UPDATE ticket_event SET ticket_id = 999999 WHERE seq = 1", ("ticket_event",)),
    Bent(
        "community",
        "INSERT INTO community (id, code, name) VALUES (77, 'x', 'x')",
        where="UPDATE duty SET community_id = 77",
    ),
    Bent("G1", "UPDATE grid SET path = path || '/x' WHERE code = 'W01'"),
    Bent(
        "G1",
        f"UPDATE grid SET parent_id = {a('grid', chr(34) + 'code' + chr(34) + ' = ' + chr(39) + 'W01' + chr(39))} WHERE code = 'W01'",
    ),
    Bent(
        "G2",
        "INSERT INTO building_grid (id, community_id, building_id, grid_id, valid_from) SELECT 9999, community_id, building_id, grid_id, '2026-10-12 03:00:00' FROM building_grid WHERE id = (SELECT min(id) FROM building_grid)",
        ("building_grid",),
    ),
    Bent("G2.none", "UPDATE building_grid SET valid_to = '2026-10-12 03:00:00'"),
    Bent(
        "G4.doors",
        "INSERT INTO unit (id, community_id, building_id, no) SELECT 1, community_id, id, '1' FROM building WHERE id = (SELECT min(id) FROM building)",
        ("household",),
        "INSERT INTO household (id, community_id, unit_id, room) VALUES (1, 1, 1, '501'), (2, 1, 1, '501')",
    ),
    Bent(
        "G5",
        "INSERT INTO binding (id, person_id, household_id, is_representative) VALUES (1, 1, 1, TRUE), (2, 2, 1, TRUE)",
        ("binding",),
    ),
    Bent(
        "G5.bound",
        "INSERT INTO binding (id, person_id, household_id, is_representative) VALUES (1, 1, 1, FALSE), (2, 1, 1, FALSE)",
        ("binding",),
    ),
    Bent("G2.active", "UPDATE grid SET valid_to = '2026-10-12 03:00:00' WHERE code = 'W01'"),
    Bent("G3", "UPDATE duty SET valid_to = '2026-10-12 03:00:00' WHERE role = 'micro_worker' AND rank = 'A'"),
    Bent("G4", COPY.format("building"), ("building",)),
    Bent("duty.dates", "UPDATE duty SET valid_to = '2020-01-01 00:00:00'"),
    Bent("R1", f"UPDATE ticket SET state = 'onsite' WHERE id = {DONE}"),
    Bent("R1", f"UPDATE ticket SET cycle = 1 WHERE id = {DONE}"),
    Bent("R1", f"DELETE FROM ticket_event WHERE ticket_id = {DONE} AND seq = 2"),
    Bent("R1", "DELETE FROM ticket_event"),
    Bent("R2", "UPDATE ticket_event SET at = '2026-10-01 00:00:00' WHERE seq = 2"),
    Bent("R2.stages", "UPDATE ticket SET accepted_at = '2026-10-01 00:00:00' WHERE accepted_at IS NOT NULL"),
    Bent("R3", "UPDATE ticket_event SET step = 'feedback' WHERE seq = 2"),
    Bent("R4", f"UPDATE ticket SET assignee = '' WHERE id = {DONE}"),
    Bent("R4", f"UPDATE ticket SET assignee = 'nobody' WHERE id = {DONE}"),
    Bent("R6", f"UPDATE ticket SET state = 'merged' WHERE id = {DONE}"),
    Bent("R6", f"UPDATE ticket SET state = 'merged', primary_id = id WHERE id = {DONE}"),
    Bent("R7", COPY.format("ticket"), ("ticket",)),
    Bent("R7.counter", "UPDATE ticket_counter SET last = 0"),
    Bent("R9", f"UPDATE ticket SET state = 'lost' WHERE id = {DONE}"),
    Bent("R9.grids", f"UPDATE ticket SET grid_code = 'W99' WHERE id = {DONE}"),
    Bent("R9.grids", f"UPDATE ticket SET grid_path = '' WHERE id = {DONE}"),
    Bent("R10", "UPDATE ticket_event SET cycle = 2 WHERE seq = 2"),
    Bent(
        "R10",
        "UPDATE ticket_event SET cycle = 1 WHERE seq = (SELECT max(seq) FROM ticket_event)",
        where="UPDATE ticket_event SET cycle = 2 WHERE seq = (SELECT max(seq) - 1 FROM ticket_event)",
    ),
    Bent("C1", f"UPDATE sla_clock SET due_at = started_at WHERE id = {STOPPED}"),
    Bent("C1", f"UPDATE sla_clock SET stopped_at = '2026-10-01 00:00:00' WHERE id = {STOPPED}"),
    Bent("C5.clock", COPY.format("sla_clock"), ("sla_clock",)),
    Bent("C5.sent", COPY.format("outbox"), ("outbox",)),
    Bent("C5.rung", f"UPDATE sla_clock SET next_rung_at = started_at WHERE id = {RUNNING}"),
    Bent("C6", f"UPDATE sla_clock SET next_rung_at = due_at WHERE id = {STOPPED}"),
    Bent(
        "C6.pending",
        f"UPDATE outbox SET state = 'pending', topic = (SELECT 'clock:' || ticket_id || ':' || cycle || ':' || stage FROM sla_clock WHERE id = {STOPPED}) WHERE id = {PENDING}",
    ),
    Bent(
        "C6.done",
        "UPDATE sla_clock SET stopped_at = NULL WHERE ticket_id = " + a("ticket", "state = 'cancelled'"),
    ),
    Bent("C8", "UPDATE sla_clock SET breached_at = NULL WHERE breached_at IS NOT NULL"),
    Bent("C8", f"UPDATE sla_clock SET stopped_at = '2026-12-01 00:00:00' WHERE id = {STOPPED}"),
    Bent("C8.false", f"UPDATE sla_clock SET breached_at = due_at WHERE id = {STOPPED}"),
    Bent("R10.clocks", "UPDATE sla_clock SET stopped_at = NULL WHERE cycle = 1"),
    Bent("R5", COPY.format("inbox"), ("inbox",)),
    Bent("R5.answer", "UPDATE inbox SET answer = NULL WHERE id = " + a("inbox")),
    Bent("outbox.state", f"UPDATE outbox SET state = 'x' WHERE id = {SAID}"),
    Bent("outbox.lease", f"UPDATE outbox SET state = 'sending' WHERE id = {SAID}"),
    Bent(
        "outbox.stuck",
        f"UPDATE outbox SET state = 'sending', lease_until = '2026-10-01 00:00:00' WHERE id = {SAID}",
    ),
    Bent("outbox.done", f"UPDATE outbox SET state = 'sent', done_at = NULL WHERE id = {SAID}"),
    Bent("outbox.times", f"UPDATE outbox SET due_at = '2026-10-01 00:00:00' WHERE id = {SAID}"),
    Bent("outbox.dead", f"UPDATE outbox SET state = 'failed', done_at = created_at WHERE id = {SAID}"),
    Bent("E1", f"UPDATE activity SET capacity_people = 1 WHERE id = {BBH}"),
    Bent("E2", f"UPDATE activity SET taken = taken - 1 WHERE id = {BBH}"),
    Bent("E3", f"UPDATE activity SET household_max = 1 WHERE id = {BBH}"),
    Bent("E4", COPY.format("sign_up"), ("sign_up",)),
    Bent("E5", f"UPDATE activity SET capacity_people = 60 WHERE id = {BBH}"),
    Bent("E6", f"UPDATE sign_up SET sequence = 0 WHERE activity_id = {BBH} AND state = 'waitlisted'"),
    Bent("E6.sequence", f"UPDATE sign_up SET sequence = 1 WHERE activity_id = {BBH}"),
    Bent("E7", "UPDATE sign_up SET offer_expires_at = NULL WHERE state = 'offered'"),
    Bent("E10", f"UPDATE activity SET state = 'cancelled' WHERE id = {BBH}"),
    Bent("activity.tick", f"UPDATE activity SET next_at = '2026-10-12 02:00:00' WHERE id = {BBH}"),
    Bent("L1", "UPDATE posting SET amount_fen = amount_fen + 1 WHERE line = 1 AND seq = 2", LEDGER),
    Bent("L2", "UPDATE posting SET occurred_on = '2020-01-01' WHERE line = 1 AND seq = 2", LEDGER),
    Bent("L3", "UPDATE account_month SET amount_fen = amount_fen + 1", LEDGER),
    Bent("L4", "UPDATE ledger_entry SET memo = 'x' WHERE seq = 2", LEDGER),
    Bent(
        "L6",
        "UPDATE posting SET amount_fen = amount_fen * 2 WHERE seq = (SELECT max(seq) FROM ledger_entry WHERE reverses_id IS NOT NULL)",
        LEDGER,
    ),
    Bent("L7", "UPDATE posting SET amount_fen = amount_fen * 1000 WHERE seq = 3", LEDGER),
    Bent("L8", "UPDATE trust_agreement SET remuneration_rate = 100"),
    Bent(
        "L9",
        "UPDATE ledger_entry SET transfer_id = 'T2' WHERE transfer_id = 'T1' AND id = "
        + a("ledger_entry", "transfer_id = 'T1'"),
        LEDGER,
    ),
    Bent(
        "L9",
        "UPDATE posting SET amount_fen = amount_fen * 2 WHERE seq = (SELECT min(seq) FROM ledger_entry WHERE transfer_id = 'T1')",
        LEDGER,
    ),
    Bent(
        "L14",
        "UPDATE ledger_entry SET source_type = 'bank', source_id = 'line-9' WHERE seq IN (2, 3)",
        LEDGER,
    ),
    Bent("L14.voucher", "UPDATE ledger_entry SET voucher = 'V1' WHERE seq IN (2, 3)", LEDGER),
]


def disarm(connection: Connection) -> None:
    """No foreign keys, no triggers, until the transaction ends."""
    if connection.dialect.name != "sqlite":
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        return
    for name in (
        connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars().all()
    ):
        connection.execute(text(f"DROP TRIGGER {name}"))


def strip(connection: Connection, table: str) -> None:
    """The same rows in a table without keys, constraints and triggers."""
    cascade = "" if connection.dialect.name == "sqlite" else " CASCADE"
    for statement in (
        f"CREATE TABLE stripped AS SELECT * FROM {table}",
        f"DROP TABLE {table}{cascade}",
        f"ALTER TABLE stripped RENAME TO {table}",
    ):
        connection.execute(text(statement))


@pytest.mark.parametrize("bent", BENT, ids=[f"{bent.code}-{number}" for number, bent in enumerate(BENT)])
def test_every_bent_row_is_found(lived: Database, bent: Bent) -> None:
    (check,) = [check for check in CHECKS if check.code == bent.code]
    with lived.engine.connect() as connection:
        if lived.is_sqlite:
            connection.connection.dbapi_connection.execute("PRAGMA foreign_keys=OFF")  # type: ignore[union-attr]
        transaction = connection.begin()
        try:
            disarm(connection)
            for table in bent.bare:
                strip(connection, table)
            for statement in filter(None, (bent.statement, bent.where)):
                connection.execute(text(statement))
            (found,) = examine_inside(connection, check.code)
        finally:
            transaction.rollback()
            connection.invalidate()
    assert found.count >= 1, "the check did not see it"
    assert found.first and all(one.where and one.what for one in found.first)
    assert asked(lived, bent.code)[0].count == 0, "and it was not there before"


def examine_inside(connection: Connection, code: str) -> list[Result]:
    """As `examine`, in a transaction that has written already."""
    return examine(connection, [check for check in CHECKS if check.code == code], LATER, fresh=False)


def test_every_check_has_a_row_that_it_finds() -> None:
    """A damaged file is the power cuts' to show (tests/chaos)."""
    assert {check.code for check in CHECKS} - {bent.code for bent in BENT} == {"file"}


def test_a_damaged_file_is_found(tmp_path: Path) -> None:
    path = tmp_path / "linli.db"
    database = Database(f"sqlite:///{path}")
    database.create_all()
    with database.read() as connection:
        size = connection.execute(text("PRAGMA page_size")).scalar_one()
        page = connection.execute(
            text("SELECT rootpage FROM sqlite_master WHERE name = 'ix_ticket_reporter'")
        ).scalar_one()
    database.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(bytes(size))
    (found,) = asked(database, "file")
    assert found.count and "坏了" in found.first[0].what
    database.close()


def test_a_database_whose_service_stands_still_is_no_offender(lived: Database) -> None:
    """What the tick should have done is judged by when the service was last seen, not by now."""
    with lived.read() as connection:
        much_later = at("2027-10-12 10:00")
        found = examine(connection, CHECKS, much_later)
    assert [one.check.code for one in found if one.count] == []
