"""The Desk's part for what people said: the message before, and what was not understood and waits for the admin."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select, update

from models.desk.base import DeskBase
from models.inbox import Inbox
from models.prepared import Prepared
from models.unmatched import OUT_OF_SCOPE, Unmatched

_INBOX = Inbox.__table__  # type: ignore[attr-defined]
_UNMATCHED = Unmatched.__table__  # type: ignore[attr-defined]
_KEEP = Prepared(
    lambda dialect: dialect.insert(_UNMATCHED).inline(),
    ("community_id", "text", "guess", "sorted_as", "heard_at"),
)
REMEMBERED = timedelta(minutes=30)  # 「不是这个意思」 speaks of something that was said just now


@dataclass(frozen=True, slots=True)
class Said:
    """A message of before: its words, why they were understood so, and what else they may have meant."""

    text: str
    why: str
    others: tuple[str, ...]
    slots: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """One masked message that was not understood and waits to be sorted."""

    id: int
    text: str
    guess: str
    heard_at: datetime


class SayingDesk(DeskBase):
    def said_lately(self, account: str, person: str, message_id: str, now_id: str) -> list[Said]:
        """The message of this id, else the person's last five of the last half hour, the newest first."""
        chosen = [_INBOX.c.person == person, _INBOX.c.account == account, _INBOX.c.message_id != now_id]
        if message_id:
            chosen.append(_INBOX.c.message_id == message_id)
        since = _INBOX.c.heard_at >= self.now - REMEMBERED
        wanted = (
            select(_INBOX.c.text, _INBOX.c.understood)
            .where(*chosen, since, _INBOX.c.text != "")
            .order_by(_INBOX.c.heard_at.desc(), _INBOX.c.id.desc())
            .limit(5)
        )
        return [_said(row.text, row.understood) for row in self.session.connection().execute(wanted)]

    def keep_unmatched(self, masked: str, guess: str) -> None:
        """Write down what was not understood; the words must be masked already."""
        words = masked.strip()[:200]
        if words:
            row = {
                "community_id": self.community_id,
                "text": words,
                "guess": guess[:40],
                "sorted_as": "",
                "heard_at": self.now,
            }
            _KEEP.run(self.session.connection(), row)

    def unmatched(self, *, most: int = 2000) -> list[NotUnderstood]:
        """What was not understood and waits to be sorted, the newest first."""
        mine = (_UNMATCHED.c.community_id == self.community_id, _UNMATCHED.c.sorted_as == "")
        wanted = select(_UNMATCHED).where(*mine)
        wanted = wanted.order_by(_UNMATCHED.c.heard_at.desc(), _UNMATCHED.c.id.desc()).limit(most)
        rows = self.session.connection().execute(wanted)
        return [NotUnderstood(row.id, row.text, row.guess, row.heard_at) for row in rows]

    def sort_unmatched(self, numbers: Sequence[int], intent: str) -> int:
        """Mark messages as belonging to an intent, or to none of ours ("oos"); how many were still open."""
        mine = (_UNMATCHED.c.community_id == self.community_id, _UNMATCHED.c.sorted_as == "")
        statement = update(_UNMATCHED).where(*mine, _UNMATCHED.c.id.in_(numbers)).values(sorted_as=intent)
        return self.session.connection().execute(statement).rowcount

    def stored_messages(self, most: int) -> list[tuple[str, datetime]]:
        """The latest words that people typed or said and that are still kept, the newest first."""
        wanted = (
            select(_INBOX.c.text, _INBOX.c.heard_at)
            .where(
                _INBOX.c.community_id == self.community_id,
                _INBOX.c.text != "",
                _INBOX.c.kind.in_(("text", "voice")),
            )
            .order_by(_INBOX.c.heard_at.desc())
            .limit(most)
        )
        return [(row.text, row.heard_at) for row in self.session.connection().execute(wanted)]


def sorted_to_intents(connection: Connection, most: int = 5000) -> list[tuple[str, str]]:
    """(masked words, 标识) of what was not understood once and has been sorted to an intent since."""
    wanted = (
        select(_UNMATCHED.c.text, _UNMATCHED.c.sorted_as)
        .where(_UNMATCHED.c.sorted_as.not_in(("", OUT_OF_SCOPE)))
        .order_by(_UNMATCHED.c.id.desc())
        .limit(most)
    )
    return [(row.text, row.sorted_as) for row in connection.execute(wanted)]


def _said(text: str, understood: Mapping[str, Any] | None) -> Said:
    known = understood or {}
    return Said(text, str(known.get("why", "")), tuple(known.get("others", ())), dict(known.get("slots", {})))


def forget(connection: Connection, before: datetime) -> int:
    """Remove what was not understood and is older than the retention time; how many."""
    return connection.execute(delete(_UNMATCHED).where(_UNMATCHED.c.heard_at < before)).rowcount
