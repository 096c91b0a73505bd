"""The three ways in which Azure CLI signs in without a person."""

from typing import Any

import httpx
import pytest

pytestmark = [pytest.mark.az, pytest.mark.timeout(1800)]
EXCHANGE = "api://AzureADTokenExchange"


def exchange_token(az: Any, identity: Any) -> str:
    answer = httpx.get(
        f"{az.emulator.imds_endpoint}/metadata/identity/oauth2/token",
        params={"api-version": "2018-02-01", "resource": EXCHANGE, "client_id": identity.client_id},
        headers={"Metadata": "true"},
        trust_env=False,
    )
    return str(answer.json()["access_token"])


def test_by_a_secret(az: Any) -> None:
    shown = az("account", "show")
    assert (shown["tenantId"], shown["environmentName"]) == (az.emulator.tenant_id, "AzureCloud")
    assert az("account", "get-access-token", "--resource", EXCHANGE)["tokenType"] == "Bearer"
    assert len(az("account", "list")) == 2


def test_by_a_managed_identitys_token(az: Any, az_application: str) -> None:
    identity = az.emulator.tenant.identity_named("id-orders-api")
    body = (
        f'{{"name": "by-az", "issuer": "https://login.microsoftonline.com/{az.emulator.tenant_id}/v2.0", '
        f'"subject": "{identity.principal_id}", "audiences": ["{EXCHANGE}"]}}'
    )
    az("ad", "app", "federated-credential", "create", "--id", az_application, "--parameters", body)
    az("account", "clear")
    try:
        who = ("login", "--service-principal", "-u", az_application, "--tenant", az.emulator.tenant_id)
        az(*who, "--federated-token", exchange_token(az, identity), "--allow-no-subscriptions")
        assert az("account", "get-access-token", "--resource", "https://graph.microsoft.com")["tokenType"] == "Bearer"
        (last,) = list(az.emulator.tenant.sign_ins.entries(az_application))[-1:]
        assert (last.credential_type, last.error_code) == ("federatedIdentityCredential", 0)
        az("account", "clear")
        other = az.emulator.tenant.identity_named("id-report-mailer")
        said = az.refusal(*who, "--federated-token", exchange_token(az, other), "--allow-no-subscriptions")
        assert "AADSTS700213" in said
    finally:
        az("account", "clear")
        az.sign_in()


def test_as_a_managed_identity(az: Any) -> None:
    identity = az.emulator.tenant.identity_named("id-orders-api")
    az("account", "clear")
    try:
        az("login", "--identity", "--client-id", identity.client_id, "--allow-no-subscriptions")
        assert az("account", "get-access-token", "--resource", EXCHANGE)["tokenType"] == "Bearer"
    finally:
        az("account", "clear")
        az.sign_in()


def test_a_wrong_secret_is_told_as_entra_tells_it(az: Any, az_application: str) -> None:
    who = ("login", "--service-principal", "-u", az_application, "--tenant", az.emulator.tenant_id)
    assert "AADSTS7000215" in az.refusal(*who, "-p", "wrong")
    unknown = ("login", "--service-principal", "-u", "1f1f1f1f-2222-4222-8222-222222222222")
    assert "AADSTS700" in az.refusal(*unknown, "--tenant", az.emulator.tenant_id, "-p", "wrong")


def test_by_explicit_endpoints_as_a_cloud_of_its_own(explicit_az: Any) -> None:
    az = explicit_az
    az("cloud", "register", "-n", "Embedded", "--endpoint-resource-manager", az.emulator.authority)
    az("cloud", "set", "-n", "Embedded")
    az.sign_in()
    assert az("account", "show")["environmentName"] == "Embedded"
    listed = az("ad", "app", "list", "--all")
    assert {row["appId"] for row in listed} == {each.app_id for each in az.emulator.tenant.applications}
    assert "id-orders-api" in {row["name"] for row in az("identity", "list")}
    az("account", "clear")
