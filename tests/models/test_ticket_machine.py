"""Several tickets under a stateful machine: every step by everyone, compared with a plain model (R1-R4, R6-R10)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import func, select, text
from sqlmodel import SQLModel

from models.community import Community
from models.database import Database, session_on
from models.desk import Desk
from models.desk.ticket_steps import Proof
from models.desk.tickets import NewTicket
from models.errors import DomainError
from models.rules import GridRule, Rules
from models.sla import ClockSegment, SlaBreach, SlaClock
from models.ticket import DONE, OPEN, STEPS, Actor, Attachment, Stage, State, Step, Ticket, TicketEvent
from models.ticket_people import TicketCallBack, TicketFollower, TicketRating
from models.ticket_time import HoldReason, TicketExtension, TicketHold
from tests.conftest import NOW
from tests.models.ticket_model import ANSWERED, GRIDS, WORKERS, Plain, allowed, apply, steps

RULES = Rules(
    grids=(
        GridRule(code="W01", name="一网格", buildings=("1栋",), worker="a", backup="b", lead="l"),
        GridRule(code="W02", name="二网格", buildings=("2栋",), worker="c", lead="m"),
    ),
    community_desk=("d",),
)
PEOPLE = ("mp:r", "mp:s", "mp:t")
EVERYONE = (*PEOPLE, *WORKERS, "system", "nobody")
PAUSES = (1, 1, 30, 30, 130, 250, 700, 1500, 4000)
WAITS = ("hold", "ask_hold", "resume", "ask_extend", "ask_extend", "ask_extend", "extend", "extend", "deny")
RANDOM = st.randoms(
    use_true_random=True
)  # spread evenly: what hypothesis draws itself clings to the first choices
PROOF = (Proof("image", "m1", "media", ""),)
ROWS = (
    Ticket, TicketEvent, TicketFollower, TicketRating, TicketCallBack, TicketHold, TicketExtension, Attachment,
    SlaClock, ClockSegment, SlaBreach,
)  # fmt: skip
OF_A_CYCLE = (TicketEvent, TicketRating, TicketHold, TicketExtension, SlaClock)


class TicketMachine(RuleBasedStateMachine):
    """Four tickets, three of them of one place; everyone tries everything, and time passes."""

    def __init__(self, database: Database) -> None:
        super().__init__()
        self.connection = database.engine.connect().execution_options(linli_write=True)
        self.transaction = self.connection.begin()
        session = session_on(self.connection)
        session.add(Community(id=1, code="demo", name="示例社区"))
        session.flush()
        self.desk = Desk(session, community_id=1, now=NOW, rules=RULES)
        self.desk.sync_places()
        self.changed = True
        self.plain: list[Plain] = []
        self.rows: list[Ticket] = []
        self.closed: dict[tuple[int, int], Any] = {}
        self.before_merge: dict[int, Any] = {}
        for reporter, building in (("mp:r", "1"), ("mp:s", "1"), ("mp:t", "1"), ("mp:r", "2")):
            self.file(
                reporter,
                building,
                self.desk.file_ticket(NewTicket(reporter, "灯坏了", NOW, building=building)),
            )

    def file(self, reporter: str, building: str, ticket: Ticket, **known: Any) -> None:
        grid = known.pop("grid", "W01" if building == "1" else "W02")
        plain = Plain(len(self.plain), reporter, building, grid=grid, assignee=GRIDS[grid][0], **known)
        plain.everything = self.plain
        self.plain.append(plain)
        self.rows.append(ticket)

    def teardown(self) -> None:
        self.transaction.rollback()
        self.connection.close()

    @rule(minutes=st.sampled_from(PAUSES), ticks=st.booleans())
    def wait(self, minutes: int, ticks: bool) -> None:
        self.desk.now += timedelta(minutes=minutes)
        self.changed = ticks
        if not ticks:
            return
        self.desk.resume_held()
        self.desk.ring_clocks()
        self.desk.archive_unrated()
        for plain in self.plain:
            if plain.hold is not None and plain.hold.until <= self.desk.now:
                plain.hold.ended = plain.hold.until
            if plain.state == "fed_back":
                assert plain.fed_back_at is not None
                if self.desk.now - plain.fed_back_at > timedelta(days=7):
                    plain.state = "archived"

    @rule(which=st.integers(0, 9), step=st.sampled_from(steps()), who=st.sampled_from(EVERYONE), rng=RANDOM)
    def attempt(self, which: int, step: str, who: str, rng: Random) -> None:
        plain = self.plain[which % len(self.plain)]
        self.act(plain, step, who, plain.role(who), rng)

    @rule(
        which=st.integers(0, 9),
        step=st.sampled_from(steps()),
        role=st.sampled_from(sorted(Actor)),
        rng=RANDOM,
    )
    def pretend(self, which: int, step: str, role: Actor, rng: Random) -> None:
        """Nobody gets further by a role that the table does not let through."""
        plain = self.plain[which % len(self.plain)]
        if plain.lands(step, role.value) is None:
            self.act(plain, step, "nobody", role.value, rng)

    @rule(which=st.integers(0, 9), rng=RANDOM)
    def attempt_likely(self, which: int, rng: Random) -> None:
        """A step that the table allows from here: otherwise deep states are hardly reached."""
        plain = self.plain[which % len(self.plain)]
        ways: dict[str, list[str]] = {}
        for step in steps():
            people = [who for who in EVERYONE if plain.lands(step, plain.role(who)) is not None]
            if people:
                ways[step] = people
        if ways:
            step = rng.choice(sorted(ways))
            who = rng.choice(ways[step])
            self.act(plain, step, who, plain.role(who), rng)

    @rule(which=st.integers(0, 9), into=st.integers(0, 9), back=st.booleans(), rng=RANDOM)
    def merge(self, which: int, into: int, back: bool, rng: Random) -> None:
        """Merges and their undoing, chains of them too, more often than chance would have it."""
        plain = self.plain[which % len(self.plain)]
        step = "unmerge" if plain.state == "merged" and back else "merge"
        self.act(plain, step, "d", plain.role("d"), rng, full=True, into=self.plain[into % len(self.plain)])

    @rule(which=st.integers(0, 9), step=st.sampled_from(WAITS), who=st.sampled_from("aldbm"), rng=RANDOM)
    def wait_for_somebody(self, which: int, step: str, who: str, rng: Random) -> None:
        """Holds and more time, of a ticket that somebody works on."""
        busy = [plain for plain in self.plain if plain.state in ("dispatched", "onsite", "reported")]
        if busy:
            plain = busy[which % len(busy)]
            asks = step in ("hold", "ask_hold", "resume", "ask_extend")
            who = plain.assignee if who == "a" or (asks and rng.random() < 0.8) else who
            self.act(plain, step, who, plain.role(who), rng, full=True)

    @rule(which=st.integers(0, 9), rng=RANDOM)
    def go_on(self, which: int, rng: Random) -> None:
        """The next step of an ordinary life, with all that it needs."""
        plain = self.plain[which % len(self.plain)]
        way = {"submitted": "accept", "accepted": "dispatch", "dispatched": "arrive", "onsite": "report"}
        way |= {"reported": "close", "closed": "feedback", "fed_back": "rate", "merged": "unmerge"}
        step = way.get(plain.state, "reopen")
        people = [w for w in EVERYONE if plain.lands(step, plain.role(w)) is not None]
        if people:
            self.act(plain, step, people[0], plain.role(people[0]), rng, full=True)

    @rule(rng=RANDOM)
    def some_days(self, rng: Random) -> None:
        """A dozen things in a row, spread evenly over what there is to do."""
        for _ in range(12):
            which = rng.randrange(10)
            match rng.choice(
                ("wait", "try", "pretend", "likely", "likely", "merge", "time", "time", "on", "on", "on")
            ):
                case "wait":
                    self.wait(rng.choice(PAUSES), rng.random() < 0.7)
                case "try":
                    self.attempt(which, rng.choice(steps()), rng.choice(EVERYONE), rng)
                case "pretend":
                    self.pretend(which, rng.choice(steps()), rng.choice(sorted(Actor)), rng)
                case "likely":
                    self.attempt_likely(which, rng)
                case "merge":
                    self.merge(which, rng.randrange(10), rng.random() < 0.5, rng)
                case "time":
                    self.wait_for_somebody(which, rng.choice(WAITS), rng.choice("aldbm"), rng)
                case _:
                    self.go_on(which, rng)
            self.all_holds()

    def payload(self, step: str, rng: Random, full: bool) -> dict[str, Any]:
        """What the step may carry: whole, or with something missing or out of bounds."""
        if not full and rng.randint(0, 9) == 9:
            return {"solved": True, "stars": 5} if step == "rate" else {}
        known: dict[str, Any] = {"text": "已经处理好了"}
        match step:
            case "hold" | "ask_hold":
                hours = rng.choice((-1, 2, 8, 9, 30, 72, 73))
                known["reason"] = rng.choice(["", *map(str, HoldReason)])
                known["until"] = (self.desk.now + timedelta(hours=hours)).isoformat()
            case "ask_extend":
                known["by_s"] = 3600 * rng.choice((0, 2, 24, 168, 169))
            case "merge":
                known["_into"] = rng.choice(self.plain)
                known["into"] = self.rows[known["_into"].key].number
            case "rate":
                known |= {"solved": rng.random() < 0.6, "stars": rng.choice((None, 1, 2, 3, 5))}
            case "dispatch" | "reassign":
                known["to"] = rng.choice((*WORKERS, "nobody", ""))
                known["to"] = "a" if full else known["to"]
            case "refer":
                known["to"] = "城管"
            case "transfer":
                known["grid"] = rng.choice(("W01", "W02", "W09", ""))
            case "reject":
                known["reason"] = "恶意"
        return known

    def act(
        self,
        plain: Plain,
        step: str,
        who: str,
        role: str,
        rng: Random,
        *,
        full: bool = False,
        into: Plain | None = None,
    ) -> None:
        ticket = self.rows[plain.key]
        known = self.payload(step, rng, full)
        if into is not None:
            known |= {"_into": into, "into": self.rows[into.key].number}
        proof = full or rng.randint(0, 5) > 0
        clock = self.desk.clock_of(ticket, Stage.CLOSE)
        late = None
        if clock is not None:
            late = clock.breached_at is not None or (
                clock.due_at is not None and self.desk.now > clock.due_at
            )
        if late is None and step in ("ask_extend", "extend"):
            late = True
        expected = role != "" and allowed(plain, step, who, role, known, proof, self.desk.now, late)  # type: ignore[arg-type]
        self.note_before(plain, ticket, step)
        before = self.everything()
        try:
            sent = {name: value for name, value in known.items() if name != "_into"}
            if role == "":  # stands in no relation to it: the callers refuse before the Desk is asked
                assert self.desk.role_on(ticket, who) is None
                return
            if step == "split" and "text" in sent:
                new = self.desk.split_ticket(ticket, sent["text"], actor=who, role=Actor(role))
                expected = plain.lands(step, role) is not None
            else:
                new = None
                self.desk.move_ticket(
                    ticket,
                    Step(step),
                    actor=who,
                    role=Actor(role),
                    payload=sent,
                    proofs=PROOF if proof else (),
                )
        except DomainError as refusal:
            if step == "split" and "text" in sent:
                expected = plain.lands(step, role) is not None
            assert not expected, (plain, step, who, role, known, refusal)
            assert self.everything() == before, (step, refusal)
            return
        assert expected, (plain, step, who, role, known)
        self.changed = True
        if new is not None:
            self.file(plain.reporter, plain.building, new)
            self.plain[-1].rows |= plain.followers()
            return
        apply(plain, step, who, role, known, self.desk.now)
        self.note_after(plain, ticket, step)

    def everything(self) -> list[Any]:
        """All rows of the tickets, as they are in the database."""
        self.desk.session.flush()
        connection = self.desk.session.connection()
        return [
            sorted(map(tuple, connection.execute(select(table.__table__)).all()), key=str)  # type: ignore[attr-defined]
            for table in ROWS
        ]

    def running(self, ticket: Ticket) -> dict[Stage, timedelta | None]:
        """What is left on each running clock; None while it is held."""
        return {
            clock.stage: None if clock.due_at is None else clock.due_at - self.desk.now
            for clock in self.desk.clocks_of(ticket)
            if clock.stopped_at is None
        }

    def note_before(self, plain: Plain, ticket: Ticket, step: str) -> None:
        if step == "merge" and plain.state != "merged":
            hold = plain.hold
            if hold is None or hold.until > self.desk.now:
                self.before_merge[plain.key] = (self.running(ticket), ticket.assignee, self.desk.now)
            else:
                self.before_merge.pop(plain.key, None)
        if step == "reopen":
            self.closed[plain.key, plain.cycle] = self.of_cycle(ticket, plain.cycle)

    def note_after(self, plain: Plain, ticket: Ticket, step: str) -> None:
        if step != "unmerge" or plain.key not in self.before_merge:
            return
        running, assignee, merged_at = self.before_merge.pop(
            plain.key
        )  # R6: state, clocks and people that existed
        now_running = self.running(ticket)
        paused = self.desk.now - merged_at  # what was due by then stays due when it was
        running = {
            stage: left - paused if left is not None and left <= timedelta(0) else left
            for stage, left in running.items()
        }
        if plain.hold is None:
            held = [stage for stage, left in running.items() if left is None]
            assert all(now_running[stage] is not None for stage in held)
            running = {stage: left for stage, left in running.items() if left is not None}
            now_running = {stage: left for stage, left in now_running.items() if stage not in held}
        assert now_running == running, (now_running, running, plain)
        assert ticket.assignee == assignee

    def of_cycle(self, ticket: Ticket, cycle: int) -> list[Any]:
        self.desk.session.flush()
        connection = self.desk.session.connection()
        return [
            sorted(
                map(
                    tuple,
                    connection.execute(
                        select(table.__table__).where(table.ticket_id == ticket.id, table.cycle == cycle)  # type: ignore[attr-defined]
                    ).all(),
                ),
                key=str,
            )
            for table in OF_A_CYCLE
        ]

    @invariant()
    def all_holds(self) -> None:
        """Looked at when something has changed: a refused step is known to have changed nothing."""
        if not self.changed:
            return
        self.changed = False
        self.rows_fit_the_model()
        self.replays()
        self.one_assignee()
        self.merged_depth_is_one()
        self.nobody_sees_what_is_not_his()
        self.counts_agree()
        self.closed_cycles_do_not_change()
        self.clocks_fit()

    def rows_fit_the_model(self) -> None:
        for plain, ticket in zip(self.plain, self.rows, strict=True):
            assert ticket.state.value == plain.state
            assert ticket.assignee == plain.assignee, plain
            assert (ticket.cycle, ticket.reopens, ticket.declines) == (
                plain.cycle,
                plain.reopens,
                plain.declines,
            )
            assert (ticket.urges, ticket.level, ticket.grid_code) == (plain.urges, plain.level, plain.grid)
            assert ticket.held_until == (plain.hold.until if plain.hold else None), plain
            assert {task.userid for task in self.desk.call_backs_for(ticket)} == set(plain.call_backs)
            asked = self.desk.asked_extension(ticket)
            assert (asked is not None) == (plain.asked is not None)
            assert (self.desk.asked_hold(ticket) is not None) == (plain.wanted_hold is not None)
            for who in WORKERS:
                role = self.desk.role_on(ticket, who)
                assert (role.value if role else "") == plain.role(who)

    def replays(self) -> None:
        """R1: folding the events gives the row's state; R2: moments go forward inside a cycle."""
        for ticket in self.rows:
            state, at, behind = State.DRAFT, NOW, State.DRAFT
            for event in self.desk.events_of(ticket):
                move = STEPS[event.from_state, event.step]  # R3: no other path
                assert event.role in move.who
                assert event.from_state is state and event.at >= at
                assert event.to_state is (behind if move.back else move.to)
                behind = event.from_state if event.step is Step.MERGE else behind
                state, at = event.to_state, event.at
            assert state is ticket.state
            stages = (ticket.arrived_at, ticket.reported_at, ticket.closed_at, ticket.fed_back_at)
            moments = [m for m in (ticket.submitted_at, *stages) if m is not None]
            assert moments == sorted(moments) or ticket.type == "referral", moments

    def one_assignee(self) -> None:
        """R4: exactly one person has it from dispatch to report."""
        for ticket in self.rows:
            if ticket.state in (State.DISPATCHED, State.ONSITE, State.REPORTED):
                assert ticket.assignee

    def merged_depth_is_one(self) -> None:
        """R6: the primary is no merged ticket itself, the followers are the union of all; R7: numbers are unique."""
        for plain, ticket in zip(self.plain, self.rows, strict=True):
            primary = self.desk.primary_of(ticket)
            assert primary is self.rows[plain.root.key]
            assert (ticket.state is State.MERGED) == (ticket.primary_id is not None)
            assert primary.state is not State.MERGED and primary.primary_id is None
            assert set(self.desk.followers_of(ticket)) == plain.followers(), plain
        assert len({ticket.number for ticket in self.rows}) == len(self.rows)

    def nobody_sees_what_is_not_his(self) -> None:
        """R8: by number, by its end, in the lists: own, and followed where it is shared; everything else is not found."""
        for person in (*PEOPLE, "mp:stranger"):
            his = {t.key for t in self.plain if t.reporter == person}
            followed = {t.key for t in self.plain if person in t.followers() and t.reporter != person}
            for plain, ticket in zip(self.plain, self.rows, strict=True):
                seen = self.desk.ticket_known_to(person, ticket.number)
                assert (seen is ticket) == (plain.key in his | followed), (person, plain)
                assert seen is ticket or seen is None
                found = self.desk.ticket_known_to(person, ticket.number[-4:])
                assert found is None or self.desk.may_see(found, person)
                assert self.desk.find_ticket(ticket.number, reporter=person) is (
                    ticket if plain.key in his else None
                )
            assert {t.reporter for t in self.desk.tickets_of(person)} <= {person}
            assert {self.rows.index(t) for t in self.desk.followed_by(person)} <= followed

    def counts_agree(self) -> None:
        """R9: open and over make the total, the grids make the community's total."""
        connection = self.desk.session.connection()
        by_state = dict(
            map(tuple, connection.execute(select(Ticket.state, func.count()).group_by(Ticket.state)))
        )  # type: ignore[call-overload]
        by_grid = dict(
            map(tuple, connection.execute(select(Ticket.grid_code, func.count()).group_by(Ticket.grid_code)))  # type: ignore[call-overload]
        )
        count = sum(by_state.get(s, 0) for s in OPEN) + sum(by_state.get(s, 0) for s in DONE)
        assert count == sum(by_grid.values()) == len(self.rows)

    def closed_cycles_do_not_change(self) -> None:
        """R10."""
        for (key, cycle), rows in self.closed.items():
            if self.plain[key].cycle > cycle:
                assert self.of_cycle(self.rows[key], cycle) == rows

    def clocks_fit(self) -> None:
        """C6: what is over has no running clock; only the close clock is held, exactly while the ticket is."""
        for plain, ticket in zip(self.plain, self.rows, strict=True):
            running = self.running(ticket)
            if plain.state in ("cancelled", "rejected", "merged", *ANSWERED.split()):
                assert not running
            assert all(left is not None for stage, left in running.items() if stage is not Stage.CLOSE)
            if Stage.CLOSE in running:
                assert (running[Stage.CLOSE] is None) == (plain.hold is not None)


def explore(database: Database, examples: int) -> None:
    make: Callable[[], TicketMachine] = lambda: TicketMachine(database)  # noqa: E731
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        make,
        settings=settings(
            max_examples=examples,
            stateful_step_count=12,
            deadline=None,
            report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.slow
def test_every_step_by_everyone_on_sqlite(sqlite: Database) -> None:
    explore(sqlite, 25)


@pytest.mark.slow
def test_every_step_by_everyone_on_postgresql(postgres: Database) -> None:
    try:
        explore(postgres, 8)
    finally:
        with postgres.read() as connection:
            assert connection.execute(text("SELECT count(*) FROM ticket")).scalar() == 0


def test_the_model_knows_every_step() -> None:
    assert steps() == sorted(step.value for step in Step)
    assert {table.__tablename__ for table in ROWS} <= set(SQLModel.metadata.tables)
    assert datetime.fromisoformat((NOW + timedelta(hours=1)).isoformat()) > NOW
