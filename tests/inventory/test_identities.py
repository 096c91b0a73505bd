"""Identities of the embedded tenant where Microsoft Graph does not tell all of them, or Azure does not either."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from inventory import snapshot
from inventory.arm import ArmConnection
from inventory.arm_settings import ArmSettings
from inventory.cloud import Cloud
from inventory.directory import FederatedOf, Page
from inventory.errors import PermissionMissingError
from inventory.graph import GraphConnection, GraphSettings
from inventory.graph_directory import GraphDirectory
from inventory.hosting import Hosting
from inventory.model import ManagedIdentity, ScanNote, ServicePrincipal, Snapshot
from inventory.scan import Readers, refresh, scan
from migrate.emulator.faults.engine import install, remove
from migrate.emulator.faults.parsing import convert as fault_plan
from migrate.emulator.server import Emulator
from tests.support.arm import ask

RESOURCE_GRAPH = "/providers/Microsoft.ResourceGraph/resources"


class Reticent(GraphDirectory):
    """A Graph that tells no federated credentials of identities and not where the identities are."""

    async def identity_federated(self, cursor: str | None = None) -> AsyncIterator[Page[FederatedOf | ScanNote]]:
        if cursor is None:
            raise PermissionMissingError("403", permission="Some.Read.All")
        async for page in super().identity_federated(cursor):
            yield page

    async def service_principals(
        self, cursor: str | None = None
    ) -> AsyncIterator[Page[ServicePrincipal | ManagedIdentity | ScanNote]]:
        async for page in super().service_principals(cursor):
            yield Page(entries=tuple(_placeless(one) for one in page.entries), cursor=page.cursor)


def _placeless(one: ServicePrincipal | ManagedIdentity | ScanNote) -> ServicePrincipal | ManagedIdentity | ScanNote:
    if isinstance(one, ManagedIdentity):
        return dataclasses.replace(one, resource_id=None, user_assigned=None)
    return one


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(apps=60, seed=4) as running:
        yield running


@pytest.fixture(autouse=True)
def operator(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in emulator.environment().items():
        monkeypatch.setenv(name, value)
    yield
    remove(emulator.tenant)


def _read(
    emulator: Emulator, path: Path, kind: type[GraphDirectory], *, how: Callable[..., object] = scan, azure: bool = True
) -> Snapshot:
    graph = GraphSettings(graph_endpoint=emulator.graph_endpoint)

    async def run() -> None:
        async with GraphConnection(graph) as connection, ArmConnection(ArmSettings(sign_in=graph)) as arm:
            given = Readers(directory=kind(connection), hosting=partial(Hosting, arm) if azure else None)
            await how(given, path, cloud=Cloud.PUBLIC, progress=lambda *_: None)  # type: ignore[misc]

    asyncio.run(run())
    return snapshot.read(path)


def _trusts(found: Snapshot) -> dict[str, set[tuple[str, str, str | None, tuple[str, ...]]]]:
    return {
        one.principal_id: {(each.name, each.issuer, each.subject, each.audiences) for each in one.federated}
        for one in found.identities
        if one.federated is not None
    }


def _notes(found: Snapshot) -> list[str]:
    return [note.text for note in found.notes if note.subject == "identity federated"]


def test_azure_tells_what_graph_does_not(emulator: Emulator, tmp_path: Path) -> None:
    identity = next(one for one in emulator.tenant.identities.values() if one.user_assigned)
    body = {"properties": {"issuer": "https://token.example", "subject": "repo:a", "audiences": ["api://x"]}}
    ask(emulator, "PUT", f"{identity.resource_id}/federatedIdentityCredentials/from-github", body)
    whole = _read(emulator, tmp_path / "whole.db", GraphDirectory)
    found = _read(emulator, tmp_path / "s.db", Reticent)
    assigned = {one.principal_id for one in whole.identities if one.user_assigned}
    assert len(assigned) > 10
    assert _trusts(found) == {key: trusts for key, trusts in _trusts(whole).items() if key in assigned}
    assert _trusts(found)[identity.principal_id] == {("from-github", "https://token.example", "repo:a", ("api://x",))}
    (note,) = _notes(found)
    assert note == "Some.Read.All not granted: read from Azure Resource Manager, which shows what Reader is granted on"
    places = {one.principal_id: (one.resource_id or "").lower() for one in whole.identities if one.user_assigned}
    assert {one.principal_id: one.resource_id for one in found.identities if one.user_assigned} == places


def test_a_refresh_asks_azure_as_well(emulator: Emulator, tmp_path: Path) -> None:
    first = _read(emulator, tmp_path / "s.db", GraphDirectory)
    again = _read(emulator, tmp_path / "s.db", Reticent, how=refresh)
    assigned = {one.principal_id for one in first.identities if one.user_assigned}
    assert {key: trusts for key, trusts in _trusts(again).items() if key in assigned} == {
        key: trusts for key, trusts in _trusts(first).items() if key in assigned
    }
    assert len(_notes(again)) == 1


def test_where_azure_does_not_tell_either_both_reasons_are_given(emulator: Emulator, tmp_path: Path) -> None:
    install(emulator.tenant, fault_plan({"faults": [{"kind": "status", "status": 403, "path": RESOURCE_GRAPH}]}))
    found = _read(emulator, tmp_path / "s.db", Reticent)
    assert _trusts(found) == {}
    (note,) = _notes(found)
    assert note.startswith("Some.Read.All not granted, nor does Azure tell (")
    assert note.endswith(": identity federated are unknown")


def test_without_azure_they_are_unknown(emulator: Emulator, tmp_path: Path) -> None:
    found = _read(emulator, tmp_path / "s.db", Reticent, azure=False)
    assert _trusts(found) == {}
    assert _notes(found) == ["Some.Read.All not granted: identity federated are unknown"]


def _tags(found: Snapshot) -> dict[str, tuple[tuple[str, str], ...] | None]:
    return {one.principal_id: one.tags for one in found.identities}


def test_tags_of_identities_come_from_azure_and_a_refresh_reads_them_anew(emulator: Emulator, tmp_path: Path) -> None:
    identity = next(one for one in emulator.tenant.identities.values() if one.user_assigned)
    ask(emulator, "PATCH", identity.resource_id, {"tags": {"owner": "Payments", "application": "orders"}})
    found = _read(emulator, tmp_path / "s.db", GraphDirectory)
    assert _tags(found)[identity.principal_id] == (("application", "orders"), ("owner", "Payments"))
    assert {one.principal_id for one in found.identities if one.tags is not None} == {
        one.principal_id for one in found.identities if one.user_assigned
    }
    assert all(one.owners is not None for one in found.identities)
    ask(emulator, "PATCH", identity.resource_id, {"tags": {"owner": "Shipping"}})
    again = _read(emulator, tmp_path / "s.db", GraphDirectory, how=refresh)
    assert _tags(again)[identity.principal_id] == (("owner", "Shipping"),)


def test_without_azure_tags_are_unknown_and_that_is_said(emulator: Emulator, tmp_path: Path) -> None:
    found = _read(emulator, tmp_path / "s.db", GraphDirectory, azure=False)
    assert set(_tags(found).values()) == {None}
    assert ScanNote(subject="identity tags", text="Azure was not read: identity tags are unknown") in found.notes


def test_a_subscription_that_azure_does_not_show_any_more_is_named_by_its_identities(
    emulator: Emulator, tmp_path: Path
) -> None:
    whole = _read(emulator, tmp_path / "s.db", GraphDirectory)
    assert not [note for note in whole.notes if note.subject.startswith("subscription ")]
    places = [(one.resource_id or "").split("/")[2].lower() for one in whole.identities]
    name = places[0]
    shown = emulator.tenant.azure.subscriptions.pop(name)
    try:
        found, again = (_read(emulator, tmp_path / "s.db", GraphDirectory, how=how) for how in (scan, refresh))
    finally:
        emulator.tenant.azure.subscriptions[name] = shown
    for each in (found, again):
        [note] = [note for note in each.notes if note.subject == f"subscription {name}"]
        assert note.text.startswith(f"{places.count(name)} managed identities are in it, and Azure does not show it")
        assert {one.id for one in each.subscriptions} == {one.id for one in whole.subscriptions} - {name}
        assert name not in {one.subscription_id for one in each.hosts}
