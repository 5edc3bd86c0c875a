"""What is decided before any guessing: menu words, ticket numbers, the admin's 句式 and exact 说法."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from nlp import numbers
from nlp.normalise import clean, normalise
from nlp.spec import NlpSpec

# What a blank of a 句式 may stand for.
_BLANK_FORMS = {
    "编号": r"[0-9a-z-]{3,20}",
    "人数": r"[0-9两几一二三四五六七八九十]+[个位名]?人?",
    "电话": r"[0-9 -]{7,15}",
    "金额": r"[0-9.]+(?:元|块钱?)?",
}
_ANY = r".{0,12}?"
_FILLER = re.compile(r"^(?:你好|您好|请问|麻烦|我要|我想|帮我|请|想|要)+|(?:[吧嘛啊呀哈哦呢了]|一下|谢谢)+$")
_BARE_TICKET = re.compile(
    r"^(?:编号|单号|工单)?[:： #]*(?:[0-9]{6}[-—_ ]?[a-z]{1,4}[0-9]{1,3}?[-—_ ]?[0-9]{4})[?。!]*$"
)


def key(text: str) -> str:
    """A normalised text without punctuation, for comparing whole sentences."""
    return re.sub(r"[^\w❤\U0001F300-\U0001FAFF]+", "", text)


def compiled(pattern: str) -> re.Pattern[str]:
    """A 句式 as a regular expression over normalised text."""
    parts = re.split(r"(\{[^{}]*\}|[*…]+|[()（）|｜])", pattern.strip())
    out = []
    for part in parts:
        if not part:
            continue
        if part[0] == "{":
            out.append(_BLANK_FORMS.get(part[1:-1], r".{1,12}?"))
        elif part[0] in "*…":
            out.append(_ANY)
        else:
            out.append(
                {"(": "(?:", "（": "(?:", ")": ")", "）": ")", "|": "|", "｜": "|"}.get(part)
                or re.escape(clean(part))
            )
    body = "".join(out).removeprefix(_ANY).removesuffix(_ANY)
    return re.compile(body)


@dataclass(frozen=True, slots=True)
class Ruled:
    """An intent and the rule that named it, in Chinese."""

    ident: str
    why: str


class Rules:
    """Hard rules of one configuration. Emergencies come before them, in `nlp.emergency`.

    `sayings` are known word for word, too: (saying, 标识).
    """

    def __init__(self, spec: NlpSpec, sayings: Iterable[tuple[str, str]] = ()) -> None:
        self._menu: dict[str, Ruled] = {}
        for intent in spec.intents:
            self._menu.setdefault(key(normalise(intent.name)), Ruled(intent.ident, f"就是「{intent.name}」"))
        self._said: dict[str, Ruled] = {}
        phrases = [(phrase, intent.ident) for intent in spec.intents for phrase in intent.phrases]
        for phrase, ident in (*phrases, *sayings):
            if "{" not in phrase:
                self._said.setdefault(key(normalise(phrase)), Ruled(ident, f"和说法「{phrase}」一样"))
        self._patterns = tuple(
            (compiled(pattern), Ruled(intent.ident, f"合乎句式「{pattern}」"))
            for intent in spec.intents
            for pattern in intent.patterns
        )
        by_service = {intent.service: intent.ident for intent in reversed(spec.intents)}
        self._progress = by_service.get("查进度", "")
        self._human = by_service.get("转人工", "")

    def menu(self, text: str) -> Ruled | None:
        """The name of an intent, alone or with a word or two of courtesy; 人工; a bare ticket number."""
        bare = key(text)
        ruled = self._menu.get(bare) or self._menu.get(_FILLER.sub("", bare))
        if ruled is not None:
            return ruled
        if self._human and len(bare) <= 8 and "人工" in bare and "智能" not in bare:
            return Ruled(self._human, "说了「人工」")
        if self._progress and _BARE_TICKET.match(text) and numbers.ticket(text):
            return Ruled(self._progress, "只写了编号")
        return None

    def said(self, text: str) -> Ruled | None:
        """A 说法 word for word."""
        return self._said.get(key(text))

    def pattern(self, text: str) -> Ruled | None:
        """The longest match of any 句式."""
        best, length = None, 0
        for pattern, ruled in self._patterns:
            found = pattern.search(text)
            if found is not None and found.end() - found.start() > length:
                best, length = ruled, found.end() - found.start()
        return best
