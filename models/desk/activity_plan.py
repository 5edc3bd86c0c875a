"""What an organiser lays down about an activity, checked before it becomes a row."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from models.activity import Activity

SHANGHAI = ZoneInfo("Asia/Shanghai")
REMIND_AT = time(18, 0)
CODE_MAX, TITLE_MAX, ALIASES_MAX, PLACE_MAX, NOTE_MAX, ORGANISER_MAX = 32, 64, 200, 100, 500, 64
CAPACITY_MAX = 100_000

# Which column of the import a mistake belongs to.
COLUMNS: Mapping[str, str] = {
    "code": "编号",
    "title": "名称",
    "aliases": "别名",
    "place": "地点",
    "starts_at": "时间",
    "ends_at": "结束",
    "opens_at": "报名开始",
    "closes_at": "报名截止",
    "capacity_people": "名额",
    "person_max": "每人最多",
    "household_max": "每户最多",
    "waitlist": "候补",
    "allow_skip": "小组先补",
    "note": "说明",
    "organiser": "组织者",
}


@dataclass(frozen=True, slots=True)
class ActivityPlan:
    """The fields an organiser decides; the moments are aware. `ends_at` None means two hours after the start,
    `opens_at` None at once, `closes_at` None until it begins."""

    code: str
    title: str
    place: str
    starts_at: datetime
    capacity_people: int
    ends_at: datetime | None = None
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    aliases: tuple[str, ...] = ()
    person_max: int = 0
    household_max: int = 0
    waitlist: bool = True
    allow_skip: bool = False
    note: str = ""
    organiser: str = ""

    @property
    def end(self) -> datetime:
        return self.ends_at or self.starts_at + timedelta(hours=2)

    @property
    def close(self) -> datetime:
        return self.closes_at or self.starts_at


def mistakes_in(plan: ActivityPlan) -> list[tuple[str, str]]:
    """Every (field, what is wrong and how to write it) of a plan; [] when it can be stored."""
    found: list[tuple[str, str]] = []
    for field, limit in (
        ("code", CODE_MAX),
        ("title", TITLE_MAX),
        ("place", PLACE_MAX),
        ("note", NOTE_MAX),
        ("organiser", ORGANISER_MAX),
    ):
        if len(getattr(plan, field)) > limit:
            found.append((field, f"太长了，最多 {limit} 个字"))
    found += [(field, "不能空着，请填写") for field in ("code", "title", "place") if not getattr(plan, field)]
    if len("、".join(plan.aliases)) > ALIASES_MAX:
        found.append(("aliases", f"太长了，合起来最多 {ALIASES_MAX} 个字"))
    if not 1 <= plan.capacity_people <= CAPACITY_MAX:
        found.append(("capacity_people", f"请填 1 到 {CAPACITY_MAX} 之间的整数"))
    for field in ("person_max", "household_max"):
        if getattr(plan, field) < 0:
            found.append((field, "请填大于 0 的整数；不限就空着"))
    if plan.end <= plan.starts_at:
        found.append(("ends_at", "要晚于开始时间"))
    if plan.close > plan.starts_at:
        found.append(("closes_at", "不能晚于开始时间"))
    if plan.opens_at is not None and plan.opens_at >= plan.close:
        found.append(("opens_at", "要早于报名截止"))
    return found


def remind_moment(starts_at: datetime) -> datetime:
    """18:00 on the day before, as the clock on the wall in Chengdu shows it."""
    day_before = starts_at.astimezone(SHANGHAI).date() - timedelta(days=1)
    return datetime.combine(day_before, REMIND_AT, SHANGHAI)


def plan_of(activity: Activity) -> ActivityPlan:
    """The plan that would make this row, to change one thing of it."""
    return ActivityPlan(
        code=activity.code,
        title=activity.title,
        place=activity.place,
        starts_at=activity.starts_at,
        capacity_people=activity.capacity_people,
        ends_at=activity.ends_at,
        opens_at=activity.opens_at,
        closes_at=activity.closes_at,
        aliases=activity.names[1:],
        person_max=activity.person_max,
        household_max=activity.household_max,
        waitlist=activity.waitlist,
        allow_skip=activity.allow_skip,
        note=activity.note,
        organiser=activity.organiser,
    )
