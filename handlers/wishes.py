"""Two wishes in one message: one is served, the other is named so that it is not lost silently."""

import re
from dataclasses import replace

from handlers import wording
from handlers.context import Context
from handlers.message import Message, Turn

_JOINT = re.compile(
    r"(?:[，,。；;！!\s]+还有(?:就是|一个|个)?|[，,。；;！!\s]*(?:另外|顺便|对了|再就是|再问一下|再帮我))[，,：:\s]*"
)
_KINDS: tuple[tuple[str, frozenset[str], re.Pattern[str]], ...] = (
    (
        "money",
        frozenset({"查账", "物业费账"}),
        re.compile(r"微基金|余额|账(?!号)|多少钱|花了|花到哪|物业费|捐"),
    ),
    (
        "activity",
        frozenset({"活动清单", "活动报名", "取消报名"}),
        re.compile(r"报名|参加|名额|活动|报(?:我们)?[一两二三四五六七八九\d]+个人"),
    ),
    (
        "report",
        frozenset({"报事"}),
        re.compile(r"坏了?|堵|漏|吵|脏|臭|停水|停电|不亮|没人(?:扫|管|收|修)|裂|垮|掉|乱停|占|垃圾"),
    ),
    (
        "progress",
        frozenset({"查进度", "催办"}),
        re.compile(r"办到哪|进度|催一?下|(?:还没|好久|什么时候)(?:来|修|办)"),
    ),
)
_BUILDING = re.compile(r"[A-Za-z]?\d{1,3}\s*(?:栋|幢|号楼)")
_OF = {service: kind for kind, services, _ in _KINDS for service in services}


def remind(turn: Turn, message: Message, service: str, context: Context) -> Turn:
    """The same turn, with a word about the part of the message that the service did not touch."""
    other = second(message.text, service, context.heard.text)
    if not other or not turn.texts:
        return turn
    said = context.texts.say("common.second", 另一件=wording.shorten(other, 24))
    return replace(turn, texts=(*turn.texts, said))


def second(words: str, service: str, normal: str) -> str:
    """The clause about something else than what is served; "" when there is none."""
    served = _OF.get(service)
    if served is None:
        return ""
    parts = [
        part.strip(" ，,。；;！!") for part in _JOINT.split(words) if len(part.strip(" ，,。；;！!")) >= 4
    ]
    if len(parts) > 1:
        kinds = [_kinds(part) for part in parts]
        if any(served in kind for kind in kinds):
            for part, kind in zip(parts, kinds, strict=True):
                if kind and served not in kind:
                    return part
    if served == "report" and len(set(_BUILDING.findall(normal))) > 1:
        clauses = re.split(r"[，,。；;！!]", words)
        first = next((i for i, clause in enumerate(clauses) if _BUILDING.search(clause)), len(clauses))
        return next(
            (c for c in clauses[first + 1 :] if _BUILDING.search(c) and "report" in _kinds(c)), ""
        ).strip()
    return ""


def _kinds(clause: str) -> frozenset[str]:
    return frozenset(kind for kind, _, signs in _KINDS if signs.search(clause))
