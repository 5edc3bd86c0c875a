"""紧急: what to do now comes first, then the ticket, then at once the push; the place is asked for afterwards."""

from dataclasses import replace
from datetime import timedelta

from handlers.context import Context, Handler, Service
from handlers.draft import Draft
from handlers.filed import FORM
from handlers.home import address, own_home
from handlers.message import Dialog, Message, Turn
from handlers.report import new_ticket
from handlers.ticket import proofs_of
from handlers.ticket_words import locate, person, places
from models.ticket import OPEN, Actor, Step, Ticket, Urgency

KINDS = frozenset(
    {
        *{"fire", "gas", "electric", "flood", "collapse"},
        *{"trapped", "locked", "caught", "crush", "water", "fall", "jump", "traffic"},
        *{"medical", "bleeding", "burn", "choke", "poison", "birth", "animal"},
        *{"violence", "missing", "unseen"},
    }
)
# One event, told first by one of its words and then by another: 「我妈摔倒了」, 「流了好多血」.
_OF_ONE_EVENT = (
    frozenset({"medical", "bleeding", "fall", "choke", "poison", "birth", "burn", "unseen"}),
    frozenset({"fire", "gas", "burn"}),
    frozenset({"crush", "collapse", "bleeding", "medical", "traffic", "fall"}),
    frozenset({"violence", "bleeding", "missing"}),
    frozenset({"water", "flood"}),
    frozenset({"animal", "bleeding", "medical"}),
    frozenset({"jump", "fall", "poison", "medical"}),
    frozenset({"trapped", "locked", "caught"}),
)
SAME_EVENT = timedelta(minutes=30)


def emergency(message: Message, dialog: Dialog, context: Context) -> Turn | None:
    """File at once, without a card; whoever is in danger does not confirm forms. Said again, it is the same event."""
    texts = context.texts
    kind = context.heard.emergency if context.heard.emergency in KINDS else "other"
    first = texts.say(f"emergency.{kind}")
    found = places(context.heard.slots)
    ticket = _known(kind, message, found, context)
    home = own_home(message.person, context) if not found else None
    if ticket is not None:
        _again(ticket, message, found, context)
        said = texts.say("emergency.again", 编号=ticket.number, 值班电话=context.office.phone)
    else:
        draft = Draft(
            said_at=message.sent_at.isoformat(),
            text=message.text.strip()[:1000],
            origin=message.origin,
            phone=context.heard.slots.get("phone", ""),
            proofs=tuple((p.kind, p.message_id, p.media_id, p.url) for p in proofs_of(message)),
        ).at(found)
        if home is not None:  # a hint for whoever is called, not yet the place
            draft = replace(draft, place_text=texts.say("home.emergency_place", 地点=address(home)))
        ticket = context.desk.file_ticket(new_ticket(draft, message, context, emergency=kind))
        key = "emergency.filed" if ticket.assignee else "emergency.filed_unlocated"
        who = person(ticket, context)
        said = texts.say(key, 编号=ticket.number, 网格员=who, 值班电话=context.office.phone)
    if not ticket.building:
        said += (
            texts.say("home.emergency", 地点=address(home))
            if home is not None
            else texts.say("emergency.where")
        )
    return Turn((first, said), Dialog(FORM, {"number": ticket.number, "urgent": True}))


def _known(kind: str, message: Message, found: dict[str, str], context: Context) -> Ticket | None:
    """His own emergency of the last half hour, unless the words name another danger or another building."""
    for ticket in context.desk.tickets_of(message.person):
        if (
            ticket.urgency is Urgency.EMERGENCY
            and ticket.state in OPEN
            and _one_event(kind, ticket.emergency)
            and context.desk.now - ticket.submitted_at <= SAME_EVENT
            and (not found or ticket.building in ("", found["building"]))
        ):
            return context.desk.find_ticket(ticket.number)
    return None


def _one_event(kind: str, other: str) -> bool:
    return kind == other or "other" in {kind, other} or any({kind, other} <= kinds for kinds in _OF_ONE_EVENT)


def _again(ticket: Ticket, message: Message, found: dict[str, str], context: Context) -> None:
    located = bool(found) and not ticket.building
    if located:
        locate(ticket, found, context.desk)
    context.desk.move_ticket(
        ticket,
        Step.SUPPLEMENT,
        actor=message.person,
        role=Actor.REPORTER,
        payload={"text": message.text.strip()[:1000], **({"located": True} if located else {})},
        proofs=proofs_of(message),
    )


SERVICES: dict[str, Service] = {"紧急": Service(emergency)}
FORMS: dict[str, Handler] = {}
