"""The Desk's part for people around a ticket: who follows it, what each says of the work, whom somebody must call back."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Integer, String, bindparam, cast, delete, literal, update
from sqlmodel import col, select

from models.desk.clocks import ClockDesk
from models.desk.places import PlaceDesk
from models.desk.rows import Found
from models.errors import DomainError
from models.prepared import Prepared
from models.proposal import Proposal
from models.ticket import (
    OPEN,
    Actor,
    Attachment,
    State,
    Step,
    Ticket,
    TicketEvent,
)
from models.ticket_people import TicketCallBack, TicketFollower, TicketRating

PRIVATE, GRID_WIDE = "private", "grid"
LOW_STARS = 2
GONE = "gone"  # stands for a person who took back the consent (R11)

_FOLLOWERS = Prepared(
    lambda _: (
        select(col(TicketFollower.person))
        .where(col(TicketFollower.ticket_id) == bindparam("ticket"))
        .order_by(col(TicketFollower.id))
    )
)
_MERGED_INTO = Found(
    Ticket,
    lambda ticket: ticket.where(col(Ticket.primary_id) == bindparam("ticket")).order_by(col(Ticket.id)),
)
_FOLLOWED = (
    select(Ticket)
    .join(TicketFollower, col(TicketFollower.ticket_id) == col(Ticket.id))
    .where(
        TicketFollower.community_id == bindparam("community"), TicketFollower.person == bindparam("person")
    )
    .order_by(col(TicketFollower.id).desc())
    .limit(bindparam("most", type_=Integer))
)
_OWN_MERGED = (
    select(Ticket)
    .where(
        Ticket.community_id == bindparam("community"),
        Ticket.reporter == bindparam("person"),
        Ticket.state == State.MERGED,
    )
    .order_by(col(Ticket.id).desc())
    .limit(bindparam("most", type_=Integer))
)


class TicketPeople(ClockDesk, PlaceDesk):
    """Followers, ratings, call-backs, and what a resident may see."""

    def merged_into(self, ticket: Ticket) -> list[Ticket]:
        """The tickets that were merged into this one, at whatever remove."""
        return _MERGED_INTO.all(self.session, {"ticket": ticket.id})

    def primary_of(self, ticket: Ticket) -> Ticket:
        """The ticket that is being worked on: this one, or the one it was merged into."""
        if ticket.primary_id is None:
            return ticket
        primary = self.session.get(Ticket, ticket.primary_id)
        assert primary is not None
        return primary

    def followers_of(self, ticket: Ticket) -> dict[str, str]:
        """Everyone but the reporter who hears of a ticket, with the number under which he knows it.

        Whoever reported or followed a merged ticket is among them, under his own ticket's number.
        """
        found: dict[str, str] = {}
        for merged in self.merged_into(ticket):
            for person in (merged.reporter, *self._rows_of(merged)):
                found.setdefault(person, merged.number)
        for person in self._rows_of(ticket):
            found.setdefault(person, ticket.number)
        found.pop(ticket.reporter, None)
        found.pop("", None)
        return found

    def _rows_of(self, ticket: Ticket) -> list[str]:
        rows = _FOLLOWERS.rows(self.session.connection(), {"ticket": ticket.id})
        return [person for (person,) in rows]

    def number_for(self, ticket: Ticket, person: str) -> str:
        """The number under which a resident knows a ticket: his own, where that was merged into it."""
        own = ticket.reporter == person
        return ticket.number if own else self.followers_of(ticket).get(person, ticket.number)

    def followed_by(self, person: str, *, limit: int = 10) -> list[Ticket]:
        """The tickets that a resident follows, and those that his own were merged into; the newest first."""
        places = {"community": self.community_id, "person": person, "most": limit}
        rows = [*self.session.exec(_OWN_MERGED, params=places), *self.session.exec(_FOLLOWED, params=places)]
        primaries = {
            primary.id: primary for row in rows if (primary := self.primary_of(row)).reporter != person
        }
        return sorted(primaries.values(), key=lambda ticket: ticket.id or 0, reverse=True)

    def resident_role(self, ticket: Ticket, person: str) -> Actor:
        """In which capacity a resident stands to a ticket."""
        if not person:
            return Actor.RESIDENT
        if ticket.reporter == person:
            return Actor.REPORTER
        return Actor.FOLLOWER if person in self.followers_of(ticket) else Actor.RESIDENT

    def may_see(self, ticket: Ticket, person: str) -> bool:
        """R8: his own, and what he follows as long as it is not private; all else does not exist for him."""
        role = self.resident_role(ticket, person)
        return role is Actor.REPORTER or (role is Actor.FOLLOWER and ticket.visibility != PRIVATE)

    def may_follow(self, ticket: Ticket, person: str) -> bool:
        """Whether a resident may know that this ticket exists, and join it: one of the shared places, still open."""
        return (
            ticket.visibility != PRIVATE
            and ticket.state in OPEN
            and self.resident_role(ticket, person) is Actor.RESIDENT
        )

    def _guard_people(
        self, ticket: Ticket, step: Step, actor: str, role: Actor, payload: Mapping[str, Any]
    ) -> None:
        if step is Step.FOLLOW and (ticket.visibility == PRIVATE or actor in self.followers_of(ticket)):
            raise DomainError("step.follow_private", 编号=ticket.number)
        if step is Step.UNFOLLOW and actor not in self._rows_of(ticket):
            raise DomainError("step.unfollow_own", 编号=ticket.number)
        if step is Step.RATE and self.rating_of(ticket, actor) is not None:
            raise DomainError("step.rate_once", 编号=ticket.number)
        if step is Step.CALL_BACK:
            waiting = self.call_backs_for(ticket)
            if not waiting:
                raise DomainError("step.call_back_none", 编号=ticket.number)
            if len(str(payload.get("text", "")).strip()) < 2:
                raise DomainError("step.call_back_text", 编号=ticket.number)
            if role is Actor.ASSIGNEE and all(task.userid != actor for task in waiting):
                raise DomainError("step.not_yours", 编号=ticket.number, 谁=(Actor.LEAD, Actor.DISPATCHER))

    def _effect_people(self, ticket: Ticket, step: Step, actor: str, payload: Mapping[str, Any]) -> None:
        text = str(payload.get("text", "")).strip()
        match step:
            case Step.FOLLOW:
                assert ticket.id is not None
                self.session.add(
                    TicketFollower(
                        community_id=self.community_id,
                        ticket_id=ticket.id,
                        person=actor,
                        text=text,
                        at=self.now,
                    )
                )
            case Step.UNFOLLOW:
                self.session.execute(
                    delete(TicketFollower).where(
                        col(TicketFollower.ticket_id) == ticket.id, col(TicketFollower.person) == actor
                    )
                )
            case Step.RATE:
                self._keep_rating(ticket, actor, payload)
            case Step.CALL_BACK:
                for task in self.call_backs_for(ticket):
                    task.done_at, task.done_by, task.said = self.now, actor, text
                    self.session.add(task)

    def _keep_rating(self, ticket: Ticket, person: str, payload: Mapping[str, Any]) -> None:
        """A rating of this cycle; the reporter's is also on the ticket, a bad one gives the lead a task."""
        assert ticket.id is not None
        solved, stars = payload.get("solved"), payload.get("stars")
        said = str(payload.get("text", ""))
        rating = TicketRating(
            community_id=self.community_id,
            ticket_id=ticket.id,
            cycle=ticket.cycle,
            person=person,
            solved=solved,
            stars=stars,
            text=said,
            at=self.now,
        )
        self.session.add(rating)
        if person == ticket.reporter:
            ticket.solved, ticket.stars, ticket.comment = solved, stars, said
        if solved is False or (stars or 5) <= LOW_STARS:
            self._ask_call_back(ticket, person, said)

    def rating_of(self, ticket: Ticket, person: str) -> TicketRating | None:
        """What a person has said of the present cycle."""
        return self.session.exec(
            select(TicketRating).where(
                TicketRating.ticket_id == ticket.id,
                TicketRating.cycle == ticket.cycle,
                TicketRating.person == person,
            )
        ).first()

    def rateable_by(self, person: str, tickets: list[Ticket]) -> list[Ticket]:
        """Those of his and of the followed tickets on which his word is still waited for; closed is enough."""
        waiting = (State.CLOSED, State.FED_BACK)
        own = [ticket for ticket in tickets if ticket.state in waiting]
        own += [
            ticket
            for ticket in tickets
            if ticket.state is State.RATED and ticket.solved is None and not self.rating_of(ticket, person)
        ]
        followed = [
            ticket
            for ticket in self.followed_by(person)
            if ticket.state in (*waiting, State.RATED) and not self.rating_of(ticket, person)
        ]
        return own + followed

    def _ask_call_back(self, ticket: Ticket, person: str, reason: str) -> None:
        """A task for the lead; where the lead did the work himself, or there is none, for the community's desk."""
        assert ticket.id is not None
        known = self.session.exec(
            select(TicketCallBack).where(
                TicketCallBack.ticket_id == ticket.id,
                TicketCallBack.cycle == ticket.cycle,
                TicketCallBack.person == person,
            )
        ).first()
        if known is None:
            task = TicketCallBack(
                community_id=self.community_id,
                ticket_id=ticket.id,
                cycle=ticket.cycle,
                person=person,
                userid=self.who_calls_back(ticket),
                reason=reason,
                at=self.now,
            )
            self.session.add(task)

    def who_calls_back(self, ticket: Ticket) -> str:
        route = self.route_of_grid(ticket.grid_code)
        others = [
            userid for userid in (route.lead, *route.dispatchers) if userid and userid != ticket.assignee
        ]
        return next(iter(others), ticket.assignee)

    def call_backs_for(self, ticket: Ticket) -> list[TicketCallBack]:
        """The call-backs on a ticket that nobody has made yet."""
        return list(
            self.session.exec(
                select(TicketCallBack)
                .where(TicketCallBack.ticket_id == ticket.id, col(TicketCallBack.done_at).is_(None))
                .order_by(col(TicketCallBack.id))
            ).all()
        )

    def call_backs_of(self, userid: str) -> list[Ticket]:
        """The tickets about which this worker has somebody to call back, the oldest first."""
        rows = self.session.exec(
            select(Ticket)
            .join(TicketCallBack, col(TicketCallBack.ticket_id) == col(Ticket.id))
            .where(
                TicketCallBack.community_id == self.community_id,
                TicketCallBack.userid == userid,
                col(TicketCallBack.done_at).is_(None),
            )
            .order_by(col(TicketCallBack.id))
            .limit(50)
        ).all()
        return list({ticket.id: ticket for ticket in rows}.values())

    def detach_person(self, person: str) -> int:
        """A withdrawn consent: every case stays, the person is gone from all of them (R11); how many were his own.

        Numbers, texts, states, clocks and events stay; the person's key, phone, and room go.
        """
        here = self.community_id
        own = self.session.exec(
            select(Ticket).where(Ticket.community_id == here, Ticket.reporter == person).with_for_update()
        ).all()
        for ticket in own:
            ticket.reporter, ticket.phone, ticket.room = "", "", ""
            ticket.latitude = ticket.longitude = None
            ticket.version += 1
            self.session.add(ticket)
        self.session.flush()
        self.session.execute(
            delete(TicketFollower).where(
                col(TicketFollower.community_id) == here, col(TicketFollower.person) == person
            )
        )
        for table in (TicketRating, TicketCallBack):  # each once: several who went must not collide
            nobody = literal(f"{GONE}:") + cast(col(table.id), String)
            self.session.execute(
                update(table)
                .where(col(table.community_id) == here, col(table.person) == person)
                .values(person=nobody)
            )
        self.session.execute(
            update(TicketEvent)
            .where(col(TicketEvent.community_id) == here, col(TicketEvent.actor) == person)
            .values(actor=GONE)
        )
        self.session.execute(
            update(Proposal)
            .where(col(Proposal.community_id) == here, col(Proposal.raised_by) == person)
            .values(raised_by=GONE)
        )
        self.session.execute(
            update(Attachment)
            .where(col(Attachment.community_id) == here, col(Attachment.by) == person)
            .values(by=GONE)
        )
        return len(own)
