"""Bringing a journal to the schema of this version: one transaction a step, so that a crash leaves the step before."""

from __future__ import annotations

from migrate.journal import process, schema
from migrate.journal.database import Database


def upgrade(database: Database) -> None:
    """Apply every migration that is missing; a new database has them all before it. Raises JournalError."""
    going = True
    while going:
        with database.writing() as connection:
            stamp = schema.Stamp(at=database.now(connection).isoformat(), actor=process.actor())
            going = schema.step(connection, f"journal {database.where}", stamp)
