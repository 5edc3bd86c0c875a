"""The protocol every channel keeps: a delivery in, a message out; a turn in, bytes out; a notice pushed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from handlers.message import Message, Notice, Turn
from models.quota import Quota

USED_UP = 45009  # the calls of a day, of one interface


class BadDelivery(Exception):
    """A request that is not the platform's, or not readable: answered with `status` and nothing else happens.

    `reason` is an event name for the log and the admin, never shown to the sender.
    """

    def __init__(self, reason: str, status: int = 403) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class PushRefused(Exception):
    """The platform will not take this notice, now or ever.

    `code` is the platform's errcode (0: no answer reached us), `reason` a Chinese sentence for the admin saying
    what it means and what to do, `retry` whether trying again later can help, `retry_after_s` how long to wait
    (None: the outbox's own growing waits), `unknown` when the call may have reached the platform all the same.
    `whole_account`: the account's trouble, not this notice's, so no other need be tried before the wait is over; by
    `way` ("custom", "template") alone, or by any when that is "".
    """

    def __init__(
        self,
        code: int,
        reason: str,
        *,
        retry: bool,
        retry_after_s: float | None = None,
        unknown: bool = False,
        whole_account: bool = False,
        way: str | None = None,
    ) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason
        self.retry = retry
        self.retry_after_s = retry_after_s
        self.unknown = unknown
        self.whole_account = whole_account
        self.way = way

    def by(self, way: str) -> "PushRefused":
        """The same, where what was used up (45009) belongs to one way alone."""
        if self.code == USED_UP and self.way is None:
            self.way = way
        return self


@dataclass(frozen=True, slots=True)
class Delivery:
    """One HTTP request of a platform, free of any web framework. `query` holds the last value of each name."""

    account: str
    method: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Heard:
    """What a channel made of a delivery: the message, and what it must remember to answer in the same mode."""

    message: Message
    reply_to: object


class Sent(StrEnum):
    SENT = "sent"
    DRY_RUN = "dry_run"  # no secrets: nothing left the machine


@dataclass(frozen=True, slots=True)
class Receipt:
    """The platform took it: `way` says how (custom, template, text), `reference` is its own number, if any."""

    state: Sent
    way: str = ""
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the account may do. `push`: it can write first; `buttons`: choices are tapped, not numbered.

    `way` names its plain way of pushing and `quota` what binds that; None when nothing does, as in dry-run.
    """

    push: bool
    way: str = ""
    quota: Quota | None = None
    buttons: bool = False
    media: bool = False
    group: bool = False
    max_reply_bytes: int = 2048


@dataclass(frozen=True, slots=True)
class Account:
    """One account of `config.yaml` (渠道) with its secrets from the environment.

    `kind` is the 种类 of the configuration (公众号, 企业微信 …). `templates` maps our template names to
    (template id, {field of ours: keyword of the template}). Empty secrets mean dry-run.
    """

    code: str
    kind: str
    can_push: bool
    token: str = field(default="", repr=False)
    aes_key: str = field(default="", repr=False)
    aes_key_old: str = field(default="", repr=False)
    app_id: str = ""
    secret: str = field(default="", repr=False)
    agent_id: str = ""
    templates: Mapping[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)


class Channel(Protocol):
    """One account on one platform."""

    account: Account
    capabilities: Capabilities

    def verify(self, delivery: Delivery) -> bytes:
        """Answer the platform's address check (GET).

        Raises:
            BadDelivery: the signature is wrong or something is missing.
        """

    def parse(self, delivery: Delivery) -> Heard:
        """Check signature and freshness, decrypt, read.

        Raises:
            BadDelivery: wrong signature, replay, stale, unreadable.
        """

    def render(self, turn: Turn, heard: Heard) -> bytes:
        """The passive answer in the mode of the question; `success` when there is nothing to say."""

    def media_type(self, heard: Heard) -> str:
        """The Content-Type of what `render` gave."""

    def push(self, notice: Notice) -> Receipt:
        """Send actively; blocking, called from the outbox's threads.

        Raises:
            PushRefused: with what to do about it.
        """

    def close(self) -> None:
        """Give back connections."""
