"""The plain data that travels between channels, engine and handlers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What a person sent."""

    TEXT = "text"
    IMAGE = "image"
    VOICE = "voice"
    VIDEO = "video"
    FILE = "file"
    LOCATION = "location"
    LINK = "link"
    EVENT = "event"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Media:
    """A picture, a voice note, a file: kept by the platform under `media_id` (some days) or at `url`."""

    kind: Kind
    media_id: str = ""
    url: str = ""
    format: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """A point sent from the phone's map: GCJ-02 degrees and the label the map gave it."""

    latitude: float
    longitude: float
    label: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """One thing one person said or did, free of any platform's form.

    `id` is unique inside the account and equal for every retry of the same message. `person` and `chat` are
    `"<account>:<platform id>"`; in a private chat both are the same. `text` is what was typed, the recognised
    speech of a voice note, the title of a link, the label of a location, or "". `event` is the platform's event
    in lower case ("subscribe", "unsubscribe", "scan", "click", "view", …) with its key in `event_key`; `origin`
    the scene of a scanned QR code.
    """

    id: str
    account: str
    channel: str
    person: str
    chat: str
    kind: Kind
    sent_at: datetime
    heard_at: datetime
    text: str = ""
    media: tuple[Media, ...] = ()
    place: Place | None = None
    event: str = ""
    event_key: str = ""
    origin: str = ""
    late: bool = False  # acknowledged empty already: the answer must go by push
    signed: tuple[str, str] | None = (
        None  # (signature, digest of the body) where the one does not cover the other
    )


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to pick: `label` is shown, `say` is what picking it means."""

    label: str
    say: str


@dataclass(frozen=True, slots=True)
class Dialog:
    """Where a conversation stands; `Dialog()` means nothing is open. `answers` must be JSON.

    `around` is what the router keeps beside the form (`handlers.frame`), as JSON; forms leave it alone.
    """

    form: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)
    choices: tuple[Choice, ...] = ()
    around: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turn:
    """What the bot says and where the dialog stands afterwards (closed unless a dialog is given).

    Several texts are joined by a blank line where the platform takes one answer only. `choices` become buttons,
    a menu or numbered lines, and the reply "1" is understood as the first one's `say`.
    """

    texts: tuple[str, ...] = ()
    dialog: Dialog = field(default_factory=Dialog)
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to be pushed to one person, once: `dedupe_key` is unique for ever.

    `topic` groups notices of which only the newest matters after an outage (an older pending one of the same
    topic is superseded). `template` names a template of the account's configuration, used where a plain message
    is not allowed any more; `fields` are its values by the names the community gave them. `resend` says what to
    do when nobody knows whether it went out (a crash in the middle): send once more, or rather let it be lost.
    `about` is the number of the ticket it speaks of; `must_reach` says that somebody on duty has to hear of it, so
    it takes another way when this one fails. `way` is how it shall be sent, as the outbox found ("": any).
    """

    dedupe_key: str
    person: str
    text: str
    url: str = ""
    template: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    topic: str = ""
    urgent: bool = False
    not_before: datetime | None = None
    resend: bool = True
    about: str = ""
    must_reach: bool = False
    way: str = ""
