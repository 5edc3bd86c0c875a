"""Seats and the waiting list: taken and freed by one conditional statement, offered strictly in order."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, update
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import col, select

from models.activity import (
    AHEAD,
    LIVE,
    SEATED,
    SIGN_UP_STEPS,
    Activity,
    Guest,
    OfferLapsed,
    Promoted,
    SignUp,
    SignUpState,
    SignUpStep,
)
from models.desk.activity_hours import offer_expiry
from models.desk.activity_stamp import ACTIVITIES
from models.desk.base import DeskBase
from models.desk.memory import remembered
from models.errors import DomainError
from models.prepared import Prepared

# Built once: asked for each activity of a list, and putting a statement together costs as much as running it.
_WAITING = Prepared(
    lambda _: select(func.count(col(SignUp.id))).where(
        col(SignUp.activity_id) == bindparam("activity"), col(SignUp.state) == SignUpState.WAITLISTED
    )
)


class ActivitySeats(DeskBase):
    """The part of the Desk that counts; everything here expects the activity's row to be locked."""

    def _locked(self, activity_id: int) -> Activity:
        """The activity as the database has it now, held against other processes until the commit."""
        self.session.flush()
        statement = select(Activity).where(
            col(Activity.id) == activity_id, col(Activity.community_id) == self.community_id
        )
        found = self.session.exec(
            statement.with_for_update().execution_options(populate_existing=True)
        ).one_or_none()
        if found is None:
            raise DomainError("activity_unknown")
        return found

    def _take(self, activity: Activity, people: int) -> bool:
        """Takes so many seats, or none at all and False. Never oversells, whoever else is at it."""
        fits = col(Activity.taken) + people <= col(Activity.capacity_people)
        return self._count(activity, people, fits)

    def _free(self, activity: Activity, people: int) -> None:
        if not self._count(activity, -people, col(Activity.taken) >= people):
            raise RuntimeError(f"activity {activity.code}: fewer seats taken than freed")

    def _count(self, activity: Activity, change: int, condition: ColumnElement[bool]) -> bool:
        self.session.flush()
        table = Activity.__table__  # type: ignore[attr-defined]
        row = self.session.execute(
            update(table)
            .where(table.c.id == activity.id, condition)
            .values(taken=table.c.taken + change, version=table.c.version + 1)
            .returning(table.c.taken, table.c.version)
        ).one_or_none()
        if row is None:
            return False
        set_committed_value(activity, "taken", row.taken)
        set_committed_value(activity, "version", row.version)
        return True

    def _step(self, sign_up: SignUp, step: SignUpStep) -> None:
        """Move one group along the table; seats are the caller's business."""
        target = SIGN_UP_STEPS.get((sign_up.state, step))
        if target is None:
            raise DomainError("activity_step")
        sign_up.state = target
        sign_up.changed_at = self.now
        sign_up.version += 1
        if target is not SignUpState.OFFERED:
            sign_up.offer_expires_at = None
        self.session.add(sign_up)
        self.session.flush()

    def _live(self, activity: Activity, person: str) -> SignUp | None:
        self.session.flush()
        statement = select(SignUp).where(
            col(SignUp.activity_id) == activity.id,
            col(SignUp.person) == person,
            col(SignUp.state).in_(LIVE),
        )
        return self.session.exec(statement.execution_options(populate_existing=True)).one_or_none()

    def _groups(self, activity: Activity, states: Iterable[SignUpState]) -> list[SignUp]:
        """The groups in these states, in the order they came."""
        self.session.flush()
        statement = (
            select(SignUp)
            .where(col(SignUp.activity_id) == activity.id, col(SignUp.state).in_(list(states)))
            .order_by(col(SignUp.sequence))
        )
        return list(self.session.exec(statement.execution_options(populate_existing=True)))

    def _somebody_waits(self, activity: Activity, *, apart_from: int | None = None) -> bool:
        statement = select(func.count(col(SignUp.id))).where(
            col(SignUp.activity_id) == activity.id,
            col(SignUp.state) == SignUpState.WAITLISTED,
            col(SignUp.people) <= activity.capacity_people,
            col(SignUp.id) != (apart_from or 0),
        )
        return self.session.exec(statement).one() > 0

    def _household_people(self, activity: Activity, household: str, *, apart_from: int | None = None) -> int:
        """How many people of a household are signed up or waiting, over all its members' accounts."""
        statement = select(func.coalesce(func.sum(col(SignUp.people)), 0)).where(
            col(SignUp.activity_id) == activity.id,
            col(SignUp.household) == household,
            col(SignUp.state).in_(LIVE | SEATED),
            col(SignUp.id) != (apart_from or 0),
        )
        return int(self.session.exec(statement).one())

    def waiting_position(self, sign_up: SignUp) -> int:
        """1 for the next in line; 0 for a group that does not wait."""
        if sign_up.state is not SignUpState.WAITLISTED:
            return 0
        statement = select(func.count(col(SignUp.id))).where(
            col(SignUp.activity_id) == sign_up.activity_id,
            col(SignUp.state) == SignUpState.WAITLISTED,
            col(SignUp.sequence) <= sign_up.sequence,
        )
        return int(self.session.exec(statement).one())

    @remembered(ACTIVITIES)
    def waiting_groups(self, activity: Activity) -> int:
        """How many groups are in line."""
        found: Any = _WAITING.run(self.session.connection(), {"activity": activity.id}).scalar_one()
        return int(found)

    def promote(self, activity: Activity) -> int:
        """Offer free seats to the waiting groups in strict order; how many got an offer.

        A group that does not fit stops the line, unless the activity lets smaller ones pass; either way it keeps
        its place. A group larger than the whole capacity (lowered since) waits beside the line.
        """
        if activity.state not in AHEAD or activity.starts_at <= self.now or activity.seats_left == 0:
            return 0
        offered = 0
        for group in self._groups(activity, [SignUpState.WAITLISTED]):
            if group.people > activity.capacity_people:
                continue
            if not self._take(activity, group.people):
                if activity.allow_skip:
                    continue
                break
            expires_at = offer_expiry(self.now, activity.starts_at, self.rules.sla)
            group.offer_expires_at = expires_at
            self._step(group, SignUpStep.OFFER)
            self.note(
                Promoted(
                    code=activity.code,
                    title=activity.title,
                    starts_at=activity.starts_at,
                    place=activity.place,
                    guest=guest(group),
                    expires_at=expires_at,
                )
            )
            offered += 1
        return offered

    def _lapse(self, activity: Activity, sign_up: SignUp) -> None:
        """An offer nobody answered: the seats go back."""
        self._step(sign_up, SignUpStep.LAPSE)
        self._free(activity, sign_up.people)
        self.note(OfferLapsed(code=activity.code, title=activity.title, guest=guest(sign_up)))


def guest(sign_up: SignUp) -> Guest:
    assert sign_up.id is not None
    return Guest(sign_up_id=sign_up.id, person=sign_up.person, people=sign_up.people)
