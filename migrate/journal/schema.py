"""The journal's tables, as an ordered list of migrations; each is applied in one transaction with its record."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from migrate.errors import JournalError

metadata = sa.MetaData()

migrations_table = sa.Table(
    "migrations",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(100), nullable=False),
)
entries_table = sa.Table(
    "entries",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", sa.String(40), nullable=False),
    sa.Column("actor", sa.String(200), nullable=False),
    sa.Column("kind", sa.String(40), nullable=False, index=True),
    sa.Column("plan", sa.String(64), nullable=False),
    sa.Column("application", sa.String(36), index=True),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("data", sa.Text, nullable=False),
)


def _entries(connection: sa.Connection) -> None:
    entries_table.create(connection)


MIGRATIONS: tuple[tuple[str, Callable[[sa.Connection], None]], ...] = (("entries", _entries),)


def applied(connection: sa.Connection) -> int:
    """Return how many migrations the database has; 0 for a new one."""
    if not sa.inspect(connection).has_table(migrations_table.name):
        return 0
    return connection.execute(sa.select(sa.func.count()).select_from(migrations_table)).scalar_one()


def check(connection: sa.Connection, where: str) -> int:
    """Return how many migrations are applied; raises JournalError for a foreign database or one of a newer version."""
    done = applied(connection)
    if done > len(MIGRATIONS):
        raise JournalError(
            f"{where} was written by a newer version of unsecret (schema {done}, this one knows {len(MIGRATIONS)}): "
            "upgrade unsecret"
        )
    if done == 0 and (tables := sa.inspect(connection).get_table_names()):
        raise JournalError(f"{where} is not a journal (it holds the table {tables[0]}): give another --journal")
    return done


def upgrade(engine: sa.Engine, where: str) -> None:
    """Apply what is missing."""
    with engine.begin() as connection:
        done = check(connection, where)
        migrations_table.create(connection, checkfirst=True)
        for number, (name, migrate) in enumerate(MIGRATIONS[done:], start=done + 1):
            migrate(connection)
            connection.execute(migrations_table.insert().values(number=number, name=name))
