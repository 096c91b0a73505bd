"""From a tenant to a snapshot file: every collection read at the same time, every page kept as it comes."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from inventory.changing import count_again, look_again, take, told
from inventory.cloud import Cloud
from inventory.collecting import Collecting, Listing, Progress
from inventory.directory import Collection, Directory
from inventory.errors import CursorExpiredError, InventoryError, PermissionMissingError, ReadFailedError, SnapshotError
from inventory.evidence_source import EvidenceRequest, EvidenceSource
from inventory.hosting import Hosting
from inventory.identities import Identities
from inventory.model import ScanNote, TenantId
from inventory.settings_kind import KnownIds
from inventory.snapshot import SnapshotWriter, deltas
from inventory.snapshot.digest import AGED
from inventory.snapshot.opening import header_of, opened

_MOST_GAPS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """What a scan reads with. What is not there is unknown in the snapshot, and said."""

    directory: Directory
    hosting: Callable[[KnownIds], Hosting] | None = None
    sources: tuple[EvidenceSource, ...] = ()
    evidence: Callable[[datetime], EvidenceRequest] | None = None
    """Where the sources look, at a time of the tenant's."""


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
    hosts: int
    unreadable: int
    """Objects that could not be understood; each is kept in table ``unreadable``."""
    gaps: tuple[ScanNote, ...]
    """What could not be seen at all, beyond single unreadable objects."""
    beginning: str
    """What became of an unfinished scan that was found, what changed while the tenant was read, or what a refresh read;
    empty where there is nothing of it."""


async def scan(readers: Readers, path: Path, *, cloud: Cloud, progress: Progress, anew: bool = False) -> ScanSummary:
    """Read the whole tenant into a snapshot at ``path``; its time is the tenant's own, before the first page.

    What changes while it is read is taken in at the end, and a number of objects that is smaller than the tenant's is
    noted. A scan that was stopped is gone on with, unless ``anew``. Raises the first InventoryError that makes the
    snapshot useless: ``path`` then stays as it was, and what was read waits beside it. What else cannot be read is said
    in it.
    """
    directory = readers.directory
    tenant_id, now = await directory.tenant(), await directory.now()
    begin = SnapshotWriter if anew else SnapshotWriter.resume
    with begin(path, tenant_id=tenant_id, cloud=cloud, taken_at=now) as writer:
        if not writer.beginning.resumed:
            await _remember_links(writer, directory)
        await _collect(readers, writer, Collecting(writer, progress))
        meanwhile = await look_again(writer, directory, progress)
        await count_again(writer, directory)
        summary = _finished(writer, path, tenant_id, cloud)
    return replace(summary, beginning="; ".join(text for text in (summary.beginning, meanwhile) if text))


async def refresh(readers: Readers, path: Path, *, cloud: Cloud, progress: Progress) -> ScanSummary:
    """Bring a snapshot up to date: objects by delta queries, everything that those do not tell by reading it anew.

    Raises SnapshotError for a snapshot without links for that, CursorExpiredError where Graph knows them no more: scan
    anew in both cases. Owners of an object that did not change otherwise stay as they were, which is noted: Graph does
    not promise to tell of them. ``ScanSummary.beginning`` says what came from changes and what was read anew.
    """
    directory = readers.directory
    tenant_id, now = await directory.tenant(), await directory.now()
    links = deltas(path)
    if set(links) != {each.value for each in Collection}:
        raise SnapshotError(f"{path} cannot be refreshed: its scan got no delta links; {_again(path)}")
    aged = _old_owners(path)
    with SnapshotWriter.refresh(path, tenant_id=tenant_id, cloud=cloud, taken_at=now) as writer:
        await _remember_links(writer, directory)
        try:
            changes = await take(writer, directory, links, progress)
        except CursorExpiredError as error:
            raise CursorExpiredError(f"{path} cannot be refreshed: {error}; {_again(path)}") from None
        sources = [source.name for source in readers.sources]
        for name in ("roles", "policies", "hosts", "identity-tags", *sources):
            writer.forget(name)
        await _collect(readers, writer, Collecting(writer, progress), again=True)
        await count_again(writer, directory)
        writer.note(aged)
        summary = _finished(writer, path, tenant_id, cloud)
    return replace(summary, beginning=_refreshed(told(changes), hosts=readers.hosting is not None, sources=sources))


def _again(path: Path) -> str:
    return f"scan the tenant again: {shlex.join(['unsecret', 'scan', '--out', str(path)])}"


def _refreshed(changes: str, *, hosts: bool, sources: Iterable[str]) -> str:
    """Say what came from changes and what was read anew, since nothing tells what changed of it."""
    settings = ["hosts and their settings", "tags of identities"] if hosts else []
    anew = ["federated credentials", "roles", "policies", *settings, *sources]
    return f"refreshed: {changes}; read anew, as nothing tells their changes: {', '.join(anew)}"


def _old_owners(path: Path) -> ScanNote:
    """Say how old the owners are that are kept: a refresh of a refresh keeps those of the scan before both."""
    with opened(path) as database:
        statement = "SELECT min(text) FROM notes WHERE subject = ?"
        (known,) = database.execute(statement, (AGED,)).fetchone()
        taken = header_of(path, database).taken_at
    text = f"of objects that did not change otherwise they are as of {taken:%Y-%m-%d %H:%M} UTC"
    return ScanNote(subject=AGED, text=known or text)


async def _remember_links(writer: SnapshotWriter, directory: Directory) -> None:
    """Ask for links to what changes from now on; a tenant without them can be scanned, only not be refreshed."""
    try:
        for collection in Collection:
            writer.link(collection.value, await directory.delta_link(collection))
    except (PermissionMissingError, ReadFailedError) as error:
        writer.note(ScanNote(subject="delta queries", text=f"{error}: this snapshot cannot be refreshed"))


async def _collect(readers: Readers, writer: SnapshotWriter, taking: Collecting, *, again: bool = False) -> None:
    """Read all collections; ``again``: into a copy that has the objects, all but those."""
    directory, known = readers.directory, asyncio.Event()
    trusts = taking.anew if again else taking.wanted
    azure = _identities(readers)

    async def objects() -> None:
        if not again:
            async with _counting(directory, taking):
                await together(
                    taking.needed("applications", directory.applications),
                    taking.needed("service-principals", _principals(directory, azure)),
                )
        known.set()

    async def hosts() -> None:
        if readers.hosting is None:
            taking.unknown("hosts", "Azure was not read")
            return
        await known.wait()  # settings are judged by the client ids that the tenant knows
        hosting = readers.hosting(_known_ids(writer))
        await taking.wanted("hosts", hosting.hosts)

    async def tags() -> None:
        if readers.hosting is None:
            taking.unknown("identity-tags", "Azure was not read")
            return
        await taking.wanted("identity-tags", readers.hosting(KnownIds()).identities)

    jobs = [
        objects(),
        hosts(),
        tags(),
        trusts("federated", directory.federated),
        trusts("identity-federated", directory.identity_federated, from_azure=azure.federated if azure else None),
        taking.wanted("roles", directory.roles),
        taking.wanted("policies", directory.policies),
    ]
    if readers.evidence is not None:
        request = replace(readers.evidence(writer.taken_at), tenant_id=writer.tenant_id)
        jobs += [taking.evidence(each, request) for each in readers.sources]
    await together(*jobs)


@asynccontextmanager
async def _counting(directory: Directory, taking: Collecting) -> AsyncIterator[None]:
    """Ask how much there is while it is being read; nothing waits for the answer."""

    async def count() -> None:
        for collection in Collection:
            total = await directory.count(collection)
            taking.expect(collection.value, total)
            if collection is Collection.APPLICATIONS:
                taking.expect("federated", total)  # one row for each application

    asked = asyncio.ensure_future(count())
    try:
        yield
    finally:
        asked.cancel()
        (failed,) = await asyncio.gather(asked, return_exceptions=True)
        if isinstance(failed, Exception):  # no answer is no error; this is one of ours
            raise failed


def _identities(readers: Readers) -> Identities | None:
    hosting = readers.hosting
    return None if hosting is None else Identities(lambda: hosting(KnownIds()))


def _principals(directory: Directory, azure: Identities | None) -> Listing:
    if azure is None:
        return directory.service_principals
    return lambda cursor: azure.completed(directory.service_principals(cursor))


def _known_ids(writer: SnapshotWriter) -> KnownIds:
    return KnownIds(
        applications=writer.ids("applications", "client_id"), identities=writer.ids("identities", "client_id")
    )


def _finished(writer: SnapshotWriter, path: Path, tenant_id: TenantId, cloud: Cloud) -> ScanSummary:
    writer.note(*_untold(writer))
    gaps, counts = (
        writer.gaps(_MOST_GAPS),
        {
            table: writer.count(table)
            for table in ("applications", "service_principals", "identities", "credentials", "hosts", "unreadable")
        },
    )
    return ScanSummary(
        path=path,
        tenant_id=tenant_id,
        cloud=cloud,
        taken_at=writer.taken_at,
        gaps=gaps,
        beginning=writer.beginning.text,
        digest=writer.finish(),
        **counts,
    )


def _untold(writer: SnapshotWriter) -> Iterator[ScanNote]:
    """Say how many objects came without what was asked for, and where there may be hosts: unknown, not empty."""
    owners = sum(
        writer.count(table, "NOT owners_known") for table in ("applications", "service_principals", "identities")
    )
    if owners:
        yield ScanNote(subject="owners", text=f"of {owners} objects the owners could not be read")
    for name, number in writer.hidden_subscriptions():
        whose = "a managed identity is" if number == 1 else f"{number} managed identities are"
        text = f"{whose} in it, and Azure does not show it, grant Reader unless it is gone: its hosts are unknown"
        yield ScanNote(subject=f"subscription {name}", text=text)


async def together(*jobs: Coroutine[None, None, object]) -> None:
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
