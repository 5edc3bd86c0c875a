"""Greeting, menu, thanks, explaining, and handing over to a human."""

from dataclasses import dataclass

from handlers import wording
from handlers.context import Context, Handler, Office, Service
from handlers.message import Dialog, Message, Notice, Turn
from models.desk import Desk
from models.facts import Fact


@dataclass(frozen=True, slots=True)
class HumanAsked(Fact):
    """A resident wants a person: the community's desk is told, once for each message."""

    message_id: str
    text: str


def say(key: str, context: Context, **places: object) -> str:
    """A text that may use the community's name, phone, hours and the menu."""
    office = context.office
    known: dict[str, object] = {
        "社区": office.name,
        "值班电话": office.phone,
        "办公时间": office.hours or "上班时间",
    }
    if "{菜单}" in office.texts[key]:
        known["菜单"] = office.texts.say("common.menu", **known)
    return office.texts.say(key, **{**known, **places})


def greeting(message: Message, dialog: Dialog, context: Context) -> Turn:
    return Turn((say("common.greeting", context),))


def welcome(context: Context) -> Turn:
    return Turn((say("common.welcome", context),))


def menu(message: Message, dialog: Dialog, context: Context) -> Turn:
    return Turn((say("common.menu", context),))


def thanks(message: Message, dialog: Dialog, context: Context) -> Turn:
    return Turn((say("common.thanks", context),))


def human(message: Message, dialog: Dialog, context: Context) -> Turn:
    """The desk's people hear of it by push; the resident learns when and by which number."""
    context.desk.note(HumanAsked(message.id, str(dialog.answers.get("said", "")) or message.text))
    return Turn((say("common.human", context),))


def explain(message: Message, dialog: Dialog, context: Context) -> Turn:
    """办理: 说明. The community's own answer to a question that needs no program."""
    card = context.office.intents[context.heard.intent]
    places = {"社区": context.office.name, "值班电话": context.office.phone, "办公时间": context.office.hours}
    return Turn((card.answer.format(**places).strip(),))


def human_asked(fact: HumanAsked, desk: Desk, office: Office) -> list[Notice]:
    people = desk.route("", "").dispatchers or tuple(office.admins)
    if not office.worker_account:
        return []
    text = office.texts.say("common.human_push", 情况=wording.shorten(fact.text, 60) or "（没有说内容）")
    return [Notice(f"human:{fact.message_id}:{userid}", office.worker_key(userid), text) for userid in people]


SERVICES: dict[str, Service] = {
    "问候": Service(greeting, {"回复": "common.greeting"}),
    "感谢": Service(thanks, {"回复": "common.thanks"}),
    "菜单": Service(menu, {"回复": "common.menu"}),
    "转人工": Service(human, {"回复": "common.human"}),
    "说明": Service(explain),
}
FORMS: dict[str, Handler] = {}
