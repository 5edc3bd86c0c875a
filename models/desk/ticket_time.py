"""The Desk's part for time beyond the deadline: hold and resume, more time asked for, granted or denied."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import col, select

from models.desk.ticket_people import TicketPeople
from models.errors import DomainError
from models.ticket import RESIDENTS, WORKING, Actor, Stage, Step, Ticket
from models.ticket_time import (
    EXTEND_MOST,
    EXTENSIONS,
    FOR_RESIDENT,
    HOLD_ALONE,
    HOLD_MOST,
    HOLD_TOTAL,
    HoldReason,
    TicketExtension,
    TicketHold,
)

TIMER, RESIDENT, STEP, MERGE, DENIED = "timer", "resident", "step", "merge", "denied"


class TicketTime(TicketPeople):
    """Holds and extensions."""

    def holds_of(self, ticket: Ticket) -> list[TicketHold]:
        """The holds of the present cycle, asked for, running and over."""
        return list(
            self.session.exec(
                select(TicketHold)
                .where(TicketHold.ticket_id == ticket.id, TicketHold.cycle == ticket.cycle)
                .order_by(col(TicketHold.id))
            ).all()
        )

    def extensions_of(self, ticket: Ticket) -> list[TicketExtension]:
        """The extensions of the present cycle, asked for and decided."""
        return list(
            self.session.exec(
                select(TicketExtension)
                .where(TicketExtension.ticket_id == ticket.id, TicketExtension.cycle == ticket.cycle)
                .order_by(col(TicketExtension.id))
            ).all()
        )

    def running_hold(self, ticket: Ticket) -> TicketHold | None:
        if ticket.held_until is None:
            return None
        return next((h for h in self.holds_of(ticket) if h.since is not None and h.ended_at is None), None)

    def asked_hold(self, ticket: Ticket) -> TicketHold | None:
        """A hold that waits for the lead's word."""
        return next((h for h in self.holds_of(ticket) if h.since is None and h.ended_at is None), None)

    def asked_extension(self, ticket: Ticket) -> TicketExtension | None:
        """More time that waits for the word of the level above."""
        return next((e for e in self.extensions_of(ticket) if e.granted is None), None)

    def hold_needs_lead(self, ticket: Ticket, until: datetime) -> bool:
        """Whether the assignee cannot decide it alone: more than 8 hours, or not the first in this cycle."""
        granted = [hold for hold in self.holds_of(ticket) if hold.since is not None]
        return bool(granted) or until - self.now > HOLD_ALONE

    def asked_of(self, userid: str) -> list[Ticket]:
        """The tickets on which somebody asked for a hold or for more time, and this worker's word is waited for."""
        asked = [
            select(TicketHold.ticket_id).where(
                col(TicketHold.since).is_(None), col(TicketHold.ended_at).is_(None)
            ),
            select(TicketExtension.ticket_id).where(col(TicketExtension.granted).is_(None)),
        ]
        rows: dict[int | None, Ticket] = {}
        for which in asked:
            for ticket in self.session.exec(
                select(Ticket)
                .where(
                    Ticket.community_id == self.community_id,
                    col(Ticket.state).in_(WORKING),
                    col(Ticket.id).in_(which),
                )
                .order_by(col(Ticket.id))
                .limit(50)
            ).all():
                rows[ticket.id] = ticket
        return [ticket for ticket in rows.values() if userid in self.who_decides(ticket)]

    def who_decides(self, ticket: Ticket) -> tuple[str, ...]:
        """The level above the assignee: the grid's lead; for the lead's own work, or without one, the community."""
        route = self.route_of_grid(ticket.grid_code)
        if route.lead and ticket.assignee not in (route.lead, *route.dispatchers):
            return (route.lead, *route.dispatchers)
        return tuple(userid for userid in route.dispatchers if userid != ticket.assignee)

    def _guard_time(
        self, ticket: Ticket, step: Step, actor: str, role: Actor, payload: Mapping[str, Any]
    ) -> None:
        match step:
            case Step.HOLD | Step.ASK_HOLD:
                self._guard_hold(ticket, step, role, payload)
            case Step.RESUME if ticket.held_until is None:
                raise DomainError("step.resume_unheld", 编号=ticket.number)
            case Step.ASK_EXTEND:
                self._guard_extension(ticket, timedelta(seconds=float(payload.get("by_s", 0))), payload)
                if self.asked_extension(ticket) is not None:
                    raise DomainError("step.asked_already", 编号=ticket.number)
            case Step.EXTEND:
                asked = self.asked_extension(ticket)
                if asked is None:
                    raise DomainError("step.extend_unasked", 编号=ticket.number)
                self._guard_level(ticket, actor)
                self._guard_extension(ticket, timedelta(seconds=asked.by_s), {"text": asked.reason})
            case Step.DENY:
                if self.asked_hold(ticket) is None and self.asked_extension(ticket) is None:
                    raise DomainError("step.deny_nothing", 编号=ticket.number)
                self._guard_level(ticket, actor)

    def _guard_hold(self, ticket: Ticket, step: Step, role: Actor, payload: Mapping[str, Any]) -> None:
        number = ticket.number
        if payload.get("reason") not in set(HoldReason):
            raise DomainError("step.hold_reason", 编号=number)
        if not payload.get("until"):
            raise DomainError("step.hold_until", 编号=number)
        if ticket.held_until is not None:
            raise DomainError("step.hold_already", 编号=number)
        if self.clock_of(ticket, Stage.CLOSE) is None:
            raise DomainError("clock.none", 编号=number)
        span = datetime.fromisoformat(str(payload["until"])) - self.now
        if span <= timedelta(0):
            raise DomainError("step.hold_past", 编号=number)
        if span > HOLD_MOST:
            raise DomainError("step.hold_long", 编号=number)
        ended = [
            (hold.ended_at - hold.since) for hold in self.holds_of(ticket) if hold.since and hold.ended_at
        ]
        if sum(ended, span) > HOLD_TOTAL:
            raise DomainError("step.hold_total", 编号=number)
        if role is Actor.ASSIGNEE and self.asked_hold(ticket) is not None:
            raise DomainError("step.asked_already", 编号=number)
        if step is Step.HOLD and role is Actor.ASSIGNEE and self.hold_needs_lead(ticket, self.now + span):
            raise DomainError("step.hold_lead", 编号=number, 谁=(Actor.LEAD, Actor.DISPATCHER))

    def _guard_extension(self, ticket: Ticket, span: timedelta, payload: Mapping[str, Any]) -> None:
        number = ticket.number
        if span <= timedelta(0):
            raise DomainError("step.extend_span", 编号=number)
        if span > EXTEND_MOST:
            raise DomainError("step.extend_long", 编号=number)
        if len(str(payload.get("text", "")).strip()) < 2:
            raise DomainError("step.extend_text", 编号=number)
        if sum(one.granted is True for one in self.extensions_of(ticket)) >= EXTENSIONS:
            raise DomainError("step.extend_limit", 编号=number)
        clock = self.clock_of(ticket, Stage.CLOSE)
        late = clock is None or clock.breached_at is not None
        if late or (clock is not None and clock.due_at is not None and self.now > clock.due_at):
            raise DomainError("step.extend_late", 编号=number)

    def _guard_level(self, ticket: Ticket, actor: str) -> None:
        """The lead cannot grant his own work more time, nor that of the community's desk."""
        route = self.route_of_grid(ticket.grid_code)
        if actor == route.lead and actor not in self.who_decides(ticket):
            raise DomainError("step.not_yours", 编号=ticket.number, 谁=(Actor.DISPATCHER,))

    def _effect_time(
        self, ticket: Ticket, step: Step, actor: str, role: Actor, payload: Mapping[str, Any]
    ) -> None:
        match step:
            case Step.ASK_HOLD:
                self.session.add(self._new_hold(ticket, actor, payload))
            case Step.HOLD:
                self._hold(ticket, actor, payload)
            case Step.RESUME:
                self._end_hold(ticket, str(payload.get("by") or actor))
            case Step.ASK_EXTEND:
                assert ticket.id is not None
                self.session.add(
                    TicketExtension(
                        community_id=self.community_id,
                        ticket_id=ticket.id,
                        cycle=ticket.cycle,
                        by_s=int(payload["by_s"]),
                        reason=str(payload["text"]).strip(),
                        asked_by=actor,
                        asked_at=self.now,
                    )
                )
            case Step.EXTEND:
                asked = self.asked_extension(ticket)
                assert asked is not None
                self._decide(asked, actor, granted=True)
                self.extend_clock(ticket, timedelta(seconds=asked.by_s), actor=actor, reason=asked.reason)
            case Step.DENY:
                self._drop_requests(ticket, actor, str(payload.get("what", "")))
            case Step.ARRIVE | Step.REPORT:  # whoever goes on with the work waits no longer
                self._end_hold(ticket, STEP)
            case Step.CLOSE | Step.CANCEL | Step.CONVERT | Step.REFER | Step.DECLINE:
                self._end_hold(ticket, STEP)
                self._drop_requests(ticket, STEP)
            case Step.MERGE:  # the clock stops as it stands: held clocks come back held
                self._end_hold(ticket, MERGE)
                self._drop_requests(ticket, STEP)

    def _new_hold(self, ticket: Ticket, actor: str, payload: Mapping[str, Any]) -> TicketHold:
        assert ticket.id is not None
        return TicketHold(
            community_id=self.community_id,
            ticket_id=ticket.id,
            cycle=ticket.cycle,
            reason=HoldReason(str(payload["reason"])),
            note=str(payload.get("text", "")).strip(),
            asked_by=actor,
            asked_at=self.now,
            until=datetime.fromisoformat(str(payload["until"])),
        )

    def _hold(self, ticket: Ticket, actor: str, payload: Mapping[str, Any]) -> None:
        hold = self.asked_hold(ticket) or self._new_hold(ticket, actor, payload)
        hold.reason, hold.until = HoldReason(str(payload["reason"])), datetime.fromisoformat(payload["until"])
        hold.since, hold.decided_by = self.now, actor
        ticket.held_until = hold.until
        self.session.add(hold)
        self.hold_clock(ticket, hold.until)

    def _end_hold(self, ticket: Ticket, by: str) -> None:
        hold = self.running_hold(ticket)
        if hold is None:
            return
        here, over = self.now, min(self.now, hold.until)  # a late tick gives no time away
        if by == MERGE and over < here:
            by = TIMER
        hold.ended_at, hold.ended_by, ticket.held_until = over, by, None
        self.session.add(hold)
        if by != MERGE:
            self.now = over
            self.resume_clock(ticket)
            self.now = here

    def _decide(self, asked: TicketExtension, actor: str, *, granted: bool) -> None:
        asked.decided_by, asked.decided_at, asked.granted = actor, self.now, granted
        self.session.add(asked)

    def _drop_requests(self, ticket: Ticket, by: str, what: str = "") -> None:
        """What was asked for is not given: denied by somebody, or overtaken by a step."""
        hold, extension = self.asked_hold(ticket), self.asked_extension(ticket)
        if hold is not None and what in ("", "hold"):
            hold.ended_at, hold.ended_by = self.now, DENIED if by != STEP else STEP
            hold.decided_by = by
            self.session.add(hold)
        if extension is not None and what in ("", "extend"):
            self._decide(extension, by, granted=False)

    def _hold_again(self, ticket: Ticket) -> None:
        """A hold that a merge ended goes on when the merge is taken back, unless its time has run out meanwhile."""
        hold = next((h for h in reversed(self.holds_of(ticket)) if h.ended_by == MERGE), None)
        if hold is None or hold.ended_at != ticket.merged_at:
            return
        if hold.until <= self.now:
            self.resume_clock(ticket)
            return
        hold.ended_at, hold.ended_by, ticket.held_until = None, "", hold.until
        self.session.add(hold)

    def ends_with_his_word(self, ticket: Ticket, role: Actor) -> bool:
        """Whether a resident's message ends the running hold: he is who was waited for."""
        hold = self.running_hold(ticket) if role in RESIDENTS else None
        return hold is not None and hold.reason in FOR_RESIDENT
