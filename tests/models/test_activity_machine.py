"""Sign-ups under random use against a plain model: E1-E7 and E10 of the domain model, on SQLite."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlmodel import select

from models.activity import LIVE, SEATED, Promoted, SignUp, SignUpState
from models.community import Community
from models.database import Database, session_on
from models.desk.activities import ActivityDesk
from models.desk.activity_hours import offer_expiry
from models.desk.activity_plan import ActivityPlan, plan_of
from models.desk.activity_signing import Outcome
from models.errors import DomainError, ImportProblem
from models.rules import Rules

NOW = datetime(2026, 10, 12, 2, 0, tzinfo=UTC)
START = NOW + timedelta(days=10)
PERSONS = [f"mp:{name}" for name in "abcdefgh"]
PERSON_MAX, HOUSEHOLD_MAX = 4, 5

people_counts = st.integers(1, PERSON_MAX + 1)
persons = st.sampled_from(PERSONS)


@dataclass
class Group:
    person: str
    people: int
    state: str  # seated, offered, waiting
    expires_at: datetime | None = None


def household_of(person: str) -> str:
    """a and b live together, so do c and d; the others are known to nobody."""
    return {"a": "3-2-501", "b": "3-2-501", "c": "4-1-102", "d": "4-1-102"}.get(person[-1], "")


class SignUps(RuleBasedStateMachine):
    """The model is a list of groups in the order they came; `self.desk` is the real thing."""

    def __init__(self) -> None:
        super().__init__()
        self.database = Database("sqlite://")
        self.database.create_all()
        self.transaction = self.database.write()
        session = session_on(self.transaction.__enter__())
        session.add(Community(id=1, code="demo", name="示例社区"))
        session.flush()
        self.desk = ActivityDesk(session, community_id=1, now=NOW, rules=Rules())
        self.groups: list[Group] = []
        self.promoted: list[str] = []  # persons, in the order the model offered
        self.off = False

    def teardown(self) -> None:
        self.transaction.__exit__(None, None, None)
        self.database.close()

    @initialize(capacity=st.integers(1, 8), waitlist=st.booleans(), allow_skip=st.booleans())
    def publish(self, capacity: int, waitlist: bool, allow_skip: bool) -> None:
        plan = ActivityPlan(
            "CYY",
            "重阳宴",
            "广场",
            START,
            capacity,
            person_max=PERSON_MAX,
            household_max=HOUSEHOLD_MAX,
            waitlist=waitlist,
            allow_skip=allow_skip,
        )
        activity = self.desk.create_activity(plan)
        assert activity.id is not None
        self.id, self.capacity, self.waitlist, self.skip = activity.id, capacity, waitlist, allow_skip

    # the model

    @property
    def taken(self) -> int:
        return sum(g.people for g in self.groups if g.state != "waiting")

    @property
    def line(self) -> list[Group]:
        return [g for g in self.groups if g.state == "waiting" and g.people <= self.capacity]

    def mine(self, person: str) -> Group | None:
        return next((g for g in self.groups if g.person == person), None)

    def offer_free_seats(self) -> None:
        for group in self.line:
            if self.taken + group.people > self.capacity:
                if self.skip:
                    continue
                break
            group.state = "offered"
            group.expires_at = offer_expiry(self.desk.now, START, self.desk.rules.sla)
            self.promoted.append(group.person)

    def allowed(self, person: str, people: int) -> bool:
        home = household_of(person)
        others = sum(
            g.people for g in self.groups if home and household_of(g.person) == home and g.person != person
        )
        return people <= min(PERSON_MAX, self.capacity) and others + people <= (
            HOUSEHOLD_MAX if home else people
        )

    # what people do

    @precondition(lambda self: not self.off)
    @rule(person=persons, people=people_counts)
    def sign_up(self, person: str, people: int) -> None:
        if self.mine(person) is not None:
            again = self.desk.sign_up(self.id, person, people, household=household_of(person))
            assert again.outcome is Outcome.ALREADY
            return
        fits = self.taken + people <= self.capacity and (self.skip or not self.line)
        if not self.allowed(person, people) or (not fits and not self.waitlist):
            try:
                self.desk.sign_up(self.id, person, people, household=household_of(person))
            except DomainError:
                return
            raise AssertionError("a refusal was due")
        signing = self.desk.sign_up(self.id, person, people, household=household_of(person))
        self.groups.append(Group(person, people, "seated" if fits else "waiting"))
        assert signing.outcome is (Outcome.CONFIRMED if fits else Outcome.WAITLISTED)
        if not fits:
            waiting = [g.person for g in self.groups if g.state == "waiting"]
            assert signing.position == waiting.index(person) + 1

    @precondition(lambda self: not self.off)
    @rule(person=persons, people=people_counts)
    def change(self, person: str, people: int) -> None:
        group = self.mine(person)
        allowed = group is not None and self.allowed(person, people)
        if allowed and group is not None and group.state != "waiting" and people > group.people:
            allowed = (self.skip or not self.line) and self.taken + people - group.people <= self.capacity
        if not allowed or group is None:
            try:
                self.desk.change_people(self.id, person, people)
            except DomainError:
                return
            raise AssertionError("a refusal was due")
        self.desk.change_people(self.id, person, people)
        group.people = people
        self.offer_free_seats()

    @precondition(lambda self: not self.off)
    @rule(person=persons)
    def cancel(self, person: str) -> None:
        group, gone = self.mine(person), self.desk.cancel_sign_up(self.id, person)
        assert (gone is None) == (group is None)
        if group is not None:
            self.groups.remove(group)
            self.offer_free_seats()
        assert self.desk.cancel_sign_up(self.id, person) is None  # E7

    @precondition(lambda self: not self.off)
    @rule(person=persons)
    def accept(self, person: str) -> None:
        group, taken = self.mine(person), self.desk.accept_offer(self.id, person)
        if group is None or group.state != "offered":
            assert taken is None
            return
        assert taken is not None
        group.state, group.expires_at = "seated", None

    @precondition(lambda self: not self.off and self.desk.now < START - timedelta(days=1))
    @rule(hours=st.integers(1, 14))
    def time_passes(self, hours: int) -> None:
        self.desk.now += timedelta(hours=hours)
        self.desk.tick_activities(100)
        gone = [g for g in self.groups if g.expires_at is not None and g.expires_at <= self.desk.now]
        self.groups = [g for g in self.groups if g not in gone]
        if gone:
            self.offer_free_seats()
        assert not self.desk.activities_due()

    @precondition(lambda self: not self.off)
    @rule(capacity=st.integers(1, 10))
    def set_capacity(self, capacity: int) -> None:
        stored = self.desk.activity("CYY")
        assert stored is not None
        plan = replace(plan_of(stored), capacity_people=capacity)
        if capacity < self.taken:
            try:
                self.desk.update_activity(plan)
            except ImportProblem as problem:
                assert problem.mistakes[0][1] == "名额"
                return
            raise AssertionError("a refusal was due")
        self.desk.update_activity(plan)
        self.capacity = capacity
        self.offer_free_seats()

    @precondition(lambda self: not self.off and len(self.groups) > 3)
    @rule()
    def call_off(self) -> None:
        self.desk.cancel_activity("CYY")
        self.groups, self.off = [], True

    @precondition(lambda self: self.off)
    @rule(person=persons)
    def nothing_moves_any_more(self, person: str) -> None:
        told = len(self.desk.facts)
        assert self.desk.cancel_activity("CYY").taken == 0
        assert self.desk.cancel_sign_up(self.id, person) is None
        assert self.desk.accept_offer(self.id, person) is None
        assert len(self.desk.facts) == told
        try:
            self.desk.sign_up(self.id, person, 1)
        except DomainError as refusal:
            assert refusal.code == "activity_cancelled"
            return
        raise AssertionError("a refusal was due")

    # the invariants

    @invariant()
    def seats_add_up(self) -> None:
        activity = self.desk.activity("CYY")
        if activity is None:
            return
        rows = list(self.desk.session.exec(select(SignUp)))
        seated = sum(row.people for row in rows if row.state in SEATED)
        assert activity.taken == seated == self.taken  # E2
        assert seated <= activity.capacity_people  # E1
        live = [row for row in rows if row.state in LIVE]
        assert len({row.person for row in live}) == len(live)  # E4
        names = {SignUpState.CONFIRMED: "seated", SignUpState.OFFERED: "offered"}
        assert [(r.person, r.people, names.get(r.state, "waiting")) for r in live] == [
            (g.person, g.people, g.state) for g in self.groups
        ]  # E5, E7, E10
        for home in {row.household for row in live if row.household}:
            assert sum(row.people for row in live if row.household == home) <= HOUSEHOLD_MAX  # E3

    @invariant()
    def offers_go_in_order(self) -> None:
        offers = [fact.guest.person for fact in self.desk.facts if isinstance(fact, Promoted)]
        assert offers == self.promoted  # E6


SignUps.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestSignUps = SignUps.TestCase
