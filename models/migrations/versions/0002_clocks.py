"""Clocks that pause and count working time: segments, breaches, the trail of changes, versions, imported holidays."""

import sqlalchemy as sa
from alembic import op

from models.sla_triggers import TRIGGERS


revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    with op.batch_alter_table("sla_clock") as table:
        table.add_column(sa.Column("policy_version", sa.String(length=16), nullable=False, server_default=""))
        table.add_column(sa.Column("calendar_version", sa.String(length=16), nullable=False, server_default=""))
        table.add_column(sa.Column("extended_s", sa.Float(), nullable=False, server_default="0"))
        table.add_column(sa.Column("lowered_s", sa.Float(), nullable=False, server_default="0"))
        table.add_column(sa.Column("late_after", MOMENT, nullable=True))
        table.add_column(sa.Column("held_until", MOMENT, nullable=True))
        table.add_column(sa.Column("missing_year", sa.Integer(), nullable=True))
        table.alter_column("due_at", existing_type=MOMENT, nullable=True)
    with op.batch_alter_table("sla_clock") as table:
        for name in ("policy_version", "calendar_version"):
            table.alter_column(name, existing_type=sa.String(length=16), server_default=None)
        for name in ("extended_s", "lowered_s"):
            table.alter_column(name, existing_type=sa.Float(), server_default=None)
    for name, column in (("ix_sla_clock_held", "held_until"), ("ix_sla_clock_missing", "missing_year")):
        known = sa.text(f"{column} IS NOT NULL")
        op.create_index(name, "sla_clock", [column], sqlite_where=known, postgresql_where=known)
    op.create_table(
        "clock_segment",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("clock_id", sa.Integer(), nullable=False),
        sa.Column("run_from", MOMENT, nullable=False),
        sa.Column("run_to", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"]),
        sa.ForeignKeyConstraint(["clock_id"], ["sla_clock.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("clock_id", "run_from"),
    )
    op.create_table(
        "sla_breach",
        sa.Column("clock_id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("target_s", sa.Float(), nullable=False),
        sa.Column("noted_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["clock_id"], ["sla_clock.id"]),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"]),
        sa.PrimaryKeyConstraint("clock_id"),
    )
    op.create_table(
        "sla_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("clock_id", sa.Integer(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("cause", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.String(length=128), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"]),
        sa.ForeignKeyConstraint(["clock_id"], ["sla_clock.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_sla_change_clock_id"), "sla_change", ["clock_id"], unique=False)
    for name in ("policy_version", "calendar_version"):
        op.create_table(
            name,
            sa.Column("community_id", sa.Integer(), nullable=False),
            sa.Column("version", sa.String(length=16), nullable=False),
            sa.Column("body", sa.JSON(), nullable=False),
            sa.Column("since", MOMENT, nullable=False),
            sa.ForeignKeyConstraint(["community_id"], ["community.id"]),
            sa.PrimaryKeyConstraint("community_id", "version"),
        )
    op.create_table(
        "holiday_year",
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=16), nullable=False),
        sa.Column("imported_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"]),
        sa.PrimaryKeyConstraint("community_id", "year"),
    )
    # Clocks from before counted natural time without a pause.
    op.execute("UPDATE sla_clock SET late_after = due_at")
    op.execute(
        "INSERT INTO clock_segment (community_id, clock_id, run_from, run_to)"
        " SELECT community_id, id, started_at, stopped_at FROM sla_clock"
    )
    op.execute(
        "INSERT INTO sla_breach (clock_id, community_id, at, cause, target_s, noted_at)"
        " SELECT id, community_id, breached_at, 'late', target_s, breached_at FROM sla_clock"
        " WHERE breached_at IS NOT NULL"
    )
    for statement in TRIGGERS[op.get_bind().dialect.name]:
        op.get_bind().exec_driver_sql(statement)
