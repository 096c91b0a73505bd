"""The lines of a state file: JSON, one object in each.

The first line says what the file is and holds everything small; each further one holds some rows of one part; the last
one counts the others and has their checksum, so that a file that was cut off or damaged anywhere shows it.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from functools import cache
from types import GenericAlias
from typing import Any, Final

import msgspec

from migrate.emulator.persistence.memory import ROWS, SHELVES, TABLES, Head
from migrate.emulator.state.plain import seal, write_unknown

FORMAT: Final = "unsecret emulator state"
VERSION: Final = 2
"""Rises whenever older programs would read a file wrongly, so also with every new field of a record."""
END: Final = "end"
MOST_ROWS: Final = 128
"""Rows in a line: encoding them takes less than a millisecond, in which no other thread runs."""
FAULTS: Final = (msgspec.MsgspecError, ValueError, TypeError, LookupError, ArithmeticError, RecursionError)
"""What decoding raises for a line that no emulator has written."""


class _First(msgspec.Struct, forbid_unknown_fields=True):
    format: str
    version: int
    head: Any = None


class _Line(msgspec.Struct, forbid_unknown_fields=True):
    part: str
    rows: msgspec.Raw


class _OpenLine(msgspec.Struct, forbid_unknown_fields=True):
    part: str
    rows: list[Any]


_ENCODER: Final = msgspec.json.Encoder(enc_hook=write_unknown)


def _encoded(value: object) -> bytes:
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError:
        # Half a surrogate pair, which JSON can write (RFC 8259, section 8.2) and UTF-8 cannot.
        return json.dumps(msgspec.to_builtins(value, enc_hook=write_unknown)).encode("ascii")


def _may_hold_half_a_pair(raw: bytes) -> bool:
    return b"\\ud" in raw.lower()


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def first_line(head: Head) -> bytes:
    """Write the first line."""
    return _joined(b'{"format":%b,"version":%b,"head":%b}\n', FORMAT, VERSION, head)


def line(part: str, rows: Iterable[Any]) -> bytes:
    """Write one of the others."""
    return _joined(b'{"part":%b,"rows":%b}\n', part, list(rows))


def last_line(lines: int, checksum: str) -> bytes:
    """Write the last one, after so many others with this checksum."""
    return line(END, [lines, checksum])


class Checksum:
    """The checksum of lines, told one after the other; against damage, not against whoever can write the file."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=16)

    def add(self, raw: bytes) -> bytes:
        """Count a line in, and hand it on."""
        self._hash.update(raw)
        return raw

    def shown(self) -> str:
        """Give the checksum of all lines so far."""
        return self._hash.hexdigest()


def _joined(form: bytes, *values: object) -> bytes:
    return form % tuple(_encoded(value) for value in values)


def read_first(raw: bytes) -> tuple[str, int, Callable[[], Head]]:
    """Read what a file says it is, and how to read its head; raises FAULTS for what is no such line."""
    by_python = _may_hold_half_a_pair(raw)
    first = msgspec.convert(json.loads(raw), _First) if by_python else _decoder(_First).decode(raw)
    return first.format, first.version, lambda: msgspec.convert(first.head, Head)


def read_line(raw: bytes) -> tuple[str, list[Any]]:
    """Read one of the other lines: a part and some of its rows; raises FAULTS."""
    try:
        read = _decoder(_Line).decode(raw)
        rows = _decoder(_kind(read.part)).decode(read.rows)
    except msgspec.DecodeError:
        if not _may_hold_half_a_pair(raw):
            raise
        read = msgspec.convert(json.loads(raw), _OpenLine)
        rows = msgspec.convert(read.rows, _kind(read.part))
    return read.part, [_sealed(row) for row in rows] if read.part in _SEALED else rows


def _kind(part: str) -> Any:
    return GenericAlias(list, (int | str if part == END else ROWS[part],))


def _sealed(row: Any) -> Any:
    if row is not None:
        seal(row)
    return row


_SEALED: Final = frozenset({*TABLES, *SHELVES, "groups"})
