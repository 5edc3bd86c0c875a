"""Triggers that keep a breach for ever: written once, on both engines (domain.md §3 f)."""

_SQLITE = """
CREATE TRIGGER IF NOT EXISTS sla_breach_no_{verb} BEFORE {verb} ON sla_breach
BEGIN SELECT RAISE(ABORT, '[append-only] sla_breach: a missed deadline stays missed'); END
"""
# INSERT OR REPLACE deletes without firing delete triggers.
_SQLITE_ONCE = """
CREATE TRIGGER IF NOT EXISTS sla_breach_once BEFORE INSERT ON sla_breach
WHEN EXISTS (SELECT 1 FROM sla_breach b WHERE b.clock_id = NEW.clock_id)
BEGIN SELECT RAISE(IGNORE); END
"""
_POSTGRES_FUNCTION = """
CREATE OR REPLACE FUNCTION linli_breach_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION '[append-only] sla_breach: a missed deadline stays missed'; END $$
"""
_POSTGRES = """
CREATE OR REPLACE TRIGGER sla_breach_kept BEFORE UPDATE OR DELETE ON sla_breach
FOR EACH ROW EXECUTE FUNCTION linli_breach_kept()
"""

TRIGGERS: dict[str, tuple[str, ...]] = {
    "sqlite": (*(_SQLITE.format(verb=verb) for verb in ("UPDATE", "DELETE")), _SQLITE_ONCE),
    "postgresql": (_POSTGRES_FUNCTION, _POSTGRES),
}
