"""Whole journals: checked, exported to a file that can be checked offline, copied to another database."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import assert_never

import msgspec
import sqlalchemy as sa

from migrate.entry import Kind
from migrate.errors import JournalError
from migrate.journal import chain, guards, lines, schema
from migrate.journal.database import Database
from migrate.journal.schema import entries_table, journal_table, leases_table
from migrate.journal.upgrade import upgrade
from migrate.ports import Clock

_BATCH = 500


@dataclass(kw_only=True)
class _Seen:
    """What went by while the chain was followed."""

    unprotected: int = 0

    def through(self, rows: Iterable[chain.Row]) -> Iterator[chain.Row]:
        for row in rows:
            if row["kind"] == Kind.CHAIN_STARTED.value:
                self.unprotected = _unprotected(row)
            yield row


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What a check of a journal found."""

    journal: str
    """Its id."""
    verdict: chain.Verdict
    unprotected: int = 0
    """Number of the last entry that was written before there was a chain: up to it, only changes since are found."""
    unguarded: tuple[str, ...] = ()
    """Triggers that are missing, so that changes are not refused any more."""

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return not self.wrong

    @property
    def wrong(self) -> str:
        """What is wrong, in a few words; empty where nothing is."""
        match self.verdict:
            case chain.Broken(number=0, how=how):
                return how
            case chain.Broken(number=number, how=how):
                return f"entry {number}: {how}"
            case chain.Sound():
                return f"the trigger {self.unguarded[0]} is missing" if self.unguarded else ""
            case _:
                assert_never(self.verdict)


def verify(url: str, clock: Clock, anchor: str | None = None) -> Audit:
    """Check the chain of a journal, in one look at it; raises JournalError where there is none."""
    with closing(Database(url, clock)) as database:
        _present(database)
        with database.reading() as connection:
            if damaged := _damaged(connection):
                return damaged
            if _version(database, connection) < schema.CHAINED:
                return Audit(journal="", verdict=chain.Broken(number=0, how=_unchained(connection)))
            return _followed(connection, anchor)


def wrong(url: str, clock: Clock) -> str:
    """Say what is wrong with a journal that something is to rest on, or nothing; raises JournalError.

    Nothing is wrong with one in which nothing was recorded, nor with one of an older version, which has no chain yet.
    """
    with closing(Database(url, clock)) as database:
        if database.absent:
            return ""
        with database.reading() as connection:
            audit = _damaged(connection)
            if audit is None and schema.check(connection, f"journal {database.where}") >= schema.CHAINED:
                audit = _followed(connection, None)
    return "" if audit is None else audit.wrong


def _unchained(connection: sa.Connection) -> str:
    """Tell a journal of an older version from one whose making was cut short: each step of it is a transaction."""
    if connection.execute(sa.select(schema.first_entries_table.c.number).limit(1)).first() is None:
        return (
            "it was begun and holds nothing: its making was cut short, as by a full disk; the next command that "
            "records something goes on with it"
        )
    return "it is of an older version, without a chain: the next command that records something begins one"


def _damaged(connection: sa.Connection) -> Audit | None:
    damage = _damage(connection)
    return Audit(journal="", verdict=chain.Broken(number=0, how=f"the file is damaged: {damage}")) if damage else None


def _followed(connection: sa.Connection, anchor: str | None) -> Audit:
    identity, seen = _identity(connection), _Seen()
    with closing(_rows(connection)) as rows:
        verdict = chain.check(identity, seen.through(rows), anchor)
    unguarded = guards.missing(connection)
    return Audit(journal=identity, verdict=verdict, unprotected=seen.unprotected, unguarded=unguarded)


def by_application(url: str, clock: Clock) -> tuple[lines.Header, dict[str, list[chain.Row]]]:
    """Return the head of a journal whose chain holds, and the entries about each application; raises JournalError."""
    found: dict[str, list[chain.Row]] = {}
    with closing(Database(url, clock)) as database:
        _present(database)
        with database.reading() as connection:
            if _version(database, connection) < schema.CHAINED:
                raise JournalError(f"the journal {database.where} has no hash chain yet: it begins with the next entry")
            header = _header(connection)
            with closing(_rows(connection)) as rows:
                verdict = chain.check(header.journal, _sorted_out(rows, found))
    if isinstance(verdict, chain.Broken):
        raise JournalError(f"the chain of the journal is broken at entry {verdict.number}: {verdict.how}")
    return header, found


def _sorted_out(rows: Iterable[chain.Row], found: dict[str, list[chain.Row]]) -> Iterator[chain.Row]:
    for row in rows:
        if row["application"]:
            found.setdefault(str(row["application"]), []).append(row)
        yield row


def verify_file(path: Path, anchor: str | None = None) -> Audit:
    """Check an exported journal with nothing but the file; raises JournalError where it is none."""
    seen = _Seen()
    identity = ""
    try:
        header, rows = lines.read(path)
        identity = header.journal
        verdict = chain.check(identity, seen.through(rows), anchor)
    except lines.LineError as error:
        how = f"line {error.number} of the file: {error}"
        return Audit(journal=identity, verdict=chain.Broken(number=max(error.number - 1, 0), how=how))
    if isinstance(verdict, chain.Sound) and (verdict.entries, verdict.head) != (header.entries, header.head):
        how = f"the file begins with the promise of {header.entries} entries: its end was cut off"
        verdict = chain.Broken(number=verdict.entries + 1, how=how)
    return Audit(journal=identity, verdict=verdict, unprotected=seen.unprotected)


def export(url: str, clock: Clock, out: Path) -> lines.Header:
    """Write a journal to a file, whole or not at all, as it is: a broken chain shows up when the file is checked."""
    with closing(Database(url, clock)) as database:
        _present(database)
        with database.reading() as connection:
            if _version(database, connection) < schema.CHAINED:
                raise JournalError(
                    f"the journal {database.where} has no hash chain yet: it begins with the next entry, or in a copy "
                    "(unsecret journal copy)"
                )
            header = _header(connection)
            try:
                with closing(_rows(connection)) as rows:
                    _replace(out, lines.written(header, rows))
            except OSError as error:
                raise JournalError(f"cannot write {out}: {error.strerror}; choose another --out") from error
    return header


def copy(source: str, target: str, clock: Clock) -> lines.Header:
    """Copy a journal whose chain holds into a database that is empty, all of it or nothing; ids and hashes stay.

    A source of an older version is upgraded first. Raises JournalError.
    """
    with closing(Database(source, clock)) as old, closing(Database(target, clock)) as new:
        _present(old)
        with old.reading() as reading:
            _version(old, reading)
        upgrade(old)
        with old.reading() as reading, new.writing() as writing:
            header = _header(reading)
            _copy(reading, writing, header.journal, f"journal {new.where}")
    return header


def _copy(source: sa.Connection, target: sa.Connection, identity: str, where: str) -> None:
    if schema.check(target, where):
        raise JournalError(f"{where} has been used already: copy to a database that is empty")
    created_at = source.execute(sa.select(journal_table.c.created_at)).scalar_one()
    stamp = schema.Stamp(at=created_at, actor="", journal=identity)
    while schema.step(target, where, stamp):
        pass
    with closing(_rows(source)) as rows:
        verdict = chain.check(identity, _kept(target, rows))
    match verdict:
        case chain.Sound():
            for lease in source.execute(sa.select(leases_table)):
                target.execute(leases_table.insert().values({**lease._asdict(), "expires_at": None}))
        case chain.Broken(number=number, how=how):
            raise JournalError(f"the journal is not copied, as its chain is broken at entry {number}: {how}")
        case _:
            assert_never(verdict)


def _kept(target: sa.Connection, rows: Iterable[chain.Row]) -> Iterator[chain.Row]:
    """Write rows to another database as they pass."""
    batch: list[chain.Row] = []
    for row in rows:
        batch.append(row)
        if len(batch) == _BATCH:
            target.execute(entries_table.insert(), batch)
            batch = []
        yield row
    if batch:
        target.execute(entries_table.insert(), batch)


def _rows(connection: sa.Connection) -> Generator[chain.Row, None, None]:
    """Return the entries as they are stored, a few at a time; to be closed, as a server keeps a cursor open for it."""
    query = sa.select(entries_table).order_by(entries_table.c.number)
    with connection.execute(query, execution_options={"yield_per": _BATCH}) as result:
        names = tuple(result.keys())
        for row in result:
            yield dict(zip(names, row, strict=True))


def _header(connection: sa.Connection) -> lines.Header:
    identity, columns = _identity(connection), entries_table.c
    entries = connection.execute(sa.select(sa.func.count()).select_from(entries_table)).scalar_one()
    last = connection.execute(sa.select(columns.hash).order_by(columns.number.desc()).limit(1)).scalar()
    return lines.Header(journal=identity, entries=entries, head=last or chain.genesis(identity))


def _identity(connection: sa.Connection) -> str:
    found = connection.execute(sa.select(journal_table.c.id)).scalars().all()
    return str(found[0]) if len(found) == 1 else ""


def _unprotected(row: chain.Row) -> int:
    try:
        return msgspec.json.decode(str(row["data"]), type=dict[str, int]).get("unprotected", 0)
    except msgspec.MsgspecError:
        return 0


def _present(database: Database) -> None:
    if database.absent:
        raise JournalError(f"there is no journal at {database.where}: name the one that was recorded to")


def _version(database: Database, connection: sa.Connection) -> int:
    version = schema.check(connection, f"journal {database.where}")
    if version == 0:
        raise JournalError(f"nothing has been recorded at {database.where}: name the one that was recorded to")
    return version


def _damage(connection: sa.Connection) -> str:
    """Return what SQLite finds wrong with its file: a broken index would hide entries from those who look them up."""
    if connection.dialect.name != "sqlite":
        return ""
    found = str(connection.exec_driver_sql("PRAGMA integrity_check(1)").scalar())
    return "" if found == "ok" else " ".join(found.split())


def _replace(out: Path, content: Iterable[bytes]) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{out.name}.", suffix=".part", dir=out.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(content)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
