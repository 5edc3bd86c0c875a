"""The Desk's part for a ticket's steps: guard, effect, event, clocks, fact, all by the one table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, func
from sqlmodel import col, select

from models.desk.rows import Found
from models.desk.ticket_merging import metres
from models.desk.ticket_office import TicketOffice
from models.desk.ticket_time import RESIDENT, TIMER
from models.errors import DomainError
from models.prepared import Prepared
from models.ticket import (
    STEPS,
    Actor,
    Attachment,
    State,
    Step,
    Ticket,
    TicketEvent,
    TicketMoved,
)
from models.ticket_time import TicketHold

MAX_DECLINES = 2
MAX_REOPENS = 2
COMMUNITY_LEVEL, TOP_LEVEL = 2, 3
URGES_UP = 3  # the third urging goes one level up
NEAR_M = 300.0  # how far from the place a point on the map still proves the arrival


@dataclass(frozen=True, slots=True)
class Proof:
    """A photo or a voice note (`media_id`, `url`), or a point on the map, that came with a message."""

    kind: str
    message_id: str
    media_id: str = ""
    url: str = ""

    @property
    def point(self) -> tuple[float, float] | None:
        """Latitude and longitude of a point on the map (`geo:30.66,104.08;crs=gcj02`)."""
        if not self.url.startswith("geo:"):
            return None
        latitude, _, longitude = self.url.removeprefix("geo:").partition(";")[0].partition(",")
        return float(latitude), float(longitude)


_EVENT = Prepared(
    lambda dialect: dialect.insert(TicketEvent).inline(),
    [name for name in TicketEvent.model_fields if name != "id"],
)
_ATTACHMENTS = Found(
    Attachment,
    lambda attachment: attachment.where(col(Attachment.ticket_id) == bindparam("ticket")).order_by(
        col(Attachment.id)
    ),
)
_EVENTS = (
    select(TicketEvent).where(TicketEvent.ticket_id == bindparam("ticket")).order_by(col(TicketEvent.seq))
)
_EVENT_COUNT = select(func.count(col(TicketEvent.id))).where(TicketEvent.ticket_id == bindparam("ticket"))


class TicketSteps(TicketOffice):
    """Moving tickets."""

    def events_of(self, ticket: Ticket) -> list[TicketEvent]:
        return list(self.session.exec(_EVENTS, params={"ticket": ticket.id}).all())

    def _attach(self, ticket: Ticket, proofs: Sequence[Proof], by: str, stage: str) -> None:
        assert ticket.id is not None
        if not proofs:
            return
        self.seen.pop(("attachments", ticket.id), None)
        for proof in proofs:
            self.session.add(
                Attachment(
                    community_id=self.community_id,
                    ticket_id=ticket.id,
                    message_id=proof.message_id,
                    kind=proof.kind,
                    media_id=proof.media_id,
                    url=proof.url,
                    by=by,
                    stage=stage,
                    at=self.now,
                )
            )
        self.session.flush()

    def attachments_of(self, ticket: Ticket) -> list[Attachment]:
        known: list[Attachment] | None = self.seen.get(("attachments", ticket.id))
        if known is not None:
            return known
        return _ATTACHMENTS.all(self.session, {"ticket": ticket.id})

    def move_ticket(
        self,
        ticket: Ticket,
        step: Step,
        *,
        actor: str,
        role: Actor,
        payload: Mapping[str, Any] | None = None,
        proofs: Sequence[Proof] = (),
    ) -> Ticket:
        """Take one step of the table: guard, effect, event, clocks, fact; anything else is refused (R3).

        Raises:
            DomainError: `step.impossible`, `step.not_yours` (谁: who may), or the guard's own code.
        """
        move = STEPS.get((ticket.state, step))
        if move is None:
            raise DomainError("step.impossible", 编号=ticket.number, 状态=ticket.state.value)
        if role not in move.who:
            raise DomainError("step.not_yours", 编号=ticket.number, 谁=tuple(sorted(move.who)))
        payload = dict(payload or {})
        before, assignee_before = ticket.state, ticket.assignee
        to = self.state_before_merge(ticket) if move.back else move.to
        self._guard(ticket, step, role, payload, proofs)
        self._guard_people(ticket, step, actor, role, payload)
        self._guard_time(ticket, step, actor, role, payload)
        self._guard_merging(ticket, step, payload)
        self._guard_office(ticket, step, payload)
        self._effect_people(ticket, step, actor, payload)
        self._effect_time(ticket, step, actor, role, payload)
        self._effect_merging(ticket, step, actor, payload)
        self._effect_office(ticket, step, actor, payload)
        self._effect(ticket, step, actor, payload)
        ticket.state = to
        ticket.version += 1
        self._attach(ticket, proofs, actor, step.value)
        self.session.add(ticket)
        self.session.flush()
        seq = 1 + self.session.exec(_EVENT_COUNT, params={"ticket": ticket.id}).one()
        self._record(ticket, step, before, assignee_before, actor, role, payload, seq)
        self._follow_up(ticket, step, role)
        return ticket

    def _follow_up(self, ticket: Ticket, step: Step, role: Actor) -> None:
        """What the system does at once because of a step, as steps of its own."""
        if step is Step.SUPPLEMENT and self.ends_with_his_word(ticket, role):
            self._by_system(ticket, Step.RESUME, {"by": RESIDENT})
        if step is Step.URGE and ticket.urges == URGES_UP:
            self._by_system(ticket, Step.ESCALATE, {"by": Step.URGE.value})
        if step is Step.CONVERT:  # the number of the proposal is the feedback
            self._by_system(ticket, Step.FEEDBACK, {"converted": True})

    def _by_system(self, ticket: Ticket, step: Step, payload: Mapping[str, Any]) -> None:
        self.move_ticket(ticket, step, actor="system", role=Actor.SYSTEM, payload=payload)

    def _record(
        self,
        ticket: Ticket,
        step: Step,
        before: State,
        assignee_before: str,
        actor: str,
        role: Actor,
        payload: Mapping[str, Any],
        seq: int,
    ) -> None:
        """The event of a step that the row has taken, its clocks, its fact."""
        event = {
            "community_id": self.community_id,
            "ticket_id": ticket.id,
            "seq": seq,
            "cycle": ticket.cycle,
            "step": step,
            "from_state": before,
            "to_state": ticket.state,
            "actor": actor,
            "role": role,
            "payload": payload,
            "at": self.now,
        }
        _EVENT.run(self.session.connection(), event)
        self.turn_clocks(ticket, step)
        self.note(TicketMoved(ticket, step, seq, actor, role, payload, assignee_before))

    def _guard(
        self,
        ticket: Ticket,
        step: Step,
        role: Actor,
        payload: Mapping[str, Any],
        proofs: Sequence[Proof],
    ) -> None:
        rules = self.rules
        text = str(payload.get("text", "")).strip()
        if step is Step.ARRIVE and rules.evidence.arrive and not proofs:
            raise DomainError("step.arrive_proof", 编号=ticket.number)
        if step is Step.ARRIVE and self._far_away(ticket, proofs):
            raise DomainError("step.arrive_far", 编号=ticket.number)
        if step in (Step.REPORT, Step.DECLINE) and not text:
            raise DomainError(f"step.{step.value}_text", 编号=ticket.number)
        if step is Step.DECLINE and ticket.declines >= MAX_DECLINES:
            raise DomainError("step.decline_limit", 编号=ticket.number)
        if step is Step.CLOSE:
            if len(text) < 5:
                raise DomainError("step.close_text", 编号=ticket.number)
            if ticket.type == "field" and rules.evidence.close and not proofs:
                raise DomainError("step.close_proof", 编号=ticket.number)
        if (
            step is Step.URGE
            and ticket.urged_at is not None
            and self.now - ticket.urged_at < rules.urge_every
        ):
            raise DomainError("step.urge_soon", 编号=ticket.number)
        if step is Step.RATE and not self._within(ticket.fed_back_at):
            raise DomainError("step.rate_late", 编号=ticket.number)
        if step is Step.REOPEN:
            if not self._within(ticket.fed_back_at):
                raise DomainError("step.reopen_late", 编号=ticket.number)
            if ticket.reopens >= MAX_REOPENS:
                raise DomainError("step.reopen_limit", 编号=ticket.number)
        if step is Step.CANCEL and role is not Actor.REPORTER and not ticket.cancel_asked_at:
            raise DomainError("step.cancel_unasked", 编号=ticket.number)
        if step is Step.CANCEL and role is Actor.REPORTER and (others := self.followers_of(ticket)):
            raise DomainError("step.cancel_followed", 编号=ticket.number, 人数=len(others))
        if step in (Step.REASSIGN, Step.DISPATCH):
            if not payload.get("to"):
                raise DomainError("step.to_whom", 编号=ticket.number)
            if self.worker(str(payload["to"])) is None:
                raise DomainError("step.to_unknown", 编号=ticket.number, 姓名=payload["to"])

    @staticmethod
    def _far_away(ticket: Ticket, proofs: Sequence[Proof]) -> bool:
        """Whether the only proof is a point on the map far from the place (where we know its point)."""
        points = [proof.point for proof in proofs]
        if ticket.latitude is None or ticket.longitude is None or not points or None in points:
            return False
        here = (ticket.latitude, ticket.longitude)
        return all(metres(here, point) > NEAR_M for point in points if point is not None)

    def _within(self, moment: datetime | None) -> bool:
        return moment is not None and self.now - moment <= self.rules.rate_within

    def _effect(self, ticket: Ticket, step: Step, actor: str, payload: Mapping[str, Any]) -> None:
        now = self.now
        match step:
            case Step.ACCEPT:
                ticket.accepted_at, ticket.accepted_by, ticket.assignee = now, actor, ""
            case Step.DISPATCH | Step.REASSIGN:
                ticket.assignee = str(payload["to"])
            case Step.DECLINE:
                ticket.declines += 1
                ticket.assignee = ""
            case Step.ARRIVE:
                ticket.arrived_at = now
            case Step.REPORT:
                ticket.reported_at, ticket.finding = now, str(payload.get("finding", ""))
            case Step.CLOSE:
                ticket.closed_at, ticket.resolution = now, str(payload["text"]).strip()
            case Step.FEEDBACK:
                ticket.fed_back_at = now
            case Step.RATE:
                ticket.rated_at = ticket.rated_at or now
            case Step.URGE:
                ticket.urges += 1
                ticket.urged_at = now
            case Step.ASK_CANCEL:
                ticket.cancel_asked_at = now
            case Step.REOPEN:
                ticket.cycle += 1
                ticket.reopens += 1
                ticket.declines, ticket.cancel_asked_at, ticket.assignee = 0, None, self._who_reopens(ticket)
                ticket.arrived_at = ticket.reported_at = ticket.closed_at = ticket.fed_back_at = None
                ticket.solved, ticket.stars, ticket.rated_at = None, None, None
                ticket.comment = ticket.outcome = ""
            case Step.ESCALATE:
                ticket.level = min(int(payload.get("level", ticket.level + 1)), TOP_LEVEL)
            case _:
                pass

    def _who_reopens(self, ticket: Ticket) -> str:
        """The worker who had it, if he is still there and not on leave; else whoever answers for the grid now (R4)."""
        if ticket.assignee and self.worker(ticket.assignee) is not None and not self.is_away(ticket.assignee):
            return ticket.assignee
        route = self.route_of_grid(ticket.grid_code)
        return route.worker or route.lead or next(iter(route.dispatchers), "")

    def reopen_ticket(self, ticket: Ticket, *, actor: str, role: Actor, why: str) -> bool:
        """Have it done again; False when that was done twice already and the community takes it over.

        Raises:
            DomainError: too late, or not by this person.
        """
        payload = {"text": why}
        move = STEPS.get((ticket.state, Step.REOPEN))
        if ticket.reopens < MAX_REOPENS or move is None or not self._within(ticket.fed_back_at):
            self.move_ticket(ticket, Step.REOPEN, actor=actor, role=role, payload=payload)
            return True
        up = {**payload, "level": COMMUNITY_LEVEL, "by": Step.REOPEN.value}
        self.move_ticket(ticket, Step.ESCALATE, actor=actor, role=role, payload=up)
        return False

    def resume_held(self, limit: int = 100) -> int:
        """Holds whose time has come are over, as of that time; how many."""
        rows = self.session.exec(
            select(TicketHold, Ticket)
            .join(Ticket, col(Ticket.id) == col(TicketHold.ticket_id))
            .where(
                TicketHold.community_id == self.community_id,
                col(TicketHold.ended_at).is_(None),
                col(TicketHold.since).is_not(None),
                col(TicketHold.until) <= self.now,
            )
            .order_by(col(TicketHold.until))
            .limit(limit)
            .with_for_update(skip_locked=True, of=TicketHold)
        ).all()
        for _, ticket in rows:
            self._by_system(ticket, Step.RESUME, {"by": TIMER})
        return len(rows)

    def archive_unrated(self, limit: int = 100) -> int:
        """FED_BACK tickets that nobody rated in time become ARCHIVED; how many."""
        rows = self.session.exec(
            select(Ticket)
            .where(
                Ticket.community_id == self.community_id,
                Ticket.state == State.FED_BACK,
                col(Ticket.fed_back_at) < self.now - self.rules.rate_within,
            )
            .order_by(col(Ticket.fed_back_at))
            .limit(limit)
            .with_for_update(skip_locked=True)
        ).all()
        for ticket in rows:
            self.move_ticket(ticket, Step.ARCHIVE, actor="system", role=Actor.SYSTEM)
        return len(rows)
