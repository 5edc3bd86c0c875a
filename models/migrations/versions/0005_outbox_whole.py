"""Calls counted against quotas, pauses of accounts, relays to the next on duty, alarms, workers' own 公众号."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("outbox", sa.Column("about", sa.String(length=64), nullable=False, server_default=""))
    for name in ("must_reach", "relayed"):
        op.add_column("outbox", sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("outbox", sa.Column("called_at", sa.DateTime(timezone=True), nullable=True))
    # What was called before counts as well: a worker's minute, a resident's 48 hours do not begin anew.
    op.execute("UPDATE outbox SET called_at = done_at WHERE state IN ('sent', 'unknown') AND way <> 'passive'")
    op.create_index("ix_outbox_called", "outbox", ["person", "called_at"])
    op.drop_index("ix_outbox_due", "outbox")  # urgent ones first, without sorting all that waits
    op.create_index("ix_outbox_due", "outbox", ["state", "urgent", "due_at"])
    op.create_index("ix_outbox_stranded", "outbox", ["must_reach", "relayed", "state"])
    op.create_table(
        "push_pause",
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("way", sa.String(length=16), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error_code", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"]),
        sa.PrimaryKeyConstraint("community_id", "account", "way"),
    )
    op.create_table(
        "alarm",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("about", sa.String(length=64), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("cleared_by", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_alarm_open", "alarm", ["community_id", "cleared_at", "next_at"])
    op.create_index("ix_alarm_about", "alarm", ["community_id", "about", "kind"])
    op.create_table(
        "worker_link",
        sa.Column("community_id", sa.Integer(), nullable=False),
        sa.Column("userid", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=128), nullable=False),
        sa.Column("bound_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("code_until", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["community_id"], ["community.id"]),
        sa.PrimaryKeyConstraint("community_id", "userid"),
    )
    op.create_index("ix_worker_link_person", "worker_link", ["community_id", "person"])
    op.create_index("ix_worker_link_code", "worker_link", ["community_id", "code"])
