"""From text to tree: the parser's events with their lines, and one repair after the other where the hand slipped."""

import re

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from bot.yamlfile.lines import indent, straightened
from bot.yamlfile.mistake import ConfigError, Mistake
from bot.yamlfile.slips import diagnose
from bot.yamlfile.tree import Document, Listing, Node, Scalar, Table

MAX_DEPTH = 20
_NO_SPACE_DASH = "「-」后面要空一格，例如「- {text}」"


def read_text(text: str, file: str) -> Document:
    """The tree of a text. A slip is noted, put right in memory, and reading goes on, so that all are found at once.

    Raises:
        ConfigError: with all slips so far, when one cannot be put right.
    """
    lines, slips = straightened(text.split("\n"))
    bent = bool(slips)  # indentation had to be guessed: later errors may only follow from that
    mistakes = [Mistake(file, number, "", what) for number, what in slips]
    for _ in range(max(2, min(20, 1_000_000 // (len(text) + 1)))):
        try:
            builder = _Builder(file, lines)
            root = builder.build()
        except MarkedYAMLError as error:
            if bent:
                break
            slip = diagnose(lines, error)
            mistakes.append(Mistake(file, slip.line, "", slip.what))
            if slip.fixed is None or lines[slip.line - 1] == slip.fixed:
                break
            lines[slip.line - 1] = slip.fixed
        else:
            found = sorted(mistakes + builder.mistakes, key=lambda mistake: mistake.line)
            return Document(file, root, found)
    raise ConfigError(mistakes)


class _Builder:
    """Turns the parser's events into nodes; notes keys written twice and what only programs need."""

    def __init__(self, file: str, lines: list[str]) -> None:
        self.file = file
        self.source = lines
        self.mistakes: list[Mistake] = []

    def build(self) -> Node:
        roots: list[Node] = []
        # Each open list or table: its node so far, and for a table the key that waits for its value.
        open_nodes: list[_Open] = []
        for event in YAML(typ="safe", pure=True).parse("\n".join(self.source) + "\n"):
            line = event.start_mark.line + 1
            node: Node | None = None
            match event:
                case DocumentStartEvent() if roots:
                    self.note(line, "这里有一行「---」，把文件分成了两份：请删掉这一行")
                    break
                case MappingStartEvent() | SequenceStartEvent():
                    self._refuse_marks(event, line)
                    if len(open_nodes) >= MAX_DEPTH:
                        raise ConfigError(
                            [*self.mistakes, Mistake(self.file, line, "", "缩进套得太深了：请检查缩进和括号")]
                        )
                    open_nodes.append(_Open(isinstance(event, MappingStartEvent), line))
                case MappingEndEvent() | SequenceEndEvent():
                    node = open_nodes.pop().closed()
                case AliasEvent():
                    self.note(line, f'以「*」开头的内容要用英文引号括起来，例如 "*{_anchor(event)}"')
                    node = Scalar(f"*{_anchor(event)}", line)
                case ScalarEvent():
                    self._refuse_marks(event, line)
                    node = self._scalar(event, line)
            if node is None:
                continue
            if open_nodes:
                open_nodes[-1].add(node, self)
            else:
                roots.append(node)
        return roots[0] if roots else Table({}, {}, 1)

    def _scalar(self, event: ScalarEvent, line: int) -> Scalar:
        is_plain = not event.style
        text = str(event.value)
        if is_plain and len(text) > 1 and text[0] == "-" and not (text[1].isdigit() or text[1] in "- "):
            self.note(line, _NO_SPACE_DASH.format(text=text[1:].split(" -")[0]))
        if is_plain and text.count('"') % 2:
            self.note(line, f"「{text[-12:]}」里多了半个英文引号：请删掉，或把整句用英文引号括起来")
        if is_plain and event.end_mark.line > event.start_mark.line:
            self._swallowed(event.start_mark.line, event.end_mark.line)
        return Scalar("" if is_plain and text in ("~", "null") else text, line, is_plain, event.style == "|")

    def _swallowed(self, first: int, last: int) -> None:
        """An item that stands too far right is read as more words of the item above, without any error."""
        for at in range(first + 1, min(last + 1, len(self.source))):
            line = self.source[at]
            if re.match(r"\s+- ", line):
                right = indent(self.source[first])
                self.note(
                    at + 1,
                    f"缩进不齐：这一行的「-」前面有 {indent(line)} 个空格，上一项是 {right} 个，要对齐",
                )
                return

    def _refuse_marks(self, event: Event, line: int) -> None:
        if _anchor(event):
            self.note(line, f'以「&」开头的内容要用英文引号括起来，例如 "&{_anchor(event)}"')
        tag = getattr(event, "tag", None)
        if tag and tag != "!":
            self.note(line, '以「!」开头的内容要用英文引号括起来，例如 "!重要"')

    def note(self, line: int, what: str) -> None:
        self.mistakes.append(Mistake(self.file, line, "", what))

    def doubled(self, key: str, line: int, first: int) -> None:
        self.note(line, f"「{key}」写了两次（第 {first} 行已经有了）：请合并成一处，或删掉一处")

    def full_width(self, key: str, line: int) -> None:
        name, _, value = key.partition("：")
        self.note(line, f"「{name}」后面用了中文冒号，请改成英文冒号加一个空格：{name}: {value}")


def _anchor(event: Event) -> str:
    return str(getattr(event, "anchor", None) or "")


class _Open:
    """A list or table that is still being read."""

    def __init__(self, is_table: bool, line: int) -> None:
        self.line = line
        self.is_table = is_table
        self.items: list[Node] = []
        self.entries: dict[str, Node] = {}
        self.lines: dict[str, int] = {}
        self.key: Scalar | None = None

    def add(self, node: Node, builder: _Builder) -> None:
        if not self.is_table:
            self.items.append(node)
            return
        if self.key is None:
            if isinstance(node, Scalar):
                self.key = node
                return
            # `{地点}: …` reads as a table for a key: braces that should have been quoted
            builder.note(node.line, "冒号前面只能是一个词；以「{」或「[」开头的话要用英文引号括起来")
            self.key = Scalar("?", node.line)
            return
        key, self.key = self.key, None
        name = key.text
        if "：" in name and isinstance(node, Scalar) and not node.text:
            builder.full_width(name, key.line)
            name, _, value = name.partition("：")
            node = Scalar(value, key.line, plain=True)
        if not name:
            builder.note(key.line, "冒号前面少了名字")
        if name in self.entries:
            builder.doubled(name, key.line, self.lines[name])
            return
        self.entries[name] = node
        self.lines[name] = key.line

    def closed(self) -> Node:
        if self.is_table:
            return Table(self.entries, self.lines, self.line)
        return Listing(tuple(self.items), self.line)
