"""How states, places, moments and waits are said."""

import re
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from models.proposal import ProposalState
from models.ticket import Actor, Stage, State, Ticket

CHENGDU = ZoneInfo("Asia/Shanghai")

STATES = {
    State.DRAFT: "草稿",
    State.SUBMITTED: "待受理",
    State.ACCEPTED: "已受理，待派人",
    State.DISPATCHED: "已受理，待到场",
    State.ONSITE: "已到场，处理中",
    State.REPORTED: "处理中",
    State.CLOSED: "已办结，待回访",
    State.FED_BACK: "已办结，请您评价",
    State.RATED: "已评价",
    State.ARCHIVED: "已归档",
    State.REJECTED: "不予受理",
    State.CANCELLED: "已取消",
    State.MERGED: "已并入同类事项",
}

PROPOSAL_STATES = {
    ProposalState.RAISED: "已提出，等社区看",
    ProposalState.SCREENED: "社区看过了，等邻居附议",
    ProposalState.SUPPORTED: "附议够了，准备商量",
    ProposalState.DELIBERATING: "正在商量",
    ProposalState.RESOLVED: "商量定了",
    ProposalState.EXECUTING: "正在办",
    ProposalState.REVIEWING: "办完了，请大家评",
    ProposalState.CLOSED: "已完结",
    ProposalState.DECLINED: "没有通过",
}

STAGES = {
    Stage.ACCEPT: "受理",
    Stage.ONSITE: "到场",
    Stage.REPORT: "上报",
    Stage.CLOSE: "办结",
    Stage.FEEDBACK: "反馈",
}

ACTORS = {
    Actor.REPORTER: "报事的居民",
    Actor.FOLLOWER: "关注的居民",
    Actor.RESIDENT: "别的居民",
    Actor.ASSIGNEE: "负责人",
    Actor.WORKER: "微网格员",
    Actor.LEAD: "网格长",
    Actor.DISPATCHER: "社区值班",
    Actor.SYSTEM: "系统",
}

WEEKDAYS = "一二三四五六日"


def place(ticket: Ticket) -> str:
    """「槐树苑3栋2单元501」, else the words or the map label that were given, else 「地点待核实」."""
    return place_of(ticket.estate, ticket.building, ticket.unit, ticket.room, ticket.place_text)


def public_place(ticket: Ticket) -> str:
    """The place as neighbours may read it: without the room, without the reporter's words."""
    return place_of(ticket.estate, ticket.building, ticket.unit, "", "")


def place_of(estate: str, building: str, unit: str, room: str, words: str) -> str:
    exact = estate + (f"{building}栋" if building else "") + (f"{unit}单元" if unit else "")
    exact += f"{room}室" if room else ""
    if not building:
        return words or exact or "地点待核实"
    return f"{exact}（{words}）" if words and words not in exact else exact


_N = r"[\d零〇一二两三四五六七八九十]"
_PLACE_FIRST = re.compile(
    r"^(在|我们?|我家|我们家)?[\u4e00-\u9fff]{0,8}?[A-Za-z]?" + _N + r"{1,3}\s*(栋|幢|号楼)\s*"
    r"("
    + _N
    + r"{1,3}\s*单元)?\s*("
    + _N
    + r"{1,3}\s*(楼|层)(?!道|梯|顶|上|下))?\s*("
    + _N
    + r"{3,4}\s*(室|号|房)?)?"
    r"(的|这边|那边)?[，,：:\s]*"
)


def situation(text: str, limit: int = 40) -> str:
    """What happened, without the place it begins with (that is said beside it): 「楼道灯坏了」."""
    rest = _PLACE_FIRST.sub("", text.strip(), count=1)
    return shorten(rest if len(rest) >= 3 else text, limit)


def moment(at: datetime, now: datetime) -> str:
    """「今天 11:02」, 「明天 09:30」, 「10月14日 09:30」 in China's time."""
    local, today = at.astimezone(CHENGDU), now.astimezone(CHENGDU)
    days = (local.date() - today.date()).days
    day = {0: "今天", 1: "明天", -1: "昨天"}.get(days)
    if day is None:
        day = f"{local.month}月{local.day}日"
        if local.year != today.year:
            day = f"{local.year}年{day}"
    return f"{day} {local:%H:%M}"


def wait(span: timedelta) -> str:
    """「45 秒」, 「10 分钟」, 「1 小时 30 分钟」, 「2 天 3 小时」: the two largest parts, rounded down."""
    seconds = int(abs(span).total_seconds())
    if seconds < 60:
        return f"{seconds} 秒"
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if minutes < 60:
        return f"{minutes} 分钟"
    if hours < 24:
        return f"{hours} 小时" + (f" {minutes % 60} 分钟" if minutes % 60 else "")
    return f"{days} 天" + (f" {hours % 24} 小时" if hours % 24 else "")


def shorten(text: str, limit: int = 30) -> str:
    """One line of at most `limit` characters."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
