"""Checks of activities and sign-ups (domain.md §6)."""

from models.activity import AHEAD, LIVE, SEATED
from models.audit.check import Check, offenders

_ACTIVITY = "活动 {code}「{title}」"
_SEATED = sorted(state.value for state in SEATED)
_LIVE = sorted(state.value for state in LIVE)
_AHEAD = sorted(state.value for state in AHEAD)

_OVERSOLD = (
    "SELECT code, title, taken, capacity_people FROM activity WHERE taken > capacity_people OR taken < 0"
)
_COUNTED = """
SELECT a.code, a.title, a.taken, COALESCE(s.people, 0) AS people FROM activity a LEFT JOIN
 (SELECT activity_id, sum(people) AS people FROM sign_up WHERE state IN :seated GROUP BY activity_id) s
 ON s.activity_id = a.id WHERE a.taken <> COALESCE(s.people, 0)
"""
_HOUSEHOLDS = """
SELECT a.code, a.title, sum(s.people) AS people FROM activity a JOIN sign_up s ON s.activity_id = a.id
WHERE a.household_max > 0 AND s.household <> '' AND s.state IN :counted
GROUP BY a.id, a.code, a.title, a.household_max, s.household HAVING sum(s.people) > a.household_max
"""
_TWICE = """
SELECT a.code, a.title FROM activity a JOIN sign_up s ON s.activity_id = a.id
WHERE s.state NOT IN ('cancelled', 'lapsed') GROUP BY a.id, a.code, a.title, s.person HAVING count(*) > 1
"""
# The first in line that could sit at all stops the line, unless smaller groups may pass.
_UNOFFERED = """
SELECT DISTINCT a.code, a.title FROM activity a JOIN sign_up s ON s.activity_id = a.id
WHERE a.state IN :ahead AND a.starts_at > :seen AND s.state = 'waitlisted'
  AND s.people <= a.capacity_people - a.taken AND (a.allow_skip OR NOT EXISTS (
    SELECT 1 FROM sign_up f WHERE f.activity_id = a.id AND f.state = 'waitlisted' AND f.sequence < s.sequence
      AND f.people <= a.capacity_people))
"""
_PASSED = """
SELECT DISTINCT a.code, a.title FROM activity a JOIN sign_up o ON o.activity_id = a.id AND o.state = 'offered'
JOIN sign_up w ON w.activity_id = a.id AND w.state = 'waitlisted' AND w.sequence < o.sequence
WHERE NOT a.allow_skip AND w.people <= o.people
"""
_ORDER = """
SELECT a.code, a.title FROM activity a JOIN sign_up s ON s.activity_id = a.id
GROUP BY a.id, a.code, a.title, s.sequence HAVING count(*) > 1
"""
_CANCELLED = """
SELECT a.code, a.title, count(*) AS groups FROM activity a JOIN sign_up s ON s.activity_id = a.id
WHERE a.state = 'cancelled' AND s.state IN :live GROUP BY a.id, a.code, a.title
"""
_OFFERS = """
SELECT a.code, a.title FROM activity a JOIN sign_up s ON s.activity_id = a.id
WHERE (s.state = 'offered') <> (s.offer_expires_at IS NOT NULL) OR s.state = 'pending'
"""
_LATE = "SELECT code, title FROM activity WHERE next_at < :grace"

CHECKS = (
    Check(
        "E1", "报名的人数不超过名额", offenders(_ACTIVITY, "名额 {capacity_people}，占了 {taken}", _OVERSOLD)
    ),
    Check(
        "E2",
        "占用的名额等于逐个数出来的",
        offenders(_ACTIVITY, "记着占了 {taken}，数出来是 {people}", _COUNTED, seated=_SEATED),
    ),
    Check(
        "E3",
        "一户的人数不超过上限",
        offenders(
            _ACTIVITY, "有一户报了 {people} 位，超过上限", _HOUSEHOLDS, counted=sorted({*_SEATED, *_LIVE})
        ),
    ),
    Check("E4", "一个人在一个活动里只有一份报名", offenders(_ACTIVITY, "有人报了两次", _TWICE)),
    Check(
        "E5", "有空名额就问候补", offenders(_ACTIVITY, "有空名额，候补的却没有问到", _UNOFFERED, ahead=_AHEAD)
    ),
    Check("E6", "候补按先来后到", offenders(_ACTIVITY, "后来的先问到了", _PASSED)),
    Check("E6.sequence", "候补的次序不重", offenders(_ACTIVITY, "两份报名排在同一个次序", _ORDER)),
    Check(
        "E7",
        "问候补的都有期限，没有半截的报名",
        offenders(_ACTIVITY, "报名停在半路，或问了没有期限", _OFFERS),
    ),
    Check(
        "E10",
        "取消的活动没有还在的报名",
        offenders(_ACTIVITY, "取消了还有 {groups} 份报名", _CANCELLED, live=_LIVE),
    ),
    Check("activity.tick", "活动到了时刻就开始、结束", offenders(_ACTIVITY, "过了时刻还没有动", _LATE)),
)
