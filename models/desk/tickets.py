"""The Desk's part for tickets: filing, numbering and finding them, and who stands how to them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Integer, bindparam
from sqlmodel import col, select

from models.alarm import AlarmKind
from models.desk.alarms import AlarmDesk
from models.desk.places import Route
from models.desk.rows import Found, Written
from models.desk.ticket_steps import Proof, TicketSteps
from models.errors import DomainError
from models.prepared import Prepared
from models.ticket import (
    DONE,
    OPEN,
    STEPS,
    Actor,
    State,
    Step,
    Ticket,
    TicketCounter,
    Urgency,
)

CHENGDU = ZoneInfo("Asia/Shanghai")
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


_NUMBER = re.compile(r"^(\d{6})-?([A-Z0-9]+?)-?(\d{4})$")


def canonical_number(words: str) -> str:
    """`canonical_number("261012w010003") == "261012-W01-0003"`; what is no number comes back as it is."""
    found = _NUMBER.match(words.strip().upper())
    return "-".join(found.groups()) if found else words.strip().upper()


# Built once: putting a statement together costs as much as running it.
_COUNT_ON = Prepared(
    lambda dialect: (
        dialect.insert(TicketCounter)
        .on_conflict_do_update(
            index_elements=["community_id", "day", "grid_code"], set_={"last": col(TicketCounter.last) + 1}
        )
        .returning(col(TicketCounter.last))
    ),
    ("community_id", "day", "grid_code", "last"),
)
_TICKETS = Written(Ticket)
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


class TicketDesk(TicketSteps, AlarmDesk):
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
        self._record(ticket, Step.SUBMIT, State.DRAFT, ticket.assignee, new.reporter, Actor.REPORTER, {}, 1)
        if new.urgency is Urgency.EMERGENCY:
            answer_by = self.now + self.rules.emergency_answer
            self.raise_alarm(AlarmKind.EMERGENCY, ticket.number, ticket=ticket, next_at=answer_by)
        return ticket

    def _number(self, grid_code: str) -> str:
        day = self.now.astimezone(CHENGDU).strftime("%y%m%d")
        place = {"community_id": self.community_id, "day": day, "grid_code": grid_code, "last": 1}
        return f"{day}-{grid_code}-{_COUNT_ON.run(self.session.connection(), place).scalar_one():04d}"

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

    def work_of(self, userid: str, *states: State) -> list[Ticket]:
        """The open tickets that wait for a worker's act, the oldest first; also those he may accept as B or lead."""
        wanted = states or (*OPEN, State.CLOSED)
        mine = self.session.exec(
            select(Ticket)
            .where(
                Ticket.community_id == self.community_id,
                Ticket.assignee == userid,
                col(Ticket.state).in_(wanted),
            )
            .order_by(col(Ticket.id))
            .limit(50)
        ).all()
        return list(mine)

    def waiting_for(self, userid: str) -> list[Ticket]:
        """Tickets in nobody's hands that this worker may take or assign: as B, as lead, at the community's desk.

        Those not accepted yet, and those that came back and have no assignee.
        """
        rows = self.session.exec(
            select(Ticket)
            .where(
                Ticket.community_id == self.community_id,
                col(Ticket.state).in_([State.SUBMITTED, State.ACCEPTED]),
            )
            .order_by(col(Ticket.id))
            .limit(50)
        ).all()
        return [
            ticket
            for ticket in rows
            if (role := self.role_on(ticket, userid)) is not None
            and (ticket.state is State.SUBMITTED or role in (Actor.LEAD, Actor.DISPATCHER))
        ]

    def tickets_ending(self, digits: str, userid: str) -> list[Ticket]:
        """Tickets whose number ends in these digits and that are this worker's business, open ones first."""
        rows = self.session.exec(
            select(Ticket)
            .where(
                Ticket.community_id == self.community_id,
                col(Ticket.number).like(f"%-{int(digits):04d}"),
            )
            .order_by(col(Ticket.id).desc())
            .limit(50)
        ).all()
        his = [ticket for ticket in rows if self.role_on(ticket, userid) is not None]
        return sorted(his, key=lambda ticket: ticket.state not in (*OPEN, State.CLOSED))

    def role_on(self, ticket: Ticket, userid: str) -> Actor | None:
        """In which capacity a worker stands to a ticket; None when it is not his at all."""
        if not userid:
            return None
        if ticket.assignee == userid:
            return Actor.ASSIGNEE
        route = self.route_of_grid(ticket.grid_code)
        if userid == route.lead:  # also where he stands in for a worker: a lead may do all that a worker may
            return Actor.LEAD
        if userid in (route.worker, route.backup, *route.off):
            return Actor.WORKER
        return Actor.DISPATCHER if userid in route.dispatchers else None

    def route_for(self, ticket: Ticket) -> Route:
        return self.route_of_grid(ticket.grid_code)

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
