"""An organiser's table of activities as plans: which columns, how a moment or a number may be written."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path

from models.desk.activity_plan import COLUMNS, SHANGHAI, ActivityPlan
from models.errors import ImportProblem
from models.ledger_cells import Cell
from models.sheet import read_sheet

REQUIRED = ("编号", "名称", "时间", "地点", "名额")
_HOW_MOMENT = "请写成 2026-10-18 10:00 这样"
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:\s*[（(].{1,3}[）)])?")
_CLOCK = re.compile(r"(上午|早上|中午|下午|晚上)?\s*(\d{1,2})(?:[:：点时](\d{1,2}|半)?分?)(?::\d{2})?")


def read_activities(path: Path) -> list[tuple[int, ActivityPlan]]:
    """Every row of a CSV or XLSX file as (line, plan).

    Raises:
        ImportProblem: every mistake with its row and column.
    """
    rows = read_sheet(path)
    header = [str(cell or "").strip() for cell in rows[0].cells]
    _check_header(header, rows[0].number)
    mistakes: list[tuple[int, str, str]] = []
    plans: list[tuple[int, ActivityPlan]] = []
    for row in rows[1:]:
        cells = dict(zip(header, row.cells, strict=False))
        try:
            plans.append((row.number, plan_from(cells)))
        except ImportProblem as problem:
            mistakes += [(row.number, column, what) for _, column, what in problem.mistakes]
    if mistakes:
        raise ImportProblem(mistakes)
    if not plans:
        raise ImportProblem([(rows[0].number, "", "只有表头，没有活动")])
    return plans


def plan_from(cells: Mapping[str, Cell]) -> ActivityPlan:
    """One row by its Chinese column names; what may be left out may be missing.

    Raises:
        ImportProblem: every mistake of the row, as row 0.
    """
    return _Row(cells).plan()


class _Row:
    """Reads one row and collects what is wrong with it."""

    def __init__(self, cells: Mapping[str, Cell]) -> None:
        self.cells = cells
        self.mistakes: list[tuple[int, str, str]] = []

    def plan(self) -> ActivityPlan:
        starts_at = self.moment("时间", clock=None)
        start_day = starts_at.astimezone(SHANGHAI).date() if starts_at else None
        closes_at = self.moment("报名截止", clock=time(23, 59), day=start_day)
        if closes_at and starts_at and closes_at > starts_at and self.is_bare_date("报名截止"):
            closes_at = min(closes_at, starts_at) if closes_at.date() == starts_at.date() else closes_at
        plan = ActivityPlan(
            code=self.text("编号"),
            title=self.text("名称"),
            aliases=tuple(a for a in re.split(r"[、，,;；/|\s]+", self.text("别名")) if a),
            place=self.text("地点"),
            starts_at=starts_at or datetime(2000, 1, 1, tzinfo=UTC),
            ends_at=self.moment("结束", clock=None, day=start_day),
            opens_at=self.moment("报名开始", clock=time(0, 0), day=start_day),
            closes_at=closes_at,
            capacity_people=self.number("名额"),
            person_max=self.number("每人最多"),
            household_max=self.number("每户最多"),
            waitlist=self.yes("候补", default=True),
            allow_skip=self.yes("小组先补", default=False),
            note=self.text("说明"),
            organiser=self.text("组织者"),
        )
        if self.mistakes:
            raise ImportProblem(self.mistakes)
        return plan

    def wrong(self, column: str, what: str) -> None:
        self.mistakes.append((0, column, what))

    def text(self, column: str) -> str:
        value = self.cells.get(column)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        words = "" if value is None else re.sub(r"\s+", " ", str(value)).strip()
        if column in REQUIRED and not words:
            self.wrong(column, "不能空着，请填写")
        return words

    def number(self, column: str) -> int:
        words = self.text(column)
        hit = re.fullmatch(r"(\d{1,6})\s*(?:人|位|个|名)?", words)
        if hit is None and words not in ("", "不限"):
            self.wrong(column, f"「{words}」不是整数，请写成 60 这样")
        return int(hit.group(1)) if hit else 0

    def yes(self, column: str, *, default: bool) -> bool:
        words = self.text(column).lower()
        if words in ("是", "有", "开", "要", "y", "yes", "true", "1", "√"):
            return True
        if words in ("否", "无", "没有", "不", "不要", "n", "no", "false", "0", "×"):
            return False
        if words:
            self.wrong(column, f"「{words}」请写成「是」或「否」")
        return default

    def is_bare_date(self, column: str) -> bool:
        value = self.cells.get(column)
        return _clock_in(_DATE.sub("", self.text(column))) is None and not isinstance(value, datetime)

    def moment(self, column: str, *, clock: time | None, day: date | None = None) -> datetime | None:
        """The moment in a cell; `clock` completes a bare date, `day` a bare time. None when empty or wrong."""
        value = self.cells.get(column)
        if isinstance(value, datetime):
            bare = value.time() == time(0, 0) and clock is not None
            return datetime.combine(value.date(), clock if bare and clock else value.time(), SHANGHAI)
        words = self.text(column) if not isinstance(value, date) else value.isoformat()
        if not words:
            return None
        found = _DATE.search(words)
        rest = _DATE.sub("", words).replace("T", " ").strip()
        at = _clock_in(rest)
        try:
            on = date(int(found[1]), int(found[2]), int(found[3])) if found else day
        except ValueError:
            self.wrong(column, f"没有「{words}」这一天，请核对")
            return None
        if on is None and at is not None and column != "时间":
            return None  # a bare time whose day is wrong already: told there
        if on is None or (rest and at is None) or (at is None and clock is None):
            missing = "少了几点，" if found and not rest else ""
            self.wrong(column, f"「{words}」{missing}看不懂，{_HOW_MOMENT}")
            return None
        return datetime.combine(on, at or clock or time(0, 0), SHANGHAI)


def _clock_in(words: str) -> time | None:
    hit = _CLOCK.fullmatch(words.strip())
    if hit is None:
        return None
    hour = int(hit[2]) + (12 if hit[1] in ("下午", "晚上") and int(hit[2]) < 12 else 0)
    minute = 30 if hit[3] == "半" else int(hit[3] or 0)
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _check_header(header: Sequence[str], row: int) -> None:
    known = list(COLUMNS.values())
    mistakes = [
        (row, name, f"不认识这一列。可以用的列：{'、'.join(known)}")
        for name in dict.fromkeys(header)
        if name and name not in known
    ]
    mistakes += [(row, name, "这一列写了两次") for name in known if header.count(name) > 1]
    mistakes += [(row, name, "缺这一列，请补上") for name in REQUIRED if name not in header]
    if mistakes:
        raise ImportProblem(mistakes)
