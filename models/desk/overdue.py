"""The Desk's part for what is overdue in one worker's hands, and when he was last told of all of it."""

from datetime import datetime

from sqlalchemy import case
from sqlmodel import col, func, select

from models.desk.base import DeskBase
from models.desk.outbox import UNSENT
from models.outbox import OutboxRow, OutboxState
from models.sla import SlaClock
from models.ticket import Ticket, Urgency


class OverdueDesk(DeskBase):
    """Open breaches."""

    def overdue_of(self, userid: str) -> list[tuple[Ticket, SlaClock]]:
        """The worker's tickets whose running clocks have passed their deadline, the longest overdue first.

        Emergencies are not among them: they are never told in a list.
        """
        rows = self.session.exec(
            select(Ticket, SlaClock)
            .join(
                SlaClock,
                (col(SlaClock.ticket_id) == col(Ticket.id)) & (col(SlaClock.cycle) == col(Ticket.cycle)),
            )
            .where(
                Ticket.community_id == self.community_id,
                Ticket.assignee == userid,
                Ticket.urgency != Urgency.EMERGENCY,
                col(SlaClock.stopped_at).is_(None),
                col(SlaClock.due_at) <= self.now,
            )
            .order_by(col(SlaClock.due_at), col(SlaClock.id))
        ).all()
        return list(rows)

    def next_digest(self, topic: str, person: str) -> datetime | None:
        """When the person's next digest of this topic may leave: the moment of one that waits and will be replaced,
        else some time after the last; None: at once."""
        due_at, waits = self.session.exec(
            select(
                func.max(OutboxRow.due_at),
                func.max(case((col(OutboxRow.state).in_(UNSENT), 1), else_=0)),
            ).where(
                OutboxRow.topic == topic,
                OutboxRow.person == person,
                col(OutboxRow.state) != OutboxState.SUPERSEDED,
            )
        ).one()
        if due_at is None:
            return None
        return due_at if waits else due_at + self.rules.digest_every
