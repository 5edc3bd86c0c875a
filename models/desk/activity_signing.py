"""Signing up, changing the number of people, answering an offer, cancelling: what a resident does."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import func
from sqlmodel import col, select

from models.activity import (
    AHEAD,
    LIVE,
    SEATED,
    Activity,
    ActivityState,
    SignedUp,
    SignUp,
    SignUpState,
    SignUpStep,
)
from models.desk.activity_clock import ActivityClock
from models.desk.activity_seats import guest
from models.errors import DomainError

REMEMBERED = timedelta(days=3)  # so long a late 「要」 is understood as the answer to an offer


class Outcome(StrEnum):
    CONFIRMED = "confirmed"
    WAITLISTED = "waitlisted"
    ALREADY = "already"  # signed up before; nothing changed


@dataclass(frozen=True, slots=True)
class Signing:
    """What became of it. `position` is 1 for the next in line, 0 when the group does not wait."""

    activity: Activity
    sign_up: SignUp
    outcome: Outcome
    position: int = 0


class ActivitySigning(ActivityClock):
    """The resident's side of 活动."""

    def sign_up(
        self,
        activity_id: int,
        person: str,
        people: int = 1,
        *,
        companions: str = "",
        name: str = "",
        phone: str = "",
        household: str = "",
    ) -> Signing:
        """The whole group gets its seats, or goes to the end of the line, or nothing happens.

        Raises:
            DomainError: activity_unknown, activity_not_open, activity_closed, activity_over, activity_cancelled,
                activity_people, activity_too_many (上限), activity_household (上限, 已报), activity_full (剩余),
                activity_sold_out.
        """
        activity = self._locked(activity_id)
        self._advance(activity)
        before = self._live(activity, person)
        if before is not None:
            return Signing(activity, before, Outcome.ALREADY, self.waiting_position(before))
        self._refuse_unless_open(activity)
        self._refuse_people(activity, people, household)
        last = self.session.exec(
            select(func.max(col(SignUp.sequence))).where(col(SignUp.activity_id) == activity.id)
        ).one()
        in_line = not activity.allow_skip and self._somebody_waits(activity)
        seated = not in_line and self._take(activity, people)
        if not seated and not activity.waitlist:
            raise _no_room(activity)
        group = SignUp(
            community_id=self.community_id,
            activity_id=activity_id,
            person=person,
            household=household[:64],
            name=name[:32],
            phone=phone[:20],
            people=people,
            companions=companions[:64],
            state=SignUpState.PENDING,
            sequence=(last or 0) + 1,
            signed_at=self.now,
            changed_at=self.now,
        )
        self._step(group, SignUpStep.CONFIRM if seated else SignUpStep.WAIT)
        if seated:
            self.note(SignedUp(code=activity.code, guest=guest(group)))
            return Signing(activity, group, Outcome.CONFIRMED)
        return Signing(activity, group, Outcome.WAITLISTED, self.waiting_position(group))

    def change_people(self, activity_id: int, person: str, people: int) -> Signing:
        """Another number for a group that is signed up; fewer frees seats at once, more must fit.

        A waiting group keeps its place. More people never pass a waiting line, and not after sign-up has closed.

        Raises:
            DomainError: activity_not_signed, activity_closed, activity_over, activity_cancelled, activity_people,
                activity_too_many, activity_household, activity_full (剩余), activity_sold_out, activity_line.
        """
        activity = self._locked(activity_id)
        self._advance(activity)
        group = self._live(activity, person)
        if group is None:
            raise DomainError("activity_not_signed")
        if activity.state not in AHEAD:
            raise DomainError("activity_over")
        more = people - group.people
        if more > 0:
            self._refuse_unless_open(activity)
        self._refuse_people(activity, people, group.household, apart_from=group.id)
        if group.state in SEATED and more > 0:
            if not activity.allow_skip and self._somebody_waits(activity):
                raise DomainError("activity_line")
            if not self._take(activity, more):
                raise _no_room(activity)
        elif group.state in SEATED and more < 0:
            self._free(activity, -more)
        group.people = people
        group.changed_at = self.now
        group.version += 1
        self.session.add(group)
        self.session.flush()
        self.promote(activity)
        outcome = Outcome.WAITLISTED if group.state is SignUpState.WAITLISTED else Outcome.CONFIRMED
        return Signing(activity, group, outcome, self.waiting_position(group))

    def cancel_sign_up(self, activity_id: int, person: str) -> SignUp | None:
        """Give the seats (or the place in line) back; None when there was nothing to give, however often asked."""
        activity = self._locked(activity_id)
        self._advance(activity)
        group = self._live(activity, person)
        if group is None or activity.state not in AHEAD | {ActivityState.RUNNING}:
            return None
        if group.state is SignUpState.CHECKED_IN:
            raise DomainError("activity_over")
        seated = group.state in SEATED
        self._step(group, SignUpStep.CANCEL)
        if seated:
            self._free(activity, group.people)
        self.promote(activity)
        return group

    def accept_offer(self, activity_id: int, person: str) -> SignUp | None:
        """「要」: the offered seats are theirs; None when no offer is open (any more)."""
        activity = self._locked(activity_id)
        self._advance(activity)
        group = self._live(activity, person)
        if group is None or group.state is not SignUpState.OFFERED:
            return None
        if group.offer_expires_at is not None and group.offer_expires_at <= self.now:
            self._lapse(activity, group)
            self.promote(activity)
            return None
        self._step(group, SignUpStep.CONFIRM)
        self.note(SignedUp(code=activity.code, guest=guest(group)))
        return group

    def sign_ups_of(self, person: str) -> list[tuple[Activity, SignUp]]:
        """What a person is signed up or waiting for and that is not over, the nearest first."""
        self.session.flush()
        statement = (
            select(Activity, SignUp)
            .join(SignUp, col(SignUp.activity_id) == col(Activity.id))
            .where(
                col(SignUp.community_id) == self.community_id,
                col(SignUp.person) == person,
                col(SignUp.state).in_(LIVE),
                col(Activity.state).in_(AHEAD | {ActivityState.RUNNING}),
                col(Activity.ends_at) > self.now,
            )
            .order_by(col(Activity.starts_at), col(Activity.id))
        )
        return list(self.session.exec(statement.execution_options(populate_existing=True)))

    def lapsed_offer_of(self, person: str) -> Activity | None:
        """The coming activity whose offer this person let lapse last, and has not signed up for again."""
        again = select(SignUp.activity_id).where(col(SignUp.person) == person, col(SignUp.state).in_(LIVE))
        statement = (
            select(Activity)
            .join(SignUp, col(SignUp.activity_id) == col(Activity.id))
            .where(
                col(SignUp.community_id) == self.community_id,
                col(SignUp.person) == person,
                col(SignUp.state) == SignUpState.LAPSED,
                col(SignUp.changed_at) > self.now - REMEMBERED,
                col(Activity.starts_at) > self.now,
                col(Activity.state).in_(AHEAD),
                col(Activity.id).not_in(again),
            )
            .order_by(col(SignUp.changed_at).desc())
            .limit(1)
        )
        return self.session.exec(statement).one_or_none()

    def _refuse_unless_open(self, activity: Activity) -> None:
        if activity.state is ActivityState.OPEN:
            return
        if activity.state is ActivityState.CANCELLED:
            raise DomainError("activity_cancelled", 活动=activity.title)
        if activity.state in (ActivityState.DRAFT, ActivityState.PUBLISHED):
            raise DomainError("activity_not_open", 活动=activity.title, 开放=activity.opens_at)
        if activity.state is ActivityState.CLOSED:
            raise DomainError("activity_closed", 活动=activity.title)
        raise DomainError("activity_over", 活动=activity.title)

    def _refuse_people(
        self, activity: Activity, people: int, household: str, *, apart_from: int | None = None
    ) -> None:
        if people < 1:
            raise DomainError("activity_people")
        limit = activity.person_max or activity.capacity_people
        if people > min(limit, activity.capacity_people):
            raise DomainError("activity_too_many", 上限=min(limit, activity.capacity_people))
        if household and activity.household_max:
            others = self._household_people(activity, household, apart_from=apart_from)
            if others + people > activity.household_max:
                raise DomainError("activity_household", 上限=activity.household_max, 已报=others)


def _no_room(activity: Activity) -> DomainError:
    if activity.seats_left == 0:
        return DomainError("activity_sold_out", 活动=activity.title)
    return DomainError("activity_full", 活动=activity.title, 剩余=activity.seats_left)
