"""Bring a database to the present schema, or say which schema it has."""

from pathlib import Path

from sqlalchemy import inspect, text

from models.database import Database

HEAD = "0007"
_FOLDER = Path(__file__).parent / "migrations"


def revision(database: Database) -> str | None:
    """The schema's revision; None for an empty database."""
    with database.read() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return str(found) if found is not None else None


def migrate(database: Database) -> bool:
    """Run what is missing; False when there was nothing to do.

    All of it is one transaction: a migration that fails leaves the database as it was.
    """
    if revision(database) == HEAD:
        return False
    # Alembic takes longer to import than everything else at a start that has nothing to migrate.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    with database.write() as connection:
        database.alone(connection)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return True
