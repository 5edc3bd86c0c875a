"""`linli import holidays`: a year's public holidays and make-up workdays, for the clocks that count working time."""

from pathlib import Path
from typing import Annotated

import typer

from bot.commands.base import open_desk, refuse
from models.holidays import HolidayFileError, read_year


def import_holidays_command(
    file: Annotated[Path, typer.Argument(help="holiday-cn 的年份文件，例如 2027.json")],
) -> None:
    """导入一年的放假和调休安排；暂定的期限随之改准。"""
    try:
        year = read_year(file.read_bytes())
    except OSError as problem:
        refuse(f"打不开 {file}：{problem.strerror}")
    except HolidayFileError as problem:
        refuse(f"{file}：{problem}。什么也没有导入。")
    with open_desk() as desk:
        changed = desk.import_holidays(year)
        count = 0
        while done := desk.complete_calendars():
            count += done
        until = desk.holidays_known_until()
    off = sum(year.days.values())
    if not changed:
        print(f"{year.year} 年的安排早已导入，没有变化。")
    else:
        print(f"已导入 {year.year} 年：放假 {off} 天，调休上班 {len(year.days) - off} 天。")
        print("以后开始的时限按新的安排算；正在走的不变，要改请看「linli clocks recalc」。")
    if count:
        print(f"{count} 个暂定的期限已改准。")
    print(f"放假安排现在到 {until:%Y-%m-%d}。")
