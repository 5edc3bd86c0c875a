"""A worker says that he will be away (请假 明天 李四顶班) or is back (销假): who stands in is said at once."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from handlers import wording
from handlers.context import Context
from handlers.message import Kind, Message, Turn
from models.desk.absences import Cover
from models.errors import DomainError
from models.ticket import State
from nlp.normalise import clean
from nlp.times import times

_WHEN = r"(?:今天|今晚|明天|后天|大后天|明晚|这?周[一二三四五六日天末]|下周[一二三四五六日天]?|下?星期[一二三四五六日天]|\d{1,2}月\d{1,2}[日号]|\d{1,2}[日号]|上午|下午|晚上|[到至\-~—]|[\d一二两三四五六七半]+天)"
_LEAVE = re.compile(
    rf"^我?(?:要|想|得|需要)?\s*{_WHEN}*\s*我?(?:要|想)?(?:请个?假|休假|调休|轮休)(?:一下)?(?P<rest>.*)$",
    re.DOTALL,
)
_BACK = re.compile(r"^(我)?(已经?|要)?(销假|回来上班|休完假|假休完)(了)?[。！!]*$")
_TO = re.compile(r"到|至|~|—|－|-(?=.*[日号天])")
_DAYS = re.compile(r"(?<![周\d])(?P<days>\d{1,3}|[一二两三四五六七八九十])(?P<unit>天|周|个?星期|个?礼拜)")
_CHINESE = {word: number for number, word in enumerate("一二三四五六七八九十", start=1)} | {"两": 2}
_ASKS = re.compile(r"怎么|咋|吗|[?？]|找谁|谁批|能不能|可不可以|多少|几天")
_INSTEAD = re.compile(r"顶|替|代班|代我|帮我")
NOON, EVENING = time(12, 0), time(18, 0)
LONGEST = timedelta(days=92)


@dataclass(frozen=True, slots=True)
class _Span:
    starts_at: datetime
    ends_at: datetime


def absence(message: Message, context: Context) -> Turn | None:
    """None when the words are about something else."""
    words = message.text.strip()
    if message.kind not in (Kind.TEXT, Kind.VOICE) or len(words) > 80:
        return None
    if _BACK.match(words):
        return _back(context)
    leave = _LEAVE.match(clean(words))
    if leave is None:
        return None
    if _ASKS.search(words) or not (_says_when(words, context) or _INSTEAD.search(words) or not leave["rest"]):
        return Turn(
            (context.texts.say("absence.when"),)
        )  # 「请假怎么请」「请假条」: nothing is noted for a guess
    if "半天" in words and not re.search(r"上午|下午|早上|晚", words):
        return Turn((context.texts.say("absence.half"),))
    return _leave(words, context)


def _says_when(words: str, context: Context) -> bool:
    found = {"date", "date_to", "time", "time_to"} & set(context.heard.slots)
    plain = clean(words)
    return bool(found) or any(re.search(sign, plain) for sign in (_WHEN, _DAYS, "半天"))


def _leave(words: str, context: Context) -> Turn:
    desk, me = context.desk, context.userid
    span = _span(clean(words), context)
    if span.ends_at - span.starts_at > LONGEST:
        raise DomainError("absence.long")
    stand_in = ""
    if _INSTEAD.search(words):
        stand_in = desk.worker_in(words, but=me)
        if not stand_in:
            raise DomainError("absence.no_such")
    fact = desk.report_absence(me, span.starts_at, span.ends_at, stand_in)
    said = context.texts.say(
        "absence.noted",
        时间=span_words(span.starts_at, span.ends_at, desk.now),
        顶班=cover_words(fact.covers, context),
    )
    mine = desk.work_of(me, State.SUBMITTED, State.ACCEPTED, State.DISPATCHED, State.ONSITE, State.REPORTED)
    if mine:
        said += "\n" + context.texts.say("absence.in_hand", 件数=len(mine), 编号=mine[0].number)
    return Turn((said,))


def _back(context: Context) -> Turn:
    fact = context.desk.end_absence(context.userid)
    return Turn((context.texts.say("absence.over" if fact is not None else "absence.none"),))


def cover_words(covers: tuple[Cover, ...], context: Context) -> str:
    """「W01 由 李四 顶班。」 for each grid; nothing for somebody without a grid."""
    return "".join(
        context.texts.say("absence.cover", 网格=one.grid_code, 顶班人=context.desk.name_of(one.stand_in))
        if one.stand_in
        else context.texts.say("absence.uncovered", 网格=one.grid_code)
        for one in covers
    )


def span_words(starts_at: datetime, ends_at: datetime, now: datetime) -> str:
    """「明天全天」, 「10月13日至10月15日」, 「今天 14:00 至 18:00」."""
    first, last = starts_at.astimezone(wording.CHENGDU), ends_at.astimezone(wording.CHENGDU)
    final = last - timedelta(seconds=1)
    days = [wording.moment(at, now).rpartition(" ")[0] for at in (first, final)]
    if first.time() == time() and last.time() == time():
        return f"{days[0]}全天" if first.date() == final.date() else f"{days[0]}至{days[1]}"
    until = "24:00" if last.time() == time() else f"{last:%H:%M}"
    second = until if first.date() == final.date() else f"{days[1]} {until}"
    return f"{days[0]} {first:%H:%M} 至 {second}"


def _span(words: str, context: Context) -> _Span:
    """From when to when; without a day the rest of today."""
    now = context.desk.now.astimezone(wording.CHENGDU)
    parts = _TO.split(words, maxsplit=1)
    first = times(parts[0], now) if len(parts) == 2 else {}
    last = times(parts[1], now) if len(parts) == 2 else {}
    slots = context.heard.slots
    day = _day(first.get("date") or slots.get("date")) or now.date()
    to = _day(slots.get("date_to") or (last.get("date") if last.get("date") != slots.get("date") else None))
    if (found := _DAYS.search(words)) is not None:
        count = _CHINESE.get(found["days"]) or int(found["days"])
        to = day + timedelta(days=count * (1 if found["unit"] == "天" else 7) - 1)
    to = max(to or day, day)
    begins, ends = _hours(words, slots.get("time"), slots.get("time_to"))
    starts_at = max(datetime.combine(day, begins, wording.CHENGDU), now) if day <= now.date() else None
    starts_at = starts_at or datetime.combine(day, begins, wording.CHENGDU)
    ends_at = (
        datetime.combine(to, ends, wording.CHENGDU)
        if ends
        else datetime.combine(to + timedelta(days=1), time(), wording.CHENGDU)
    )
    return _Span(starts_at.astimezone(UTC), ends_at.astimezone(UTC))


def _hours(words: str, begins: str | None, ends: str | None) -> tuple[time, time | None]:
    """The hours of the first and the last day; None is midnight."""
    if begins:
        return time.fromisoformat(begins), time.fromisoformat(ends) if ends else None
    if "上午" in words and "下午" not in words:
        return time(), NOON
    if "下午" in words and "上午" not in words:
        return NOON, None
    return (EVENING, None) if re.search(r"今晚|明晚|晚上", words) else (time(), None)


def _day(written: str | None) -> date | None:
    return date.fromisoformat(written) if written else None
