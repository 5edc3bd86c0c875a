"""The Desk's part for alarms: raised once, seen until cleared, raised again when nobody answers an emergency."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection
from sqlmodel import col, func, select

from models.alarm import Alarm, AlarmKind, AlarmRaised, EmergencyUnanswered
from models.desk.base import DeskBase
from models.ticket import DONE, Actor, State, Ticket, TicketEvent

# Whoever takes a step in one of these capacities has heard of the ticket.
STAFF = (Actor.ASSIGNEE, Actor.WORKER, Actor.LEAD, Actor.DISPATCHER)


class AlarmDesk(DeskBase):
    """Alarms."""

    def raise_alarm(
        self,
        kind: AlarmKind,
        about: str,
        details: dict[str, Any] | None = None,
        *,
        ticket: Ticket | None = None,
        next_at: datetime | None = None,
    ) -> Alarm | None:
        """The new alarm; None when one of this kind already stands for the same thing."""
        if self.standing_alarm(kind, about) is not None:
            return None
        alarm = Alarm(
            community_id=self.community_id,
            kind=kind,
            about=about,
            details=details or {},
            raised_at=self.now,
            next_at=next_at,
        )
        self.session.add(alarm)
        self.session.flush()
        self.note(AlarmRaised(alarm, ticket))
        return alarm

    def standing_alarm(self, kind: AlarmKind, about: str) -> Alarm | None:
        return self.session.exec(
            select(Alarm).where(
                Alarm.community_id == self.community_id,
                Alarm.about == about,
                Alarm.kind == kind,
                col(Alarm.cleared_at).is_(None),
            )
        ).first()

    def open_alarms(self) -> list[Alarm]:
        """What stands, emergencies first, the oldest of them first."""
        rows = self.session.exec(
            select(Alarm)
            .where(Alarm.community_id == self.community_id, col(Alarm.cleared_at).is_(None))
            .order_by(col(Alarm.id))
        ).all()
        return sorted(rows, key=lambda alarm: alarm.kind is not AlarmKind.EMERGENCY)

    def clear_alarm(self, number: int, by: str) -> bool:
        """Somebody has taken care of it; False when no such alarm stands."""
        alarm = self.session.get(Alarm, number)
        if alarm is None or alarm.community_id != self.community_id or alarm.cleared_at is not None:
            return False
        self._clear(alarm, by)
        return True

    def settle_alarm(self, kind: AlarmKind, about: str) -> None:
        """What it was about is over."""
        alarm = self.standing_alarm(kind, about)
        if alarm is not None:
            self._clear(alarm, "system")

    def _clear(self, alarm: Alarm, by: str) -> None:
        alarm.cleared_at, alarm.cleared_by, alarm.next_at = self.now, by, None
        self.session.add(alarm)
        self.session.flush()

    def watch_alarms(self) -> int:
        """What time and people do to alarms about tickets: those taken care of are cleared, an emergency that nobody
        has answered in time is told once more; how many."""
        rows = self.session.exec(
            select(Alarm, Ticket)
            .join(
                Ticket,
                (col(Ticket.number) == col(Alarm.about))
                & (col(Ticket.community_id) == col(Alarm.community_id)),
            )
            .where(
                Alarm.community_id == self.community_id,
                col(Alarm.cleared_at).is_(None),
                col(Alarm.kind).in_([AlarmKind.EMERGENCY, AlarmKind.UNREACHABLE]),
            )
            .order_by(col(Alarm.id))
            .with_for_update(skip_locked=True, of=Alarm)
        ).all()
        done = 0
        for alarm, ticket in rows:
            if self._taken_care_of(alarm, ticket):
                self._clear(alarm, "system")
                done += 1
            elif alarm.next_at is not None and alarm.next_at <= self.now:
                alarm.level, alarm.next_at = alarm.level + 1, None
                self.session.add(alarm)
                self.session.flush()
                self.note(EmergencyUnanswered(alarm, ticket))
                done += 1
        return done

    def _taken_care_of(self, alarm: Alarm, ticket: Ticket) -> bool:
        if ticket.state in DONE:
            return True
        if alarm.kind is AlarmKind.EMERGENCY:
            return ticket.state is not State.SUBMITTED
        acted = self.session.exec(
            select(TicketEvent.id)
            .where(
                TicketEvent.ticket_id == ticket.id,
                TicketEvent.at >= alarm.raised_at,
                col(TicketEvent.role).in_(STAFF),
            )
            .limit(1)
        ).first()
        return acted is not None


def standing(connection: Connection, community_id: int) -> dict[str, int]:
    """How many alarms of each kind stand; every kind is named."""
    rows = connection.execute(
        select(Alarm.kind, func.count(col(Alarm.id)))
        .where(Alarm.community_id == community_id, col(Alarm.cleared_at).is_(None))
        .group_by(Alarm.kind)
    )
    return {kind.value: 0 for kind in AlarmKind} | {str(kind): count for kind, count in rows}
