"""How an activity is spoken of: its moment, its seats, its line in a list, its details."""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from handlers.context import Office
from handlers.message import Choice
from models.activity import Activity, ActivityState, SignUp, SignUpState
from models.desk import Desk
from models.desk.activity_plan import SHANGHAI

_WEEKDAYS = "一二三四五六日"
_BLANK_LINES = re.compile(r"\n[ \t]*(?=\n)")


def say(office: Office, key: str, **places: object) -> str:
    """The text with its places filled; a line whose only place is empty disappears."""
    text = office.texts[key].format(**{"值班电话": office.phone, **places}).strip()
    return _BLANK_LINES.sub("", text) if "" in places.values() else text


def day(moment: datetime) -> str:
    """「10月18日（周日）」"""
    local = moment.astimezone(SHANGHAI)
    return f"{local.month}月{local.day}日（周{_WEEKDAYS[local.weekday()]}）"


def clock(moment: datetime) -> str:
    """「上午10:00」「下午2:30」「晚上7:00」"""
    local = moment.astimezone(SHANGHAI)
    if local.hour < 6:
        part = "凌晨"
    elif local.hour < 12:
        part = "上午"
    elif local.hour == 12:
        part = "中午"
    else:
        part = "下午" if local.hour < 18 else "晚上"
    return f"{part}{local.hour - 12 if local.hour > 12 else local.hour}:{local.minute:02d}"


@lru_cache(maxsize=1024)
def when(moment: datetime) -> str:
    """「10月18日（周日）上午10:00」"""
    return day(moment) + clock(moment)


def near(moment: datetime, now: datetime) -> str:
    """「今天下午4:30」「明天上午8:00」, or the whole date when it is further away."""
    word = day_word(moment, now)
    return word + clock(moment) if word else when(moment)


def day_word(moment: datetime, now: datetime) -> str:
    """「今天」「明天」 or "" when neither fits."""
    days = (moment.astimezone(SHANGHAI).date() - now.astimezone(SHANGHAI).date()).days
    return {0: "今天", 1: "明天"}.get(days, "")


def span(activity: Activity) -> str:
    """「10月18日（周日）上午10:00到下午1:00」"""
    same_day = activity.ends_at.astimezone(SHANGHAI).date() == activity.starts_at.astimezone(SHANGHAI).date()
    return f"{when(activity.starts_at)}到{clock(activity.ends_at) if same_day else when(activity.ends_at)}"


def seats(activity: Activity, desk: Desk, office: Office) -> str:
    """Whether one can still come, in a few words."""
    return say(
        office,
        f"activity.seats.{_seats_key(activity, desk)}",
        剩余=activity.seats_left,
        开放=near(activity.opens_at, desk.now),
    )


def _seats_key(activity: Activity, desk: Desk) -> str:
    if activity.state is ActivityState.CANCELLED:
        return "cancelled"
    if activity.starts_at <= desk.now:
        return "over"
    if desk.now < activity.opens_at:
        return "soon"
    if desk.now >= activity.closes_at:
        return "closed"
    if activity.seats_left and (activity.allow_skip or not desk.waiting_groups(activity)):
        return "left"
    return "full" if activity.waitlist else "none"


def can_join(activity: Activity, now: datetime) -> bool:
    """Whether a sign-up (or a place in the line) is to be had at this moment."""
    return (
        activity.state in (ActivityState.PUBLISHED, ActivityState.OPEN)
        and activity.opens_at <= now < activity.closes_at
    )


def details(activity: Activity, mine: SignUp | None, desk: Desk, office: Office) -> str:
    """Everything one wants to know before coming, and where one stands."""
    joinable = mine is None and can_join(activity, desk.now)
    return say(
        office,
        "activity.details",
        活动=activity.title,
        时间=span(activity),
        地点=activity.place,
        名额=seats(activity, desk, office),
        截止=when(activity.closes_at),
        说明=activity.note,
        我的=standing(mine, desk, office) if mine is not None else "",
        怎么报=say(office, "activity.how") if joinable else "",
        链接=office.links.activity(activity.code),
    )


def standing(mine: SignUp, desk: Desk, office: Office) -> str:
    """Where one's own sign-up stands."""
    key = {SignUpState.WAITLISTED: "waiting", SignUpState.OFFERED: "offered"}.get(mine.state, "confirmed")
    return say(
        office,
        f"activity.mine.{key}",
        人数=mine.people,
        序号=desk.waiting_position(mine),
        期限=near(mine.offer_expires_at, desk.now) if mine.offer_expires_at else "",
    )


def choices(activities: Sequence[Activity], desk: Desk, office: Office) -> tuple[Choice, ...]:
    """One line for each; picking it says the title, with the code where two have the same."""
    titles = [activity.title for activity in activities]
    return tuple(
        Choice(
            label=say(
                office,
                "activity.line",
                活动=activity.title,
                时间=when(activity.starts_at),
                名额=seats(activity, desk, office),
            ),
            say=activity.title if titles.count(activity.title) == 1 else f"{activity.title} {activity.code}",
        )
        for activity in activities
    )


def remind_promise(activity: Activity, now: datetime, office: Office) -> str:
    """「前一天傍晚再提醒您」, only where that is still to come."""
    coming = activity.remind_at is not None and activity.reminded_at is None and activity.remind_at > now
    return say(office, "activity.remind_promise") if coming else ""
