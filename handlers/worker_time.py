"""挂起, 恢复, 延期 and the word of the level above: what is read from a reply, and what it does."""

import re
from datetime import date, datetime, time, timedelta

from handlers import wording
from handlers.context import Context
from handlers.message import Turn
from handlers.worker_words import by_when
from models.errors import DomainError
from models.ticket import Actor, Stage, Step, Ticket
from models.ticket_time import HoldReason
from nlp.normalise import clean, numeral
from nlp.times import times

_REASONS: tuple[tuple[HoldReason, str], ...] = (
    (HoldReason.APPOINTMENT, r"另约|改约|约[了好在到]|居民约|重新约"),
    (HoldReason.RESIDENT, r"等(居民|住户|业主|他|她|人)|(居民|住户|业主|家里|屋头)(不在|没人|没得人)|联系不[上到](居民|住户)?"),
    (HoldReason.WEATHER, r"天气|[大暴雷]雨|下雨|落雨|高温|大风|雷电|太热"),
    (HoldReason.APPROVAL, r"审批|等?批[准复示]|上级|等领导|报批"),
    (HoldReason.PARTS, r"[等缺](配件|材料|零件|灯|货|第三方|厂家|师傅|物业|维保|施工|供应商|电梯公司|[一-鿿]{0,4}公司)|配件|第三方|没[有得]?货"),
)  # fmt: skip
_SPAN = re.compile(
    r"(?P<number>半|\d+(?:\.5)?|[一二两三四五六七八九十]+)\s*个?(?P<half>半)?\s*(?P<unit>分钟|小时|钟头|天)(?P<more>半)?"
)
_UNITS = {
    "分钟": timedelta(minutes=1),
    "小时": timedelta(hours=1),
    "钟头": timedelta(hours=1),
    "天": timedelta(days=1),
}
# When a part of the day begins, for 「明天下午」.
_PARTS = (("早", 8), ("上午", 9), ("中午", 12), ("下午", 14), ("傍晚", 18), ("晚", 19))
_WORK_BEGINS = time(9, 0)


def reason_in(words: str) -> HoldReason | None:
    """Whom or what the work waits for, in a worker's words."""
    return next((reason for reason, signs in _REASONS if re.search(signs, words)), None)


def span_in(words: str) -> timedelta | None:
    """「2小时」, 「半天」, 「一个半小时」, 「3天」."""
    found = _SPAN.search(words)
    if found is None:
        return None
    word = found["number"]
    count = 0.5 if word == "半" else float(word) if word[0].isdigit() else float(numeral(word) or 0)
    return (count + (0.5 if found["half"] or found["more"] else 0)) * _UNITS[found["unit"]]


def until_in(words: str, now: datetime) -> datetime | None:
    """The moment that the words name: 「明天下午」 (its beginning), 「周三10点」, 「4小时」 from now."""
    span = span_in(words)
    if span is not None:
        return now + span
    local = now.astimezone(wording.CHENGDU)
    said = times(clean(words), local)
    if "date" not in said and "time" not in said:
        return None
    day = date.fromisoformat(said["date"]) if "date" in said else local.date()
    if "time" in said:
        hour, _, minute = said["time"].partition(":")
        clock = time(int(hour), int(minute))
    else:
        clock = next((time(hour) for part, hour in _PARTS if part in words), _WORK_BEGINS)
    until = datetime.combine(day, clock, tzinfo=wording.CHENGDU)
    return until + timedelta(days=1) if "date" not in said and until <= local else until


def hold(ticket: Ticket, role: Actor, rest: str, context: Context) -> Turn:
    """The assignee holds, or asks for it; whoever stands above allows what was asked for, or holds himself."""
    desk, me, texts = context.desk, context.userid, context.texts
    reason, until = reason_in(rest), until_in(rest, desk.now)
    asked = desk.asked_hold(ticket)
    if asked is not None and role is not Actor.ASSIGNEE:
        reason, until = reason or asked.reason, until or asked.until
    payload = {"text": rest[:1000]}
    payload |= {"reason": reason.value} if reason is not None else {}
    payload |= {"until": until.isoformat()} if until is not None else {}
    said = {
        "编号": ticket.number,
        "原因": reason.value if reason is not None else "",
        "时间": wording.moment(until, desk.now) if until is not None else "",
    }
    if role is Actor.ASSIGNEE and until is not None and desk.hold_needs_lead(ticket, until):
        desk.move_ticket(ticket, Step.ASK_HOLD, actor=me, role=role, payload=payload)
        return Turn((texts.say("hold.asked", 谁=_deciders(ticket, context), **said),))
    desk.move_ticket(ticket, Step.HOLD, actor=me, role=role, payload=payload)
    return Turn((texts.say("hold.done" if role is Actor.ASSIGNEE else "hold.allowed", **said),))


def resume(ticket: Ticket, role: Actor, rest: str, context: Context) -> Turn:
    desk = context.desk
    desk.move_ticket(ticket, Step.RESUME, actor=context.userid, role=role, payload={"text": rest[:1000]})
    said = by_when(ticket, desk, context.office)
    return Turn((context.texts.say("hold.resumed", 编号=ticket.number, 下一步=said),))


def ask_extension(ticket: Ticket, role: Actor, rest: str, context: Context) -> Turn:
    """「延期 编号 2小时 原因」."""
    desk = context.desk
    span = span_in(rest) or timedelta(0)
    why = _SPAN.sub("", rest, count=1).strip(" ，,。：:")
    payload = {"by_s": int(span.total_seconds()), "text": why[:1000]}
    desk.move_ticket(ticket, Step.ASK_EXTEND, actor=context.userid, role=role, payload=payload)
    said = {"编号": ticket.number, "多久": wording.wait(span), "谁": _deciders(ticket, context)}
    return Turn((context.texts.say("extend.asked", **said),))


def extend(ticket: Ticket, role: Actor, rest: str, context: Context) -> Turn:
    """「同意延期 编号」."""
    desk = context.desk
    asked = desk.asked_extension(ticket)
    payload = {"by_s": asked.by_s, "text": asked.reason} if asked is not None else {}
    desk.move_ticket(ticket, Step.EXTEND, actor=context.userid, role=role, payload=payload)
    assert asked is not None  # else the step is refused
    clock = desk.clock_of(ticket, Stage.CLOSE)
    due = wording.moment(clock.due_at, desk.now) if clock is not None and clock.due_at else "恢复以后再算"
    span = wording.wait(timedelta(seconds=asked.by_s))
    return Turn((context.texts.say("extend.allowed", 编号=ticket.number, 多久=span, 时间=due),))


def allow(ticket: Ticket, role: Actor, rest: str, context: Context) -> Turn:
    """「同意」 to whatever was asked for."""
    if context.desk.asked_extension(ticket) is not None:
        return extend(ticket, role, rest, context)
    if context.desk.asked_hold(ticket) is not None:
        return hold(ticket, role, rest, context)
    raise DomainError("step.deny_nothing", 编号=ticket.number)


def deny(ticket: Ticket, role: Actor, rest: str, context: Context) -> Turn:
    """「不同意挂起 编号 原因」, 「不同意延期 编号 原因」, 「不同意 编号 原因」."""
    desk = context.desk
    found = re.match(r"^(挂起|延期)[\s，,：:]*", rest)
    what = {"挂起": "hold", "延期": "extend"}[found[1]] if found else ""
    why = rest[found.end() :] if found else rest
    matter = found[1] if found else "延期" if desk.asked_extension(ticket) else "挂起"
    payload = {"what": what, "text": why[:1000]}
    desk.move_ticket(ticket, Step.DENY, actor=context.userid, role=role, payload=payload)
    name = desk.name_of(ticket.assignee)
    return Turn((context.texts.say("deny.done", 编号=ticket.number, 负责人=name, 事项=matter),))


def _deciders(ticket: Ticket, context: Context) -> str:
    names = [context.desk.name_of(userid) for userid in context.desk.who_decides(ticket)]
    return "或".join(names) or "社区"
