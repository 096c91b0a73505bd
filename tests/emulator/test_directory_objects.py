"""Directory objects of every type, users, owners, and the collections that programs read around applications."""

import asyncio
import ssl
from typing import Any

import httpx
import pytest

APPS = "/v1.0/applications"
PRINCIPALS = "/v1.0/servicePrincipals"
UNKNOWN = "11111111-1111-4111-8111-111111111111"


def by_ids(world: Any, headers: dict[str, str], body: Any, path: str = "directoryObjects") -> httpx.Response:
    answer: httpx.Response = world.web.post(f"/v1.0/{path}/getByIds", json=body, headers=headers)
    return answer


@pytest.fixture
def user(world: Any) -> Any:
    return next(iter(world.emulator.tenant.users.values()))


@pytest.fixture
def principal(world: Any) -> Any:
    return world.emulator.tenant.service_principal_of(world.emulator.tenant.application_named("orders-api"))


@pytest.fixture
def one_of_each(world: Any, user: Any, principal: Any) -> dict[str, Any]:
    application = world.emulator.tenant.application_named("orders-api")
    return {"user": user, "application": application, "servicePrincipal": principal}


@pytest.mark.parametrize("path", ["directoryObjects", "servicePrincipals", "applications"])
def test_ids_are_resolved_to_objects_of_every_type(
    world: Any, operator: dict[str, str], one_of_each: dict[str, Any], path: str
) -> None:
    asked = [record.id for record in reversed(one_of_each.values())]
    answer = by_ids(world, operator, {"ids": [asked[0].upper(), UNKNOWN, *asked]}, path)
    found = [(item["@odata.type"], item["id"]) for item in answer.json()["value"]]
    assert sorted(found) == sorted((f"#microsoft.graph.{kind}", record.id) for kind, record in one_of_each.items())
    assert [object_id for _, object_id in found] != asked, "no order is promised"


@pytest.mark.parametrize(
    ("types", "expected"),
    [(["user"], 1), (["servicePrincipal"], 1), (["SERVICEPRINCIPAL", "application"], 2), (["group", "device"], 0),
     (["microsoft.graph.user"], 1), (["user", "group", "servicePrincipal", "directoryObjectPartnerReference"], 2),
     (["directoryObject"], 3), ([], 3), (None, 3)],
)  # fmt: skip
def test_types_narrow_what_is_searched(
    world: Any, operator: dict[str, str], one_of_each: dict[str, Any], *, types: Any, expected: int
) -> None:
    answer = by_ids(world, operator, {"ids": [record.id for record in one_of_each.values()], "types": types})
    assert len(answer.json()["value"]) == expected


@pytest.mark.parametrize(
    ("body", "text"),
    [({}, "'ids'"), ({"ids": "x"}, "ids"), ({"ids": ["x"]}, "Invalid GUID specified."), ({"ids": [7]}, "ids"),
     ({"ids": [UNKNOWN] * 1001}, "Number of included identifiers cannot exceed '1000'."),
     ({"ids": [UNKNOWN], "types": ["flower"]}, "types")],
)  # fmt: skip
def test_lists_of_ids_that_are_none_are_refused(world: Any, operator: dict[str, str], body: Any, text: str) -> None:
    answer = by_ids(world, operator, body)
    assert (answer.status_code, text in answer.json()["error"]["message"]) == (400, True), answer.text


def test_a_thousand_ids_are_taken(world: Any, operator: dict[str, str], user: Any) -> None:
    answer = by_ids(world, operator, {"ids": [UNKNOWN] * 999 + [user.id]})
    assert [item["id"] for item in answer.json()["value"]] == [user.id]


def test_one_object_is_shown_whatever_its_type(
    world: Any, operator: dict[str, str], one_of_each: dict[str, Any]
) -> None:
    for kind, record in one_of_each.items():
        body = world.web.get(f"/v1.0/directoryObjects/{record.id}", headers=operator).json()
        assert (body["id"], body["@odata.type"]) == (record.id, f"#microsoft.graph.{kind}")
    assert world.web.get(f"/v1.0/directoryObjects/{UNKNOWN}", headers=operator).status_code == 404
    assert world.web.get("/v1.0/directoryObjects/nonsense", headers=operator).status_code == 400


# --- users -----------------------------------------------------------------------------------------------------------


def test_users_show_their_defaults_and_what_is_selected(world: Any, operator: dict[str, str], user: Any) -> None:
    for key in (user.id, user.user_principal_name, user.user_principal_name.upper()):
        body = world.web.get(f"/v1.0/users/{key}", headers=operator).json()
        assert body["displayName"] == user.display_name
        assert "accountEnabled" not in body
    chosen = world.web.get(f"/v1.0/users/{user.id}?$select=accountEnabled,userType,city", headers=operator).json()
    del chosen["@odata.context"]
    assert chosen == {"accountEnabled": user.account_enabled, "userType": "Member", "city": None}
    assert world.web.get("/v1.0/users/nobody@example.org", headers=operator).status_code == 404
    assert world.web.get("/v1.0/users?$select=nonsense", headers=operator).status_code == 400


def test_users_are_listed_filtered_and_paged(world: Any, operator: dict[str, str], user: Any) -> None:
    found: list[str] = []
    following = "/v1.0/users?$top=3&$select=id"
    while following:
        body = world.web.get(following, headers=operator).json()
        found += [item["id"] for item in body["value"]]
        following = body.get("@odata.nextLink")
    assert sorted(found) == sorted(world.emulator.tenant.users)
    name = user.user_principal_name
    query = f"$filter=userPrincipalName eq '{name}' or mail eq '{name}' or displayName eq '{name}'"
    assert [item["id"] for item in world.web.get(f"/v1.0/users?{query}", headers=operator).json()["value"]] == [user.id]


def test_an_application_is_nobody(world: Any, operator: dict[str, str]) -> None:
    for address in ("/v1.0/me", "/beta/me", "/v1.0/me/ownedObjects"):
        error = world.web.get(address, headers=operator).json()["error"]
        assert error["code"] == "BadRequest"
        assert error["message"] == "/me request is only valid with delegated authentication flow."


# --- owners ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("collection", [APPS, PRINCIPALS])
def test_owners_are_added_and_removed(
    world: Any, operator: dict[str, str], user: Any, principal: Any, collection: str
) -> None:
    record = world.new_application()
    holder = record if collection == APPS else world.emulator.tenant.service_principal_of(record)
    address = f"{collection}/{holder.id}/owners"

    def owners() -> set[str]:
        return {item["id"] for item in world.web.get(address, headers=operator).json()["value"]}

    for reference in (
        f"https://graph.microsoft.com/v1.0/directoryObjects/{user.id}",
        f"{world.emulator.graph_endpoint}/v1.0//servicePrincipals('{principal.id}')",
    ):
        added = world.web.post(f"{address}/$ref", json={"@odata.id": reference}, headers=operator)
        assert added.status_code == 204, added.text
        again = world.web.post(f"{address}/$ref", json={"@odata.id": reference}, headers=operator)
        assert again.status_code == 400
        assert "One or more added object references already exist" in again.json()["error"]["message"]
    assert owners() == {user.id, principal.id}
    owned = world.web.get(f"/v1.0/users/{user.id}/ownedObjects?$select=id", headers=operator).json()["value"]
    assert holder.id in {item["id"] for item in owned}
    owned = world.web.get(f"{PRINCIPALS}/{principal.id}/ownedObjects", headers=operator).json()["value"]
    assert holder.id in {item["id"] for item in owned}
    assert world.web.delete(f"{address}/{user.id.upper()}/$ref", headers=operator).status_code == 204
    assert world.web.delete(f"{address}/{user.id}/$ref", headers=operator).status_code == 404
    assert owners() == {principal.id}


@pytest.mark.parametrize(
    ("body", "status"),
    [({"@odata.id": f"https://graph.microsoft.com/v1.0/users/{UNKNOWN}"}, 404), ({"@odata.id": "nonsense"}, 400),
     ({"@odata.id": "http://[x"}, 400), ({"@odata.id": 7}, 400), ({}, 400), ({"@odata.id": None}, 400),
     ({"@odata.id": f"https://graph.microsoft.com/v1.0/groups/{UNKNOWN}"}, 400)],
)  # fmt: skip
def test_a_reference_to_nobody_is_refused(world: Any, operator: dict[str, str], body: Any, status: int) -> None:
    application = world.new_application()
    answer = world.web.post(f"{APPS}/{application.id}/owners/$ref", json=body, headers=operator)
    assert answer.status_code == status


def test_a_managed_identity_takes_no_owners(world: Any, operator: dict[str, str], user: Any) -> None:
    address = f"{PRINCIPALS}/{world.identity.principal_id}/owners/$ref"
    body = {"@odata.id": f"https://graph.microsoft.com/v1.0/users/{user.id}"}
    assert world.web.post(address, json=body, headers=operator).status_code == 403


# --- collections -----------------------------------------------------------------------------------------------------

EMPTY = ["groups", "groupSettings", "oauth2PermissionGrants", "identity/conditionalAccess/policies",
         "identity/conditionalAccess/namedLocations"]  # fmt: skip


@pytest.mark.parametrize("path", EMPTY)
@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_empty_collections_are_collections(world: Any, operator: dict[str, str], version: str, path: str) -> None:
    answer = world.web.get(f"/{version}/{path}", headers=operator)
    assert (answer.status_code, answer.json()["value"]) == (200, [])
    assert answer.json()["@odata.context"].endswith(f"$metadata#{path}")
    assert world.web.get(f"/{version}/{path}", headers=world.bearer("orders-api")).status_code == 403


def test_the_recommendation_about_unused_secrets_exists_in_beta(world: Any, operator: dict[str, str]) -> None:
    (row,) = world.web.get("/beta/directory/recommendations", headers=operator).json()["value"]
    assert (row["recommendationType"], row["impactType"]) == ("staleAppCreds", "apps")
    assert world.web.get("/v1.0/directory/recommendations", headers=operator).status_code == 400


# Both packages warn about themselves when they are imported.
@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning:kiota_abstractions", "ignore::DeprecationWarning:msgraph")
def test_msgraph_sdk_reads_what_a_scanner_asks_for(
    world: Any, operator: dict[str, str], trust: ssl.SSLContext, user: Any
) -> None:
    from kiota_abstractions.authentication import AnonymousAuthenticationProvider  # noqa: PLC0415
    from msgraph.graph_request_adapter import GraphRequestAdapter  # noqa: PLC0415
    from msgraph.graph_service_client import GraphServiceClient  # noqa: PLC0415

    async def run() -> dict[str, Any]:
        inner = httpx.AsyncHTTPTransport(verify=trust, trust_env=False)
        async with inner, httpx.AsyncClient(transport=inner, trust_env=False, headers=operator) as web:
            adapter = GraphRequestAdapter(AnonymousAuthenticationProvider(), web)
            adapter.base_url = f"{world.emulator.graph_endpoint}/v1.0"
            client = GraphServiceClient(request_adapter=adapter)
            policies = client.policies
            roles: Any = await client.directory_roles.get()
            deleted = client.directory.deleted_items
            return {
                "users": await client.users.get(),
                "user": await client.users.by_user_id(user.id).get(),
                "domains": await client.domains.get(),
                "roles": roles,
                "members": await client.directory_roles.by_directory_role_id(roles.value[0].id).members.get(),
                "settings": await client.group_settings.get(),
                "conditional": await client.identity.conditional_access.policies.get(),
                "locations": await client.identity.conditional_access.named_locations.get(),
                "authorization": await policies.authorization_policy.get(),
                "methods": await policies.authentication_methods_policy.get(),
                "defaults": await policies.identity_security_defaults_enforcement_policy.get(),
                "registration": await client.reports.authentication_methods.user_registration_details.get(),
                "delta": await client.applications.delta.get(),
                "deleted": await deleted.graph_application.get(),
                "deleted principals": await deleted.graph_service_principal.get(),
            }

    answers = asyncio.run(run())
    for name, answer in answers.items():
        rows = getattr(answer, "value", None)
        for item in rows if rows is not None else [answer]:
            # v1.0 answers createdDateTime of service principals undeclared: microsoftgraph/msgraph-sdk-java#2246.
            left = set(item.additional_data) - {"@odata.context", "createdDateTime"}
            assert not left, (name, left)
    assert len(answers["users"].value) == len(world.emulator.tenant.users)
    assert answers["domains"].value[0].is_default
    assert answers["authorization"].default_user_role_permissions.allowed_to_create_apps
    assert [str(item.state) for item in answers["methods"].authentication_method_configurations]
    assert answers["defaults"].is_enabled
    assert {item.user_principal_name for item in answers["registration"].value} >= {user.user_principal_name}
    assert answers["delta"].odata_delta_link or answers["delta"].odata_next_link
