"""The journal's tables, as an ordered list of migrations; each is applied in one transaction with its record."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from migrate.entry import Kind
from migrate.errors import JournalError
from migrate.journal import chain, guards

metadata = sa.MetaData()

migrations_table = sa.Table(
    "migrations",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("name", sa.String(100), nullable=False),
)
journal_table = sa.Table(
    "journal",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("created_at", sa.Text, nullable=False),
)
"""One row: the random id that the hash chain begins with."""
entries_table = sa.Table(
    "entries",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("plan", sa.Text, nullable=False),
    sa.Column("application", sa.Text),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("meant", sa.Text),
    sa.Column("seen_before", sa.Text),
    sa.Column("done", sa.Text),
    sa.Column("seen_after", sa.Text),
    sa.Column("fence", sa.Integer),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)
sa.Index("entries_by_application", entries_table.c.application, entries_table.c.number)
sa.Index("entries_by_kind", entries_table.c.kind, entries_table.c.number)
leases_table = sa.Table(
    "leases",
    metadata,
    sa.Column("application", sa.Text, primary_key=True),
    sa.Column("fence", sa.Integer, nullable=False),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("process", sa.Text, nullable=False),
    sa.Column("expires_at", sa.Text),
)
"""Who acts on an application; ``expires_at`` is NULL where nobody does. A row stays, so that its fence never falls."""

first_entries_table = sa.Table(
    "entries",
    sa.MetaData(),
    sa.Column("number", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("at", sa.String(40), nullable=False),
    sa.Column("actor", sa.String(200), nullable=False),
    sa.Column("kind", sa.String(40), nullable=False, index=True),
    sa.Column("plan", sa.String(64), nullable=False),
    sa.Column("application", sa.String(36), index=True),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("data", sa.Text, nullable=False),
)
"""The entries of schema 1, without a chain."""
_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """Who migrates, and when by the journal's clock."""

    at: str
    actor: str
    journal: str = ""
    """Id of the journal that is copied; a new one gets its own."""


def _entries(connection: sa.Connection, _: Stamp) -> None:
    first_entries_table.create(connection)


def _chained(connection: sa.Connection, stamp: Stamp) -> None:
    """Chain what is there, and say in the chain that it was not protected before."""
    for index in first_entries_table.indexes:
        index.drop(connection)
    connection.exec_driver_sql("ALTER TABLE entries RENAME TO entries_1")
    for table in (journal_table, entries_table, leases_table):
        table.create(connection)
    identity = stamp.journal or str(uuid.uuid4())
    connection.execute(journal_table.insert().values(id=identity, created_at=stamp.at))
    _chain_old(connection, identity, stamp)
    connection.exec_driver_sql("DROP TABLE entries_1")
    guards.create(connection)


def _chain_old(connection: sa.Connection, identity: str, stamp: Stamp) -> None:
    old = first_entries_table.to_metadata(sa.MetaData(), name="entries_1")
    head, number, count = chain.genesis(identity), 0, 0
    while batch := connection.execute(
        sa.select(old).where(old.c.number > number).order_by(old.c.number).limit(_BATCH)
    ).all():  # fmt: skip
        rows = []
        for each in batch:
            rows.append(chained(each._asdict(), head))
            head, number = str(rows[-1]["hash"]), each.number
        connection.execute(entries_table.insert(), rows)
        count += len(rows)
    if count:
        row: dict[str, chain.Cell] = {"number": number + 1, "at": stamp.at, "actor": stamp.actor}
        row |= {"kind": Kind.CHAIN_STARTED.value, "plan": "", "subject": "", "data": f'{{"unprotected":{number}}}'}
        connection.execute(entries_table.insert().values(chained(row, head)))


def chained(row: Mapping[str, chain.Cell], previous: str) -> dict[str, chain.Cell]:
    """Return a row with its place in the chain; what it does not say is NULL."""
    whole = {**dict.fromkeys(chain.FIELDS), **row, "previous": previous}
    return {**whole, "hash": chain.link(whole)}


MIGRATIONS: tuple[tuple[str, Callable[[sa.Connection, Stamp], None]], ...] = (
    ("entries", _entries),
    ("chain", _chained),
)
CHAINED = 2
"""The first schema with a chain."""


def applied(connection: sa.Connection) -> tuple[str, ...]:
    """Return the names of the migrations that the database has; none for a new one."""
    if not sa.inspect(connection).has_table(migrations_table.name):
        return ()
    query = sa.select(migrations_table.c.name).order_by(migrations_table.c.number)
    return tuple(connection.execute(query).scalars())


def check(connection: sa.Connection, where: str) -> int:
    """Return how many migrations are applied; raises JournalError for a foreign database or one of a newer version."""
    names, known = applied(connection), tuple(name for name, _ in MIGRATIONS)
    if names[: len(known)] != known[: len(names)]:
        raise JournalError(f"{where} is not a journal (its migrations are others): give another journal")
    if len(names) > len(known):
        raise JournalError(
            f"{where} was written by a newer version of unsecret (schema {len(names)}, this one knows {len(known)}): "
            "upgrade unsecret"
        )
    if not names and (tables := sa.inspect(connection).get_table_names()):
        raise JournalError(f"{where} is not a journal (it holds the table {tables[0]}): give another journal")
    return len(names)


def step(connection: sa.Connection, where: str, stamp: Stamp) -> bool:
    """Apply the next migration, with its record; False where there is none. One transaction: the caller's."""
    done = check(connection, where)
    if done == len(MIGRATIONS):
        return False
    name, migrate = MIGRATIONS[done]
    migrations_table.create(connection, checkfirst=True)
    migrate(connection, stamp)
    connection.execute(migrations_table.insert().values(number=done + 1, name=name))
    return True
