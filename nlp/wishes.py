"""Several wishes in one message: where a second one begins, and what only sounds like one.

A message is cut where a word announces something else (另外, 顺便, 对了 …), or where a mark stands and both sides are
surely about different things. Side remarks, courtesies, details and reasons stay with the wish that they belong to.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from nlp.understanding import Decision

# Announces another matter; the ones of the second line only after a mark, where they are not part of a sentence.
_ANNOUNCED = re.compile(
    r"(?:[，,。；;！!？?、…~～\s]|哦|哎|诶|唉|嗯|然后|那个|就是)*"
    r"(?:另外(?!一?[个位栋户家边条间头])|顺便|顺带|再就是|再一个就是|哦?对了(?![，,。！!\s]*$)|还有就是|还有一?[个件]事|[二两]个?是(?=[我想问看帮要])|第二[是个件])"
    r"(?:再|帮我|我想|想)?(?:问一?[下哈个]|问问)?[，,：:、\s]*"
    r"|[，,。；;！!？?、…~～\s]+(?:还有(?![人老娃孩小大吗嘛没多少几好]|[一二两三四五六七八九十\d]+[个位名人块元天家])|还(?:想|要|请)(?:再?问|帮|看|麻烦)[一下哈]*|再(?:帮我|给我|看看|查一?[下哈]|问一?[下哈]))[，,：:、\s]*"
)
_GLANCE = re.compile(r"另外|顺[便带]|再|还[有想要请]|对了|[二两]|第二")
_MARK = re.compile(r"[，,。；;！!？?…~～]+|\s{1,}")
_TWO = re.compile(r"[^，,。；;！!？?…~～\s]{4}(?:[，,。；;！!？?…~～]+|\s+)[^，,。；;！!？?…~～\s]{4}")
_NOT = re.compile(r"^(?:也|又|倒|并)?(?:不是|没有?要|不想|不用)")
_BUILDING = re.compile(r"[a-z]?\d{1,3}\s*(?:栋|幢|号楼)")
EDGE = " \t\n，,。；;！!？?、…~～：:"

_MOST = 12  # clauses looked at; a resident with more wishes than that is telling a story
_SHORT = 12  # below it there is no room for two wishes without an announcement
RIVAL = 0.4  # what the whole message must give the second intent before a mark may part two wishes
_SURE, _CERTAIN = 0.85, 0.98  # at a mark alone both sides must be sure, and one of them certain
COURTESY = frozenset({"问候", "感谢", "菜单"})
# Said about what has just been told: after a mark alone they belong to it.
_FOLLOWS = frozenset({"补充", "催办", "查进度", "取消报事", "评价", "重新办理", "紧急"}) | COURTESY
_TOGETHER = (
    frozenset({"活动清单", "活动报名"}),
    frozenset({"报事", "补充", "催办"}),
    frozenset({"查账", "捐赠"}),
)


_POLITE = re.compile(
    r"^(?:(?:你们?|您|大家|各位|老师|师傅|社区)*好|在吗|在不在|有人(?:吗|没得|没)|请问(?:一?[下哈])?|麻烦(?:问|请问)?(?:一?[下哈])?(?:你们?|您)?"
    r"|(?:多|太|非常)?谢谢?(?:你们?|您|了|哈|啦|大家)*|(?:太)?感谢(?:你们?|您|了)?|辛苦(?:你们?|您)?了?|打扰(?:一?[下哈])?了?|不好意思(?:哈|啊)?)(?:哈|啊|呀|嘛|哦)*$"
)


def without_courtesies(text: str) -> str:
    """The message without the clauses that only greet or thank; "" when nothing is left, or nothing goes away."""
    pieces = _MARK.split(text)
    rest = [piece for piece in pieces if piece.strip(EDGE) and not _POLITE.match(piece.strip(EDGE))]
    return "，".join(rest) if 0 < len(rest) < len([piece for piece in pieces if piece.strip(EDGE)]) else ""


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a message, judged by itself."""

    text: str
    decision: Decision
    ident: str
    score: float
    service: str
    emergency: bool = False
    building: str = ""

    @property
    def is_wish(self) -> bool:
        return (
            self.decision is not Decision.UNKNOWN
            and self.service not in COURTESY
            and not _NOT.match(self.text)
        )

    @property
    def is_sure(self) -> bool:
        return self.is_wish and self.decision is Decision.SURE and self.score >= _SURE


Judge = Callable[[str], Clause]


def announced(text: str) -> bool:
    """Whether a word in the text may announce a second wish; cheap, for every message."""
    return _GLANCE.search(text) is not None and _ANNOUNCED.search(text, 1) is not None


def parted(plain: str, rivals: Sequence[tuple[str, float]]) -> bool:
    """Whether marks may part two wishes: the whole message speaks for a second intent, or names two buildings."""
    if rivals and rivals[0][1] >= RIVAL:
        return len(plain) >= _SHORT and _TWO.search(plain) is not None
    if plain.count("栋") + plain.count("号楼") + plain.count("幢") < 2:
        return False
    return len(set(_BUILDING.findall(plain))) > 1 and _TWO.search(plain) is not None


def split(text: str, judge: Judge, rivals: Sequence[str]) -> list[Clause]:
    """The wishes of a message in its order, or [] when it is one wish. `rivals` are the intents of the whole message.

    The first may be no wish at all (「1，另外…」): an answer to what the bot has asked before.
    """
    blocks = [block for block in _ANNOUNCED.split(text) if block.strip(EDGE)][:_MOST]
    wishes = [judge(blocks[0].strip(EDGE))] if blocks else []
    for block in blocks[1:]:
        last, one = wishes[-1], judge(block.strip(EDGE))
        if _announces(last, one):
            wishes.append(one)
        else:
            wishes[-1] = judge(f"{last.text}，{one.text}")
    wishes = [part for wish in wishes for part in _parts(wish, judge, rivals)]
    while len(wishes) > 1 and not wishes[0].is_wish and len(wishes[0].text) > 6:
        wishes = wishes[1:] if wishes[0].service in COURTESY else _joined(wishes, judge)
    wishes = [wishes[0], *(wish for wish in wishes[1:] if wish.is_wish)] if wishes else []
    return wishes if len(wishes) > 1 else []


def _joined(wishes: list[Clause], judge: Judge) -> list[Clause]:
    return [judge(f"{wishes[0].text}，{wishes[1].text}"), *wishes[2:]]


def _announces(last: Clause, one: Clause) -> bool:
    if not one.is_wish or not (last.is_wish or len(last.text) <= 6 or last.service in COURTESY):
        return False
    if one.service == "补充" and last.service == "报事":
        return False
    if last.emergency or one.emergency:
        both = last.emergency and one.emergency
        return not both and (last.is_sure and one.is_sure) and "报事" not in (last.service, one.service)
    return one.ident != last.ident or _two_places(last, one)


def _two_places(last: Clause, one: Clause) -> bool:
    return one.service == "报事" and "" != one.building != last.building != ""


def _parts(wish: Clause, judge: Judge, rivals: Sequence[str]) -> Iterator[Clause]:
    """The wish, or the several that only marks keep apart."""
    pieces = [piece for piece in _MARK.split(wish.text) if piece.strip(EDGE)]
    if len(pieces) < 2 or wish.emergency or len(pieces) > _MOST:
        yield wish
        return
    begun, current = 0, judge(pieces[0])
    ends = _ends(wish.text, pieces)
    for at, piece in enumerate(pieces[1:], start=1):
        one = judge(piece)
        if _parts_here(current, one, rivals):
            yield judge(wish.text[begun : ends[at - 1]].strip(EDGE))
            begun, current = ends[at - 1], one
        elif one.is_sure and not current.is_sure:
            current = one
    yield judge(wish.text[begun:].strip(EDGE)) if begun else wish


def _ends(text: str, pieces: Sequence[str]) -> list[int]:
    ends, at = [], 0
    for piece in pieces:
        at = text.index(piece, at) + len(piece)
        ends.append(at)
    return ends


def _parts_here(last: Clause, one: Clause, rivals: Sequence[str]) -> bool:
    if last.ident == one.ident:  # two buildings cannot be one place: it is enough that both are reports
        both = last.is_wish and one.is_wish and last.decision is one.decision is Decision.SURE
        return both and _two_places(last, one)
    if not (last.is_sure and one.is_sure):
        return False
    return (
        one.service not in _FOLLOWS
        and last.service not in COURTESY
        and max(last.score, one.score) >= _CERTAIN
        and not any({last.service, one.service} <= together for together in _TOGETHER)
        and last.ident in rivals
        and one.ident in rivals
    )
