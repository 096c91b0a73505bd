"""Sign-in logs that a diagnostic setting exported to a storage account, copied to a folder; or Parquet made of them.

DuckDB, which the extra ``logs`` installs and which is imported only when a folder is given, adds a portion of the files
up at a time: memory has an end, a reading can be resumed after every portion, and one file that is broken costs only
its hour. DuckDB may not install or load anything for it.
"""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from inventory.evidence_source import USERS, Entry, EvidenceRequest, unread
from inventory.log_engine import Engine, FolderSource, Sums, moment, portioned, there
from inventory.logs import sql
from inventory.logs.files import LogFile
from inventory.logs.folders import fingerprint, log_files, other_hours
from inventory.logs.standing import Standing, standing
from inventory.logs.tally import Tally, key_of
from inventory.logs.tally import row as summed
from inventory.model import ScanNote
from inventory.usage import DayOfUse, Source, SourceName, Use

NAME = SourceName("exported-logs")
_BLIND = (
    "it holds what was exported since the diagnostic setting was made and copied to the folder",
    "a host keeps the token of a managed identity for about 24 hours, so that one record stands for a day of use",
    "sign-ins of an application in other tenants are in their logs",
    USERS,
    "a record that was exported twice counts twice",
)


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
        with closing(Engine(Path(spill), request, question=sql.days_of_use, sums=sums)) as engine:
            for portion in portioned(log_files(there(folder), request.tenant_id)):
                entries, position = engine.portion(portion, position)
                notes += [each for each in entries if isinstance(each, ScanNote)]
    return tuple(found), tuple(notes), _source(folder, request, position)


class _Uses(Sums):
    """What a portion of the files said, added up."""

    def __init__(self, before: Standing, limit: datetime) -> None:
        super().__init__(before, limit)
        self._tally = Tally(NAME)

    def add(self, row: tuple[Any, ...], files: Mapping[str, LogFile]) -> None:
        """Take one row of the query in."""
        part, successes = row[-1], row[-3]
        if part == "lost":
            self.lose(files[row[0]], successes, "")
        elif part == "hour":
            self.spans.append((moment(row[8]), moment(row[9])))
        elif part == "apart":
            self.apart[row[0]] += successes
        else:
            self._tally.include(_use(row))

    def entries(self) -> tuple[Entry, ...]:
        """Return a value for each credential, address and resource."""
        return self._tally.drain()


class _Days(Sums):
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
            self.spans.append((moment(row[-4]), moment(row[-3])))
        elif part == "apart":
            self.apart[row[0]] += count
        else:
            self._found.append(_day(row))


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
        first=moment(first),
        last=moment(last),
        last_success=None if last_success is None else moment(last_success),
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
        first=moment(first),
        last=moment(last),
        count=count,
    )


SOURCE = FolderSource(
    name=NAME,
    question=sql.aggregation,
    sums=_Uses,
    source=_source,
    blind_spots=_BLIND,
)
