"""A file of places or people as rows by our own column names, whatever the file calls them; nothing is lost silently."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TypeVar

from models.errors import ImportProblem
from models.ledger_cells import BadCell, Cell, text_of
from models.sheet import SheetRow

T = TypeVar("T")
IGNORED = frozenset({"序号", "备注", "说明"})
EXAMPLE = "例："  # rows of a template that begin so are read over
_HEADER_WITHIN = 5


@dataclass(slots=True)
class TableRow:
    """One row; `wrong` collects its mistakes under the file's own column names."""

    number: int
    cells: Mapping[str, Cell]
    headers: Mapping[str, str]
    mistakes: list[tuple[int, str, str]] = field(default_factory=list)

    def wrong(self, column: str, what: str) -> None:
        self.mistakes.append((self.number, self.headers.get(column, column), what))

    def text(self, column: str, limit: int = 64) -> str:
        """The cell as plain text: full-width letters and digits made plain."""
        cell = self.cells.get(column)
        if isinstance(cell, date):
            self.wrong(column, f"「{cell:%Y-%m-%d}」是日期：多半是 Excel 改的，请把这一列设成「文本」再填")
            return ""
        words = unicodedata.normalize("NFKC", text_of(cell)).strip()
        if len(words) > limit:
            self.wrong(column, f"太长了，最多 {limit} 个字")
            return words[:limit]
        return words

    def read(self, column: str, how: Callable[[str], T], nothing: T) -> T:
        """The cell read by `how`; `nothing` when it is empty or wrong."""
        words = self.text(column)
        if not words:
            return nothing
        try:
            return how(words)
        except BadCell as bad:
            self.wrong(column, str(bad))
            return nothing

    def pick(self, column: str, words: Mapping[str, T]) -> T | None:
        """One of the words that this column may hold."""

        def choose(written: str) -> T:
            if written not in words:
                raise BadCell(f"「{written}」不认识；请写其中之一：{'、'.join(dict.fromkeys(words))}")
            return words[written]

        return self.read(column, choose, None)

    def many(self, column: str) -> tuple[str, ...]:
        """Several words with 、 or a comma between them."""
        return tuple(dict.fromkeys(filter(None, re.split(r"[、,;/|\s]+", self.text(column, 200)))))


def read_table(
    rows: Sequence[SheetRow], columns: Mapping[str, tuple[str, ...]], required: Sequence[str]
) -> list[TableRow]:
    """The rows below the header, which is looked for in the first lines; `columns` maps our names to other spellings.

    Raises:
        ImportProblem: no header, a column that nobody knows, one twice, a required one missing, no rows.
    """
    known = {_plain(word): name for name, others in columns.items() for word in (name, *others)}
    head = max(rows[:_HEADER_WITHIN], key=lambda row: sum(_plain(cell) in known for cell in row.cells))
    names = [known.get(_plain(cell), "") for cell in head.cells]
    usable = f"可以用的列：{'、'.join(columns)}"
    if not any(names):
        raise ImportProblem([(head.number, "", f"没有找到表头。第一行请写列名，{usable}")])
    mistakes = [
        (head.number, text_of(cell), f"不认识这一列。{usable}")
        for cell, name in zip(head.cells, names, strict=True)
        if not name and text_of(cell) and _plain(cell) not in IGNORED
    ]
    mistakes += [(head.number, name, "这一列写了两次") for name in columns if names.count(name) > 1]
    mistakes += [(head.number, name, "缺这一列，请补上") for name in required if name not in names]
    if mistakes:
        raise ImportProblem(mistakes)
    headers = {name: text_of(cell) for name, cell in zip(names, head.cells, strict=True) if name}
    found = [
        TableRow(
            row.number, {name: cell for name, cell in zip(names, row.cells, strict=False) if name}, headers
        )
        for row in rows
        if row.number > head.number and not _is_example(row)
    ]
    found = [row for row in found if any(cell not in (None, "") for cell in row.cells.values())]
    if not found:
        raise ImportProblem([(head.number, "", "只有表头，没有内容")])
    return found


def _plain(cell: Cell) -> str:
    words = unicodedata.normalize("NFKC", text_of(cell)).replace(" ", "")
    return re.sub(r"\((?:m2|㎡|平方米|平米|必填|选填)\)$", "", words).rstrip("*")


def _is_example(row: SheetRow) -> bool:
    first = next((text_of(cell) for cell in row.cells if text_of(cell)), "")
    return first.startswith((EXAMPLE, "例:"))
