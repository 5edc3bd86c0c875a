"""What a YAML file holds: texts, lists and tables, each with its line; nothing is guessed to be a number or a date."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from bot.yamlfile.mistake import Mistake

Path_ = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Scalar:
    """A text; `plain` when it was written without quotes and not as a block, `block` when as `|`: its words then
    begin on the line after `line`."""

    text: str
    line: int
    plain: bool = False
    block: bool = False


@dataclass(frozen=True, slots=True)
class Listing:
    items: tuple["Node", ...]
    line: int


@dataclass(frozen=True, slots=True)
class Table:
    """`lines` holds the line of each key."""

    entries: dict[str, "Node"]
    lines: dict[str, int]
    line: int


Node = Scalar | Listing | Table


@dataclass(frozen=True, slots=True)
class Document:
    """A file read; `mistakes` are the slips found on the way."""

    file: str
    root: Node
    mistakes: list[Mistake] = field(default_factory=list)

    def plain(self) -> object:
        """Nested dicts, lists and texts, for a schema to look at."""
        return plain(self.root)

    def at(self, path: Path_) -> Node | None:
        """What stands at a path of keys and list positions (from 0)."""
        node: Node | None = self.root
        for step in path:
            node = _step(node, step)
        return node

    def line(self, path: Path_) -> int:
        """The line of what stands at the path, or of the nearest thing on the way to it that exists."""
        node, line = self.root, self.root.line
        for step in path:
            if isinstance(node, Table) and isinstance(step, str) and step in node.lines:
                line = node.lines[step]
            elif isinstance(node, Listing) and isinstance(step, int) and step < len(node.items):
                line = node.items[step].line
            after = _step(node, step)
            if after is None:
                return line
            node = after
        return line

    def where(self, path: Path_) -> str:
        """The path as people read it: `意图 ▸ 报事 ▸ 要问 ▸ 第 2 项`; list items by their 编号 where they have one."""
        parts: list[str] = []
        for end, step in enumerate(path, start=1):
            if isinstance(step, str):
                parts.append(step)
                continue
            node = self.at(path[:end])
            name = node.entries.get("编号") if isinstance(node, Table) else None
            known = isinstance(name, Scalar) and name.text and path[end:] != ("编号",)
            parts.append(name.text if known and isinstance(name, Scalar) else f"第 {step + 1} 项")
        return " ▸ ".join(parts)

    def scalars(self) -> Iterator[tuple[Path_, Scalar]]:
        """Every text with the path that leads to it, in the order of the file."""
        yield from _scalars(self.root, ())


def plain(node: Node) -> object:
    match node:
        case Scalar():
            return node.text
        case Listing():
            return [plain(item) for item in node.items]
        case Table():
            return {key: plain(value) for key, value in node.entries.items()}


def _step(node: Node | None, step: str | int) -> Node | None:
    if isinstance(node, Table) and isinstance(step, str):
        return node.entries.get(step)
    if isinstance(node, Listing) and isinstance(step, int) and step < len(node.items):
        return node.items[step]
    return None


def _scalars(node: Node, path: Path_) -> Iterator[tuple[Path_, Scalar]]:
    match node:
        case Scalar():
            yield path, node
        case Listing():
            for position, item in enumerate(node.items):
                yield from _scalars(item, (*path, position))
        case Table():
            for key, value in node.entries.items():
                yield from _scalars(value, (*path, key))
