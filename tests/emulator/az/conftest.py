"""Azure CLI from the package index in an environment of its own, and a tenant to use it on.

UNSECRET_TEST_AZ may name a virtual environment that has azure-cli already: an installation takes minutes and 700 MB.
"""

import json
import os
import subprocess
import uuid
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from migrate.emulator import environments
from migrate.emulator.server import Emulator

TELEMETRY = {"azcliprod.blob.core.windows.net:443"}
"""What az asks for by itself, to look for newer versions."""


@dataclass(frozen=True, kw_only=True)
class Az:
    """An Azure CLI with a configuration folder of its own, inside a tenant."""

    emulator: Emulator
    python: Path
    environment: dict[str, str]

    def __call__(self, *arguments: str) -> Any:
        """Run a command and return what it prints, decoded."""
        done = self.run(*arguments)
        assert done.returncode == 0, f"az {' '.join(arguments[:3])}: {done.stderr}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.python), "-m", "azure.cli", *arguments, "--output", "json"]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)

    def refusal(self, *arguments: str) -> str:
        """Run a command that must fail and return what it says."""
        done = self.run(*arguments)
        assert done.returncode != 0, done.stdout
        return done.stderr

    def sign_in(self) -> None:
        variables = self.emulator.environment()
        self(
            *("login", "--service-principal", "-u", variables["AZURE_CLIENT_ID"]),
            *("-p", variables["AZURE_CLIENT_SECRET"], "--tenant", variables["AZURE_TENANT_ID"]),
        )


@pytest.fixture(scope="session")
def az_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the interpreter of an environment that has azure-cli."""
    given = os.environ.get("UNSECRET_TEST_AZ")
    folder = Path(given) if given else tmp_path_factory.mktemp("azure-cli")
    python = folder / "bin" / "python"
    if not given:
        venv.create(folder, with_pip=True)
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "azure-cli"], check=True)
    return python


@pytest.fixture(scope="session")
def az_tenant() -> Iterator[Emulator]:
    with Emulator(apps=30, seed=7) as running:
        yield running


def make_az(emulator: Emulator, python: Path, folder: Path, variables: dict[str, str]) -> Az:
    own = {
        "AZURE_CONFIG_DIR": str(folder / "azure"),
        "HOME": str(folder),  # az writes certificates there
        "AZURE_CORE_COLLECT_TELEMETRY": "false",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    passed_on = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return Az(emulator=emulator, python=python, environment=environments.applied(variables, passed_on) | own)


@pytest.fixture(scope="module")
def az(az_tenant: Emulator, az_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Az]:
    """Give an Azure CLI that knows nothing but an environment, signed in as the operator."""
    made = make_az(az_tenant, az_python, tmp_path_factory.mktemp("home"), az_tenant.proxied_environment())
    made.sign_in()
    yield made
    assert set(az_tenant.proxy.refused) <= TELEMETRY


@pytest.fixture(scope="module")
def explicit_az(az_tenant: Emulator, az_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Az:
    """Give an Azure CLI without a proxy, which is not signed in."""
    made = make_az(az_tenant, az_python, tmp_path_factory.mktemp("home"), az_tenant.environment())
    made.environment["AZURE_CORE_INSTANCE_DISCOVERY"] = "false"
    return made


@pytest.fixture
def az_application(az: Az) -> str:
    """Make an application with a service principal and return its client id."""
    made = az("ad", "app", "create", "--display-name", f"made by az {uuid.uuid4()}")  # az changes one of the same name
    az("ad", "sp", "create", "--id", made["appId"])
    return str(made["appId"])
