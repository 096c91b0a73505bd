"""Sign-in logs that a diagnostic setting exported to a storage account, copied to a folder; or Parquet made of them.

DuckDB, which the extra ``logs`` installs and which is imported only when a folder is given, adds a portion of the files
up at a time: memory has an end, a reading can be resumed after every portion, and one file that is broken costs only
its hour. DuckDB may not install or load anything for it.
"""

from __future__ import annotations

import asyncio
import functools
import tempfile
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace

from inventory.directory import Page
from inventory.errors import CursorExpiredError, InventoryError, ReadFailedError
from inventory.evidence_source import USERS, Entry, EvidenceRequest, unread, why
from inventory.logs import sql
from inventory.logs.extent import Span
from inventory.logs.files import Form, Found, LogFile, Passed, Unusable, batches, broken_zip, hour_of, literal
from inventory.logs.folders import fingerprint, log_files, other_hours
from inventory.logs.standing import Standing, standing
from inventory.logs.tally import Tally, key_of
from inventory.logs.tally import row as summed
from inventory.model import ScanNote, TenantId
from inventory.usage import DayOfUse, Source, SourceName, Use
from reports.text import visible

NAME = SourceName("exported-logs")
_PORTION = 64 * 1024 * 1024
"""Bytes of text that are added up at a time."""
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
_BLIND = (
    "it holds what was exported since the diagnostic setting was made and copied to the folder",
    "a host keeps the token of a managed identity for about 24 hours, so that one record stands for a day of use",
    "sign-ins of an application in other tenants are in their logs",
    USERS,
    "a record that was exported twice counts twice",
)


class _ExportedLogs:
    name = NAME

    def wanted(self, request: EvidenceRequest) -> bool:
        return request.folder is not None

    def place(self, request: EvidenceRequest) -> str:
        return fingerprint(request.folder) if request.folder else ""

    async def read(self, request: EvidenceRequest, cursor: str | None = None) -> AsyncIterator[Page[Entry]]:
        """Yield a page for every portion of the files."""
        folder = request.folder
        if folder is None:
            return
        try:
            position = standing(cursor, await asyncio.to_thread(fingerprint, folder))
            with ExitStack() as stack:
                spill = stack.enter_context(tempfile.TemporaryDirectory(prefix="unsecret-"))
                engine = stack.enter_context(closing(_Engine(Path(spill), request)))
                for portion in batches(_remaining(folder, request.tenant_id, position.last()), _PORTION):
                    entries, position = await asyncio.to_thread(engine.portion, portion, position)
                    yield Page(entries=entries, cursor=position.text())
            yield Page(entries=(await asyncio.to_thread(_source, folder, request, position),), cursor=None)
        except CursorExpiredError:
            raise
        except InventoryError as error:
            yield Page(entries=(unread(NAME, request.at, why(error), blind_spots=_BLIND),), cursor=None)


def _remaining(folder: Path, tenant: TenantId | None, last: Path | None) -> Iterator[Found]:
    if not folder.is_dir():
        raise ReadFailedError(f"{visible(str(folder))} is no folder; name the copy of the storage account")
    found = log_files(folder, tenant)
    return found if last is None else (file for file in found if file.path.parts > last.parts)


def _source(folder: Path, request: EvidenceRequest, position: Standing) -> Source:
    if position.extent.silent():
        extent = position.extent.bridged(other_hours(folder, request.tenant_id))
        position = msgspec.structs.replace(position, extent=extent)
    return position.source(NAME, request.at, _BLIND, changed=fingerprint(folder) != position.listing)


def days_of_use(request: EvidenceRequest) -> tuple[tuple[DayOfUse, ...], tuple[ScanNote, ...], Source]:
    """Return every day of use that a folder tells, what of it cannot be read, and how much of the past it covers.

    All of it is held in memory: a value for each credential, address and day. Raises ReadFailedError where nothing can
    be read at all.
    """
    folder = request.folder
    if folder is None:
        return (), (), unread(NAME, request.at, "no folder was named", blind_spots=_BLIND)
    found: list[DayOfUse] = []
    notes: list[ScanNote] = []
    position = standing(None, fingerprint(folder))
    with tempfile.TemporaryDirectory(prefix="unsecret-") as spill:
        sums = functools.partial(_Days, found)
        with closing(_Engine(Path(spill), request, question=sql.days_of_use, sums=sums)) as engine:
            for portion in batches(_remaining(folder, request.tenant_id, None), _PORTION):
                entries, position = engine.portion(portion, position)
                notes += [each for each in entries if isinstance(each, ScanNote)]
    return tuple(found), tuple(notes), _source(folder, request, position)


@dataclass(slots=True)
class _Sums:
    """What a portion of the files said, while it is being read."""

    standing: Standing
    limit: datetime
    tally: Tally = field(default_factory=lambda: Tally(NAME))
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

    def add(self, row: tuple[Any, ...], files: Mapping[str, LogFile]) -> None:
        """Take one row of the query in."""
        part, successes = row[-1], row[-3]
        if part == "lost":
            self.lose(files[row[0]], successes, "")
        elif part == "hour":
            self.spans.append((_moment(row[8]), _moment(row[9])))
        elif part == "apart":
            self.apart[row[0]] += successes
        else:
            self.tally.include(_use(row))

    def result(self, files: tuple[Found, ...]) -> tuple[tuple[Entry, ...], Standing]:
        """Return the values found and the standing after the files."""
        after = self.standing.up_to(files[-1].path).counting(self.apart)
        after = after.passing(file for file in files if isinstance(file, Passed))
        number = after.files + sum(not isinstance(file, Passed) for file in files)
        extent = after.extent.with_seen(self.spans)
        return (*self.tally.drain(), *self.notes), replace(after, extent=extent, files=number)


class _Days(_Sums):
    """What a portion of the files said, with the days of use put into a list."""

    def __init__(self, found: list[DayOfUse], before: Standing, limit: datetime) -> None:
        super().__init__(before, limit)
        self._found = found

    def add(self, row: tuple[Any, ...], files: Mapping[str, LogFile]) -> None:
        """Take one row of the query in."""
        count, part = row[-2:]
        if part == "lost":
            self.lose(files[row[0]], count, "")
        elif part == "hour":
            self.spans.append((_moment(row[-4]), _moment(row[-3])))
        elif part == "apart":
            self.apart[row[0]] += count
        else:
            self._found.append(_day(row))


class _Engine:
    """A database in memory that adds files up; ``spill`` is the folder for what does not fit."""

    def __init__(
        self,
        spill: Path,
        request: EvidenceRequest,
        *,
        question: Callable[..., str] = sql.aggregation,
        sums: Callable[[Standing, datetime], _Sums] = _Sums,
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

    def _read(self, files: tuple[LogFile, ...], sums: _Sums) -> None:
        try:
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


def _use(row: tuple[Any, ...]) -> Use:
    client, key_id, thumbprint, federated, credential_type, address, resource, counted = row[:8]
    key = key_of(
        client,
        key_id=key_id,
        thumbprint=thumbprint,
        federated=federated,
        credential_type=credential_type,
        address=address,
        resource=resource,
        counted=counted,
    )
    first, last, last_success, successes, failures = row[8:13]
    return summed(
        NAME,
        key,
        first=_moment(first),
        last=_moment(last),
        last_success=None if last_success is None else _moment(last_success),
        successes=successes,
        failures=failures,
    )


def _day(row: tuple[Any, ...]) -> DayOfUse:
    client, key_id, thumbprint, federated, credential_type, address, first, last, count, _ = row
    key = key_of(
        client,
        key_id=key_id,
        thumbprint=thumbprint,
        federated=federated,
        credential_type=credential_type,
        address=address,
        resource=None,
        counted=True,
    )
    return DayOfUse(
        client_id=key.client_id,
        key_id=key.key_id,
        thumbprint=key.thumbprint,
        federated_credential_id=key.federated_credential_id,
        credential_type=key.credential_type,
        address=key.address,
        first=_moment(first),
        last=_moment(last),
        count=count,
    )


def _moment(microseconds: int) -> datetime:
    return _EPOCH + microseconds * _MICROSECOND


SOURCE = _ExportedLogs()
