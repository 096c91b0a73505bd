"""Where hosts keep client secrets: app settings, connection strings, secrets of container apps."""

from typing import Any

import pytest


def settings_of(arm: Any, host: Any) -> dict[str, str]:
    answer = arm.ask("POST", f"{host.resource_id}/config/appsettings/list")
    assert answer.status_code == 200, answer.text
    found: dict[str, str] = answer.json()["properties"]
    return found


def test_a_secret_in_app_settings_signs_its_application_in(arm: Any) -> None:
    signed_in = 0
    for host in arm.tenant.hosts.values():
        if host.kind == "app-service" and any(each.name == "AZURE_CLIENT_SECRET" for each in host.settings):
            found = settings_of(arm, host)
            if found["AZURE_CLIENT_SECRET"].startswith("@Microsoft.KeyVault(SecretUri=https://kv-contoso-"):
                continue
            form = {"grant_type": "client_credentials", "client_id": found["AZURE_CLIENT_ID"],
                    "client_secret": found["AZURE_CLIENT_SECRET"],
                    "scope": "https://graph.microsoft.com/.default"}  # fmt: skip
            answer = arm.world.token_request(form, tenant=found["AZURE_TENANT_ID"])
            # Disabled applications hold working secrets, too.
            assert answer.status_code == 200 or answer.json()["error_codes"] == [7000112]
            signed_in += answer.status_code == 200
    assert signed_in


def test_every_style_of_keeping_a_secret_is_there(arm: Any) -> None:
    sites = [host for host in arm.tenant.hosts.values() if host.kind == "app-service"]
    names = {each.name for host in sites for each in host.settings}
    assert {"AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "MICROSOFT_PROVIDER_AUTHENTICATION_SECRET"} <= names
    assert any(each.value.startswith("@Microsoft.KeyVault(") for host in sites for each in host.settings)
    assert any(host.connection_strings for host in sites)


def test_no_text_of_a_secret_is_in_a_record_or_a_resource(arm: Any) -> None:
    host = arm.host(kind="app-service", secret=True)
    key = next(each for each in (*host.settings, *host.connection_strings) if each.secret_key_id).secret_key_id
    text = arm.tenant.secret_of(key)
    assert text not in repr(host)
    assert text not in arm.get(host.resource_id).text
    assert text not in arm.get(f"{host.resource_id}/config/web").text


def test_a_connection_string_ends_with_its_secret(arm: Any) -> None:
    host = next(each for each in arm.tenant.hosts.values() if each.connection_strings)
    shown = arm.ask("POST", f"{host.resource_id}/config/connectionstrings/list").json()["properties"]["Database"]
    assert shown["type"] == "SQLAzure"
    assert shown["value"].endswith(f"Password={arm.tenant.secret_of(host.connection_strings[0].secret_key_id)}")


def test_app_settings_are_replaced_and_merged(arm: Any) -> None:
    path = f"{arm.group}/providers/Microsoft.Web/sites/app-settings-test"
    assert arm.ask("PUT", path, json={"location": "westeurope"}).status_code == 201
    config = f"{path}/config/appsettings"
    assert arm.ask("PUT", config, json={"properties": {"A": "1", "B": "2"}}).json()["properties"] == {
        "A": "1",
        "B": "2",
    }
    assert arm.ask("PATCH", config, json={"properties": {"B": None, "C": "3"}}).json()["properties"] == {
        "A": "1",
        "C": "3",
    }
    assert arm.ask("POST", f"{path}/config/appSettings/list").json()["properties"] == {"A": "1", "C": "3"}
    assert arm.ask("PUT", config, json={"properties": {"A": 1}}).status_code == 400
    strings = {"Main": {"value": "x=y", "type": "Custom"}}
    made = arm.ask("PUT", f"{path}/config/connectionstrings", json={"properties": strings})
    assert made.json()["properties"] == strings
    assert arm.ask("PUT", f"{path}/config/connectionstrings", json={"properties": {"A": "x"}}).status_code == 400


def test_the_platforms_own_sign_in_names_the_setting_of_its_secret(arm: Any) -> None:
    name = "MICROSOFT_PROVIDER_AUTHENTICATION_SECRET"
    host = next(
        each for each in arm.tenant.hosts.values()
        if each.kind == "app-service" and any(setting.name == name for setting in each.settings)
    )  # fmt: skip
    shown = arm.get(f"{host.resource_id}/config/authsettingsV2").json()["properties"]
    registration = shown["identityProviders"]["azureActiveDirectory"]["registration"]
    assert registration["clientSecretSettingName"] == name
    assert registration["clientId"] == host.app_id
    assert settings_of(arm, host)[name]


def test_a_container_app_refers_to_its_secrets(arm: Any) -> None:
    host = arm.host(kind="container-app", secret=True)
    shown = arm.get(host.resource_id).json()["properties"]
    (reference,) = [each["secretRef"] for each in shown["template"]["containers"][0]["env"] if "secretRef" in each]
    assert shown["configuration"]["secrets"] == [{"name": reference}]
    (secret,) = arm.ask("POST", f"{host.resource_id}/listSecrets").json()["value"]
    assert secret["name"] == reference
    assert secret["value"] == arm.tenant.secret_of(
        next(each.secret_key_id for each in host.settings if each.secret_key_id)
    )


@pytest.mark.parametrize("part", ["slots", "config/slotConfigNames", "config/web"])
def test_what_az_reads_beside_settings(arm: Any, part: str) -> None:
    assert arm.get(f"{arm.host(kind='app-service').resource_id}/{part}").status_code == 200


@pytest.mark.parametrize("path", ["config/nothing", "config/appsettings"])
def test_configuration_that_cannot_be_read_so_is_refused(arm: Any, path: str) -> None:
    assert arm.get(f"{arm.host(kind='app-service').resource_id}/{path}").status_code == 400


def test_a_slot_has_settings_of_its_own(arm: Any) -> None:
    slot = arm.host(kind="slot")
    site = arm.tenant.hosts[slot.name.partition("/")[0]]
    assert slot.resource_id == f"{site.resource_id}/slots/staging"
    found = settings_of(arm, slot)
    assert found["AZURE_CLIENT_ID"] == site.app_id
    assert found["AZURE_CLIENT_SECRET"].startswith("@Microsoft.KeyVault(VaultName=kv-contoso-")
    shown = arm.ask("POST", f"{slot.resource_id}/config/connectionstrings/list").json()
    assert (shown["type"], shown["properties"]) == ("Microsoft.Web/sites/slots/config", {})
    assert arm.get(slot.resource_id).json()["properties"]["defaultHostName"] == f"{site.name}-staging.azurewebsites.net"


def test_a_reader_sees_slots_but_not_their_settings(arm: Any, auditor: Any) -> None:
    slot = arm.host(kind="slot")
    assert auditor.get(slot.resource_id).status_code == 200
    refused = auditor.ask("POST", f"{slot.resource_id}/config/appsettings/list")
    assert refused.status_code == 403
    assert "'Microsoft.Web/sites/slots/config/list/action'" in refused.json()["error"]["message"]


def test_slots_are_made_below_a_site_and_go_with_it(arm: Any) -> None:
    site = f"{arm.group}/providers/Microsoft.Web/sites/with-slots"
    refused = arm.ask("PUT", f"{site}/slots/a", json={"location": "westeurope"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (404, "ParentResourceNotFound")
    assert arm.ask("PUT", site, json={"location": "westeurope"}).status_code == 201
    assert arm.ask("PUT", f"{site}/slots/a", json={"location": "westeurope"}).json()["name"] == "with-slots/a"
    config = {"properties": {"A": "1"}}
    assert arm.ask("PUT", f"{site}/slots/a/config/appsettings", json=config).json()["properties"] == {"A": "1"}
    assert [each["name"] for each in arm.get(f"{site}/slots").json()["value"]] == ["with-slots/a"]
    query = "resources | where type =~ 'microsoft.web/sites/slots' and name == 'with-slots/a' | project id"
    assert arm.query(query).json()["data"] == [{"id": f"{site}/slots/a"}]
    assert arm.ask("DELETE", site).status_code == 200
    assert arm.get(f"{site}/slots/a").status_code == 404
    assert arm.ask("DELETE", f"{site}/slots/a").status_code == 204
