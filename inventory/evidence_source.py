"""What a source of usage evidence is asked and how it answers. The sources are files of ``inventory.evidence``."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from inventory.directory import Page
from inventory.errors import InventoryError, PermissionMissingError
from inventory.graph import GraphConnection, GraphSettings
from inventory.model import ScanNote, TenantId
from inventory.usage import Source, SourceName, Use

Entry = Use | Source | ScanNote
USERS = (
    "sign-ins of users, whose codes a web application redeems with a secret, are not in it: their records name a kind "
    "of credential at most, never the credential"
)
"""Blind spot of every log, for the reasons in docs/evidence.md ("What sign-ins of users show")."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """A Log Analytics workspace: its id (a GUID), and how to sign in to it.

    ``endpoint`` defaults to the one of the cloud in ``settings``; ``credential`` (azure-core's AsyncTokenCredential) to
    that of ``inventory.sign_in``.
    """

    id: str
    settings: GraphSettings
    endpoint: str | None = None
    credential: object | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRequest:
    """Where evidence is to be looked for. What is None is not asked."""

    at: datetime
    """The tenant's own time: what claims to be later than a day after it is not believed."""
    tenant_id: TenantId | None = None
    """The tenant: records of another are none of its own. None: not known, then no record is known to be of it."""
    graph: GraphConnection | None = None
    workspace: Workspace | None = None
    folder: Path | None = None
    """A copy of the storage account that a diagnostic setting writes to, or Parquet made from it."""
    days: int = 730
    """How far back a workspace is asked; its interactive retention is two years at most."""


class EvidenceSource(Protocol):
    """One source. What cannot be read is no error but a ``Source`` that says so.

    CursorExpiredError alone is raised, where a cursor or a link within the source is no longer good: what it told so
    far is to be forgotten, and the source to be read from its beginning.
    Values come as they are found; rows that differ in counts and times alone add up (``inventory.logs.tally.merged``).
    The last page, whose cursor is None, ends with the Source. A cursor goes on where its page ended.
    """

    @property
    def name(self) -> SourceName:
        """Its name, which is that of its rows and of its collection."""
        ...

    def wanted(self, request: EvidenceRequest) -> bool:
        """Whether the request says where to look."""
        ...

    def place(self, request: EvidenceRequest) -> str:
        """Return what differs where it would read something else: a scan that goes on then reads it anew.

        May read files, so that it is not to be called where others wait.
        """
        ...

    def read(self, request: EvidenceRequest, cursor: str | None = None) -> AsyncIterator[Page[Entry]]:
        """Yield everything the source knows of every credential."""
        ...


def unread(name: SourceName, at: datetime, why: str, *, blind_spots: tuple[str, ...] = ()) -> Source:
    """Return the Source for one that could not be read to the end; what it showed so far counts."""
    return Source(
        name=name,
        read_at=at,
        since=None,
        until=None,
        retention_days=None,
        missing=f"{why}: usage is unknown",
        blind_spots=blind_spots,
    )


def why(error: InventoryError) -> str:
    """Say in a few words why something could not be read, with the permission or licence that is missing."""
    if not isinstance(error, PermissionMissingError):
        return str(error)
    return f"no {error.permission} licence" if "licence" in str(error) else f"{error.permission} not granted"
