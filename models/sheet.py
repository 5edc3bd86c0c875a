"""Files as rows of cells: CSV in the encodings that offices use, and workbooks; nothing yet known of what they say."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zipfile import BadZipFile

from models.errors import ImportProblem
from models.ledger_cells import Cell

MAX_BYTES = 50_000_000


@dataclass(frozen=True, slots=True)
class SheetRow:
    """One row with the number a person sees beside it (from 1)."""

    number: int
    cells: tuple[Cell, ...]


def read_sheet(path: Path, sheet: str = "") -> list[SheetRow]:
    """All rows of a .csv, .tsv, .txt or .xlsx; empty ones are left out. `sheet` names a worksheet, else the first.

    Raises:
        ImportProblem: not such a file, unreadable, too big.
    """
    try:
        size = path.stat().st_size
    except OSError:
        raise ImportProblem([(1, "", f"打不开文件 {path}，请核对路径")]) from None
    if size > MAX_BYTES:
        raise ImportProblem([(1, "", "文件超过 50 MB，请分成几个再导入")])
    kind = path.suffix.lower()
    if kind == ".xls":
        raise ImportProblem([(1, "", "旧版 Excel（.xls）请另存为 .xlsx 再导入")])
    rows = list(_workbook(path, sheet)) if kind in (".xlsx", ".xlsm") else list(_table(path.read_bytes()))
    rows = [row for row in rows if any(cell not in (None, "") for cell in row.cells)]
    if not rows:
        raise ImportProblem([(1, "", "文件是空的")])
    return rows


def decode(raw: bytes) -> str:
    """UTF-8 with or without its mark, UTF-16 with one, else GB18030 (which holds GBK and GB2312).

    Raises:
        ImportProblem: none of them.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return raw.decode("utf-16")
        except UnicodeDecodeError:
            raise ImportProblem([(1, "", "文件的编码不完整，请另存为 CSV UTF-8 再试")]) from None
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ImportProblem([(1, "", "认不出文件的编码，请用 Excel 或 WPS 另存为「CSV UTF-8」")])


def _table(raw: bytes) -> Iterator[SheetRow]:
    if b"\x00" in raw[:4096] and not raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ImportProblem([(1, "", "这不是表格文件，请用 CSV 或 XLSX")])
    body = decode(raw)
    head = "\n".join(body.splitlines()[:10])
    delimiter = max(",\t;", key=head.count)
    reader = csv.reader(io.StringIO(body, newline=""), delimiter=delimiter, strict=True)
    begun = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error:
            raise ImportProblem([(begun, "", "这一行的引号没有配对")]) from None
        if cells is None:
            return
        yield SheetRow(begun, tuple(cell.strip() for cell in cells))
        begun = reader.line_num + 1


def _workbook(path: Path, sheet: str) -> Iterator[SheetRow]:
    import openpyxl  # noqa: PLC0415  slow to load, and only for workbooks
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415

    try:
        book = openpyxl.load_workbook(path, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, ValueError, EOFError):
        raise ImportProblem(
            [(1, "", "打不开这个工作簿；请用 Excel 或 WPS 重新另存为 .xlsx（不加密码）")]
        ) from None
    names = [each.title for each in book.worksheets]
    if sheet and sheet not in names:
        raise ImportProblem([(1, "", f"没有工作表「{sheet}」；有：{'、'.join(names)}")])
    page = book[sheet] if sheet else book.worksheets[0]
    merged = [area for area in page.merged_cells.ranges if area.max_row > area.min_row]
    if merged:
        raise ImportProblem(
            [
                (area.min_row, area.coord, "单元格是上下合并的，分不清各行的内容；请取消合并，逐行填写")
                for area in sorted(merged, key=lambda area: area.min_row)
            ]
        )
    for number, cells in enumerate(page.iter_rows(values_only=True), 1):
        yield SheetRow(number, tuple(_plain(cell) for cell in cells))


def _plain(value: object) -> Cell:
    if isinstance(value, str):
        return value.strip()
    if value is None or isinstance(value, (int, float, date, datetime)):
        return value
    return str(value)
