"""A state file from its first line to its last: reading all of it, and writing it anew without encoding it anew.

Most lines of a large tenant stay as they are from one save to the next. They are copied from the old file, which takes
no time from the threads that answer requests; records are frozen, so that the same records are the same line.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import chain, repeat
from pathlib import Path
from typing import BinaryIO, Final

from migrate.emulator.persistence.files import StateFileError, identity_of, reading, replacing
from migrate.emulator.persistence.image import Image, Part
from migrate.emulator.persistence.lines import (
    END,
    FAULTS,
    FORMAT,
    MOST_ROWS,
    VERSION,
    Checksum,
    first_line,
    last_line,
    line,
    read_first,
    read_line,
)
from migrate.emulator.persistence.memory import ROWS, Head, Rows

_REMEDY: Final = "name another file, or remove this one to begin with a new tenant"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """Where a line stands in the file, and the rows that it was made of; None while they are not known."""

    rows: Part | None
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Which lines a file holds, by part, and which file that is."""

    identity: tuple[int, int, int, int]
    lines: dict[str, list[_Line]] = field(default_factory=dict)

    def knowing(self, image: Image) -> "Book":
        """Give the book of a file that was just read into what the image shows."""
        lines = {}
        for part, rows in image.parts():
            pieces, found = list(_pieces(rows)), self.lines[part]
            # Another number of rows in a line would shift them; such a file is encoded anew.
            if len(pieces) == len(found):
                lines[part] = [
                    _Line(rows=piece, offset=known.offset, length=known.length)
                    for piece, known in zip(pieces, found, strict=True)
                ]
        return Book(identity=self.identity, lines=lines)


def damaged(path: Path, how: str) -> StateFileError:
    """Word the refusal of a file that was changed or cut off."""
    return StateFileError(path, f"is damaged: {how}", _REMEDY)


def read(path: Path) -> tuple[Head, Rows, Book]:
    """Read a file; StateFileError for one that no emulator of this version has written."""
    with reading(path) as file:
        checksum = Checksum()
        head, offset = _read_head(path, file, checksum)
        rows: Rows = {part: [] for part in ROWS}
        book = Book(identity=identity_of(file), lines={part: [] for part in ROWS})
        for number, raw in enumerate(file, 2):
            try:
                part, found = read_line(raw)
            except FAULTS as error:
                raise damaged(path, f"line {number} cannot be read") from error
            if part == END:
                if raw != last_line(number - 1, checksum.shown()) or file.read(1):
                    raise damaged(path, "its lines are not those that were written")
                return head, rows, book
            rows[part] += found
            book.lines[part].append(_Line(rows=None, offset=offset, length=len(checksum.add(raw))))
            offset += len(raw)
        raise damaged(path, "its end is missing")


def _read_head(path: Path, file: BinaryIO, checksum: Checksum) -> tuple[Head, int]:
    raw = checksum.add(file.readline())
    try:
        kind, version, head = read_first(raw)
    except FAULTS:
        kind, version = "", 0
    if kind != FORMAT:
        raise StateFileError(path, "was not written by unsecret emulator, or is damaged", _REMEDY)
    if version != VERSION:
        reason = f"is of version {version}, which another release of unsecret writes; this one reads {VERSION}"
        raise StateFileError(path, reason, "use that release, or name another file")
    try:
        return head(), len(raw)
    except FAULTS as error:
        raise damaged(path, "line 1 cannot be read") from error


def write(path: Path, image: Image, before: Book | None, breathe: Callable[[], object]) -> Book:
    """Replace the file by one that holds an image; ``breathe`` is called after each line that had to be encoded."""
    with ExitStack() as old_file, replacing(path) as file:
        old = _open_known(path, before, old_file)
        known = before.lines if before is not None and old is not None else {}
        made: dict[str, list[_Line]] = {}
        checksum = Checksum()
        offset, number = file.write(checksum.add(first_line(image.head))), 1
        for part, rows in image.parts():
            lines = made[part] = []
            for piece, same in zip(_pieces(rows), chain(known.get(part, ()), repeat(None)), strict=False):
                raw, held = _line(part, piece, same, old)
                if held is piece:
                    breathe()
                file.write(checksum.add(raw))
                lines.append(_Line(rows=held, offset=offset, length=len(raw)))
                offset += len(raw)
            number += len(lines)
        file.write(last_line(number, checksum.shown()))
        file.flush()
        old_file.close()  # Windows replaces no file that is open
        return Book(identity=identity_of(file), lines=made)


def _open_known(path: Path, before: Book | None, open_files: ExitStack) -> BinaryIO | None:
    """Open the file for the lines that stay; None where it is not as it was left."""
    try:
        file = open_files.enter_context(reading(path)) if before is not None else None
    except StateFileError:
        return None
    return file if file is not None and before is not None and identity_of(file) == before.identity else None


def _line(part: str, piece: Part, same: _Line | None, old: BinaryIO | None) -> tuple[bytes, Part]:
    """Give a line for these rows: the old one where the rows are the same, and the old rows with it."""
    if same is None or old is None or same.rows is None or same.rows != piece:
        return line(part, piece), piece
    old.seek(same.offset)
    raw = old.read(same.length)
    return (raw, same.rows) if len(raw) == same.length else (line(part, piece), piece)


def _pieces(rows: Part) -> Iterator[Part]:
    return (rows[begin : begin + MOST_ROWS] for begin in range(0, len(rows), MOST_ROWS))
