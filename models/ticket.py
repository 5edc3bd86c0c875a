"""报事 (tickets): the rows, the states, and the one table of steps that chat, pages, API and import all obey."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from models.columns import StringEnum, UtcDateTime
from models.facts import Fact


class State(StrEnum):
    """domain.md §2."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    DISPATCHED = "dispatched"
    ONSITE = "onsite"
    REPORTED = "reported"
    CLOSED = "closed"
    FED_BACK = "fed_back"
    RATED = "rated"
    ARCHIVED = "archived"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    MERGED = "merged"


class Step(StrEnum):
    SUBMIT = "submit"
    ACCEPT = "accept"
    REJECT = "reject"
    APPEAL = "appeal"
    DISPATCH = "dispatch"
    REASSIGN = "reassign"
    TRANSFER = "transfer"  # to another grid
    REFER = "refer"  # to somebody outside the community
    DECLINE = "decline"
    ARRIVE = "arrive"
    REPORT = "report"
    ASK_HOLD = "ask_hold"
    HOLD = "hold"
    RESUME = "resume"
    ASK_EXTEND = "ask_extend"
    EXTEND = "extend"
    DENY = "deny"  # what was asked for: a hold, more time
    CLOSE = "close"
    FEEDBACK = "feedback"
    RATE = "rate"
    ARCHIVE = "archive"
    REOPEN = "reopen"
    MERGE = "merge"
    UNMERGE = "unmerge"
    SPLIT = "split"
    CONVERT = "convert"
    CALL_BACK = "call_back"
    FOLLOW = "follow"
    UNFOLLOW = "unfollow"
    URGE = "urge"
    SUPPLEMENT = "supplement"
    ASK_CANCEL = "ask_cancel"
    CANCEL = "cancel"
    ESCALATE = "escalate"


class Actor(StrEnum):
    """In which capacity somebody acts on one ticket."""

    REPORTER = "reporter"
    FOLLOWER = "follower"  # follows it, or his own ticket was merged into it
    RESIDENT = "resident"  # any other resident
    ASSIGNEE = "assignee"
    WORKER = "worker"  # on duty for the ticket's grid (A, B), not the assignee
    LEAD = "lead"  # the grid's lead
    DISPATCHER = "dispatcher"  # the community's desk
    SYSTEM = "system"


class Urgency(StrEnum):
    EMERGENCY = "emergency"
    URGENT = "urgent"
    NORMAL = "normal"


class Stage(StrEnum):
    """The five clocks (S1)."""

    ACCEPT = "accept"
    ONSITE = "onsite"
    REPORT = "report"
    CLOSE = "close"
    FEEDBACK = "feedback"


@dataclass(frozen=True, slots=True)
class Move:
    """One row of the table: where the step leads, and who may take it.

    `back`: it leads to the state from which the ticket came; `to` is then only the earliest it can be.
    """

    to: State
    who: frozenset[Actor]
    back: bool = False


def _move(to: State, *who: Actor) -> Move:
    return Move(to, frozenset(who))


S, A = State, Actor
OFFICE = (A.LEAD, A.DISPATCHER, A.SYSTEM)
ABOVE = (A.LEAD, A.DISPATCHER)
RESIDENTS = (A.REPORTER, A.FOLLOWER)
WORKING = (S.DISPATCHED, S.ONSITE, S.REPORTED)
OPEN = (S.SUBMITTED, S.ACCEPTED, *WORKING)
ANSWERED = (S.FED_BACK, S.RATED, S.ARCHIVED)
DONE = (S.CLOSED, *ANSWERED, S.REJECTED, S.CANCELLED, S.MERGED)

STEPS: Mapping[tuple[State, Step], Move] = {
    (S.DRAFT, Step.SUBMIT): _move(S.SUBMITTED, A.REPORTER, A.WORKER, A.DISPATCHER, A.LEAD, A.SYSTEM),
    (S.SUBMITTED, Step.ACCEPT): _move(S.ACCEPTED, A.ASSIGNEE, A.WORKER, *OFFICE),
    (S.SUBMITTED, Step.REJECT): _move(S.REJECTED, A.DISPATCHER),
    (S.REJECTED, Step.APPEAL): _move(S.SUBMITTED, A.REPORTER),
    (S.ACCEPTED, Step.DISPATCH): _move(S.DISPATCHED, *OFFICE),
    # 咨询类 and what others do: no field work here.
    (S.ACCEPTED, Step.CLOSE): _move(S.CLOSED, A.ASSIGNEE, A.WORKER, A.LEAD, A.DISPATCHER),
    (S.DISPATCHED, Step.DECLINE): _move(S.ACCEPTED, A.ASSIGNEE),
    (S.DISPATCHED, Step.ARRIVE): _move(S.ONSITE, A.ASSIGNEE),
    (S.ONSITE, Step.REPORT): _move(S.REPORTED, A.ASSIGNEE),
    (S.REPORTED, Step.CLOSE): _move(S.CLOSED, A.ASSIGNEE),
    (S.CLOSED, Step.FEEDBACK): _move(S.FED_BACK, A.ASSIGNEE, *OFFICE),
    **{(s, Step.RATE): _move(S.RATED, *RESIDENTS) for s in (S.FED_BACK, S.RATED)},
    (S.FED_BACK, Step.ARCHIVE): _move(S.ARCHIVED, A.SYSTEM),
    **{(s, Step.REOPEN): _move(S.DISPATCHED, A.REPORTER, A.LEAD) for s in ANSWERED},
    **{(s, Step.CALL_BACK): _move(s, A.ASSIGNEE, *ABOVE) for s in ANSWERED},
    **{(s, Step.REASSIGN): _move(s, A.ASSIGNEE, *OFFICE) for s in (S.SUBMITTED, *WORKING)},
    **{(s, Step.TRANSFER): _move(s, *OFFICE) for s in OPEN},
    **{(s, Step.REFER): _move(S.ACCEPTED, *ABOVE) for s in (S.ACCEPTED, *WORKING)},
    **{(s, Step.CANCEL): _move(S.CANCELLED, A.REPORTER, A.ASSIGNEE, A.LEAD) for s in OPEN[:3]},
    **{(s, Step.CANCEL): _move(S.CANCELLED, A.ASSIGNEE, A.LEAD) for s in (S.ONSITE, S.REPORTED)},
    **{(s, Step.ASK_CANCEL): _move(s, A.REPORTER) for s in OPEN},
    **{(s, Step.SUPPLEMENT): _move(s, *RESIDENTS, A.ASSIGNEE, *ABOVE) for s in OPEN},
    **{(s, Step.URGE): _move(s, *RESIDENTS) for s in OPEN},
    **{(s, Step.ESCALATE): _move(s, A.ASSIGNEE, *OFFICE) for s in OPEN},
    **{(s, Step.ESCALATE): _move(s, A.REPORTER, A.LEAD) for s in ANSWERED},  # reopened too often
    **{(s, Step.ASK_HOLD): _move(s, A.ASSIGNEE) for s in WORKING},
    **{(s, Step.HOLD): _move(s, A.ASSIGNEE, *ABOVE) for s in WORKING},
    **{(s, Step.RESUME): _move(s, A.ASSIGNEE, *OFFICE) for s in WORKING},
    **{(s, Step.ASK_EXTEND): _move(s, A.ASSIGNEE) for s in WORKING},
    **{(s, Step.EXTEND): _move(s, *ABOVE) for s in WORKING},
    **{(s, Step.DENY): _move(s, *ABOVE) for s in WORKING},
    **{(s, Step.MERGE): _move(S.MERGED, A.DISPATCHER) for s in OPEN},
    (S.MERGED, Step.UNMERGE): Move(S.SUBMITTED, frozenset({A.DISPATCHER}), back=True),
    **{(s, Step.SPLIT): _move(s, *ABOVE) for s in OPEN},
    **{(s, Step.CONVERT): _move(S.CLOSED, A.DISPATCHER) for s in OPEN},
    **{(s, Step.FOLLOW): _move(s, A.RESIDENT) for s in OPEN},
    **{(s, Step.UNFOLLOW): _move(s, A.FOLLOWER) for s in (*OPEN, S.CLOSED, *ANSWERED)},
}


class Ticket(SQLModel, table=True):
    """One 诉求. `number` is `YYMMDD-网格码-nnnn`; persons are person keys, workers 企业微信 accounts.

    `grid_path` is frozen when the ticket is filed (G6). `cycle` counts reopenings from 1. Of a merged ticket
    `joined_id` is the one it was merged into, `primary_id` the one at the end of that path, which is never merged
    itself (R6). `outcome` says how it ended otherwise than by being done: a reason of refusal, 转议事.
    `held_until` is set while it is on hold; the holds themselves are `TicketHold` rows.
    """

    __table_args__ = (
        UniqueConstraint("community_id", "number"),
        Index("ix_ticket_reporter", "community_id", "reporter", "state"),
        Index("ix_ticket_assignee", "community_id", "assignee", "state"),
        Index("ix_ticket_fed_back", "state", "fed_back_at"),
        Index("ix_ticket_place", "community_id", "building", "category", "state"),
        Index("ix_ticket_primary", "primary_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    number: str = Field(max_length=32)
    state: State = Field(sa_column=Column(StringEnum(State), nullable=False))
    type: str = Field(default="field", max_length=16)
    category: str = Field(default="其他", max_length=32)
    urgency: Urgency = Field(sa_column=Column(StringEnum(Urgency), nullable=False))
    emergency: str = Field(default="", max_length=16)
    text: str
    estate: str = Field(default="", max_length=64)
    building: str = Field(default="", max_length=16)
    unit: str = Field(default="", max_length=16)
    room: str = Field(default="", max_length=16)
    place_text: str = Field(default="", max_length=200)
    latitude: float | None = None
    longitude: float | None = None
    reporter: str = Field(max_length=128)
    phone: str = Field(default="", max_length=32)
    proxy_by: str = Field(default="", max_length=128)
    visibility: str = Field(default="private", max_length=16)
    source: str = Field(default="", max_length=32)
    origin: str = Field(default="", max_length=64)
    grid_code: str = Field(default="", max_length=16)
    grid_path: str = Field(default="", max_length=128)
    assignee: str = Field(default="", max_length=64)
    accepted_by: str = Field(default="", max_length=64)
    cycle: int = 1
    primary_id: int | None = Field(default=None, foreign_key="ticket.id")
    joined_id: int | None = Field(default=None, foreign_key="ticket.id")
    merged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    split_from_id: int | None = Field(default=None, foreign_key="ticket.id")
    proposal_id: int | None = Field(default=None, foreign_key="proposal.id")
    referred_to: str = Field(default="", max_length=64)
    outcome: str = Field(default="", max_length=16)
    level: int = 0
    declines: int = 0
    reopens: int = 0
    urges: int = 0
    urged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    cancel_asked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    appealed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    held_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    submitted_at: datetime = Field(sa_type=UtcDateTime)
    said_at: datetime = Field(sa_type=UtcDateTime)
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    arrived_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reported_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    fed_back_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    rated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finding: str = Field(default="", max_length=32)
    resolution: str = ""
    solved: bool | None = None
    stars: int | None = None
    comment: str = ""
    version: int = 1


class TicketEvent(SQLModel, table=True):
    """What happened to a ticket, in order: folding the events gives the row's state (R1)."""

    __tablename__ = "ticket_event"
    __table_args__ = (UniqueConstraint("ticket_id", "seq"),)

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    ticket_id: int = Field(foreign_key="ticket.id")
    seq: int
    cycle: int
    step: Step = Field(sa_column=Column(StringEnum(Step), nullable=False))
    from_state: State = Field(sa_column=Column(StringEnum(State), nullable=False))
    to_state: State = Field(sa_column=Column(StringEnum(State), nullable=False))
    actor: str = Field(max_length=128)
    role: Actor = Field(sa_column=Column(StringEnum(Actor), nullable=False))
    payload: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    at: datetime = Field(sa_type=UtcDateTime)


class Attachment(SQLModel, table=True):
    """A photo, a voice note or a point on the map that belongs to a ticket, kept by the platform's media id."""

    id: int | None = Field(default=None, primary_key=True)
    community_id: int = Field(foreign_key="community.id")
    ticket_id: int = Field(foreign_key="ticket.id", index=True)
    message_id: str = Field(max_length=160)
    kind: str = Field(max_length=16)
    media_id: str = Field(default="", max_length=256)
    url: str = ""
    by: str = Field(max_length=128)
    stage: str = Field(default="", max_length=16)
    at: datetime = Field(sa_type=UtcDateTime)


class TicketCounter(SQLModel, table=True):
    """The last number given on a day in a grid."""

    __tablename__ = "ticket_counter"

    community_id: int = Field(foreign_key="community.id", primary_key=True)
    day: str = Field(primary_key=True, max_length=6)
    grid_code: str = Field(primary_key=True, max_length=16)
    last: int


@dataclass(frozen=True, slots=True)
class TicketMoved(Fact):
    """A step was taken: the row as it now is, and what the step carried."""

    ticket: Ticket
    step: Step
    event_seq: int
    actor: str
    role: Actor
    payload: Mapping[str, Any]
    assignee_before: str
