"""The rules that a community sets itself: deadlines of the five clocks, their ladders, quiet hours, activities."""

import hashlib
from collections.abc import Mapping
from datetime import date, time, timedelta
from functools import cached_property
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from models.calendar import Day

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


class Rule(BaseModel):
    """Immutable, nothing unknown let in."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class StageRule(Rule):
    """One clock: how long, from which moment; `before` reminds ahead of the deadline, `ladder` climbs after it.

    `before` and the ladder's waits are measured from the deadline; `ladder[0]` tells the grid lead, `ladder[1]`
    the community, `ladder[2]` the street (domain.md §3). With the calendar `duty` all of them count the working
    time of `SlaRules.duty`.
    """

    limit: timedelta
    start: str
    calendar: Literal["natural", "duty"] = "natural"
    before: tuple[timedelta, ...] = ()
    ladder: tuple[timedelta, ...] = ()


class DutyHours(Rule):
    """值班时间: the windows of each weekday from Monday, dated exceptions, whether public holidays are kept."""

    week: tuple[Day, ...]
    days: tuple[tuple[date, Day], ...] = ()
    holidays: bool = True


class PolicyRule(Rule):
    """Other clocks for some tickets: those of these types, urgencies and estates (empty: of all)."""

    types: tuple[str, ...] = ()
    urgencies: tuple[str, ...] = ()
    estates: tuple[str, ...] = ()
    stages: tuple[tuple[str, StageRule], ...]

    def fits(self, type: str, urgency: str, estate: str) -> bool:
        return (
            (not self.types or type in self.types)
            and (not self.urgencies or urgency in self.urgencies)
            and (not self.estates or estate in self.estates)
        )


class SlaRules(Rule):
    """「5个1」 (S1): accept 1 min, on site 1 h, report 1 h, close 1 day, feed back 1 day, in natural time.

    The first of `policies` that fits a ticket and names the stage goes before these.
    """

    accept: StageRule = StageRule(
        limit=MINUTE, start="submitted", before=(MINUTE / 2,), ladder=(timedelta(0), 3 * MINUTE)
    )
    onsite: StageRule = StageRule(
        limit=HOUR, start="accepted", before=(15 * MINUTE,), ladder=(30 * MINUTE, 2 * HOUR)
    )
    report: StageRule = StageRule(limit=HOUR, start="arrived", before=(15 * MINUTE,), ladder=(HOUR,))
    close: StageRule = StageRule(
        limit=DAY, start="accepted", before=(6 * HOUR, HOUR), ladder=(2 * HOUR, DAY, 3 * DAY)
    )
    feedback: StageRule = StageRule(limit=DAY, start="closed", before=(6 * HOUR, HOUR), ladder=(2 * HOUR,))
    policies: tuple[PolicyRule, ...] = ()
    duty: DutyHours | None = None
    quiet_from: time = time(22, 0)
    quiet_to: time = time(7, 0)

    def stage(self, stage: str, *, type: str, urgency: str, estate: str) -> StageRule:
        """The rule of a clock for one ticket."""
        for policy in self.policies:
            if policy.fits(type, urgency, estate):
                for name, rule in policy.stages:
                    if name == stage:
                        return rule
        found: StageRule = getattr(self, stage)
        return found

    @cached_property
    def uses_duty(self) -> bool:
        """Whether any clock counts working time over public holidays."""
        if self.duty is None or not self.duty.holidays:
            return False
        own = (self.accept, self.onsite, self.report, self.close, self.feedback)
        others = (rule for policy in self.policies for _, rule in policy.stages)
        return any(rule.calendar == "duty" for rule in (*own, *others))

    @cached_property
    def version(self) -> str:
        """Names what decides targets and reminders (not the calendar, which has a version of its own)."""
        content = self.model_dump_json(exclude={"duty", "quiet_from", "quiet_to"})
        return hashlib.sha256(content.encode()).hexdigest()[:12]

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        copied = super().model_copy(update=update, deep=deep)
        for derived in ("uses_duty", "version"):
            copied.__dict__.pop(derived, None)
        return copied


class GridRule(Rule):
    """One microgrid as the configuration names it: its buildings, its worker, the one behind, the grid's lead."""

    code: str
    name: str
    buildings: tuple[str, ...] = ()
    worker: str
    backup: str = ""
    lead: str = ""


class WorkerRule(Rule):
    """One person on duty (人员): the 企业微信 account, the name that residents read, a phone to call."""

    userid: str
    name: str
    phone: str = ""


class Evidence(Rule):
    """Whether arriving and closing need a photo or a location (domain.md §2), or may be handed in afterwards."""

    arrive: bool = True
    close: bool = True


class CategoryRule(Rule):
    """A kind of ticket and the words that show it; the first rule that fits decides."""

    name: str
    words: tuple[str, ...]


CATEGORIES = (
    CategoryRule(name="资金疑问", words=("微基金", "物业费用", "账目", "公示的账", "钱用")),
    CategoryRule(name="电梯", words=("电梯", "轿厢")),
    CategoryRule(name="电动车", words=("电瓶车", "电动车", "电马儿", "飞线")),
    CategoryRule(name="高空抛物", words=("高空抛物", "高空坠物", "楼上扔", "楼上甩", "乱扔东西")),
    CategoryRule(
        name="消防安全", words=("消防", "灭火器", "燃气", "煤气", "天然气", "着火", "冒烟", "安全通道")
    ),
    CategoryRule(name="照明", words=("灯",)),
    CategoryRule(name="给排水", words=("水", "下水道", "管道", "堵", "厕所返", "化粪池")),
    CategoryRule(name="停车", words=("停车", "车位", "道闸", "占道", "僵尸车")),
    CategoryRule(name="文明养犬", words=("狗", "犬", "遛")),
    CategoryRule(name="噪音", words=("噪音", "噪声", "吵", "闹", "广场舞", "装修声", "施工声")),
    CategoryRule(name="环境卫生", words=("垃圾", "渣渣", "卫生", "臭", "脏", "蟑螂", "老鼠", "蚊")),
    CategoryRule(name="绿化", words=("树", "草坪", "绿化", "花坛")),
    CategoryRule(name="门禁安防", words=("门禁", "大门", "单元门", "监控", "保安", "门锁", "小偷")),
    CategoryRule(name="邻里纠纷", words=("邻居", "纠纷", "吵架", "打架", "矛盾")),
    CategoryRule(name="物业服务", words=("物业", "保洁", "维修")),
)


class Rules(Rule):
    """All rules together; the defaults are the sources' plain reading."""

    sla: SlaRules = Field(default_factory=SlaRules)
    grids: tuple[GridRule, ...] = ()
    workers: tuple[WorkerRule, ...] = ()
    categories: tuple[CategoryRule, ...] = CATEGORIES
    # What is never shown to neighbours: these kinds, and what speaks of somebody.
    private_categories: tuple[str, ...] = ("邻里纠纷", "资金疑问")
    private_words: tuple[str, ...] = ("邻居", "隔壁", "楼上", "楼下", "对门", "吵架", "打架", "网格员")
    evidence: Evidence = Field(default_factory=Evidence)
    community_desk: tuple[str, ...] = ()  # 企业微信 accounts told last on the ladder
    emergency_answer: timedelta = (
        MINUTE  # nobody has answered an emergency: B and the community's desk hear again
    )
    digest_over: int = 5  # more open breaches than this in one worker's hands are told in a list; 0: never
    digest_every: timedelta = 30 * MINUTE
    rate_within: timedelta = 7 * DAY
    urge_every: timedelta = 4 * HOUR
    dialog_idle: timedelta = 30 * MINUTE
    message_retention: timedelta = 90 * DAY

    def category_of(self, text: str) -> str:
        """The kind of ticket that the words show; 「其他」 when none does."""
        return next(
            (rule.name for rule in self.categories if any(word in text for word in rule.words)), "其他"
        )
