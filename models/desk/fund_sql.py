"""The ledger's tables as SQLAlchemy Core sees them: its questions and bulk writes never load row objects."""

from sqlmodel import SQLModel

from models import fund  # noqa: F401  the tables must be known before they are named

_tables = SQLModel.metadata.tables
FUND = _tables["fund"]
ACCOUNT = _tables["fund_account"]
ENTRY = _tables["ledger_entry"]
POSTING = _tables["posting"]
MONTH = _tables["account_month"]
PARTY = _tables["ledger_party"]
AGREEMENT = _tables["trust_agreement"]
IMPORT = _tables["ledger_import"]
