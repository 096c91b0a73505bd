"""Graph lists and objects: paging, selecting, filtering, expanding, counting and who may ask."""

import base64
from datetime import timedelta
from typing import Any

import httpx
import jwt
import pytest

APPS = "/v1.0/applications"
PRINCIPALS = "/v1.0/servicePrincipals"


def pages(world: Any, headers: dict[str, str], address: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    following: str | None = address
    while following:
        body = world.web.get(following, headers=headers).json()
        found += body["value"]
        following = body.get("@odata.nextLink")
    return found


@pytest.mark.parametrize(("collection", "size"), [(APPS, 7), (APPS, 999), (PRINCIPALS, 50), ("/beta/applications", 20)])
def test_every_object_appears_once_on_some_page(
    world: Any, operator: dict[str, str], collection: str, size: int
) -> None:
    found = pages(world, operator, f"{collection}?$top={size}")
    tenant = world.emulator.tenant
    table = tenant.applications if collection.endswith("applications") else tenant.service_principals
    assert {item["id"] for item in found} == {item.id for item in table}
    assert len(found) == len(table)


def test_a_page_holds_a_hundred_by_default_and_its_link_keeps_the_query(world: Any, operator: dict[str, str]) -> None:
    body = world.web.get(f"{PRINCIPALS}?$select=id,appId&$filter=accountEnabled eq true", headers=operator).json()
    assert len(body["value"]) == 100
    assert set(body["value"][0]) == {"id", "appId"}
    link = httpx.URL(body["@odata.nextLink"])
    assert link.params["$select"] == "id,appId"
    assert link.params["$filter"] == "accountEnabled eq true"
    assert str(link).startswith(world.emulator.graph_endpoint)
    # msgraph-sdk's page iterator drops ConsistencyLevel; a next page must do without.
    assert world.web.get(str(link), headers=operator).status_code == 200


def test_doubled_slashes_and_bare_option_names_are_understood(world: Any, operator: dict[str, str]) -> None:
    assert len(world.web.get("/v1.0//applications?top=3", headers=operator).json()["value"]) == 3


def test_removals_while_paging_skip_nothing(own_world: Any) -> None:
    headers = own_world.bearer()
    first = own_world.web.get(f"{APPS}?$top=4", headers=headers).json()
    gone = first["value"][3]["id"]
    own_world.web.delete(f"{APPS}/{gone}", headers=headers)
    rest = pages(own_world, headers, first["@odata.nextLink"])
    seen = {item["id"] for item in first["value"]} | {item["id"] for item in rest}
    assert seen == {item.id for item in own_world.emulator.tenant.applications} | {gone}


def test_an_application_is_addressed_in_several_ways(world: Any, operator: dict[str, str]) -> None:
    application = world.emulator.tenant.application_named("orders-api")
    for address in (
        f"{APPS}/{application.id}",
        f"{APPS}/{application.id.upper()}",
        f"{APPS}('{application.id}')",
        f"{APPS}(appId='{application.app_id}')",
        f"{APPS}(appId=%27{application.app_id}%27)",
    ):
        assert world.web.get(address, headers=operator).json()["displayName"] == "orders-api"


FILTERS: list[tuple[str, str, str]] = [
    (APPS, "displayName eq 'ORDERS-API'", "orders-api"),
    (APPS, "startswith(displayName,'invoice')", "invoice-worker"),
    (APPS, "startswith(displayName,'invoice') and signInAudience eq 'AzureADMyOrg'", "invoice-worker"),
    (APPS, "tags/any(t:t eq 'operator')", "unsecret-operator"),
    (APPS, "tags/any(t: t eq 'auditor')", "read-only-auditor"),
    (APPS, "displayName in ('report-mailer', 'nobody')", "report-mailer"),
    (APPS, "startswith(displayName,'$(touch')", "$(touch x)"),
    (APPS, "displayName eq 'Quote \"double\" and ''single'' `back`'", "Quote \"double\" and 'single' `back`"),
    (PRINCIPALS, "servicePrincipalType eq 'ManagedIdentity' and displayName eq 'id-orders-api'", "id-orders-api"),
    (PRINCIPALS, "alternativeNames/any(n:endswith(n,'/id-report-mailer'))", "id-report-mailer"),
    (PRINCIPALS, "not (servicePrincipalType eq 'ManagedIdentity') and displayName eq 'orders-api'", "orders-api"),
]


@pytest.mark.parametrize(("collection", "condition", "name"), FILTERS)
def test_filters_find_what_they_name(
    world: Any, operator: dict[str, str], collection: str, condition: str, name: str
) -> None:
    advanced = {"ConsistencyLevel": "eventual", **operator}
    answer = world.web.get(collection, params={"$filter": condition, "$count": "true"}, headers=advanced)
    assert [item["displayName"] for item in answer.json()["value"]] == [name]
    assert answer.json()["@odata.count"] == 1


def test_a_filter_by_appid_and_by_names_finds_one(world: Any, operator: dict[str, str]) -> None:
    wanted = world.emulator.tenant.application_named("orders-api").app_id
    for collection, condition in (
        (APPS, f"appId eq '{wanted}'"),
        (APPS, f"appId eq '{wanted.upper()}' and displayName eq 'orders-api'"),
        (PRINCIPALS, f"servicePrincipalNames/any(c:c eq '{wanted}')"),
    ):
        found = world.web.get(collection, params={"$filter": condition}, headers=operator).json()["value"]
        assert [item["appId"] for item in found] == [wanted]
    empty = world.web.get(APPS, params={"$filter": f"appId eq '{wanted}' and displayName eq 'x'"}, headers=operator)
    assert empty.json()["value"] == []


def test_applications_without_a_federated_credential_are_one_query(world: Any, operator: dict[str, str]) -> None:
    query = {"$filter": "federatedIdentityCredentials/$count eq 0", "$count": "true", "$top": "5", "$select": "id"}
    headers = {**operator, "ConsistencyLevel": "eventual"}
    body = world.web.get(APPS, params=query, headers=headers).json()
    assert body["@odata.count"] == sum(not item.federated for item in world.emulator.tenant.applications)


def test_counts_demand_eventual_consistency(world: Any, operator: dict[str, str]) -> None:
    advanced = {**operator, "ConsistencyLevel": "eventual"}
    answer = world.web.get(f"{APPS}/$count", headers=advanced)
    assert answer.headers["content-type"].startswith("text/plain")
    assert int(answer.text) == len(world.emulator.tenant.applications)
    assert world.web.get(f"{APPS}/$count", headers=operator).status_code == 400
    assert "@odata.count" not in world.web.get(f"{APPS}?$count=true", headers=operator).json()


def test_lists_can_be_ordered(world: Any, operator: dict[str, str]) -> None:
    found = pages(world, operator, f"{APPS}?$orderby=displayName desc&$top=9&$select=displayName")
    names = [item["displayName"].casefold() for item in found]
    assert names == sorted(names, reverse=True)
    assert len(names) == len(world.emulator.tenant.applications)


def test_expand_brings_owners_and_federated_credentials(world: Any, operator: dict[str, str]) -> None:
    wanted = next(item for item in world.emulator.tenant.applications if item.owners and item.federated)
    query = {
        "$expand": "owners($select=id,displayName,accountEnabled),federatedIdentityCredentials($select=name,subject)",
        "$select": "appId",
        "$filter": f"id eq '{wanted.id}'",
    }
    (body,) = world.web.get(APPS, params=query, headers=operator).json()["value"]
    assert {owner["id"] for owner in body["owners"]} == set(wanted.owners)
    assert set(body["owners"][0]) == {"@odata.type", "id", "displayName", "accountEnabled"}
    assert {item["name"] for item in body["federatedIdentityCredentials"]} == {item.name for item in wanted.federated}
    assert "issuer" not in body["federatedIdentityCredentials"][0]


def test_owners_show_accountenabled_only_when_it_is_selected(world: Any, operator: dict[str, str]) -> None:
    application = world.emulator.tenant.application_named("orders-api")
    plain = world.web.get(f"{APPS}/{application.id}/owners", headers=operator).json()["value"]
    chosen = world.web.get(f"{APPS}/{application.id}/owners?$select=id,accountEnabled", headers=operator).json()[
        "value"
    ]
    assert "accountEnabled" not in plain[0]
    assert chosen[0]["accountEnabled"] is True


def test_a_certificates_key_shows_on_one_object_when_selected(world: Any, operator: dict[str, str]) -> None:
    application, key = world.certificate_holder()
    listed = world.web.get(
        APPS, params={"$filter": f"id eq '{application.id}'", "$select": "keyCredentials"}, headers=operator
    )
    assert listed.json()["value"][0]["keyCredentials"][0]["key"] is None
    plain = world.web.get(f"{APPS}/{application.id}", headers=operator).json()
    assert plain["keyCredentials"][0]["key"] is None
    chosen = world.web.get(f"{APPS}/{application.id}?$select=keyCredentials", headers=operator).json()
    shown = next(item for item in chosen["keyCredentials"] if item["keyId"] == key.key_id)
    assert base64.b64decode(shown["key"]).startswith(b"\x30\x82")
    assert len(base64.b64decode(shown["customKeyIdentifier"])) == 20


def test_no_answer_shows_the_text_of_a_secret(world: Any, operator: dict[str, str]) -> None:
    tenant = world.emulator.tenant
    everything = "".join(
        world.web.get(address, headers=operator).text for address in (f"{APPS}?$top=999", f"{PRINCIPALS}?$top=999")
    )
    control = httpx.get(f"{world.emulator.control_endpoint}/tenant", trust_env=False).text
    held = [secret for item in (*tenant.applications, *tenant.service_principals) for secret in item.passwords]
    assert held
    assert not [secret for secret in held if secret.secret in everything or secret.secret in control]
    assert all(secret.secret not in repr(secret) for secret in held)


def test_organization_and_federated_credentials_of_identities(world: Any, operator: dict[str, str]) -> None:
    (row,) = world.web.get("/v1.0/organization", headers=operator).json()["value"]
    assert row["id"] == world.emulator.tenant_id
    path = f"{PRINCIPALS}/{world.identity.principal_id}/federatedIdentityCredentials"
    assert world.web.get(path, headers=operator).json()["value"] == []


REFUSED: list[tuple[str, int, str, str]] = [
    ("/v1.0/nothing", 400, "BadRequest", "Resource not found for the segment 'nothing'."),
    (f"{APPS}/11111111-1111-4111-8111-111111111111", 404, "Request_ResourceNotFound", "does not exist or one of its"),
    (f"{APPS}(appId='11111111-1111-4111-8111-111111111111')", 404, "Request_ResourceNotFound", "does not exist"),
    (f"{APPS}(name='x')", 400, "BadRequest", "alternate key"),
    (f"{APPS}/not-a-guid", 400, "Request_BadRequest", "Invalid object identifier"),
    (f"{APPS}?$top=1000", 400, "Request_UnsupportedQuery", "Invalid page size"),
    (f"{APPS}?$top=0", 400, "Request_UnsupportedQuery", "Invalid page size"),
    (f"{APPS}?$top=ten", 400, "BadRequest", "non-negative integer"),
    (f"{APPS}?$top=-1", 400, "BadRequest", "non-negative integer"),
    (f"{APPS}?$select=id,nonsense", 400, "BadRequest", "Could not find a property named 'nonsense'"),
    (f"{APPS}?$select=id,,", 400, "BadRequest", "Syntax error"),
    (f"{APPS}?$expand=members", 400, "BadRequest", "Could not find a property named 'members'"),
    (f"{APPS}?$expand=owners($top=2)", 400, "BadRequest", "not supported"),
    (f"{APPS}?$expand=owners(", 400, "BadRequest", "Syntax error"),
    (f"{APPS}?$filter=nonsense eq 1", 400, "BadRequest", "Could not find a property named 'nonsense'"),
    (f"{APPS}?$filter=displayName eq", 400, "BadRequest", "Invalid filter clause"),
    (f"{APPS}?$filter=displayName eq 'x", 400, "BadRequest", "Invalid filter clause"),
    (f"{APPS}?$filter=displayName like 'x'", 400, "BadRequest", "Invalid filter clause"),
    (f"{APPS}?$filter=startswith(displayName)", 400, "BadRequest", "Invalid filter clause"),
    (f"{APPS}?$filter=" + "(" * 3000, 400, "BadRequest", "Invalid filter clause"),
    (f"{APPS}?$filter=" + "not " * 800 + "x", 400, "BadRequest", "Invalid filter clause"),
    (f"{APPS}?$orderby=displayName sideways", 400, "BadRequest", "$orderby"),
    (f"{APPS}?$count=maybe", 400, "BadRequest", "$count"),
    (f"{APPS}?$filter=contains(displayName,'x')", 400, "BadRequest", "Invalid filter clause"),
    (f"{APPS}?$filter=displayName ne 'x'", 400, "Request_UnsupportedQuery", "Unsupported Query."),
    (f"{APPS}?$filter=not (displayName eq 'x')&$count=true", 400, "Request_UnsupportedQuery", "Unsupported Query."),
    (f"{APPS}?$filter=displayName eq 'x'&$orderby=appId", 400, "Request_UnsupportedQuery", "Unsupported Query."),
    (f"{APPS}?$search=x", 400, "Request_UnsupportedQuery", "$search"),
    (f"{APPS}?$apply=x", 400, "BadRequest", "'$apply' is not supported"),
    (f"{APPS}?$skiptoken=nonsense", 400, "Directory_ExpiredPageToken", "page token"),
    ("/v1.0/reports/appCredentialSignInActivities", 400, "BadRequest", "Resource not found for the segment"),
]


@pytest.mark.parametrize("case", REFUSED, ids=[case[0][:60] for case in REFUSED])
def test_a_wrong_question_gets_graphs_own_refusal(
    world: Any, operator: dict[str, str], case: tuple[str, int, str, str]
) -> None:
    address, status, code, text = case
    answer = world.web.get(address, headers=operator)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (status, code), error
    assert text in error["message"]
    assert set(error["innerError"]) == {"date", "request-id", "client-request-id"}
    assert error["innerError"]["request-id"] == answer.headers["request-id"]


def test_the_clients_request_id_comes_back(world: Any, operator: dict[str, str]) -> None:
    sent = "7d1c3d6e-5b0e-4b0f-9a3e-2f6f3c1d2b4a"
    answer = world.web.get("/v1.0/nothing", headers={**operator, "client-request-id": sent})
    assert answer.json()["error"]["innerError"]["client-request-id"] == answer.headers["client-request-id"] == sent
    assert answer.headers["date"].endswith("GMT")
    assert len(answer.headers.get_list("date")) == 1


@pytest.mark.parametrize("kind", ["none", "confused", "payload", "kid", "cut", "garbage", "list"])
def test_forged_bearers_are_refused(world: Any, tampering: dict[str, str], kind: str) -> None:
    answer = world.web.get(APPS, headers={"Authorization": f"Bearer {tampering[kind]}"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")


def test_bearers_for_another_audience_or_time_are_refused(own_world: Any) -> None:
    for header in ({}, {"Authorization": "Basic eDp5"}, {"Authorization": "Bearer"}):
        assert own_world.web.get(APPS, headers=header).status_code == 401
    for resource in ("https://management.azure.com", "api://AzureADTokenExchange"):
        token = own_world.identity_token(own_world.identity, resource)
        answer = own_world.web.get(APPS, headers={"Authorization": f"Bearer {token}"})
        assert "audience" in answer.json()["error"]["message"]
    headers = own_world.bearer()
    claims = jwt.decode(headers["Authorization"].split()[1], options={"verify_signature": False})
    assert claims["exp"] - claims["nbf"] == 3900
    own_world.emulator.advance(timedelta(minutes=61))
    answer = own_world.web.get(APPS, headers=headers)
    assert (answer.status_code, "expired" in answer.json()["error"]["message"]) == (401, True)


def test_permissions_are_asked_for(world: Any) -> None:
    auditor, nobody = world.bearer("read-only-auditor"), world.bearer("orders-api")
    application = world.new_application()
    assert world.web.get(APPS, headers=auditor).status_code == 200
    for method, address, headers in (
        ("GET", APPS, nobody),
        ("GET", f"{APPS}/{application.id}/federatedIdentityCredentials", nobody),
        ("PATCH", f"{APPS}/{application.id}", auditor),
        ("POST", f"{APPS}/{application.id}/removePassword", auditor),
        ("POST", f"{APPS}/{application.id}/federatedIdentityCredentials", auditor),
        ("DELETE", f"{APPS}/{application.id}", auditor),
        ("GET", "/beta/auditLogs/signIns", auditor),
        ("GET", "/beta/reports/appCredentialSignInActivities", auditor),
    ):
        answer = world.web.request(method, address, headers=headers)
        assert answer.status_code == 403, (method, address)
        assert answer.json()["error"]["code"] == "Authorization_RequestDenied"
        assert answer.json()["error"]["message"] == "Insufficient privileges to complete the operation."
