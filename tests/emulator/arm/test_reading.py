"""Lists and single resources of Azure Resource Manager, as clients read them."""

import base64
from typing import Any

import pytest

from migrate.emulator.state.records import HOST_TYPES

UAMI = "Microsoft.ManagedIdentity/userAssignedIdentities"


def test_az_configures_itself_from_the_endpoints_of_the_host_it_asked(arm: Any) -> None:
    authority = arm.world.emulator.authority
    found = arm.world.web.get("/metadata/endpoints?api-version=2022-09-01").json()
    assert found["authentication"]["loginEndpoint"] == authority
    assert found["authentication"]["audiences"][0] == f"{authority}/arm"
    assert found["resourceManager"] == found["microsoftGraphResourceId"] == authority
    needed = {"name", "portal", "gallery", "batch", "media", "sqlManagement", "vmImageAliasDoc", "graphAudience",
              "activeDirectoryDataLake", "suffixes"}  # fmt: skip
    assert needed <= set(found)
    assert {"acrLoginServer", "keyVaultDns", "storage", "sqlServerHostname"} <= set(found["suffixes"])
    token = arm.token("unsecret-operator", f"{found['authentication']['audiences'][0]}/.default")
    assert arm.get("/subscriptions", headers=token).status_code == 200


def test_under_its_public_name_the_endpoints_are_the_public_ones(arm: Any) -> None:
    host = {"Host": "management.azure.com"}
    found = arm.world.web.get("/metadata/endpoints?api-version=2022-09-01", headers=host).json()
    assert found["authentication"]["loginEndpoint"] == "https://login.microsoftonline.com"
    assert found["microsoftGraphResourceId"] == "https://graph.microsoft.com/"
    listed = arm.world.web.get("/metadata/endpoints?api-version=2019-05-01", headers=host).json()
    assert [each["name"] for each in listed] == ["AzureCloud", "AzureUSGovernment", "AzureChinaCloud"]
    assert listed[1]["authentication"]["loginEndpoint"] == "https://login.microsoftonline.us"


def test_tenant_subscriptions_regions_and_providers(arm: Any) -> None:
    (tenant,) = arm.get("/tenants").json()["value"]
    assert (tenant["tenantId"], tenant["defaultDomain"]) == (arm.tenant.id, "contoso.onmicrosoft.com")
    subscriptions = arm.get("/subscriptions").json()["value"]
    assert [each["displayName"] for each in subscriptions] == ["Contoso Production", "Contoso Development and Test"]
    one = arm.get(f"/subscriptions/{arm.subscription}").json()
    assert one == subscriptions[0]
    assert "westeurope" in [each["name"] for each in arm.get(f"{one['id']}/locations").json()["value"]]
    for path in ("/providers", f"{one['id']}/providers"):
        assert "Microsoft.Web" in [each["namespace"] for each in arm.get(path).json()["value"]]
    provider = arm.get(f"{one['id']}/providers/microsoft.compute").json()
    assert (provider["namespace"], provider["registrationState"]) == ("Microsoft.Compute", "Registered")


def test_resource_groups_are_made_and_found(arm: Any) -> None:
    path = f"/subscriptions/{arm.subscription}/resourcegroups/rg-Made"
    assert arm.ask("HEAD", path).status_code == 404
    assert arm.ask("PUT", path, json={}).json()["error"]["code"] == "LocationRequired"
    made = arm.ask("PUT", path, json={"location": "West Europe", "tags": {"team": "a"}})
    assert (made.status_code, made.json()["name"], made.json()["location"]) == (201, "rg-Made", "westeurope")
    assert arm.ask("PUT", path.lower(), json={"location": "westeurope", "tags": {"team": "b"}}).status_code == 200
    assert arm.ask("PUT", path, json={"location": "eastus"}).status_code == 409
    assert arm.ask("HEAD", path).status_code == 204
    assert arm.ask("PATCH", path, json={"tags": {"team": "c"}}).json()["tags"] == {"team": "c"}
    listed = arm.get(path.rpartition("/")[0], params={"$filter": "tagName eq 'TEAM' and tagValue eq 'c'"})
    assert [each["name"] for each in listed.json()["value"]] == ["rg-Made"]
    bad = arm.ask("PUT", f"/subscriptions/{arm.subscription}/resourcegroups/a<b", json={"location": "eastus"})
    assert bad.json()["error"]["code"] == "InvalidResourceGroup"


def test_a_list_of_resources_holds_everything_once_whatever_the_page(arm: Any) -> None:
    path = f"/subscriptions/{arm.subscription}/resources"
    whole = arm.pages(path)
    small = arm.pages(path, **{"$top": "7"})
    assert [each["id"] for each in small] == [each["id"] for each in whole]
    assert len({each["id"].lower() for each in whole}) == len(whole)
    kinds = {each["type"] for each in whole}
    assert {UAMI, *HOST_TYPES.values(), "Microsoft.KeyVault/vaults"} == kinds


def test_a_page_keeps_its_place_while_others_remove(own_arm: Any) -> None:
    path = f"/subscriptions/{own_arm.subscription}/providers/{UAMI}"
    whole = [each["id"] for each in own_arm.pages(path)]
    first = own_arm.get(path, params={"$top": "2"}).json()
    assert own_arm.ask("DELETE", whole[0]).status_code == 200
    own_arm.new_identity("id-latecomer")
    rest = own_arm.get(first["nextLink"]).json()
    found = [each["id"] for each in first["value"] + rest["value"]]
    while "nextLink" in rest:
        rest = own_arm.get(rest["nextLink"]).json()
        found += [each["id"] for each in rest["value"]]
    assert found[: len(whole)] == whole
    group = f"/subscriptions/{own_arm.subscription}/resourcegroups/rg-apps-prod"
    assert found[len(whole) :] == [f"{group}/providers/{UAMI}/id-latecomer"]


FILTERS = [
    ("resourceType eq 'microsoft.web/SITES'", lambda body: body["type"] == "Microsoft.Web/sites"),
    ("tagName eq 'client-id'", lambda body: "client-id" in body.get("tags", {})),
    ("name eq 'vm-orders-api'", lambda body: body["name"] == "vm-orders-api"),
    ("substringof('orders', name)", lambda body: "orders" in body["name"]),
    ("resourceGroup eq 'rg-machines-prod'", lambda body: "/rg-machines-prod/" in body["id"]),
    (
        "resourceType eq 'Microsoft.Web/sites' or resourceType eq 'Microsoft.KeyVault/vaults'",
        lambda body: body["type"] in ("Microsoft.Web/sites", "Microsoft.KeyVault/vaults"),
    ),
    ("resourceType ne 'Microsoft.Web/sites'", lambda body: body["type"] != "Microsoft.Web/sites"),
    ("", lambda _: True),
]


@pytest.mark.parametrize(("text", "test"), FILTERS)
def test_filters_of_resources(arm: Any, text: str, test: Any) -> None:
    path = f"/subscriptions/{arm.subscription}/resources"
    found = {each["id"] for each in arm.pages(path, **{"$filter": text})}
    assert found == {each["id"] for each in arm.pages(path) if test(each)}
    assert found


@pytest.mark.parametrize(
    "query", [{"$filter": "x eq 'y'"}, {"$filter": "name eq"}, {"$filter": "tagValue eq 'x'"}, {"$top": "0"},
              {"$filter": "name eq 'a' and name eq 'b' or name eq 'c'"}, {"$filter": "x" * 5000}, {"$top": "many"},
              {"$skiptoken": "x"}, {"$skiptoken": "\u00e9"}],
)  # fmt: skip
def test_wrong_options_are_refused(arm: Any, query: dict[str, str]) -> None:
    answer = arm.get(f"/subscriptions/{arm.subscription}/resources", params=query)
    assert answer.status_code == 400
    assert answer.json()["error"]["code"].startswith("Invalid")


@pytest.mark.parametrize("mark", ["-1:0", "0:-1", "9:0", "\u0663:0", ":", "0:", "0: 5", "0:5_0", f"0:{'9' * 40}"])
def test_a_link_that_was_tampered_with_is_refused(arm: Any, mark: str) -> None:
    token = base64.urlsafe_b64encode(mark.encode()).decode().rstrip("=")
    for kind in ("resources", "providers/Microsoft.ManagedIdentity/userAssignedIdentities"):
        answer = arm.get(f"/subscriptions/{arm.subscription}/{kind}", params={"$skiptoken": token})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "InvalidSkipToken")


def test_expanded_properties(arm: Any) -> None:
    path = f"/subscriptions/{arm.subscription}/resources"
    asked = {"$expand": "createdTime,changedTime,provisioningState", "$filter": ""}
    body = arm.get(path, params=asked).json()["value"][0]
    assert (body["provisioningState"], body["createdTime"][-1]) == ("Succeeded", "Z")
    assert "createdTime" not in arm.get(path).json()["value"][0]


def test_every_host_is_served_under_its_id_by_its_own_provider(arm: Any) -> None:
    for kind, type_name in HOST_TYPES.items():
        host = arm.host(kind=kind)
        shown = arm.get(host.resource_id).json()
        assert (shown["id"], shown["type"], shown["name"]) == (host.resource_id, type_name, host.name)
        listed = arm.get(host.resource_id.rpartition("/")[0])
        assert shown in listed.json()["value"]
        assert shown["properties"]["state" if type_name.startswith("Microsoft.Web") else "provisioningState"]


def test_a_cluster_names_its_issuer_with_a_trailing_slash(arm: Any) -> None:
    profile = arm.get(arm.host(kind="aks").resource_id).json()["properties"]["oidcIssuerProfile"]
    assert profile["enabled"] is True
    assert profile["issuerURL"].startswith("https://")
    assert profile["issuerURL"].endswith("/")


def test_a_site_calls_from_the_addresses_of_the_sign_ins(arm: Any) -> None:
    log = arm.tenant.sign_ins
    site = next(
        host for host in arm.tenant.hosts.values()
        if host.kind == "app-service" and host.app_id and log.positions(host.app_id)
    )  # fmt: skip
    shown = set(arm.get(site.resource_id).json()["properties"]["outboundIpAddresses"].split(","))
    clients = [arm.tenant.identities[each].client_id for each in site.identities]
    seen = {each.ip_address for app_id in (site.app_id, *clients) for each in log.entries(app_id)}
    assert shown <= seen
    assert shown


def test_a_machine_names_its_application_by_tag(arm: Any) -> None:
    application = arm.tenant.application_named("orders-api")
    assert arm.get(arm.tenant.hosts["vm-orders-api"].resource_id).json()["tags"] == {"client-id": application.app_id}
