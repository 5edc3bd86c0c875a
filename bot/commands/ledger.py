"""`linli import ledger`, `linli export ledger`: a fund's books from and to a bookkeeper's file."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.base import open_desk, refuse
from bot.commands.tables import Cell, Format, write_table
from handlers.texts import DEFAULTS
from models import ledger_categories
from models.errors import DomainError, ImportProblem
from models.fund import FundKind
from models.ledger import yuan
from models.ledger_cells import BadCell, fen_of
from models.ledger_import import LedgerImported, import_ledger
from models.ledger_rows import COLUMNS

SHOWN_MISTAKES = 30
HEADER = ("序号", "日期", "收入", "支出", "类别", "摘要", "往来人", "活动", "凭证号", "冲正第几笔", "校验码")


def import_ledger_command(
    file: Annotated[
        Path, typer.Argument(help="CSV 或 XLSX，列：日期、收入、支出、类别、摘要、捐赠人、公开、活动、凭证号")
    ],
    fund: Annotated[str, typer.Option(help="导进哪本账的编号，例如 WJJ")],
    name: Annotated[str, typer.Option(help="这本账还没有时，新开的账名")] = "",
    kind: Annotated[
        str, typer.Option(help="新开的账是哪一种：微基金、物业费、保障资金、慈善基金、专项")
    ] = "",
    estate: Annotated[str, typer.Option(help="新开的账属于哪个小区")] = "",
    map_: Annotated[
        str, typer.Option("--map", help="文件的列名不同时写对应关系：日期=TransactionDate,收入=Income")
    ] = "",
    sheet: Annotated[str, typer.Option(help="工作表的名字（默认第一张）")] = "",
    opening: Annotated[str, typer.Option(help="第一笔之前账上已有多少元")] = "",
    overdraft: Annotated[str, typer.Option(help="新开的账最多允许先垫支多少元")] = "",
    new_categories: Annotated[
        bool, typer.Option("--new-categories", help="文件里没见过的类别就新建")
    ] = False,
    allow_same: Annotated[
        bool, typer.Option("--allow-same", help="与已记的账日期、金额、摘要都相同的行也导入")
    ] = False,
) -> None:
    """导入账目：一个文件一本账，有一处错就一笔也不导入。"""
    try:
        with open_desk() as desk:
            done = import_ledger(
                desk,
                file,
                code=fund,
                name=name,
                kind=_kind(kind),
                estate=estate,
                mapping=_mapping(map_),
                sheet=sheet,
                opening_fen=_amount("--opening", opening),
                overdraft_fen=_amount("--overdraft", overdraft),
                new_categories=new_categories,
                allow_same=allow_same,
                imported_by="linli import",
            )
    except ImportProblem as problem:
        refuse(told(problem))
    except DomainError as refusal:
        refuse("没有导入。" + DEFAULTS[f"error.{refusal.code}"].format(**refusal.places))
    print(summary(done))


def export_ledger_command(
    file: Annotated[Path, typer.Argument(help="写到哪个文件")],
    fund: Annotated[str, typer.Option(help="哪本账的编号")],
    format: Annotated[Format, typer.Option(help="格式")] = Format.CSV,
) -> None:
    """导出一本账的公开明细（姓名按本人意愿隐去），旧的在前。"""
    with open_desk() as desk:
        found = desk.fund(fund)
        if found is None:
            known = "、".join(f"{each.code} {each.name}" for each in desk.funds()) or "还没有"
            refuse(f"没有编号 {fund} 的账。已有：{known}")
        entries = desk.fund_entries(
            found, date.min, date.max, limit=desk.count_entries(found, date.min, date.max)
        )
        rows: list[list[Cell]] = [
            [
                entry.seq,
                entry.occurred_on.isoformat(),
                yuan(entry.income_fen).replace(",", "") if entry.income_fen else "",
                yuan(entry.expense_fen).replace(",", "") if entry.expense_fen else "",
                entry.categories,
                entry.memo,
                entry.party,
                entry.tag,
                entry.voucher,
                entry.reverses_seq or "",
                entry.hash,
            ]
            for entry in sorted(entries, key=lambda entry: entry.seq)
        ]
        count = write_table(file, HEADER, rows, format)
    print(f"已导出「{found.name}」{count} 笔到 {file}。")


def told(problem: ImportProblem) -> str:
    """The mistakes for the terminal, the first thirty of them."""
    lines = str(problem).splitlines()
    more = len(lines) - SHOWN_MISTAKES
    shown = [f"  {line}" for line in lines[:SHOWN_MISTAKES]]
    if more > 0:
        shown.append(f"  ……还有 {more} 处")
    return "\n".join([f"没有导入，共 {len(lines)} 处要改，改好后再试：", *shown])


def summary(done: LedgerImported) -> str:
    lines = [
        f"导入好了：「{done.fund.name}」（{done.fund.code}）{done.entries} 笔，{done.first} 至 {done.last}。",
        f"  收入 {yuan(done.income_fen)} 元，支出 {yuan(done.expense_fen)} 元，现在账上 {yuan(done.balance_fen)} 元。",
    ]
    if done.opened:
        lines.append(f"  这本账是新开的（{ledger_categories.KIND_NAMES[done.fund.kind]}）。")
    if done.opening_fen:
        lines.append(f"  期初结余 {yuan(done.opening_fen)} 元。")
    if done.new_categories:
        lines.append(f"  新建的类别：{'、'.join(dict.fromkeys(done.new_categories))}。")
    if done.skipped:
        lines.append(f"  跳过了 {done.skipped} 行合计。")
    return "\n".join(lines)


def _kind(word: str) -> FundKind | None:
    if not word:
        return None
    kind = ledger_categories.KIND_WORDS.get(word.strip())
    if kind is None:
        refuse(f"--kind 没有「{word}」这一种；可用：{'、'.join(ledger_categories.KIND_NAMES.values())}")
    return kind


def _mapping(written: str) -> dict[str, str]:
    mapping: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in written.replace("，", ",").split(","))):
        ours, equals, theirs = part.partition("=")
        if not equals or not theirs.strip() or ours.strip() not in COLUMNS:
            refuse(f"--map 里「{part}」写得不对；请写成 日期=文件里的列名，左边可用：{'、'.join(COLUMNS)}")
        mapping[ours.strip()] = theirs.strip()
    return mapping


def _amount(option: str, written: str) -> int:
    try:
        return fen_of(written) or 0
    except BadCell as bad:
        refuse(f"{option}：{bad}")
