"""Estates, units, households, people, bindings, absences; duties of people without an account, and shifts."""

import sqlalchemy as sa
from alembic import op


revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('estate',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('community_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.String(length=32), nullable=True),
    sa.Column('management', sa.String(length=32), nullable=True),
    sa.Column('aliases', sa.JSON(), server_default='[]', nullable=False),
    sa.ForeignKeyConstraint(['community_id'], ['community.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('community_id', 'name')
    )
    op.create_table('person',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('community_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('phone_enc', sa.String(length=256), nullable=False),
    sa.Column('phone_print', sa.String(length=32), nullable=False),
    sa.Column('birth_month', sa.String(length=7), nullable=False),
    sa.ForeignKeyConstraint(['community_id'], ['community.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_person_phone', 'person', ['community_id', 'phone_print'], unique=False)
    op.create_table('absence',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('community_id', sa.Integer(), nullable=False),
    sa.Column('worker_id', sa.Integer(), nullable=False),
    sa.Column('stand_in_id', sa.Integer(), nullable=True),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('reported_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['community_id'], ['community.id'], ),
    sa.ForeignKeyConstraint(['stand_in_id'], ['worker.id'], ),
    sa.ForeignKeyConstraint(['worker_id'], ['worker.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_absence', 'absence', ['community_id', 'worker_id', 'ends_at'], unique=False)
    op.create_table('channel_identity',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('community_id', sa.Integer(), nullable=False),
    sa.Column('person_key', sa.String(length=128), nullable=False),
    sa.Column('unionid', sa.String(length=64), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=True),
    sa.Column('bound_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('code_misses', sa.Integer(), nullable=False),
    sa.Column('missed_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['community_id'], ['community.id'], ),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('community_id', 'person_key')
    )
    op.create_index(op.f('ix_channel_identity_person_id'), 'channel_identity', ['person_id'], unique=False)
    op.create_table('unit',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('community_id', sa.Integer(), nullable=False),
    sa.Column('building_id', sa.Integer(), nullable=False),
    sa.Column('no', sa.String(length=8), nullable=False),
    sa.ForeignKeyConstraint(['building_id'], ['building.id'], ),
    sa.ForeignKeyConstraint(['community_id'], ['community.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('building_id', 'no')
    )
    op.create_table('household',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('community_id', sa.Integer(), nullable=False),
    sa.Column('unit_id', sa.Integer(), nullable=False),
    sa.Column('room', sa.String(length=16), nullable=False),
    sa.Column('area', sa.Integer(), nullable=True),
    sa.Column('occupancy', sa.String(length=32), nullable=True),
    sa.ForeignKeyConstraint(['community_id'], ['community.id'], ),
    sa.ForeignKeyConstraint(['unit_id'], ['unit.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('unit_id', 'room')
    )
    op.create_table('binding',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('community_id', sa.Integer(), nullable=False),
    sa.Column('person_id', sa.Integer(), nullable=False),
    sa.Column('household_id', sa.Integer(), nullable=False),
    sa.Column('relation', sa.String(length=32), nullable=False),
    sa.Column('verified_by', sa.String(length=32), nullable=False),
    sa.Column('is_representative', sa.Boolean(), nullable=False),
    sa.Column('valid_from', sa.DateTime(timezone=True), nullable=False),
    sa.Column('valid_to', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['community_id'], ['community.id'], ),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], ),
    sa.ForeignKeyConstraint(['person_id'], ['person.id'], ),
    sa.PrimaryKeyConstraint('id')
    )
    op.create_index('ix_binding_household', 'binding', ['household_id'], unique=False)
    op.create_index('ux_binding_open', 'binding', ['person_id', 'household_id'], unique=True, sqlite_where=sa.text('valid_to IS NULL'), postgresql_where=sa.text('valid_to IS NULL'))
    op.create_index('ux_binding_representative', 'binding', ['household_id'], unique=True, sqlite_where=sa.text('valid_to IS NULL AND is_representative'), postgresql_where=sa.text('valid_to IS NULL AND is_representative'))
    op.create_table('household_code',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('community_id', sa.Integer(), nullable=False),
    sa.Column('household_id', sa.Integer(), nullable=False),
    sa.Column('code_print', sa.String(length=32), nullable=False),
    sa.Column('issued_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('used_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('used_by', sa.String(length=128), nullable=False),
    sa.ForeignKeyConstraint(['community_id'], ['community.id'], ),
    sa.ForeignKeyConstraint(['household_id'], ['household.id'], ),
    sa.PrimaryKeyConstraint('id'),
    sa.UniqueConstraint('community_id', 'code_print')
    )
    op.create_index(op.f('ix_household_code_household_id'), 'household_code', ['household_id'], unique=False)
    op.add_column('building', sa.Column('aliases', sa.JSON(), server_default='[]', nullable=False))
    op.add_column('building', sa.Column('gone_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('building_grid', sa.Column('source', sa.String(length=8), server_default='config', nullable=False))
    # One open row for a building (G2): of several the newest counts.
    op.execute(
        "UPDATE building_grid SET valid_to = valid_from WHERE valid_to IS NULL AND id NOT IN"
        " (SELECT max(id) FROM building_grid WHERE valid_to IS NULL GROUP BY building_id)"
    )
    op.create_index('ux_building_grid_open', 'building_grid', ['building_id'], unique=True, sqlite_where=sa.text('valid_to IS NULL'), postgresql_where=sa.text('valid_to IS NULL'))
    with op.batch_alter_table('duty') as duty:  # SQLite copies the table: nothing refers to it
        duty.add_column(sa.Column('person_id', sa.Integer(), nullable=True))
        duty.add_column(sa.Column('building_id', sa.Integer(), nullable=True))
        duty.add_column(sa.Column('shift', sa.String(length=32), server_default='', nullable=False))
        duty.add_column(sa.Column('source', sa.String(length=8), server_default='config', nullable=False))
        duty.alter_column('worker_id', existing_type=sa.INTEGER(), nullable=True)
        duty.alter_column('grid_id', existing_type=sa.INTEGER(), nullable=True)
        duty.create_foreign_key('fk_duty_building', 'building', ['building_id'], ['id'])
        duty.create_foreign_key('fk_duty_person', 'person', ['person_id'], ['id'])
    op.add_column('grid', sa.Column('special', sa.String(length=16), server_default='', nullable=False))
    op.add_column('grid', sa.Column('source', sa.String(length=8), server_default='config', nullable=False))
    op.execute(
        "UPDATE building SET gone_at = COALESCE("
        "(SELECT max(valid_to) FROM building_grid WHERE building_id = building.id), CURRENT_TIMESTAMP)"
        " WHERE NOT EXISTS (SELECT 1 FROM building_grid WHERE building_id = building.id AND valid_to IS NULL)"
    )
    op.execute(
        "INSERT INTO estate (community_id, name) SELECT DISTINCT community_id, estate FROM building WHERE estate <> ''"
    )
