"""Which body each plain signature came with: asked and written with the messages of a batch."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete

from models.desk.inbox import of_pairs
from models.inbox import PlainSignature
from models.prepared import Prepared

_TABLE = PlainSignature.__table__  # type: ignore[attr-defined]
_KEEP = Prepared(
    lambda dialect: (
        dialect.insert(_TABLE).on_conflict_do_nothing(index_elements=["account", "signature"]).inline()
    ),
    ("account", "signature", "community_id", "digest", "heard_at"),
)


def claim(
    connection: Connection, signed: Mapping[tuple[str, str], str], community_id: int, now: datetime
) -> Mapping[tuple[str, str], str]:
    """The digest of the body that each (account, signature) came with first: the given one where it is new."""
    if not signed:
        return {}
    rows: list[dict[str, Any]] = [
        {
            "account": account,
            "signature": signature,
            "community_id": community_id,
            "digest": digest,
            "heard_at": now,
        }
        for (account, signature), digest in sorted(signed.items())
    ]
    if _KEEP.run_many(connection, rows) == len(rows):
        return signed  # all new, as nearly always
    wanted = "account, signature, digest"
    found = of_pairs(connection, wanted, "plain_signature", "account", "signature", signed)
    return {(account, signature): digest for account, signature, digest in found}


def forget(connection: Connection, before: datetime) -> int:
    """Remove those whose time is not accepted any more; how many."""
    return connection.execute(delete(_TABLE).where(_TABLE.c.heard_at < before)).rowcount
