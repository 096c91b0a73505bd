"""The whole reader against the embedded tenant: real sign-in, real requests, and what the tenant knows about itself."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from inventory import report, snapshot
from inventory.cloud import Cloud
from inventory.directory import Collection, FederatedOf, Page
from inventory.errors import PermissionMissingError, SignInFailedError, TenantUnreachableError
from inventory.evidence import sources
from inventory.evidence_source import EvidenceRequest
from inventory.graph import GraphConnection, GraphSettings
from inventory.graph_directory import GraphDirectory
from inventory.model import Application, ApplicationId, ClientId, Credential, CredentialKind, Purpose, ServicePrincipal
from inventory.scan import Readers, ScanSummary, scan
from migrate.emulator.faults.engine import install, remove
from migrate.emulator.faults.parsing import convert as fault_plan
from migrate.emulator.server import Emulator
from reports.render import render

_T = TypeVar("_T")
_Job = Callable[[GraphDirectory], Awaitable[_T]]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(apps=60, seed=4) as running:
        yield running


@pytest.fixture
def environment(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def become(app: str = "unsecret-operator", **changes: str) -> None:
        for name, value in {**emulator.environment(app), **changes}.items():
            monkeypatch.setenv(name, value)

    become()
    return become


def _do(emulator: Emulator, job: _Job[_T]) -> _T:
    async def run() -> _T:
        async with GraphConnection(GraphSettings(graph_endpoint=emulator.graph_endpoint)) as connection:
            return await job(GraphDirectory(connection))

    return asyncio.run(run())


async def _listed(pages: AsyncIterator[Page[_T]]) -> list[_T]:
    return [one async for page in pages for one in page.entries]


def _scan(emulator: Emulator, path: Path) -> ScanSummary:
    async def run() -> ScanSummary:
        async with GraphConnection(GraphSettings(graph_endpoint=emulator.graph_endpoint)) as connection:

            def request(at: datetime) -> EvidenceRequest:
                return EvidenceRequest(at=at, graph=connection)

            asked = tuple(each for each in sources() if each.wanted(request(emulator.tenant.clock.now())))
            given = Readers(directory=GraphDirectory(connection), sources=asked, evidence=request)
            return await scan(given, path, cloud=Cloud.PUBLIC, progress=lambda *_: None)

    return asyncio.run(run())


@pytest.mark.usefixtures("environment")
def test_a_scan_finds_everything_the_tenant_has(emulator: Emulator, tmp_path: Path) -> None:
    found = _scan(emulator, tmp_path / "s.db")
    tenant = emulator.tenant
    own = [one for one in tenant.service_principals if one.type != "ManagedIdentity"]
    held = [*tenant.applications, *own]
    assert found.applications == len(list(tenant.applications)) >= 60
    assert (found.service_principals, found.identities) == (len(own), len(list(tenant.service_principals)) - len(own))
    assert found.credentials == sum(len(one.passwords) + len(one.keys) for one in held)
    assert (found.tenant_id, found.unreadable) == (tenant.id, 0)
    read = snapshot.read(tmp_path / "s.db")
    assert {one.id: {who.object_id for who in one.owners or ()} for one in read.applications} == {
        one.id: set(one.owners) for one in tenant.applications
    }
    assert {one.principal_id for one in read.identities if one.user_assigned} == {
        one.principal_id for one in tenant.identities.values() if one.user_assigned
    }


@pytest.mark.usefixtures("environment")
def test_every_credential_is_what_the_tenant_knows_it_to_be(emulator: Emulator, tmp_path: Path) -> None:
    _scan(emulator, tmp_path / "s.db")
    read = snapshot.read(tmp_path / "s.db")
    tenant = emulator.tenant
    signing: set[tuple[str, CredentialKind]] = set()
    encryption: set[tuple[str, CredentialKind]] = set()
    for one in tenant.service_principals:
        passwords = [password for password in one.passwords if password.signing_certificate is not None]
        marks = {password.identifier for password in passwords}
        signing |= {(password.key_id, CredentialKind.SECRET) for password in passwords}
        signing |= {(key.key_id, CredentialKind.CERTIFICATE) for key in one.keys if key.identifier in marks}
    for holder in (*tenant.applications, *tenant.service_principals):
        if holder.token_encryption_key_id:
            encryption.add((holder.token_encryption_key_id, CredentialKind.CERTIFICATE))
    judged: dict[Purpose, set[tuple[str, CredentialKind]]] = {purpose: set() for purpose in Purpose}
    every: list[Credential] = [one for holder in read.applications for one in holder.credentials]
    every += [one for holder in read.service_principals for one in holder.credentials]
    for credential in every:
        judged[credential.purpose].add((credential.key_id, credential.kind))
    assert (judged[Purpose.SIGNING], judged[Purpose.ENCRYPTION]) == (signing, encryption)
    assert len(signing) >= 3
    assert encryption
    assert not judged[Purpose.UNKNOWN]


@pytest.mark.usefixtures("environment")
def test_no_secret_reaches_a_file_a_log_or_a_report(
    emulator: Emulator, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        _scan(emulator, tmp_path / "s.db")
    document = report.document(tmp_path / "s.db")
    written = [(tmp_path / "s.db").read_bytes(), caplog.text.encode()]
    written += [render(document, name) for name in ("html", "json", "csv", "markdown")]
    tenant = emulator.tenant
    secrets = [
        password.secret.encode()
        for holder in (*tenant.applications, *tenant.service_principals)
        for password in holder.passwords
    ]
    assert len(secrets) > 40
    assert not [secret for secret in secrets for text in written if secret in text]
    assert not [text for text in written if b"eyJ" in text], "tokens begin so"


@pytest.mark.usefixtures("environment")
def test_two_scans_of_an_unchanged_tenant_have_one_digest(emulator: Emulator, tmp_path: Path) -> None:
    first, second = (_scan(emulator, tmp_path / name).digest for name in ("1.db", "2.db"))
    assert first == second


def test_a_reader_without_the_audit_log_says_that_usage_is_unknown(
    emulator: Emulator, environment: Callable[..., None], tmp_path: Path
) -> None:
    environment("read-only-auditor")
    found = _scan(emulator, tmp_path / "s.db")
    assert "AuditLog.Read.All not granted: usage is unknown" in [note.text for note in found.gaps]
    assert found.applications >= 60
    client = ClientId(emulator.environment()["AZURE_CLIENT_ID"])
    history = _do(
        emulator, lambda directory: directory.sign_ins(client, emulator.tenant.clock.now() - timedelta(days=7))
    )
    assert "AuditLog.Read.All" in history.missing
    assert history.covers_since is None


def test_an_application_without_permissions_is_told_which_it_needs(
    emulator: Emulator, environment: Callable[..., None], tmp_path: Path
) -> None:
    now = emulator.tenant.clock.now()
    plain = next(
        one.display_name
        for one in emulator.tenant.applications
        if any(password.start <= now < password.end for password in one.passwords)
        and not one.is_disabled
        and not emulator.tenant.service_principal_of(one).roles
    )
    environment(plain)
    with pytest.raises(PermissionMissingError) as caught:
        _scan(emulator, tmp_path / "s.db")
    assert caught.value.permission == "Application.Read.All"
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_secret_is_told_with_its_code_and_without_itself(
    emulator: Emulator, environment: Callable[..., None], tmp_path: Path
) -> None:
    environment(AZURE_CLIENT_SECRET="wrong-wrong-wrong")
    with pytest.raises(SignInFailedError, match="AADSTS7000215") as caught:
        _scan(emulator, tmp_path / "s.db")
    assert "wrong-wrong" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_authority_that_does_not_answer_is_named(
    emulator: Emulator, environment: Callable[..., None], tmp_path: Path
) -> None:
    environment(AZURE_AUTHORITY_HOST="https://localhost:1")
    with pytest.raises(TenantUnreachableError, match="https://localhost:1 cannot be reached"):
        _scan(emulator, tmp_path / "s.db")


@pytest.mark.usefixtures("environment")
def test_one_object_read_alone_equals_the_same_object_in_a_listing(emulator: Emulator, tmp_path: Path) -> None:
    _scan(emulator, tmp_path / "s.db")
    read = snapshot.read(tmp_path / "s.db")
    holding = next(one for one in read.service_principals if one.credentials)

    async def alone(directory: GraphDirectory) -> None:
        listed = {one.id: one for one in await _listed(directory.applications()) if isinstance(one, Application)}
        trusts = {
            one.holder_id: one.federated for one in await _listed(directory.federated()) if isinstance(one, FederatedOf)
        }
        trusting = next(one for one, federated in trusts.items() if federated)
        whole = dataclasses.replace(listed[ApplicationId(trusting)], federated=trusts[trusting])
        assert await directory.application(whole.id) == whole
        assert await directory.federated_credentials(whole.id) == whole.federated
        principals = {
            one.id: one for one in await _listed(directory.service_principals()) if isinstance(one, ServicePrincipal)
        }
        assert await directory.service_principal(holding.id) == principals[holding.id]
        assert await directory.principal_of(holding.client_id) == principals[holding.id]
        assert await directory.principal_of(ClientId(read.identities[0].client_id)) is None
        assert await directory.application(ApplicationId("00000000-0000-4000-8000-000000000000")) is None

    _do(emulator, alone)


def test_the_history_shows_our_own_sign_in_and_how_far_back_it_sees(
    emulator: Emulator, environment: Callable[..., None]
) -> None:
    environment()
    client = ClientId(emulator.environment()["AZURE_CLIENT_ID"])

    async def ask(directory: GraphDirectory) -> None:
        await directory.now()
        emulator.advance(timedelta(hours=12))  # the log tells late; our token ends before its time, and is renewed
        history = await directory.sign_ins(client, await directory.now() - timedelta(days=28))
        assert (history.missing, history.gap) == ("", "")
        assert history.covers_since is not None
        assert timedelta(days=20) < history.as_of - history.covers_since <= timedelta(days=30)
        assert any(one.succeeded and one.credential_type == "clientSecret" for one in history.sign_ins)
        assert all(one.token_id for one in history.sign_ins if one.succeeded)

    _do(emulator, ask)


def test_a_tenant_counts_its_collections(emulator: Emulator, environment: Callable[..., None]) -> None:
    async def count(directory: GraphDirectory) -> dict[str, int | None]:
        return {each.value: await directory.count(each) for each in Collection}

    sizes = {
        "applications": len(list(emulator.tenant.applications)),
        "service-principals": len(list(emulator.tenant.service_principals)),
    }
    assert _do(emulator, count) == sizes
    environment(AZURE_CLIENT_SECRET="wrong")
    assert _do(emulator, count) == dict.fromkeys(sizes)


@pytest.mark.usefixtures("waits")  # some two minutes
def test_the_scan_goes_on_where_counting_is_refused(
    emulator: Emulator, environment: Callable[..., None], tmp_path: Path
) -> None:
    environment()
    faults = [
        {"kind": "status", "status": 403, "path": "/v1.0/applications/$count"},
        {"kind": "status", "status": 503, "path": "/v1.0/servicePrincipals/$count"},
    ]
    install(emulator.tenant, fault_plan({"faults": faults}))
    try:
        found = _scan(emulator, tmp_path / "s.db")
    finally:
        remove(emulator.tenant)
    assert found.applications == len(list(emulator.tenant.applications))
    assert not any("count" in gap.text for gap in found.gaps)
