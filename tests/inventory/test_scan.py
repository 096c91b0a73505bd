from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest

from inventory import snapshot
from inventory.errors import InventoryError, PermissionMissingError, ReadFailedError, SnapshotError
from inventory.model import (
    Application,
    ApplicationId,
    ClientId,
    Cloud,
    CredentialActivity,
    FederatedCredential,
    ManagedIdentity,
    ScanNote,
    ServicePrincipal,
    ServicePrincipalId,
    SignInHistory,
    TenantId,
)
from inventory.scan import ScanSummary, scan
from tests.inventory import values
from tests.inventory.values import NOW, TENANT


class _Directory:
    """A directory of given pages; an error among them is raised in its place."""

    def __init__(
        self,
        applications: tuple[tuple[Application | ScanNote, ...] | InventoryError, ...] = (),
        activity: InventoryError | None = None,
    ) -> None:
        self._applications = applications
        self._activity = activity
        self.waiting = asyncio.Event()

    async def tenant(self) -> TenantId:
        return TENANT

    async def now(self) -> datetime:
        return NOW

    async def applications(self) -> AsyncIterator[tuple[Application | ScanNote, ...]]:
        await self.waiting.wait()  # nothing comes before the other collections have been asked for
        for page in self._applications:
            if isinstance(page, InventoryError):
                raise page
            yield page

    async def service_principals(self) -> AsyncIterator[tuple[ServicePrincipal | ManagedIdentity | ScanNote, ...]]:
        yield (values.identity(), values.principal(credentials=(values.secret(9),)))

    async def credential_activity(self) -> AsyncIterator[tuple[CredentialActivity | ScanNote, ...]]:
        self.waiting.set()
        if self._activity:
            raise self._activity
        yield (values.activity(),)

    async def application(self, object_id: ApplicationId, *, federated: bool = True) -> Application | None:
        raise NotImplementedError

    async def service_principal(self, object_id: ServicePrincipalId) -> ServicePrincipal | None:
        raise NotImplementedError

    async def principal_of(self, client_id: ClientId) -> ServicePrincipal | None:
        raise NotImplementedError

    async def federated_credentials(self, object_id: ApplicationId) -> tuple[FederatedCredential, ...]:
        raise NotImplementedError

    async def sign_ins(self, client_id: ClientId, since: datetime) -> SignInHistory:
        raise NotImplementedError


def _scan(directory: _Directory, path: Path) -> tuple[ScanSummary, list[tuple[str, int]]]:
    told: list[tuple[str, int]] = []
    found = asyncio.run(
        scan(directory, path, cloud=Cloud.PUBLIC, progress=lambda name, count: told.append((name, count)))
    )
    return found, told


def test_a_scan_reads_all_collections_at_once_and_says_what_it_found(tmp_path: Path) -> None:
    pages = ((values.application(1, credentials=(values.secret(1),)),), (values.application(2), values.application(1)))
    found, told = _scan(_Directory(pages), tmp_path / "s.db")
    assert (found.applications, found.service_principals, found.identities, found.credentials) == (2, 1, 1, 2)
    assert (found.unreadable, found.gaps, found.taken_at) == (0, (), NOW)
    assert ("applications", 3) in told
    assert snapshot.read(tmp_path / "s.db").digest == found.digest


def test_an_unreadable_object_is_kept_as_a_note_and_counted(tmp_path: Path) -> None:
    note = ScanNote(subject="application x", text="unreadable: odd")
    found, _ = _scan(_Directory(((note, values.application()),)), tmp_path / "s.db")
    assert (found.applications, found.unreadable) == (1, 1)
    assert snapshot.read(tmp_path / "s.db").notes == (note,)


def test_without_the_usage_report_usage_is_unknown_and_the_scan_goes_on(tmp_path: Path) -> None:
    denied = PermissionMissingError("no", permission="AuditLog.Read.All")
    found, _ = _scan(_Directory(((values.application(owners=None, federated=None),),), denied), tmp_path / "s.db")
    assert [note.text for note in found.gaps] == [
        "AuditLog.Read.All not granted: usage is unknown",
        "of 1 objects the owners could not be read",
        "of 1 applications the federated credentials could not be read",
    ]
    assert set(snapshot.read(tmp_path / "s.db").notes) == set(found.gaps)


@pytest.mark.parametrize(
    "error", [PermissionMissingError("m", permission="Application.Read.All"), ReadFailedError("m")]
)
def test_without_applications_there_is_no_snapshot(tmp_path: Path, error: InventoryError) -> None:
    with pytest.raises(type(error)) as caught:
        _scan(_Directory(((values.application(),), error)), tmp_path / "s.db")
    assert caught.value is error
    assert not (tmp_path / "s.db").exists()


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="cannot be written"):
        _scan(_Directory(), tmp_path / "no" / "s.db")
