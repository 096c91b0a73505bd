"""Azure CLI's commands for identities and the resources that use them."""

import json
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
