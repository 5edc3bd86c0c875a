"""How long a file of places and a file of people take: 1,143 households, 2,534 residents, new and again.

`python -m benchmarks.places`; with `--postgres URL` on an empty PostgreSQL database instead of a SQLite file.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from models.community import Community
from models.database import Database, session_on
from models.desk import Desk
from models.person_import import import_people
from models.place_audit import place_offences
from models.place_import import import_places
from models.vault import Vault
from tests.estate import (
    HOUSEHOLDS,
    PEOPLE_HEADER,
    PLACE_HEADER,
    RESIDENTS,
    RULES,
    people_table,
    place_table,
    written,
)


def measured(name: str, work: Callable[[], object]) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    print(f"{name:28} {time.perf_counter() - wall:6.2f} s wall {time.process_time() - cpu:6.2f} s CPU")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--postgres", default="")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        places = written(home / "places.csv", PLACE_HEADER, place_table())
        people = written(home / "people.csv", PEOPLE_HEADER, people_table())
        database = Database(given.postgres or f"sqlite:///{home}/linli.db")
        database.create_all()
        vault = Vault("the secret of a benchmark")
        print(f"{HOUSEHOLDS} households, {RESIDENTS} residents, {database.engine.dialect.name}")
        for turn in ("new", "again"):
            with database.write() as connection:
                session = session_on(connection)
                if turn == "new":
                    session.add(Community(id=1, code="demo", name="示例社区"))
                    session.flush()
                desk = Desk(session, community_id=1, now=datetime.now(UTC), rules=RULES)
                measured(f"import places, {turn}", lambda desk=desk: import_places(desk, places))
                measured(f"import people, {turn}", lambda desk=desk: import_people(desk, people, vault))
                measured("audit of G1 to G5", lambda desk=desk: place_offences(desk))
        database.close()


if __name__ == "__main__":
    main()
