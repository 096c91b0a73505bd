"""What changed in a tenant since its delta links were asked for, taken into a snapshot that is being written.

A refresh begins with it. A scan ends with it: its pages are of different moments, so that what was added to an object
after its page was read, or an object restored behind the place that a listing had reached, would be missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from inventory.collecting import Progress
from inventory.directory import Collection, Directory, Removed
from inventory.errors import CursorExpiredError, PermissionMissingError, ReadFailedError
from inventory.model import Application, ManagedIdentity, ScanNote, ServicePrincipal
from inventory.snapshot import SnapshotWriter


@dataclass(slots=True, kw_only=True)
class Changes:
    """How many objects of one collection changed and are gone, and which."""

    changed: int = 0
    removed: int = 0
    clients: set[str] = field(default_factory=set)
    """Client ids of the applications that changed."""
    principals: set[str] = field(default_factory=set)
    """Object ids of the service principals that were read."""


def told(changes: Mapping[Collection, Changes]) -> str:
    """Say in words how much changed."""
    return ", ".join(
        f"{one.changed} {each.value.replace('-', ' ')} changed and {one.removed} removed"
        for each, one in changes.items()
    )


async def take(
    writer: SnapshotWriter, directory: Directory, links: Mapping[str, str], progress: Progress
) -> dict[Collection, Changes]:
    """Take in what changed since the links; raises what ``Directory.changed`` raises.

    Service principals of changed applications are read too, whatever their own link tells: Graph shows the tags of an
    application on them ("servicePrincipal", ``tags``). So is what changed before and could not be read then.
    """
    found = {each: await _changes(writer, directory, each, links[each.value], progress) for each in Collection}
    of_changed = writer.principals_of(found[Collection.APPLICATIONS].clients)
    waiting = {each: set(writer.waiting(each.value)) for each in Collection}
    waiting[Collection.SERVICE_PRINCIPALS] |= set(of_changed) - found[Collection.SERVICE_PRINCIPALS].principals
    for each, ids in waiting.items():
        if ids:
            async for page in directory.objects(each, sorted(ids)):
                for entry in page.entries:
                    _take(writer, each, entry, Changes())
    return found


async def _changes(
    writer: SnapshotWriter, directory: Directory, collection: Collection, link: str, progress: Progress
) -> Changes:
    found = Changes()
    async for page in directory.changed(link):
        for entry in page.entries:
            _take(writer, collection, entry, found)
        if page.entries:
            progress(f"changed {collection.value}", found.changed + found.removed)
    return found


def _take(
    writer: SnapshotWriter,
    collection: Collection,
    entry: Application | ServicePrincipal | ManagedIdentity | Removed | ScanNote,
    found: Changes,
) -> None:
    if isinstance(entry, Removed):
        writer.remove(entry.object_id)
        found.removed += 1
        return
    writer.replace(collection.value, entry)
    found.changed += 1
    if isinstance(entry, Application):
        found.clients.add(entry.client_id)
    elif isinstance(entry, ServicePrincipal):
        found.principals.add(entry.id)


async def look_again(writer: SnapshotWriter, directory: Directory, progress: Progress) -> str:
    """Take in what changed since a scan began, and say so; a note where that is not told."""
    links = writer.links()
    if set(links) != {each.value for each in Collection}:
        return ""  # which was noted when they were asked for
    try:
        found = await take(writer, directory, links, progress)
    except (CursorExpiredError, PermissionMissingError, ReadFailedError) as error:
        text = f"{error}: what changed while the tenant was read may be told as it was before, or be missing"
        writer.note(ScanNote(subject="changes during the scan", text=text))
        return ""
    return f"while it was read: {told(found)}" if _any(found.values()) else ""


def _any(changes: Iterable[Changes]) -> bool:
    return any(one.changed or one.removed for one in changes)


async def count_again(writer: SnapshotWriter, directory: Directory) -> None:
    """Note where the tenant counts more objects than were read: a page may have skipped some while it moved."""
    for collection in Collection:
        total, here = await directory.count(collection), writer.held(collection.value)
        if total is not None and total > here:
            text = (
                f"the tenant counts {total} and {here} were read: {total - here} may be missing here, if the count, "
                "which may lag, is right; scan again"
            )
            writer.note(ScanNote(subject=collection.value.replace("-", " "), text=text))
