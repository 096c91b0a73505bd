"""Public addresses of a tenant's machines, joined in a temporary file: a large tenant has them by the ten thousand.

Azure Resource Graph tells addresses, network interfaces and machines in listings of their own, and joins no two tables
of that size for one query; so they are joined here, in the same memory for every size of tenant.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from types import TracebackType
from typing import Self

_TABLES = """
    PRAGMA journal_mode=OFF;
    PRAGMA synchronous=OFF;
    PRAGMA cache_size=-1024;
    CREATE TABLE told (id TEXT PRIMARY KEY, address TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE attached (interface TEXT NOT NULL, address TEXT NOT NULL, PRIMARY KEY (interface, address))
        WITHOUT ROWID;
    CREATE TABLE machines (machine TEXT NOT NULL, interface TEXT NOT NULL, PRIMARY KEY (machine, interface))
        WITHOUT ROWID;
"""
_OF_MACHINE = "SELECT a.address FROM machines AS m JOIN attached AS a ON a.interface = m.interface WHERE m.machine = ?"


class AddressBook:
    """Which address a resource has, and which a machine; ids are in lower case. ``with AddressBook() as book``."""

    def __enter__(self) -> Self:
        # An empty name is a file of SQLite's own, which it keeps in its cache while it is small and deletes at the end.
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._database.executescript(_TABLES)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._database.close()

    def __len__(self) -> int:
        return int(self._database.execute("SELECT count(*) FROM told").fetchone()[0])

    def tell(self, address_id: str, address: str, interface: str) -> None:
        """Take an address, and the network interface it is attached to (empty: none)."""
        self._database.execute("INSERT OR REPLACE INTO told VALUES (?, ?)", (address_id, address))
        if interface:
            self._database.execute("INSERT OR IGNORE INTO attached VALUES (?, ?)", (interface, address))

    def attach(self, interface: str, machine: str) -> None:
        """Take a network interface of a machine."""
        self._database.execute("INSERT OR IGNORE INTO machines VALUES (?, ?)", (machine, interface))

    def forget(self) -> None:
        """Forget everything: what is told in part would read as the whole."""
        for table in ("told", "attached", "machines"):
            self._database.execute(f"DELETE FROM {table}")  # noqa: S608 - names of our own

    def addresses(self, ids: Iterable[str], machine: str) -> list[str]:
        """Return the addresses that are told by their ids, and those of a machine."""
        found = [self._database.execute("SELECT address FROM told WHERE id = ?", (one,)).fetchone() for one in ids]
        of_machine = self._database.execute(_OF_MACHINE, (machine,))
        return [row[0] for row in (*found, *of_machine) if row is not None]
