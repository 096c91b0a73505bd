"""The metadata service and App Service's endpoint: answers, refusals and the cache that nothing clears."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest

EXCHANGE = "api://AzureADTokenExchange"


def imds(world: Any, host: str = "", *, header: str | None = "true", **query: str) -> Any:
    asked = {"api-version": "2018-02-01", "resource": EXCHANGE, **query}
    headers = {} if header is None else {"Metadata": header}
    address = f"{world.emulator.imds_endpoint}{host}/metadata/identity/oauth2/token"
    asked = {name: value for name, value in asked.items() if value != "-"}
    return httpx.get(address, params=asked, headers=headers, trust_env=False)


def app_service(world: Any, host: str, *, header: str | None = None, **query: str) -> Any:
    asked = {"api-version": "2019-08-01", "resource": EXCHANGE, **query}
    headers = {"X-IDENTITY-HEADER": world.emulator.identity_header if header is None else header}
    return httpx.get(
        f"{world.emulator.imds_endpoint}{host}/msi/token", params=asked, headers=headers, trust_env=False
    )  # fmt: skip


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
    tenant = world.emulator.tenant
    system = next(item for item in tenant.identities.values() if not item.user_assigned)
    host = next(name for name, item in tenant.hosts.items() if system.principal_id in item.identities)
    assert imds(world, f"/hosts/{host}").json()["client_id"] == system.client_id
    assert app_service(world, f"/hosts/{host}").json()["client_id"] == system.client_id.upper()


REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("no header", {"header": None}, "invalid_request", "Required metadata header not specified"),
    ("header false", {"header": "false"}, "invalid_request", "Required metadata header not specified"),
    ("no version", {"api-version": "-"}, "invalid_request", "api-version"),
    ("no resource", {"resource": "-"}, "invalid_request", "resource"),
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


@pytest.mark.parametrize("selector", ["client_id", "principal_id", "object_id", "mi_res_id"])
def test_app_service_answers_in_its_own_shape(world: Any, selector: str) -> None:
    identity = world.identity
    value = {"client_id": identity.client_id, "mi_res_id": identity.resource_id}.get(selector, identity.principal_id)
    answer = app_service(world, "/hosts/vm-orders-api", **{selector: value})
    assert set(answer.json()) == {"access_token", "expires_on", "resource", "token_type", "client_id"}
    assert answer.json()["client_id"] == identity.client_id.upper()


@pytest.mark.parametrize(
    ("options", "status"),
    [({"header": "wrong"}, 401), ({"header": ""}, 401), ({"api-version": "2017-09-01"}, 400), ({"resource": ""}, 400),
     ({}, 500), ({"client_id": "nobody"}, 500), ({"client_id": "-", "resource": "api://nobody"}, 500)],
)  # fmt: skip
def test_app_service_fails_in_its_own_words(world: Any, options: dict[str, Any], status: int) -> None:
    answer = app_service(world, "/hosts/vm-orders-api", **options)
    assert answer.status_code == status
    assert set(answer.json()) == {"statusCode", "message", "correlationId"}


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
