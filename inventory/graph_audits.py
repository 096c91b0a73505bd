"""The audit log of a tenant, read through Microsoft Graph: who added the credentials of one object.

Sources: Microsoft Graph reference (v1.0), "List directoryAudits": ``targetResources/any(t: t/id eq ...)``; Microsoft
Entra, "data retention": 30 days with P1 or P2, 7 without.
"""

from __future__ import annotations

from urllib.parse import quote

from inventory import convert_audits
from inventory.errors import CursorExpiredError, PermissionMissingError, ReadFailedError
from inventory.graph import GraphConnection
from inventory.graph_paging import literal, pages
from inventory.model import CredentialAdded, CredentialLog, ScanNote

_AUDITS = "/v1.0/auditLogs/directoryAudits"


async def credential_log(connection: GraphConnection, object_id: str) -> CredentialLog:
    """Return who added credentials of an application or a service principal, as far as the log goes back."""
    matching = quote(f"targetResources/any(t: t/id eq {literal(object_id)})", safe="()',:/")
    rows: list[tuple[CredentialAdded, ...] | ScanNote] = []
    try:
        async for page in pages(connection, f"{_AUDITS}?$filter={matching}&$top=999", convert_audits.additions().page):
            rows += page.value.entries
    except (PermissionMissingError, ReadFailedError, CursorExpiredError) as error:
        return CredentialLog(added=(), missing=str(error))
    notes = [row.text for row in rows if isinstance(row, ScanNote)]
    added = tuple(each for row in rows if not isinstance(row, ScanNote) for each in row)
    return CredentialLog(added=added, missing=f"{len(notes)} of its records are {notes[0]}" if notes else "")
