"""What time does to an activity: it opens, closes, begins and ends, people are reminded, offers lapse."""

from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import col, select

from models.activity import (
    AHEAD,
    SEATED,
    STEPS,
    Activity,
    ActivityState,
    ActivityStep,
    ActivityTomorrow,
    SignUp,
    SignUpState,
    SignUpStep,
    WaitOver,
)
from models.desk.activity_seats import ActivitySeats, guest
from models.errors import DomainError


class ActivityClock(ActivitySeats):
    """Deadlines are the column `next_at` and the offers' `offer_expires_at`: a restart or a jump repeats nothing."""

    def activities_due(self) -> bool:
        """Whether `tick_activities` would find anything: two index look-ups, for a transaction that only reads."""
        offer = select(SignUp.id).where(*self._offers_due()).limit(1)
        activity = select(Activity.id).where(*self._next_due()).limit(1)
        return self.session.exec(offer).first() is not None or self.session.exec(activity).first() is not None

    def tick_activities(self, limit: int = 100) -> int:
        """Do what has come due, at most `limit` offers and `limit` activities; how many were handled.

        Safe to call from several processes: on PostgreSQL a row another one holds is left to it.
        """
        self.session.flush()
        lapsed = self._lapse_offers(limit)
        due = self.session.exec(
            select(Activity)
            .where(*self._next_due())
            .order_by(col(Activity.next_at))
            .limit(limit)
            .with_for_update(skip_locked=True)
            .execution_options(populate_existing=True)
        ).all()
        for activity in due:
            self._advance(activity)
        return lapsed + len(due)

    def _offers_due(self) -> tuple[ColumnElement[bool], ...]:
        return (col(SignUp.community_id) == self.community_id, col(SignUp.offer_expires_at) <= self.now)

    def _next_due(self) -> tuple[ColumnElement[bool], ...]:
        return (col(Activity.community_id) == self.community_id, col(Activity.next_at) <= self.now)

    def _lapse_offers(self, limit: int) -> int:
        due = self.session.exec(
            select(SignUp.id, SignUp.activity_id)
            .where(*self._offers_due())
            .order_by(col(SignUp.offer_expires_at), col(SignUp.id))
            .limit(limit)
        ).all()
        for activity_id in sorted({activity_id for _, activity_id in due}):
            activity = self._locked(activity_id)
            self._lapse_due(activity)
            self.promote(activity)
        return len(due)

    def _lapse_due(self, activity: Activity) -> None:
        for group in self._groups(activity, [SignUpState.OFFERED]):
            if group.offer_expires_at is not None and group.offer_expires_at <= self.now:
                self._lapse(activity, group)

    def _advance(self, activity: Activity) -> None:
        """Take every step whose moment has passed, so that no answer depends on how late the tick is."""
        self._remind(activity)
        while (step := _due_step(activity, self.now)) is not None:
            self._move(activity, step)
            if step is ActivityStep.START:
                self._dismiss_waiting(activity)
        activity.next_at = next_moment(activity)
        self.session.add(activity)
        self.session.flush()

    def _move(self, activity: Activity, step: ActivityStep) -> None:
        target = STEPS.get((activity.state, step))
        if target is None:
            raise DomainError("activity_step")
        activity.state = target
        activity.version += 1

    def _remind(self, activity: Activity) -> None:
        if (
            activity.reminded_at is not None
            or activity.remind_at is None
            or activity.remind_at > self.now
            or activity.state not in AHEAD
        ):
            return
        activity.reminded_at = self.now
        if activity.starts_at <= self.now:  # we were down all the while
            return
        guests = tuple(guest(group) for group in self._groups(activity, [SignUpState.CONFIRMED]))
        if guests:
            self.note(
                ActivityTomorrow(
                    code=activity.code,
                    title=activity.title,
                    starts_at=activity.starts_at,
                    place=activity.place,
                    note=activity.note,
                    guests=guests,
                )
            )

    def _dismiss_waiting(self, activity: Activity) -> None:
        """It has begun: whoever still waits or never answered an offer waits no longer, and hears so."""
        guests = []
        for group in self._groups(activity, [SignUpState.WAITLISTED, SignUpState.OFFERED]):
            seated = group.state in SEATED
            self._step(group, SignUpStep.LAPSE)
            if seated:
                self._free(activity, group.people)
            guests.append(guest(group))
        if guests:
            self.note(WaitOver(code=activity.code, title=activity.title, guests=tuple(guests)))


def _step_moment(activity: Activity) -> tuple[ActivityStep, datetime] | None:
    """The step that only waits for its time, and that time."""
    match activity.state:
        case ActivityState.PUBLISHED:
            return ActivityStep.OPEN, activity.opens_at
        case ActivityState.OPEN:
            return ActivityStep.CLOSE, activity.closes_at
        case ActivityState.CLOSED:
            return ActivityStep.START, activity.starts_at
        case ActivityState.RUNNING:
            return ActivityStep.FINISH, activity.ends_at
        case _:
            return None


def _due_step(activity: Activity, now: datetime) -> ActivityStep | None:
    coming = _step_moment(activity)
    return coming[0] if coming is not None and coming[1] <= now else None


def next_moment(activity: Activity) -> datetime | None:
    """When the tick has to look here again; None when nothing can come any more."""
    coming = _step_moment(activity)
    if coming is None:
        return None
    if activity.remind_at is not None and activity.reminded_at is None:
        return min(coming[1], activity.remind_at)
    return coming[1]
