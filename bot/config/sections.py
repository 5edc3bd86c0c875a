"""The sections of `config.yaml` that belong to the community as a whole: 社区, 渠道, 网格, 时限 and who is told."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from bot.config.fields import Duration, Durations, Limit, Section, UserId, UserIds, Word, Words, YesNo, many

KINDS = ("公众号", "企业微信", "微信客服", "智能机器人", "群机器人", "桥接")
STAGES = {"受理": "accept", "到场": "onsite", "上报": "report", "办结": "close", "反馈": "feedback"}

# The kinds of tickets and how urgent they are (domain.md §2), as admins call them.
TYPES = {
    "上门": "field",
    "咨询": "desk",
    "建议": "deliberate",
    "调解": "mediation",
    "巡查": "patrol",
    "转办": "referral",
}
URGENCIES = {"紧急": "emergency", "加急": "urgent", "普通": "normal"}


def _refuse(what: str) -> None:
    raise PydanticCustomError("linli", "{what}", {"what": what})


def _community_code(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", text):
        _refuse("编号请用小写英文字母、数字和「-」，最多 32 个，例如 huaxi")
    return text


def _account_code(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,31}", text):
        _refuse("编号会出现在回调地址里，请只用小写英文字母、数字、「-」和「_」，例如 mp")
    return text


def _grid_code(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).strip().upper()
    if not re.fullmatch(r"[A-Z0-9]{1,12}", text):
        _refuse("网格编号会写进工单编号，请只用英文字母和数字，最多 12 个，例如 W01")
    return text


def _buildings(value: object) -> object:
    """`[1-3栋, 5栋]` → 1栋, 2栋, 3栋, 5栋; full-width letters and digits made plain."""
    value = many(value)
    if not isinstance(value, (list, tuple)):
        return value
    names: list[object] = []
    for item in value:
        names.extend(_range(item) if isinstance(item, str) else [item])
    return names


def _range(text: str) -> list[str]:
    text = unicodedata.normalize("NFKC", text).strip()
    if re.search(r"[,、;]", text):
        _refuse("各栋之间要用英文逗号，例如 [1栋, 2栋, 3栋]")
    found = re.fullmatch(
        r"(\D*?)(\d{1,3})(栋|幢|号楼|座)?\s*(?:-|~|—|–|到|至)\s*(\d{1,3})(栋|幢|号楼|座)", text
    )
    if not found:
        return [text]
    first, last = int(found[2]), int(found[4])
    if last < first or last - first > 200:
        _refuse(f"「{text}」前后颠倒了，请从小写到大，例如 1-3栋")
    return [f"{found[1]}{number}{found[5]}" for number in range(first, last + 1)]


def _kind(text: str) -> str:
    if text not in KINDS:
        _refuse(f"种类请写其中之一：{'、'.join(KINDS)}")
    return text


def _ability(text: str) -> str:
    if text not in ("主动推送", "被动回复"):
        _refuse("能力请写「主动推送」（认证服务号）或「被动回复」（其他公众号）")
    return text


def _keyword(text: str) -> str:
    text = text.strip()
    if not re.fullmatch(r"[A-Za-z_]+[0-9]*", text):
        _refuse("请照抄公众平台模板里的关键词，例如 thing1、time2")
    return text


class CommunitySpec(Section):
    code: Annotated[str, AfterValidator(_community_code)] = Field(default="demo", alias="编号")
    name: Annotated[Word, Field(max_length=64)] = Field(alias="名称")
    phone: Word = Field(alias="值班电话")
    hours: Word = Field(default="工作日 09:00-17:30", alias="办公时间")


class TemplateSpec(Section):
    """A template message: the number the platform gave it, and which of its keywords takes which of our fields."""

    number: Word = Field(alias="编号")
    fields: Mapping[Word, Annotated[str, AfterValidator(_keyword)]] = Field(
        default_factory=dict, alias="字段"
    )


class ChannelSpec(Section):
    """`push` is derived when 能力 is not written: everything but a 公众号 may write first."""

    code: Annotated[str, AfterValidator(_account_code)] = Field(alias="编号")
    kind: Annotated[str, AfterValidator(_kind)] = Field(alias="种类")
    ability: Annotated[str, AfterValidator(_ability)] | None = Field(default=None, alias="能力")
    templates: Mapping[Word, TemplateSpec] = Field(default_factory=dict, alias="模板")

    @property
    def can_push(self) -> bool:
        return self.ability == "主动推送" if self.ability else self.kind != "公众号"


class GridSpec(Section):
    code: Annotated[str, AfterValidator(_grid_code)] = Field(alias="编号")
    name: Annotated[Word, Field(max_length=64)] = Field(alias="名称")
    buildings: Annotated[tuple[Word, ...], BeforeValidator(_buildings)] = Field(default=(), alias="范围")
    worker: UserId = Field(alias="负责")
    backup: UserId | None = Field(default=None, alias="后备")
    lead: UserId | None = Field(default=None, alias="网格长")


def _person(value: object) -> object:
    """`zhangsan: 张三` and `zhangsan: 张三 13900001111` are short for 姓名 and 电话."""
    if not isinstance(value, str) or not value.strip():
        return value
    name, _, phone = unicodedata.normalize("NFKC", value).strip().partition(" ")
    return {"姓名": name, "电话": phone.strip()}


def _phone(text: str) -> str:
    text = unicodedata.normalize("NFKC", text).strip()
    if text and not re.fullmatch(r"\+?\d[\d -]{1,18}\d", text):
        _refuse("电话请写数字，例如 13900001111 或 028-88880000")
    return text


class PersonSpec(Section):
    name: Annotated[Word, Field(max_length=64)] = Field(alias="姓名")
    phone: Annotated[str, AfterValidator(_phone)] = Field(default="", alias="电话")


class EvidenceSpec(Section):
    """Whether arriving and closing need a photo or a location."""

    arrive: YesNo = Field(default=True, alias="到场")
    close: YesNo = Field(default=True, alias="办结")


def _stage(value: object) -> object:
    """`受理: 1分钟` is short for `受理: {限: 1分钟}`."""
    return {"限": value} if isinstance(value, str) and value else value


class StageSpec(Section):
    limit: Limit = Field(alias="限")
    start: str | None = Field(default=None, alias="从")
    calendar: Literal["自然时间", "值班时间"] | None = Field(default=None, alias="按")
    before: Durations | None = Field(default=None, alias="提前提醒")
    ladder: Durations | None = Field(default=None, alias="逐级上报")


Stage = Annotated[StageSpec, BeforeValidator(_stage)]


class WaitsSpec(Section):
    """Waits for several stages at once: `提前提醒: {到场: 15分钟, 办结: [6小时, 1小时]}`."""

    accept: Durations | None = Field(default=None, alias="受理")
    onsite: Durations | None = Field(default=None, alias="到场")
    report: Durations | None = Field(default=None, alias="上报")
    close: Durations | None = Field(default=None, alias="办结")
    feedback: Durations | None = Field(default=None, alias="反馈")


def _pieces(value: object) -> object:
    """「5件」, 「5」; 「不合并」 → 0."""
    if not isinstance(value, str):
        return value
    text = unicodedata.normalize("NFKC", value).strip()
    if text in ("不合并", "否", "不", "无"):
        return 0
    found = re.fullmatch(r"(\d{1,3})\s*[件条]?", text)
    if not found or int(found[1]) == 0:
        _refuse("请写一个件数，例如 5件：手上超时的多于 5 件就合成一张清单；逐条提醒就写「不合并」")
    assert found is not None
    return int(found[1])


def _named(names: Mapping[str, str], what: str) -> AfterValidator:
    """Chinese names for values of ours."""

    def read(words: tuple[str, ...]) -> tuple[str, ...]:
        for word in words:
            if word not in names:
                _refuse(f"{what}里没有「{word}」，可以写：{'、'.join(names)}")
        return tuple(names[word] for word in words)

    return AfterValidator(read)


class PolicySpec(Section):
    """Other clocks for tickets of these types, urgencies, estates; the first that fits decides."""

    types: Annotated[Words, _named(TYPES, "类型")] = Field(default=(), alias="类型")
    urgencies: Annotated[Words, _named(URGENCIES, "紧急程度")] = Field(default=(), alias="紧急")
    estates: Words = Field(default=(), alias="小区")
    accept: Stage | None = Field(default=None, alias="受理")
    onsite: Stage | None = Field(default=None, alias="到场")
    report: Stage | None = Field(default=None, alias="上报")
    close: Stage | None = Field(default=None, alias="办结")
    feedback: Stage | None = Field(default=None, alias="反馈")


class TimesSpec(Section):
    accept: Stage | None = Field(default=None, alias="受理")
    onsite: Stage | None = Field(default=None, alias="到场")
    report: Stage | None = Field(default=None, alias="上报")
    close: Stage | None = Field(default=None, alias="办结")
    feedback: Stage | None = Field(default=None, alias="反馈")
    before: WaitsSpec = Field(default_factory=WaitsSpec, alias="提前提醒")
    ladder: WaitsSpec = Field(default_factory=WaitsSpec, alias="逐级上报")
    policies: tuple[PolicySpec, ...] = Field(default=(), alias="另行规定")
    quiet: str | None = Field(default=None, alias="夜间不提醒")
    emergency_answer: Limit | None = Field(default=None, alias="紧急响应")
    digest_over: Annotated[int, BeforeValidator(_pieces)] | None = Field(default=None, alias="超时合并")
    digest_every: Limit | None = Field(default=None, alias="清单间隔")
    rate_within: Limit | None = Field(default=None, alias="评价期")
    urge_every: Duration | None = Field(default=None, alias="催办间隔")
    dialog_idle: Limit | None = Field(default=None, alias="对话保留")
    message_retention: Limit | None = Field(default=None, alias="消息保留")


class FileSpec(Section):
    """The whole file but for what `nlp.spec.NlpSpec` reads."""

    version: str = Field(default="1", alias="版本")
    community: CommunitySpec = Field(alias="社区")
    channels: tuple[ChannelSpec, ...] = Field(default=(), alias="渠道")
    admins: UserIds = Field(default=(), alias="管理员")
    desk: UserIds = Field(default=(), alias="社区值班")
    grids: tuple[GridSpec, ...] = Field(default=(), alias="网格")
    people: Mapping[UserId, Annotated[PersonSpec, BeforeValidator(_person)]] = Field(
        default_factory=dict, alias="人员"
    )
    categories: Mapping[Word, Words] = Field(default_factory=dict, alias="类别")
    evidence: EvidenceSpec = Field(default_factory=EvidenceSpec, alias="凭证")
    times: TimesSpec = Field(default_factory=TimesSpec, alias="时限")
    duty: Mapping[str, object] = Field(default_factory=dict, alias="值班时间")
    pushes: Mapping[str, Word] = Field(default_factory=dict, alias="推送")
    texts: Mapping[str, Word] = Field(default_factory=dict, alias="文案")
