"""Puts facts, tables and findings of a snapshot together."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

from inventory.classify import Expiry
from inventory.hygiene import Untold, findings
from inventory.report import columns, queries
from inventory.report.columns import shown
from inventory.report.judged import Judge
from inventory.snapshot import Header, creators, header, opened, pieces
from inventory.tables.texts import time_text
from reports.model import Cell, Document, Fact, Finding, Table

LIMIT = 5_000
"""Rows that a person may want to look at: a table of a large tenant says how many it leaves out."""
_JUDGED = 1_000
"""Clients that findings are sought in at a time: what is judged beyond the last finding shown is for nothing."""


def document(path: Path, *, limit: int | None = LIMIT) -> Document:
    """Return the report on a snapshot; the table of credentials, one row each, is the first.

    Each table and the findings have at most ``limit`` rows (None: all, as formats for programs want it); a table says
    what it leaves out. Raises SnapshotError for a file that cannot be read; the digest is not checked.
    """
    of = header(path)
    with opened(path) as database:
        source = _Source(database, of, limit)
        found = _findings(database, limit)
        return Document(
            title="Credentials of a Microsoft Entra tenant",
            as_of=of.taken_at,
            facts=tuple(_facts(source, len(found))),
            tables=(
                source.credentials(),
                _overview(source),
                source.table(columns.APPLICATIONS, queries.APPLICATIONS),
                source.table(columns.IDENTITIES, queries.IDENTITIES),
                source.table(columns.ROLES, queries.ROLES),
                source.table(columns.HOSTS, queries.HOSTS),
                source.table(columns.SOURCES, queries.SOURCES),
                source.table(columns.NOTES, queries.NOTES),
            ),
            findings=found,
        )


class _Source:
    """An open snapshot and how much of it is shown."""

    def __init__(self, database: sqlite3.Connection, of: Header, limit: int | None) -> None:
        self._database = database
        self._parameters = {
            "at": time_text(of.taken_at),
            "tenant": of.tenant_id,
            "limit": -1 if limit is None else limit,
        }
        self.of = of
        self.limit = limit

    def rows(self, query: str) -> Iterator[tuple[Cell, ...]]:
        """Yield the rows of a query."""
        yield from self._database.execute(query, self._parameters)

    def row(self, query: str) -> tuple[Cell, ...]:
        """Return the first row of a query."""
        return next(self.rows(query))

    def table(self, heading: columns.Heading, *statements: str) -> Table:
        """Return a table of the rows of one query after the other, as many as are shown."""
        rows = islice(chain.from_iterable(self.rows(one) for one in statements), self.limit)
        found = tuple(shown(heading, row) for row in rows)
        return heading.table(found, self._left_out(heading.name, len(found)))

    def credentials(self) -> Table:
        """Return the table of credentials, with what is known of their use."""
        heading, judge = columns.CREDENTIALS, Judge(self._database, self.of.taken_at)
        told = chain(self.rows(queries.CREDENTIALS), self.rows(queries.PRINCIPAL_CREDENTIALS))
        rows = judge.judged(islice(told, self.limit), queries.SHOWN)
        found = tuple(shown(heading, row) for row in rows)
        return heading.table(found, self._left_out(heading.name, len(found)))

    def _left_out(self, name: str, found: int) -> str:
        if self.limit is None or found < self.limit or name not in queries.SIZES:
            return ""
        size = int(str(self.row(queries.SIZES[name])[0]))
        if size <= found:
            return ""
        return f"The first {found:,} of {size:,}: all are in the CSV and JSON reports and in the snapshot."


def _facts(source: _Source, found: int) -> Iterator[Fact]:
    counts = {(str(purpose), str(state)): int(str(number)) for purpose, state, number in source.rows(queries.OVERVIEW)}
    kinds = {str(kind): number for kind, number in source.rows(queries.KINDS)}
    applications, ownerless, unowned, federated, untrusted, identities, hosts, unreadable = source.row(queries.COUNTS)

    def total(purpose: str | None = None, state: Expiry | None = None) -> int:
        wanted = (number for (a, b), number in counts.items() if purpose in {None, a} and state in {None, b})
        return sum(wanted)

    yield Fact(label="Tenant", value=source.of.tenant_id)
    yield Fact(label="Applications", value=applications)
    yield Fact(label="Credentials", value=total())
    yield Fact(label="Client secrets", value=kinds.get("secret", 0))
    yield Fact(label="Client certificates", value=kinds.get("certificate", 0))
    yield Fact(label="Signing", value=total("signing"))
    yield Fact(label="Encryption", value=total("encryption"))
    yield Fact(label="Purpose unknown", value=total("unknown"))
    yield Fact(label="Expired", value=total(state=Expiry.EXPIRED))
    yield Fact(label="Never expiring", value=total(state=Expiry.ENDLESS))
    yield Fact(label="Use known", value=source.row(queries.USED)[0])
    yield Fact(label="Without owner", value=_of_those_told(ownerless, unowned, applications))
    yield Fact(label="Already federated", value=_of_those_told(federated, untrusted, applications))
    yield Fact(label="Managed identities", value=identities)
    yield Fact(label="Hosts", value=hosts)
    yield Fact(label="Objects not understood", value=unreadable)
    if found == source.limit:
        yield Fact(label="Findings", value=f"the first {found:,}: all are in the CSV and JSON reports")


def _of_those_told(number: Cell, untold: Cell, of: Cell) -> Cell:
    """Return a number that was counted among those that were told, and of how many of all it is not known."""
    if not untold:
        return number
    return "unknown" if untold == of else f"{number}, and unknown for {untold}"


def _overview(source: _Source) -> Table:
    """Count credentials by purpose and state, with sums at the right end and in the last row."""
    counts = {(str(purpose), str(state)): int(str(number)) for purpose, state, number in source.rows(queries.OVERVIEW)}
    purposes, states = (sorted({key[place] for key in counts}) for place in (0, 1))
    rows: list[tuple[Cell, ...]] = []
    for purpose in purposes:
        figures = [counts.get((purpose, state), 0) for state in states]
        rows.append((purpose, *figures, sum(figures)))
    sums = [sum(counts.get((purpose, state), 0) for purpose in purposes) for state in states]
    rows.append(("all", *sums, sum(sums)))
    return columns.overview(states, tuple(rows) if counts else ())


def _findings(database: sqlite3.Connection, limit: int | None) -> tuple[Finding, ...]:
    """Return so many findings at most; those that count what is unknown are at the end and always among them.

    They count what was judged until then: where there are more findings, the report says that it shows the first.
    """
    known, untold = creators(database), Untold()
    judged = (findings(piece, creators=known, untold=untold) for piece in pieces(database, _JUDGED))
    found = tuple(islice(chain.from_iterable(judged), limit))
    counted = tuple(islice(untold.findings(), limit))
    return (*(found if limit is None else found[: limit - len(counted)]), *counted)
