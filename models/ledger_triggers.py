"""Triggers that keep the books append-only, balanced and chained even against hand-written SQL, on both engines.

`models.fund` runs them when tables are made at once; a migration runs the same constants. The refusals carry a
short name in brackets that the tests look for.
"""

KEPT_TABLES = ("ledger_entry", "posting", "trust_agreement")

_SQLITE_FROZEN = """
CREATE TRIGGER IF NOT EXISTS {table}_no_{verb} BEFORE {verb} ON {table}
BEGIN SELECT RAISE(ABORT, '[append-only] {table}: only additions are allowed, correct by a reversal'); END
"""

# INSERT OR REPLACE deletes without firing delete triggers: whatever it would replace is refused here.
_SQLITE_SEALED = """
CREATE TRIGGER IF NOT EXISTS posting_sealed BEFORE INSERT ON posting
WHEN EXISTS (SELECT 1 FROM ledger_entry e WHERE e.fund_id = NEW.fund_id AND e.seq = NEW.seq)
  OR EXISTS (SELECT 1 FROM posting p WHERE p.id = NEW.id)
BEGIN SELECT RAISE(ABORT, '[sealed] posting: its entry is written already'); END
"""

_SQLITE_ENTRY = """
CREATE TRIGGER IF NOT EXISTS ledger_entry_checked BEFORE INSERT ON ledger_entry
BEGIN
  SELECT RAISE(ABORT, '[append-only] ledger_entry: it would replace another')
    WHERE EXISTS (SELECT 1 FROM ledger_entry e WHERE e.id = NEW.id)
       OR EXISTS (SELECT 1 FROM ledger_entry e WHERE e.fund_id = NEW.fund_id AND e.voucher = NEW.voucher)
       OR EXISTS (SELECT 1 FROM ledger_entry e WHERE e.reverses_id = NEW.reverses_id);
  SELECT RAISE(ABORT, '[gap] ledger_entry: seq must be the next one of the fund')
    WHERE NEW.seq <> COALESCE((SELECT MAX(e.seq) FROM ledger_entry e WHERE e.fund_id = NEW.fund_id), 0) + 1;
  SELECT RAISE(ABORT, '[chain] ledger_entry: prev_hash must be the hash of the entry before')
    WHERE NEW.seq > 1 AND NEW.prev_hash <> (
      SELECT e.hash FROM ledger_entry e WHERE e.fund_id = NEW.fund_id AND e.seq = NEW.seq - 1);
  SELECT RAISE(ABORT, '[unbalanced] ledger_entry: its postings must be two or more and sum to zero')
    WHERE (SELECT COUNT(*) < 2 OR SUM(p.amount_fen) <> 0
           FROM posting p WHERE p.fund_id = NEW.fund_id AND p.seq = NEW.seq);
  SELECT RAISE(ABORT, '[reversal] ledger_entry: a reversal cannot be reversed')
    WHERE NEW.reverses_id IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM ledger_entry e
      WHERE e.id = NEW.reverses_id AND e.fund_id = NEW.fund_id AND e.reverses_id IS NULL);
END
"""

SQLITE_TRIGGERS: tuple[str, ...] = (
    *(
        _SQLITE_FROZEN.format(table=table, verb=verb)
        for table in KEPT_TABLES
        for verb in ("UPDATE", "DELETE")
    ),
    _SQLITE_SEALED,
    _SQLITE_ENTRY,
)

_POSTGRES_FROZEN = """
CREATE OR REPLACE FUNCTION linli_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING MESSAGE =
    '[append-only] ' || TG_TABLE_NAME || ': only additions are allowed, correct by a reversal';
END $$
"""

_POSTGRES_FROZEN_ON = """
CREATE OR REPLACE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION linli_append_only()
"""

_POSTGRES_SEALED = """
CREATE OR REPLACE FUNCTION linli_posting_sealed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM ledger_entry e WHERE e.fund_id = NEW.fund_id AND e.seq = NEW.seq) THEN
    RAISE EXCEPTION '[sealed] posting: its entry is written already';
  END IF;
  RETURN NEW;
END $$
"""

_POSTGRES_SEALED_ON = """
CREATE OR REPLACE TRIGGER posting_sealed BEFORE INSERT ON posting
FOR EACH ROW EXECUTE FUNCTION linli_posting_sealed()
"""

_POSTGRES_ENTRY = """
CREATE OR REPLACE FUNCTION linli_ledger_entry_checked() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  last_seq integer;
  last_hash text;
BEGIN
  SELECT e.seq, e.hash INTO last_seq, last_hash
    FROM ledger_entry e WHERE e.fund_id = NEW.fund_id ORDER BY e.seq DESC LIMIT 1;
  IF NEW.seq <> COALESCE(last_seq, 0) + 1 THEN
    RAISE EXCEPTION '[gap] ledger_entry: seq must be the next one of the fund';
  END IF;
  IF NEW.seq > 1 AND NEW.prev_hash <> last_hash THEN
    RAISE EXCEPTION '[chain] ledger_entry: prev_hash must be the hash of the entry before';
  END IF;
  IF (SELECT COUNT(*) < 2 OR SUM(p.amount_fen) <> 0
      FROM posting p WHERE p.fund_id = NEW.fund_id AND p.seq = NEW.seq) THEN
    RAISE EXCEPTION '[unbalanced] ledger_entry: its postings must be two or more and sum to zero';
  END IF;
  IF NEW.reverses_id IS NOT NULL AND NOT EXISTS (
      SELECT 1 FROM ledger_entry e
      WHERE e.id = NEW.reverses_id AND e.fund_id = NEW.fund_id AND e.reverses_id IS NULL) THEN
    RAISE EXCEPTION '[reversal] ledger_entry: a reversal cannot be reversed';
  END IF;
  RETURN NEW;
END $$
"""

_POSTGRES_ENTRY_ON = """
CREATE OR REPLACE TRIGGER ledger_entry_checked BEFORE INSERT ON ledger_entry
FOR EACH ROW EXECUTE FUNCTION linli_ledger_entry_checked()
"""

POSTGRES_TRIGGERS: tuple[str, ...] = (
    _POSTGRES_FROZEN,
    *(_POSTGRES_FROZEN_ON.format(table=table) for table in KEPT_TABLES),
    _POSTGRES_SEALED,
    _POSTGRES_SEALED_ON,
    _POSTGRES_ENTRY,
    _POSTGRES_ENTRY_ON,
)

TRIGGERS = {"sqlite": SQLITE_TRIGGERS, "postgresql": POSTGRES_TRIGGERS}
