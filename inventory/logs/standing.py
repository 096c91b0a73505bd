"""How far a folder of exported logs was read, and what it said so far. Pure."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from urllib.parse import quote_from_bytes, unquote_to_bytes

import msgspec
from msgspec.structs import replace

from inventory.errors import CursorExpiredError
from inventory.logs.extent import Extent
from inventory.logs.files import Kind, Passed
from inventory.usage import EVERY_KIND, Source, SourceName
from reports.text import visible

FOREIGN, UNTOLD, OTHER = "foreign", "untold", "other"
"""Records that are counted apart (``inventory.logs.sql``)."""
_COUNTED = {
    FOREIGN: "records are of other tenants: they count neither as use nor as time that was seen",
    UNTOLD: "records do not tell their tenant, or contradict it: they count as use and not as time that was seen",
    OTHER: "records are of other logs, by their category",
}


def said_apart(apart: Mapping[str, int]) -> tuple[str, ...]:
    """Say in words how many records are counted apart, and why."""
    return tuple(f"{apart[name]} {why}" for name, why in _COUNTED.items() if apart.get(name))


class Standing(msgspec.Struct, frozen=True):
    """How far the folder was read, and what it said so far; its text is a cursor."""

    listing: str = ""
    """Digest of what the folder held when the reading began (``inventory.logs.folders.fingerprint``)."""
    after: str = ""
    """Path of the last file that was read, as a URL would have it: its name may be no text."""
    extent: Extent = Extent()
    others: Extent = Extent()
    """The times of a second log, where two are needed."""
    lost: int = 0
    """Records and files that cannot be read and belong to no hour."""
    files: int = 0
    """Log files, those that cannot be read included."""
    apart: dict[str, int] = {}
    """How many records are counted apart, and why."""
    passed: dict[str, tuple[int, str]] = {}
    """How many files and folders are passed over, why, and the name of the first."""

    def text(self) -> str:
        """Return what ``standing`` understands."""
        return msgspec.json.encode(self).decode()

    def last(self) -> Path | None:
        """Return the path of the last file that was read."""
        return Path(os.fsdecode(unquote_to_bytes(self.after))) if self.after else None

    def up_to(self, last: Path) -> Standing:
        """Return it as it is after a file."""
        return replace(self, after=quote_from_bytes(os.fsencode(last)))

    def passing(self, found: Iterable[Passed]) -> Standing:
        """Return it with more that is passed over."""
        passed = dict(self.passed)
        for one in found:
            count, first = passed.get(one.kind, (0, one.path.name))
            passed[one.kind] = (count + 1, first)
        return replace(self, passed=passed)

    def counting(self, apart: Mapping[str, int]) -> Standing:
        """Return it with more records that are counted apart."""
        return replace(self, apart={name: self.apart.get(name, 0) + apart.get(name, 0) for name in _COUNTED})

    def source(self, name: SourceName, at: datetime, blind_spots: tuple[str, ...], *, changed: bool) -> Source:
        """Return what is said of the folder once it is read; ``changed``: it is not what it was in the beginning."""
        covered = self.extent.covered()
        return Source(
            name=name,
            read_at=at,
            since=covered[0] if covered else None,
            until=covered[1] if covered else None,
            retention_days=None,
            missing=self._missing(changed=changed),
            blind_spots=(*blind_spots, *self._apart(), *self.extent.gaps()),
            sees=EVERY_KIND,
        )

    def _missing(self, *, changed: bool) -> str:
        if changed:
            return "the folder changed while it was read; scan again once the copy is complete: usage is unknown"
        if self.lost:
            return f"{self.lost} records or files cannot be read: usage is unknown"
        return "" if self.files else "the folder holds no sign-in logs: usage is unknown"

    def _apart(self) -> tuple[str, ...]:
        passed = sorted((kind, *told) for kind, told in self.passed.items())
        return (
            *said_apart(self.apart),
            *(f"{count} {Kind(kind)}, one of them {visible(name)}" for kind, count, name in passed),
        )


def standing(cursor: str | None, listing: str) -> Standing:
    """Return where to go on in a folder that holds what a digest tells; CursorExpiredError where that is not possible.

    That is: where the text is no cursor of ours, or another folder, or the same with other files in it, was read.
    """
    if not cursor:
        return Standing(listing=listing)
    try:
        found = msgspec.json.decode(cursor, type=Standing)
    except msgspec.DecodeError:
        raise CursorExpiredError("what an earlier run left cannot be read") from None
    if found.listing != listing:
        raise CursorExpiredError("the folder changed since it was read in part")
    return found
