"""What handlers and notices say alike about a ticket: its person, its next deadline, its place from slots."""

from collections.abc import Iterable, Mapping

from handlers import wording
from handlers.context import Context, Office
from handlers.message import Message
from models.desk import Desk
from models.desk.places import in_zone
from models.rules import StageRule
from models.ticket import Actor, Stage, State, Ticket
from nlp.normalise import clean
from nlp.places import places as read_places


def places(slots: Mapping[str, str]) -> dict[str, str]:
    """The parts of a ticket's place that the slots name; empty without a building."""
    if not slots.get("building"):
        return {}
    building = in_zone(slots.get("zone", ""), slots["building"])
    found = {"building": building, "unit": slots.get("unit", ""), "room": slots.get("room", "")}
    if slots.get("estate"):
        found["estate"] = slots["estate"]
    if slots.get("floor") and not slots.get("room"):
        found["place_text"] = f"{slots['floor']}楼"
    return found


def placed(message: Message, context: Context) -> dict[str, str]:
    """The place that a message names: in its words, or in the label of a point on the map."""
    found = places(context.heard.slots)
    if not found and message.place is not None and message.place.label:
        found = places(read_places(clean(message.place.label), context.desk.estates()))
    if not found and (named := context.desk.building_named(message.text)) is not None:
        found = {"estate": named[0], "building": named[1], "unit": context.heard.slots.get("unit", "")}
    if found.get("estate"):
        found["estate"] = context.desk.estate_name(found["estate"])
    return found


def locate(ticket: Ticket, found: Mapping[str, str], desk: Desk) -> None:
    """Write the parts of a place on a ticket; one without a grid finds its own."""
    if ticket.place_text.startswith("登记住址"):  # stood there only until the place was known
        ticket.place_text = ""
    desk.locate_ticket(
        ticket,
        estate=desk.estate_name(found.get("estate", "")),
        building=found.get("building", ""),
        unit=found.get("unit", ""),
        room=found.get("room", ""),
        place_text=found.get("place_text", ""),
    )


def person(ticket: Ticket, context: Context) -> str:
    return who(ticket, context.desk)


def who(ticket: Ticket, desk: Desk) -> str:
    """The responsible person's name as residents read it."""
    return desk.name_of(ticket.assignee or ticket.accepted_by)


def who_may(ticket: Ticket, who: Iterable[Actor], desk: Desk) -> str:
    """Those who may take a step, by name where there is one: 「网格长 孙七或社区值班 王五」."""
    route = desk.route_for(ticket)
    people = {
        Actor.ASSIGNEE: (ticket.assignee,),
        Actor.WORKER: (route.worker, route.backup),
        Actor.LEAD: (route.lead,),
        Actor.DISPATCHER: route.dispatchers,
    }
    said: list[str] = []
    for actor in sorted(set(who) - {Actor.SYSTEM}, key=list(Actor).index):
        names = [desk.name_of(userid) for userid in people.get(actor, ()) if userid]
        if names or actor not in people:
            said.append(f"{wording.ACTORS[actor]} {'、'.join(names)}".strip())
    return "或".join(said) or "系统"


def next_step(ticket: Ticket, context: Context) -> str:
    return what_next(ticket, context.desk, context.office)


def promised(rule: StageRule) -> str:
    """How long a stage may take, as it is promised: 「1小时」, 「7小时（值班时间）」."""
    span = wording.wait(rule.limit)
    return span if rule.calendar == "natural" else f"{span}（值班时间）"


def what_next(ticket: Ticket, desk: Desk, office: Office) -> str:
    """The next deadline, or what the resident can do now."""
    say = office.texts.say
    clock = desk.next_deadline(ticket) if ticket.held_until is None else None
    if clock is not None and clock.due_at is not None:
        stage, left = wording.STAGES[clock.stage], clock.due_at - desk.now
        if left.total_seconds() < 0:
            return say("status.next_late", 环节=stage, 超出=wording.wait(left))
        return say(
            "status.next", 环节=stage, 时间=wording.moment(clock.due_at, desk.now), 剩余=wording.wait(left)
        )
    if ticket.state is State.FED_BACK:
        return say("status.next_rate")
    if ticket.state in (State.RATED, State.ARCHIVED, State.CANCELLED, State.REJECTED, State.MERGED):
        return say("status.next_done")
    hold = desk.running_hold(ticket)
    if hold is not None:
        return say("status.on_hold", 原因=hold.reason.value, 时间=wording.moment(hold.until, desk.now))
    held = desk.clock_of(ticket, Stage.CLOSE)
    if held is not None and held.is_held:
        if held.held_until is None:
            return say("status.next_held")
        return say("status.next_held_until", 时间=wording.moment(held.held_until, desk.now))
    return say("status.next_none")
