"""Three activities to try the service with, in the coming two to four weeks."""

from datetime import datetime, time, timedelta

from models.desk.activities import ActivityDesk
from models.desk.activity_plan import SHANGHAI, ActivityPlan

FRIDAY, SATURDAY, SUNDAY = 4, 5, 6


def demo_activities(desk: ActivityDesk) -> int:
    """Add 坝坝会, 重阳宴 (600 people, P8) and 亲子风筝节 unless they are there already; how many were added."""
    added = 0
    for plan in _plans(desk.now):
        if desk.activity(plan.code) is None:
            desk.create_activity(plan)
            added += 1
    return added


def _plans(now: datetime) -> tuple[ActivityPlan, ...]:
    banquet = _next(now, SUNDAY, 14, time(10, 0))
    kites = _next(now, SATURDAY, 20, time(9, 30))
    meeting = _next(now, FRIDAY, 14, time(19, 0))
    return (
        ActivityPlan(
            code="BBH",
            title="坝坝会",
            aliases=("院坝会", "居民坝坝会"),
            place="槐树苑中庭坝子",
            starts_at=meeting,
            ends_at=meeting + timedelta(hours=1, minutes=30),
            capacity_people=80,
            person_max=5,
            note="一起商量楼道电瓶车充电的事，请自带小板凳。",
        ),
        ActivityPlan(
            code="CYY",
            title="重阳宴",
            aliases=("重阳节坝坝宴", "敬老宴", "长者宴"),
            place="社区文化广场",
            starts_at=banquet,
            ends_at=banquet + timedelta(hours=3),
            closes_at=banquet - timedelta(days=2),
            capacity_people=600,
            person_max=10,
            note="请带身份证签到；忌口或坐轮椅请提前告诉我们。",
        ),
        ActivityPlan(
            code="FZJ",
            title="亲子风筝节",
            aliases=("放风筝", "风筝比赛"),
            place="滨河公园草坪",
            starts_at=kites,
            ends_at=kites + timedelta(hours=2, minutes=30),
            closes_at=kites - timedelta(days=1),
            capacity_people=120,
            person_max=6,
            note="风筝由社区准备，请给娃娃带水和帽子。",
        ),
    )


def _next(now: datetime, weekday: int, days_ahead: int, clock: time) -> datetime:
    """The first such weekday at least so many days ahead, at that time in Chengdu."""
    day = now.astimezone(SHANGHAI).date() + timedelta(days=days_ahead)
    return datetime.combine(day + timedelta(days=(weekday - day.weekday()) % 7), clock, SHANGHAI)
