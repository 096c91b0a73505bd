"""Journals of the first schema: read as they are, upgraded by the first entry, whole or not at all."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from inventory.model import ClientId
from migrate.clock import SystemClock
from migrate.entry import Kind
from migrate.errors import JournalError
from migrate.journal import archive, schema
from tests.support.journals import about, database, fact, journal, old_journal

CLOCK = SystemClock()


def tables(url: str) -> set[str]:
    with database(url) as connection:
        return set(sa.inspect(connection).get_table_names())


def test_reading_an_old_journal_does_not_touch_it(url: str) -> None:
    old_journal(url, 3)
    with journal(url) as opened:
        entries = opened.entries(kinds=(Kind.HELD,), application=ClientId("x"))
        assert [(each.number, each.hash, each.fence) for each in entries] == [
            (1, "", None),
            (2, "", None),
            (3, "", None),
        ]
    assert tables(url) == {"migrations", "entries"}


def test_the_first_entry_chains_what_is_there_and_says_that_it_was_not_protected(url: str) -> None:
    old_journal(url, 1205, missing=frozenset({2, 700}))
    with journal(url) as opened:
        before = opened.entries()
        assert opened.record(fact()).number == 1207
        after = opened.entries()
    assert [(each.number, each.at, each.actor, each.data) for each in before] == [
        (each.number, each.at, each.actor, each.data) for each in after[:-2]
    ]
    started = after[-2]
    assert (started.kind, started.number, started.data) == (Kind.CHAIN_STARTED, 1206, {"unprotected": 1205})
    audit = archive.verify(url, CLOCK)
    assert audit.sound
    assert audit.unprotected == 1205
    assert tables(url) == {"migrations", "entries", "journal", "leases"}


def test_an_old_entry_that_is_changed_after_the_upgrade_is_found(url: str) -> None:
    old_journal(url, 3)
    with journal(url) as opened:
        opened.record(fact())
    with database(url) as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("ALTER TABLE entries DISABLE TRIGGER ALL")
        else:
            connection.exec_driver_sql("DROP TRIGGER entries_no_update")
        connection.exec_driver_sql("UPDATE entries SET subject = 'x' WHERE number = 2")
    assert not archive.verify(url, CLOCK).sound


def test_a_migration_that_fails_leaves_the_schema_before_it(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(connection: sa.Connection, _: schema.Stamp) -> None:
        connection.exec_driver_sql("DROP TABLE leases")
        connection.exec_driver_sql("CREATE TABLE more (x INTEGER)")
        raise JournalError("in the middle")

    with journal(url) as opened:
        opened.record(fact())
    before = tables(url)
    with monkeypatch.context() as later:
        later.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, ("later", failing)))
        with journal(url) as opened, pytest.raises(JournalError, match="in the middle"):
            opened.record(fact())
    assert tables(url) == before
    with journal(url) as opened, opened.lease(ClientId("a")):
        assert opened.record(about("a")).number == 2


def test_a_new_journal_says_nothing_of_an_upgrade(url: str) -> None:
    with journal(url) as opened:
        opened.record(fact())
        assert [each.kind for each in opened.entries()] == [Kind.CODE_SCANNED]
    with database(url) as connection:
        assert schema.applied(connection) == tuple(name for name, _ in schema.MIGRATIONS)


def test_a_database_with_migrations_of_its_own_is_no_journal_and_stays_as_it_is(url: str) -> None:
    with database(url) as connection:
        connection.exec_driver_sql("CREATE TABLE migrations (number INTEGER, name TEXT)")
        connection.exec_driver_sql("INSERT INTO migrations VALUES (1, 'create_users')")
    with pytest.raises(JournalError, match="not a journal"), journal(url) as opened:
        opened.record(fact())
    assert tables(url) == {"migrations"}
