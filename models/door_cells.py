"""Cells that name a door or a grid: 「三栋」「2单元」「501室」「W01」 read as the numbers that slots of speech have."""

import re

from models.desk.places import split_building
from models.ledger_cells import BadCell

_CHINESE = "零一二三四五六七八九"
_NUMERAL = re.compile(r"[一二三四五六七八九]?十[一二三四五六七八九]?|[零〇一二三四五六七八九两]+")
_STEMS = {"甲": "1", "乙": "2", "丙": "3", "丁": "4"}
_AREA = re.compile(r"(\d{1,5})(?:\.(\d{1,2})0*)?\s*(?:m2|㎡|平方米|平米|平方|平)?")


def arabic(words: str) -> str:
    """Chinese numerals below 100 as digits: 「十二栋」 becomes 「12栋」, 「三〇一」 becomes 「301」."""

    def number(found: re.Match[str]) -> str:
        numeral = found[0].replace("两", "二").replace("〇", "零")
        if "十" not in numeral:
            return "".join(str(_CHINESE.index(letter)) for letter in numeral)
        tens, _, ones = numeral.partition("十")
        return str((_CHINESE.index(tens) if tens else 1) * 10 + (_CHINESE.index(ones) if ones else 0))

    return _NUMERAL.sub(number, words)


def building_of(words: str) -> str:
    """「3栋」「三号楼」「A区3幢」「12」 as the building's number.

    Raises:
        BadCell: no number can be seen, or an estate's name stands before it.
    """
    estate, no = split_building(arabic(words).removesuffix("#"))
    if not no:
        raise BadCell(f"「{words}」看不出是几栋；请写成 3栋、A3栋、东区3栋，楼名请写在「楼栋别名」列")
    if estate:
        raise BadCell(f"「{words}」里有小区名；小区请写在「小区」列，这里只写 {no}栋")
    return no


def unit_of(words: str) -> str:
    """「2单元」「二单元」「甲单元」「2」 as the unit's number.

    Raises:
        BadCell: something else.
    """
    plain = arabic(words.removesuffix("单元").strip())
    plain = _STEMS.get(plain, plain).upper()
    if not re.fullmatch(r"\d{1,2}|[A-Z]|[东西南北中]", plain):
        raise BadCell(f"「{words}」不像单元；请写成 2单元，没有单元就空着")
    return plain.lstrip("0") or "0"


def room_of(words: str) -> str:
    """「501」「501室」「5-1号」「负101」 as the room's number.

    Raises:
        BadCell: something else, or a whole address.
    """
    plain = re.sub(r"(室|号房|房|号|户)$", "", words).strip().upper()
    if re.search(r"[栋幢]|单元", plain):
        raise BadCell(f"「{words}」是整个地址；楼栋、单元、房号请分三列填")
    if not re.fullmatch(r"负?[A-Z0-9]{1,6}(?:-[A-Z0-9]{1,4})?", plain):
        raise BadCell(f"「{words}」不像房号；请写成 501 或 501室")
    return plain


def area_of(words: str) -> int:
    """An area in 0.01 m², exact.

    Raises:
        BadCell: not an area, nothing, or more than a house has.
    """
    found = _AREA.fullmatch(words.replace(",", ""))
    area = int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0")) if found else 0
    if not 0 < area <= 1_000_000:
        raise BadCell(f"「{words}」不像面积；请写成 89.5，单位是平方米，最多两位小数")
    return area


def grid_code_of(words: str) -> str:
    """A grid's code as tickets are numbered with it.

    Raises:
        BadCell: other signs than letters and digits.
    """
    code = words.upper()
    if not re.fullmatch(r"[A-Z0-9]{1,12}", code):
        raise BadCell(f"「{words}」不是网格编号；编号会写进工单号，只用字母和数字，最多 12 个，例如 W01")
    return code


def door_words(building: str = "", unit: str = "", room: str = "") -> tuple[str, str, str]:
    """A door as three cells that read back as the same."""
    return (
        f"{building}栋" if building else "",
        f"{unit}单元" if unit else "",
        f"{room}室" if room else "",
    )
