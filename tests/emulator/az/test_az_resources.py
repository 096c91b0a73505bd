"""Azure CLI's commands for identities and the resources that use them."""

import json
import uuid
from typing import Any

import pytest

pytestmark = [pytest.mark.az, pytest.mark.timeout(1800)]


def test_identities_are_listed_and_shown(az: Any) -> None:
    listed = {row["name"]: row for row in az("identity", "list")}
    held = az.emulator.tenant.identity_named("id-orders-api")
    found = listed["id-orders-api"]
    assert (found["clientId"], found["principalId"]) == (held.client_id, held.principal_id)
    shown = az("identity", "show", "--name", found["name"], "--resource-group", found["resourceGroup"])
    assert shown["id"] == found["id"]
    which = ("--identity-name", found["name"], "--resource-group", found["resourceGroup"])
    assert az("identity", "federated-credential", "list", *which) == []
    missing = ("identity", "show", "--name", "id-nobody", "--resource-group", found["resourceGroup"])
    assert "ResourceNotFound" in az.refusal(*missing)


@pytest.mark.parametrize("command", ["resource", "vm", "webapp", "keyvault"])
def test_resources_are_listed(az: Any, command: str) -> None:
    listed = az(command, "list")
    assert listed
    assert all(row["id"].startswith("/subscriptions/") for row in listed)


def test_role_assignments_of_an_application_are_listed(az: Any, az_application: str) -> None:
    assert az("role", "assignment", "list", "--assignee", az_application, "--all") == []


def test_resource_graph_is_asked_by_rest(az: Any) -> None:
    query = """resources
        | where type =~ 'microsoft.managedidentity/userassignedidentities'
        | project id=tolower(id), name, clientId=tostring(properties.clientId)"""
    url = "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01"
    answer = az("rest", "--method", "post", "--url", url, "--body", json.dumps({"query": query}))
    assert answer["count"] == len(answer["data"]) > 10
    assert "id-orders-api" in {row["name"] for row in answer["data"]}


def test_graph_is_asked_by_rest(az: Any) -> None:
    answer = az("rest", "--url", "https://graph.microsoft.com/v1.0/organization")
    assert answer["value"][0]["id"] == az.emulator.tenant_id


@pytest.fixture
def az_group(az: Any) -> Any:
    """Make a resource group with an identity in it, and delete it."""
    name = f"rg-{uuid.uuid4().hex[:8]}"
    az("group", "create", "--name", name, "--location", "westeurope")
    yield az("identity", "create", "--resource-group", name, "--name", "id-of-az")
    az("group", "delete", "--name", name, "--yes")
    assert az("group", "exists", "--name", name) is False


def test_an_identity_is_tagged_and_given_a_role(az: Any, az_group: Any) -> None:
    where = ("--resource-id", az_group["id"])
    az("tag", "create", *where, "--tags", "team=a")
    az("tag", "update", *where, "--operation", "merge", "--tags", "cost=1")
    assert az("tag", "list", *where)["properties"]["tags"] == {"team": "a", "cost": "1"}
    assert {"team", "cost"} <= {row["tagName"] for row in az("tag", "list")}
    done = az.run(
        *("role", "assignment", "create", "--assignee", az_group["principalId"], "--role", "Reader"),
        *("--scope", az_group["id"]),
    )
    assert (done.returncode, "Failed to query" in done.stderr) == (0, False)
    assert len(az("role", "assignment", "list", "--assignee", az_group["principalId"], "--all")) == 1


def test_a_machine_is_shown_with_its_details(az: Any) -> None:
    machine = az("vm", "list", "--show-details")[0]
    assert machine["powerState"] == "VM running"
    assert machine["privateIps"].startswith("10.")
    which = ("--resource-group", machine["resourceGroup"], "--name", machine["name"])
    kind = ("--resource-type", "Microsoft.Compute/virtualMachines")
    assert az("resource", "show", *which, *kind)["id"] == machine["id"]
    assert az("vm", "identity", "show", *which)["type"]


def test_a_sites_settings_are_listed_set_and_removed(az: Any) -> None:
    site = az("webapp", "list")[0]
    which = ("--resource-group", site["resourceGroup"], "--name", site["name"])
    settings = ("webapp", "config", "appsettings")
    assert az("webapp", "show", *which)["id"] == site["id"]
    az(*settings, "set", *which, "--settings", "MADE_BY=az")
    assert {"MADE_BY": "az"}.items() <= {row["name"]: row["value"] for row in az(*settings, "list", *which)}.items()
    az(*settings, "delete", *which, "--setting-names", "MADE_BY")
    assert "MADE_BY" not in {row["name"] for row in az(*settings, "list", *which)}
    assert az("webapp", "auth", "show", *which)["enabled"] in (True, False)
    assert az("appservice", "plan", "list")
