"""Cells as bookkeepers write them: amounts, days, yes and no, read exactly or refused with a way to write them."""

import re
import unicodedata
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation

from models.fund import Shown

Cell = str | int | float | Decimal | date | datetime | bool | None


class BadCell(ValueError):
    """What is wrong with a cell and how to write it, in Chinese."""


def text_of(cell: Cell) -> str:
    """A cell as text: control characters gone, runs of spaces made one, a whole float without its `.0`."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if isinstance(cell, datetime):
        cell = cell.date()
    written = str(cell)
    if not written.isprintable():
        written = "".join(letter if letter.isprintable() else " " for letter in written)
    return " ".join(written.split())


_BLANK = {"", "-", "--", "—", "——", "/", "无"}
_GROUPED = re.compile(r"\d{1,3}(,\d{3})+(\.\d*)?")
_PLAIN = re.compile(r"\d+(\.\d*)?|\.\d+")
_FOREIGN = re.compile(r"[$€£₩]|usd|eur|hkd|jpy|美元|港币|欧元|日元", re.IGNORECASE)
_CHINESE = re.compile(r"^[零〇一二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟元圆角分整正]+$")
MAX_YUAN = Decimal(10) ** 10


def fen_of(cell: Cell) -> int | None:
    """An amount in fen, exact; None for an empty cell.

    Takes 「1,234.50」「￥1200」「1.2万」「300元」; a number of a workbook is rounded to the fen it shows, as its binary
    form cannot hold most decimals.

    Raises:
        BadCell: anything else, a negative amount, a part of a fen.
    """
    if isinstance(cell, (bool, date, datetime)):
        raise BadCell("这里要填金额，例如 1234.50")
    if isinstance(cell, (int, float, Decimal)):
        value = Decimal(str(cell))
        if isinstance(cell, float) and value.is_finite():
            near = round(value, 2)
            value = near if abs(value - near) < Decimal("0.000001") else value
        return _fen(value, str(cell))
    written = unicodedata.normalize("NFKC", text_of(cell))
    if written in _BLANK:
        return None
    if _FOREIGN.search(written):
        raise BadCell(f"「{written}」像是外币；账目只记人民币，请折算后再填")
    body = re.sub(r"^(¥|rmb|cny|人民币)\s*|\s*(元整|元|圆)$", "", written, flags=re.IGNORECASE).replace(
        " ", ""
    )
    body = re.sub(r"^(-|\+)?¥", r"\1", body)
    if body.startswith("-") or (body.startswith("(") and body.endswith(")")):
        raise BadCell(f"「{written}」是负数；退款请填在另一列（收入的退款填支出），记错的账请用冲正")
    times = Decimal(1)
    if body.endswith("万"):
        body, times = body[:-1], Decimal(10_000)
    if not (_PLAIN.fullmatch(body) or _GROUPED.fullmatch(body)):
        if _CHINESE.fullmatch(written):
            raise BadCell(f"「{written}」请写成数字，例如 1234.50")
        if "," in body:
            raise BadCell(f"「{written}」的逗号位置不对；请写成 1,234.50 或 1234.50")
        raise BadCell(f"「{written}」不是金额；请写成 1234.50 或 1.2万")
    try:
        return _fen(Decimal(body.replace(",", "")) * times, written)
    except InvalidOperation:
        raise BadCell(f"「{written}」不是金额；请写成 1234.50") from None


def _fen(value: Decimal, written: str) -> int:
    if not value.is_finite():
        raise BadCell(f"「{written}」不是金额；请写成 1234.50")
    if value < 0:
        raise BadCell(f"「{written}」是负数；退款请填在另一列（收入的退款填支出），记错的账请用冲正")
    if value > MAX_YUAN:
        raise BadCell(f"「{written}」太大了，请核对是不是填错了列")
    fen = value * 100
    if fen != fen.to_integral_value():
        raise BadCell(f"「{written}」不到一分钱；金额最多两位小数")
    return int(fen)


_DAY = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[ T]\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?)?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_EXCEL_ZERO = date(1899, 12, 30)


def day_of(cell: Cell) -> date:
    """A day: 2026-09-10, 2026/9/10, 2026.9.10, 2026年9月10日, 20260910, a workbook's date or its bare serial number.

    Raises:
        BadCell: no year, an order that could be read two ways, a day that does not exist.
    """
    if isinstance(cell, datetime):
        return _sound(cell.date(), str(cell))
    if isinstance(cell, date):
        return _sound(cell, str(cell))
    if isinstance(cell, (int, float)) and not isinstance(cell, bool) and 36_000 <= cell < 80_000:
        return _sound(_EXCEL_ZERO + timedelta(days=int(cell)), str(cell))
    written = unicodedata.normalize("NFKC", text_of(cell))
    if not written:
        raise BadCell("没有填日期，请写成 2026-09-10")
    found = _DAY.fullmatch(written) or _COMPACT.fullmatch(written)
    if not found:
        if re.fullmatch(r"\d{1,2}[-/.月]\d{1,2}日?", written):
            raise BadCell(f"「{written}」没有年份，请写成 2026-09-10")
        raise BadCell(f"「{written}」看不出是哪天，请写成 2026-09-10")
    try:
        year, month, day = (int(part) for part in found.groups())
        return _sound(date(year, month, day), written)
    except ValueError as wrong:
        if isinstance(wrong, BadCell):
            raise
        raise BadCell(f"「{written}」这一天不存在，请核对") from None


def _sound(day: date, written: str) -> date:
    if day.year < 1990:
        raise BadCell(f"「{written}」太早了，请核对年份")
    return day


_YES = {"是", "公开", "同意", "愿意", "y", "yes", "1", "true", "√", "✓"}
_NO = {"", "否", "不公开", "不同意", "不愿意", "n", "no", "0", "false", "×"}
NAMELESS_WORDS = {"匿名", "不愿留名", "未留名", "无名氏", "爱心人士", "爱心居民"}


def shown_of(cell: Cell) -> Shown:
    """May the giver be named: 是 by name, 否 or empty as 姓**, 匿名 not at all.

    Raises:
        BadCell: neither.
    """
    written = text_of(cell).lower()
    if written in _YES:
        return Shown.NAMED
    if written in _NO:
        return Shown.MASKED
    if written == "匿名":
        return Shown.ANONYMOUS
    raise BadCell(f"「{written}」请写「是」「否」或「匿名」")
