"""Hosts read from the embedded tenant: real sign-in, real requests, and what the tenant knows about itself."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from typing import Any, TypeVar

import pytest

from inventory.arm import ArmConnection
from inventory.arm_settings import ArmSettings
from inventory.directory import FederatedOf
from inventory.errors import ReadFailedError
from inventory.estate import AssignedIdentity, Host, SettingKind, Subscription
from inventory.graph import GraphConnection, GraphSettings
from inventory.graph_directory import GraphDirectory
from inventory.hosting import Hosting
from inventory.hosting_convert import by_any_id, joined
from inventory.model import ManagedIdentity, ScanNote
from inventory.settings_kind import KnownIds
from migrate.emulator.faults.engine import install, remove
from migrate.emulator.faults.parsing import convert as fault_plan
from migrate.emulator.server import Emulator
from migrate.emulator.state.azure import AzureResource
from tests.support.arm import ask

_T = TypeVar("_T")
_Become = Callable[..., None]
LIST = "Microsoft.Web/sites/config/list/action"
LIST_OF_SLOTS = "Microsoft.Web/sites/slots/config/list/action"


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(apps=60, seed=4) as running:
        yield running


@pytest.fixture
def become(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> _Become:
    def as_application(app: str = "unsecret-operator", **changes: str) -> None:
        for name, value in {**emulator.environment(app), **changes}.items():
            monkeypatch.setenv(name, value)

    as_application()
    return as_application


@pytest.fixture
def trouble(emulator: Emulator) -> Iterator[Callable[..., None]]:
    def begin(*faults: dict[str, Any]) -> None:
        install(emulator.tenant, fault_plan({"faults": list(faults)}))

    yield begin
    remove(emulator.tenant)


def _do(emulator: Emulator, job: Callable[[Hosting], Awaitable[_T]]) -> _T:
    tenant = emulator.tenant
    identities = frozenset(one.client_id for one in tenant.identities.values())
    known = KnownIds(applications=frozenset(one.app_id for one in tenant.applications), identities=identities)

    async def run() -> _T:
        async with ArmConnection(ArmSettings(sign_in=GraphSettings())) as connection:
            return await job(Hosting(connection, known))

    return asyncio.run(run())


async def _listed(hosting: Hosting) -> list[Host | ScanNote]:
    told = [one async for page in hosting.hosts() for one in page.entries]
    return [one for one in told if not isinstance(one, Subscription)]


def _hosts(found: list[Host | ScanNote]) -> list[Host]:
    return [one for one in found if isinstance(one, Host)]


def _notes(found: list[Host | ScanNote]) -> list[str]:
    return [one.text for one in found if isinstance(one, ScanNote)]


@pytest.mark.usefixtures("become")
def test_every_host_is_found_with_the_identities_that_it_has(emulator: Emulator) -> None:
    found = _do(emulator, _listed)
    tenant = emulator.tenant
    assert _notes(found) == []
    read = {one.resource_id: one for one in _hosts(found)}
    assert set(read) == {one.resource_id.lower() for one in tenant.hosts.values()}
    for host in tenant.hosts.values():
        attached = [tenant.identities[one] for one in host.identities]
        mine = read[host.resource_id.lower()]
        assert mine.identities == tuple(sorted(one.resource_id.lower() for one in attached if one.user_assigned))
        assert mine.system_principal == next((one.principal_id for one in attached if not one.user_assigned), None)
        assert (mine.location, dict(mine.tags)) == (host.location, dict(host.tags))
        assert (mine.issuer or "") == host.issuer_url
    kinds = {one.type.partition("/")[0] for one in read.values()}
    assert kinds == {"microsoft.app", "microsoft.compute", "microsoft.containerservice", "microsoft.hybridcompute",
                     "microsoft.machinelearningservices", "microsoft.web"}  # fmt: skip


@pytest.mark.usefixtures("become")
def test_every_setting_is_what_the_tenant_made_it(emulator: Emulator) -> None:
    found = {one.resource_id: one for one in _hosts(_do(emulator, _listed))}
    judged: set[SettingKind] = set()
    references: set[str] = set()
    for host in emulator.tenant.hosts.values():
        mine = found[host.resource_id.lower()]
        settings = {one.name: one for one in mine.settings or ()}
        if host.kind not in {"app-service", "slot", "container-app"}:
            assert mine.settings is None
            continue
        made = (*host.settings, *host.connection_strings)
        assert {one.name for one in made} <= set(settings)
        for one in made:
            told = settings[one.name]
            judged.add(told.kind)
            if one.value == host.app_id:
                assert (told.kind, told.client_id) == (SettingKind.CLIENT_ID, host.app_id)
            elif one.name == "Database":
                assert (told.kind, told.client_id) == (SettingKind.CONNECTION_STRING, host.app_id)
            elif one.secret_key_id or one.value.startswith("@Microsoft"):
                assert told.kind is SettingKind.SECRET
            if one.value.startswith("@Microsoft"):
                vault = "kv-contoso-" + host.group.rpartition("-")[2]
                secret = host.name.partition("/")[0]
                assert told.reference == f"https://{vault}.vault.azure.net/secrets/{secret}"
                references.add(one.value[:27])
            if one.name == "MICROSOFT_PROVIDER_AUTHENTICATION_SECRET" and host.kind == "app-service":
                assert mine.sign_in_client == told.client_id == host.app_id
    assert references == {"@Microsoft.KeyVault(SecretU", "@Microsoft.KeyVault(VaultNa"}
    assert judged >= {SettingKind.CLIENT_ID, SettingKind.SECRET, SettingKind.TENANT_ID, SettingKind.CONNECTION_STRING}


def test_a_reader_gets_hosts_and_is_told_what_settings_need(emulator: Emulator, become: _Become) -> None:
    whole = {one.resource_id: one for one in _hosts(_do(emulator, _listed))}
    become("read-only-auditor")
    found = _do(emulator, _listed)
    types = Counter(one.type for one in whole.values())
    assert types["microsoft.web/sites"] > 10
    assert types["microsoft.web/sites/slots"] > 1
    assert _notes(found) == [
        f"settings of {types['microsoft.web/sites']} sites could not be read: {LIST} not granted",
        f"settings of {types['microsoft.web/sites/slots']} sites could not be read: {LIST_OF_SLOTS} not granted",
    ]
    for one in _hosts(found):
        full = whole[one.resource_id]
        assert one.settings is None if one.type.startswith("microsoft.web/") else one == full
        assert (one.identities, one.addresses, one.sign_in_client) == (
            full.identities, full.addresses, full.sign_in_client)  # fmt: skip
    assert any(one.sign_in_client for one in _hosts(found)), "App Service authentication needs no more than Reader"


def test_an_application_without_any_role_is_told_so(emulator: Emulator, become: _Become) -> None:
    now = emulator.tenant.clock.now()
    holders = {one.principal_id for one in emulator.tenant.azure.assignments.values()}
    plain = next(
        one.display_name
        for one in emulator.tenant.applications
        if any(password.start <= now < password.end for password in one.passwords)
        and not one.is_disabled
        and emulator.tenant.service_principal_of(one).id not in holders
    )
    become(plain)
    assert _notes(_do(emulator, _listed)) == [
        "no Azure subscription is visible, grant Reader on them: hosts and their settings are unknown"
    ]


@pytest.mark.usefixtures("become")
def test_identities_of_azure_are_the_ones_that_graph_tells(emulator: Emulator) -> None:
    async def read(hosting: Hosting) -> list[Any]:
        return [one async for page in hosting.identities() for one in page.entries]

    async def told() -> list[ManagedIdentity]:
        settings = GraphSettings(graph_endpoint=emulator.graph_endpoint)
        async with GraphConnection(settings) as connection:
            pages = GraphDirectory(connection).service_principals()
            return [one async for page in pages for one in page.entries if isinstance(one, ManagedIdentity)]

    found = _do(emulator, read)
    assert all(isinstance(one, AssignedIdentity) for one in found)
    graph = [one for one in asyncio.run(told()) if one.user_assigned]
    assert {one.principal_id: one.client_id for one in found} == {one.principal_id: one.client_id for one in graph}
    index = by_any_id(found)
    assert all(joined(one, index) == one for one in graph), "Graph told them whole"
    assert {index[one.principal_id].resource_id for one in graph} == {(one.resource_id or "").lower() for one in graph}


@pytest.mark.usefixtures("become")
def test_federated_credentials_of_identities_are_read_one_after_another(emulator: Emulator) -> None:
    identity = next(one for one in emulator.tenant.identities.values() if one.user_assigned)
    body = {"properties": {"issuer": "https://token.example", "subject": "repo:a", "audiences": ["api://x"]}}
    ask(emulator, "PUT", f"{identity.resource_id}/federatedIdentityCredentials/from-github", body)

    async def read(hosting: Hosting) -> dict[str, list[str]]:
        listed = [one async for page in hosting.identities() for one in page.entries]
        wanted = [one for one in listed if isinstance(one, AssignedIdentity)][:20]
        wanted += [
            one for one in listed if isinstance(one, AssignedIdentity) and one.principal_id == identity.principal_id
        ]
        told = [one async for page in hosting.federated(wanted) for one in page.entries]
        return {one.holder_id: [each.name for each in one.federated] for one in told if isinstance(one, FederatedOf)}

    told = _do(emulator, read)
    assert told[identity.principal_id] == ["from-github"]
    assert len(told) >= 20


@pytest.mark.usefixtures("become")
def test_a_labelled_site_and_a_machine_with_a_public_address(emulator: Emulator) -> None:
    tenant = emulator.tenant
    application = next(iter(tenant.applications))
    subscription = next(iter(tenant.azure.subscriptions))
    group = f"/subscriptions/{subscription}/resourceGroups/rg-apps-prod"
    site, secret = f"{group}/providers/Microsoft.Web/sites/func-labelled", "abc8Q~open-Sesame-open-Sesame-open-Sesa"
    labels = {
        "AzureAd__ClientId": (application.app_id, SettingKind.CLIENT_ID),
        "Whatever": (application.app_id, SettingKind.CLIENT_ID),
        "AzureAd__ClientSecret": (
            "@Microsoft.KeyVault(VaultName=kv-contoso-prod;SecretName=labelled)",
            SettingKind.SECRET,
        ),
        "Plain": (secret, SettingKind.SECRET),
        "AzureWebJobsStorage": (f"AccountName=a;AccountKey={secret}", SettingKind.CONNECTION_STRING),
        "FUNCTIONS_WORKER_RUNTIME": ("python", SettingKind.OTHER),
    }
    machine = next(one for one in tenant.hosts.values() if one.kind == "vm")
    nic = f"{group}/providers/Microsoft.Network/networkInterfaces/nic-labelled"
    address = {"ipAddress": "203.0.113.250", "ipConfiguration": {"id": f"{nic}/ipConfigurations/a"}}
    configuration = {"name": "a", "properties": {"publicIPAddress": {"id": "x"}}}
    attached = {"virtualMachine": {"id": machine.resource_id}, "ipConfigurations": [configuration]}
    _add(emulator, nic, "Microsoft.Network/networkInterfaces", attached)
    _add(emulator, nic.replace("nic-", "pip-"), "Microsoft.Network/publicIPAddresses", address)
    ask(emulator, "PUT", site, {"location": "westeurope", "kind": "functionapp,linux"})
    ask(emulator, "PUT", f"{site}/config/appsettings", {"properties": {name: one for name, (one, _) in labels.items()}})
    try:
        found = _hosts(_do(emulator, _listed))
    finally:
        ask(emulator, "DELETE", site)
    mine = next(one for one in found if one.name == "func-labelled")
    assert {one.name: one.kind for one in mine.settings or ()} == {name: kind for name, (_, kind) in labels.items()}
    settings = {one.name: one for one in mine.settings or ()}
    assert settings["Whatever"].client_id == settings["AzureAd__ClientId"].client_id == application.app_id
    assert settings["AzureAd__ClientSecret"].reference == "https://kv-contoso-prod.vault.azure.net/secrets/labelled"
    assert secret not in repr(found)
    told = next(one for one in found if one.resource_id == machine.resource_id.lower())
    assert told.addresses == ("203.0.113.250",)


@pytest.mark.usefixtures("become")
def test_no_secret_of_a_host_is_in_a_value_or_a_log(emulator: Emulator, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        found = _do(emulator, _listed)
    tenant = emulator.tenant
    keys = [one.secret_key_id for host in tenant.hosts.values() for one in (*host.settings, *host.connection_strings)]
    secrets = [tenant.secret_of(one) for one in keys if one]
    assert len(secrets) > 5
    written = repr(found) + caplog.text
    assert not [one for one in secrets if one in written]
    assert "eyJ" not in written, "tokens begin so"


# --- what goes wrong -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("become")
@pytest.mark.slow
def test_throttling_lost_connections_and_an_expired_bearer_change_nothing(
    emulator: Emulator, trouble: Callable[..., None]
) -> None:
    calm = _do(emulator, _listed)
    trouble(
        {"kind": "status", "status": 429, "path": "/subscriptions/**", "retry_after": 0.1, "every": 9},
        {
            "kind": "status",
            "status": 503,
            "path": "/providers/**",
            "retry_after": 1,
            "retry_after_form": "date",
            "times": 1,
        },
        {"kind": "reset", "path": "/subscriptions/**", "after": 5, "every": 9, "times": 3},
        {"kind": "truncate", "path": "/subscriptions/**", "after": 9, "every": 9, "times": 3},
        {"kind": "expired-bearer", "after_requests": 30, "tokens": 1},
    )
    assert _do(emulator, _listed) == calm
    assert [each["fired"] for each in emulator.tenant.faults.shown()["state"]].count(0) == 0


@pytest.mark.usefixtures("become")
@pytest.mark.slow
def test_a_listing_that_breaks_off_goes_on_where_it_stood(
    emulator: Emulator, trouble: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("inventory.hosting._HOSTS_PAGE", 20)
    whole = _do(emulator, _listed)
    read: list[Host | ScanNote] = []
    places: list[str | None] = []

    async def until_it_breaks(hosting: Hosting) -> None:
        async for page in hosting.hosts(places[-1] if places else None):
            read.extend(one for one in page.entries if not isinstance(one, Subscription))
            places.append(page.cursor)
            if len(places) == 2:
                trouble({"kind": "status", "status": 404, "path": "/providers/**"})

    with pytest.raises(ReadFailedError, match="answered 404"):
        _do(emulator, until_it_breaks)
    remove(emulator.tenant)
    _do(emulator, until_it_breaks)
    assert places[-1] is None
    assert read == whole


@pytest.mark.usefixtures("become")
def test_a_token_that_ended_meanwhile_is_renewed(emulator: Emulator) -> None:
    async def twice(hosting: Hosting) -> tuple[int, int]:
        first = len(await _listed(hosting))
        emulator.advance(timedelta(hours=2))
        return first, len(await _listed(hosting))

    first, second = _do(emulator, twice)
    assert first == second > 50


def test_a_wrong_secret_is_told_without_itself_and_ends_no_scan(emulator: Emulator, become: _Become) -> None:
    become(AZURE_CLIENT_SECRET="wrong-wrong-wrong")
    (note,) = _notes(_do(emulator, _listed))
    assert "AADSTS7000215" in note
    assert note.endswith("hosts are unknown")
    assert "wrong-wrong" not in note


@pytest.mark.usefixtures("become")
def test_a_query_that_is_refused_is_told_by_its_code() -> None:
    async def wrong() -> None:
        async with ArmConnection(ArmSettings(sign_in=GraphSettings())) as connection:
            await connection.query("resources | wher type == 'x'", top=1)

    with pytest.raises(ReadFailedError, match=r"answered 400 \(BadRequest, InvalidQuery"):
        asyncio.run(wrong())


# --- the tenant changed by its own means -----------------------------------------------------------------------------


def _add(emulator: Emulator, resource_id: str, kind: str, properties: dict[str, Any]) -> None:
    resource = AzureResource(resource_id=resource_id, type=kind, location="westeurope", properties=properties)
    emulator.tenant.azure.resources[resource_id.lower()] = resource
