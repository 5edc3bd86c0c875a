"""The Desk's part for the same matter reported twice: finding it at intake, merging, taking a merge back."""

from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise
from math import cos, hypot, radians
from typing import Any

from sqlalchemy import Integer, bindparam
from sqlmodel import col, select

from models.desk.clock_changes import MERGED
from models.desk.rows import Found
from models.desk.ticket_people import PRIVATE
from models.desk.ticket_time import TicketTime
from models.errors import DomainError
from models.ticket import DONE, OPEN, State, Step, Ticket, TicketEvent

SAME_WITHIN = timedelta(days=7)  # what is still open after that is told apart by the resident himself
UNMERGE_WITHIN = timedelta(hours=24)
SAME_SPOT_M = 50.0
OTHER = "其他"  # the category that says nothing
ALIKE = 0.3  # how alike two texts of that category must be (0..1)
_METRES_A_DEGREE = 111_320.0


# Everything of a place and a kind of the last days; few, so the rest is looked at here.
_NEAR = Found(
    Ticket,
    lambda ticket: (
        ticket.where(
            col(Ticket.community_id) == bindparam("community"),
            col(Ticket.building) == bindparam("building"),
            col(Ticket.category) == bindparam("category"),
            col(Ticket.estate) == bindparam("estate"),
            col(Ticket.visibility) != bindparam("private"),
            col(Ticket.submitted_at) >= bindparam("since"),
        )
        .order_by(col(Ticket.id).desc())
        .limit(bindparam("most", 50, type_=Integer))
    ),
)


def likeness(one: str, other: str) -> float:
    """How much two texts have in common: shared pairs of neighbouring characters, 0..1."""
    first, second = ({a + b for a, b in pairwise(text)} for text in (one, other))
    return len(first & second) / len(first | second) if first and second else 0.0


def metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The distance of two points of one town (latitude, longitude in degrees)."""
    north = (one[0] - other[0]) * _METRES_A_DEGREE
    east = (one[1] - other[1]) * _METRES_A_DEGREE * cos(radians(one[0]))
    return hypot(north, east)


def same_place(one: Ticket, other: Ticket) -> bool:
    """The same building (and unit, where both name one), the same words, or two points close together."""
    if one.building and other.building:
        units = {one.unit, other.unit} - {""}
        return (one.estate, one.building) == (other.estate, other.building) and len(units) < 2
    if one.latitude is not None and other.latitude is not None:
        assert one.longitude is not None and other.longitude is not None
        return metres((one.latitude, one.longitude), (other.latitude, other.longitude)) <= SAME_SPOT_M
    return one.place_text.strip() == other.place_text.strip() != "" and not (one.building or other.building)


def same_kind(one: str, other: str) -> bool:
    return one == other or OTHER in (one, other)


class TicketMerging(TicketTime):
    """Merging and its way back."""

    def similar_tickets(
        self,
        person: str,
        text: str,
        category: str,
        *,
        estate: str = "",
        building: str = "",
        unit: str = "",
        room: str = "",
    ) -> list[Ticket]:
        """What neighbours have reported at this place, of this kind, of late, and is still open; the likest first.

        Only what may be shown: of shared places (R8), not his own, not what he follows already.
        """
        if not building or room:
            return []
        place = {"community": self.community_id, "estate": estate, "building": building}
        since = {"category": category, "private": PRIVATE, "since": self.now - SAME_WITHIN}
        near = [
            row
            for row in _NEAR.all(self.session, {**place, **since})
            if row.state in OPEN
            and row.reporter != person
            and len({row.unit, unit} - {""}) < 2
            and (category != OTHER or likeness(row.text, text) >= ALIKE)
        ]
        near.sort(key=lambda row: likeness(row.text, text), reverse=True)
        return [row for row in near if self.may_follow(row, person)]

    def _guard_merging(self, ticket: Ticket, step: Step, payload: Mapping[str, Any]) -> None:
        number = ticket.number
        if step is Step.MERGE:
            primary = self._root(payload)
            if primary is None:
                raise DomainError("step.merge_into", 编号=number)
            if primary.id == ticket.id:
                raise DomainError("step.merge_itself", 编号=number)
            if primary.state not in OPEN:
                raise DomainError("step.merge_over", 编号=primary.number, 状态=primary.state.value)
            if not same_place(ticket, primary) or not same_kind(ticket.category, primary.category):
                raise DomainError("step.merge_other", 编号=number, 另一件=primary.number)
        if step is Step.UNMERGE and (
            ticket.merged_at is None or self.now - ticket.merged_at > UNMERGE_WITHIN
        ):
            raise DomainError("step.unmerge_late", 编号=number)

    def _root(self, payload: Mapping[str, Any]) -> Ticket | None:
        """The ticket to merge into: the one that is named, or where its own merge has led (R6: depth 1)."""
        named = self.session.exec(
            select(Ticket)
            .where(Ticket.community_id == self.community_id, Ticket.number == str(payload.get("into", "")))
            .with_for_update()
        ).first()
        return self.primary_of(named) if named is not None else None

    def _effect_merging(self, ticket: Ticket, step: Step, actor: str, payload: Mapping[str, Any]) -> None:
        if step is Step.MERGE:
            primary = self._root(payload)
            assert primary is not None
            self.lower_dues(primary, self.clocks_of(ticket), actor=actor, reason=ticket.number)
            for merged in self.merged_into(ticket):  # path compression
                merged.primary_id = primary.id
                self.session.add(merged)
            ticket.primary_id = ticket.joined_id = primary.id
            ticket.merged_at = self.now
        elif step is Step.UNMERGE:
            primary = self.primary_of(ticket)
            self._take_along(ticket)
            self.revive_clocks(ticket, actor=actor, reason=primary.number)
            self._hold_again(ticket)
            left = [
                one
                for one in self.merged_into(primary)
                if one.id != ticket.id and one.primary_id == primary.id
            ]
            clocks = [clock for one in left for clock in self.clocks_of(one) if clock.stop_reason == MERGED]
            self.raise_dues(primary, clocks, actor=actor, reason=ticket.number)
            ticket.primary_id = ticket.joined_id = ticket.merged_at = None

    def _take_along(self, ticket: Ticket) -> None:
        """What had been merged into this ticket before it was merged itself belongs to it again."""
        assert ticket.primary_id is not None
        there = self.merged_into(self.primary_of(ticket))
        his = {ticket.id}
        grown = True
        while grown:
            more = [merged for merged in there if merged.joined_id in his and merged.id not in his]
            his |= {merged.id for merged in more}
            grown = bool(more)
            for merged in more:
                merged.primary_id = ticket.id
                self.session.add(merged)

    def state_before_merge(self, ticket: Ticket) -> State:
        """Where a merged ticket goes back to."""
        event = self.session.exec(
            select(TicketEvent)
            .where(TicketEvent.ticket_id == ticket.id, TicketEvent.step == Step.MERGE)
            .order_by(col(TicketEvent.seq).desc())
            .limit(1)
        ).one()
        assert event.from_state not in DONE
        return event.from_state
