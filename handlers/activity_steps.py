"""What the services and the forms of 活动 have in common: find which, sign up, change, cancel, and say so."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from handlers.activity_people import companions_in, people_in, speaks_of_many
from handlers.activity_words import (
    can_join,
    choices,
    details,
    near,
    remind_promise,
    say,
    when,
)
from handlers.context import Context
from handlers.message import Choice, Dialog, Message, Turn
from models.activity import Activity, SignUp, SignUpState
from models.desk.activity_signing import Outcome, Signing
from models.desk.activity_stamp import ACTIVITIES
from models.desk.memory import minute, recalled
from models.errors import DomainError

# What a number in the list is picked for.
SHOW, JOIN, LEAVE, CHANGE, OFFER = "show", "join", "leave", "change", "offer"
SHOWN_AT_ONCE = 9
_SINGULAR = re.compile(r"算我|我(?:也|要|想|也要|也想)?(?:参加|去|来)")


def named(context: Context, words: str) -> list[Activity]:
    """The activities these words may mean, the slots asked first; what nobody changed is not looked up again."""
    slots = context.heard.slots
    key = ("named", words, slots.get("date", ""), slots.get("activity", ""), minute(context.desk))
    return recalled(context.desk, ACTIVITIES, key, lambda: _named(context, words))


def _named(context: Context, words: str) -> list[Activity]:
    slots = context.heard.slots
    on = _date(slots.get("date", ""))
    if slots.get("activity") and (hits := context.desk.find_activities(slots["activity"], on=on)):
        return hits
    return context.desk.find_activities(words, on=on)


def people_of(context: Context, words: str) -> int | None:
    """How many, from the words or the slot; None when neither tells."""
    found = people_in(words)
    if found is None and context.heard.slots.get("people", "").isdigit():
        found = int(context.heard.slots["people"])
    return found


def ask_which(
    activities: Sequence[Activity], context: Context, *, purpose: str, key: str, **kept: Any
) -> Turn:
    """The numbered list under the question `key`; what was said already is kept for the answer."""
    shown = activities[:SHOWN_AT_ONCE]
    answers = {"purpose": purpose, "key": key, "codes": [a.code for a in shown], **kept}
    answers.setdefault("intent", context.heard.intent)
    own_words = _asked_as(context, "活动") if key == "activity.which" else ""
    text = own_words or say(context.office, key, 活动=shown[0].title)
    lines = recalled(
        context.desk,
        ACTIVITIES,
        ("lines", tuple(a.id for a in shown), minute(context.desk)),
        lambda: choices(shown, context.desk, context.office),
    )
    return Turn((text,), Dialog("activity.pick", answers), lines)


def nothing_on(context: Context) -> Turn:
    return Turn(
        (say(context.office, "activity.none", 链接=f"{context.office.links.public_url}/r/activities"),)
    )


def what_is_on(context: Context, first: str, key: str = "activity.instead", **kept: Any) -> Turn:
    """A refusal followed by what one can sign up for instead."""
    activities = [a for a in context.desk.open_activities() if a.waitlist or a.seats_left]
    lead = (first,) if first else ()
    if not activities:
        return Turn((*lead, *nothing_on(context).texts))
    asked = ask_which(activities, context, purpose=JOIN, key=key, **kept)
    return Turn((*lead, *asked.texts), asked.dialog, asked.choices)


def show(activity: Activity, message: Message, context: Context) -> Turn:
    """The details; afterwards 「报名」, 「2个人」 or 「不去了」 need no name any more."""
    mine = own(activity, message, context)
    text = details(activity, mine, context.desk, context.office)
    if mine is not None:
        return Turn((text,), Dialog("activity.mine", {"code": activity.code}))
    if can_join(activity, context.desk.now):
        return Turn((text,), Dialog("activity.details", {"code": activity.code}))
    return Turn((text,))


def own(activity: Activity, message: Message, context: Context) -> SignUp | None:
    return next((s for a, s in context.desk.sign_ups_of(message.person) if a.id == activity.id), None)


def join(activity: Activity, people: int | None, words: str, message: Message, context: Context) -> Turn:
    """Sign a group up; one person is assumed, and said, when the words speak of no one else."""
    assert activity.id is not None
    before = own(activity, message, context)
    if before is not None:
        return _already(activity, before, people, message, context)
    if people is None and can_join(activity, context.desk.now) and _must_ask(words, context):
        return ask_how_many(activity, context, companions=companions_in(words))
    try:
        signing = context.desk.sign_up(
            activity.id,
            message.person,
            people or 1,
            companions=companions_in(words),
            name=context.heard.slots.get("name", ""),
            phone=context.heard.slots.get("phone", ""),
        )
    except DomainError as refusal:
        return refused(refusal, activity, context, people=people)
    turn = signed(signing, context)
    if people is None:
        return Turn((*turn.texts, say(context.office, "activity.assumed")), turn.dialog)
    return turn


def ask_how_many(activity: Activity, context: Context, **kept: Any) -> Turn:
    """「一共几位参加？」, in the community's own words where the configuration has them (要问, 种类 数字)."""
    text = _asked_as(context, "数字") or say(context.office, "activity.how_many", 活动=activity.title)
    return Turn((text,), Dialog("activity.how_many", {"code": activity.code, **kept}))


def _asked_as(context: Context, kind: str) -> str:
    """The community's own wording of a question (要问), "" when the intent has none."""
    card = context.office.intents.get(context.heard.intent)
    return next((q.ask for q in card.questions if q.kind == kind), "") if card else ""


def _must_ask(words: str, context: Context) -> bool:
    """Whether 1 may not be assumed: 「我们都去」, or the configuration insists on the number."""
    if speaks_of_many(words):
        return True
    card = context.office.intents.get(context.heard.intent)
    insists = card is not None and any(q.kind == "数字" and not q.optional for q in card.questions)
    return insists and not _SINGULAR.search(words)


def signed(signing: Signing, context: Context) -> Turn:
    """The answer to a new sign-up: seats, or a place in the line."""
    activity, group = signing.activity, signing.sign_up
    key = "activity.waitlisted" if signing.outcome is Outcome.WAITLISTED else "activity.signed"
    text = say(
        context.office,
        key,
        **places_of(activity, context),
        人数=group.people,
        序号=signing.position or group.sequence,
        剩余=activity.seats_left,
        提醒=remind_promise(activity, context.desk.now, context.office),
    )
    return Turn((text,), Dialog("activity.mine", {"code": activity.code}))


def _already(
    activity: Activity, before: SignUp, people: int | None, message: Message, context: Context
) -> Turn:
    if before.state is SignUpState.OFFERED:
        return accept(activity, message, context)
    places = {**places_of(activity, context), "人数": before.people}
    if people is None or people == before.people:
        waiting = before.state is SignUpState.WAITLISTED
        key = "activity.already_waiting" if waiting else "activity.already"
        text = say(context.office, key, **places, 序号=context.desk.waiting_position(before))
        return Turn((text,), Dialog("activity.mine", {"code": activity.code}))
    text = say(context.office, "activity.already_other", **places, 新人数=people)
    options = (
        Choice(say(context.office, "activity.yes_change", 新人数=people), f"改成{people}个人"),
        Choice(say(context.office, "activity.no_change", 人数=before.people), "不改"),
    )
    return Turn((text,), Dialog("activity.mine", {"code": activity.code, "people": people}), options)


def change(activity: Activity, people: int, message: Message, context: Context) -> Turn:
    """Another number for one's own group; none at all is a cancel, and an offer is taken with it."""
    assert activity.id is not None
    if people == 0:
        return leave(activity, message, context)
    before = own(activity, message, context)
    try:
        signing = context.desk.change_people(activity.id, message.person, people)
    except DomainError as refusal:
        return refused(refusal, activity, context, mine=before)
    if signing.sign_up.state is SignUpState.OFFERED:
        return accept(activity, message, context)
    waiting = signing.outcome is Outcome.WAITLISTED
    key = "activity.changed_waiting" if waiting else "activity.changed"
    text = say(
        context.office, key, **places_of(signing.activity, context), 人数=people, 序号=signing.position
    )
    return Turn((text,), Dialog("activity.mine", {"code": activity.code}))


def leave(activity: Activity, message: Message, context: Context) -> Turn:
    """Give the seats back."""
    assert activity.id is not None
    before = own(activity, message, context)
    state = before.state if before is not None else None
    try:
        gone = context.desk.cancel_sign_up(activity.id, message.person)
    except DomainError as refusal:
        return refused(refusal, activity, context, mine=before)
    if gone is None:
        return Turn((say(context.office, "activity.not_signed", 活动=activity.title),))
    key = {
        SignUpState.WAITLISTED: "activity.cancelled_waiting",
        SignUpState.OFFERED: "activity.offer_declined",
    }.get(state or gone.state, "activity.cancelled_mine")
    return Turn((say(context.office, key, **places_of(activity, context), 人数=gone.people),))


def accept(activity: Activity, message: Message, context: Context) -> Turn:
    """「要」: take the seats that are held."""
    assert activity.id is not None
    taken = context.desk.accept_offer(activity.id, message.person)
    if taken is None:
        return Turn((say(context.office, "activity.offer_gone", 活动=activity.title),))
    places = {**places_of(activity, context), "人数": taken.people, "序号": taken.sequence}
    text = say(context.office, "activity.offer_taken", **places)
    return Turn((text,), Dialog("activity.mine", {"code": activity.code}))


def refused(
    refusal: DomainError,
    activity: Activity,
    context: Context,
    *,
    people: int | None = None,
    mine: SignUp | None = None,
) -> Turn:
    """A rule said no: why, and what can be done instead."""
    places = {
        **places_of(activity, context),
        "人数": mine.people if mine is not None else people or 1,
        **{
            name: near(value, context.desk.now) if isinstance(value, datetime) else value
            for name, value in refusal.places.items()
        },
    }
    if mine is not None:
        key = "activity.room_for" if refusal.code == "activity_full" else f"error.{refusal.code}"
        text = say(context.office, key, **places) + say(context.office, "activity.unchanged", **places)
        return Turn((text,), Dialog("activity.mine", {"code": activity.code}))
    text = say(context.office, f"error.{refusal.code}", **places)
    if refusal.code in ("activity_full", "activity_too_many", "activity_people", "activity_household"):
        return Turn((text,), Dialog("activity.how_many", {"code": activity.code}))
    return what_is_on(context, text, people=people)


def places_of(activity: Activity, context: Context) -> dict[str, object]:
    """The places that every text about one activity may use."""
    return {
        "活动": activity.title,
        "时间": when(activity.starts_at),
        "地点": activity.place,
        "说明": activity.note,
        "链接": context.office.links.activity(activity.code),
    }


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
