"""Where a scan reads, with which credential, and what it tells of its requests."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from migrate.cli.main import main
from tests.support.processes import unsecret
from tests.support.rollout import Rollout, rollout

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def tenant(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rollout]:
    monkeypatch.chdir(tmp_path)
    with rollout(tmp_path, monkeypatch) as ready:
        yield ready


def scanned(captured: Captured, *arguments: str) -> Any:
    assert main(["scan", "--format", "json", *arguments]) == 0
    return json.loads(captured.readouterr().out)


def test_azure_is_read_below_the_address_that_is_named(
    tenant: Rollout, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    endpoint = tenant.emulator.environment()["UNSECRET_ARM_ENDPOINT"]
    monkeypatch.setenv("UNSECRET_ARM_ENDPOINT", "https://localhost:1")
    nowhere = scanned(capsys)
    assert nowhere["hosts"] == 0
    assert any("https://localhost:1 cannot be reached" in gap for gap in nowhere["gaps"])
    found = scanned(capsys, "--anew", "--arm-endpoint", endpoint)
    assert found["hosts"] > 10
    assert not any("cannot be reached" in gap for gap in found["gaps"])


def test_each_tenant_of_a_list_is_read_with_the_credential_of_its_own_variables(
    tenant: Rollout, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    own = tenant.emulator.environment()
    for name in ("CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.setenv(f"CONTOSO_{name}", own[f"AZURE_{name}"])
        monkeypatch.delenv(f"AZURE_{name}")
    table = f'[[tenant]]\nid = "{tenant.emulator.tenant_id}"\nout = "contoso.db"\nvariables = "CONTOSO"\n'
    Path("tenants.toml").write_text(table, "utf-8")
    (found,) = scanned(capsys, "--tenants", "tenants.toml")
    assert (found["tenant"], found["snapshot"]) == (tenant.emulator.tenant_id, "contoso.db")
    assert found["hosts"] > 10, "Azure is signed in to in the same way"
    monkeypatch.setenv("CONTOSO_CLIENT_SECRET", "wrong")
    again = table.replace("contoso", "again").replace("CONTOSO", "FABRIKAM")
    other = again.replace(tenant.emulator.tenant_id, tenant.emulator.tenant.domain)
    Path("tenants.toml").write_text(table + other, "utf-8")
    for name in ("CLIENT_ID", "CLIENT_SECRET"):
        monkeypatch.setenv(f"FABRIKAM_{name}", own[f"AZURE_{name}"])
    assert main(["scan", "--tenants", "tenants.toml"]) == 2
    told = capsys.readouterr()
    assert f"failed: {tenant.emulator.tenant_id}: sign-in at" in told.out
    assert "check CONTOSO_CLIENT_ID and the credential" in told.out
    assert f"again.db: tenant {tenant.emulator.tenant_id}" in told.out, "the second one was scanned"
    assert f"1 of 2 tenants could not be scanned: {tenant.emulator.tenant_id}" in told.err


def test_verbose_shows_requests_and_no_token(tenant: Rollout) -> None:
    done = unsecret("scan", "-v")
    assert done.returncode == 0, done.stderr
    told = done.stderr
    assert "GET /v1.0/applications?" in told
    assert "/providers/Microsoft.ResourceGraph/resources" in told
    assert "/oauth2/" not in told
    assert "eyJ" not in told, "how every JWT begins"
    assert tenant.emulator.environment()["AZURE_CLIENT_SECRET"] not in told
