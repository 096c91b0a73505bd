"""A journal as JSON lines that can be checked with nothing but the file: a header, then one entry a line.

Each line is a flat JSON object in ASCII, so that no name in it can steer a terminal or hide: keys in alphabetical
order, no white space, exactly one way to write each. An entry's line holds its fields, as ``migrate.journal.chain``
names them, and its ``hash``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from migrate.errors import JournalError
from migrate.journal import chain

_DECODER = msgspec.json.Decoder(dict[str, str | int | None])
_HEADER = frozenset({"entries", "format", "head", "journal"})
_ENTRY = frozenset({*chain.FIELDS, "hash"})
_LONGEST = 1 << 30
"""Bytes of one line; a plan of 100,000 applications takes a third of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The first line: the id that the chain begins with, and where it ended when the file was written."""

    journal: str
    entries: int
    head: str


class LineError(ValueError):
    """A line that unsecret did not write so; ``number`` is that of the line, from 1."""

    def __init__(self, number: int, why: str) -> None:
        super().__init__(why)
        self.number = number


def written(header: Header, rows: Iterable[chain.Row]) -> Iterator[bytes]:
    """Return the lines of an export."""
    first: chain.Row = {
        "entries": header.entries,
        "format": chain.FORMAT,
        "head": header.head,
        "journal": header.journal,
    }
    yield _line(first)
    for row in rows:
        yield _line({name: row[name] for name in _ENTRY})


def read(path: Path) -> tuple[Header, Iterator[chain.Row]]:
    """Return the header and, while they are read, the entries.

    Raises:
        JournalError: the file cannot be read, or is no export.
        LineError: a line is not as it was written; while iterating too.

    """
    try:
        lines = _numbered(path)
        number, first = next(lines, (1, b""))
        header = _header(path, first, number)
    except OSError as error:
        raise JournalError(f"cannot read {path}: {error.strerror}; give a file of: unsecret journal export") from error
    return header, (_row(line, number, _ENTRY) for number, line in lines)


def is_export(start: bytes) -> bool:
    """Whether a file that begins so is an export."""
    return start.startswith(b'{"entries":') and f'"format":"{chain.FORMAT}"'.encode() in start


def _header(path: Path, first: bytes, number: int) -> Header:
    if not is_export(first):
        raise JournalError(f"{path} is no exported journal: give a file of: unsecret journal export")
    row = _row(first, number, _HEADER)
    entries = row["entries"]
    if not isinstance(entries, int):
        raise LineError(number, "it does not say how many entries follow")
    return Header(journal=str(row["journal"]), entries=entries, head=str(row["head"]))


def _numbered(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        number = 0
        while line := file.readline(_LONGEST):
            number += 1
            yield number, line


def _row(line: bytes, number: int, fields: frozenset[str]) -> chain.Row:
    try:
        row = _DECODER.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise LineError(number, f"it is not as it was written ({error})") from error
    if row.keys() != fields or _line(row) != line:
        raise LineError(number, "it is not as it was written")
    return row


def _line(row: chain.Row) -> bytes:
    return json.dumps(dict(row), sort_keys=True, separators=(",", ":")).encode("ascii") + b"\n"
