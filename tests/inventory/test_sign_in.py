"""Credentials of a tenant's own variables, used against the embedded tenant."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.identity.aio import CertificateCredential, ClientSecretCredential, DefaultAzureCredential

from inventory.errors import SignInFailedError
from inventory.graph import GraphConnection, GraphSettings
from inventory.graph_directory import GraphDirectory
from inventory.sign_in import credential
from migrate.emulator.server import Emulator

TENANT = "aaaaaaaa-0000-4000-8000-000000000000"
CERTIFICATE = "CONTOSO_CLIENT_CERTIFICATE_PATH"


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(apps=5, seed=4) as running:
        yield running


def test_a_tenant_is_read_with_the_credential_that_its_variables_hold(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in emulator.environment().items():
        monkeypatch.setenv(name, value)
    for name in ("CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.setenv(f"CONTOSO_{name}", emulator.environment()[f"AZURE_{name}"])
        monkeypatch.setenv(f"AZURE_{name}", "of-another-tenant")

    async def read(variables: str | None) -> str:
        settings = GraphSettings(
            graph_endpoint=emulator.graph_endpoint, tenant_id=emulator.tenant_id, variables=variables
        )
        async with GraphConnection(settings) as connection:
            return await GraphDirectory(connection).tenant()

    assert asyncio.run(read("CONTOSO")) == emulator.tenant_id
    with pytest.raises(SignInFailedError):
        asyncio.run(read(None))


@pytest.mark.parametrize(
    ("variables", "tenant", "said"),
    [
        ({}, TENANT, "set CONTOSO_CLIENT_ID and CONTOSO_CLIENT_SECRET"),
        ({"CONTOSO_CLIENT_ID": "a"}, TENANT, "set CONTOSO_CLIENT_ID and CONTOSO_CLIENT_SECRET"),
        ({"CONTOSO_CLIENT_ID": "a", "CONTOSO_CLIENT_SECRET": "hush-hush"}, None, "name it with --tenant"),
        ({"CONTOSO_CLIENT_ID": "a", CERTIFICATE: "/nowhere/c.pem"}, TENANT, f"{CERTIFICATE} cannot be read"),
        ({"CONTOSO_CLIENT_ID": "a", "CONTOSO_CLIENT_SECRET": "hush-hush"}, "../x", "cannot sign in at"),
    ],
)
def test_what_is_missing_is_named_and_no_secret_told(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], tenant: str | None, said: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SignInFailedError) as caught:
        credential(GraphSettings(tenant_id=tenant, variables="CONTOSO"))
    assert said in str(caught.value)
    assert "hush" not in str(caught.value)


def test_the_kind_of_credential_is_what_the_variables_say(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kinds = [type(credential(GraphSettings(tenant_id=TENANT)))]
    monkeypatch.setenv("CONTOSO_CLIENT_ID", "a")
    monkeypatch.setenv(CERTIFICATE, str(_certificate(tmp_path)))
    kinds.append(type(credential(GraphSettings(tenant_id=TENANT, variables="CONTOSO"))))
    monkeypatch.setenv("CONTOSO_CLIENT_SECRET", "b")
    kinds.append(type(credential(GraphSettings(tenant_id=TENANT, variables="CONTOSO"))))
    assert kinds == [DefaultAzureCredential, CertificateCredential, ClientSecretCredential]


def _certificate(folder: Path) -> Path:
    import trustme  # noqa: PLC0415 - slow

    path = folder / "c.pem"
    trustme.CA().issue_cert("a.example", key_type=trustme.KeyType.RSA).private_key_and_cert_chain_pem.write_to_path(
        path
    )
    return path
