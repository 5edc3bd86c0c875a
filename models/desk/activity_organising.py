"""What an organiser does: make an activity, change it, call it off."""

from collections.abc import Sequence
from dataclasses import replace

from sqlmodel import col, select

from models.activity import (
    AHEAD,
    LIVE,
    SEATED,
    STEPS,
    Activity,
    ActivityCancelled,
    ActivityMoved,
    ActivityState,
    ActivityStep,
    Guest,
    SignUpStep,
)
from models.desk.activity_clock import ActivityClock
from models.desk.activity_plan import COLUMNS, ActivityPlan, mistakes_in, plan_of, remind_moment
from models.desk.activity_seats import guest
from models.errors import DomainError, ImportProblem


class ActivityOrganising(ActivityClock):
    """The organiser's side of 活动."""

    def activity(self, code: str) -> Activity | None:
        """The activity of that 编号, upper or lower case."""
        self.session.flush()
        statement = select(Activity).where(
            col(Activity.community_id) == self.community_id, col(Activity.code) == code.strip().upper()
        )
        return self.session.exec(statement.execution_options(populate_existing=True)).one_or_none()

    def create_activity(self, plan: ActivityPlan) -> Activity:
        """Publish a new activity; it opens for sign-up at once when its time has come.

        Raises:
            ImportProblem: the plan's mistakes, each with its column, as row 0.
        """
        mistakes = self._mistakes(plan, None)
        if mistakes:
            raise ImportProblem([(0, column, what) for column, what in mistakes])
        return self._create(plan)

    def update_activity(self, plan: ActivityPlan) -> Activity:
        """Change the activity of the same 编号; who is signed up hears of another time or place.

        Raises:
            ImportProblem: as `create_activity`, and a capacity below the seats already taken.
            DomainError: activity_unknown.
        """
        activity = self.activity(plan.code)
        if activity is None:
            raise DomainError("activity_unknown")
        mistakes = self._mistakes(plan, activity)
        if mistakes:
            raise ImportProblem([(0, column, what) for column, what in mistakes])
        return self._change(activity, plan)

    def import_activities(self, rows: Sequence[tuple[int, ActivityPlan]]) -> tuple[int, int]:
        """Store a whole file or nothing: (made, changed). Rows are (line of the file, plan).

        Raises:
            ImportProblem: every mistake with its row and column; nothing was stored.
        """
        mistakes: list[tuple[int, str, str]] = []
        seen: dict[str, int] = {}
        for row, plan in rows:
            code = _code(plan.code)
            if code in seen:
                mistakes.append((row, COLUMNS["code"], f"和第 {seen[code]} 行重复，一个活动只写一行"))
            seen.setdefault(code, row)
            mistakes += [(row, column, what) for column, what in self._mistakes(plan, self.activity(code))]
        if mistakes:
            raise ImportProblem(mistakes)
        made = changed = 0
        for _, plan in rows:
            activity = self.activity(plan.code)
            if activity is None:
                self._create(plan)
                made += 1
            elif not _same(plan, activity):
                self._change(activity, plan)
                changed += 1
        return made, changed

    def cancel_activity(self, code: str, reason: str = "") -> Activity:
        """Call it off: no sign-up stays live, everybody hears of it once. A second time changes nothing.

        Raises:
            DomainError: activity_unknown; activity_over when it has already taken place.
        """
        found = self.activity(code)
        if found is None or found.id is None:
            raise DomainError("activity_unknown")
        activity = self._locked(found.id)
        if activity.state is ActivityState.CANCELLED:
            return activity
        self._advance(activity)
        if (activity.state, ActivityStep.CANCEL) not in STEPS:
            raise DomainError("activity_over", 活动=activity.title)
        guests: list[Guest] = []
        for group in self._groups(activity, LIVE):
            seated = group.state in SEATED
            self._step(group, SignUpStep.CANCEL)
            if seated:
                self._free(activity, group.people)
            guests.append(guest(group))
        self._move(activity, ActivityStep.CANCEL)
        activity.cancel_reason = reason[:200]
        activity.next_at = None
        self.session.add(activity)
        self.session.flush()
        self.note(
            ActivityCancelled(
                code=activity.code,
                title=activity.title,
                starts_at=activity.starts_at,
                reason=activity.cancel_reason,
                guests=tuple(guests),
            )
        )
        return activity

    def _mistakes(self, plan: ActivityPlan, stored: Activity | None) -> list[tuple[str, str]]:
        """Every (column, what is wrong) of a plan against what is stored under its code."""
        found = [(COLUMNS[field], what) for field, what in mistakes_in(plan)]
        if stored is None:
            if plan.end <= self.now:
                found.append((COLUMNS["starts_at"], "已经过去了，请核对年份和日期"))
            return found
        if _same(plan, stored):
            return found
        if stored.state in (ActivityState.CANCELLED, ActivityState.DONE, ActivityState.SETTLED):
            found.append((COLUMNS["code"], "这个活动已经结束或取消，不能再改；新活动请用新编号"))
        elif plan.starts_at != stored.starts_at and stored.state is ActivityState.RUNNING:
            found.append((COLUMNS["starts_at"], "活动已经开始，不能再改时间"))
        elif plan.starts_at <= self.now and stored.state is not ActivityState.RUNNING:
            found.append((COLUMNS["starts_at"], "已经过去了，请核对年份和日期"))
        if plan.opens_at is not None and stored.opens_at <= self.now < plan.opens_at:
            found.append((COLUMNS["opens_at"], "报名已经开始，不能再推迟"))
        if plan.capacity_people < stored.taken:
            what = f"已经有 {stored.taken} 人报名，名额不能少于 {stored.taken}"
            found.append((COLUMNS["capacity_people"], what))
        return found

    def _create(self, plan: ActivityPlan) -> Activity:
        remind_at = remind_moment(plan.starts_at)
        activity = Activity(
            community_id=self.community_id,
            state=ActivityState.DRAFT,
            created_at=self.now,
            remind_at=remind_at if remind_at > self.now else None,
            **_columns(plan, opens_at_default=self.now),  # type: ignore[arg-type]
        )
        self._move(activity, ActivityStep.PUBLISH)
        self._advance(activity)
        return activity

    def _change(self, found: Activity, plan: ActivityPlan) -> Activity:
        assert found.id is not None
        activity = self._locked(found.id)
        self._advance(activity)
        moved = (activity.starts_at, activity.place) != (plan.starts_at, plan.place)
        if activity.starts_at != plan.starts_at:
            remind_at = remind_moment(plan.starts_at)
            activity.remind_at = remind_at if remind_at > self.now else None
            activity.reminded_at = None
        for name, value in _columns(plan, opens_at_default=activity.opens_at).items():
            setattr(activity, name, value)
        activity.version += 1
        if activity.state is ActivityState.CLOSED and activity.closes_at > self.now:
            self._move(activity, ActivityStep.REOPEN)
        self._advance(activity)
        guests = tuple(guest(group) for group in self._groups(activity, LIVE))
        if moved and guests and activity.state in AHEAD:
            self.note(
                ActivityMoved(
                    code=activity.code,
                    title=activity.title,
                    starts_at=activity.starts_at,
                    place=activity.place,
                    version=activity.version,
                    guests=guests,
                )
            )
        self.promote(activity)
        return activity


def _code(code: str) -> str:
    return code.strip().upper()


def _columns(plan: ActivityPlan, *, opens_at_default: object) -> dict[str, object]:
    return {
        "code": _code(plan.code),
        "title": plan.title,
        "aliases": "、".join(plan.aliases),
        "place": plan.place,
        "starts_at": plan.starts_at,
        "ends_at": plan.end,
        "opens_at": plan.opens_at or opens_at_default,
        "closes_at": plan.close,
        "capacity_people": plan.capacity_people,
        "person_max": plan.person_max,
        "household_max": plan.household_max,
        "waitlist": plan.waitlist,
        "allow_skip": plan.allow_skip,
        "note": plan.note,
        "organiser": plan.organiser,
    }


def _same(plan: ActivityPlan, activity: Activity) -> bool:
    """Whether importing this plan would change nothing; what the plan leaves open counts as kept."""
    stored = plan_of(activity)
    filled = replace(
        plan,
        code=_code(plan.code),
        ends_at=plan.end,
        closes_at=plan.close,
        opens_at=plan.opens_at or stored.opens_at,
    )
    return filled == stored
