"""What a handler may use: the desk, the community's office, and what was understood."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from handlers.links import Links
from handlers.message import Dialog, Message, Turn
from handlers.texts import Texts
from models.desk import Desk
from models.vault import Vault
from nlp.understanding import Understanding


@dataclass(frozen=True, slots=True)
class Question:
    """One thing an intent asks for (要问): `kind` is 地点, 文字, 电话, 数字, 小区 or 活动."""

    item: str
    ask: str
    kind: str
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Card:
    """One intent as people see it: `name` is its 编号 (shown in questions), `service` its 办理, `example` a 说法.

    `answer` is the 回复 of an intent that only explains (办理: 说明).
    """

    name: str
    service: str
    example: str = ""
    answer: str = ""
    questions: tuple[Question, ...] = ()


@dataclass(frozen=True, slots=True)
class Office:
    """The community as its configuration describes it; made anew at each reload.

    `worker_account` is the 编号 of the 企业微信 account that reaches the grid workers ("" when there is none):
    a worker's person key is `"<worker_account>:<userid>"`. `intents` maps each intent's 标识 to its card, in the
    order of the configuration. `vault` seals and fingerprints with the operator's key.
    """

    name: str
    phone: str
    hours: str
    texts: Texts
    links: Links
    worker_account: str
    admins: tuple[str, ...]
    intents: Mapping[str, Card]
    vault: Vault = field(default_factory=Vault)

    def worker_key(self, userid: str) -> str:
        return f"{self.worker_account}:{userid}"


class Role(StrEnum):
    RESIDENT = "resident"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Context:
    """Everything a handler may touch; no clock but `desk.now`, no network, no commit.

    `userid` is the worker's 企业微信 account when `role` is WORKER, else "".
    """

    desk: Desk
    office: Office
    heard: Understanding
    role: Role = Role.RESIDENT
    userid: str = ""

    @property
    def texts(self) -> Texts:
        return self.office.texts


# A handler that continues a form answers None when the words do not belong to its form: the router then treats
# them as something new.
Handler = Callable[[Message, Dialog, Context], Turn | None]


@dataclass(frozen=True, slots=True)
class Service:
    """One thing the bot can do, named in `config.yaml` by 办理: the handler, and the texts an intent may reword.

    `texts` maps the field of the intent (回复, 没有时) to the key of the text it replaces.
    """

    run: Handler
    texts: Mapping[str, str] = field(default_factory=dict)
