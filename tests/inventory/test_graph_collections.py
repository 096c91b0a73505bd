"""Every listing against the embedded tenant, and what the tenant knows about itself."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, TypeVar

import httpx
import pytest

from inventory.directory import Changed, Collection, FederatedOf, Page, Removed
from inventory.errors import CursorExpiredError, PermissionMissingError
from inventory.estate import Policy, RoleHeld, RoleKind, Tier
from inventory.graph import GraphConnection, GraphSettings
from inventory.graph_directory import GraphDirectory
from inventory.model import Application, ManagedIdentity, ScanNote, ServicePrincipal
from migrate.emulator.faults.engine import install, remove
from migrate.emulator.faults.parsing import convert as fault_plan
from migrate.emulator.server import Emulator
from migrate.emulator.state import app_roles

GITHUB = "https://token.actions.githubusercontent.com"
EXPRESSION = "claims['sub'] matches 'repo:contoso/contoso-repo:ref:refs/heads/*' and claims['repository_id'] eq '4567'"
_T = TypeVar("_T")


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(apps=40, seed=8) as running:
        yield running


@pytest.fixture(autouse=True)
def operator(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in emulator.environment().items():
        monkeypatch.setenv(name, value)


def _do(emulator: Emulator, job: Callable[[GraphDirectory], Awaitable[_T]]) -> _T:
    async def run() -> _T:
        async with GraphConnection(GraphSettings(graph_endpoint=emulator.graph_endpoint)) as connection:
            return await job(GraphDirectory(connection, tier_of=_tier))

    return asyncio.run(run())


def _tier(kind: RoleKind, role: str, role_id: str, resource: str) -> tuple[Tier, str]:
    return Tier.CONTROL, f"{kind} {role} {role_id} {resource}"


async def _all(pages: AsyncIterator[Page[_T]]) -> list[_T]:
    return [one async for page in pages for one in page.entries]


@pytest.fixture(scope="module")
def web(emulator: Emulator) -> Iterator[Callable[..., httpx.Response]]:
    variables = emulator.environment()
    context = ssl.create_default_context(cafile=variables["SSL_CERT_FILE"])
    with httpx.Client(verify=context, trust_env=False) as client:
        asked = {
            "grant_type": "client_credentials",
            "client_id": variables["AZURE_CLIENT_ID"],
            "client_secret": variables["AZURE_CLIENT_SECRET"],
            "scope": "https://graph.microsoft.com/.default",
        }
        tenant = variables["AZURE_TENANT_ID"]
        token = client.post(f"{variables['AZURE_AUTHORITY_HOST']}/{tenant}/oauth2/v2.0/token", data=asked).json()
        headers = {"Authorization": f"Bearer {token['access_token']}"}

        def send(method: str, path: str, body: Any = None, version: str = "v1.0") -> httpx.Response:
            answer = client.request(method, f"{emulator.graph_endpoint}/{version}{path}", json=body, headers=headers)
            assert answer.is_success, answer.text
            return answer

        yield send


def test_federated_credentials_of_applications_and_identities(emulator: Emulator) -> None:
    async def read(directory: GraphDirectory) -> tuple[list[Any], list[Any]]:
        return await _all(directory.federated()), await _all(directory.identity_federated())

    applications, identities = _do(emulator, read)
    tenant = emulator.tenant
    told = {
        one.holder_id: {trust.id for trust in one.federated} for one in applications if isinstance(one, FederatedOf)
    }
    assert told == {one.id: {trust.id for trust in one.federated} for one in tenant.applications}
    assert any(told.values())
    managed = {one.id for one in tenant.service_principals if one.type == "ManagedIdentity"}
    assert {one.holder_id for one in identities} == managed
    assert managed


@pytest.mark.parametrize("refused", [False, True])
def test_the_expression_of_a_flexible_credential_is_asked_of_beta_alone(
    emulator: Emulator, web: Callable[..., httpx.Response], caplog: pytest.LogCaptureFixture, *, refused: bool
) -> None:
    applications = [web("POST", "/applications", {"displayName": f"flexible {number}"}).json() for number in range(22)]
    link = _do(emulator, lambda directory: directory.delta_link(Collection.APPLICATIONS))
    flexible: dict[str, Any] = {"name": "flexible", "issuer": GITHUB, "audiences": ["api://AzureADTokenExchange"]}
    flexible |= {"claimsMatchingExpression": {"value": EXPRESSION, "languageVersion": 1}}
    for each in applications:
        web("POST", f"/applications/{each['id']}/federatedIdentityCredentials", flexible, "beta")
        web("PATCH", f"/applications/{each['id']}", {"notes": "changed"})
    if refused:
        fault = {"kind": "status", "status": 404, "path": "/beta/**"}
        install(emulator.tenant, fault_plan({"faults": [fault]}))
    try:
        with caplog.at_level(logging.DEBUG, logger="inventory.graph"):
            listed = _do(emulator, lambda directory: _all(directory.federated()))
        changed = _changed(emulator, link)
        one = _do(emulator, lambda directory: directory.federated_credentials(applications[0]["id"]))
    finally:
        remove(emulator.tenant)
    expected = {None if refused else EXPRESSION}
    ours = {each["id"] for each in applications}
    told = [entry for entry in listed if isinstance(entry, FederatedOf) and entry.holder_id in ours]
    whole = [entry for entry in changed if isinstance(entry, Application) and entry.id in ours]
    assert len(told) == len(whole) == 22
    assert {trust.expression for entry in told for trust in entry.federated} == expected
    assert {trust.expression for entry in whole for trust in entry.federated or ()} == expected
    assert {trust.expression for trust in one} == expected
    asked = sum("/beta/" in record.getMessage() for record in caplog.records)
    assert asked == (1 if refused else 2), "twenty in a request, and none after a refusal"
    for each in applications:
        web("DELETE", f"/applications/{each['id']}")


def test_app_roles_are_told_with_their_holders_names_and_tiers(emulator: Emulator) -> None:
    found = _do(emulator, lambda directory: _all(directory.roles()))
    held = [one for one in found if isinstance(one, RoleHeld) and one.kind is RoleKind.APP_ROLE]
    tenant = emulator.tenant
    expected = {
        (principal.id, grant.role_id)
        for principal in tenant.service_principals
        for grant in app_roles.grants_of(tenant, principal)
    }
    assert {(one.principal_id, one.role_id) for one in held} == expected
    assert len(held) == len(expected) > 10
    reading = [one for one in held if one.role == "Application.Read.All"]
    assert reading
    assert all(one.resource == "Microsoft Graph" and one.scope == "" for one in reading)
    assert all(one.tier is Tier.CONTROL and one.role in one.reason for one in held)


def test_directory_roles_are_told_with_their_names_and_scopes(emulator: Emulator) -> None:
    found = _do(emulator, lambda directory: _all(directory.roles()))
    held = [one for one in found if isinstance(one, RoleHeld) and one.kind is RoleKind.DIRECTORY_ROLE]
    expected = {
        (principal.id, role.template_id, role.scope)
        for principal in emulator.tenant.service_principals
        for role in principal.directory_roles
    }
    assert {(one.principal_id, one.role_id, one.scope) for one in held} == expected
    assert expected
    assert all(one.role and one.role != one.role_id and one.role in one.reason for one in held)
    assert not [one for one in found if isinstance(one, ScanNote)]


def test_roles_go_on_from_every_cursor(emulator: Emulator) -> None:
    async def read(directory: GraphDirectory) -> None:
        pages = [page async for page in directory.roles()]
        app = {one for page in pages for one in page.entries if isinstance(one, RoleHeld)}
        assert pages[-1].cursor is None
        for at, page in enumerate(pages[:-1]):
            assert page.cursor
            before = {one for early in pages[: at + 1] for one in early.entries if isinstance(one, RoleHeld)}
            again = {one for one in await _all(directory.roles(page.cursor)) if isinstance(one, RoleHeld)}
            assert before | again == app

    _do(emulator, read)


def test_policies_are_told_with_what_they_are_assigned_to(
    emulator: Emulator, web: Callable[..., httpx.Response]
) -> None:
    application = next(iter(emulator.tenant.applications))
    restriction = {"restrictionType": "passwordLifetime", "maxLifetime": "P90D", "state": "enabled"}
    body = {"displayName": "strict", "description": "d", "isEnabled": True,
            "restrictions": {"passwordCredentials": [restriction]}}  # fmt: skip
    policy_id = web("POST", "/policies/appManagementPolicies", body).json()["id"]
    address = f"https://graph.microsoft.com/v1.0/policies/appManagementPolicies/{policy_id}"
    web("POST", f"/applications/{application.id}/appManagementPolicies/$ref", {"@odata.id": address})
    found = _do(emulator, lambda directory: _all(directory.policies()))
    policies = [one for one in found if isinstance(one, Policy)]
    assert [one.is_default for one in policies] == [True, False]
    assert (policies[1].name, policies[1].enabled, policies[1].applies_to) == ("strict", True, (application.id,))
    [told] = policies[1].restrictions
    assert (told.credentials, told.type, told.state, told.longest) == (
        "passwordCredentials", "passwordLifetime", "enabled", "P90D",
    )  # fmt: skip


def test_policies_need_a_permission_which_is_named(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in emulator.environment("orders-api").items():
        monkeypatch.setenv(name, value)
    with pytest.raises(PermissionMissingError) as caught:
        _do(emulator, lambda directory: _all(directory.policies()))
    assert caught.value.permission == "Policy.Read.All"


def _changed(emulator: Emulator, link: str) -> list[Changed]:
    return _do(emulator, lambda directory: _all(directory.changed(link)))


def _ids(changes: list[Changed]) -> set[str]:
    return {one.object_id if isinstance(one, Removed) else getattr(one, "id", getattr(one, "principal_id", ""))
            for one in changes}  # fmt: skip


def test_changes_are_told_whole_and_nothing_else_is(emulator: Emulator, web: Callable[..., httpx.Response]) -> None:
    made = [web("POST", "/applications", {"displayName": f"new {number}"}).json() for number in range(3)]

    async def begin(directory: GraphDirectory) -> list[str]:
        return [await directory.delta_link(one) for one in Collection]

    links = _do(emulator, begin)
    trust = {"name": "main", "issuer": "https://i.example", "subject": "s", "audiences": ["x"]}
    web("POST", f"/applications/{made[0]['id']}/federatedIdentityCredentials", trust)
    web("PATCH", f"/applications/{made[0]['id']}", {"notes": "changed"})
    web("DELETE", f"/applications/{made[1]['id']}")
    fresh = web("POST", "/applications", {"displayName": "fresh"}).json()
    principal = web("POST", "/servicePrincipals", {"appId": fresh["appId"]}).json()
    applications, principals = (_changed(emulator, link) for link in links)
    assert _ids(applications) == {made[0]["id"], made[1]["id"], fresh["id"]}
    assert Removed(object_id=made[1]["id"]) in applications
    whole = next(one for one in applications if isinstance(one, Application) and one.id == made[0]["id"])
    assert [one.name for one in whole.federated or ()] == ["main"]
    assert whole == _do(emulator, lambda directory: directory.application(whole.id))
    assert principal["id"] in _ids(principals)
    assert all(isinstance(one, ServicePrincipal | Removed) for one in principals)
    assert not any(isinstance(one, ScanNote) for one in (*applications, *principals))


def test_a_managed_identity_that_changed_comes_with_its_federated_credentials(emulator: Emulator) -> None:
    identity = next(one for one in emulator.tenant.service_principals if one.type == "ManagedIdentity")
    link = _do(emulator, lambda directory: directory.delta_link(Collection.SERVICE_PRINCIPALS))
    emulator.tenant.save_service_principal(identity)
    [found] = _changed(emulator, link)
    assert isinstance(found, ManagedIdentity)
    assert found.principal_id == identity.id
    assert found.federated is not None


def test_a_delta_link_that_is_refused_is_told_as_that(emulator: Emulator) -> None:
    for link in (
        f"{emulator.graph_endpoint}/v1.0/applications/delta?$deltatoken=stale",
        f"{emulator.graph_endpoint}/v1.0/things?x",
    ):
        with pytest.raises(CursorExpiredError):
            _changed(emulator, link)
