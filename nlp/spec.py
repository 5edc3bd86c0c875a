"""The part of `config.yaml` that teaches the bot its words: 词语, 词类, 意图, 听不懂时."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

OUT_OF_SCOPE = "oos"
CHITCHAT = "闲聊"  # under 词语: whole sentences that are none of ours, not other words for 闲聊

# What stands for a blank in a 说法, with the values that training puts there.
BLANKS: dict[str, tuple[str, ...]] = {
    "地点": ("3栋2单元", "小区大门口", "12栋楼道", "我们院子"),
    "编号": ("261012-W01-0003", "0003"),
    "活动": ("重阳宴", "茶艺课", "中秋晚会"),
    "小区": ("槐树苑", "我们小区"),
    "人数": ("2个人", "3位"),
    "时间": ("明天下午", "周六上午"),
    "月份": ("上个月", "9月"),
    "金额": ("500元", "100块"),
    "电话": ("13900001234",),
    "姓名": ("刘建国", "陈嬢嬢"),
}

QuestionKind = Literal["地点", "文字", "电话", "数字", "小区", "活动"]
_KINDS = ("地点", "文字", "电话", "数字", "小区", "活动")
_BLANK = re.compile(r"\{([^{}]*)\}")
_SAYS = re.compile(r"[\w❤\U0001F300-\U0001FAFF]")  # letters, digits, emoji: not only punctuation
_IDENT = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")


def _word(text: str) -> str:
    text = text.strip()
    if not text:
        raise PydanticCustomError("empty_words", "这里不能空着：请写上内容，或删掉这一项")
    return text


def _phrase(text: str) -> str:
    text = _word(text)
    for blank in _BLANK.findall(text):
        if blank not in BLANKS:
            known = "、".join(f"{{{name}}}" for name in BLANKS)
            raise PydanticCustomError(
                "unknown_blank",
                "不认识「{blank}」这个空，可用的有：{known}",
                {"blank": f"{{{blank}}}", "known": known},
            )
    if re.search(r"[{}]", _BLANK.sub("", text)):
        raise PydanticCustomError("open_blank", "花括号没有配成一对，请写成「{地点}」这样")
    if not _BLANK.search(text) and not _SAYS.search(text):
        raise PydanticCustomError("no_words", "这句话里没有字：请写居民会说的话")
    return text


def _pattern(text: str) -> str:
    text = _phrase(text)
    bare = _BLANK.sub("", text)
    if bare.count("(") + bare.count("（") != bare.count(")") + bare.count("）"):
        raise PydanticCustomError("open_bracket", "括号没有配成一对，请写成「(修好|弄好)」这样")
    if len(re.sub(r"[*…()（）|｜\s]", "", bare)) < 2:
        raise PydanticCustomError("loose_pattern", "这个句式太宽，什么话都会碰上：请至少写两个字")
    return text


def _ident(text: str) -> str:
    text = text.strip()
    if not _IDENT.match(text):
        raise PydanticCustomError(
            "bad_ident", "标识请用小写英文字母、数字和下划线，以字母开头，例如 file_request"
        )
    if text == OUT_OF_SCOPE:
        raise PydanticCustomError("taken_ident", "标识 oos 留给「都不是」，请换一个")
    return text


def _many(value: object) -> object:
    """One word alone is a list of one; a key with nothing after it is an empty list."""
    if value is None or value == "":
        return ()
    return (value,) if isinstance(value, str) else value


def _yes(value: object) -> object:
    if isinstance(value, str):
        known = {"是": True, "否": False, "可以": True, "不可以": False, "true": True, "false": False}
        if value.strip().lower() in known:
            return known[value.strip().lower()]
        raise PydanticCustomError("not_yes_no", "请写「是」或「否」")
    return value


def _share(value: object) -> object:
    try:
        number = float(str(value).strip().rstrip("%")) / (100 if str(value).strip().endswith("%") else 1)
    except ValueError:
        raise PydanticCustomError("not_share", "请写 0 到 1 之间的数，例如 0.45") from None
    if not 0 < number < 1:
        raise PydanticCustomError("not_share", "请写 0 到 1 之间的数，例如 0.45")
    return number


def _kind(value: object) -> object:
    if value not in _KINDS:
        raise PydanticCustomError("unknown_kind", "种类请写其中之一：{known}", {"known": "、".join(_KINDS)})
    return value


def _whole(value: object) -> object:
    try:
        return int(str(value).strip())
    except ValueError:
        raise PydanticCustomError("not_whole", "请写一个整数，例如 1") from None


Word = Annotated[str, AfterValidator(_word)]
Words = Annotated[tuple[Word, ...], BeforeValidator(_many)]
Phrases = Annotated[tuple[Annotated[str, AfterValidator(_phrase)], ...], BeforeValidator(_many)]
Patterns = Annotated[tuple[Annotated[str, AfterValidator(_pattern)], ...], BeforeValidator(_many)]


class _Spec(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class QuestionSpec(_Spec):
    """One 要问: what to ask for when the words did not say it."""

    item: Word = Field(alias="项目")
    ask: Word = Field(alias="问")
    kind: Annotated[QuestionKind, BeforeValidator(_kind)] = Field(default="文字", alias="种类")
    optional: Annotated[bool, BeforeValidator(_yes)] = Field(default=False, alias="可跳过")


class IntentSpec(_Spec):
    """One 意图: something a resident may want, and how residents say it.

    `patterns` (句式) know `*` or `…` for up to twelve characters, `(甲|乙)` for either, and the blanks of 说法.
    `priority` (优先) breaks ties between equal scores, higher first; then the order of the file decides.
    """

    name: Word = Field(alias="编号")
    ident: Annotated[str, AfterValidator(_ident)] = Field(alias="标识")
    service: Word = Field(alias="办理")
    phrases: Phrases = Field(alias="说法", min_length=1)
    keywords: Words = Field(default=(), alias="关键词")
    urgent_words: Words = Field(default=(), alias="紧急词")
    patterns: Patterns = Field(default=(), alias="句式")
    questions: tuple[QuestionSpec, ...] = Field(default=(), alias="要问")
    reply: str = Field(default="", alias="回复")
    nothing: str = Field(default="", alias="没有时")
    priority: Annotated[int, BeforeValidator(_whole)] = Field(default=0, alias="优先")


class LostSpec(_Spec):
    """听不懂时: `below` is the score (0..1) under which the bot asks back instead of acting."""

    below: Annotated[float, BeforeValidator(_share)] = Field(default=0.45, alias="低于")
    ask: Word = Field(default="您是想「{第一}」还是「{第二}」？请回复 1 或 2", alias="反问")
    give_up: Word = Field(
        default="我还没听懂。您可以说：报事、查进度、查微基金、活动报名、转人工", alias="放弃"
    )


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong between parts of the file; `path` leads to it by keys and list positions from 0."""

    path: tuple[str | int, ...]
    what: str


class NlpSpec(_Spec):
    """词语, 词类, 意图 and 听不懂时 together.

    `classes` (词类) adds words to the concept classes of `data/lexicon.yaml`, or a class of its own.
    """

    synonyms: Mapping[Word, Words] = Field(default_factory=dict, alias="词语")
    classes: Mapping[Word, Words] = Field(default_factory=dict, alias="词类")
    intents: tuple[IntentSpec, ...] = Field(alias="意图", min_length=1)
    lost: LostSpec = Field(default_factory=LostSpec, alias="听不懂时")

    @property
    def unified(self) -> Mapping[str, tuple[str, ...]]:
        """The synonyms alone."""
        return {head: words for head, words in self.synonyms.items() if head != CHITCHAT}

    @property
    def chitchat(self) -> tuple[str, ...]:
        """词语 ▸ 闲聊: sentences that the community wants nothing done about."""
        return self.synonyms.get(CHITCHAT, ())

    def intent(self, ident: str) -> IntentSpec | None:
        return next((intent for intent in self.intents if intent.ident == ident), None)

    def mistakes(self) -> list[Mistake]:
        """What no single field can know: names, identifiers and phrases used twice, words with two meanings.

        The loader refuses a file with any of them and tells the line of `path`.
        """
        return [
            *self._doubled_names(),
            *self._doubled_phrases(),
            *self._doubled_words(),
            *self._empty_classes(),
            *self._wanted_chitchat(),
        ]

    def _empty_classes(self) -> Iterator[Mistake]:
        for name, words in self.classes.items():
            if not words:
                yield Mistake(
                    ("词类", name), f"「{name}」这一类没有词：请写上，例如 设施: [凉亭, 秋千]，或删掉这一行"
                )

    def _doubled_names(self) -> Iterator[Mistake]:
        for key, values in (
            ("编号", [intent.name for intent in self.intents]),
            ("标识", [intent.ident for intent in self.intents]),
        ):
            for position, value in enumerate(values):
                if value in values[:position]:
                    yield Mistake(
                        ("意图", position, key), f"「{value}」已经是另一个意图的{key}，请换一个名字"
                    )

    def _doubled_phrases(self) -> Iterator[Mistake]:
        owner: dict[str, str] = {}
        for at, intent in enumerate(self.intents):
            for position, phrase in enumerate(intent.phrases):
                if owner.setdefault(phrase, intent.name) != intent.name:
                    yield Mistake(
                        ("意图", at, "说法", position),
                        f"「{phrase}」在「{owner[phrase]}」里也有：同一句话只能属于一个意图，请删掉一处",
                    )

    def _wanted_chitchat(self) -> Iterator[Mistake]:
        owner = {phrase: intent.name for intent in self.intents for phrase in intent.phrases}
        for position, line in enumerate(self.chitchat):
            if line in owner:
                what = f"「{line}」在「{owner[line]}」的说法里也有：是闲聊还是要办的事，请只留一处"
                yield Mistake(("词语", CHITCHAT, position), what)

    def _doubled_words(self) -> Iterator[Mistake]:
        heads = set(self.unified)
        owner: dict[str, str] = {}
        for head, words in self.unified.items():
            if not words:
                yield Mistake(("词语", head), f"「{head}」后面没有同义词：请写上，例如 漏水: [渗水, 滴水]")
            for position, word in enumerate(words):
                path = ("词语", head, position)
                if word in heads and word != head:
                    yield Mistake(path, f"「{word}」自己也是左边的词，机器人会绕圈：请只留一处")
                elif owner.setdefault(word, head) != head:
                    yield Mistake(path, f"「{word}」已经是「{owner[word]}」的同义词，请只留一处")


def filled(phrase: str) -> tuple[str, ...]:
    """The phrase with its blanks filled, one example for each value of the blank that has most."""
    names = _BLANK.findall(phrase)
    if not names:
        return (phrase,)
    count = max(len(BLANKS[name]) for name in names)
    return tuple(
        _BLANK.sub(lambda found: BLANKS[found[1]][turn % len(BLANKS[found[1]])], phrase)  # noqa: B023
        for turn in range(count)
    )
