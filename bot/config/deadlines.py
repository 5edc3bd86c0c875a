"""时限 → the rules of the five clocks: what is not written keeps our default, what cannot work is told."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

from bot.config.duty import EXAMPLE
from bot.config.fields import hours, said
from bot.config.sections import STAGES, PolicySpec, StageSpec, TimesSpec
from models.rules import DutyHours, PolicyRule, SlaRules, StageRule

# The moments a clock may start from, in the order a ticket reaches them.
MOMENTS = {"提交": "submitted", "受理": "accepted", "到场": "arrived", "上报": "reported", "办结": "closed"}
_REACHED_BY = {"受理": 1, "到场": 2, "上报": 3, "办结": 4, "反馈": 5}
DUTY = "值班时间"

Path_ = tuple[str | int, ...]
Note = Callable[[Path_, str], None]


def sla_rules(spec: TimesSpec, duty: DutyHours | None, has_duty: bool, note: Note) -> SlaRules:
    """`note(path, what)` is called for each mistake; what it concerns keeps its default.

    `has_duty`: whether 值班时间 is written at all (`duty` is None too when it is wrong).
    """
    defaults = SlaRules()
    stages: dict[str, StageRule] = {}
    for name, field in STAGES.items():
        default: StageRule = getattr(defaults, field)
        given: StageSpec | None = getattr(spec, field)
        rule = _Stage(name, ("时限", name), given, default, has_duty, note)
        stages[field] = rule.made(
            *_written(spec, "提前提醒", name, field, note), *_written(spec, "逐级上报", name, field, note)
        )
    quiet = (defaults.quiet_from, defaults.quiet_to)
    if spec.quiet is not None:
        try:
            quiet = hours(spec.quiet)
        except ValueError as problem:
            note(("时限", "夜间不提醒"), str(problem))
    policies = tuple(
        _policy(policy, ("时限", "另行规定", at), stages, has_duty, note)
        for at, policy in enumerate(spec.policies)
    )
    _unreachable(policies, note)
    return SlaRules(
        accept=stages["accept"],
        onsite=stages["onsite"],
        report=stages["report"],
        close=stages["close"],
        feedback=stages["feedback"],
        policies=policies,
        duty=duty,
        quiet_from=quiet[0],
        quiet_to=quiet[1],
    )


class _Stage:
    """One clock as it is written, over the rule that holds where nothing is."""

    def __init__(
        self, name: str, path: Path_, given: StageSpec | None, default: StageRule, has_duty: bool, note: Note
    ) -> None:
        self.path, self.note, self.default = path, note, default
        self.limit = given.limit if given else default.limit
        self.start = default.start
        self.calendar = default.calendar
        if given and given.start is not None:
            allowed = list(MOMENTS)[: _REACHED_BY[name]]
            if given.start in allowed:
                self.start = MOMENTS[given.start]
            else:
                note((*path, "从"), f"「{name}」只能从「{'」「'.join(allowed)}」算起")
        if given and given.calendar is not None:
            self.calendar = "duty" if given.calendar == DUTY else "natural"
            if self.calendar == "duty" and not has_duty:
                note((*path, "按"), f"按值班时间算，要先写一段「值班时间」，{EXAMPLE}")

    def made(
        self,
        before: tuple[timedelta, ...] | None,
        before_path: Path_,
        ladder: tuple[timedelta, ...] | None,
        ladder_path: Path_,
    ) -> StageRule:
        if before is None:
            before = tuple(wait for wait in self.default.before if wait < self.limit)
        for wait in before:
            if not timedelta(0) < wait < self.limit:
                self.note(before_path, f"提前 {said(wait)} 不对：要大于 0、小于时限 {said(self.limit)}")
        if ladder is None:
            ladder = self.default.ladder
        if len(ladder) > 3:
            self.note(ladder_path, "最多三级：网格长、社区、街道")
        if any(later <= earlier for earlier, later in pairwise(ladder)):
            self.note(ladder_path, f"要从短到长：现在是 {'、'.join(map(said, ladder))}，越往上等得越久")
        return StageRule(
            limit=self.limit,
            start=self.start,
            calendar=self.calendar,
            before=tuple(sorted(before, reverse=True)),
            ladder=ladder,
        )


def _policy(
    spec: PolicySpec, path: Path_, general: dict[str, StageRule], has_duty: bool, note: Note
) -> PolicyRule:
    """Other clocks for some tickets; what a stage does not say is as it is for all."""
    if not (spec.types or spec.urgencies or spec.estates):
        note(path, "请写明管哪些报事：「类型」「紧急」「小区」至少写一样；对所有报事都一样的写在「时限」里")
    stages: list[tuple[str, StageRule]] = []
    for name, field in STAGES.items():
        given: StageSpec | None = getattr(spec, field)
        if given is not None:
            rule = _Stage(name, (*path, name), given, general[field], has_duty, note)
            own = (given.before, (*path, name, "提前提醒"), given.ladder, (*path, name, "逐级上报"))
            stages.append((field, rule.made(*own)))
    if not stages:
        note(path, "没有写改哪个时限：请写上一样，例如「到场: 30分钟」")
    return PolicyRule(types=spec.types, urgencies=spec.urgencies, estates=spec.estates, stages=tuple(stages))


def _unreachable(policies: tuple[PolicyRule, ...], note: Note) -> None:
    """A rule whose tickets an earlier one already has, stage by stage, would never be used."""
    for at, later in enumerate(policies):
        for before, earlier in enumerate(policies[:at], start=1):
            covers = all(
                not wide or (narrow and set(narrow) <= set(wide))
                for wide, narrow in (
                    (earlier.types, later.types),
                    (earlier.urgencies, later.urgencies),
                    (earlier.estates, later.estates),
                )
            )
            if covers and {name for name, _ in later.stages} <= {name for name, _ in earlier.stages}:
                what = f"轮不到这一条：前面第 {before} 条已经管了这些报事。请把管得窄的写在前面"
                note(("时限", "另行规定", at), what)
                break


def _written(
    spec: TimesSpec, key: str, name: str, field: str, note: Note
) -> tuple[tuple[timedelta, ...] | None, Path_]:
    """The waits of one stage, written either with the stage or in the list for all stages, not in both."""
    part = "before" if key == "提前提醒" else "ladder"
    stage: StageSpec | None = getattr(spec, field)
    own: tuple[timedelta, ...] | None = getattr(stage, part) if stage else None
    common: tuple[timedelta, ...] | None = getattr(getattr(spec, part), field)
    if own is not None and common is not None:
        note(("时限", key, name), f"「{name}」的{key}写了两处，请只留一处")
    if own is not None:
        return own, ("时限", name, key)
    return common, ("时限", key, name)
