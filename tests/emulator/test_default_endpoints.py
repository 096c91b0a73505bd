"""Programs that know nothing of the emulator: default authority, default Graph, instance discovery, an environment.

Each is a process of its own, because some libraries read the certificate variables once, when they are imported.
"""

import json
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

import pytest

from migrate.emulator import environments
from migrate.emulator.server import Emulator

IDENTITY = "id-orders-api"
PRELUDE = """
import asyncio, json, os, sys
EXCHANGE, GRAPH = "api://AzureADTokenExchange", "https://graph.microsoft.com/.default"
TENANT, CLIENT, SECRET = (os.environ[f"AZURE_{name}"] for name in ("TENANT_ID", "CLIENT_ID", "CLIENT_SECRET"))
IDENTITY = os.environ.get("IDENTITY_CLIENT_ID")
"""


@pytest.fixture(scope="module")
def tenant() -> Iterator[Emulator]:
    """Serve 250 applications, one of which trusts an identity."""
    with Emulator(apps=250, seed=5) as running:
        yield running


def outcome(tenant: Emulator, program: str, app: str = "unsecret-operator", **changes: str) -> Any:
    """Run a program inside the tenant and return what it prints as JSON."""
    variables = {**tenant.proxied_environment(app), "PYTHONDONTWRITEBYTECODE": "1", **changes}
    environment = environments.applied(variables, dict(os.environ))
    command = [sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", "-W", "ignore::ResourceWarning", "-c"]
    done = subprocess.run(
        [*command, PRELUDE + textwrap.dedent(program)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def identity_of(tenant: Emulator) -> str:
    return tenant.tenant.identity_named(IDENTITY).client_id


SYNC = """
from azure.identity import ClientAssertionCredential, ClientSecretCredential, DefaultAzureCredential
from azure.identity import EnvironmentCredential, ManagedIdentityCredential
identity = ManagedIdentityCredential(client_id=IDENTITY)
credentials = {
    "environment": EnvironmentCredential(),
    "default": DefaultAzureCredential(),
    "secret": ClientSecretCredential(TENANT, CLIENT, SECRET),
    "assertion": ClientAssertionCredential(TENANT, CLIENT, lambda: identity.get_token(EXCHANGE + "/.default").token),
}
print(json.dumps({name: credential.get_token(GRAPH).token.count(".") for name, credential in credentials.items()}))
"""
AIO = """
from azure.identity import ManagedIdentityCredential
from azure.identity.aio import ClientAssertionCredential, ClientSecretCredential, DefaultAzureCredential
identity = ManagedIdentityCredential(client_id=IDENTITY)
async def main():
    found = {}
    assertion = lambda: identity.get_token(EXCHANGE + "/.default").token
    for name, credential in {
        "default": DefaultAzureCredential(),
        "secret": ClientSecretCredential(TENANT, CLIENT, SECRET),
        "assertion": ClientAssertionCredential(TENANT, CLIENT, assertion),
    }.items():
        async with credential:
            found[name] = (await credential.get_token(GRAPH)).token.count(".")
    print(json.dumps(found))
asyncio.run(main())
"""
MSAL = """
import msal, requests
def signed_in(credential, **options):
    app = msal.ConfidentialClientApplication(CLIENT, client_credential=credential, **options)
    return sorted(app.acquire_token_for_client([GRAPH]))
identity = msal.UserAssignedManagedIdentity(client_id=IDENTITY)
client = msal.ManagedIdentityClient(identity, http_client=requests.Session())
def assertion():
    return client.acquire_token_for_client(resource=EXCHANGE)["access_token"]
authority = "https://login.microsoftonline.com/" + TENANT
print(json.dumps({
    "default authority": signed_in(SECRET),
    "tenant": signed_in(SECRET, authority=authority),
    "discovery by url": signed_in(SECRET, authority=authority,
                                  instance_discovery="https://login.microsoftonline.com/common/discovery/instance"),
    "oidc": signed_in(SECRET, oidc_authority=authority + "/v2.0"),
    "local authority": signed_in(SECRET, authority=os.environ["LOCAL"] + "/" + TENANT),
    "assertion": signed_in({"client_assertion": assertion}, authority=authority),
}))
"""


@pytest.fixture(scope="module")
def federated(tenant: Emulator) -> str:
    """Make one application trust the identity and return its name."""
    program = """
    import requests
    from azure.identity import DefaultAzureCredential
    bearer = {"Authorization": "Bearer " + DefaultAzureCredential().get_token(GRAPH).token}
    issuer = f"https://login.microsoftonline.com/{TENANT}/v2.0"
    body = {"name": "by-test", "issuer": issuer, "subject": os.environ["SUBJECT"], "audiences": [EXCHANGE]}
    url = f"https://graph.microsoft.com/v1.0/applications(appId='{os.environ['APP']}')/federatedIdentityCredentials"
    print(requests.post(url, headers=bearer, json=body, timeout=30).status_code)
    """
    found = tenant.tenant
    subject = found.identity_named(IDENTITY).principal_id
    made = outcome(tenant, program, SUBJECT=subject, APP=found.application_named("orders-api").app_id)
    assert made == 201
    return "orders-api"


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        (SYNC, {"environment": 2, "default": 2, "secret": 2, "assertion": 2}),
        pytest.param(AIO, {"default": 2, "secret": 2, "assertion": 2}, marks=pytest.mark.slow),
    ],
    ids=["azure-identity", "azure-identity aio"],
)
def test_azure_identity_needs_nothing_but_the_environment(
    tenant: Emulator, federated: str, program: str, expected: dict[str, int]
) -> None:
    before = len(tenant.tenant.sign_ins)
    assert outcome(tenant, program, federated, IDENTITY_CLIENT_ID=identity_of(tenant)) == expected
    assert len(tenant.tenant.sign_ins) - before >= len(expected)
    assert tenant.proxy.refused == {}


def test_msal_needs_nothing_but_the_environment(tenant: Emulator, federated: str) -> None:
    local = {"LOCAL": tenant.authority}
    found = outcome(tenant, MSAL, federated, IDENTITY_CLIENT_ID=identity_of(tenant), **local)
    assert "error_codes" in found.pop("default authority"), "it is common, which has no applications"
    assert all("access_token" in keys for keys in found.values()), found
    assert len(found) == 5
    assert tenant.proxy.refused == {}


GRAPH_SDK = """
from azure.identity.aio import DefaultAzureCredential
from msgraph import GraphServiceClient
from msgraph_core.tasks.page_iterator import PageIterator
async def main():
    async with DefaultAzureCredential() as credential:
        client = GraphServiceClient(credential)
        names = []
        first = await client.applications.get()
        await PageIterator(first, client.request_adapter).iterate(lambda item: names.append(item.id) or True)
        organization = await client.organization.get()
        print(json.dumps([len(first.value), len(names), len(set(names)), organization.value[0].display_name]))
asyncio.run(main())
"""


@pytest.mark.slow
def test_msgraph_sdk_pages_through_everything_with_its_defaults(tenant: Emulator) -> None:
    assert outcome(tenant, GRAPH_SDK) == [100, 250, 250, "Contoso"]
    assert tenant.proxy.refused == {}


@pytest.mark.parametrize("cloud", ["usgov", pytest.param("china", marks=pytest.mark.slow)])
def test_a_national_clouds_default_endpoints_lead_to_its_tenant(cloud: str) -> None:
    program = """
    import requests
    from azure.identity import ClientSecretCredential, DefaultAzureCredential
    graph = os.environ["GRAPH_HOST"]
    bearer = {"Authorization": "Bearer " + DefaultAzureCredential().get_token(f"https://{graph}/.default").token}
    authority = os.environ["OTHER_NAME"]
    ClientSecretCredential(TENANT, CLIENT, SECRET, authority=authority).get_token(f"https://{graph}/.default")
    print(len(requests.get(f"https://{graph}/v1.0/applications", headers=bearer, timeout=30).json()["value"]))
    """
    with Emulator(apps=8, cloud=cloud) as emulator:
        names = emulator.tenant.cloud
        changes = {"GRAPH_HOST": names.graph_host, "OTHER_NAME": names.login_aliases[0]}
        assert outcome(emulator, program, **changes) == len(emulator.tenant.applications)
        assert emulator.proxy.refused == {}
