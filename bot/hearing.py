"""The messages of one batch: claimed together, answered one by one each in its savepoint, kept together."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from sqlalchemy import Connection
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlmodel import Session

from bot.dialogs import Spoken, answer_of, as_answer, sleepy
from bot.notices import outbox_rows
from handlers.context import Context, Office, Role
from handlers.message import Dialog, Kind, Message, Notice, Turn
from handlers.notices import compose
from handlers.router import respond
from handlers.talk import say
from models.desk import Desk, inbox, signatures
from models.desk import outbox as outbox_desk
from models.rules import Rules
from nlp.understanding import Decision, Understanding

# The database itself: the whole batch is tried again.
LOST = (OperationalError, InterfaceError, NoConnection)


class Brain(Protocol):
    """Everything that the configuration decides; swapped whole at a reload."""

    @property
    def office(self) -> Office: ...

    @property
    def rules(self) -> Rules: ...

    @property
    def community_id(self) -> int: ...

    @property
    def passive_accounts(self) -> frozenset[str]: ...


@dataclass(slots=True)
class Pending:
    """A message on the road: `late` is set by whoever waited too long and told the platform 「received」.

    `spoiled` is what took the whole transaction with it when this was heard: it gets the apology at the second try.
    """

    message: Message
    heard: Understanding
    loop: asyncio.AbstractEventLoop | None
    future: "asyncio.Future[Turn] | None"
    late: bool = False
    spoiled: Exception | None = None


@dataclass(slots=True)
class Job:
    """Something else that writes: a tick, a claim, a mark. Runs in the same batch as the messages."""

    run: Callable[[Connection], Any]
    future: "Future[Any]" = field(default_factory=Future)
    spoiled: Exception | None = None


@dataclass(frozen=True, slots=True)
class Failed:
    problem: Exception


class Spoiled(Exception):
    """An item's mistake ended the transaction of the whole batch (a flush that the database refuses does that)."""

    def __init__(self, item: Pending | Job, problem: Exception) -> None:
        super().__init__(problem)
        self.item = item
        self.problem = problem


class Savepoint:
    """SAVEPOINT around one item, spoken straight to the driver: three microseconds instead of a hundred."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._raw = connection.connection.dbapi_connection
        self._error: type[Exception] = connection.dialect.loaded_dbapi.Error

    def _say(self, statement: str) -> None:
        try:
            cursor = self._raw.cursor()  # type: ignore[union-attr]
            cursor.execute(statement)
            cursor.close()
        except self._error as problem:  # the connection broke: nothing but the whole batch can be tried again
            raise OperationalError(statement, None, problem) from problem

    def __enter__(self) -> "Savepoint":
        self._say("SAVEPOINT item")
        return self

    def check(self, item: Pending | Job, problem: Exception) -> None:
        """Make sure that there is still something to roll back to.

        Raises:
            Spoiled: the whole transaction is gone.
        """
        if not self._connection.in_transaction():
            raise Spoiled(item, problem) from problem

    def roll_back(self) -> None:
        self._say("ROLLBACK TO SAVEPOINT item")

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._say("RELEASE SAVEPOINT item")


class Hearing:
    """The messages of one batch: claimed together, answered one by one, kept together."""

    def __init__(self, connection: Connection, session: Session, brain: Brain, now: Any) -> None:
        self.connection = connection
        self.session = session
        self.brain = brain
        self.now = now
        self._fresh: set[tuple[str, str]] = set()
        self._known: dict[tuple[str, str], Turn] = {}
        self._dialogs: dict[tuple[str, str], Spoken] = {}
        self._changed: set[tuple[str, str]] = set()
        self._answers: list[dict[str, Any]] = []
        self._notices: list[Notice] = []
        self._wrote: list[str] = []
        self._replayed: set[int] = set()

    def claim(self, items: Sequence[Pending]) -> None:
        items = self._admit(items)
        if not items:
            return
        first = {(item.message.account, item.message.id): item for item in reversed(items)}
        rows = [
            {
                "community_id": self.brain.community_id,
                "account": account,
                "message_id": number,
                "person": item.message.person,
                "kind": item.message.kind.value,
                "text": item.message.text,
                "intent": "",
                "decision": "",
                "heard_at": item.message.heard_at,
            }
            # Sorted, so that two processes that hear the same retries wait for each other instead of deadlocking.
            for (account, number), item in sorted(first.items())
        ]
        self._fresh = inbox.claim(self.connection, rows)
        seen = first.keys() - self._fresh
        if seen:
            found = inbox.answers(self.connection, seen)
            self._known = {key: answer_of(answer) for key, answer in found.items()}
            # Heard, but its answer is lost (a foreign writer's crash): hear it again rather than fall silent.
            self._fresh |= seen - self._known.keys()
        able = (
            self._fresh
            if not self.brain.passive_accounts
            else {key for key in self._fresh if key[0] not in self.brain.passive_accounts}
        )
        self._wrote = sorted({first[key].message.person for key in able})
        chats = {(first[key].message.chat, first[key].message.person) for key in self._fresh}
        if chats:
            stored = inbox.dialogs(self.connection, chats)
            self._dialogs = {key: Spoken.of(row) for key, row in stored.items()}

    def _admit(self, items: Sequence[Pending]) -> Sequence[Pending]:
        """Those whose signature, where it does not cover the body, came with no other body to any process."""
        signed: dict[tuple[str, str], str] = {}
        for item in items:
            if item.message.signed is not None:
                signature, digest = item.message.signed
                signed.setdefault((item.message.account, signature), digest)
        if not signed:
            return items
        first = signatures.claim(self.connection, signed, self.brain.community_id, self.now)
        self._replayed = {
            id(item)
            for item in items
            if item.message.signed is not None
            and first[item.message.account, item.message.signed[0]] != item.message.signed[1]
        }
        return [item for item in items if id(item) not in self._replayed] if self._replayed else items

    def is_replay(self, item: Pending) -> bool:
        """Whether somebody put other words under a signature that he had seen."""
        return id(item) in self._replayed

    def answered(self, message: Message) -> Turn | None:
        return self._known.get((message.account, message.id))

    def respond(self, pending: Pending, take_back: Callable[[], None]) -> Turn:
        message, brain = pending.message, self.brain
        key = (message.chat, message.person)
        spoken, slept = sleepy(self._dialogs.get(key, Spoken()), self.now, brain.rules.dialog_idle)
        desk = Desk(
            self.session,
            community_id=brain.community_id,
            now=self.now,
            rules=brain.rules,
            take_back=take_back,
        )
        worker = message.account == brain.office.worker_account
        context = Context(
            desk=desk,
            office=brain.office,
            heard=pending.heard,
            role=Role.WORKER if worker else Role.RESIDENT,
            userid=message.person.partition(":")[2] if worker else "",
        )
        turn = respond(message, spoken.dialog, spoken.draft, slept, context)
        self.session.flush()
        if message.account in brain.passive_accounts and message.kind is not Kind.EVENT:
            held = outbox_desk.take_held(self.connection, message.person, self.now)
            if held:
                turn = Turn(
                    (*(str(notice["text"]) for notice in held), *turn.texts), turn.dialog, turn.choices
                )
        self._notices += compose(desk.facts, desk, brain.office)
        self.session.expunge_all()
        self._speak(key, turn, spoken)
        self._answer(pending, turn)
        return turn

    def _speak(self, key: tuple[str, str], turn: Turn, spoken: Spoken) -> None:
        dialog = turn.dialog if not turn.choices or turn.dialog.choices else _with_choices(turn)
        draft = None if dialog.form == (spoken.draft.form if spoken.draft else "") else spoken.draft
        now_spoken = Spoken(dialog, draft, self.now)
        if key in self._dialogs or dialog.form or dialog.choices:
            before = self._dialogs.get(key)
            self._dialogs[key] = now_spoken
            if before is None or (before.dialog, before.draft) != (dialog, draft) or dialog.form:
                self._changed.add(key)

    def _answer(self, pending: Pending, turn: Turn) -> None:
        message = pending.message
        key = (message.account, message.id)
        self._known[key] = turn
        self._answers.append(
            {
                "at_account": message.account,
                "at_message": message.id,
                "answer": as_answer(turn),
                "intent": (message.event or pending.heard.intent)[:32],
                "decision": pending.heard.decision.value,
                "understood": understood(pending.heard),
            }
        )
        self.remind_late(pending, turn)

    def remind_late(self, pending: Pending, turn: Turn) -> None:
        if pending.late and turn.texts:
            self._notices.append(late_answer(pending.message, turn))

    def forget(self) -> None:
        """Drop the session's objects after a rolled-back savepoint."""
        self.session.expunge_all()

    def apologise(self, pending: Pending) -> Turn:
        """The apology is the answer; the dialog stays where it was, so nothing the person typed is lost."""
        turn = sorry(self.brain, pending)
        self._answer(pending, turn)
        return turn

    def keep(self) -> None:
        """Write answers, dialogs and notices of the batch."""
        inbox.keep(
            self.connection,
            self._answers,
            [self._dialogs[key].as_row(self.brain.community_id, *key) for key in sorted(self._changed)],
        )
        outbox_desk.release(self.connection, self._wrote, self.now)
        rows = outbox_rows(self._notices, self.brain.community_id, self.now)
        outbox_desk.enqueue(self.connection, rows, self.now)


_WORTH_OFFERING = 0.1


def understood(heard: Understanding) -> dict[str, Any] | None:
    """Why the message was understood so, and what else it may have meant: for the console and 「不是这个意思」."""
    if not heard.why:
        return None
    named = [name for name, score in heard.alternatives if score >= _WORTH_OFFERING]
    if heard.wishes:
        done = {part.heard.intent for part in heard.wishes}
        others = [name for name in named if name not in done]
    elif heard.decision is Decision.SURE:
        others = named
    else:  # an asked-back message offered the first two already
        others = named[1:] if heard.decision is Decision.ASK else [heard.intent, *named]
    return {"why": heard.why, "others": [one for one in others if one], "slots": dict(heard.slots)}


def sorry(brain: Brain, pending: Pending) -> Turn:
    desk = Desk(Session(), community_id=brain.community_id, now=pending.message.heard_at, rules=brain.rules)
    return Turn((say("common.apology", Context(desk=desk, office=brain.office, heard=pending.heard)),))


def _with_choices(turn: Turn) -> Dialog:
    return replace(turn.dialog, choices=turn.choices)


def late_answer(message: Message, turn: Turn) -> Notice:
    lines = [f"{number} {choice.label}" for number, choice in enumerate(turn.choices, start=1)]
    text = "\n\n".join(turn.texts) + ("\n" + "\n".join(lines) if lines else "")
    return Notice(f"answer:{message.account}:{message.id}", message.person, text, urgent=True)
