"""Further forms that really run, against the names of the real service: an embedded tenant answers for them by a proxy.

The embedded tenant has no people, so a request on behalf of one becomes one of the application itself on its way: what
proves the application, secret or assertion, goes through as it is.
"""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from codemods.engine.run import rewrite
from codemods.model import Request, Target
from tests.codemods.test_executed import GRAPH, HEAD, IDENTITY, SECRET, SYNC, World
from tests.codemods.test_executed import world as world  # noqa: PLC0414 - a fixture

V2 = "https://login.microsoftonline.com/{T}/oauth2/v2.0/token"
V1 = "https://login.microsoftonline.com/{T}/oauth2/token"
BODY = f'{{"grant_type": "client_credentials", "client_id": A, "client_secret": {SECRET}, "scope": "{GRAPH}"}}'
KEYWORDS = f'dict(grant_type="client_credentials", client_id=A, client_secret={SECRET}, scope="{GRAPH}")'
OLD_BODY = BODY.replace(f'"scope": "{GRAPH}"', '"resource": "https://graph.microsoft.com"')
SHOW = 'print("signed in", "access_token" in answer)\n'
ASYNC_SHOW = f"    {SHOW}\nasyncio.run(main())\n"

RELAY = """\
from azure.core.pipeline.transport import AioHttpTransport, RequestsTransport


def _turned(request):
    data = request.data
    if data and "assertion" in data:
        assert data.pop("requested_token_use") == "on_behalf_of"
        assert data.pop("assertion") == "a token of somebody"
        data.update(grant_type="client_credentials", scope="https://graph.microsoft.com/.default")
    return request


class Relay(RequestsTransport):
    def send(self, request, **options):
        return super().send(_turned(request), **options)


class AsyncRelay(AioHttpTransport):
    async def send(self, request, **options):
        return await super().send(_turned(request), **options)
"""
ON_BEHALF_OF = 'user_assertion="a token of somebody"'
ENVIRONMENT = "import os\nfrom azure.identity{} import EnvironmentCredential\n"

FORMS = {
    "request, requests": f'{HEAD}import requests\nanswer = requests.post(f"{V2}", data={BODY}).json()\n{SHOW}',
    "request, requests, body made before it": (
        f"{HEAD}import requests\ndef answered():\n    body = {BODY}\n"
        f'    return requests.post(f"{V2}", data=body).json()\nanswer = answered()\n{SHOW}'
    ),
    "request, requests, body by keywords": (
        f'{HEAD}import requests\nanswer = requests.post(f"{V2}", data={KEYWORDS}).json()\n{SHOW}'
    ),
    "request, httpx, body by keywords, made before it": (
        f"{HEAD}import httpx\ndef answered():\n    body = {KEYWORDS}\n"
        f'    return httpx.post(f"{V2}", data=body).json()\nanswer = answered()\n{SHOW}'
    ),
    "request, requests, version 1": (
        f'{HEAD}import requests\nanswer = requests.post(f"{V1}", {OLD_BODY}, timeout=30).json()\n{SHOW}'
    ),
    "request, requests, session and verb": (
        f"{HEAD}import requests\nwith requests.Session() as session:\n"
        f'    answer = session.request("POST", f"{V2}", data={BODY}).json()\n{SHOW}'
    ),
    "request, requests, session of an object": (
        f"{HEAD}import requests\nclass Graph:\n    def __init__(self):\n        self.session = requests.Session()\n"
        f'    def token(self):\n        return self.session.post(f"{V2}", data={BODY}).json()\n'
        f"answer = Graph().token()\n{SHOW}"
    ),
    "request, httpx": f'{HEAD}import httpx\nanswer = httpx.post(f"{V2}", data={BODY}).json()\n{SHOW}',
    "request, httpx, client": (
        f'{HEAD}import httpx\nclient = httpx.Client()\nanswer = client.post(url=f"{V2}", data={BODY}).json()\n{SHOW}'
    ),
    "request, httpx, asynchronous": (
        f"{HEAD}import asyncio, httpx\nasync def main():\n    async with httpx.AsyncClient() as client:\n"
        f'        answer = (await client.post(f"{V2}", data={BODY})).json()\n{ASYNC_SHOW}'
    ),
    "request, aiohttp": (
        f"{HEAD}import asyncio, aiohttp\nasync def main():\n"
        "    async with aiohttp.ClientSession(trust_env=True) as session:\n"
        f'        async with session.post(f"{V2}", data={BODY}) as response:\n'
        f"            answer = await response.json()\n{ASYNC_SHOW}"
    ),
    "request, urllib": (
        f"{HEAD}import json\nfrom urllib.parse import urlencode\nfrom urllib.request import urlopen\n"
        f'answer = json.load(urlopen(f"{V2}", urlencode({BODY}).encode()))\n{SHOW}'
    ),
    "request, aiohttp, body made before it": (
        f"{HEAD}import asyncio, aiohttp\nasync def main():\n    body = {BODY}\n"
        "    async with aiohttp.ClientSession(trust_env=True) as session:\n"
        f'        async with session.post(f"{V2}", data=body) as response:\n'
        f"            answer = await response.json()\n{ASYNC_SHOW}"
    ),
    "request, urllib, body encoded before it": (
        f"{HEAD}import json\nfrom urllib.parse import urlencode\nfrom urllib.request import Request, urlopen\n"
        f"def answered():\n    data = urlencode({BODY}).encode()\n"
        f'    asked = Request(f"{V2}", data=data)\n    with urlopen(asked) as response:\n'
        f"        return json.load(response)\nanswer = answered()\n{SHOW}"
    ),
    "request, urllib, request object": (
        f"{HEAD}import json, urllib.parse, urllib.request\ndef token():\n"
        f'    request = urllib.request.Request(f"{V2}", data=urllib.parse.urlencode({BODY}).encode("ascii"))\n'
        f"    return urllib.request.urlopen(request)\nanswer = json.load(token())\n{SHOW}"
    ),
    "on behalf of": (
        f"{HEAD}from azure.identity import OnBehalfOfCredential\nfrom relay import Relay\n"
        f"credential = OnBehalfOfCredential(T, A, client_secret={SECRET}, {ON_BEHALF_OF}, transport=Relay())\n{SYNC}"
    ),
    "on behalf of, asynchronous": (
        f"{HEAD}import asyncio\nfrom azure.identity.aio import OnBehalfOfCredential\nfrom relay import AsyncRelay\n"
        "async def main():\n"
        f"    secret = {SECRET}\n"
        "    async with OnBehalfOfCredential(\n"
        f"        T, A, client_secret=secret, {ON_BEHALF_OF}, transport=AsyncRelay(use_env_settings=True)\n"
        "    ) as credential:\n"
        f'        answer = {{"access_token": (await credential.get_token("{GRAPH}")).token}}\n{ASYNC_SHOW}'
    ),
    "environment": f"{ENVIRONMENT.format('')}credential = EnvironmentCredential()\n{SYNC}",
    "environment, asynchronous": (
        f"import asyncio\n{ENVIRONMENT.format('.aio')}async def main():\n"
        f"    async with EnvironmentCredential() as credential:\n"
        f'        answer = {{"access_token": (await credential.get_token("{GRAPH}")).token}}\n{ASYNC_SHOW}'
    ),
}


@dataclass(frozen=True, kw_only=True)
class Child:
    """A folder with a program, run by some interpreter."""

    world: World
    folder: Path
    python: str = sys.executable

    def has(self, package: str) -> bool:
        """Tell whether the interpreter has a package."""
        done = subprocess.run([self.python, "-c", f"import {package}"], capture_output=True, timeout=60, check=False)
        return done.returncode == 0

    def run(self, given: Mapping[str, str], *, proxied: bool) -> tuple[str, set[str]]:
        """Run the program with these variables; give what it said, and the kinds of credential it signed in with."""
        environment = self.world.environment()
        if proxied:
            own = self.world.emulator.proxied_environment()
            dropped = {"AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET", "AZURE_POD_IDENTITY_AUTHORITY_HOST"}
            environment.pop("AZURE_AUTHORITY_HOST")
            environment |= {name: value for name, value in own.items() if name not in dropped}
        before = len(self.world.emulator.tenant.sign_ins)
        done = subprocess.run(
            [self.python, "app.py"],
            cwd=self.folder,
            env={**environment, **given},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return f"{done.stdout}\n{done.stderr}", self.world.kinds(before)

    def check(self, program: str, given: Mapping[str, str], kind: str, *, proxied: bool) -> None:
        """Run a program as it is, and rewritten without what it was given."""
        (self.folder / "relay.py").write_text(RELAY)
        (self.folder / "app.py").write_text(program)
        said, kinds = self.run(given, proxied=proxied)
        assert "signed in True" in said, said
        assert kinds == {kind}
        client_id = self.world.application.app_id
        run = rewrite(
            Request(
                paths=(self.folder,),
                targets=(Target(client_id=client_id),),
                app=client_id,
                apply=True,
                environment_credential=True,
            )
        )
        assert run.rewritten, run.reported
        assert not run.reported
        identity = self.world.emulator.tenant.identity_named(IDENTITY).client_id
        said, kinds = self.run({"MANAGED_IDENTITY_CLIENT_ID": identity}, proxied=proxied)
        assert "signed in True" in said, said
        assert kinds == {"federatedIdentityCredential"}


ALIKE = {
    "request, requests, version 1",
    "request, httpx",
    "request, aiohttp",
    "request, aiohttp, body made before it",
    "request, urllib, body encoded before it",
    "request, urllib, request object",
    "request, requests, session and verb",
    "request, requests, session of an object",
    "request, httpx, client",
    "request, httpx, asynchronous",
    "on behalf of, asynchronous",
    "environment, asynchronous",
}
"""Forms that differ from one that every run executes in what they call, but not in what becomes of the secret."""


@pytest.mark.parametrize("name", [pytest.param(each, marks=[pytest.mark.slow] * (each in ALIKE)) for each in FORMS])
def test_a_form_with_a_secret_runs_without_it(world: World, tmp_path: Path, name: str) -> None:
    secret = {"AZURE_CLIENT_SECRET": world.emulator.tenant.live_secret_of(world.application).secret}
    Child(world=world, folder=tmp_path).check(FORMS[name], secret, "clientSecret", proxied=True)
