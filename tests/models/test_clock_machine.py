"""The close clock under a stateful machine, beside a model that counts minute by minute (C1, C4, C5, C6, C8, K1)."""

from dataclasses import dataclass, field
from datetime import datetime

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlmodel import select

from models.community import Community
from models.database import Database, session_on
from models.desk import Desk
from models.rules import HOUR, PolicyRule, SlaRules, StageRule
from models.sla import ClockRung, SlaBreach, SlaClock
from models.ticket import Stage, Step, Ticket, Urgency
from tests.conftest import NOW
from tests.models.test_calendar import DUTY, MINUTE, works
from tests.models.test_ticket_steps import RULES, new, place, walk

# Minutes to and between reminders and deadlines: there the mistakes are.
TURNING_POINTS = [1, 60, 120, 180, 240, 300, 360, 420, 1440]
HOURS = {Urgency.NORMAL: 7, Urgency.URGENT: 3}


@dataclass
class Model:
    """What the test knows of one close clock from what it did to it: nothing is read from the database."""

    ticket: Ticket
    clock: SlaClock
    started_at: datetime
    extended: int = 0
    running: bool = True
    stopped: str = ""
    late: bool = False
    minutes: list[datetime] = field(default_factory=list)  # the end of each working minute that the clock ran

    @property
    def target(self) -> int:
        return HOURS[self.ticket.urgency] * 60 + self.extended

    @property
    def exceeds(self) -> bool:
        return len(self.minutes) > self.target

    def due(self, now: datetime, natural: bool) -> datetime:
        """Where minute after minute leads."""
        ends = list(self.minutes)
        while len(ends) < self.target:
            if natural or works(now):
                ends.append(now + MINUTE)
            now += MINUTE
        return ends[self.target - 1]


class ClockMachine(RuleBasedStateMachine):
    @initialize(natural=st.booleans())
    def open(self, natural: bool) -> None:
        self.natural = natural
        kind = "natural" if natural else "duty"
        close = {
            urgency: StageRule(
                limit=hours * HOUR,
                start="accepted",
                calendar=kind,
                before=(2 * HOUR, HOUR),
                ladder=(HOUR, 9 * HOUR),
            )
            for urgency, hours in HOURS.items()
        }
        sla = SlaRules(
            close=close[Urgency.NORMAL],
            policies=(PolicyRule(urgencies=("urgent",), stages=(("close", close[Urgency.URGENT]),)),),
            duty=DUTY,
        )
        self.database = Database("sqlite://")
        self.database.create_all()
        self.connection = self.database.engine.connect()
        self.transaction = self.connection.begin()
        session = session_on(self.connection)
        session.add(Community(id=1, code="demo", name="示例社区"))
        session.flush()
        self.desk = Desk(session, community_id=1, now=NOW, rules=RULES)
        place(self.desk)
        self.desk.rules = RULES.model_copy(update={"sla": sla})
        self.models: list[Model] = []
        self.rung: set[tuple[str, int, str, int, int]] = set()

    def teardown(self) -> None:
        if hasattr(self, "database"):
            self.transaction.rollback()
            self.connection.close()
            self.database.close()

    @precondition(lambda self: hasattr(self, "models") and len(self.models) < 3)
    @rule()
    def file(self) -> None:
        ticket = self.desk.file_ticket(new())
        walk(self.desk, ticket, Step.ACCEPT, Step.DISPATCH)
        clock = self.desk.clock_of(ticket, Stage.CLOSE)
        assert clock is not None
        self.models.append(Model(ticket, clock, self.desk.now))

    @rule(minutes=st.one_of(st.sampled_from(TURNING_POINTS), st.integers(1, 4000)))
    def wait(self, minutes: int) -> None:
        for _ in range(minutes):
            counts = self.natural or works(self.desk.now)
            self.desk.now += MINUTE
            for model in self.models:
                if counts and model.running and not model.stopped:
                    model.minutes.append(self.desk.now)
                    model.late |= model.exceeds

    def _some(self, data: st.DataObject, **wanted: object) -> Model | None:
        fitting = [
            model
            for model in self.models
            if all(getattr(model, name) == value for name, value in wanted.items())
        ]
        return data.draw(st.sampled_from(fitting)) if fitting else None

    @rule(data=st.data())
    def hold(self, data: st.DataObject) -> None:
        if model := self._some(data, stopped="", running=True):
            self.desk.hold_clock(model.ticket, None)
            model.running = False

    @rule(data=st.data())
    def resume(self, data: st.DataObject) -> None:
        if model := self._some(data, stopped="", running=False):
            self.desk.resume_clock(model.ticket)
            model.running = True

    @rule(data=st.data(), minutes=st.sampled_from([1, 60, 120, 600]))
    def extend(self, data: st.DataObject, minutes: int) -> None:
        if model := self._some(data, stopped="", late=False):
            self.desk.extend_clock(model.ticket, minutes * MINUTE)
            model.extended += minutes

    @rule(data=st.data(), urgency=st.sampled_from(sorted(HOURS)))
    def reprioritise(self, data: st.DataObject, urgency: Urgency) -> None:
        if model := self._some(data, stopped=""):
            model.ticket.urgency = urgency
            self.desk.reprioritise(model.ticket)
            model.late |= model.exceeds  # held or not: C8 speaks of what it has run

    @rule(data=st.data(), reason=st.sampled_from(["done", "cancelled", "merged"]))
    def stop(self, data: st.DataObject, reason: str) -> None:
        if model := self._some(data, stopped=""):
            self.desk.stop_clocks(model.ticket, reason)
            model.stopped = reason

    @rule(data=st.data())
    def revive(self, data: st.DataObject) -> None:
        if model := self._some(data, stopped="merged"):
            self.desk.revive_clocks(model.ticket)
            model.stopped = ""

    @rule()
    def tick(self) -> None:
        self.desk.facts.clear()
        self.desk.ring_clocks()
        self.desk.session.flush()
        for fact in self.desk.facts:
            if isinstance(fact, ClockRung) and fact.clock.stage is Stage.CLOSE:
                key = (fact.ticket.number, fact.clock.cycle, "close", fact.rung, fact.clock.epoch)
                assert key not in self.rung, f"C5: {key} rang twice"
                self.rung.add(key)
                assert not fact.clock.is_held and fact.clock.stopped_at is None
        self.desk.facts.clear()
        self.desk.ring_clocks()
        assert self.desk.facts == [], "a second tick at the same moment does nothing"
        for model in self.models:
            assert (model.clock.breached_at is not None) == model.late, "C8 after a tick"

    @invariant()
    def deadlines_are_those_of_the_model(self) -> None:
        """C1, C4, (c), (d): whatever was done, the deadline is where counting minutes leads."""
        for model in getattr(self, "models", []):
            clock = model.clock
            if model.stopped:
                assert clock.next_rung_at is None, "C6"
                assert (clock.breached_at is not None) == model.late, "C8 at the stop"
            elif model.running:
                assert clock.due_at == model.due(self.desk.now, self.natural)
                assert clock.next_rung_at is not None or clock.breached_at is not None
            else:
                assert clock.due_at is None and clock.next_rung_at is None
            assert clock.started_at == model.started_at

    @invariant()
    def breaches_are_rows_and_never_go(self) -> None:
        if not hasattr(self, "models"):
            return
        self.desk.session.flush()
        rows = {row.clock_id: row.at for row in self.desk.session.exec(select(SlaBreach)).all()}
        for clock in self.desk.session.exec(select(SlaClock)).all():
            assert rows.get(clock.id or 0) == clock.breached_at

    @invariant()
    def figures_are_those_of_the_model(self) -> None:
        """K1: the statistics equal a recount from what happened."""
        if not hasattr(self, "models"):
            return
        self.tick()
        close = next(one for one in self.desk.stage_figures() if one.stage is Stage.CLOSE)
        late = sum(model.late for model in self.models)
        in_time = sum(model.stopped == "done" and not model.late for model in self.models)
        assert (close.late, close.in_time) == (late, in_time)
        assert close.running == sum(not model.stopped and not model.late for model in self.models)
        assert close.given_up == sum(
            model.stopped in ("cancelled", "merged") and not model.late for model in self.models
        )
        assert close.extended == sum(model.extended > 0 for model in self.models)


TestClockMachine = ClockMachine.TestCase
TestClockMachine.settings = settings(
    max_examples=30, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
