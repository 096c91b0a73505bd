"""The executed forms again, at the oldest releases that are supported and at the newest, each set in a venv of its own.

azure-identity 1.17 is the first that takes keyword arguments for assertions; it asks for msal 1.24 or newer.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.codemods.test_executed import GRAPH, HEAD, PROGRAMS, SECRET, World
from tests.codemods.test_executed import world as world  # noqa: PLC0414 - a fixture
from tests.codemods.test_executed_forms import FORMS, SHOW, Child

pytestmark = pytest.mark.slow

CLIENTS = ("aiohttp", "httpx", "requests")
RELEASES = {
    "oldest": ("azure-identity==1.17.0", "msal==1.24.0", *CLIENTS),
    "newest": ("azure-identity", "msal", "identity[flask,quart,django]", *CLIENTS),
}
AUTHORITY = "authority=f\"{os.environ['AZURE_AUTHORITY_HOST']}/{T}\""
AUTH = f"client_id=A, client_credential={SECRET}, {AUTHORITY}"
REDEEM = f'app = {{}}._build_msal_app({{}})\nanswer = app.acquire_token_for_client(["{GRAPH}"])\n{SHOW}'
CREDENTIAL = "next(value for name, value in vars(auth).items() if name.endswith('client_credential'))"
BUILT = REDEEM.format("auth._build_auth({})", CREDENTIAL)
WEB = {
    "identity, Flask": f"{HEAD}import flask\nfrom identity.flask import Auth\nauth = Auth(None, {AUTH})\n{BUILT}",
    "identity, Quart": f"{HEAD}import quart\nfrom identity.quart import Auth\nauth = Auth(None, {AUTH})\n{BUILT}",
    "identity, Django": (
        f"{HEAD}from django.conf import settings\nsettings.configure()\nfrom identity.django import Auth\n"
        f'auth = Auth({AUTH}, redirect_uri="http://localhost/redirect")\n{BUILT}'
    ),
    "identity, without a framework": (
        f"{HEAD}import identity.web\nauth = identity.web.Auth(session={{}}, {AUTH})\n"
        + REDEEM.format("auth", CREDENTIAL)
    ),
}
NO_INDEX = ("NameResolutionError", "NewConnectionError", "No matching distribution found", "ConnectTimeoutError")


def _python(folder: Path, packages: tuple[str, ...]) -> str:
    """Make a venv with these packages; skip where no index can be reached."""
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=300)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
    done = subprocess.run(install, capture_output=True, text=True, timeout=900, check=False)
    if done.returncode and any(sign in done.stderr for sign in NO_INDEX):
        pytest.skip(f"no package index is reachable to install {', '.join(packages)} from")
    assert done.returncode == 0, done.stderr
    return str(python)


@pytest.fixture(scope="module", params=RELEASES)
def python(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    return _python(tmp_path_factory.mktemp(request.param) / "venv", RELEASES[request.param])


@pytest.mark.parametrize("name", [*PROGRAMS, *FORMS, *WEB])
def test_a_form_runs_with_these_releases(world: World, tmp_path: Path, python: str, name: str) -> None:
    child = Child(world=world, folder=tmp_path, python=python)
    if name in WEB and not child.has("identity"):
        pytest.skip("identity is tested with the newest releases only")
    program = {**PROGRAMS, **FORMS, **WEB}[name].replace("get_token_info", "get_token")  # it came with 1.18
    given, kind = (
        {"AZURE_CLIENT_SECRET": world.emulator.tenant.live_secret_of(world.application).secret},
        "clientSecret",
    )
    if "certificate" in name:
        given, kind = {"AZURE_CLIENT_CERTIFICATE_PATH": str(world.pem), "THUMBPRINT": world.thumbprint}, "certificate"
    child.check(program, given, kind, proxied=name in FORMS)
