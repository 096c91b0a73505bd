"""From a directory to a snapshot file: every collection read at the same time, every page written as it comes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from inventory.directory import Directory, Page
from inventory.errors import InventoryError, PermissionMissingError, ReadFailedError
from inventory.model import Cloud, ScanNote, TenantId
from inventory.snapshot import Entry, SnapshotWriter

Progress = Callable[[str, int], None]
"""Told the name of a collection and how many of its objects were read so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanSummary:
    """What a scan found, without keeping it: the content is in the file."""

    path: Path
    tenant_id: TenantId
    cloud: Cloud
    taken_at: datetime
    digest: str
    applications: int
    service_principals: int
    identities: int
    credentials: int
    unreadable: int
    """Objects that could not be understood; each is a note in the snapshot."""
    gaps: tuple[ScanNote, ...]
    """What could not be seen at all, beyond single unreadable objects."""


async def scan(directory: Directory, path: Path, *, cloud: Cloud, progress: Progress) -> ScanSummary:
    """Read the whole tenant into a snapshot at ``path``; its time is the tenant's own, before the first page.

    Raises the first InventoryError that makes the snapshot useless (``path`` then stays as it was). A usage report that
    cannot be read is no such error: the snapshot says that usage is unknown.
    """
    tenant_id, taken_at = await directory.tenant(), await directory.now()
    with SnapshotWriter(path, tenant_id=tenant_id, cloud=cloud, taken_at=taken_at) as writer:
        denied: list[ScanNote] = []
        await _together(
            _take(writer, "applications", directory.applications(), progress),
            _take(writer, "service principals", directory.service_principals(), progress),
            _take_activity(writer, directory, progress, denied),
        )
        unreadable = writer.count("notes")
        gaps = (*denied, *_untold(writer))
        writer.add(gaps)
        return ScanSummary(
            path=path,
            tenant_id=tenant_id,
            cloud=cloud,
            taken_at=taken_at,
            applications=writer.count("applications"),
            service_principals=writer.count("service_principals"),
            identities=writer.count("identities"),
            credentials=writer.count("credentials"),
            unreadable=unreadable,
            gaps=gaps,
            digest=writer.finish(),
        )


async def _take(
    writer: SnapshotWriter, name: str, pages: AsyncIterator[Page[Entry] | Sequence[Entry]], progress: Progress
) -> None:
    count = 0
    async for page in pages:
        entries = page.entries if isinstance(page, Page) else page
        writer.add(entries)
        count += len(entries)
        progress(name, count)


async def _take_activity(
    writer: SnapshotWriter, directory: Directory, progress: Progress, denied: list[ScanNote]
) -> None:
    """Take the report of use, or say why there is none: it is a beta of the public cloud, and asks for a licence."""
    try:
        await _take(writer, "credential activity", directory.credential_activity(), progress)
    except PermissionMissingError as error:
        reason = f"{error.permission} not granted"
    except ReadFailedError as error:
        reason = str(error)
    else:
        return
    denied.append(ScanNote(subject="credential activity", text=f"{reason}: usage is unknown"))


def _untold(writer: SnapshotWriter) -> Iterator[ScanNote]:
    """Say how many objects came without what was asked for: unknown, not empty."""
    owners = sum(writer.count(table, "NOT owners_known") for table in ("applications", "service_principals"))
    if owners:
        yield ScanNote(subject="owners", text=f"of {owners} objects the owners could not be read")
    federated = writer.count("applications", "NOT federated_known")
    if federated:
        text = f"of {federated} applications the federated credentials could not be read"
        yield ScanNote(subject="federated credentials", text=text)


async def _together(*jobs: Coroutine[None, None, None]) -> None:
    """Run all; when one fails, stop the others and raise its error alone."""
    try:
        async with asyncio.TaskGroup() as group:
            for job in jobs:
                group.create_task(job)
    except* InventoryError as failures:
        raise _first(failures) from None


def _first(group: BaseExceptionGroup[InventoryError]) -> InventoryError:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner
