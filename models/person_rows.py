"""Rows of a file of people: who lives behind which door, who has which duty, every mistake with row and column."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from models.door_cells import building_of, room_of, unit_of
from models.errors import ImportProblem
from models.import_table import TableRow, read_table
from models.ledger_cells import BadCell, day_of
from models.person import Relation
from models.roles import BY_NAME, CALLED, ROLES
from models.sheet import SheetRow
from models.shifts import shift_of

COLUMNS: dict[str, tuple[str, ...]] = {
    "姓名": ("名字", "居民姓名"),
    "电话": ("手机", "手机号", "联系电话", "电话号码", "手机号码"),
    "小区": ("院落", "小区名称", "院落名称"),
    "楼栋": ("栋", "栋号", "楼号", "幢", "楼栋号"),
    "单元": ("单元号",),
    "房号": ("门牌", "门牌号", "室", "房间号", "室号"),
    "关系": ("与户关系", "身份"),
    "户代表": ("代表",),
    "出生年月": ("出生月份",),
    "企业微信": ("企业微信账号", "账号"),
    "职务": ("角色", "岗位"),
    "负责": ("负责网格", "负责范围", "管哪里"),
    "AB角": ("AB", "A/B角", "主备"),
    "班次": ("值班时间",),
    "起": ("开始日期", "起始日期"),
    "止": ("结束日期", "截止日期"),
}
RELATIONS = {"业主": Relation.OWNER, "家人": Relation.FAMILY, "租客": Relation.TENANT}
_ALSO = {"房主": Relation.OWNER, "产权人": Relation.OWNER, "家属": Relation.FAMILY, "租户": Relation.TENANT}
_YES_NO = {"是": True, "否": False, "√": True}
_MASKED = re.compile(r"\d{2,4}\*{3,6}\d{2,4}")


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One row as it was read; "" and None say nothing. `home` and `role` say which halves of the row are filled."""

    row: TableRow
    name: str
    phone: str
    estate: str
    building: str
    unit: str
    room: str
    relation: Relation | None
    representative: bool | None
    birth_month: str
    userid: str
    role: str
    place: str
    rank: str
    shift: str
    since: date | None
    until: date | None

    @property
    def home(self) -> bool:
        return bool(self.room)


def read_people(sheet: Sequence[SheetRow]) -> list[PersonRow]:
    """Every row of the file.

    Raises:
        ImportProblem: the header cannot be used. What is wrong in a row stays in `row.mistakes`.
    """
    table = read_table(sheet, COLUMNS, ("姓名",))
    if not {"房号", "职务"} & set(table[0].headers):
        raise ImportProblem([(1, "", "要有「楼栋」「房号」列（住户），或「职务」列（值守的人）")])
    return [_read(row) for row in table]


def _read(row: TableRow) -> PersonRow:
    role = BY_NAME.get(row.text("职务"), "")
    if not role and row.text("职务"):
        names = "、".join(one.name for one in ROLES.values())
        row.wrong("职务", f"「{row.text('职务')}」不认识；请写其中之一：{names}")
    read = PersonRow(
        row=row,
        name=row.text("姓名"),
        phone=row.read("电话", phone_of, ""),
        estate=row.text("小区"),
        building=row.read("楼栋", building_of, ""),
        unit=row.read("单元", unit_of, ""),
        room=row.read("房号", room_of, ""),
        relation=row.pick("关系", {**RELATIONS, **_ALSO}),
        representative=row.pick("户代表", _YES_NO),
        birth_month=_month(row),
        userid=row.read("企业微信", _userid, ""),
        role=role,
        place=row.text("负责"),
        rank=row.pick("AB角", {"A": "A", "B": "B", "A角": "A", "B角": "B", "主": "A", "备": "B"}) or "A",
        shift=row.read("班次", shift_of, ""),
        since=_day(row, "起"),
        until=_day(row, "止"),
    )
    if row.mistakes:
        return read
    if not read.name:
        row.wrong("姓名", "没有填姓名")
    if not read.home and not read.role:
        row.wrong("房号", "既没有房号，也没有职务：住户请填楼栋和房号，值守的人请填职务")
    if read.home and not read.building:
        row.wrong("楼栋", "填了房号，没有填是几栋")
    if read.role in CALLED and not read.userid:
        row.wrong("企业微信", f"{ROLES[read.role].name}靠企业微信收推送，请填企业微信账号")
    if read.since and read.until and read.until < read.since:
        row.wrong("止", "比「起」还早，请核对")
    if not read.role and (read.place or read.shift):
        row.wrong("职务", "填了负责的地方或班次，却没有填职务")
    return read


def phone_of(words: str) -> str:
    """A phone number as digits; a masked one (139****0001) as "" because it says nothing new.

    Raises:
        BadCell: not a number that can be dialled.
    """
    if _MASKED.fullmatch(words):
        return ""
    plain = re.sub(r"[\s\-—()]", "", words).removeprefix("+86")
    if re.fullmatch(r"861[3-9]\d{9}", plain):
        plain = plain[2:]
    if not re.fullmatch(r"1[3-9]\d{9}|0\d{9,11}|[2-9]\d{6,7}|[48]00\d{7}", plain):
        raise BadCell(f"「{words}」不像电话；请写成 13900001111 或 028-88880000")
    return plain


def masked(phone: str) -> str:
    """「139****0001」."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 9 else "****" if phone else ""


def _userid(words: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}", words):
        raise BadCell(f"「{words}」不是企业微信账号；请填通讯录里「账号」那一栏的英文或数字，不是姓名")
    return words


def _month(row: TableRow) -> str:
    cell = row.cells.get("出生年月")
    if isinstance(cell, date):
        return f"{cell:%Y-%m}"

    def month_of(words: str) -> str:
        found = re.fullmatch(r"((?:19|20)\d{2})\s*[-/.年]?\s*(\d{1,2})(?:[-/.月]\s*\d{0,2}日?)?", words)
        if found is None or not 1 <= int(found[2]) <= 12:
            raise BadCell(f"「{words}」不像年月；请写成 1956-03")
        return f"{found[1]}-{int(found[2]):02d}"

    return row.read("出生年月", month_of, "")


def _day(row: TableRow, column: str) -> date | None:
    cell = row.cells.get(column)
    if cell in (None, ""):
        return None
    try:
        return day_of(cell)
    except BadCell as bad:
        row.wrong(column, str(bad))
        return None
