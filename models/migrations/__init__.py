"""Alembic migrations: forward only, with data, on both engines."""
