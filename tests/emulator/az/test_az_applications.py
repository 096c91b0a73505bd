"""Azure CLI's commands for applications, service principals and their credentials, each as its documentation has it."""

import json
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.az, pytest.mark.timeout(1800)]


def test_applications_are_listed_and_found(az: Any) -> None:
    held = az.emulator.tenant.applications
    assert len(az("ad", "app", "list", "--all")) == len(held)
    named = {row["displayName"] for row in az("ad", "app", "list", "--display-name", "orders")}
    assert "orders-api" in named
    client_id = az.emulator.tenant.application_named("orders-api").app_id
    assert [row["displayName"] for row in az("ad", "app", "list", "--app-id", client_id)] == ["orders-api"]
    assert az("ad", "app", "show", "--id", client_id)["displayName"] == "orders-api"
    assert "does not exist" in az.refusal("ad", "app", "show", "--id", "1f1f1f1f-2222-4222-8222-222222222222")
    owned = next(each for each in held if each.owners)
    assert {row["id"] for row in az("ad", "app", "owner", "list", "--id", owned.app_id)} == set(owned.owners)


def test_an_application_is_made_changed_and_deleted(az: Any, az_application: str) -> None:
    az("ad", "app", "update", "--id", az_application, "--set", "notes=checked")
    shown = az("ad", "app", "show", "--id", az_application)
    assert shown["notes"] == "checked"
    az("ad", "app", "delete", "--id", az_application)
    assert "does not exist" in az.refusal("ad", "app", "show", "--id", az_application)


def test_secrets_are_added_listed_and_removed(az: Any, az_application: str) -> None:
    credential = ("ad", "app", "credential")
    added = az(*credential, "reset", "--id", az_application, "--append", "--display-name", "second")
    assert (added["appId"], added["tenant"]) == (az_application, az.emulator.tenant_id)
    assert len(added["password"]) == 40
    (listed,) = az(*credential, "list", "--id", az_application)
    assert (listed["displayName"], listed["secretText"]) == ("second", None)
    az(*credential, "delete", "--id", az_application, "--key-id", listed["keyId"])
    assert az(*credential, "list", "--id", az_application) == []
    assert listed["keyId"] in az.refusal(*credential, "delete", "--id", az_application, "--key-id", listed["keyId"])


def test_certificates_are_made_listed_and_removed(az: Any, az_application: str) -> None:
    credential = ("ad", "app", "credential")
    made = az(*credential, "reset", "--id", az_application, "--create-cert", "--append")
    assert Path(made["fileWithCertAndPrivateKey"]).is_relative_to(az.environment["HOME"])
    (listed,) = az(*credential, "list", "--id", az_application, "--cert")
    assert (listed["type"], listed["usage"], listed["key"]) == ("AsymmetricX509Cert", "Verify", None)
    who = ("login", "--service-principal", "-u", az_application, "--tenant", az.emulator.tenant_id)
    try:
        az(*who, "--certificate", made["fileWithCertAndPrivateKey"], "--allow-no-subscriptions")
    finally:
        az("account", "clear")
        az.sign_in()
    az(*credential, "delete", "--id", az_application, "--key-id", listed["keyId"], "--cert")
    assert az(*credential, "list", "--id", az_application, "--cert") == []


def test_federated_credentials_are_made_changed_and_deleted(az: Any, az_application: str, tmp_path: Path) -> None:
    federated = ("ad", "app", "federated-credential")
    body = {
        "name": "by-az",
        "issuer": f"https://login.microsoftonline.com/{az.emulator.tenant_id}/v2.0",
        "subject": "11111111-1111-4111-8111-111111111111",
        "audiences": ["api://AzureADTokenExchange"],
        "description": "made by az",
    }
    file = tmp_path / "credential.json"
    file.write_text(json.dumps(body))
    made = az(*federated, "create", "--id", az_application, "--parameters", str(file))
    assert {name: made[name] for name in body} == body
    assert [row["id"] for row in az(*federated, "list", "--id", az_application)] == [made["id"]]
    file.write_text(json.dumps({**body, "subject": "21111111-1111-4111-8111-111111111111"}))
    for key in ("by-az", made["id"]):
        which = ("--id", az_application, "--federated-credential-id", key)
        az(*federated, "update", *which, "--parameters", str(file))
        assert az(*federated, "show", *which)["subject"] == "21111111-1111-4111-8111-111111111111"
    assert "already exists" in az.refusal(*federated, "create", "--id", az_application, "--parameters", str(file))
    az(*federated, "delete", "--id", az_application, "--federated-credential-id", "by-az")
    assert az(*federated, "list", "--id", az_application) == []


def test_service_principals_are_listed_and_shown(az: Any, az_application: str) -> None:
    principals = az.emulator.tenant.service_principals
    assert len(az("ad", "sp", "list", "--all")) == len(principals)
    managed = az("ad", "sp", "list", "--filter", "servicePrincipalType eq 'ManagedIdentity'")
    assert {row["id"] for row in managed} == {each.id for each in principals if each.type == "ManagedIdentity"}
    assert az("ad", "sp", "show", "--id", az_application)["servicePrincipalType"] == "Application"
    assert az("ad", "sp", "owner", "list", "--id", az_application) == []


def test_credentials_of_a_service_principal_are_added_and_removed(az: Any, az_application: str) -> None:
    credential = ("ad", "sp", "credential")
    assert az(*credential, "reset", "--id", az_application, "--append")["appId"] == az_application
    (listed,) = az(*credential, "list", "--id", az_application)
    az(*credential, "delete", "--id", az_application, "--key-id", listed["keyId"])
    assert az(*credential, "list", "--id", az_application) == []
