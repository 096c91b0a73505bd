"""The metadata service, App Service, Container Apps and Cloud Shell: answers, refusals and the cache nothing clears."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import jwt
import msal  # type: ignore[import-untyped]  # has no annotations
import pytest
import requests
from azure.core.exceptions import ClientAuthenticationError
from azure.identity import CredentialUnavailableError, ManagedIdentityCredential
from azure.identity.aio import ManagedIdentityCredential as AsyncManagedIdentityCredential

from migrate.emulator import host_environments
from migrate.emulator.errors import NotInTenantError
from migrate.emulator.state.records import Host

EXCHANGE = "api://AzureADTokenExchange"


def imds(world: Any, host: str = "", *, header: str | None = "true", **query: str) -> Any:
    asked = {"api-version": "2018-02-01", "resource": EXCHANGE, **query}
    headers = {} if header is None else {"Metadata": header}
    address = f"{world.emulator.imds_endpoint}{host}/metadata/identity/oauth2/token"
    asked = {name: value for name, value in asked.items() if value != "-"}
    return httpx.get(address, params=asked, headers=headers, trust_env=False)


def app_service(
    world: Any, host: str = "", path: str = "/msi/token", *, header: str | None = None, **query: str
) -> Any:
    asked = {"api-version": "2019-08-01", "resource": EXCHANGE, **query}
    old = asked["api-version"] == "2017-09-01"
    secret = world.emulator.identity_header if header is None else header
    headers = {"secret" if old else "X-IDENTITY-HEADER": secret}
    return httpx.get(f"{world.emulator.imds_endpoint}{host}{path}", params=asked, headers=headers, trust_env=False)


def host_of_kind(world: Any, kind: str, *, user_assigned: bool) -> tuple[str, Any]:
    tenant = world.emulator.tenant
    for name, host in tenant.hosts.items():
        for principal in host.identities:
            identity = tenant.identities[principal]
            if host.kind == kind and identity.user_assigned is user_assigned:
                return name, identity
    raise AssertionError(f"the seed holds no such {kind}")


def live_on(emulator: Any, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this process look like a program on a host."""
    for name in host_environments.STEERING:
        monkeypatch.delenv(name, raising=False)
    for name, value in emulator.host_environment(host).items():
        monkeypatch.setenv(name, value)


def tokens_of_every_client(identity: Any) -> list[str]:
    """Ask as azure-identity does, in both its forms, and as msal does; None is the system-assigned identity."""
    chosen = {} if identity is None else {"client_id": identity.client_id}
    with ManagedIdentityCredential(**chosen) as credential:
        tokens = [credential.get_token(f"{EXCHANGE}/.default").token]

    async def asynchronously() -> str:
        async with AsyncManagedIdentityCredential(**chosen) as later:
            return str((await later.get_token(f"{EXCHANGE}/.default")).token)

    tokens.append(asyncio.run(asynchronously()))
    asked = msal.UserAssignedManagedIdentity(**chosen) if chosen else msal.SystemAssignedManagedIdentity()
    with requests.Session() as session:
        answer = msal.ManagedIdentityClient(asked, http_client=session).acquire_token_for_client(resource=EXCHANGE)
    return [*tokens, answer["access_token"]]


@pytest.mark.parametrize("selector", ["client_id", "object_id", "msi_res_id"])
def test_an_identity_is_named_in_three_ways(world: Any, selector: str) -> None:
    identity = world.identity
    value = {
        "client_id": identity.client_id,
        "object_id": identity.principal_id,
        "msi_res_id": identity.resource_id.upper(),
    }[selector]
    answer = imds(world, **{selector: value})
    assert answer.status_code == 200
    assert all(isinstance(item, str) for item in answer.json().values()), "the service writes numbers as texts"
    assert answer.json()["client_id"] == identity.client_id
    assert answer.json()["resource"] == EXCHANGE


def test_a_host_with_one_identity_needs_no_name(world: Any) -> None:
    answer = imds(world, "/hosts/vm-orders-api")
    claims = jwt.decode(answer.json()["access_token"], options={"verify_signature": False})
    assert claims["oid"] == world.identity.principal_id


def test_a_system_assigned_identity_is_the_default(world: Any) -> None:
    host, system = host_of_kind(world, "vm", user_assigned=False)
    assert imds(world, f"/hosts/{host}").json()["client_id"] == system.client_id
    host, system = host_of_kind(world, "app-service", user_assigned=False)
    assert app_service(world, f"/hosts/{host}").json()["client_id"] == system.client_id.upper()


@pytest.mark.parametrize("kind", ["vm", "app-service", "container-app"])
def test_real_clients_find_the_identity_of_their_host(world: Any, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    host, identity = host_of_kind(world, kind, user_assigned=True)
    live_on(world.emulator, host, monkeypatch)
    tokens = tokens_of_every_client(identity)
    assert len(set(tokens)) == 1, "the host gives out one token a day, whoever asks"
    assert jwt.decode(tokens[0], options={"verify_signature": False})["oid"] == identity.principal_id


def test_a_machine_has_only_the_endpoint_of_its_kind(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    machine, _ = host_of_kind(world, "vm", user_assigned=True)
    site, identity = host_of_kind(world, "app-service", user_assigned=True)
    for answer in (
        app_service(world, f"/hosts/{machine}"),
        app_service(world, f"/hosts/{site}", "/container-app/msi/token"),
        imds(world, f"/hosts/{site}"),
        imds(world, f"/hosts/{site}/arc"),
    ):
        assert (answer.status_code, "unreachable" in answer.text) == (403, True)
    for name in host_environments.STEERING:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", f"{world.emulator.imds_endpoint}/hosts/{site}")
    with (
        ManagedIdentityCredential(client_id=identity.client_id) as credential,
        pytest.raises(CredentialUnavailableError),
    ):
        credential.get_token(f"{EXCHANGE}/.default")


def test_the_variables_of_an_unknown_host_cannot_be_had(world: Any) -> None:
    with pytest.raises(NotInTenantError, match="nowhere"):
        world.emulator.host_environment("nowhere")
    assert world.emulator.host_environment() == {
        "AZURE_POD_IDENTITY_AUTHORITY_HOST": world.emulator.imds_endpoint
    }  # fmt: skip


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("no header", {"header": None}, "invalid_request", "Required metadata header not specified"),
    ("header false", {"header": "false"}, "invalid_request", "Required metadata header not specified"),
    ("no version", {"api-version": "-"}, "invalid_request", "api-version"),
    ("no resource", {"resource": "-"}, "invalid_request", "resource"),
    ("unknown version", {"api-version": "2017-01-01"}, "invalid_request", "api-version"),
    ("no version at all", {"api-version": "latest"}, "invalid_request", "api-version"),
    ("ambiguous", {}, "invalid_request", "Multiple user assigned identities exist"),
    (
        "unknown identity",
        {"client_id": "1f1f1f1f-2222-4222-8222-222222222222"},
        "invalid_request",
        "Identity not found",
    ),
    ("unknown host", {"host": "/hosts/nowhere"}, "invalid_request", "Identity not found"),
    ("unknown resource", {"resource": "api://nobody"}, "invalid_resource", "AADSTS500011"),
]


@pytest.mark.parametrize(
    ("options", "error", "text"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED]
)
def test_the_metadata_service_refuses(world: Any, options: dict[str, Any], error: str, text: str) -> None:
    answer = imds(world, **options)
    assert answer.status_code == 400
    assert answer.json()["error"] == error
    assert text in answer.json()["error_description"]


def test_an_identity_of_another_host_is_not_found(world: Any) -> None:
    other = world.emulator.tenant.identity_named("id-invoice-worker")
    answer = imds(world, "/hosts/vm-orders-api", client_id=other.client_id)
    assert (answer.status_code, answer.json()["error_description"]) == (400, "Identity not found")


def test_an_unknown_resource_is_refused_in_the_words_of_the_authority(world: Any) -> None:
    body = imds(world, resource="user.read").json()
    assert set(body) == {
        "error", "error_description", "error_codes", "timestamp", "trace_id", "correlation_id", "error_uri",
    }  # fmt: skip
    lines = body["error_description"].split("\r\n")
    assert lines[0].startswith("AADSTS500011: The resource principal named user.read was not found in the tenant named")
    assert [line.partition(":")[0] for line in lines[1:]] == ["Trace ID", "Correlation ID", "Timestamp"]
    assert body["error_uri"].endswith(".login.microsoft.com/error?code=500011")


def test_a_forwarded_request_is_refused(world: Any) -> None:
    query = {"api-version": "2018-02-01", "resource": EXCHANGE, "client_id": world.identity.client_id}
    address = f"{world.emulator.imds_endpoint}/metadata/identity/oauth2/token"
    headers = {"Metadata": "true", "X-Forwarded-For": "10.0.0.1"}
    assert httpx.get(address, params=query, headers=headers, trust_env=False).status_code == 400


@pytest.mark.parametrize("selector", ["client_id", "principal_id", "object_id", "mi_res_id"])
def test_app_service_answers_in_its_own_shape(world: Any, selector: str) -> None:
    host, identity = host_of_kind(world, "app-service", user_assigned=True)
    value = {"client_id": identity.client_id, "mi_res_id": identity.resource_id}.get(selector, identity.principal_id)
    answer = app_service(world, f"/hosts/{host}", **{selector: value})
    assert set(answer.json()) == {"access_token", "expires_on", "resource", "token_type", "client_id"}
    assert answer.json()["client_id"] == identity.client_id.upper()


def test_the_older_app_service_writes_a_date(world: Any) -> None:
    host, identity = host_of_kind(world, "app-service", user_assigned=True)
    old = {"api-version": "2017-09-01", "clientid": identity.client_id}
    body = app_service(world, f"/hosts/{host}", **old).json()
    expires = jwt.decode(body["access_token"], options={"verify_signature": False})["exp"]
    assert body["expires_on"] == f"{datetime.fromtimestamp(expires, UTC):%m/%d/%Y %H:%M:%S} +00:00"
    assert app_service(world, f"/hosts/{host}", header="wrong", **old).status_code == 401


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [({"header": "wrong"}, 401, "unexpected error"), ({"header": ""}, 401, "unexpected error"),
     ({"api-version": "2016-01-01"}, 400, "unexpected error"), ({"resource": ""}, 400, "unexpected error"),
     ({}, 400, "Unable to load the proper Managed Identity."),
     ({"resource": "api://nobody"}, 500, "An unexpected error occured while fetching the AAD Token.")],
)  # fmt: skip
def test_app_service_fails_in_its_own_words(world: Any, options: dict[str, Any], status: int, message: str) -> None:
    host, _ = host_of_kind(world, "app-service", user_assigned=True)
    answer = app_service(world, f"/hosts/{host}", **options)
    assert answer.status_code == status
    assert set(answer.json()) == {"statusCode", "message", "correlationId"}
    assert (answer.json()["statusCode"], message in answer.json()["message"]) == (status, True)


def test_app_service_does_not_know_an_identity_that_is_not_attached(world: Any) -> None:
    host, _ = host_of_kind(world, "app-service", user_assigned=True)
    answer = app_service(world, f"/hosts/{host}", client_id="nobody")
    assert answer.status_code == 400
    assert answer.json() == {
        "statusCode": 400,
        "message": "No User Assigned or Delegated Managed Identity found for specified "
        "ClientId/ResourceId/PrincipalId.",
    }


@pytest.mark.parametrize(("lifecycle", "status"), [("None", 400), ("Init", 400), ("Main", 200), ("All", 200)])
def test_a_container_app_may_keep_an_identity_from_its_code(own_world: Any, lifecycle: str, status: int) -> None:
    tenant, identity = own_world.emulator.tenant, own_world.identity
    settings = [{"identity": identity.resource_id.upper(), "lifecycle": lifecycle}]
    tenant.hosts["ca-test"] = Host(
        name="ca-test", kind="container-app", identities=(identity.principal_id,),
        others={"configuration": {"identitySettings": settings}},
    )  # fmt: skip
    chosen = {"client_id": identity.client_id}
    assert app_service(own_world, "/hosts/ca-test", "/container-app/msi/token", **chosen).status_code == status


# --- Cloud Shell -----------------------------------------------------------------------------------------------------


def shell(world: Any, host: str, resource: str, **headers: str) -> Any:
    address = f"{world.emulator.imds_endpoint}{host}/oauth2/token"
    return httpx.post(address, data={"resource": resource}, headers={"Metadata": "true", **headers}, trust_env=False)


def test_cloud_shell_gives_no_exchange_token(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = shell(world, "", EXCHANGE)
    assert answer.status_code == 400
    assert answer.json() == {
        "error": {
            "code": "AudienceNotSupported",
            "message": f"Audience {EXCHANGE} is not a supported MSI token audience.",
        }
    }
    for name in host_environments.STEERING:
        monkeypatch.delenv(name, raising=False)
    for name, value in host_environments.in_cloud_shell(world.emulator.imds_endpoint).items():
        monkeypatch.setenv(name, value)
    with (
        ManagedIdentityCredential() as credential,
        pytest.raises(ClientAuthenticationError, match="AudienceNotSupported"),
    ):
        credential.get_token(f"{EXCHANGE}/.default")


def test_cloud_shell_gives_a_token_for_what_it_lists(world: Any) -> None:
    host, identity = host_of_kind(world, "vm", user_assigned=True)
    body = shell(world, f"/hosts/{host}", "https://management.azure.com/").json()
    assert jwt.decode(body["access_token"], options={"verify_signature": False})["oid"] == identity.principal_id
    assert int(body["expires_in"]) > 3600
    assert shell(world, f"/hosts/{host}", "https://management.azure.com/", Metadata="no").status_code == 400
    assert shell(world, "", "").json()["error"]["code"] == "AudienceNotSupported"


# --- the cache -------------------------------------------------------------------------------------------------------


def test_tokens_stay_the_same_for_a_day_even_after_the_identity_was_detached(own_world: Any) -> None:
    tenant = own_world.emulator.tenant
    host, chosen = "/hosts/vm-orders-api", {"client_id": own_world.identity.client_id}
    first = imds(own_world, host, **chosen).json()
    own_world.emulator.advance(timedelta(hours=23, minutes=59))
    again = imds(own_world, host, **chosen).json()
    assert again["access_token"] == first["access_token"]
    assert int(again["expires_in"]) < int(first["expires_in"])

    tenant.hosts["vm-orders-api"] = replace(tenant.hosts["vm-orders-api"], identities=())
    assert imds(own_world, host, **chosen).json()["access_token"] == first["access_token"]
    own_world.emulator.advance(timedelta(minutes=2))
    assert imds(own_world, host, **chosen).json()["error_description"] == "Identity not found"


def test_a_deleted_identity_lives_on_in_the_cache_and_one_made_anew_waits(own_world: Any) -> None:
    tenant, identity = own_world.emulator.tenant, own_world.identity
    host, by_id = "/hosts/vm-orders-api", {"msi_res_id": own_world.identity.resource_id}
    first = imds(own_world, host, **by_id).json()["access_token"]

    fresh = replace(identity, principal_id="1f1f1f1f-2222-4222-8222-222222222222", client_id="fresh")
    principal = tenant.service_principals.get(identity.principal_id)
    del tenant.identities[identity.principal_id]
    tenant.service_principals.remove(identity.principal_id)
    for unnamed_or_not in ({}, by_id, {"client_id": identity.client_id}):
        assert imds(own_world, host, **unnamed_or_not).json()["access_token"] == first

    tenant.identities[fresh.principal_id] = fresh
    tenant.save_service_principal(replace(principal, id=fresh.principal_id, app_id=fresh.client_id))
    tenant.hosts["vm-orders-api"] = replace(tenant.hosts["vm-orders-api"], identities=(fresh.principal_id,))
    assert imds(own_world, host, **by_id).json()["access_token"] == first, "the name still means the old one"
    assert imds(own_world, host, client_id="fresh").json()["client_id"] == "fresh"
    own_world.emulator.advance(timedelta(hours=24))
    assert imds(own_world, host, **by_id).json()["client_id"] == "fresh"
    assert imds(own_world, host, client_id=identity.client_id).status_code == 400


def test_the_jump_host_finds_each_identity_by_each_of_its_names(world: Any) -> None:
    identities = list(world.emulator.tenant.identities.values())
    one, other = [identity for identity in identities if identity.user_assigned][-2:]
    system = next(identity for identity in identities if not identity.user_assigned)
    for identity, status in ((one, 200), (other, 200), (system, 400)):
        names = {
            "client_id": identity.client_id.upper(), "object_id": identity.principal_id.upper(),
            "msi_res_id": identity.resource_id.upper(),
        }  # fmt: skip
        answers = [imds(world, **{name: value}) for name, value in names.items()]
        assert [answer.status_code for answer in answers] == [status] * 3
        assert {answer.json().get("client_id") for answer in answers} <= {identity.client_id, None}
    assert imds(world, client_id=one.client_id, object_id=other.principal_id).status_code == 400


def test_bypassing_the_cache_is_not_possible(own_world: Any) -> None:
    first = imds(own_world, "/hosts/vm-orders-api").json()["access_token"]
    assert imds(own_world, "/hosts/vm-orders-api", bypass_cache="true").json()["access_token"] == first


def test_each_resource_has_its_own_place_in_the_cache(own_world: Any) -> None:
    first = imds(own_world, "/hosts/vm-orders-api").json()["access_token"]
    other = imds(own_world, "/hosts/vm-orders-api", resource="https://management.azure.com/").json()
    assert other["access_token"] != first


def test_a_switched_off_identity_gets_no_new_token(own_world: Any) -> None:
    tenant = own_world.emulator.tenant
    principal = tenant.service_principals.get(own_world.identity.principal_id)
    tenant.save_service_principal(replace(principal, account_enabled=False))
    assert imds(own_world, "/hosts/vm-orders-api").json()["error_description"] == "Identity not found"


def test_each_issue_leaves_one_sign_in(own_world: Any) -> None:
    log = own_world.emulator.tenant.sign_ins
    before = len(log)
    for _ in range(3):
        imds(own_world, "/hosts/vm-orders-api")
    assert len(log) == before + 1
    last = log.at(len(log) - 1)
    assert (last.event, last.credential_type, last.resource_id[:8]) == (
        "managedIdentity",
        "managedIdentity",
        "fb60f99c",
    )
