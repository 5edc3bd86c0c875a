"""The Desk's part for what workers have before them: in hand, to be taken, to be decided, and in which capacity."""

from sqlmodel import col, select

from models.desk.places import Route
from models.desk.ticket_steps import TicketSteps
from models.ticket import ABOVE, OPEN, Actor, State, Ticket


class TicketWork(TicketSteps):
    """Whose turn it is."""

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

    def overseen_by(self, userid: str, *states: State) -> list[Ticket]:
        """Tickets in these states over which this worker decides as lead or at the community's desk, newest first."""
        rows = self.session.exec(
            select(Ticket)
            .where(Ticket.community_id == self.community_id, col(Ticket.state).in_(states))
            .order_by(col(Ticket.id).desc())
            .limit(50)
        ).all()
        return [ticket for ticket in rows if self.role_on(ticket, userid) in ABOVE]

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
