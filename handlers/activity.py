"""活动: what is on, signing up by one sentence, cancelling, answering an offered seat."""

import re

from handlers.activity_forms import AFTER_SIGN_UP, FORMS, GIVE_UP, OWN_SERVICES
from handlers.activity_people import changed_people
from handlers.activity_steps import (
    CHANGE,
    JOIN,
    LEAVE,
    OFFER,
    SHOW,
    accept,
    ask_which,
    change,
    join,
    leave,
    named,
    nothing_on,
    people_of,
    show,
    what_is_on,
)
from handlers.activity_words import say
from handlers.context import Context, Service
from handlers.message import Dialog, Message, Turn
from models.activity import Activity, SignUpState

_MINE = re.compile(
    r"我(?:都|们)?报(?:了|名|过)(?:了|的)?(?:哪些|哪几个|什么|啥|活动)|我的(?:报名|活动)|报(?:名)?(?:成功|上)(?:了)?(?:没|吗|么)|我报名?了?(?:没|吗)"
)
_CHANGE = re.compile(
    r"改成|改为|变成|换成|改人数|再加|再来|多(?:来|带|加|报|了)|少(?:来|去|了)|[加减少]一?[个位]"
)
_CHANGE_HOW = re.compile(r"改(?:一下|下)?人数|人数(?:要|想)?改")
_ACCEPT = re.compile(
    r"(?:我|我们)?(?:要|要的|要了|确认|来|去|参加|接受|可以|好|好的|得行|行)(?:的|了|哈|吧|！|。)?"
)
_DECLINE = re.compile(r"不要了?|不来了?|不去了?|不参加了?|算了|放弃|让给别人(?:吧)?")


def what_is_coming(message: Message, dialog: Dialog, context: Context) -> Turn:
    """活动清单: the list, one activity's details, or what one has signed up for."""
    if _MINE.search(message.text):
        return _my_own(message, context)
    hits = named(context, message.text)
    if len(hits) == 1:
        return show(hits[0], message, context)
    coming = hits or context.desk.upcoming_activities()
    if not coming:
        return nothing_on(context)
    return ask_which(coming, context, purpose=SHOW, key="activity.list")


def sign_up(message: Message, dialog: Dialog, context: Context) -> Turn:
    """活动报名: one sentence is enough; what is missing is asked, several possible activities are shown."""
    words = message.text
    hits = named(context, words)
    if _MINE.search(words) and not hits:
        return _my_own(message, context)
    mine = context.desk.sign_ups_of(message.person)
    if _CHANGE.search(words) or _CHANGE_HOW.search(words):
        meant = [a for a, _ in mine if not hits or any(a.id == hit.id for hit in hits)]
        if meant:
            return _change(meant, message, context)
    people = people_of(context, words)
    if len(hits) == 1:
        return join(hits[0], people, words, message, context)
    kept = {"people": people, "words": words}
    if hits:
        return ask_which(hits, context, purpose=JOIN, key="activity.which", **kept)
    offered = [a for a, s in mine if s.state is SignUpState.OFFERED]
    if len(offered) == 1 and not context.heard.slots.get("activity"):
        return accept(offered[0], message, context)
    open_now = context.desk.open_activities()
    if not open_now:
        return nothing_on(context)
    if context.heard.slots.get("activity"):
        return ask_which(open_now, context, purpose=JOIN, key="activity.not_found", **kept)
    if len(open_now) == 1:
        return show(open_now[0], message, context)
    return ask_which(open_now, context, purpose=JOIN, key="activity.which", **kept)


def cancel(message: Message, dialog: Dialog, context: Context) -> Turn:
    """取消报名: the only one at once, one of several after a question; asked twice it frees once."""
    mine = context.desk.sign_ups_of(message.person)
    hits = named(context, message.text)
    meant = [a for a, _ in mine if any(a.id == hit.id for hit in hits)] if hits else [a for a, _ in mine]
    if hits and not meant:
        return Turn((say(context.office, "activity.not_signed", 活动=hits[0].title),))
    if not meant:
        return Turn((say(context.office, "activity.mine.none"),))
    if len(meant) > 1:
        return ask_which(meant, context, purpose=LEAVE, key="activity.which_cancel")
    if _CHANGE.search(message.text) and not GIVE_UP.search(message.text):
        return _change(meant, message, context)
    return leave(meant[0], message, context)


def answer_offer(message: Message, dialog: Dialog, context: Context) -> Turn | None:
    """「要」 or 「不要」 to an offered seat, said days after the dialog closed; None when no offer is meant.

    The router asks this before it looks for an intent.
    """
    words = message.text.strip()
    yes, no = _ACCEPT.fullmatch(words), _DECLINE.fullmatch(words)
    if not yes and not no:
        return None
    offered = [a for a, s in context.desk.sign_ups_of(message.person) if s.state is SignUpState.OFFERED]
    if not offered:
        lapsed = context.desk.lapsed_offer_of(message.person) if yes else None
        if lapsed is None:
            return None
        return Turn((say(context.office, "activity.offer_gone", 活动=lapsed.title),))
    if len(offered) > 1:
        purpose = OFFER if yes else LEAVE
        return ask_which(offered, context, purpose=purpose, key="activity.which_offer")
    return accept(offered[0], message, context) if yes else leave(offered[0], message, context)


def _my_own(message: Message, context: Context) -> Turn:
    mine = context.desk.sign_ups_of(message.person)
    if not mine:
        return what_is_on(context, say(context.office, "activity.mine.none"))
    if len(mine) == 1:
        return show(mine[0][0], message, context)
    return ask_which([a for a, _ in mine], context, purpose=SHOW, key="activity.mine.list")


def _change(meant: list[Activity], message: Message, context: Context) -> Turn:
    if len(meant) > 1:
        return ask_which(meant, context, purpose=CHANGE, key="activity.which_change", words=message.text)
    activity = meant[0]
    mine = next(s for a, s in context.desk.sign_ups_of(message.person) if a.id == activity.id)
    people = changed_people(message.text, mine.people)
    if people is None:
        text = say(context.office, "activity.how_many_then")
        return Turn((text,), Dialog("activity.mine", {"code": activity.code, "asked": True}))
    return change(activity, people, message, context)


SERVICES: dict[str, Service] = {
    "活动清单": Service(what_is_coming, {"回复": "activity.list", "没有时": "activity.none"}),
    "活动报名": Service(sign_up, {"回复": "activity.signed", "没有时": "activity.none"}),
    "取消报名": Service(cancel, {"回复": "activity.cancelled_mine", "没有时": "activity.mine.none"}),
}

__all__ = ["AFTER_SIGN_UP", "FORMS", "OWN_SERVICES", "SERVICES", "answer_offer"]
