"""The community's own wording (推送, 文案, 听不懂时, each intent's 回复 and 没有时) laid over our texts, each checked."""

from collections.abc import Iterator, Mapping
from string import Formatter

from bot.config.explain import unknown_key
from bot.yamlfile import Document, Listing, Mistake, Path_, Scalar, Table
from handlers.context import Service
from handlers.texts import DEFAULTS, OFFERED, misfits, places_in

# 推送: what an admin calls the pushes to workers.
PUSHES = {
    "新工单": "worker.new",
    "紧急": "worker.emergency",
    "紧急无人响应": "alarm.unanswered",
    "地点待核实": "worker.unlocated",
    "请顶上": "worker.backup",
    "将超时": "worker.soon",
    "已超时": "worker.late",
    "超时上报": "worker.up",
    "催办": "worker.urged",
    "重办": "worker.reopened",
    "补充": "worker.supplement",
    "转来": "worker.reassigned_to",
    "已取消": "worker.cancelled",
    "请批挂起": "worker.hold_asked",
    "请批延期": "worker.extend_asked",
    "可能重复": "worker.similar",
    "又有人反映": "worker.followed",
    "申诉": "worker.appealed",
    "请回访": "worker.low_rating",
}
# 文案: short names for the texts that communities change most; any other by its key, e.g. `rate.thanks`.
NAMED = {
    "欢迎语": "common.welcome",
    "菜单": "common.menu",
    "问候": "common.greeting",
    "不客气": "common.thanks",
    "听不懂": "common.lost",
    "还听不懂": "common.lost_again",
    "总听不懂": "common.lost_still",
    "理解错了": "common.meant",
    "闲聊天气": "chat.weather",
    "闲聊笑话": "chat.joke",
    "闲聊你是谁": "chat.who",
    "闲聊心情": "chat.feeling",
    "闲聊行情": "chat.money",
    "闲聊看病": "chat.health",
    "闲聊时间": "chat.time",
    "闲聊别的": "chat.know",
    "夸奖": "chat.praise",
    "挨骂": "chat.scold",
    "出错道歉": "common.apology",
    "转人工": "common.human",
    "登记成功": "report.filed",
    "评价邀请": "notice.fed_back",
}
_LOST = {"反问": "common.ask", "放弃": "common.lost"}
EXPLAIN = "说明"  # the service whose intents answer with their own 回复
EXPLAIN_PLACES = frozenset({"社区", "值班电话", "办公时间"})


def offered(key: str) -> set[str]:
    """The places that a text of this key may use."""
    return OFFERED.get(key, places_in(DEFAULTS[key]))


def fault(text: str, allowed: set[str] | frozenset[str]) -> str | None:
    """What is wrong with a wording that may use these places; None when it can be used."""
    listed = "、".join(f"{{{place}}}" for place in sorted(allowed)) or "（没有）"
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        return f"花括号没有配成一对，请写成「{{编号}}」这样。这里可以用：{listed}"
    for _, name, form, conversion in parts:
        if name is None:
            continue
        if form or conversion or name != name.strip():
            return f"花括号里只写名字，不要有冒号、空格和别的符号。这里可以用：{listed}"
        if name not in allowed:
            return f"这里没有「{{{name}}}」可填。可以用：{listed}"
    for place in allowed:
        if f"｛{place}｝" in text or f"{{{place}｝" in text or f"｛{place}}}" in text:
            return f"花括号要用英文的：请把「｛{place}｝」改成「{{{place}}}」"
    return None


class WordingReader:
    """Gathers the wording from the file's tree; mistakes carry their lines."""

    def __init__(self, document: Document, services: Mapping[str, Service]) -> None:
        self.document = document
        self.services = services
        self.wording: dict[str, str] = {}
        self.mistakes: list[Mistake] = []
        self._owner: dict[str, str] = {}

    def read(self) -> dict[str, str]:
        self._named("推送", PUSHES, free=False)
        self._named("文案", NAMED, free=True)
        for name, key in _LOST.items():
            self._take(("听不懂时", name), key)
        for position, intent in self._intents():
            self._intent(position, intent)
        return self.wording

    def _named(self, section: str, names: Mapping[str, str], *, free: bool) -> None:
        table = self.document.at((section,))
        if not isinstance(table, Table):
            return
        for name in table.entries:
            key = names.get(name) or (name if free and name in DEFAULTS else None)
            if key is None:
                known = [*names, *(DEFAULTS if free and "." in name else ())]
                self._note((section, name), unknown_key(name, known), of=(section,))
            else:
                self._take((section, name), key)

    def _intents(self) -> Iterator[tuple[int, Table]]:
        intents = self.document.at(("意图",))
        for position, intent in enumerate(intents.items if isinstance(intents, Listing) else ()):
            if isinstance(intent, Table):
                yield position, intent

    def _intent(self, position: int, intent: Table) -> None:
        name = intent.entries.get("办理")
        if not isinstance(name, Scalar) or not name.text:
            return  # the schema says that it is missing
        service = self.services.get(name.text.strip())
        if service is None:
            path: Path_ = ("意图", position, "办理")
            known = "、".join(self.services)
            what = unknown_key(name.text, list(self.services)).replace("这里可以写：", "可用办理：")
            self._note(path, what if known else "还没有可用的办理")
            return
        if name.text.strip() == EXPLAIN and not self._text(("意图", position, "回复")):
            what = "办理「说明」的意图要写「回复」：居民问到时，机器人就回答这段话"
            self._note(("意图", position), what)
        for field in ("回复", "没有时"):
            path = ("意图", position, field)
            if field not in intent.entries:
                continue
            key = service.texts.get(field)
            if key:
                self._take(path, key)
            elif name.text.strip() == EXPLAIN and field == "回复":
                self._check(path, EXPLAIN_PLACES)
            else:
                self._note(path, f"办理「{name.text}」的意图不用写「{field}」，请删掉这一项")

    def _take(self, path: Path_, key: str) -> None:
        """The text at the path becomes the wording of `key`, unless somebody else has worded it already."""
        text = self._text(path)
        if text is None:
            return
        first = self._owner.setdefault(key, self.document.where(path))
        if first != self.document.where(path):
            if self.wording.get(key) != text:
                self._note(path, f"同一句话在「{first}」里已经写过了，请只留一处")
            return
        if key not in DEFAULTS:  # a service that offers a text which does not exist: ours to mend
            raise KeyError(key)
        if self._check(path, offered(key)) and not misfits(key, text):
            self.wording[key] = text

    def _check(self, path: Path_, allowed: set[str] | frozenset[str]) -> bool:
        node = self.document.at(path)
        if not isinstance(node, Scalar):
            return False
        what = fault(node.text, allowed)
        if what is None:
            return True
        lines = node.text.split("\n") if node.block else []
        below = next((at for at, line in enumerate(lines, start=1) if fault(line, allowed)), 0)
        where = self.document.where(path)
        self.mistakes.append(Mistake(self.document.file, self.document.line(path) + below, where, what))
        return False

    def _text(self, path: Path_) -> str | None:
        node = self.document.at(path)
        return node.text if isinstance(node, Scalar) and node.text.strip() else None

    def _note(self, path: Path_, what: str, of: Path_ | None = None) -> None:
        document = self.document
        where = document.where(path if of is None else of)
        self.mistakes.append(Mistake(document.file, document.line(path), where, what))
