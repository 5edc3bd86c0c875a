"""Rows written as CSV (with a BOM, so that Excel reads the Chinese), XLSX or JSON."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path

from openpyxl import Workbook


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"


Cell = str | int | float | None


def _safe(cell: Cell) -> Cell:
    """A resident's text that begins like a formula stays text in a spreadsheet."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in ("=", "+", "-", "@", "\t") else cell


def write_table(path: Path, header: Sequence[str], rows: Iterable[Sequence[Cell]], kind: Format) -> int:
    """Write the file; how many rows it has."""
    written = 0
    match kind:
        case Format.JSON:
            objects = [dict(zip(header, row, strict=True)) for row in rows]
            path.write_text(json.dumps(objects, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
            written = len(objects)
        case Format.CSV:
            text = io.StringIO()
            writer = csv.writer(text)
            writer.writerow(header)
            for row in rows:
                writer.writerow([_safe(cell) for cell in row])
                written += 1
            path.write_text(text.getvalue(), encoding="utf-8-sig", newline="")
        case Format.XLSX:
            book = Workbook(write_only=True)
            sheet = book.create_sheet()
            sheet.append(list(header))
            for row in rows:
                sheet.append([_safe(cell) for cell in row])
                written += 1
            book.save(path)
    return written
