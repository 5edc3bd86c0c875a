"""Checks of what was heard and what goes out: inbox and outbox."""

from collections.abc import Iterator

from models.audit.check import SKEW, Check, Finding, Look, offenders

_NOTICE = "通知 {dedupe_key}"
_UNANSWERED = "SELECT account, message_id FROM inbox WHERE answer IS NULL"
_HEARD_TWICE = "SELECT account, message_id FROM inbox GROUP BY account, message_id HAVING count(*) > 1"
_STATES = "SELECT dedupe_key, state FROM outbox WHERE state NOT IN :known"
_LEASES = "SELECT dedupe_key FROM outbox WHERE (state = 'sending') <> (lease_until IS NOT NULL)"
_STUCK = "SELECT dedupe_key FROM outbox WHERE state = 'sending' AND lease_until < :grace"
_DONE = """
SELECT dedupe_key, state FROM outbox WHERE (state = 'pending' AND done_at IS NOT NULL)
 OR (state NOT IN ('pending', 'sending') AND done_at IS NULL)
"""
_EARLY = """
SELECT dedupe_key, created_at, due_at, done_at FROM outbox WHERE due_at < created_at OR done_at < created_at
"""
_DEAD = "SELECT dedupe_key, state, error FROM outbox WHERE state IN ('failed', 'unknown')"
_KNOWN = ("pending", "sending", "sent", "dry_run", "failed", "unknown", "superseded")


def _early(look: Look) -> Iterator[Finding]:
    for row in look.rows(_EARLY, reads=("created_at", "due_at", "done_at")):
        if min(row["due_at"], row["done_at"] or row["due_at"]) < row["created_at"] - SKEW:
            yield Finding(_NOTICE.format_map(row), "到期或了结早于写下")


CHECKS = (
    Check("R5", "一条来话只听一次", offenders("来话 {message_id}", "听了两次", _HEARD_TWICE)),
    Check("R5.answer", "听过的来话都有回答", offenders("来话 {message_id}", "听过而没有回答", _UNANSWERED)),
    Check(
        "outbox.state",
        "每条通知都在一个认得的状态",
        offenders(_NOTICE, "状态「{state}」没有人认得", _STATES, known=_KNOWN),
    ),
    Check(
        "outbox.lease", "正在发的通知有人领着，别的没有", offenders(_NOTICE, "领用的期限与状态不符", _LEASES)
    ),
    Check("outbox.stuck", "没有领了不放的通知", offenders(_NOTICE, "领用早已到期，没有人接手", _STUCK)),
    Check(
        "outbox.done",
        "了结的通知记着时刻，没了结的不记",
        offenders(_NOTICE, "状态是 {state}，了结的时刻不符", _DONE),
    ),
    Check("outbox.times", "通知不早于写下它的时刻", _early),
    Check("outbox.dead", "没有没送到的通知", offenders(_NOTICE, "{state}：{error}", _DEAD), alarm=True),
)
