"""A report that is not filed yet: what each message adds to it, and which words are a place."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from handlers import wording
from handlers.context import Context
from handlers.message import Kind, Message
from handlers.ticket_words import placed
from nlp.understanding import Decision

FORM = "report"
OPENER = re.compile(
    r"^(我要|我想|我来|想要?|要|帮我|我)?(报个?事|报事情?|报修|投诉|举报|反映(一?个)?(问题|情况|事情)?|提个?意见|登记)"
    r"(一下|一个|个|吧|嘛|哈|咯|了)*[。！!.]*$"
)
# Said while thinking, or to nobody: adds nothing to a report.
_FILLER = re.compile(
    r"^(嗯+|哦+|喔+|啊+|就是|就是说|那个|这个|然后|喂+|在吗|在不在|有人吗|你说呢|等一?下|等哈|稍等|可以|好的?|行|是的?|对的?|要得|继续|\d{1,2}|[?？!！。.…~～，,]+)[。！!，,.…?？]*$"
)
SKIP = re.compile(r"^(跳过|不方便|没有|不留|不用)[。！!]*$")
_PLACE_LEAD = re.compile(r"^(地点|地址|位置)(应该|其实)?(是|在|改成|改为|改到|换成|：|:)*")
_TEXT_LEAD = re.compile(r"^(情况|内容|事情)(应该|其实)?(是|改成|改为|换成|：|:)+")
_WRONG = re.compile(r"^(不对|错了|说错了?|搞错了?|写错了?|更正|改一?下|我?说的)(了|哈|啊|哦)?[，,。：:、\s]+")
_HELLO = re.compile(r"^(?:(?:你们?|您|大家)好|在吗|在不在|有人吗)(?:呀|啊|哈)?[，,。！!～~\s]+")
_NOT_BUT = re.compile(r"^不是.{1,12}?[，,、\s]*(?:而?是|应该是)(?P<text>.+)$")
_EXACT = re.compile(
    r"[A-Za-z东西南北中]?\s*[区期]?\s*[A-Za-z]?[\d一二两三四五六七八九十]{1,4}[A-Za-z]?\s*(号?楼栋|号楼|栋楼?|幢楼?|#楼?|座)|"
    r"[\d一二两三四五六七八九十A-Za-z]{1,3}\s*单元|[\d一二两三四五六七八九十零〇]{1,5}\s*(楼|层|号房|室|房)|"
    r"\d{1,3}[-—/#]\d{1,2}([-—/]\d{3,4})?|(?<!\d)\d{3,4}(?!\d)"
)
_AROUND = re.compile(
    r"^(就|是|我们|咱们|我|家|住|在|的|哈|哦|啊|嘛|呢|吧|里|那里|那边|这边|这里|那儿|这儿|[，,。、：:\s])+"
)
_AT = re.compile(r"^(就|是|在|大概|应该)+")
_TAIL = re.compile(r"(的|哈|哦|啊|嘛|呢|吧|[，,。、！!：:\s])+$")
NEAR = re.compile(
    r"^.{0,4}(前|后|旁|边|面|口|楼下|楼上|背后|对门|隔壁|顶|坝|底下|附近|中间|角落|楼道|楼梯|电梯|过道|走廊|车库|阳台)"
    r"(里头?|那里|那边|那儿|这边|处|上|间)?$"
)
_PLACE = re.compile(
    r"(门口|旁边|边上|对面|背后|后面|前面|楼下|楼顶|附近|路口|拐角|角落|中间|入口|出口|转角|[东西南北前后侧大]门|"
    r".(路|街|巷|桥|河|湖|店|站|场|园|院|苑|学校|医院|银行|市|厅|室|棚|房|亭|库|小区|社区|广场|大厅|驿站|步道|绿道|坡|坝))"
    r"(里头?|上|边|那里|那儿|那边|这边|附近)?[。，,]*$"
)
_ALL_OVER = re.compile(
    r"(全|整个?|我们)(小区|院子|社区)|到处都|说不清|不(知道|晓得|清楚)(在)?(哪|几栋)|没有?(具体|固定)"
)
_WHOLE = re.compile(r"(全|整个?)(小区|院子|社区)")
MAX_TEXT = 1000


@dataclass(frozen=True, slots=True)
class Draft:
    """What is known of a ticket that is not filed yet; goes through the dialog as JSON."""

    said_at: str
    text: str = ""
    estate: str = ""
    building: str = ""
    unit: str = ""
    room: str = ""
    place_text: str = ""
    latitude: float | None = None
    longitude: float | None = None
    phone: str = ""
    origin: str = ""
    proofs: tuple[tuple[str, str, str, str], ...] = ()
    asked: str = ""  # the kind of the question that is open: 地点 文字 电话 卡片 修改 同类
    same: str = ""  # the number of a neighbour's ticket that seems to be the same
    times: int = 0  # how often the place has been asked for
    home: bool = False  # the place is that of the binding, not one that was said

    @classmethod
    def of(cls, answers: Mapping[str, Any]) -> "Draft":
        known = {name: answers[name] for name in cls.__slots__ if name in answers}
        known["proofs"] = tuple(tuple(proof) for proof in known.get("proofs", ()))
        return cls(**known)

    def at(self, found: Mapping[str, str]) -> "Draft":
        """The same at another place; parts of the old place that the new one does not name are dropped."""
        kept = {k: v for k, v in self.as_answers().items() if k not in ("building", "unit", "room", "home")}
        return Draft.of({**kept, **found})

    def as_answers(self) -> dict[str, Any]:
        return {
            name: getattr(self, name)
            for name in self.__slots__
            if getattr(self, name) not in ("", None, (), 0)
        }

    @property
    def has_place(self) -> bool:
        return bool(self.building or self.place_text or self.latitude is not None)

    @property
    def place(self) -> str:
        if not self.building and not self.place_text:
            return "地图上的点"
        return wording.place_of(self.estate, self.building, self.unit, self.room, self.place_text)

    def saying(self, words: str) -> "Draft":
        """More about the same thing; once said is enough."""
        if not words or words in self.text:
            return self
        return replace(self, text=f"{self.text}；{words}"[:MAX_TEXT] if self.text else words[:MAX_TEXT])


def listen(draft: Draft, message: Message, context: Context) -> Draft:
    """What this message adds to the draft; the open question is answered or stays open."""
    if message.media:
        proofs = tuple((m.kind.value, message.id, m.media_id, m.url) for m in message.media)
        draft = replace(draft, proofs=draft.proofs + proofs)
    found = placed(message, context)
    if message.place is not None:
        point = message.place
        draft = replace(draft, latitude=point.latitude, longitude=point.longitude, asked="")
        if found and not draft.building:
            return draft.at(found)
        return draft if draft.building else replace(draft, place_text=draft.place_text or point.label)
    words = message.text.strip()
    if not words or message.kind not in (Kind.TEXT, Kind.VOICE, Kind.LINK):
        return replace(draft, asked="")
    if draft.asked == "电话":
        phone = context.heard.slots.get("phone", "")
        return replace(draft, phone=phone or "跳过", asked="") if phone or SKIP.match(words) else draft
    draft = replace(draft, phone=draft.phone or context.heard.slots.get("phone", ""))
    if OPENER.match(words) or _FILLER.match(words):
        return replace(draft, asked="")
    return replace(_said(draft, words, found, context), asked="")


def _said(draft: Draft, words: str, found: dict[str, str], context: Context) -> Draft:
    """Words of a situation, of a place, or both."""
    words = _HELLO.sub("", words) or words
    corrected = _WRONG.match(words)
    words = _WRONG.sub("", words)
    if lead := _TEXT_LEAD.match(words):
        return replace(draft, text=words[lead.end() :][:MAX_TEXT])
    if (swap := _NOT_BUT.match(words)) and draft.text and not places_alone(words, swap["text"], found):
        return replace(draft.at(found) if found else draft, text=swap["text"][:MAX_TEXT])
    lead = _PLACE_LEAD.match(words) if draft.asked in ("地点", "卡片", "修改") else None
    if lead:
        words = words[lead.end() :]
    rest = without_place(words)
    if found:
        draft = draft.at(found)
    elif draft.building and (part := _part(context.heard.slots, rest)):
        draft, found = Draft.of({**draft.as_answers(), **part}), part
    if found:
        if not rest or (swap and len(without_place(swap["text"])) < 2):
            return draft
        if (lead or draft.text) and len(rest) <= 8 and NEAR.match(rest):
            return replace(draft, place_text=rest)
        more = wording.situation(words, 500) if draft.text else words
        return _with_text(draft, more, corrected is not None)
    if lead and words:
        return replace(
            draft, place_text=wording.shorten(words, 60), building="", unit="", room="", home=False
        )
    if draft.asked == "地点" and _is_place(draft, words, context):
        return replace(draft, place_text=wording.shorten(_AT.sub("", words) or words, 60))
    return _with_text(draft, words, corrected is not None)


def _with_text(draft: Draft, words: str, instead: bool) -> Draft:
    if draft.asked == "修改" or (instead and len(words) >= 4):
        return replace(draft, text=words[:MAX_TEXT])
    if not draft.has_place and (whole := _WHOLE.search(words)):
        draft = replace(draft, place_text=whole[0])
    return draft.saying(words)


def places_alone(words: str, said: str, found: Mapping[str, str]) -> bool:
    """Whether 「不是3栋，是4栋」 changes the place and nothing else."""
    return bool(found) and len(without_place(said)) < 2


def without_place(words: str) -> str:
    """The words without 栋, 单元, 室 and the little words around them: "" when nothing else was said."""
    rest = _EXACT.sub("", words)
    return _TAIL.sub("", _AROUND.sub("", rest)).strip() if rest != words else words


def _part(slots: Mapping[str, str], rest: str) -> dict[str, str]:
    """「二单元」「501」 after the building is known: a part of the place that stands alone."""
    if rest and not NEAR.match(rest):
        return {}
    return {name: slots[name] for name in ("unit", "room") if slots.get(name)}


def _is_place(draft: Draft, words: str, context: Context) -> bool:
    """Whether the answer to 「在哪里」 is a place; asked in vain three times, the words are taken as they are."""
    if len(words) > 40:
        return False
    heard = context.heard
    if _ALL_OVER.search(words) or _PLACE.search(words):
        return True
    if "place" in heard.slots and len(words) <= len(heard.slots["place"]) + 4:
        return True
    describes = heard.decision is not Decision.UNKNOWN and heard.intent == "file_request"
    return draft.times >= 3 and bool(draft.text) and not describes
