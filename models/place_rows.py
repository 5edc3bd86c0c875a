"""Rows of a file of places: a door, a building, an estate or a grid each, every mistake with row and column."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.door_cells import area_of, building_of, grid_code_of, room_of, unit_of
from models.errors import ImportProblem
from models.import_table import TableRow, read_table
from models.place import EstateKind, Management, Occupancy
from models.sheet import SheetRow

COLUMNS: dict[str, tuple[str, ...]] = {
    "小区": ("院落", "小区名称", "小区/院落", "院落名称"),
    "小区别名": ("院落别名",),
    "小区类型": ("院落类型",),
    "管理方式": ("物业模式", "管理模式"),
    "楼栋": ("栋", "栋号", "楼号", "幢", "楼栋号"),
    "楼栋别名": ("楼名",),
    "单元": ("单元号",),
    "房号": ("门牌", "门牌号", "室", "房间号", "室号"),
    "面积": ("建筑面积",),
    "状态": ("居住状态", "房屋状态"),
    "微网格": ("微网格编号",),
    "微网格名称": (),
    "网格": ("一般网格", "网格编号", "一般网格编号"),
    "网格名称": ("一般网格名称",),
    "专属": ("专属网格",),
}
ESTATE_KINDS = {
    "新建": EstateKind.NEW,
    "拆迁安置": EstateKind.RESETTLED,
    "老旧院落": EstateKind.OLD,
    "乡村集中居住": EstateKind.RURAL,
    "矛盾纠纷": EstateKind.DISPUTED,
}
MANAGEMENTS = {
    "包干": Management.LUMP_SUM,
    "酬金": Management.REMUNERATION,
    "信托": Management.TRUST,
    "自管": Management.SELF,
}
OCCUPANCIES = {
    "自住": Occupancy.LIVED_IN,
    "出租": Occupancy.RENTED,
    "空置": Occupancy.VACANT,
    "经营": Occupancy.BUSINESS,
    "其他": Occupancy.OTHER,
}


@dataclass(frozen=True, slots=True)
class PlaceRow:
    """One row as it was read; "" and None say nothing and change nothing."""

    row: TableRow
    estate: str
    estate_aliases: tuple[str, ...]
    estate_kind: EstateKind | None
    management: Management | None
    building: str
    aliases: tuple[str, ...]
    unit: str
    room: str
    area: int | None
    occupancy: Occupancy | None
    microgrid: str
    microgrid_name: str
    grid: str
    grid_name: str
    special: str


def read_places(sheet: Sequence[SheetRow]) -> list[PlaceRow]:
    """Every row of the file.

    Raises:
        ImportProblem: the header cannot be used. What is wrong in a row stays in `row.mistakes`.
    """
    table = read_table(sheet, COLUMNS, ())
    names = set(table[0].headers)
    if not names & {"小区", "楼栋", "微网格", "网格"}:
        raise ImportProblem([(1, "", "至少要有「楼栋」列，或「微网格」「网格」列")])
    return [_read(row) for row in table]


def _read(row: TableRow) -> PlaceRow:
    read = PlaceRow(
        row=row,
        estate=row.text("小区"),
        estate_aliases=row.many("小区别名"),
        estate_kind=row.pick("小区类型", ESTATE_KINDS),
        management=row.pick(
            "管理方式", {**MANAGEMENTS, **{f"{name}制": way for name, way in MANAGEMENTS.items()}}
        ),
        building=row.read("楼栋", building_of, ""),
        aliases=row.many("楼栋别名"),
        unit=row.read("单元", unit_of, ""),
        room=row.read("房号", room_of, ""),
        area=row.read("面积", area_of, None),
        occupancy=row.pick("状态", OCCUPANCIES),
        microgrid=row.read("微网格", grid_code_of, ""),
        microgrid_name=row.text("微网格名称"),
        grid=row.read("网格", grid_code_of, ""),
        grid_name=row.text("网格名称"),
        special=row.text("专属", 16),
    )
    if row.mistakes:
        return read
    if (read.unit or read.room or read.aliases) and not read.building:
        row.wrong("楼栋", "没有填是几栋")
    if not read.room and (read.area or read.occupancy):
        row.wrong("房号", "填了面积或状态，却没有填房号")
    if not (read.estate or read.building or read.microgrid or read.grid):
        row.wrong("楼栋", "这一行看不出是哪里：请填楼栋，或填网格编号")
    for code, name, column in (
        (read.microgrid, read.microgrid_name, "微网格"),
        (read.grid, read.grid_name, "网格"),
    ):
        if name and not code:
            row.wrong(column, f"有名称「{name}」，没有编号")
    if read.special and not read.microgrid:
        row.wrong("微网格", "写了「专属」，没有写是哪个微网格")
    if read.microgrid and read.microgrid == read.grid:
        row.wrong("网格", f"「{read.grid}」同时是微网格和它上面的网格；两级网格的编号要不同")
    for column, aliases in (("小区别名", read.estate_aliases), ("楼栋别名", read.aliases)):
        for alias in aliases:
            if not 2 <= len(alias) <= 16:
                row.wrong(column, f"「{alias}」：别名要两个字以上，最多 16 个字")
    if (read.estate_aliases or read.estate_kind or read.management) and not read.estate:
        row.wrong("小区", "填了小区的类型、别名或管理方式，却没有填小区")
    return read
