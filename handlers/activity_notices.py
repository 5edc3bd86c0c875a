"""What people are pushed about activities: an offered seat, the day before, another time, called off."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from handlers.activity_words import clock, day_word, near, say, when
from handlers.context import Office
from handlers.message import Notice
from models.activity import (
    ActivityCancelled,
    ActivityMoved,
    ActivityTomorrow,
    Guest,
    OfferLapsed,
    Promoted,
    WaitOver,
)
from models.desk import Desk
from models.desk.activity_hours import after_quiet
from models.facts import Fact

TEMPLATE = "活动提醒"


def _offer(fact: Promoted, desk: Desk, office: Office) -> list[Notice]:
    text = say(
        office,
        "activity.push.offer",
        活动=fact.title,
        时间=when(fact.starts_at),
        地点=fact.place,
        人数=fact.guest.people,
        期限=near(fact.expires_at, _leaves_at(desk)),
        链接=office.links.activity(fact.code),
        说明="",
    )
    return [
        _notice("offer", fact.code, fact.guest, text, desk, office, fact.title, fact.starts_at, fact.place)
    ]


def _lapsed(fact: OfferLapsed, desk: Desk, office: Office) -> list[Notice]:
    text = say(office, "activity.push.lapsed", 活动=fact.title, 人数=fact.guest.people)
    return [_notice("lapsed", fact.code, fact.guest, text, desk, office, fact.title)]


def _wait_over(fact: WaitOver, desk: Desk, office: Office) -> list[Notice]:
    text = say(office, "activity.push.wait_over", 活动=fact.title)
    return [_notice("over", fact.code, guest, text, desk, office, fact.title) for guest in fact.guests]


def _remind(fact: ActivityTomorrow, desk: Desk, office: Office) -> list[Notice]:
    word = day_word(fact.starts_at, _leaves_at(desk))
    key = f"remind:{fact.starts_at:%Y%m%d}"
    return [
        _notice(
            key,
            fact.code,
            guest,
            say(
                office,
                "activity.push.remind",
                哪天=word,
                活动=fact.title,
                时间=clock(fact.starts_at) if word else when(fact.starts_at),
                地点=fact.place,
                人数=guest.people,
                说明=fact.note,
                链接=office.links.activity(fact.code),
            ),
            desk,
            office,
            fact.title,
            fact.starts_at,
            fact.place,
        )
        for guest in fact.guests
    ]


def _moved(fact: ActivityMoved, desk: Desk, office: Office) -> list[Notice]:
    return [
        _notice(
            f"moved:{fact.version}",
            fact.code,
            guest,
            say(
                office,
                "activity.push.moved",
                活动=fact.title,
                时间=when(fact.starts_at),
                地点=fact.place,
                人数=guest.people,
            ),
            desk,
            office,
            fact.title,
            fact.starts_at,
            fact.place,
        )
        for guest in fact.guests
    ]


def _cancelled(fact: ActivityCancelled, desk: Desk, office: Office) -> list[Notice]:
    reason = fact.reason.rstrip("。！!.")
    text = say(
        office,
        "activity.push.cancelled",
        活动=fact.title,
        时间=when(fact.starts_at),
        原因=f"原因：{reason}。" if reason else "",
    )
    return [
        _notice("cancelled", fact.code, guest, text, desk, office, fact.title, fact.starts_at)
        for guest in fact.guests
    ]


def _notice(
    kind: str,
    code: str,
    guest: Guest,
    text: str,
    desk: Desk,
    office: Office,
    title: str,
    starts_at: datetime | None = None,
    place: str = "",
) -> Notice:
    """Once for each sign-up and kind; the newest word on one sign-up replaces an unsent older one."""
    fields = {
        "活动": title,
        "时间": when(starts_at) if starts_at else "",
        "地点": place,
        "人数": str(guest.people),
    }
    leaves_at = _leaves_at(desk)
    # Better woken in the night than standing at a closed door in the morning.
    too_late = starts_at is not None and starts_at < leaves_at + timedelta(hours=1)
    return Notice(
        dedupe_key=f"activity:{code}:{kind}:{guest.sign_up_id}",
        person=guest.person,
        text=text,
        url=office.links.activity(code),
        template=TEMPLATE,
        fields={**fields, "内容": text},
        topic=f"activity:{code}:{guest.sign_up_id}",
        urgent=too_late,
        not_before=leaves_at if leaves_at > desk.now and not too_late else None,
    )


def _leaves_at(desk: Desk) -> datetime:
    """When a push noted now goes out: not in the quiet hours."""
    return after_quiet(desk.now, desk.rules.sla)


NOTICES: dict[type[Fact], Callable[[Any, Desk, Office], list[Notice]]] = {
    Promoted: _offer,
    OfferLapsed: _lapsed,
    WaitOver: _wait_over,
    ActivityTomorrow: _remind,
    ActivityMoved: _moved,
    ActivityCancelled: _cancelled,
}
