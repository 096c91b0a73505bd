"""Attaching identities to hosts, and what the hosts then get."""

from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest
from azure.identity import ClientAssertionCredential, ManagedIdentityCredential

EXCHANGE = "api://AzureADTokenExchange"
GRAPH = "https://graph.microsoft.com/.default"


def token_of(arm: Any, host: str, **query: str) -> httpx.Response:
    return httpx.get(
        f"{arm.world.emulator.imds_endpoint}/hosts/{host}/metadata/identity/oauth2/token",
        params={"api-version": "2018-02-01", "resource": EXCHANGE, **query},
        headers={"Metadata": "true"},
        trust_env=False,
    )


def wish(kind: str, *identities: str, **others: Any) -> dict[str, Any]:
    body: dict[str, Any] = {"type": kind}
    if identities or others:
        body["userAssignedIdentities"] = {**{each: {} for each in identities}, **others}
    return {"identity": body}


def attached(answer: httpx.Response) -> tuple[str, set[str]]:
    assert answer.status_code in (200, 201), answer.text
    identity = answer.json().get("identity") or {"type": "None"}
    return identity["type"], {each.rpartition("/")[2] for each in identity.get("userAssignedIdentities", ())}


def test_a_new_identity_on_a_new_machine_stands_in_for_an_applications_secret(
    arm: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = arm.new_identity("id-end-to-end")
    machine = arm.new_machine("vm-end-to-end")
    assert token_of(arm, "vm-end-to-end").status_code == 400
    answer = arm.ask("PATCH", machine, json=wish("UserAssigned", identity["id"]))
    ids = answer.json()["identity"]["userAssignedIdentities"][identity["id"]]
    principal, client = identity["properties"]["principalId"], identity["properties"]["clientId"]
    assert ids == {"principalId": principal, "clientId": client}

    application = arm.world.new_application()
    assert arm.world.federate(application, subject=principal).status_code == 201
    host = f"{arm.world.emulator.imds_endpoint}/hosts/vm-end-to-end"
    monkeypatch.setenv("AZURE_POD_IDENTITY_AUTHORITY_HOST", host)
    with ManagedIdentityCredential(client_id=client) as managed:
        assertion = lambda: managed.get_token(f"{EXCHANGE}/.default").token  # noqa: E731 - as users write it
        with ClientAssertionCredential(
            arm.world.emulator.tenant_id, application.app_id, assertion, authority=arm.world.emulator.authority
        ) as credential:
            claims = jwt.decode(credential.get_token(GRAPH).token, options={"verify_signature": False})
    assert claims["appid"] == application.app_id


def test_the_new_identitys_service_principal_is_in_the_directory(arm: Any) -> None:
    identity = arm.new_identity("id-in-directory")
    answer = arm.world.web.get(
        f"/v1.0/servicePrincipals/{identity['properties']['principalId']}", headers=arm.world.bearer()
    )
    found = answer.json()
    assert (found["servicePrincipalType"], found["appId"]) == ("ManagedIdentity", identity["properties"]["clientId"])
    assert set(found["alternativeNames"]) == {"isExplicit=True", identity["id"]}


def test_patch_adds_null_removes_and_put_replaces(arm: Any) -> None:
    one, two, three = (arm.new_identity(f"id-merge-{number}")["id"] for number in (1, 2, 3))
    machine = arm.new_machine("vm-merge")

    def patch(body: Any) -> tuple[str, set[str]]:
        return attached(arm.ask("PATCH", machine, json=body))

    assert patch(wish("UserAssigned", one)) == ("UserAssigned", {"id-merge-1"})
    assert patch(wish("UserAssigned", two.upper())) == ("UserAssigned", {"id-merge-1", "id-merge-2"})
    assert patch(wish("SystemAssigned,UserAssigned")) == (
        "SystemAssigned, UserAssigned",
        {"id-merge-1", "id-merge-2"},
    )
    assert patch(wish("systemassigned, userassigned", **{one: None}))[1] == {"id-merge-2"}
    put = arm.ask("PUT", machine, json={"location": "westeurope", **wish("UserAssigned", three)})
    assert attached(put) == ("UserAssigned", {"id-merge-3"})
    assert patch({"tags": {"a": "b"}}) == ("UserAssigned", {"id-merge-3"})
    assert patch(wish("SystemAssigned")) == ("SystemAssigned", set())
    assert patch(wish("None")) == ("None", set())


def test_a_host_that_lost_its_identity_keeps_its_cached_token_for_a_day(own_arm: Any) -> None:
    client = own_arm.world.identity.client_id
    host = own_arm.tenant.hosts["vm-orders-api"]
    first = token_of(own_arm, "vm-orders-api", client_id=client).json()["access_token"]
    assert attached(own_arm.ask("PATCH", host.resource_id, json=wish("None"))) == ("None", set())
    assert token_of(own_arm, "vm-orders-api", client_id=client).json()["access_token"] == first
    own_arm.world.emulator.advance(timedelta(hours=25))
    assert token_of(own_arm, "vm-orders-api", client_id=client).status_code == 400


def test_a_system_assigned_identity_comes_and_goes_with_its_service_principal(arm: Any) -> None:
    machine = arm.new_machine("vm-own-identity")
    made = arm.ask("PATCH", machine, json=wish("SystemAssigned")).json()["identity"]
    assert made["tenantId"] == arm.tenant.id
    assert "isExplicit=False" in arm.tenant.service_principals.get(made["principalId"]).alternative_names
    token = token_of(arm, "vm-own-identity").json()["access_token"]
    assert jwt.decode(token, options={"verify_signature": False})["oid"] == made["principalId"]
    assert arm.ask("DELETE", machine).status_code == 200
    assert arm.tenant.service_principals.get(made["principalId"]) is None
    assert arm.get(machine).json()["error"]["code"] == "ResourceNotFound"
    assert arm.ask("DELETE", machine).status_code == 204


def missing(arm: Any) -> str:
    return f"{arm.group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-nobody"


REFUSED: list[tuple[str, Any, str]] = [
    ("a missing identity", lambda arm: wish("UserAssigned", missing(arm)), "FailedIdentityOperation"),
    ("no resource id", lambda _: wish("UserAssigned", "id-orders-api"), "LinkedInvalidPropertyId"),
    (
        "another resource",
        lambda arm: wish("UserAssigned", arm.host(kind="vm").resource_id),
        "LinkedInvalidPropertyId",
    ),
    ("no identity", lambda _: wish("UserAssigned"), "FailedIdentityOperation"),
    (
        "identities under another type",
        lambda arm: wish("SystemAssigned", arm.world.identity.resource_id),
        "FailedIdentityOperation",
    ),
    ("unknown type", lambda _: wish("Everything"), "InvalidRequestContent"),
    ("None and more", lambda _: wish("None, UserAssigned"), "InvalidRequestContent"),
    ("a number as type", lambda _: {"identity": {"type": 7}}, "InvalidRequestContent"),
    ("a list of identities", lambda _: {"identity": {"userAssignedIdentities": ["x"]}}, "InvalidRequestContent"),
    (
        "a text as value",
        lambda _: {"identity": {"type": "UserAssigned", "userAssignedIdentities": {"x": "y"}}},
        "InvalidRequestContent",
    ),
    ("identity is a text", lambda _: {"identity": "UserAssigned"}, "InvalidRequestContent"),
    ("tags are a list", lambda _: {"tags": []}, "InvalidRequestContent"),
]


@pytest.mark.parametrize(("body", "code"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_a_wrong_wish_changes_nothing(arm: Any, body: Any, code: str) -> None:
    machine = arm.new_machine("vm-refused") if "vm-refused" not in arm.tenant.hosts else ""
    before = arm.tenant.hosts["vm-refused"]
    path = machine or before.resource_id
    answer = arm.ask("PATCH", path, json=body(arm))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)
    assert arm.tenant.hosts["vm-refused"] == before


def test_an_arc_machine_takes_no_user_assigned_identity(arm: Any) -> None:
    machine = arm.host(kind="arc")
    answer = arm.ask("PATCH", machine.resource_id, json=wish("UserAssigned", arm.world.identity.resource_id))
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidIdentityType")
    assert arm.get(machine.resource_id).json()["identity"]["type"] == "SystemAssigned"


def test_sites_and_container_apps_spell_both_kinds_differently(arm: Any) -> None:
    identity = arm.new_identity("id-spelling")["id"]
    kinds = {}
    for path in ("Microsoft.Web/sites/app-spelling", "Microsoft.App/containerApps/ca-spelling"):
        body = {"location": "westeurope", **wish("SystemAssigned,UserAssigned", identity)}
        kinds[path] = attached(arm.ask("PUT", f"{arm.group}/providers/{path}", json=body))[0]
    assert sorted(kinds.values()) == ["SystemAssigned, UserAssigned", "SystemAssigned,UserAssigned"]


def test_assigning_needs_a_role_on_the_identity_too(arm: Any, auditor: Any) -> None:
    machine = arm.new_machine("vm-linked")
    answer = auditor.ask("PATCH", machine, json=wish("SystemAssigned"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "AuthorizationFailed")
    role = "9980e02c-c2be-4d73-94e8-173b1dc7cf3c"  # Virtual Machine Contributor: machines, not identities
    path = f"{machine}/providers/Microsoft.Authorization/roleAssignments/7f0f0f0f-1111-4111-8111-000000000001"
    operator = arm.tenant.service_principal_of(arm.tenant.application_named("read-only-auditor"))
    body = {"properties": {"roleDefinitionId": f"/x/{role}", "principalId": operator.id}}
    assert arm.ask("PUT", path, json=body).status_code == 201
    answer = auditor.ask("PATCH", machine, json=wish("UserAssigned", arm.world.identity.resource_id))
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "LinkedAuthorizationFailed")
    assert attached(auditor.ask("PATCH", machine, json=wish("SystemAssigned")))[0] == "SystemAssigned"
    assert arm.ask("DELETE", path).status_code == 200
    assert auditor.ask("PATCH", machine, json=wish("None")).status_code == 403


def test_properties_that_a_client_sets_come_back(arm: Any) -> None:
    machine = arm.new_machine("vm-properties")
    size = {"hardwareProfile": {"vmSize": "Standard_B1s"}, "provisioningState": "Mine"}
    shown = arm.ask("PATCH", machine, json={"properties": size}).json()["properties"]
    assert (shown["hardwareProfile"], shown["provisioningState"]) == ({"vmSize": "Standard_B1s"}, "Succeeded")
    site = arm.get(arm.host(kind="app-service").resource_id).json()
    assert arm.ask("PUT", site["id"], json=site).json() == site, "a body that is sent back changes nothing"


@pytest.mark.parametrize(
    ("name", "body", "status", "code"),
    [("vm-orders-api", {"location": "westeurope"}, 409, "Conflict"), ("vm-x", {}, 400, "LocationRequired"),
     ("vm-x", {"location": "moon"}, 400, "LocationNotAvailableForResourceType"),
     ("-x-", {"location": "westeurope"}, 400, "InvalidResourceName"), ("vm-x", [], 400, "InvalidRequestContent")],
)  # fmt: skip
def test_a_host_that_cannot_be_made(arm: Any, name: str, body: Any, status: int, code: str) -> None:
    group = f"/subscriptions/{arm.subscription}/resourceGroups/rg-machines-prod"
    answer = arm.ask("PUT", f"{group}/providers/Microsoft.Compute/virtualMachines/{name}", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
