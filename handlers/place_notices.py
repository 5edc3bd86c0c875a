"""Who hears of absences and of grids that have nobody: leads, those who stand in, the desk, the admins."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from handlers import wording
from handlers.absence import span_words
from handlers.context import Office
from handlers.message import Notice
from models.desk import Desk
from models.desk.absences import AbsenceEnded, AbsenceReported, Cover, GridsUnmanned
from models.desk.activity_hours import after_quiet
from models.facts import Fact


def _told(
    key: str, covers: tuple[Cover, ...], but: str, desk: Desk, office: Office, text: str, **known: object
) -> list[Notice]:
    """One notice to each lead with the grids that are his; what has no lead or nobody in it goes to the desk too."""
    whose: dict[str, list[Cover]] = {}
    for one in covers:
        people = [one.lead] if one.lead else []
        people += desk.route("", "").dispatchers if not one.lead or not one.stand_in else ()
        for userid in dict.fromkeys(people):
            if userid != but:
                whose.setdefault(userid, []).append(one)
    return [
        Notice(
            f"{key}:{userid}",
            office.worker_key(userid),
            office.texts.say(text, **known, 顶班=_covers(grids, desk, office)),
        )
        for userid, grids in whose.items()
    ]


def _awake(desk: Desk) -> datetime | None:
    """The end of the quiet hours; None in the day."""
    end = after_quiet(desk.now, desk.rules.sla)
    return end if end > desk.now else None


def _covers(covers: list[Cover], desk: Desk, office: Office) -> str:
    return "".join(
        office.texts.say(
            "absence.cover_full", 网格=one.grid_code, 网格名=one.grid_name, 顶班人=desk.name_of(one.stand_in)
        )
        if one.stand_in
        else office.texts.say("absence.uncovered_full", 网格=one.grid_code, 网格名=one.grid_name)
        for one in covers
    )


def reported(fact: AbsenceReported, desk: Desk, office: Office) -> list[Notice]:
    """The lead hears who stands in, and so does whoever does."""
    if not office.worker_account:
        return []
    span = span_words(fact.starts_at, fact.ends_at, desk.now)
    known = {"姓名": desk.name_of(fact.userid), "时间": span}
    key = f"absence:{fact.absence_id}"
    notices = _told(key, fact.covers, fact.userid, desk, office, "absence.lead", **known)
    told = {notice.person for notice in notices}
    for userid in dict.fromkeys(one.stand_in for one in fact.covers if one.stand_in):
        if office.worker_key(userid) in told:
            continue
        grids = "、".join(one.grid_code for one in fact.covers if one.stand_in == userid)
        text = office.texts.say("absence.stand_in", **known, 网格=grids)
        notices.append(Notice(f"{key}:{userid}", office.worker_key(userid), text))
    morning = _awake(desk)
    if morning is None or fact.starts_at < morning:
        return notices
    return [replace(notice, not_before=morning) for notice in notices]


def ended(fact: AbsenceEnded, desk: Desk, office: Office) -> list[Notice]:
    if not office.worker_account:
        return []
    key = f"absence-over:{'-'.join(map(str, fact.absence_ids))}"
    text = office.texts.say("absence.back", 姓名=desk.name_of(fact.userid))
    people = [userid for one in fact.covers for userid in (one.lead, one.stand_in) if userid]
    return [
        Notice(f"{key}:{userid}", office.worker_key(userid), text)
        for userid in dict.fromkeys(people)
        if userid != fact.userid
    ]


def unmanned(fact: GridsUnmanned, desk: Desk, office: Office) -> list[Notice]:
    """G3: the admins once a day while it lasts, and the leads who get the tickets."""
    if not office.worker_account:
        return []
    day = f"{desk.now.astimezone(wording.CHENGDU):%Y%m%d}"
    notices: list[Notice] = []
    for userid in dict.fromkeys((*office.admins, *(one.lead for one in fact.grids if one.lead))):
        mine = [one for one in fact.grids if userid in office.admins or one.lead == userid]
        names = "；".join(
            f"{one.grid_code} {one.grid_name}（报事先交给 {desk.name_of(one.heir)}）" for one in mine
        )
        digest = sha256("|".join(one.grid_code for one in mine).encode()).hexdigest()[:12]
        text = office.texts.say("absence.unmanned", 网格=wording.shorten(names, 400))
        key = f"g3:{day}:{digest}:{userid}"
        notices.append(Notice(key, office.worker_key(userid), text, not_before=_awake(desk)))
    return notices


NOTICES: dict[type[Fact], Callable[[Any, Desk, Office], list[Notice]]] = {
    AbsenceReported: reported,
    AbsenceEnded: ended,
    GridsUnmanned: unmanned,
}
