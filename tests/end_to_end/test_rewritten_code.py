"""Code that our codemods rewrote runs unedited against the proxy: default authority, default Graph, discovery on.

The whole line before it, from scan to rewrite, runs with the default endpoints as well.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from migrate.cli.main import main
from migrate.emulator import environments
from migrate.emulator.server import Emulator
from tests.support.rollout import isolate

ASK = 'requests.get("https://graph.microsoft.com/v1.0/organization", headers=headers, timeout=30)'
SOURCES = {
    "sync": f"""
import os
import requests
from azure.identity import ClientSecretCredential

credential = ClientSecretCredential("@TENANT@", "@CLIENT@", os.environ["@NAME@_SECRET"])
token = credential.get_token("https://graph.microsoft.com/.default").token
headers = {{"Authorization": f"Bearer {{token}}"}}
print({ASK}.json()["value"][0]["displayName"])
""",
    "aio": f"""
import asyncio
import os
import requests
from azure.identity.aio import ClientSecretCredential


async def main():
    async with ClientSecretCredential("@TENANT@", "@CLIENT@", client_secret=os.environ["@NAME@_SECRET"]) as credential:
        token = (await credential.get_token("https://graph.microsoft.com/.default")).token
    headers = {{"Authorization": f"Bearer {{token}}"}}
    print({ASK}.json()["value"][0]["displayName"])


asyncio.run(main())
""",
    "msal": f"""
import os
import msal
import requests

app = msal.ConfidentialClientApplication(
    "@CLIENT@",
    authority="https://login.microsoftonline.com/@TENANT@",
    client_credential=os.environ["@NAME@_SECRET"],
)
found = app.acquire_token_for_client(scopes=["https://graph.microsoft.com/.default"])
headers = {{"Authorization": "Bearer " + found["access_token"]}}
print({ASK}.json()["value"][0]["displayName"])
""",
    "graph": """
import asyncio
import os
from azure.identity.aio import ClientSecretCredential
from msgraph import GraphServiceClient


async def main():
    async with ClientSecretCredential("@TENANT@", "@CLIENT@", os.environ["@NAME@_SECRET"]) as credential:
        found = await GraphServiceClient(credential).organization.get()
    print(found.value[0].display_name)


asyncio.run(main())
""",
}


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Emulator, Path]]:
    """Migrate code through the proxy: scan, plan, federate and rewrite with nothing but an environment."""
    folder = tmp_path_factory.mktemp("code")
    with pytest.MonkeyPatch.context() as patch, Emulator(apps=40, seed=1) as emulator:
        isolate(patch)
        patch.chdir(folder)
        for name, value in emulator.proxied_environment().items():
            patch.setenv(name, value)
        client = emulator.tenant.application_named("orders-api").app_id
        for name, source in SOURCES.items():
            filled = source.replace("@NAME@", name.upper()).replace("@CLIENT@", client)
            (folder / f"{name}_service.py").write_text(filled.replace("@TENANT@", emulator.tenant_id))
        assert main(["scan"]) == 0
        assert main(["plan", "snapshot.db"]) == 0
        assert main(["federate", "plan.json", "--apply"]) == 0
        yield emulator, folder


def output(emulator: Emulator, program: Path, **variables: str) -> str:
    """Run a program as a deployment would: no credential of the operator's in its environment."""
    inside = environments.applied(emulator.proxied_environment(), dict(os.environ))
    foreign = ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")
    environment = {name: value for name, value in inside.items() if name not in foreign} | variables
    done = subprocess.run(
        [sys.executable, program.name], cwd=program.parent, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("name", [pytest.param(each, marks=[pytest.mark.slow] * (each != "sync")) for each in SOURCES])
def test_rewritten_code_runs_unedited(tenant: tuple[Emulator, Path], name: str) -> None:
    emulator, folder = tenant
    program, secret_variable = folder / f"{name}_service.py", f"{name.upper()}_SECRET"
    application = emulator.tenant.application_named("orders-api")
    secret = emulator.tenant.live_secret_of(application).secret
    assert output(emulator, program, **{secret_variable: secret}) == "Contoso\n"
    assert main(["rewrite", program.name, "--plan", "plan.json", "--apply"]) == 0
    assert secret_variable not in program.read_text()
    identity = emulator.tenant.identity_named("id-orders-api").client_id
    assert output(emulator, program, MANAGED_IDENTITY_CLIENT_ID=identity) == "Contoso\n"
    last = list(emulator.tenant.sign_ins.entries(application.app_id))[-1]
    assert (last.credential_type, last.error_code) == ("federatedIdentityCredential", 0)
    assert emulator.proxy.refused == {}
