"""What an edit of the file changed, in a few Chinese words for the admin who made it."""

from collections.abc import Mapping

from bot.config.config import Config
from bot.config.fields import said
from bot.config.sections import STAGES
from models.rules import Rules, StageRule

_SHOWN = 6


def changes(old: Config, new: Config) -> str:
    """「意图：新增「借场地」，改了「报事」；时限：办结 1天 → 2天」; comments alone change nothing."""
    parts = [
        _community(old, new),
        _set("渠道", {one.code: one for one in old.channels}, {one.code: one for one in new.channels}),
        "管理员名单" if old.admins != new.admins else "",
        _set("网格", {one.code: one for one in old.rules.grids}, {one.code: one for one in new.rules.grids}),
        _people(old.rules, new.rules),
        _times(old.rules, new.rules),
        _set(
            "意图",
            {one.name: one for one in old.nlp.intents},
            {one.name: one for one in new.nlp.intents},
        ),
        _set("词语", old.nlp.unified, new.nlp.unified),
        _set("词类", old.nlp.classes, new.nlp.classes),
        "闲聊" if old.nlp.chitchat != new.nlp.chitchat else "",
        "听不懂时" if old.nlp.lost != new.nlp.lost else "",
        _texts(old.wording, new.wording),
    ]
    told = "；".join(part for part in parts if part)
    if told:
        return told
    order = [one.ident for one in old.nlp.intents] != [one.ident for one in new.nlp.intents]
    return "意图的先后顺序" if order else "只改了说明或排版，用起来没有变化"


def _community(old: Config, new: Config) -> str:
    return "社区的名称、电话或办公时间" if old.community != new.community else ""


def _people(old: Rules, new: Rules) -> str:
    names = [
        name
        for name, field in (
            ("人员", "workers"),
            ("社区值班", "community_desk"),
            ("类别", "categories"),
            ("凭证", "evidence"),
        )
        if getattr(old, field) != getattr(new, field)
    ]
    return "、".join(names)


def _times(old: Rules, new: Rules) -> str:
    parts: list[str] = []
    for name, field in STAGES.items():
        before: StageRule = getattr(old.sla, field)
        after: StageRule = getattr(new.sla, field)
        if before.limit != after.limit:
            parts.append(f"{name} {said(before.limit)} → {said(after.limit)}")
        elif before.calendar != after.calendar:
            parts.append(f"{name}改按{'值班时间' if after.calendar == 'duty' else '自然时间'}")
        elif before != after:
            parts.append(f"{name}的提醒")
    if old.sla.policies != new.sla.policies:
        parts.append("另行规定")
    if old.sla.duty != new.sla.duty:
        parts.append("值班时间")
    if (old.sla.quiet_from, old.sla.quiet_to) != (new.sla.quiet_from, new.sla.quiet_to):
        parts.append("夜间不提醒")
    for name, field in (
        ("评价期", "rate_within"),
        ("催办间隔", "urge_every"),
        ("对话保留", "dialog_idle"),
        ("消息保留", "message_retention"),
        ("紧急响应", "emergency_answer"),
        ("清单间隔", "digest_every"),
    ):
        if getattr(old, field) != getattr(new, field):
            parts.append(f"{name} {said(getattr(old, field))} → {said(getattr(new, field))}")
    if old.digest_over != new.digest_over:
        before_, after_ = (f"{over}件" if over else "不合并" for over in (old.digest_over, new.digest_over))
        parts.append(f"超时合并 {before_} → {after_}")
    return f"时限：{'，'.join(parts)}" if parts else ""


def _texts(old: Mapping[str, str], new: Mapping[str, str]) -> str:
    count = sum(old.get(key) != new.get(key) for key in {*old, *new})
    return f"文案 {count} 处" if count else ""


def _set(title: str, old: Mapping[str, object], new: Mapping[str, object]) -> str:
    parts = [
        f"{verb}{_listed(names)}"
        for verb, names in (
            ("新增", [name for name in new if name not in old]),
            ("删去", [name for name in old if name not in new]),
            ("改了", [name for name in new if name in old and new[name] != old[name]]),
        )
        if names
    ]
    return f"{title}：{'，'.join(parts)}" if parts else ""


def _listed(names: list[str]) -> str:
    shown = "、".join(f"「{name}」" for name in names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown}等 {len(names)} 个"
