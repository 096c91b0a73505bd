"""Key vaults, as azure-keyvault-secrets and raw requests meet them: names, challenge, versions, roles, no traces."""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.identity.aio import ClientSecretCredential
from azure.keyvault.secrets._shared import http_challenge_cache
from azure.keyvault.secrets.aio import SecretClient

from migrate.emulator import environments
from migrate.emulator.server import Emulator
from migrate.emulator.state.roles import SECRETS_OFFICER

VAULT = "https://kv-contoso-prod.vault.azure.net"
VERSION = "api-version=7.6"
VALUE = "v4lue~of.a-secret/+x"


@pytest.fixture(scope="module")
def tenant() -> Iterator[Emulator]:
    http_challenge_cache.clear()  # of vaults of the same name in the tenants of other tests
    with Emulator(apps=30, seed=4) as running:
        yield running


@pytest.fixture(autouse=True)
def through_the_proxy(tenant: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = tenant.proxied_environment()
    for name in environments.STEERING:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


@asynccontextmanager
async def client(tenant: Emulator, app: str = "unsecret-operator", vault: str = VAULT) -> AsyncIterator[SecretClient]:
    variables = tenant.environment(app)
    who = [variables[f"AZURE_{name}"] for name in ("TENANT_ID", "CLIENT_ID", "CLIENT_SECRET")]
    bundle = str(tenant.ca_file)
    async with (
        ClientSecretCredential(*who, authority=tenant.authority, connection_verify=bundle) as credential,
        SecretClient(vault, credential, connection_verify=bundle, retry_total=0) as made,
    ):
        yield made


def raw(tenant: Emulator, method: str, path: str, **given: Any) -> httpx.Response:
    with httpx.Client(
        proxy=tenant.proxy_endpoint, verify=ssl.create_default_context(cafile=tenant.ca_file), trust_env=False
    ) as web:
        return web.request(method, f"{VAULT}{path}", **given)


def test_the_real_client_follows_the_challenge_and_sets_reads_and_lists_versions(tenant: Emulator) -> None:
    async def go() -> list[Any]:
        end = datetime(2030, 1, 2, tzinfo=UTC)
        async with client(tenant) as vault:
            first = await vault.set_secret("orders", "one", tags={"a": "b"}, expires_on=end, content_type="text/plain")
            second = await vault.set_secret("orders", VALUE)
            newest, old = await vault.get_secret("orders"), await vault.get_secret("ORDERS", first.properties.version)
            versions = [each async for each in vault.list_properties_of_secret_versions("orders")]
            names = [each.name async for each in vault.list_properties_of_secrets()]
        return [first, second, newest, old, versions, names, end]

    first, second, newest, old, versions, names, end = asyncio.run(go())
    assert (newest.value, newest.properties.version) == (VALUE, second.properties.version)
    assert (old.value, old.properties.tags, old.properties.expires_on) == ("one", {"a": "b"}, end)
    assert old.properties.content_type == "text/plain"
    assert [each.version for each in versions] == [first.properties.version, second.properties.version]
    assert "orders" in names


def test_versions_come_in_pages_and_a_missing_secret_has_none(tenant: Emulator) -> None:
    async def go() -> tuple[int, int]:
        async with client(tenant) as vault:
            for number in range(30):
                await vault.set_secret("many", str(number))
            found = [each async for each in vault.list_properties_of_secret_versions("many", max_page_size=7)]
            none = [each async for each in vault.list_properties_of_secret_versions("nothing")]
        return len({each.version for each in found}), len(none)

    assert asyncio.run(go()) == (30, 0)


def test_a_disabled_version_is_not_given_out_and_a_deleted_secret_keeps_its_name(tenant: Emulator) -> None:
    async def go() -> list[str]:
        told = []
        async with client(tenant) as vault:
            await vault.set_secret("gone", "x", enabled=False)
            with pytest.raises(HttpResponseError) as disabled:
                await vault.get_secret("gone")
            await vault.delete_secret("gone")
            with pytest.raises(ResourceNotFoundError):
                await vault.get_secret("gone")
            with pytest.raises(HttpResponseError) as taken:
                await vault.set_secret("gone", "y")
            told += [str(disabled.value.status_code), str(taken.value.status_code), str(taken.value)]
        return told

    disabled, taken, text = asyncio.run(go())
    assert (disabled, taken) == ("403", "409")
    assert "deleted but recoverable" in text


def test_a_request_without_a_token_is_told_where_to_get_one(tenant: Emulator) -> None:
    answer = raw(tenant, "GET", f"/secrets?{VERSION}")
    assert answer.status_code == 401
    challenge = answer.headers["www-authenticate"]
    assert f'authorization="https://login.microsoftonline.com/{tenant.tenant_id}"' in challenge
    assert 'resource="https://vault.azure.net"' in challenge
    assert answer.json()["error"]["code"] == "Unauthorized"


def test_a_token_for_another_resource_or_of_no_ones_making_is_refused(tenant: Emulator) -> None:
    variables = tenant.environment()
    form = {"grant_type": "client_credentials", "client_id": variables["AZURE_CLIENT_ID"],
            "client_secret": variables["AZURE_CLIENT_SECRET"]}  # fmt: skip

    def token(scope: str) -> str:
        url = f"{tenant.authority}/{tenant.tenant_id}/oauth2/v2.0/token"
        answer = httpx.post(
            url,
            data={**form, "scope": scope},
            verify=ssl.create_default_context(cafile=tenant.ca_file),
            trust_env=False,
        )
        return str(answer.json()["access_token"])

    for bearer in (token("https://graph.microsoft.com/.default"), "nonsense", "a.b.c"):
        assert (
            raw(tenant, "GET", f"/secrets?{VERSION}", headers={"authorization": f"Bearer {bearer}"}).status_code == 401
        )
    good = {"authorization": f"Bearer {token('https://vault.azure.net/.default')}"}
    assert raw(tenant, "GET", f"/secrets?{VERSION}", headers=good).status_code == 200
    assert raw(tenant, "GET", "/secrets", headers=good).status_code == 400
    for body in (b"", b"[]", b"{", b'{"value": 7}', b'{"value": "x", "attributes": {"exp": "soon"}}', b'{"tags": 1}'):
        assert raw(tenant, "PUT", f"/secrets/x?{VERSION}", headers=good, content=body).status_code == 400
    assert raw(tenant, "PUT", f"/secrets/a_b?{VERSION}", headers=good, content=b'{"value": "x"}').status_code == 400
    assert raw(tenant, "GET", f"/keys?{VERSION}", headers=good).status_code == 404
    tenant.advance(timedelta(hours=2))
    assert raw(tenant, "GET", f"/secrets?{VERSION}", headers=good).status_code == 401


def test_an_owner_without_a_role_on_data_may_not_touch_secrets(tenant: Emulator) -> None:
    assignments = tenant.tenant.azure.assignments
    officers = {name: each for name, each in assignments.items() if each.role == SECRETS_OFFICER}
    assert officers

    async def go() -> str:
        async with client(tenant) as vault:
            try:
                await vault.set_secret("orders", VALUE)
            except HttpResponseError as error:
                return str(error)
        return ""

    for name in officers:
        del assignments[name]
    try:
        told = asyncio.run(go())
        assert "setSecret/action" in told
        assert VALUE not in told
        vault = next(each for each in tenant.tenant.azure.resources.values() if each.name == "kv-contoso-prod")
        name, kept = next(iter(officers.items()))
        assignments[name] = replace(kept, scope=vault.resource_id)
        assert not asyncio.run(go())
    finally:
        assignments.update(officers)


def test_only_the_vaults_of_this_tenant_and_cloud_are_led_here(tenant: Emulator) -> None:
    async def go(vault: str) -> AzureError:
        async with client(tenant, vault=vault) as other:
            with pytest.raises(AzureError) as refused:
                await other.set_secret("x", VALUE)
        return refused.value

    for name in ("https://kv-nobody.vault.azure.net", "https://kv-contoso-prod.vault.azure.cn"):
        assert "Forbidden" in str(asyncio.run(go(name)))
        assert f"{name.partition('://')[2]}:443" in tenant.proxy.refused


def test_the_log_of_requests_and_what_was_asked_in_vain_hold_no_value(
    tenant: Emulator, caplog: pytest.LogCaptureFixture
) -> None:
    async def go() -> None:
        async with client(tenant) as vault:
            await vault.set_secret("logged", VALUE)
            await vault.get_secret("logged")

    with caplog.at_level(logging.DEBUG, logger="unsecret.emulator.requests"):
        asyncio.run(go())
        time.sleep(0.05)
    lines = [each.getMessage() for each in caplog.records if each.name == "unsecret.emulator.requests"]
    assert any("PUT kv-contoso-prod.vault.azure.net/secrets/logged" in line for line in lines)
    assert VALUE in tenant.vaults.values()
    assert not [line for line in lines if VALUE in line]
    assert VALUE not in repr(tenant.vaults.versions("kv-contoso-prod", "logged"))
