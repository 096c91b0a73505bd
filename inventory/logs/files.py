"""Single files of exported sign-in logs: in which form the records lie in them. Names may be anything.

A file is known by what it holds. Its name decides only where that says nothing, and which files cannot be logs.
"""

from __future__ import annotations

import enum
import gzip
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from inventory.logs.extent import Span, hour

_HOUR = re.compile(r"[/\\]y=(\d{4})[/\\]m=(\d\d)[/\\]d=(\d\d)[/\\]h=(\d\d)[/\\]")
_SUFFIXES = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz", ".parquet")
_NO_LOGS = re.compile(r"\.ds_store|thumbs\.db|desktop\.ini|_success|\._.*|.*\.(?:crc|txt|md|html|pdf)", re.IGNORECASE)
"""What systems and people leave beside logs: views of folders, resource forks, checksums, remarks."""
_RECORDS = re.compile(rb'\s*\{\s*"records"\s*:\s*\[')
_TEXT = re.compile(rb"(?:\xef\xbb\xbf)?\s*[\[{]")
_GZIP, _PARQUET = b"\x1f\x8b", b"PAR1"
_OTHER_PACKING = {
    b"\x28\xb5\x2f\xfd": "zstd",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"\x04\x22\x4d\x18": "lz4",
    b"PK\3\4": "zip",
    b"7z\xbc\xaf": "7z",
}
_INFLATED = 12
"""Sign-in records inflate to about so many times their size (measured)."""
_HEAD = 256
_CHUNK = 1024 * 1024


class Form(enum.StrEnum):
    """How the records lie in a file."""

    LINES = "newline_delimited"
    ARRAY = "array"
    RECORDS = "unstructured"
    """Objects that hold the records as a list."""
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFile:
    """One file of a log."""

    path: Path
    form: Form
    zipped: bool
    size: int
    """Bytes of text, estimated where it is compressed."""
    named: bool = False
    """Whether its folders name the tenant that is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """A file or folder that cannot be read, and why."""

    path: Path
    why: str


def described(path: Path, *, named: bool) -> LogFile | Unusable | None:
    """Tell what a file is; None for an empty one that is no log by its name."""
    try:
        str(path).encode()
        if not path.is_file():  # a pipe would be waited for
            return Unusable(path=path, why="it is no regular file")
        with path.open("rb") as file:
            head, size = file.read(_HEAD), os.fstat(file.fileno()).st_size
    except UnicodeEncodeError:
        return Unusable(path=path, why="its name is not UTF-8")
    except OSError as error:
        return Unusable(path=path, why=error.strerror or type(error).__name__)
    if not head and not is_log(path.name):
        return None
    return _of_content(path, head, size, named=named)


def _of_content(path: Path, head: bytes, size: int, *, named: bool) -> LogFile | Unusable:
    zipped = head.startswith(_GZIP)
    text = _inflated(head) if zipped else head
    packing = next((name for magic, name in _OTHER_PACKING.items() if head.startswith(magic)), "")
    if packing:
        return Unusable(path=path, why=f"it is compressed by {packing}; unpack it, or use gzip")
    if not is_log(path.name) and not zipped and not head.startswith(_PARQUET) and not _TEXT.match(head):
        return Unusable(path=path, why="it is neither JSON nor Parquet")
    form = Form.PARQUET if head.startswith(_PARQUET) else _form(text)
    return LogFile(path=path, form=form, zipped=zipped, size=size * (_INFLATED if zipped else 1), named=named)


def no_log(name: str) -> bool:
    """Whether a file can be no log by its name."""
    return _NO_LOGS.fullmatch(name) is not None


def is_log(name: str) -> bool:
    """Whether a file is one of those that an export writes, by its name."""
    return name.lower().endswith(_SUFFIXES)


def _inflated(head: bytes) -> bytes:
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, _HEAD)
    except zlib.error:
        return b""


def _form(head: bytes) -> Form:
    if _RECORDS.match(head):
        return Form.RECORDS
    return Form.ARRAY if head.lstrip().startswith(b"[") else Form.LINES


def broken_zip(path: Path) -> str:
    """Say what is wrong with a zipped file, by its checksums and lengths (RFC 1952, 2.3.1); empty where nothing is.

    DuckDB does not look at the checksum, and would take a damaged file for a good one.
    """
    try:
        with gzip.open(path) as file:
            while file.read(_CHUNK):
                pass
    except EOFError:
        return "its end is missing"
    except gzip.BadGzipFile:
        return "its checksum is wrong, or something else is behind its end"
    except zlib.error:
        return "it is damaged"
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def hour_of(path: Path) -> Span | None:
    """Return the hour in which the records of a file were exported, None where its folders do not say."""
    found = _HOUR.search(str(path))
    year, month, day, number = (int(each) for each in found.groups()) if found else (0, 0, 0, 0)
    return hour(year, month, day, number)


def literal(path: Path) -> str:
    """Write a path so that DuckDB takes it for the one file that it names, not for a pattern."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))


def batches(files: Iterator[Found], size: int) -> Iterator[tuple[Found, ...]]:
    """Yield files in portions of about so many bytes of text, at least one file each."""
    portion: list[Found] = []
    held = 0
    for file in files:
        portion.append(file)
        held += file.size if isinstance(file, LogFile) else 0
        if held >= size:
            yield tuple(portion)
            portion, held = [], 0
    if portion:
        yield tuple(portion)


class Kind(enum.StrEnum):
    """Why something in a folder is passed over, as it is said."""

    NO_LOG = "files are no logs by their names"
    SERVICE = "folders are of other services by their names"
    FOREIGN = "files lie under the name of another tenant"


@dataclass(frozen=True, slots=True, kw_only=True)
class Passed:
    """A file, or a folder with all that it holds, that is passed over."""

    path: Path
    kind: Kind


Found = LogFile | Unusable | Passed
