"""The Desk's part for tickets: filing, numbering and finding them, and who stands how to them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Integer, bindparam
from sqlmodel import col, select

from models.alarm import AlarmKind
from models.desk.alarms import AlarmDesk
from models.desk.rows import Found, Written
from models.desk.ticket_people import GRID_WIDE, PRIVATE
from models.desk.ticket_steps import Proof
from models.desk.ticket_work import TicketWork
from models.errors import DomainError
from models.proposal import Proposal
from models.ticket import (
    DONE,
    STEPS,
    Actor,
    State,
    Step,
    Ticket,
    Urgency,
)

UNLOCATED = "00"  # stands for the grid in the number of a ticket whose place no grid answers for


@dataclass(frozen=True, slots=True)
class NewTicket:
    """What a confirmed summary card holds."""

    reporter: str
    text: str
    said_at: datetime
    category: str = "其他"
    urgency: Urgency = Urgency.NORMAL
    emergency: str = ""
    estate: str = ""
    building: str = ""
    unit: str = ""
    room: str = ""
    place_text: str = ""
    latitude: float | None = None
    longitude: float | None = None
    phone: str = ""
    source: str = ""
    origin: str = ""
    proofs: tuple[Proof, ...] = ()
    similar: str = ""  # the ticket that was shown as perhaps the same, and refused
    split_from: int | None = None
    by: str = ""  # who files it, when not the reporter himself
    role: Actor = Actor.REPORTER


_NUMBER = re.compile(r"^(\d{6})-?([A-Z0-9]+?)-?(\d{4})$")


def canonical_number(words: str) -> str:
    """`canonical_number("261012w010003") == "261012-W01-0003"`; what is no number comes back as it is."""
    found = _NUMBER.match(words.strip().upper())
    return "-".join(found.groups()) if found else words.strip().upper()


# Built once: putting a statement together costs as much as running it.
_TICKETS = Written(Ticket)
_OF_THE_SAME = (
    "estate", "building", "unit", "room", "place_text", "latitude", "longitude", "phone", "origin",
)  # fmt: skip
PERSONAL = frozenset({"medical", "violence"})  # emergencies that are nobody else's business
_NUMBERED = Found(
    Ticket,
    lambda ticket: ticket.where(
        col(Ticket.community_id) == bindparam("community"), col(Ticket.number) == bindparam("number")
    ).with_for_update(),
)
_OF_REPORTER = Found(
    Ticket,
    lambda ticket: (
        ticket.where(
            col(Ticket.community_id) == bindparam("community"), col(Ticket.reporter) == bindparam("reporter")
        )
        .order_by(col(Ticket.id).desc())
        .limit(bindparam("most", type_=Integer))
    ),
)


class TicketDesk(TicketWork, AlarmDesk):
    """Tickets."""

    def file_ticket(self, new: NewTicket) -> Ticket:
        """Number it, find who answers for its place, start the first clock.

        Raises:
            DomainError: `ticket.too_short`, fewer than 2 characters and nothing attached.
        """
        if len(new.text.strip()) < 2 and not new.proofs:
            raise DomainError("ticket.too_short")
        route = self.route(new.estate, new.building)
        first = STEPS[State.DRAFT, Step.SUBMIT]
        ticket = _TICKETS.add(
            self.session,
            {
                "community_id": self.community_id,
                "number": self._number(route.grid_code or UNLOCATED),
                "state": first.to,  # written once, as the step leaves it
                "version": 2,
                "category": new.category,
                "urgency": new.urgency,
                "emergency": new.emergency,
                "text": new.text.strip(),
                "estate": new.estate,
                "building": new.building,
                "unit": new.unit,
                "room": new.room,
                "place_text": new.place_text,
                "latitude": new.latitude,
                "longitude": new.longitude,
                "reporter": new.reporter,
                "phone": new.phone,
                "source": new.source,
                "origin": new.origin,
                "visibility": self._visibility(new),
                "split_from_id": new.split_from,
                "grid_code": route.grid_code,
                "grid_path": route.grid_path,
                "assignee": route.worker or route.backup or route.lead,
                "submitted_at": self.now,
                "said_at": new.said_at,
            },
        )
        self._attach(ticket, new.proofs, new.reporter, "submit")
        if not new.proofs:
            self.seen["attachments", ticket.id] = []
        self.begin_clocks(ticket)
        payload = {"similar": new.similar} if new.similar else {}
        by = new.by or new.reporter
        self._record(ticket, Step.SUBMIT, State.DRAFT, ticket.assignee, by, new.role, payload, 1)
        if new.urgency is Urgency.EMERGENCY:
            answer_by = self.now + self.rules.emergency_answer
            self.raise_alarm(AlarmKind.EMERGENCY, ticket.number, ticket=ticket, next_at=answer_by)
        return ticket

    def _visibility(self, new: NewTicket) -> str:
        """Whether neighbours may learn that it was reported: only of shared places and impersonal matters (R8)."""
        rules = self.rules
        personal = new.room or new.category in rules.private_categories or new.emergency in PERSONAL
        personal = personal or any(word in new.text for word in rules.private_words)
        return PRIVATE if personal or not new.building else GRID_WIDE

    def split_ticket(self, ticket: Ticket, text: str, *, actor: str, role: Actor) -> Ticket:
        """Two matters in one ticket: the second becomes a ticket of its own, with the same people and place.

        Raises:
            DomainError: not from this state, not by this person, or the words are too short.
        """
        new = None
        if len(text.strip()) >= 2 and (move := STEPS.get((ticket.state, Step.SPLIT))) and role in move.who:
            new = self.file_ticket(
                NewTicket(
                    reporter=ticket.reporter,
                    text=text,
                    said_at=ticket.said_at,
                    category=self.rules.category_of(text),
                    **{name: getattr(ticket, name) for name in _OF_THE_SAME},
                    source="split",
                    split_from=ticket.id,
                    by=actor,
                    role=role,
                )
            )
        payload = {"text": text.strip(), "new": new.number} if new is not None else {}
        self.move_ticket(ticket, Step.SPLIT, actor=actor, role=role, payload=payload)
        assert new is not None
        for person in self.followers_of(ticket):
            self._effect_people(new, Step.FOLLOW, person, {})
        self.session.flush()
        return new

    def find_ticket(self, words: str, *, reporter: str = "") -> Ticket | None:
        """By number (with or without dashes), else the newest that ends in these digits; None when none fits.

        With `reporter` only his own are seen (R8). The row is locked until the transaction ends (PostgreSQL), so
        two people cannot step at once.
        """
        which = {"community": self.community_id, "number": canonical_number(words)}
        exact = next(iter(_NUMBERED.all(self.session, which)), None)
        if reporter and exact is not None and exact.reporter != reporter:
            exact = None
        if exact is not None or not words.isdigit() or len(words) > 4:
            return exact
        mine = select(Ticket).where(Ticket.community_id == self.community_id)
        if reporter:
            mine = mine.where(Ticket.reporter == reporter)
        return self.session.exec(
            mine.where(col(Ticket.number).like(f"%-{int(words):04d}"))
            .order_by(col(Ticket.id).desc())
            .with_for_update()
            .limit(1)
        ).first()

    def ticket_known_to(self, person: str, words: str) -> Ticket | None:
        """A resident's own ticket, or one that he follows and may see, by its number; any other is none (R8)."""
        own = self.find_ticket(words, reporter=person)
        if own is not None:
            return own
        if not words.isdigit() or len(words) > 4:
            named = self.find_ticket(words)
            return named if named is not None and self.may_see(named, person) else None
        for ticket in self.followed_by(person, limit=50):
            if ticket.number.endswith(f"-{int(words):04d}") and self.may_see(ticket, person):
                return self.find_ticket(ticket.number)
        return None

    def proposal_known_to(self, person: str, number: str) -> Proposal | None:
        """What became of a ticket that he reported or followed (R8)."""
        tickets = self.session.exec(
            select(Ticket, Proposal)
            .join(Proposal, col(Proposal.id) == col(Ticket.proposal_id))
            .where(Proposal.community_id == self.community_id, Proposal.number == canonical_number(number))
        ).all()
        known = (Actor.REPORTER, Actor.FOLLOWER)
        return next((one for ticket, one in tickets if self.resident_role(ticket, person) in known), None)

    def tickets_of(self, reporter: str, *, limit: int = 10) -> list[Ticket]:
        """What a resident filed, open ones first, the newest first."""
        whose = {"community": self.community_id, "reporter": reporter, "most": limit}
        rows = _OF_REPORTER.all(self.session, whose)
        return sorted(rows, key=lambda ticket: ticket.state in DONE)

    def all_tickets(self) -> Iterator[Ticket]:
        """Every ticket of the community in the order of filing, read in portions."""
        last = 0
        while rows := self.session.exec(
            select(Ticket)
            .where(Ticket.community_id == self.community_id, col(Ticket.id) > last)
            .order_by(col(Ticket.id))
            .limit(500)
        ).all():
            yield from rows
            last = rows[-1].id or last
            self.session.expunge_all()

    def locate_ticket(
        self,
        ticket: Ticket,
        *,
        estate: str = "",
        building: str = "",
        unit: str = "",
        room: str = "",
        place_text: str = "",
        latitude: float | None = None,
        longitude: float | None = None,
    ) -> None:
        """Write a place that was not known when the ticket was filed; a ticket without a grid finds its own."""
        elsewhere = bool(estate) and estate != ticket.estate
        ticket.estate = estate or ticket.estate
        ticket.building, ticket.unit, ticket.room = building, unit, room
        ticket.place_text = place_text or ticket.place_text
        if latitude is not None:
            ticket.latitude, ticket.longitude = latitude, longitude
        if not ticket.grid_code and building:
            route = self.route(ticket.estate, building)
            ticket.grid_code, ticket.grid_path = route.grid_code, route.grid_path
            ticket.assignee = ticket.assignee or route.worker or route.backup or route.lead
        self.session.add(ticket)
        self.session.flush()
        if elsewhere and self.rules.sla.policies:
            self.reprioritise(ticket)  # an estate may have deadlines of its own
