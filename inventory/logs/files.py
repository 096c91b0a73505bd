"""Files of exported sign-in logs: which files of a folder they are, and how they are read. Names may be anything.

Source: Azure Monitor, "Send resource logs to a storage account": a container ``insights-logs-<category>`` for each
category, in it ``.../y=2026/m=02/d=01/h=13/m=00/PT1H.json`` with one JSON object a line; some clouds still write one
object with a list ``records``. "Log Analytics workspace data export": containers ``am-<table>`` with flat rows.
"""

from __future__ import annotations

import enum
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from inventory.logs.extent import Span, hour

_OWN = "serviceprincipalsigninlogs"
_LOGS = (_OWN, "managedidentitysigninlogs")
_OTHERS = frozenset({"auditlogs", "managedidentitysigninlogs", "noninteractiveusersigninlogs", "signinlogs"})
"""Logs that a diagnostic setting of Microsoft Entra ID exports beside that of service principals."""
_CONTAINER = re.compile(r"(?:insights-logs-|am-(?:aad)?)([a-z0-9-]+)", re.IGNORECASE)
_BLOB = re.compile(r"insights-logs-([a-z0-9-]+)[/\\](?:(.*)[/\\])?y=\d{4}[/\\]m=", re.IGNORECASE)
_HOUR = re.compile(r"[/\\]y=(\d{4})[/\\]m=(\d\d)[/\\]d=(\d\d)[/\\]h=(\d\d)[/\\]")
_SUFFIXES = (".json", ".jsonl", ".ndjson", ".json.gz", ".jsonl.gz", ".ndjson.gz", ".parquet")
_RECORDS = re.compile(rb'\s*\{\s*"records"\s*:\s*\[')
_GZIP, _PARQUET = b"\x1f\x8b", b"PAR1"
_INFLATED = 12
"""Sign-in records inflate to about so many times their size (measured)."""


class Form(enum.StrEnum):
    """How the records lie in a file."""

    LINES = "newline_delimited"
    ARRAY = "array"
    RECORDS = "unstructured"
    """One object that holds the records as a list."""
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFile:
    """One file of a log."""

    path: Path
    form: Form
    zipped: bool
    size: int
    """Bytes of text, estimated where it is compressed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unusable:
    """A file that cannot be read, and why."""

    path: Path
    why: str


def log_files(folder: Path) -> Iterator[LogFile | Unusable]:
    """Yield the log files below a folder in the order of ``Path.parts``; links to other folders are not followed."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        yield Unusable(path=folder, why=error.strerror or type(error).__name__)
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if _may_hold(entry.name):
                yield from log_files(Path(entry.path))
        elif entry.name.lower().endswith(_SUFFIXES) and not entry.name.startswith("."):
            yield _described(Path(entry.path))


def batches(files: Iterator[LogFile | Unusable], size: int) -> Iterator[tuple[LogFile | Unusable, ...]]:
    """Yield files in portions of about so many bytes of text, at least one file each."""
    portion: list[LogFile | Unusable] = []
    held = 0
    for file in files:
        portion.append(file)
        held += file.size if isinstance(file, LogFile) else 0
        if held >= size:
            yield tuple(portion)
            portion, held = [], 0
    if portion:
        yield tuple(portion)


def hour_of(path: Path) -> Span | None:
    """Return the hour in which the records of a file were exported, None where its folders do not say."""
    found = _HOUR.search(str(path))
    year, month, day, number = (int(each) for each in found.groups()) if found else (0, 0, 0, 0)
    return hour(year, month, day, number)


def other_hours(folder: Path) -> list[Span]:
    """Return the hours of which a folder holds blobs of other logs that the same diagnostic setting exports.

    Of the same tenant, that is: what stands between container and date is the same as for the log of service
    principals. A blob is written when there is a record, and appended to; an empty one shows nothing.
    """
    hours: dict[str, set[Span]] = {}
    own: set[str] = set()
    for path in _blobs(folder):
        found, span = _BLOB.search(str(path)), hour_of(path)
        if found is None or span is None:
            continue
        log, place = found[1].lower(), (found[2] or "").casefold()
        if log == _OWN:
            own.add(place)
        elif log in _OTHERS:
            hours.setdefault(place, set()).add(span)
    return sorted({span for place in own for span in hours.get(place, ())})


def _blobs(folder: Path) -> Iterator[Path]:
    try:
        entries = list(os.scandir(folder))
    except OSError:
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            yield from _blobs(Path(entry.path))
        elif entry.name.lower().endswith(_SUFFIXES) and _holds_something(entry):
            yield Path(entry.path)


def _holds_something(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.stat(follow_symlinks=False).st_size > 0
    except OSError:
        return False


def literal(path: Path) -> str:
    """Write a path so that DuckDB takes it for the one file that it names, not for a pattern."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))


def _may_hold(name: str) -> bool:
    """Whether a folder is no container of another log."""
    found = _CONTAINER.fullmatch(name)
    return found is None or found[1].lower() in _LOGS


def _described(path: Path) -> LogFile | Unusable:
    try:
        str(path).encode()
        with path.open("rb") as file:
            head, size = file.read(256), os.fstat(file.fileno()).st_size
    except UnicodeEncodeError:
        return Unusable(path=path, why="its name is not UTF-8")
    except OSError as error:
        return Unusable(path=path, why=error.strerror or type(error).__name__)
    zipped = head.startswith(_GZIP)
    form = Form.PARQUET if head.startswith(_PARQUET) else Form.LINES if zipped else _form(head)
    return LogFile(path=path, form=form, zipped=zipped, size=size * (_INFLATED if zipped else 1))


def _form(head: bytes) -> Form:
    if _RECORDS.match(head):
        return Form.RECORDS
    return Form.ARRAY if head.lstrip().startswith(b"[") else Form.LINES
