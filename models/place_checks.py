"""A file of places judged before it is written: its rows must agree with each other and with the configuration."""

from collections.abc import Iterable, Mapping, Sequence

from models.desk.places import GRID, MICROGRID, split_building
from models.place import Grid
from models.place_rows import PlaceRow
from models.rules import Rules


def agree(rows: Sequence[PlaceRow]) -> None:
    """What the rows of one file say about the same thing must be the same."""
    said: dict[tuple[str, ...], tuple[object, int]] = {}
    doors: dict[tuple[str, str, str, str], int] = {}
    levels: dict[str, tuple[str, int]] = {}
    for each in rows:
        for noun, key, column, value in _claims(each):
            if not value:
                continue
            before = said.setdefault((noun, *key, column), (value, each.row.number))
            if before[0] != value:
                each.row.wrong(column, f"与第 {before[1]} 行写的不一样：同一个{noun}只能有一个「{column}」")
        for code, level in ((each.microgrid, "微网格"), (each.grid, "网格")):
            at = levels.setdefault(code, (level, each.row.number)) if code else (level, 0)
            if at[0] != level and at[1] != each.row.number:
                each.row.wrong(level, f"「{code}」在第 {at[1]} 行是{at[0]}，两级网格的编号要不同")
        if each.room:
            door = (each.estate, each.building, each.unit, each.room)
            first = doors.setdefault(door, each.row.number)
            if first != each.row.number:
                each.row.wrong("房号", f"与第 {first} 行是同一户，请删去一行")


def fits_config(
    rows: Sequence[PlaceRow],
    rules: Rules,
    grids: Mapping[str, Grid],
    buildings: Iterable[tuple[str, str]],
) -> None:
    """The configuration's grids, and the buildings that it names, are decided there."""
    known_buildings = {(each.estate, each.building) for each in rows if each.building} | set(buildings)
    ranges = {split_building(name): rule.code for rule in rules.grids for name in rule.buildings}
    names = {rule.code: rule.name for rule in rules.grids}
    for each in rows:
        code, row = each.microgrid, each.row
        if each.microgrid_name and names.get(code, each.microgrid_name) != each.microgrid_name:
            row.wrong("微网格名称", f"config.yaml 里 {code} 叫「{names[code]}」；请写成一样，或这一格空着")
        for own, level, kind in ((code, "微网格", MICROGRID), (each.grid, "网格", GRID)):
            known = grids.get(own) if own else None
            if known is not None and known.kind != kind:
                other = "微网格" if known.kind == MICROGRID else "网格"
                row.wrong(level, f"「{own}」已经是{other}的编号，请换一个")
        if not each.building:
            continue
        ruled = ranges.get((each.estate, each.building))
        if ruled is None and each.estate and ("", each.building) in ranges:
            others = {e for e, no in known_buildings if no == each.building and e} - {each.estate}
            others = {e for e in others if (e, each.building) not in ranges}
            if others:
                row.wrong(
                    "楼栋",
                    f"config.yaml 的网格 {ranges['', each.building]} 只写了「{each.building}栋」，而"
                    f"{'、'.join(sorted({each.estate, *others}))} 都有 {each.building}栋；"
                    "请先在 config.yaml 的「范围」里写上小区名",
                )
            ruled = ranges["", each.building]
        if ruled and code and code != ruled:
            row.wrong(
                "微网格",
                f"config.yaml 里 {each.building}栋 归网格 {ruled}；请改成一样，或从「范围」里去掉它",
            )


def _claims(each: PlaceRow) -> Iterable[tuple[str, tuple[str, ...], str, object]]:
    """What a row says about things that other rows may speak of too: noun, which one, column, value."""
    if each.estate:
        yield "小区", (each.estate,), "小区类型", each.estate_kind
        yield "小区", (each.estate,), "管理方式", each.management
        yield "小区", (each.estate,), "小区别名", each.estate_aliases
    if each.building:
        yield "楼栋", (each.estate, each.building), "微网格", each.microgrid
        yield "楼栋", (each.estate, each.building), "楼栋别名", each.aliases
    if each.microgrid:
        yield "微网格", (each.microgrid,), "网格", each.grid
        yield "微网格", (each.microgrid,), "微网格名称", each.microgrid_name
        yield "微网格", (each.microgrid,), "专属", each.special
    if each.grid:
        yield "网格", (each.grid,), "网格名称", each.grid_name
