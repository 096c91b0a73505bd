"""Rewritten programs really run: first with their secret, then rewritten, with the secret gone from the environment.

Each program is a process of its own against an embedded tenant that verifies the assertion: signature, issuer, subject,
audience. The tenant's log says which kind of credential every sign-in used.
"""

import os
import ssl
import subprocess
import sys
import textwrap
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import Certificate, CertificateBuilder, Name, NameAttribute, random_serial_number
from cryptography.x509.oid import NameOID

from codemods.engine.run import rewrite
from codemods.model import LibraryMode, Request, Run, Target
from migrate.emulator.server import Emulator
from migrate.emulator.state.records import Application

GRAPH = "https://graph.microsoft.com/.default"
IDENTITY = "id-orders-api"
SYNC = f'token = credential.get_token("{GRAPH}").token\nprint("signed in", len(token) > 99)\n'
OPTIONS = "disable_instance_discovery=True"


@dataclass(frozen=True, kw_only=True)
class World:
    """An embedded tenant in which the application trusts the identity."""

    emulator: Emulator
    application: Application
    pem: Path
    thumbprint: str

    def environment(self) -> dict[str, str]:
        """Give a child process the tenant and nothing of this process that could reach a real cloud."""
        base = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        tenant = {
            name: value
            for name, value in self.emulator.environment().items()
            if name not in {"AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET"}
        }
        return {
            **base,
            **tenant,
            "AZURE_POD_IDENTITY_AUTHORITY_HOST": f"{self.emulator.imds_endpoint}/hosts/vm-orders-api",
            "AZURE_CLIENT_ID": self.application.app_id,
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def kinds(self, since: int) -> set[str]:
        """Say with which kinds of credential the application signed in since a point of the log."""
        log = self.emulator.tenant.sign_ins
        positions = log.positions(self.application.app_id)
        return {log.at(place).credential_type for place in positions if place >= since}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    key, certificate = _self_signed()
    pem = tmp_path_factory.mktemp("certificate") / "app.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    pem.write_bytes(private + certificate.public_bytes(Encoding.PEM))
    with Emulator(apps=40, seed=1) as emulator:
        application = emulator.tenant.application_named("orders-api")
        _prepare(emulator, application, certificate)
        thumbprint = certificate.fingerprint(SHA1()).hex()  # noqa: S303 - what msal calls a thumbprint
        yield World(emulator=emulator, application=application, pem=pem, thumbprint=thumbprint)


def _self_signed() -> tuple[RSAPrivateKey, Certificate]:
    key = generate_private_key(public_exponent=65537, key_size=2048)
    name = Name([NameAttribute(NameOID.COMMON_NAME, "orders-api")])
    now = datetime.now(UTC)
    builder = CertificateBuilder(name, name, key.public_key(), random_serial_number())
    dated = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=30))
    return key, dated.sign(key, SHA256())


def _prepare(emulator: Emulator, application: Application, certificate: Certificate) -> None:
    """Let the application trust the identity, and a certificate besides its secret."""
    environment = emulator.environment()
    context = ssl.create_default_context(cafile=emulator.ca_file)
    with httpx.Client(base_url=emulator.graph_endpoint, verify=context, trust_env=False) as web:
        form = {
            "grant_type": "client_credentials",
            "client_id": environment["AZURE_CLIENT_ID"],
            "client_secret": environment["AZURE_CLIENT_SECRET"],
            "scope": GRAPH,
        }
        token = web.post(f"/{emulator.tenant_id}/oauth2/v2.0/token", data=form).json()["access_token"]
        body = {
            "name": "orders-api-identity",
            "issuer": f"https://login.microsoftonline.com/{emulator.tenant_id}/v2.0",
            "subject": emulator.tenant.identity_named(IDENTITY).principal_id,
            "audiences": ["api://AzureADTokenExchange"],
        }
        path, headers = f"/v1.0/applications/{application.id}", {"Authorization": f"Bearer {token}"}
        made = web.post(f"{path}/federatedIdentityCredentials", json=body, headers=headers)
        assert made.status_code == 201, made.text
        text = b64encode(certificate.public_bytes(Encoding.DER)).decode()
        added = {"keyCredentials": [{"type": "AsymmetricX509Cert", "usage": "Verify", "key": text}]}
        answer = web.patch(path, json=added, headers=headers)
        assert answer.status_code == 204, answer.text


HEAD = 'import os\nT, A = os.environ["AZURE_TENANT_ID"], os.environ["AZURE_CLIENT_ID"]\n'
SECRET = 'os.environ["AZURE_CLIENT_SECRET"]'
ASYNC_MAIN = f"""\
async def main():
    async with make() as credential:
        first = await credential.get_token("{GRAPH}")
        again = await credential.get_token_info("{GRAPH}")
        print("signed in", first.token == again.token)


asyncio.run(main())
"""
PROGRAMS = {
    "azure-identity, positional": (
        HEAD
        + "from azure.identity import ClientSecretCredential\n"
        + f"credential = ClientSecretCredential(T, A, {SECRET}, {OPTIONS})\n"
        + SYNC
    ),
    "azure-identity, keyword and alias": (
        HEAD
        + "from azure.identity import ClientSecretCredential as CSC\n"
        + f"SECRET = {SECRET}\n"
        + f"credential = CSC(tenant_id=T, client_id=A, client_secret=SECRET, {OPTIONS})\n"
        + SYNC
    ),
    "azure-identity, settings that an object keeps": (
        "import os\nfrom azure.identity import ClientSecretCredential\nclass Job:\n    def __init__(self):\n"
        '        self.config = {"tenant": os.environ["AZURE_TENANT_ID"], "client": os.environ["AZURE_CLIENT_ID"],\n'
        '            "secret": os.environ.get("AZURE_CLIENT_SECRET")}\n'
        "    def credential(self):\n"
        '        return ClientSecretCredential(self.config["tenant"], self.config["client"], self.config["secret"],\n'
        f"            {OPTIONS})\n"
        "credential = Job().credential()\n" + SYNC
    ),
    "azure-identity, named tuple": (
        "import os\nfrom typing import NamedTuple\nfrom azure.identity import ClientSecretCredential\n"
        "class Settings(NamedTuple):\n    tenant: str\n    client: str\n    secret: str | None\n"
        'settings = Settings(os.environ["AZURE_TENANT_ID"], os.environ["AZURE_CLIENT_ID"],\n'
        '    secret=os.getenv("AZURE_CLIENT_SECRET"))\n'
        f"credential = ClientSecretCredential(settings.tenant, settings.client, settings.secret, {OPTIONS})\n" + SYNC
    ),
    "azure-identity, unpacked with others": (
        "import os\nfrom azure.identity import ClientSecretCredential\n"
        f'T, A, S = (\n    os.environ["AZURE_TENANT_ID"],\n    os.environ["AZURE_CLIENT_ID"],\n    {SECRET},\n)\n'
        f"credential = ClientSecretCredential(T, A, S, {OPTIONS})\n" + SYNC
    ),
    "msal, unpacked with its authority": (
        HEAD
        + "import msal\nHOST = os.environ['AZURE_AUTHORITY_HOST'].rstrip('/')\n"
        + f"AUTHORITY, S = HOST + '/' + T, {SECRET}\n"
        + "app = msal.ConfidentialClientApplication(A, S, AUTHORITY, instance_discovery=False)\n"
        + f'result = app.acquire_token_for_client(["{GRAPH}"])\nprint("signed in", len(result["access_token"]) > 99)\n'
    ),
    "azure-identity, bound in a condition": (
        HEAD
        + "from azure.identity import ClientSecretCredential\n"
        + "def signed_in():\n    if (secret := os.getenv('AZURE_CLIENT_SECRET')):\n"
        + f"        return ClientSecretCredential(T, A, secret, {OPTIONS})\n    raise SystemExit('no secret')\n"
        + "credential = signed_in()\n"
        + SYNC
    ),
    "azure-identity, dotted": (
        HEAD
        + "import azure.identity\n"
        + f"credential = azure.identity.ClientSecretCredential(T, client_secret={SECRET}, client_id=A, {OPTIONS})\n"
        + SYNC
    ),
    "azure-identity, inside a function": (
        HEAD
        + "def make():\n"
        + "    from azure.identity import ClientSecretCredential\n"
        + f"    secret = {SECRET}\n"
        + f"    return ClientSecretCredential(T, A, secret, **dict({OPTIONS}))\n"
        + "credential = make()\n"
        + SYNC
    ),
    "azure-identity, certificate": (
        HEAD
        + "from azure import identity\n"
        + 'PATH = os.environ["AZURE_CLIENT_CERTIFICATE_PATH"]\n'
        + f"credential = identity.CertificateCredential(T, A, PATH, send_certificate_chain=True, {OPTIONS})\n"
        + SYNC
    ),
    "azure-identity, certificate data": (
        HEAD
        + "from azure.identity import CertificateCredential\n"
        + 'DATA = open(os.environ["AZURE_CLIENT_CERTIFICATE_PATH"], "rb").read()\n'
        + f"credential = CertificateCredential(tenant_id=T, client_id=A, certificate_data=DATA, {OPTIONS})\n"
        + SYNC
    ),
    "azure-identity, settings named after their variables": (
        HEAD
        + "from azure.identity import ClientSecretCredential\n"
        + "class Config:\n    AZURE_CLIENT_SECRET = os.environ.get('AZURE_CLIENT_SECRET')\n"
        + f"credential = ClientSecretCredential(T, A, Config.AZURE_CLIENT_SECRET, {OPTIONS})\n"
        + SYNC
    ),
    "azure-identity, certificate by parts of its path": (
        HEAD
        + "from pathlib import Path\nfrom azure.identity import CertificateCredential\n"
        + "PATH = Path(os.environ['AZURE_CLIENT_CERTIFICATE_PATH']).parent / 'app.pem'\n"
        + f"credential = CertificateCredential(T, A, certificate_path=str(PATH), {OPTIONS})\n"
        + SYNC
    ),
    "azure-identity, through a function that only reads": (
        HEAD
        + "from azure.identity import ClientSecretCredential\n"
        + "def require(name):\n    value = os.getenv(name)\n    if not value:\n        raise SystemExit(name)\n"
        + "    return value\n"
        + f"credential = ClientSecretCredential(T, A, require('AZURE_CLIENT_SECRET'), {OPTIONS})\n"
        + SYNC
    ),
    "azure-identity, an import that may fail": (
        HEAD
        + "try:\n    from azure.identity import ClientSecretCredential\nexcept ImportError:\n    raise SystemExit\n"
        + f"credential = ClientSecretCredential(T, A, {SECRET}, {OPTIONS})\n"
        + SYNC
    ),
    "azure-identity, certificate read while its file is open": (
        HEAD
        + "from azure.identity import CertificateCredential\n"
        + "with open(os.environ['AZURE_CLIENT_CERTIFICATE_PATH'], 'rb') as f:\n    pem = f.read()\n"
        + f"credential = CertificateCredential(T, A, certificate_data=pem, {OPTIONS})\n"
        + SYNC
    ),
    "azure-identity, asynchronous": (
        "import asyncio\n"
        + HEAD
        + "from azure.identity.aio import ClientSecretCredential\n"
        + "def make():\n"
        + f"    return ClientSecretCredential(T, A, {SECRET})\n"
        + ASYNC_MAIN
    ),
    "azure-identity, asynchronous certificate": (
        "import asyncio\n"
        + HEAD
        + "from azure.identity import aio\n"
        + "def make():\n"
        + '    path = os.environ["AZURE_CLIENT_CERTIFICATE_PATH"]\n'
        + "    return aio.CertificateCredential(T, A, path)\n"
        + ASYNC_MAIN
    ),
    "azure-identity, both kinds from one secret": (
        "import asyncio\n"
        + HEAD
        + "from azure.identity import ClientSecretCredential\n"
        + "from azure.identity.aio import ClientSecretCredential as Async\n"
        + f"SECRET = {SECRET}\n"
        + f"credential = ClientSecretCredential(T, A, SECRET, {OPTIONS})\n"
        + SYNC
        + "def make():\n    return Async(tenant_id=T, client_id=A, client_secret=SECRET)\n"
        + ASYNC_MAIN
    ),
    "azure-identity, behind its conditions": (
        HEAD
        + "from azure.identity import ClientSecretCredential\n"
        + 'SECRET = os.environ.get("AZURE_CLIENT_SECRET")\n'
        + "if not all([T, A, SECRET]):\n    raise SystemExit('incomplete')\n"
        + "if not SECRET:\n    raise SystemExit('no secret')\n"
        + f"if T and A and SECRET:\n    credential = ClientSecretCredential(T, A, SECRET, {OPTIONS})\n"
        + "else:\n    raise SystemExit('nothing')\n"
        + SYNC
    ),
    "msal, attributes that an object gives itself": (
        "import os\nimport msal\nclass Auth:\n    def __init__(self):\n"
        '        self.tenant, self.host = os.getenv("AZURE_TENANT_ID"), os.environ["AZURE_AUTHORITY_HOST"]\n'
        '        self.client_id = os.getenv("AZURE_CLIENT_ID")\n'
        '        self.client_secret = os.getenv("AZURE_CLIENT_SECRET")\n'
        "        if not all([self.tenant, self.client_id, self.client_secret]):\n"
        '            raise ValueError("incomplete")\n'
        "        self.app = msal.ConfidentialClientApplication(self.client_id, client_credential=self.client_secret,\n"
        '            authority=f"{self.host}/{self.tenant}", instance_discovery=False)\n'
        f'answer = Auth().app.acquire_token_for_client(["{GRAPH}"])\nprint("signed in", "access_token" in answer)\n'
    ),
    "msal, keyword": (
        HEAD
        + "import msal\n"
        + "AUTHORITY = f\"{os.environ['AZURE_AUTHORITY_HOST']}/{T}\"\n"
        + f"app = msal.ConfidentialClientApplication(A, client_credential={SECRET}, authority=AUTHORITY,\n"
        + "    instance_discovery=False)\n"
        + f'answer = app.acquire_token_for_client(["{GRAPH}"])\nprint("signed in", "access_token" in answer)\n'
    ),
    "msal, certificate": (
        HEAD
        + "from msal import ConfidentialClientApplication\n"
        + 'PEM = open(os.environ["AZURE_CLIENT_CERTIFICATE_PATH"]).read()\n'
        + 'CERTIFICATE = {"private_key": PEM, "thumbprint": os.environ["THUMBPRINT"]}\n'
        + "app = ConfidentialClientApplication(A, CERTIFICATE, f\"{os.environ['AZURE_AUTHORITY_HOST']}/{T}\",\n"
        + "    instance_discovery=False)\n"
        + f'answer = app.acquire_token_for_client(["{GRAPH}"])\nprint("signed in", "access_token" in answer)\n'
    ),
}


QUICK = {"azure-identity, keyword and alias", "azure-identity, certificate", "msal, keyword"}


def _named(*, certificates: bool) -> list[Any]:
    """Give the names of programs; those that only differ in form run with the slow tests."""
    names = [name for name in PROGRAMS if ("certificate" in name) is certificates]
    return [name if name in QUICK else pytest.param(name, marks=pytest.mark.slow) for name in names]


@pytest.mark.parametrize("name", _named(certificates=False))
def test_a_program_with_a_secret_runs_without_it(world: World, tmp_path: Path, name: str) -> None:
    secret = world.emulator.tenant.live_secret_of(world.application).secret
    _check(world, tmp_path, PROGRAMS[name], {"AZURE_CLIENT_SECRET": secret}, "clientSecret")


@pytest.mark.parametrize("name", _named(certificates=True))
def test_a_program_with_a_certificate_runs_without_it(world: World, tmp_path: Path, name: str) -> None:
    files = {"AZURE_CLIENT_CERTIFICATE_PATH": str(world.pem), "THUMBPRINT": world.thumbprint}
    _check(world, tmp_path, PROGRAMS[name], files, "certificate")


@pytest.mark.parametrize(
    "name",
    [
        "azure-identity, keyword and alias",
        *(
            pytest.param(each, marks=pytest.mark.slow)
            for each in ("azure-identity, inside a function", "msal, keyword")
        ),
    ],
)
def test_a_program_runs_with_one_expression(world: World, tmp_path: Path, name: str) -> None:
    run = _check_rewritten(world, tmp_path, PROGRAMS[name], inline=True)
    assert [helper.diff for helper in run.helpers] == [""]
    assert "get_bearer_token_provider(ManagedIdentityCredential(" in (tmp_path / "app.py").read_text()


LIBRARY = (
    "from azure.identity import ClientSecretCredential\n"
    "def connect(tenant, client, client_secret=None, **options):\n"
    f"    return ClientSecretCredential(tenant, client, client_secret, {OPTIONS})\n"
)


def test_a_library_with_an_option_serves_both_kinds_of_callers(world: World, tmp_path: Path) -> None:
    (tmp_path / "library.py").write_text(LIBRARY)
    run = rewrite(Request(paths=(tmp_path,), apply=True, library_mode=LibraryMode.ADD_OPTION))
    assert "client_assertion_func=None, **options" in run.diff
    old = HEAD + f"from library import connect\ncredential = connect(T, A, {SECRET})\n" + SYNC
    identity = 'client_id=os.environ["MANAGED_IDENTITY_CLIENT_ID"]'
    new = (
        HEAD
        + "from azure.identity import ManagedIdentityCredential, get_bearer_token_provider\n"
        + "from library import connect\n"
        + f"assertion = get_bearer_token_provider(ManagedIdentityCredential({identity}), "
        + '"api://AzureADTokenExchange/.default")\n'
        + "credential = connect(T, A, client_assertion_func=assertion)\n"
        + SYNC
    )
    secret = {"AZURE_CLIENT_SECRET": world.emulator.tenant.live_secret_of(world.application).secret}
    for program, given, kind in ((old, secret, "clientSecret"), (new, {}, "federatedIdentityCredential")):
        (tmp_path / "app.py").write_text(program)
        before = len(world.emulator.tenant.sign_ins)
        done = _run_child(world, tmp_path, "app.py", **given)
        assert "signed in True" in done.stdout, done.stderr
        assert world.kinds(before) == {kind}


def test_the_helper_of_a_package_is_imported_from_its_package(world: World, tmp_path: Path) -> None:
    package = tmp_path / "shop" / "auth"
    package.mkdir(parents=True)
    (tmp_path / "shop" / "__init__.py").write_text("")
    (package / "__init__.py").write_text("")
    (package / "login.py").write_text(PROGRAMS["azure-identity, positional"])
    client_id = world.application.app_id
    run = rewrite(Request(paths=(tmp_path,), targets=(Target(client_id=client_id),), app=client_id, apply=True))
    assert [helper.path for helper in run.helpers] == ["shop/entra_fic.py"]
    assert "from shop.entra_fic import managed_identity_assertion" in (package / "login.py").read_text()
    done = _run_child(world, tmp_path, "-m", "shop.auth.login")
    assert "signed in True" in done.stdout, done.stderr


LAYOUTS = {
    "package run as scripts": ({"src/__init__.py": "", "src/utils.py": ""}, "src/main.py", "import utils\n",
        "src/main.py"),
    "folder that others import through": (
        {"fa/function_app.py": "from shared.auth import credential\n"}, "fa/shared/auth.py", "", "fa/function_app.py"
    ),
    "folder that is imported whole": ({"proj/main.py": "import app.a\n"}, "proj/app/a.py", "", "proj/main.py"),
}  # fmt: skip


@pytest.mark.parametrize(
    "layout", [pytest.param(each, marks=[pytest.mark.slow] * (each != "package run as scripts")) for each in LAYOUTS]
)
def test_the_helper_is_importable_however_the_program_is_run(world: World, tmp_path: Path, layout: str) -> None:
    files, name, lead, start = LAYOUTS[layout]
    for other, text in {**files, name: lead + PROGRAMS["azure-identity, positional"]}.items():
        (tmp_path / other).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / other).write_text(text)
    client_id = world.application.app_id
    run = rewrite(Request(paths=(tmp_path,), targets=(Target(client_id=client_id),), app=client_id, apply=True))
    assert len(run.rewritten) == 1
    done = _run_child(world, tmp_path, start)
    assert "signed in True" in done.stdout, done.stderr


def _check(world: World, folder: Path, program: str, secret: dict[str, str], kind: str) -> None:
    (folder / "app.py").write_text(textwrap.dedent(program))
    before = len(world.emulator.tenant.sign_ins)
    done = _run_child(world, folder, "app.py", **secret)
    assert "signed in True" in done.stdout, done.stderr
    assert world.kinds(before) == {kind}
    _check_rewritten(world, folder, program)


def _check_rewritten(world: World, folder: Path, program: str, *, inline: bool = False) -> Run:
    (folder / "app.py").write_text(textwrap.dedent(program))
    client_id = world.application.app_id
    targets = (Target(client_id=client_id),)
    run = rewrite(Request(paths=(folder,), targets=targets, app=client_id, apply=True, inline=inline))
    assert run.rewritten, run.reported
    assert not run.reported
    before = len(world.emulator.tenant.sign_ins)
    done = _run_child(world, folder, "app.py")
    assert "signed in True" in done.stdout, done.stderr
    assert world.kinds(before) == {"federatedIdentityCredential"}
    return run


def _run_child(world: World, folder: Path, *arguments: str, **secret: str) -> subprocess.CompletedProcess[str]:
    identity = world.emulator.tenant.identity_named(IDENTITY).client_id
    environment = {**world.environment(), **(secret or {"MANAGED_IDENTITY_CLIENT_ID": identity})}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
