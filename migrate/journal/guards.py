"""Triggers that refuse every change of what was written, and every entry that would not be the last.

They stop mistakes and programs that go their own way. Who owns the database can take them away; that is what the hash
chain is for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import sqlalchemy as sa

KEPT = ("entries", "journal", "migrations")
"""Tables whose rows stay as they are."""
_REFUSED = "a journal is only ever appended to"

_SQLITE_END = (
    "CREATE TRIGGER entries_at_end BEFORE INSERT ON entries WHEN NEW.number <= (SELECT max(number) FROM entries) "
    "BEGIN SELECT RAISE(ABORT, 'a journal is only ever appended to'); END"
)
"""REPLACE deletes without asking the trigger for DELETE (SQLite, "CREATE TRIGGER"), so it is caught as an insertion."""

_POSTGRESQL_REFUSE = f"""CREATE FUNCTION unsecret_refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '{_REFUSED}'; END $$"""
_POSTGRESQL_AT_END = f"""CREATE FUNCTION unsecret_at_end() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
IF EXISTS (SELECT FROM entries WHERE number >= NEW.number) THEN RAISE EXCEPTION '{_REFUSED}'; END IF;
RETURN NEW; END $$"""


def create(connection: sa.Connection) -> None:
    """Put the triggers on; none of the three tables can be changed after this."""
    make = _postgresql if connection.dialect.name == "postgresql" else _sqlite
    for statement in make().values():
        connection.exec_driver_sql(statement)


def missing(connection: sa.Connection) -> tuple[str, ...]:
    """Return the names of triggers that are gone, changed or off."""
    present = set(_on_postgresql(connection) if connection.dialect.name == "postgresql" else _on_sqlite(connection))
    wanted = (name for name in _names(connection) if name not in present)
    return tuple(wanted)


def _names(connection: sa.Connection) -> Iterable[str]:
    if connection.dialect.name == "postgresql":
        return [name for name in _postgresql() if not name.startswith("function")]
    return _sqlite()


def _sqlite() -> dict[str, str]:
    statements = {
        f"{table}_no_{event}": (
            f"CREATE TRIGGER {table}_no_{event} BEFORE {event.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{_REFUSED}'); END"
        )
        for table in KEPT
        for event in ("update", "delete")
    }
    return {**statements, "entries_at_end": _SQLITE_END}


def _postgresql() -> dict[str, str]:
    triggers = {
        f"{table}_append_only": (
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION unsecret_refuse()"
        )
        for table in KEPT
    }
    return {
        "function unsecret_refuse": _POSTGRESQL_REFUSE,
        "function unsecret_at_end": _POSTGRESQL_AT_END,
        **triggers,
        "entries_at_end": (
            "CREATE TRIGGER entries_at_end BEFORE INSERT ON entries FOR EACH ROW EXECUTE FUNCTION unsecret_at_end()"
        ),
    }


def _on_sqlite(connection: sa.Connection) -> Iterator[str]:
    wanted = _sqlite()
    for name, text in connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"):
        if wanted.get(name) == text:
            yield name


def _on_postgresql(connection: sa.Connection) -> Iterator[str]:
    query = sa.text(
        "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
        "WHERE relnamespace = current_schema()::regnamespace AND relname IN :tables AND tgenabled IN ('O', 'A')"
    ).bindparams(sa.bindparam("tables", KEPT, expanding=True))
    yield from connection.execute(query).scalars()
