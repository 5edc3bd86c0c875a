"""What every part of the Desk stands on: the open transaction, the community, the moment, the facts noted."""

from collections.abc import Callable, Hashable
from datetime import datetime
from typing import Any

from sqlmodel import Session

from models.facts import Fact
from models.rules import Rules


class DeskBase:
    """The transaction that the engine opened, seen from one community at one moment.

    `now` is aware UTC and stays the same for the whole message. `facts` collects what happened; the engine
    turns it into notices before it commits. `take_back` undoes in the database what this message has written.
    `seen` is what this desk knows of rows that it has written itself, so that it need not read them.
    """

    def __init__(
        self,
        session: Session,
        *,
        community_id: int,
        now: datetime,
        rules: Rules,
        take_back: Callable[[], None] | None = None,
    ) -> None:
        self.session = session
        self.community_id = community_id
        self.now = now
        self.rules = rules
        self.facts: list[Fact] = []
        self.seen: dict[Hashable, Any] = {}
        self._take_back = take_back

    def note(self, fact: Fact) -> None:
        self.facts.append(fact)

    def undo(self) -> None:
        """Nothing of this message has happened: called when a rule refuses, so that no half of two steps stays.

        Rows read before are detached afterwards: read again what is still needed.
        """
        self.facts.clear()
        self.seen.clear()
        if self._take_back is not None:
            self._take_back()
