"""时限 → the rules of the five clocks: what is not written keeps our default, what cannot work is told."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

from bot.config.fields import hours, said
from bot.config.sections import STAGES, StageSpec, TimesSpec
from models.rules import SlaRules, StageRule

# The moments a clock may start from, in the order a ticket reaches them.
MOMENTS = {"提交": "submitted", "受理": "accepted", "到场": "arrived", "上报": "reported", "办结": "closed"}
_REACHED_BY = {"受理": 1, "到场": 2, "上报": 3, "办结": 4, "反馈": 5}

Note = Callable[[tuple[str | int, ...], str], None]


def sla_rules(spec: TimesSpec, note: Note) -> SlaRules:
    """`note(path, what)` is called for each mistake; what it concerns keeps its default."""
    defaults = SlaRules()
    stages = {
        field: _stage(spec, name, field, getattr(defaults, field), note) for name, field in STAGES.items()
    }
    quiet = (defaults.quiet_from, defaults.quiet_to)
    if spec.quiet is not None:
        try:
            quiet = hours(spec.quiet)
        except ValueError as problem:
            note(("时限", "夜间不提醒"), str(problem))
    return SlaRules.model_validate({**stages, "quiet_from": quiet[0], "quiet_to": quiet[1]})


def _stage(spec: TimesSpec, name: str, field: str, default: StageRule, note: Note) -> StageRule:
    given: StageSpec | None = getattr(spec, field)
    limit = given.limit if given else default.limit
    start = default.start
    if given and given.start is not None:
        allowed = list(MOMENTS)[: _REACHED_BY[name]]
        if given.start in allowed:
            start = MOMENTS[given.start]
        else:
            note(("时限", name, "从"), f"「{name}」只能从「{'」「'.join(allowed)}」算起")
    return StageRule(
        limit=limit,
        start=start,
        before=_before(spec, name, field, limit, default.before, note),
        ladder=_ladder(spec, name, field, default.ladder, note),
    )


def _before(
    spec: TimesSpec, name: str, field: str, limit: timedelta, default: tuple[timedelta, ...], note: Note
) -> tuple[timedelta, ...]:
    given, path = _written(spec, "提前提醒", name, field, note)
    if given is None:
        return tuple(wait for wait in default if wait < limit)
    for wait in given:
        if not timedelta(0) < wait < limit:
            note(path, f"提前 {said(wait)} 不对：要大于 0、小于时限 {said(limit)}")
    return tuple(sorted(given, reverse=True))


def _ladder(
    spec: TimesSpec, name: str, field: str, default: tuple[timedelta, ...], note: Note
) -> tuple[timedelta, ...]:
    given, path = _written(spec, "逐级上报", name, field, note)
    if given is None:
        return default
    if len(given) > 3:
        note(path, "最多三级：网格长、社区、街道")
    if any(later <= earlier for earlier, later in pairwise(given)):
        note(path, f"要从短到长：现在是 {'、'.join(map(said, given))}，越往上等得越久")
    return given


def _written(
    spec: TimesSpec, key: str, name: str, field: str, note: Note
) -> tuple[tuple[timedelta, ...] | None, tuple[str, ...]]:
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
