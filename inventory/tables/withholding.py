"""Rows without texts that look like a secret, wherever in a tenant somebody put them.

A whole cell is withheld, or an item of a list: what stands around a secret says little, and half a secret is one too.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from string import hexdigits
from typing import Any

import msgspec

from inventory.secret_texts import WITHHELD, looks_secret, suspicious, withheld
from inventory.tables import schema
from inventory.tables.rows import Row

_OURS = frozenset({
    "created", "disabled", "ends", "enabled", "federated_known", "first_seen", "last_seen", "last_success",
    "own_purpose", "own_purpose_reason", "owners_known", "purpose", "purpose_reason", "read_at", "since", "source",
    "starts", "tier", "until",
})  # fmt: skip
"""Columns that hold what this program says, or what it made a time or number of."""
_JSON = frozenset({"addresses", "audiences", "blind_spots", "excluded_actors", "noted", "sees", "tags", "unknown"})
_GUID, _HYPHEN = 36, 8


def _places(table: str) -> tuple[int, ...]:
    return tuple(at for at, name in enumerate(schema.names(table)) if name not in _OURS)


_PLACES: Mapping[str, tuple[int, ...]] = {table: _places(table) for table in schema.COLUMNS}


def kept(table: str, page: list[Row]) -> list[Row]:
    """Return rows of a table with WITHHELD in the place of texts that look like a secret."""
    columns = list(zip(*page, strict=True))
    texts: set[str] = set()
    for place in _PLACES[table] if columns else ():
        texts |= _texts(columns[place])
    return [_kept(table, row) for row in page] if suspicious(texts) else page


def hides(table: str, columns: Sequence[Any]) -> bool:
    """Whether a text in columns of a table may look like a secret; what is no list of cells is no text of theirs."""
    texts: set[str] = set()
    for place in _PLACES[table]:
        if isinstance(columns[place], list):
            texts |= _texts(columns[place])
    return suspicious(texts)


def _texts(column: Sequence[Any]) -> set[str]:
    """Return the texts of a column, each once; none of a column of nothing but ids or digests in hex.

    A page has tens of thousands of cells, so that they are looked at a column at a time, in C.
    """
    try:
        whole = "".join(column)
    except TypeError:  # not texts alone
        return {cell for cell in _each_once(column) if type(cell) is str}
    ids = len(whole) == _GUID * len(column) and set(map(len, column)) == {_GUID}
    if ids and whole[_HYPHEN::_GUID] == "-" * len(column):
        return set()
    return set(column) if whole.strip(hexdigits) else set()  # each sign of a secret has another letter


def _each_once(column: Sequence[Any]) -> Iterable[Any]:
    try:
        return set(column)
    except TypeError:  # what SQLite will refuse
        return column


def _kept(table: str, row: Row) -> Row:
    return tuple(_cells(table, row))


def _cells(table: str, row: Row) -> Iterator[Any]:
    for at, (name, cell) in enumerate(zip(schema.names(table), row, strict=True)):
        if at not in _PLACES[table] or not isinstance(cell, str):
            yield cell
        elif name in _JSON and cell:
            yield _json(cell)
        else:
            yield withheld(cell)


def _json(cell: str) -> str:
    whole = msgspec.json.decode(cell)
    clean = without(whole)
    return cell if clean == whole else msgspec.json.encode(clean).decode()


def without(value: Any) -> Any:
    """Return a value of JSON without texts, and names of members, that look like a secret."""
    if isinstance(value, str):
        return withheld(value)
    if isinstance(value, list):
        return [without(item) for item in value]
    if isinstance(value, dict):
        return {withheld(name): WITHHELD if _pair(name, item) else without(item) for name, item in value.items()}
    return value


def _pair(name: str, item: object) -> bool:
    """Whether name and value look like a secret together, as ``password`` and its text do."""
    return isinstance(item, str) and looks_secret(f"{name}={item}")
