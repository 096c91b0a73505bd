"""User-assigned identities and their federated credentials through Azure Resource Manager."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from migrate.emulator.arm.associated import QUOTA, list_associated
from migrate.emulator.arm.call import ArmCall, Caller, Services
from migrate.emulator.arm.errors import ArmError
from migrate.emulator.arm.limits import Limits
from migrate.emulator.arm.results import ResultCache
from migrate.emulator.arm.router import ROUTES
from migrate.emulator.arm.routing import parse

IDENTITIES = "providers/Microsoft.ManagedIdentity/userAssignedIdentities"
ISSUER = "https://token.actions.githubusercontent.com"


def credential(**changes: Any) -> dict[str, Any]:
    subject = "repo:contoso/x:ref:refs/heads/main"
    made = {"issuer": ISSUER, "subject": subject, "audiences": ["api://AzureADTokenExchange"], **changes}
    return {"properties": made}


def test_an_identity_is_made_read_tagged_and_removed(arm: Any) -> None:
    path = f"{arm.group}/{IDENTITIES}/id-life"
    made = arm.ask("PUT", path, json={"location": "West Europe", "tags": {"a": "b"}})
    assert (made.status_code, made.json()["location"], made.json()["tags"]) == (201, "westeurope", {"a": "b"})
    assert set(made.json()) == {"id", "name", "type", "location", "tags", "properties"}
    assert set(made.json()["properties"]) == {"clientId", "principalId", "tenantId", "isolationScope"}
    again = arm.ask("PUT", path, json={"location": "westeurope"})
    assert (again.status_code, again.json()["tags"]) == (200, {})
    assert again.json()["properties"] == made.json()["properties"]
    assert arm.ask("PATCH", path, json={"tags": {"c": "d"}}).json()["tags"] == {"c": "d"}
    assert arm.get(path.upper()).json()["tags"] == {"c": "d"}
    assert arm.ask("DELETE", path).status_code == 200
    assert arm.ask("DELETE", path).status_code == 204
    assert arm.get(path).json()["error"]["code"] == "ResourceNotFound"
    principal = made.json()["properties"]["principalId"]
    assert arm.world.web.get(f"/v1.0/servicePrincipals/{principal}", headers=arm.world.bearer()).status_code == 404
    reborn = arm.ask("PUT", path, json={"location": "westeurope"}).json()
    assert reborn["properties"]["principalId"] != principal


def test_a_removed_identitys_cached_token_is_still_given_out(arm: Any) -> None:
    identity = arm.new_identity("id-cached")
    machine = arm.new_machine("vm-cached")
    wish = {"identity": {"type": "UserAssigned", "userAssignedIdentities": {identity["id"]: {}}}}
    arm.ask("PATCH", machine, json=wish)
    token = arm.world.identity_token(arm.identity(identity), host="/hosts/vm-cached")
    assert token.count(".") == 2
    assert arm.ask("DELETE", identity["id"]).status_code == 200
    assert "identity" not in arm.get(machine).json()


@pytest.mark.parametrize(
    ("name", "body", "status", "code"),
    [("id-new", {}, 400, "LocationRequired"),
     ("id-new", {"location": "moon"}, 400, "LocationNotAvailableForResourceType"),
     ("x", {"location": "westeurope"}, 400, "InvalidResourceName"),
     ("id_\u00e9", {"location": "westeurope"}, 400, "InvalidResourceName"),
     ("id-new", {"location": 7}, 400, "InvalidRequestContent"),
     ("id-new", {"location": "westeurope", "tags": {"a": 1}}, 400, "InvalidRequestContent"),
     ("id-new", {"location": "westeurope", "tags": {str(n): "" for n in range(51)}}, 400, "InvalidTags"),
     ("id-new", {"location": "westeurope", "tags": {"<": ""}}, 400, "InvalidTagNameCharacters")],
)  # fmt: skip
def test_an_identity_that_cannot_be_made(arm: Any, name: str, body: Any, status: int, code: str) -> None:
    answer = arm.ask("PUT", f"{arm.group}/{IDENTITIES}/{name}", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


def test_an_identity_stays_in_its_region(arm: Any) -> None:
    path = arm.new_identity("id-region")["id"]
    answer = arm.ask("PUT", path, json={"location": "northeurope"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "InvalidResourceLocation")


# --- federated credentials -------------------------------------------------------------------------------------------


def test_federated_credentials_are_made_replaced_and_removed(arm: Any) -> None:
    path = f"{arm.new_identity('id-federated')['id']}/federatedIdentityCredentials"
    made = arm.ask("PUT", f"{path}/main", json=credential())
    assert made.status_code == 201
    assert (made.json()["name"], made.json()["properties"]) == ("main", credential()["properties"])
    assert made.json()["id"] == f"{path}/main"
    changed = arm.ask("PUT", f"{path}/main", json=credential(subject="other"))
    assert (changed.status_code, changed.json()["properties"]["subject"]) == (200, "other")
    assert arm.get(f"{path}/main").json() == changed.json()
    assert arm.get(path).json()["value"] == [changed.json()]
    assert arm.ask("DELETE", f"{path}/main").status_code == 200
    assert arm.ask("DELETE", f"{path}/main").status_code == 204
    assert arm.get(f"{path}/main").status_code == 404
    assert arm.ask("GET", f"{arm.group}/{IDENTITIES}/id-nobody/federatedIdentityCredentials").status_code == 404


REFUSED = [
    ("short name", "ab", credential(), "Federated Identity Credential name 'ab' is invalid."),
    ("bad name", "-main", credential(), "Federated Identity Credential name '-main' is invalid."),
    ("no issuer", "other", credential(issuer=""), "has empty properties"),
    ("no subject", "other", credential(subject=None), "has empty properties"),
    ("no properties", "other", {}, "has empty properties"),
    ("no audience", "other", credential(audiences=[]), "must have exactly one audience."),
    ("two audiences", "other", credential(audiences=["a", "b"]), "must have exactly one audience."),
    ("long subject", "other", credential(subject="x" * 601), "longer than 600"),
    ("taken", "other", credential(), "Issuer and subject combination already exists for this Managed Identity."),
]


@pytest.mark.parametrize(("name", "body", "text"), [case[1:] for case in REFUSED], ids=[case[0] for case in REFUSED])
def test_a_federated_credential_that_cannot_be_made(arm: Any, name: str, body: Any, text: str) -> None:
    path = f"{arm.new_identity('id-rules')['id']}/federatedIdentityCredentials"
    assert arm.ask("PUT", f"{path}/main", json=credential()).status_code in (200, 201)
    answer = arm.ask("PUT", f"{path}/{name}", json=body)
    assert answer.status_code == 400
    assert text in answer.json()["error"]["message"]
    assert len(arm.get(path).json()["value"]) == 1


@pytest.mark.parametrize("properties", [7, [], {"issuer": 1}, {"audiences": "x"}, {"audiences": [1]}])
def test_values_of_another_type_are_refused(arm: Any, properties: Any) -> None:
    path = f"{arm.new_identity('id-rules')['id']}/federatedIdentityCredentials/typed"
    answer = arm.ask("PUT", path, json={"properties": properties})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidRequestContent")


def test_twenty_federated_credentials_fit_whoever_comes_first(arm: Any) -> None:
    path = f"{arm.new_identity('id-twenty')['id']}/federatedIdentityCredentials"
    arm.headers()

    def put(number: int) -> int:
        status: int = arm.ask("PUT", f"{path}/fic-{number}", json=credential(subject=f"s{number}")).status_code
        return status

    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(put, range(24)))
    assert (statuses.count(201), statuses.count(400)) == (20, 4)
    assert len(arm.get(path).json()["value"]) == 20


# --- where an identity is used ---------------------------------------------------------------------------------------


def associated(arm: Any, query: dict[str, str], limits: Limits | None = None) -> dict[str, Any]:
    identity = arm.world.identity
    call = ArmCall(
        tenant=arm.tenant, caller=Caller(app_id="a", object_id="b"), method="POST", base="https://host",
        services=Services(limits=limits or Limits(), results=ResultCache()),
        path=f"{identity.resource_id}/listAssociatedResources", query={"api-version": "1", **query}, body=b"",
    )  # fmt: skip
    target = parse(call.path)
    body = list_associated(call, target.scope, *target.names).body
    assert isinstance(body, dict)
    return body


def test_associated_resources_are_filtered_ordered_and_paged(arm: Any) -> None:
    found = associated(arm, {})
    assert found["totalCount"] == len(found["value"]) >= 1
    machine = next(each for each in found["value"] if each["name"] == "vm-orders-api")
    assert machine["type"] == "microsoft.compute/virtualmachines"
    assert machine["subscriptionDisplayName"] == "Contoso Production"
    assert associated(arm, {"$filter": "resourceType eq 'microsoft.web/sites'"})["totalCount"] == 0
    assert associated(arm, {"$filter": "contains(name, 'ORDERS') and resourceGroup eq 'rg-apps-prod'"})["value"]
    own = associated(arm, {"$top": "1", "$skip": "0", "$orderby": "name desc"})
    assert len(own["value"]) == 1
    assert ("nextLink" in own) is (found["totalCount"] > 1)


@pytest.mark.parametrize("query", [{"$filter": "x"}, {"$filter": "x eq 'y'"}, {"$orderby": "name up"}, {"$skip": "-1"},
                                   {"$top": "x"}])  # fmt: skip
def test_wrong_options_for_associated_resources_are_refused(arm: Any, query: dict[str, str]) -> None:
    with pytest.raises(ArmError) as refused:
        associated(arm, query)
    assert refused.value.status == 400


def test_associated_resources_may_be_asked_for_once_a_second() -> None:
    moments = iter([0.0, 0.5, 1.0])
    limits = Limits(now=lambda: next(moments))
    assert [limits.take("x", QUOTA).allowed for _ in range(3)] == [True, False, True]


def test_the_second_request_in_a_second_is_refused_on_the_wire(own_arm: Any) -> None:
    path = f"{own_arm.world.identity.resource_id}/listAssociatedResources"
    first, second = (own_arm.ask("POST", path, params={"api-version": "2021-09-30-preview"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 429)
    assert second.headers["retry-after"] == "1"


def test_every_pattern_is_in_lower_case_so_that_requests_can_match() -> None:
    assert all(part == part.lower() for pattern in ROUTES for part in pattern)
