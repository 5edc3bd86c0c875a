"""Checks of the five clocks (domain.md §3)."""

from collections.abc import Iterator
from datetime import timedelta

from models.audit.check import Check, Finding, Look, offenders

_CLOCK = "报事 {number} 第 {cycle} 轮 {stage}"
_OF = "SELECT t.number, c.cycle, c.stage FROM sla_clock c JOIN ticket t ON t.id = c.ticket_id WHERE "


def _spans(look: Look) -> Iterator[Finding]:
    """Holds, free days and extensions only ever move a deadline back, so it is never nearer than its target."""
    for clock in look.rows(
        "SELECT t.number, c.cycle, c.stage, c.target_s, c.started_at, c.due_at, c.stopped_at"
        " FROM sla_clock c JOIN ticket t ON t.id = c.ticket_id",
        reads=("started_at", "due_at", "stopped_at"),
    ):
        where = _CLOCK.format_map(clock)
        started, due, stopped = clock["started_at"], clock["due_at"], clock["stopped_at"]
        if due is not None and due < started + timedelta(seconds=float(clock["target_s"])):
            yield Finding(where, "期限比规定的时长还近")
        if stopped is not None and stopped < started:
            yield Finding(where, "停下早于开始")


_TWICE = """
SELECT t.number, c.cycle, c.stage FROM sla_clock c JOIN ticket t ON t.id = c.ticket_id
GROUP BY t.number, c.ticket_id, c.cycle, c.stage HAVING count(*) > 1
"""
_SAID_TWICE = "SELECT dedupe_key FROM outbox GROUP BY dedupe_key HAVING count(*) > 1"
_UNRUNG = _OF + "c.stopped_at IS NULL AND c.next_rung_at < :grace"
_STILL_RINGING = _OF + "c.stopped_at IS NOT NULL AND c.next_rung_at IS NOT NULL"
_STILL_PENDING = """
SELECT t.number, c.cycle, c.stage FROM sla_clock c JOIN ticket t ON t.id = c.ticket_id
JOIN outbox o ON o.topic = 'clock:' || c.ticket_id || ':' || c.cycle || ':' || c.stage
WHERE c.stopped_at IS NOT NULL AND o.state = 'pending'
"""
_UNWRITTEN = _OF + (
    "c.breached_at IS NULL AND (c.stopped_at > c.due_at OR (c.stopped_at IS NULL AND c.due_at < :grace))"
)
_UNDESERVED = (
    _OF
    + "c.breached_at IS NOT NULL AND c.epoch = 1 AND (c.stopped_at <= c.due_at OR c.breached_at < c.due_at)"
)
_OLD_CYCLES = _OF + "c.cycle < t.cycle AND c.stopped_at IS NULL"
_DONE_RUNNING = (
    _OF + "c.stopped_at IS NULL AND t.state IN ('rejected', 'cancelled', 'merged', 'rated', 'archived')"
)

CHECKS = (
    Check("C1", "期限不近于规定的时长，停下不早于开始", _spans),
    Check("C5.clock", "一件报事一轮一个阶段只有一个时限", offenders(_CLOCK, "有两个时限", _TWICE)),
    Check("C5.sent", "同一条提醒只写一次", offenders("通知 {dedupe_key}", "写了两次", _SAID_TWICE)),
    Check("C5.rung", "到了时刻的提醒都敲过了", offenders(_CLOCK, "提醒过了时刻还没有敲", _UNRUNG)),
    Check("C6", "停下的时限不再提醒", offenders(_CLOCK, "停了还排着下一次提醒", _STILL_RINGING)),
    Check(
        "C6.pending", "停下的时限没有等着发的提醒", offenders(_CLOCK, "停了还有提醒等着发", _STILL_PENDING)
    ),
    Check("C8", "超过期限的都记了超时", offenders(_CLOCK, "超了期限没有记", _UNWRITTEN)),
    Check("C8.false", "没有超过期限的不记超时", offenders(_CLOCK, "没有超期限却记了超时", _UNDESERVED)),
    Check(
        "R10.clocks", "过去一轮的时限都停了", offenders(_CLOCK, "已经重办，上一轮的时限还在走", _OLD_CYCLES)
    ),
    Check(
        "C6.done", "了结的报事没有还在走的时限", offenders(_CLOCK, "报事已经了结，时限还在走", _DONE_RUNNING)
    ),
)
