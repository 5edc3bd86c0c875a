"""The open questions of 活动: which one, how many, and what is said right after a list, details or a sign-up."""

import re
from dataclasses import replace

from handlers.activity_people import bare_number, changed_people, plainly_people
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
    people_of,
    show,
)
from handlers.activity_words import say, when
from handlers.context import Context, Handler
from handlers.message import Dialog, Kind, Message, Turn
from models.activity import Activity
from nlp.understanding import Decision

OWN_SERVICES = frozenset({"活动清单", "活动报名", "取消报名"})
GIVE_UP = re.compile(
    r"不(?:去|来|参加|报)了|取消|来不了|去不了|去不到|来不到|不(?:想|能|打算)(?:去|来|参加)|退出|划了|放弃|不等了"
)
_YES = re.compile(
    r"报名|报一?个|我?要?(?:参加|报|来|去)|我也要?(?:去|来)|算我|好的?|要的?|可以|行|得行|是的?|嗯"
)
_KEEP = re.compile(r"不(?:改|用|要|变)|算了|照旧|还是原来")
_AGREE = re.compile(r"(?:改|好|是|对|要|嗯|可以|行|得行)(?:的|吧|嘛|呀|了)?")
_ASKING = re.compile(r"哪|什么|啥|吗|么\?|几点|好久|怎么|咋|多少|[?？]")
_DIGITS_ONLY = re.compile(r"[0-9一二两三四五六七八九十]{1,3}[。.！!]?")
_SOMEBODY = re.compile(
    r"^(?!我|咱|大家|都|全|不|取消|来不|去不|退|划|放弃|算了).{1,6}?(?:不|来不|去不|取消|退)"
)
SHORT = 10
AFTER_SIGN_UP = "activity.mine"
LONGEST_ANSWER = 20  # characters; more is a new subject unless it was surely understood as ours


def pick(message: Message, dialog: Dialog, context: Context) -> Turn | None:
    """A number or a name out of the list that was shown."""
    if message.kind not in (Kind.TEXT, Kind.VOICE):
        return None
    codes: list[str] = list(dialog.answers.get("codes", []))
    chosen, purpose = bare_number(message.text), dialog.answers.get("purpose", SHOW)
    for number, choice in enumerate(dialog.choices, start=1):
        if message.text in (choice.say, choice.label):
            chosen = number
    if chosen is not None and not 1 <= chosen <= len(codes):
        shown = [a for code in codes if (a := context.desk.activity(code)) is not None]
        if not shown:
            return None
        kept = {k: v for k, v in dialog.answers.items() if k not in ("purpose", "key", "codes")}
        key = str(dialog.answers.get("key", "activity.which"))
        return ask_which(shown, context, purpose=purpose, key=key, **kept)
    if chosen is not None:
        activity = context.desk.activity(codes[chosen - 1])
    else:
        hits = [a for a in context.desk.find_activities(message.text) if a.code in codes]
        activity = hits[0] if len(hits) == 1 else None
    if activity is None or (chosen is None and _is_elsewhere(message.text, context)):
        return None
    if chosen is None and GIVE_UP.search(message.text):
        return leave(activity, message, context)
    if purpose == LEAVE:
        return leave(activity, message, context)
    if purpose == OFFER:
        return accept(activity, message, context)
    if purpose == CHANGE and isinstance(dialog.answers.get("words"), str):
        return _change_by(dialog.answers["words"], activity, message, context)
    people = None if chosen is not None else people_of(context, message.text)
    if purpose == JOIN or people is not None or (chosen is None and "报名" in message.text):
        kept_people = dialog.answers.get("people")
        words = dialog.answers.get("words", "") if chosen is not None else message.text
        if chosen is not None:  # the number belongs to the sentence that asked
            heard = replace(context.heard, intent=str(dialog.answers.get("intent", "")))
            context = replace(context, heard=heard)
        return join(activity, people or kept_people, words, message, context)
    return show(activity, message, context)


def after_details(message: Message, dialog: Dialog, context: Context) -> Turn | None:
    """「报名」「2个人」「我和老伴去」 right after the details were read."""
    activity = _subject(message, dialog, context)
    if activity is None:
        return None
    words = message.text
    if GIVE_UP.search(words):
        return leave(activity, message, context)
    if _ASKING.search(words):
        return None
    people = bare_number(words) or people_of(context, words)
    if people is not None or _YES.match(words):
        return join(activity, people, f"我{words}", message, context)
    return None


def how_many(message: Message, dialog: Dialog, context: Context) -> Turn | None:
    """The answer to 「一共几位？」"""
    activity = _subject(message, dialog, context)
    if activity is None:
        return None
    words = message.text
    if GIVE_UP.search(words) or _KEEP.search(words):
        return Turn((say(context.office, "activity.not_signed", 活动=activity.title),))
    people = bare_number(words) if bare_number(words) is not None else people_of(context, words)
    if people is None:
        return None
    with_whom = str(dialog.answers.get("companions", ""))
    return join(activity, people, f"我和{with_whom}一起" if with_whom else words, message, context)


def after_sign_up(message: Message, dialog: Dialog, context: Context) -> Turn | None:
    """「改成3个人」「再加一个」「不去了」 right after one's own sign-up was spoken of."""
    activity = _subject(message, dialog, context)
    if activity is None:
        return None
    words, offered = message.text, dialog.answers.get("people")
    mine = next((s for a, s in context.desk.sign_ups_of(message.person) if a.id == activity.id), None)
    if mine is None:
        return None
    if _KEEP.search(words):
        text = say(context.office, "activity.kept", 人数=mine.people, 时间=when(activity.starts_at))
        return Turn((text,))
    if isinstance(offered, int) and _AGREE.fullmatch(words):
        return change(activity, offered, message, context)
    if GIVE_UP.search(words):
        if mine.people > 1 and _SOMEBODY.match(words):  # 「王婆婆不来了」: one of them, or all?
            return Turn((say(context.office, "activity.one_or_all", 人数=mine.people),), dialog)
        return leave(activity, message, context)
    # A bare 「1」 that nobody asked for may mean anything: a number of people is said with its word.
    if _DIGITS_ONLY.fullmatch(words) and not dialog.answers.get("asked"):
        return Turn((say(context.office, "activity.say_people", 人数=bare_number(words) or 1),), dialog)
    return _change_by(words, activity, message, context)


def _change_by(words: str, activity: Activity, message: Message, context: Context) -> Turn | None:
    mine = next((s for a, s in context.desk.sign_ups_of(message.person) if a.id == activity.id), None)
    if mine is None:
        return None
    people = changed_people(words, mine.people)
    if people is None:
        people = bare_number(words)
    return change(activity, people, message, context) if people is not None else None


def _subject(message: Message, dialog: Dialog, context: Context) -> Activity | None:
    """The activity the open question is about; None when the words are about something else."""
    if (
        message.kind not in (Kind.TEXT, Kind.VOICE)
        or not message.text
        or _is_elsewhere(message.text, context)
    ):
        return None
    activity = context.desk.activity(str(dialog.answers.get("code", "")))
    if activity is None:
        return None
    others = context.desk.find_activities(message.text)
    return activity if not others or any(a.id == activity.id for a in others) else None


def _is_elsewhere(words: str, context: Context) -> bool:
    """Whether the words were surely understood as another service, or are too long to be an answer of ours."""
    heard = context.heard
    if plainly_people(words) or (len(words) <= SHORT and GIVE_UP.search(words)):
        return False
    card = context.office.intents.get(heard.intent)
    if heard.decision is Decision.SURE and card is not None:
        return card.service not in OWN_SERVICES
    return len(heard.text) > LONGEST_ANSWER


FORMS: dict[str, Handler] = {
    "activity.pick": pick,
    "activity.details": after_details,
    "activity.how_many": how_many,
    AFTER_SIGN_UP: after_sign_up,
}
