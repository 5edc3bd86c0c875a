"""`linli import places|people`, `linli export places|people|codes`: the estate, its people, the codes on paper."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.base import open_desk, refuse, settings_or_refuse
from bot.commands.tables import Cell, Format, write_table
from bot.settings import Settings
from handlers import wording
from models.desk import Desk
from models.desk.absences import Unmanned
from models.desk.households import CODE_VALID
from models.desk.scope import Scope
from models.door_cells import door_words
from models.errors import ImportProblem
from models.person_import import PeopleImported, import_people
from models.person_rows import COLUMNS as PEOPLE_COLUMNS
from models.place_export import WHOLE, people_rows, place_rows
from models.place_import import PlacesImported, import_places
from models.place_rows import COLUMNS as PLACE_COLUMNS
from models.vault import Vault

SHOWN_MOVES = 20
CODES_HEADER = ("小区", "楼栋", "单元", "房号", "绑定码", "有效到", "怎么用")
PLACE_EXAMPLES: tuple[Mapping[str, str], ...] = (
    {
        "小区": "例：槐树苑", "小区别名": "槐苑", "小区类型": "老旧院落", "管理方式": "信托", "楼栋": "3栋",
        "楼栋别名": "综合楼", "单元": "2单元", "房号": "501室", "面积": "89.5", "状态": "自住",
        "微网格": "W01", "微网格名称": "槐树苑1-3栋", "网格": "G1", "网格名称": "槐树苑网格",
    },
    {"小区": "例：槐树苑", "楼栋": "3栋", "单元": "2单元", "房号": "502室", "面积": "76", "状态": "出租"},
    {"小区": "例：只写网格也行，小区空着", "微网格": "W09", "微网格名称": "农贸市场", "专属": "市场"},
)  # fmt: skip
PEOPLE_EXAMPLES: tuple[Mapping[str, str], ...] = (
    {
        "姓名": "例：王秀英", "电话": "13900001111", "小区": "槐树苑", "楼栋": "3栋", "单元": "2单元", "房号": "501室",
        "关系": "业主", "户代表": "是", "出生年月": "1956-03",
    },
    {
        "姓名": "例：张三", "电话": "13900000001", "企业微信": "zhangsan", "职务": "微网格员", "负责": "W01",
        "AB角": "A", "班次": "工作日 08:00-20:00", "起": "2026-01-01",
    },
    {
        "姓名": "例：刘大爷", "小区": "槐树苑", "楼栋": "3栋", "单元": "1单元", "房号": "101室", "关系": "业主",
        "职务": "楼栋长",
    },
)  # fmt: skip


def _vault(settings: Settings) -> Vault:
    return Vault(settings.secret_key.get_secret_value())


def import_places_command(
    file: Annotated[Path, typer.Argument(help="CSV 或 XLSX，一行一户（也可以一行一栋、一行一个网格）")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只预览，不写进去")] = False,
    template: Annotated[bool, typer.Option("--template", help="不导入，把空白的样表写到这个文件")] = False,
    sheet: Annotated[str, typer.Option(help="工作表的名字（默认第一张）")] = "",
) -> None:
    """导入网格、小区、楼栋和户：一处错就一行也不导入；再导一次是更新。"""
    if template:
        _write_template(file, tuple(PLACE_COLUMNS), PLACE_EXAMPLES)
        return
    try:
        with open_desk() as desk:
            done = import_places(desk, file, sheet=sheet, dry_run=dry_run)
    except ImportProblem as problem:
        refuse(_told(problem))
    print(_summary(done, dry_run))


def import_people_command(
    file: Annotated[Path, typer.Argument(help="CSV 或 XLSX，一行一个人（住户或值守的人）")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="只预览，不写进去")] = False,
    template: Annotated[bool, typer.Option("--template", help="不导入，把空白的样表写到这个文件")] = False,
    sheet: Annotated[str, typer.Option(help="工作表的名字（默认第一张）")] = "",
) -> None:
    """导入住户和值守的人：一处错就一行也不导入；再导一次是更新。电话加密存放。"""
    if template:
        _write_template(file, tuple(PEOPLE_COLUMNS), PEOPLE_EXAMPLES)
        return
    settings = settings_or_refuse()
    try:
        with open_desk(settings) as desk:
            done = import_people(desk, file, _vault(settings), sheet=sheet, dry_run=dry_run)
    except ImportProblem as problem:
        refuse(_told(problem))
    print(_summary(done, dry_run))


def export_places_command(
    file: Annotated[Path, typer.Argument(help="写到哪个文件")],
    format: Annotated[Format, typer.Option(help="格式")] = Format.CSV,
    for_: Annotated[str, typer.Option("--for", help="只导出这个企业微信账号管的地方")] = "",
) -> None:
    """导出网格、小区、楼栋和户；列名与导入的一样。"""
    with open_desk() as desk:
        rows = list(place_rows(desk, _scope(desk, for_)))
    print(f"已导出 {write_table(file, tuple(PLACE_COLUMNS), rows, format)} 行到 {file}。")


def export_people_command(
    file: Annotated[Path, typer.Argument(help="写到哪个文件")],
    format: Annotated[Format, typer.Option(help="格式")] = Format.CSV,
    phones: Annotated[bool, typer.Option("--phones", help="电话写全（默认隐去中间几位）")] = False,
    for_: Annotated[str, typer.Option("--for", help="只导出这个企业微信账号管的人")] = "",
) -> None:
    """导出住户和值守的人；列名与导入的一样，电话默认隐去中间几位。"""
    settings = settings_or_refuse()
    with open_desk(settings) as desk:
        rows = list(people_rows(desk, _vault(settings), _scope(desk, for_), phones=phones))
    print(f"已导出 {write_table(file, tuple(PEOPLE_COLUMNS), rows, format)} 行到 {file}。")


def export_codes_command(
    file: Annotated[Path, typer.Argument(help="写到哪个文件，打印后剪开，一户一张")],
    estate: Annotated[str, typer.Option(help="只印这个小区")] = "",
    building: Annotated[str, typer.Option(help="只印这一栋，例如 3")] = "",
    each: Annotated[int, typer.Option(min=1, max=10, help="每户印几个（一个码只能用一次）")] = 1,
    again: Annotated[bool, typer.Option("--again", help="作废没用过的旧码，全部重印")] = False,
    format: Annotated[Format, typer.Option(help="格式")] = Format.CSV,
) -> None:
    """给每户印绑定码。库里不存码的原文，印出来的这一份请收好。"""
    settings = settings_or_refuse()
    with open_desk(settings) as desk:
        homes = desk.homes(desk.estate_name(estate), building.removesuffix("栋").upper())
        if not homes:
            refuse("没有找到户。先用 linli import places 导入，或核对小区、楼栋。")
        codes = desk.issue_codes(homes, _vault(settings), each=each, again=again)
        until = f"{(desk.now + CODE_VALID).astimezone(wording.CHENGDU):%Y-%m-%d}"
        rows: list[list[Cell]] = [
            [
                one.home.estate,
                *door_words(one.home.building, one.home.unit, one.home.room),
                one.code,
                until,
                f"在公众号里发：绑定 {one.code}",
            ]
            for one in codes
        ]
        write_table(file, CODES_HEADER, rows, format)  # before the codes count: a full disk must not eat them
    left = len(homes) - len({one.home for one in codes})
    print(f"已写 {len(codes)} 个绑定码到 {file}。" + (f"另有 {left} 户手上还有没用过的码。" if left else ""))


def _scope(desk: Desk, userid: str) -> Scope:
    if not userid:
        return WHOLE
    if desk.worker(userid) is None:
        refuse(f"没有企业微信账号「{userid}」。")
    return desk.scope_of(userid)


def _write_template(file: Path, header: Sequence[str], examples: Iterable[Mapping[str, str]]) -> None:
    kind = Format.XLSX if file.suffix.lower() == ".xlsx" else Format.CSV
    write_table(file, header, [[row.get(name, "") for name in header] for row in examples], kind)
    print(f"样表写好了：{file}。「例：」开头的几行导入时会跳过，可以留着。")


def _told(problem: ImportProblem) -> str:
    """Every mistake: whoever corrects a list of doors goes through it from top to bottom."""
    lines = [f"  {line}" for line in str(problem).splitlines()]
    return "\n".join([f"没有导入，共 {len(lines)} 处要改，改好后再试：", *lines])


def _summary(done: PlacesImported | PeopleImported, dry_run: bool) -> str:
    lines = [f"{'预览（没有写进去）' if dry_run else '导入好了'}：{done.rows} 行。"]
    for title, counts in (("新增", done.new), ("更新", done.changed)):
        said = "、".join(f"{noun} {count}" for noun, count in counts.items() if count)
        lines.append(f"  {title}：{said or '无'}")
    moves = done.moves if isinstance(done, PlacesImported) else ()
    lines += [f"  {move}" for move in moves[:SHOWN_MOVES]]
    if len(moves) > SHOWN_MOVES:
        lines.append(f"  ……还有 {len(moves) - SHOWN_MOVES} 处")
    return "\n".join([*lines, *_warned(done.unmanned)])


def _warned(unmanned: Sequence[Unmanned]) -> list[str]:
    if not unmanned:
        return []
    names = "、".join(one.grid_code for one in unmanned)
    return [f"  注意：{names} 还没有微网格员（A 角），报事先交给网格长或社区值班。"]
