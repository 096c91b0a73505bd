"""DuckDB over exported sign-in logs: a portion of the files at a time, of which one that is broken costs only its hour.

DuckDB, which the extra ``logs`` installs, is imported only when a folder is given. It may not install or load anything.
"""

from __future__ import annotations

import abc
import asyncio
import tempfile
import threading
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from inventory.directory import Page
from inventory.errors import CursorExpiredError, InventoryError, ReadFailedError
from inventory.evidence_source import Entry, EvidenceRequest, unread, why
from inventory.logs import sql
from inventory.logs.extent import Span
from inventory.logs.files import Form, Found, LogFile, Passed, Unusable, batches, broken_zip, hour_of, literal
from inventory.logs.folders import fingerprint, log_files
from inventory.logs.standing import Standing, standing
from inventory.model import ScanNote
from inventory.usage import Source, SourceName
from reports.text import visible

_SETTINGS: Mapping[str, str | bool | int | float | list[str]] = {
    "threads": 2,
    "memory_limit": "384MB",
    "preserve_insertion_order": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
_SESSION = ("SET TimeZone = 'UTC'", "SET enable_progress_bar = false")  # a bar would go to the standard output
_AHEAD = timedelta(days=1)
_LATE = timedelta(days=1)
"""By how much a record may be older than the hour of the file it was exported to."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_PORTION = 64 * 1024 * 1024
"""Bytes of text that are added up at a time."""
_TURN = threading.Lock()
"""Sources that read at the same time take turns, so that the memory of one is enough."""


@dataclass(slots=True)
class Sums(abc.ABC):
    """What a portion of the files said, while it is being read."""

    standing: Standing
    limit: datetime
    notes: list[ScanNote] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    apart: Counter[str] = field(default_factory=Counter)

    def lose(self, file: LogFile | Unusable, number: int, reason: str) -> None:
        """Note that records of a file are lost: its hour has a hole, or the whole window where it tells no hour."""
        what = f"sign-in log {visible(str(file.path))}"
        self.notes.append(ScanNote(subject=what, text=f"{number} records unreadable" if number else reason))
        hour = hour_of(file.path)
        extent, lost = self.standing.extent, self.standing.lost
        if hour is None or hour[0] > self.limit:
            self.standing = replace(self.standing, lost=lost + max(number, 1))
        else:
            self.standing = replace(self.standing, extent=extent.with_hole((hour[0] - _LATE, hour[1])))

    @abc.abstractmethod
    def add(self, row: tuple[Any, ...], files: Mapping[str, LogFile]) -> None:
        """Take one row of the query in; its files are known by their names."""

    def entries(self) -> tuple[Entry, ...]:
        """Return the values found."""
        return ()

    def result(self, files: tuple[Found, ...]) -> tuple[tuple[Entry, ...], Standing]:
        """Return the values found and the standing after the files."""
        after = self.standing.up_to(files[-1].path).counting(self.apart)
        after = after.passing(file for file in files if isinstance(file, Passed))
        number = after.files + sum(not isinstance(file, Passed) for file in files)
        return (*self.entries(), *self.notes), replace(self.seen(after), files=number)

    def seen(self, after: Standing) -> Standing:
        """Return the standing with the times of which records were seen."""
        return replace(after, extent=after.extent.with_seen(self.spans))


class Engine:
    """A database in memory that adds files up; ``spill`` is the folder for what does not fit."""

    def __init__(
        self,
        spill: Path,
        request: EvidenceRequest,
        *,
        question: Callable[..., str],
        sums: Callable[[Standing, datetime], Sums],
    ) -> None:
        self._question, self._sums = question, sums
        try:
            import duckdb  # noqa: PLC0415 - an extra
        except ImportError:
            raise ReadFailedError("duckdb is not installed; pip install 'unsecret[logs]'") from None
        self._failure = duckdb.Error
        self._limit = request.at + _AHEAD
        self._tenant = (request.tenant_id or "").lower()
        try:
            self._database = duckdb.connect(":memory:", config={**_SETTINGS, "temp_directory": str(spill)})
            for statement in (*_SESSION, *sql.MACROS):
                self._database.execute(statement)
        except duckdb.Error as error:
            raise ReadFailedError(f"DuckDB {duckdb.__version__} does not start ({type(error).__name__})") from None

    def close(self) -> None:
        """Let go of memory and of what was spilt."""
        self._database.close()

    def portion(self, files: tuple[Found, ...], standing: Standing) -> tuple[tuple[Entry, ...], Standing]:
        """Add files up and return their values and the standing after them; broken files are noted, never raised."""
        sums, usable = self._sums(standing, self._limit), []
        for file in files:
            broken = _broken(file)
            if broken and not isinstance(file, Passed):
                sums.lose(file, 0, f"unreadable: {broken}")
            elif isinstance(file, LogFile):
                usable.append(file)
        for _, alike in groupby(sorted(usable, key=_kind), key=_kind):
            self._read(tuple(alike), sums)
        return sums.result(files)

    def _read(self, files: tuple[LogFile, ...], sums: Sums) -> None:
        try:
            with _TURN:
                rows = self._rows(files)
        except self._failure as error:
            if len(files) > 1:
                for file in files:
                    self._read((file,), sums)
            else:
                sums.lose(files[0], 0, f"unreadable: DuckDB says {type(error).__name__}")
            return
        by_name = {str(file.path): file for file in files}
        for row in rows:
            sums.add(row, by_name)

    def _rows(self, files: tuple[LogFile, ...]) -> list[tuple[Any, ...]]:
        paths, form = [literal(file.path) for file in files], files[0].form
        if form is Form.PARQUET:
            described = self._database.execute(sql.PARQUET_COLUMNS, [paths]).fetchall()
            records = sql.parquet_records({row[0]: row[1] for row in described})
        else:
            records = sql.json_records(form, zipped=files[0].zipped)
        question = self._question(records, named=files[0].named)
        limit = (self._limit - _EPOCH) // _MICROSECOND
        return self._database.execute(question, [paths, self._tenant, limit]).fetchall()


def _kind(file: LogFile) -> tuple[str, bool, bool]:
    return file.form, file.zipped, file.named


def _broken(file: Found) -> str:
    if isinstance(file, Unusable):
        return file.why
    damage = broken_zip(file.path) if isinstance(file, LogFile) and file.zipped else ""
    return f"it is no whole gzip file: {damage}" if damage else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderSource:
    """A source of evidence that is a folder of logs; ``users``: those of users' sign-ins instead of applications'.

    ``question`` makes the query, ``sums`` takes its rows in, and ``source`` says in the end what the folder covers.
    """

    name: SourceName
    question: Callable[..., str]
    sums: Callable[[Standing, datetime], Sums]
    source: Callable[[Path, EvidenceRequest, Standing], Source]
    blind_spots: tuple[str, ...]
    users: bool = False

    def wanted(self, request: EvidenceRequest) -> bool:
        """Whether a folder is named."""
        return request.folder is not None

    def place(self, request: EvidenceRequest) -> str:
        """Return the fingerprint of the folder."""
        return fingerprint(request.folder) if request.folder else ""

    async def read(self, request: EvidenceRequest, cursor: str | None = None) -> AsyncIterator[Page[Entry]]:
        """Yield a page for every portion of the files."""
        folder = request.folder
        if folder is None:
            return
        try:
            position = standing(cursor, await asyncio.to_thread(fingerprint, folder))
            files = log_files(there(folder), request.tenant_id, users=self.users)
            begun = _portions(request, position, files, self.question, self.sums)
            async for entries, position in begun:
                yield Page(entries=entries, cursor=position.text())
            yield Page(entries=(await asyncio.to_thread(self.source, folder, request, position),), cursor=None)
        except CursorExpiredError:
            raise
        except InventoryError as error:
            yield Page(entries=(unread(self.name, request.at, why(error), blind_spots=self.blind_spots),), cursor=None)


async def _portions(
    request: EvidenceRequest,
    position: Standing,
    files: Iterator[Found],
    question: Callable[..., str],
    sums: Callable[[Standing, datetime], Sums],
) -> AsyncIterator[tuple[tuple[Entry, ...], Standing]]:
    """Yield what each portion of the files after a position says, and the standing after it.

    Raises ReadFailedError where nothing can be read at all.
    """
    last = position.last()
    remaining = (file for file in files if last is None or file.path.parts > last.parts)
    with ExitStack() as stack:
        spill = stack.enter_context(tempfile.TemporaryDirectory(prefix="unsecret-"))
        engine = stack.enter_context(closing(Engine(Path(spill), request, question=question, sums=sums)))
        for portion in portioned(remaining):
            entries, position = await asyncio.to_thread(engine.portion, portion, position)
            yield entries, position


def portioned(files: Iterator[Found]) -> Iterator[tuple[Found, ...]]:
    """Yield files in portions that are added up at a time."""
    return batches(files, _PORTION)


def there(folder: Path) -> Path:
    """Return a folder; ReadFailedError where it is none."""
    if not folder.is_dir():
        raise ReadFailedError(f"{visible(str(folder))} is no folder; name the copy of the storage account")
    return folder


def moment(microseconds: int) -> datetime:
    """Return the time of a number of microseconds since 1970."""
    return _EPOCH + microseconds * _MICROSECOND
