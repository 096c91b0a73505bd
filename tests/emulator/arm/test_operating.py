"""What operators ask for beside identities: groups, tags, providers, the parts of machines and sites."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest

UAMI = "Microsoft.ManagedIdentity/userAssignedIdentities"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
NOBODY = "1f1f1f1f-2222-4222-8222-222222222222"


def test_a_resource_group_is_deleted_with_everything_in_it(own_arm: Any) -> None:
    group = f"/subscriptions/{own_arm.subscription}/resourceGroups/rg-apps-prod"
    other = next(each.resource_id for each in own_arm.tenant.hosts.values() if each.group != "rg-apps-prod")
    made = own_arm.new_identity("id-doomed")
    principal = made["properties"]["principalId"]
    assignment = f"{made['id']}/providers/Microsoft.Authorization/roleAssignments/{NOBODY}"
    role = f"/providers/Microsoft.Authorization/roleDefinitions/{READER}"
    body = {"properties": {"principalId": principal, "roleDefinitionId": role}}
    assert own_arm.ask("PUT", assignment, json=body).status_code == 201
    hosts = [each.resource_id for each in own_arm.tenant.hosts.values() if each.group == "rg-apps-prod"]
    assert hosts
    assert own_arm.ask("DELETE", group.upper().replace("SUBSCRIPTIONS", "subscriptions")).status_code == 200
    for path in (group, made["id"], assignment, *hosts):
        assert own_arm.get(path).json()["error"]["code"] == "ResourceGroupNotFound"
    assert own_arm.ask("DELETE", group).status_code == 404
    assert own_arm.get(other).status_code == 200
    assert own_arm.tenant.service_principals.get(principal) is None
    assert NOBODY not in own_arm.tenant.azure.assignments


def test_a_reader_deletes_no_resource_group_and_sets_no_tag(auditor: Any) -> None:
    tags = f"{auditor.group}/providers/Microsoft.Resources/tags/default"
    assert auditor.ask("DELETE", auditor.group).json()["error"]["code"] == "AuthorizationFailed"
    assert auditor.get(tags).status_code == 200
    for method in ("PUT", "PATCH", "DELETE"):
        answer = auditor.ask(method, tags, json={"operation": "Merge", "properties": {"tags": {"a": "b"}}})
        assert answer.json()["error"]["code"] == "AuthorizationFailed"


@pytest.mark.parametrize("kind", ["identity", "group", "machine", "vault"])
def test_tags_are_merged_replaced_and_removed_at_a_scope(arm: Any, kind: str) -> None:
    made = {
        "identity": lambda: arm.new_identity("id-tagged")["id"],
        "group": lambda: arm.group,
        "machine": lambda: arm.new_machine("vm-tagged"),
        "vault": lambda: next(each.resource_id for each in arm.tenant.azure.resources.values()),
    }[kind]()
    tags = f"{made}/providers/Microsoft.Resources/tags/default"

    def change(operation: str, **sent: str) -> dict[str, str]:
        answer = arm.ask("PATCH", tags, json={"operation": operation, "properties": {"tags": sent}})
        assert answer.status_code == 200, answer.text
        shown: dict[str, str] = answer.json()["properties"]["tags"]
        return shown

    put = arm.ask("PUT", tags, json={"properties": {"tags": {"team": "a"}}}).json()
    assert put == {
        "id": tags,
        "name": "default",
        "type": "Microsoft.Resources/tags",
        "properties": {"tags": {"team": "a"}},
    }
    assert change("Merge", Team="b", cost="1") == {"Team": "b", "cost": "1"}
    assert change("Delete", cost="2", TEAM="b") == {"cost": "1"}
    assert change("Replace", owner="x") == arm.get(made).json()["tags"] == {"owner": "x"}
    assert arm.ask("DELETE", tags).status_code == 200
    assert arm.get(tags).json()["properties"] == {"tags": {}}


@pytest.mark.parametrize(
    "body", [{}, {"properties": {}}, {"properties": {"tags": {"a": 1}}, "operation": "Merge"},
             {"properties": {"tags": {"a": "b"}}, "operation": "Mix"}, {"properties": 5},
             {"properties": {"tags": {f"t{index}": "" for index in range(51)}}, "operation": "Merge"}],
)  # fmt: skip
def test_tags_that_are_none_are_refused(arm: Any, body: dict[str, Any]) -> None:
    assert arm.ask("PATCH", f"{arm.group}/providers/Microsoft.Resources/tags/default", json=body).status_code == 400


def test_tags_of_what_does_not_exist_or_has_none_kept(arm: Any) -> None:
    part = "providers/Microsoft.Resources/tags/default"
    for path, status in (
        (f"{arm.group}x/{part}", 404),
        (f"{arm.group}/providers/{UAMI}/id-nobody/{part}", 404),
        (f"{arm.group}/providers/Microsoft.Resources/tags/other", 404),
    ):
        assert arm.get(path).status_code == status, path
    whole = f"/subscriptions/{arm.subscription}/{part}"
    assert arm.get(whole).json()["properties"] == {"tags": {}}
    assert arm.ask("PUT", whole, json={"properties": {"tags": {}}}).status_code == 405


def test_tags_in_use_are_counted(own_arm: Any) -> None:
    first = own_arm.new_identity("id-first")["id"]
    for path, value in ((first, "a"), (own_arm.group, "a"), (own_arm.new_machine("vm-second"), "b")):
        body = {"properties": {"tags": {"colour": value}}}
        assert own_arm.ask("PUT", f"{path}/providers/Microsoft.Resources/tags/default", json=body).status_code == 200
    where = f"/subscriptions/{own_arm.subscription}/tagNames"
    (found,) = [each for each in own_arm.get(where).json()["value"] if each["tagName"] == "colour"]
    assert (found["id"], found["count"]) == (f"{where}/colour", {"type": "Total", "value": 3})
    assert [(each["tagValue"], each["count"]["value"]) for each in found["values"]] == [("a", 2), ("b", 1)]


def test_providers_are_registered_and_name_the_types_that_clients_look_up(arm: Any, auditor: Any) -> None:
    subscription = f"/subscriptions/{arm.subscription}"
    provider = f"{subscription}/providers/Microsoft.Storage"
    assert arm.ask("POST", f"{provider}/register").json()["registrationState"] == "Registered"
    assert auditor.ask("POST", f"{provider}/register").json()["error"]["code"] == "AuthorizationFailed"
    unknown = arm.ask("POST", f"{subscription}/providers/Microsoft.Nothing/register")
    assert unknown.json()["error"]["code"] == "InvalidResourceNamespace"
    listed = arm.get(f"{subscription}/providers").json()["value"]
    served = {each.type if hasattr(each, "type") else UAMI for each in arm.tenant.azure.resources.values()}
    kinds = {f"{each['namespace']}/{kind['resourceType']}" for each in listed for kind in each["resourceTypes"]}
    assert served | {"Microsoft.Compute/virtualMachines", "Microsoft.Web/sites", UAMI} <= kinds
    assert all(kind["apiVersions"] for each in listed for kind in each["resourceTypes"])


def test_operations_of_managed_identities_are_shown_to_everybody(arm: Any) -> None:
    answer = arm.get("/providers/Microsoft.ManagedIdentity/operations", headers=arm.token("orders-api"))
    names = {each["name"] for each in answer.json()["value"]}
    assert f"{UAMI}/assign/action" in names


def test_the_network_interface_of_a_machine_is_there(arm: Any) -> None:
    machine = arm.get(arm.new_machine("vm-networked")).json()
    (reference,) = machine["properties"]["networkProfile"]["networkInterfaces"]
    shown = arm.get(reference["id"]).json()
    assert (shown["id"], shown["properties"]["virtualMachine"]) == (reference["id"], {"id": machine["id"]})
    assert shown["properties"]["ipConfigurations"][0]["properties"]["privateIPAddress"].startswith("10.")
    listed = arm.pages(f"{arm.group}/providers/Microsoft.Network/networkInterfaces")
    assert shown in listed
    assert len({each["properties"]["macAddress"] for each in listed}) == len(listed)
    for name in ("vm-networked", "vm-nobody-nic", "-nic"):
        path = f"{arm.group}/providers/Microsoft.Network/networkInterfaces/{name}"
        assert arm.get(path).json()["error"]["code"] == "ResourceNotFound"


def test_a_machine_runs(arm: Any) -> None:
    path = arm.new_machine("vm-running")
    expanded = arm.get(path, params={"$expand": "instanceView"}).json()["properties"]["instanceView"]
    assert arm.get(f"{path}/instanceView").json() == expanded
    assert [each["code"] for each in expanded["statuses"]] == ["ProvisioningState/succeeded", "PowerState/running"]
    properties = arm.get(path).json()["properties"]
    assert "instanceView" not in properties
    assert properties["storageProfile"]["osDisk"]["managedDisk"]["id"].endswith("/disks/vm-running_OsDisk")


def test_a_site_runs_on_a_plan(arm: Any) -> None:
    site = arm.get(arm.host(kind="app-service").resource_id).json()
    plan = arm.get(site["properties"]["serverFarmId"]).json()
    assert (plan["id"], plan["sku"]["tier"]) == (site["properties"]["serverFarmId"], site["properties"]["sku"])
    whole = arm.get(f"/subscriptions/{site['id'].split('/')[2]}/providers/Microsoft.Web/serverfarms").json()["value"]
    assert plan in whole
    assert plan["properties"]["numberOfSites"] >= 1
    missing = arm.get(f"{arm.group}/providers/Microsoft.Web/serverfarms/plan-none")
    assert missing.json()["error"]["code"] == "ResourceNotFound"


def test_a_site_is_restarted_and_published_to(arm: Any, auditor: Any) -> None:
    path = arm.host(kind="app-service").resource_id
    assert arm.ask("POST", f"{path}/restart").status_code == 200
    answer = arm.ask("POST", f"{path}/publishxml", json={"format": "WebDeploy"})
    assert answer.headers["content-type"].startswith("application/xml")
    methods = {each.attrib["publishMethod"]: each.attrib for each in ET.fromstring(answer.text)}  # noqa: S314 - ours
    assert set(methods) == {"MSDeploy", "FTP"}
    assert {each["userPWD"] for each in methods.values()} == {"REDACTED"}
    assert auditor.ask("POST", f"{path}/publishxml").json()["error"]["code"] == "AuthorizationFailed"


def test_names_of_sites_are_checked(arm: Any) -> None:
    path = f"/subscriptions/{arm.subscription}/providers/Microsoft.Web/checknameavailability"
    taken = arm.host(kind="app-service").name.upper()
    answer = arm.ask("POST", path, json={"name": taken, "type": "Site"}).json()
    assert (answer["nameAvailable"], answer["reason"]) == (False, "AlreadyExists")
    assert arm.ask("POST", path, json={"name": "app-free", "type": "Site"}).json()["nameAvailable"] is True
    assert arm.ask("POST", path, json={"type": "Site"}).status_code == 400


def test_the_platforms_sign_in_is_shown_in_both_forms(arm: Any) -> None:
    for site in (each for each in arm.tenant.hosts.values() if each.kind == "app-service"):
        newer = arm.get(f"{site.resource_id}/config/authsettingsV2/list").json()["properties"]
        older = arm.ask("POST", f"{site.resource_id}/config/authsettings/list").json()["properties"]
        assert older["enabled"] is newer["platform"]["enabled"]
        directory = newer["identityProviders"].get("azureActiveDirectory", {"registration": {}})["registration"]
        assert older["clientSecretSettingName"] == directory.get("clientSecretSettingName")
