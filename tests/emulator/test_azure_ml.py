"""The identity endpoint of Azure Machine Learning: MSI_ENDPOINT with MSI_SECRET, in the version of 2017."""

import asyncio
from typing import Any

import httpx
import jwt
import msal  # type: ignore[import-untyped]  # has no annotations
import pytest
import requests
from azure.identity import ManagedIdentityCredential
from azure.identity.aio import ManagedIdentityCredential as AsyncManagedIdentityCredential

from migrate.emulator import host_environments
from migrate.emulator.state.records import Host

EXCHANGE = "api://AzureADTokenExchange"
WORKSPACE = "mlw-training"


@pytest.fixture
def workspace(own_world: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Add a workspace with one user-assigned identity and make this process a program in it."""
    emulator = own_world.emulator
    identities = (own_world.identity.principal_id,)
    emulator.tenant.hosts[WORKSPACE] = Host(name=WORKSPACE, kind="azure-ml", identities=identities)
    for name in host_environments.STEERING:
        monkeypatch.delenv(name, raising=False)
    for name, value in emulator.host_environment(WORKSPACE).items():
        monkeypatch.setenv(name, value)
    return own_world


def ask(world: Any, *, secret: str | None = None, **query: str) -> Any:
    asked = {"api-version": "2017-09-01", "resource": EXCHANGE, "clientid": world.identity.client_id, **query}
    headers = {"secret": world.emulator.identity_header if secret is None else secret}
    address = f"{world.emulator.imds_endpoint}/hosts/{WORKSPACE}/MSI/auth"
    return httpx.get(address, params=asked, headers=headers, trust_env=False)


def test_real_clients_find_the_identity(workspace: Any) -> None:
    chosen = {"client_id": workspace.identity.client_id}
    with ManagedIdentityCredential(**chosen) as credential:
        tokens = [credential.get_token(f"{EXCHANGE}/.default").token]

    async def asynchronously() -> str:
        async with AsyncManagedIdentityCredential(**chosen) as later:
            return str((await later.get_token(f"{EXCHANGE}/.default")).token)

    tokens.append(asyncio.run(asynchronously()))
    with requests.Session() as session:
        client = msal.ManagedIdentityClient(msal.UserAssignedManagedIdentity(**chosen), http_client=session)
        tokens.append(client.acquire_token_for_client(resource=EXCHANGE)["access_token"])
    claims = [jwt.decode(token, options={"verify_signature": False}) for token in tokens]
    assert {item["oid"] for item in claims} == {workspace.identity.principal_id}


def test_the_moment_of_expiry_is_a_number_in_a_text(workspace: Any) -> None:
    body = ask(workspace).json()
    assert body["expires_on"] == str(jwt.decode(body["access_token"], options={"verify_signature": False})["exp"])


@pytest.mark.parametrize(
    ("options", "status"),
    [({"secret": "wrong"}, 401), ({"secret": ""}, 401), ({"api-version": "2019-08-01"}, 400), ({"resource": ""}, 400),
     ({"clientid": "nobody"}, 400), ({"resource": "api://nobody"}, 500)],
)  # fmt: skip
def test_a_wrong_request_is_refused(workspace: Any, options: dict[str, str], status: int) -> None:
    assert ask(workspace, **options).status_code == status
