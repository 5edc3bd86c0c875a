"""Checks over all tables: the file is whole, no row points at nothing, no row at another community's."""

from collections.abc import Iterator

from sqlalchemy import Column, ForeignKey, Table
from sqlmodel import SQLModel

import models.tables  # noqa: F401  every table is known to the metadata
from models.audit.check import Check, Finding, Look


def _links() -> Iterator[tuple[Table, Column[int], ForeignKey]]:
    """Every column that points at a row of another table by one column."""
    for table in SQLModel.metadata.sorted_tables:
        for key in table.foreign_keys:
            if key.constraint is not None and len(key.constraint.elements) == 1:
                yield table, key.parent, key


def _whole_file(look: Look) -> Iterator[Finding]:
    if look.connection.dialect.name != "sqlite":
        return
    for (said,) in look.connection.exec_driver_sql("PRAGMA quick_check"):
        if said != "ok":
            yield Finding("数据库文件", f"坏了：{said}")


def _orphans(look: Look) -> Iterator[Finding]:
    for table, column, key in _links():
        other = key.column
        for row in look.rows(
            f"SELECT a.{column.name} AS id FROM {table.name} a LEFT JOIN {other.table.name} b"
            f" ON b.{other.name} = a.{column.name} WHERE a.{column.name} IS NOT NULL AND b.{other.name} IS NULL"
        ):
            yield Finding(f"{table.name} 表", f"指向 {other.table.name} 表里没有的第 {row['id']} 行")


def _strangers(look: Look) -> Iterator[Finding]:
    for table, column, key in _links():
        other = key.column.table
        if not all("community_id" in one.columns for one in (table, other)):
            continue
        for row in look.rows(
            f"SELECT a.{column.name} AS id FROM {table.name} a JOIN {other.name} b"
            f" ON b.{key.column.name} = a.{column.name} WHERE a.community_id <> b.community_id"
        ):
            yield Finding(f"{table.name} 表", f"指向别的社区的 {other.name} 第 {row['id']} 行")


CHECKS = (
    Check("file", "数据库文件是完好的", _whole_file),
    Check("rows", "每一行指向的那一行都在", _orphans),
    Check("community", "每一行和它指向的那一行属于同一个社区", _strangers),
)
