"""The question asked of a workspace, run by an engine for KQL (duckdb-kql), against our reader of exported logs.

Both read the same records in the columns of a workspace. The engine knows no ``column_ifexists``, so that the test puts
in its place what the Kusto reference says of it: the column, or the second argument where the tables have none.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import random
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb_kql
import pytest

from inventory.evidence import exported_logs, log_analytics
from inventory.evidence_source import EvidenceRequest
from inventory.logs import kql
from inventory.logs.tally import merged
from inventory.model import TenantId
from inventory.usage import Source, Use
from tests.inventory.evidence.support import CLIENT, KEY, NOW, Told, read, reading
from tests.support.exported import TENANT, flat, record
from tests.support.workspace import MadeUpWorkspace, table

_COLUMNS = (
    "TimeGenerated", "AppId", "IPAddress", "ResourceIdentity", "ResourceDisplayName", "ServicePrincipalCredentialKeyId",
    "ServicePrincipalCredentialThumbprint", "FederatedCredentialId", "ClientCredentialType", "ResultType",
    "AADTenantId", "Type",
)  # fmt: skip
_OPTIONAL = ("ClientCredentialType", "FederatedCredentialId", "ServicePrincipalCredentialThumbprint", "IPAddress")
_OTHER_TENANT = "bbbbbbbb-0000-4000-8000-000000000000"
_CHOICES: dict[str, tuple[str | None, ...]] = {
    "AppId": (CLIENT, CLIENT.upper(), CLIENT[:-1] + "2"),
    "IPAddress": ("203.0.113.7", "2001:db8::1", "", None),
    "ResourceIdentity": ("00000003-0000-0000-C000-000000000000", "", None),
    "ResourceDisplayName": ("Microsoft Graph", "Vault", None),
    "ServicePrincipalCredentialKeyId": (KEY, KEY.upper(), "N/A", "", None, "00000000-0000-0000-0000-000000000000"),
    "ServicePrincipalCredentialThumbprint": ("AB" * 20, ("ab" * 20), "", None),
    "FederatedCredentialId": ("99999999-0000-4000-8000-000000000001", "", None),
    "ClientCredentialType": ("clientSecret", "certificate", "", None),
    "ResultType": ("0", "0", "0", "7000215", "0.0", " 0 ", "Success", "success", "Failure", "-1", "odd", "", None),
    "AADTenantId": (TENANT, TENANT, TENANT, TENANT.upper(), _OTHER_TENANT, "", None),
}


def _records(dice: random.Random) -> list[dict[str, Any]]:
    found = []
    for event in ("servicePrincipal", "managedIdentity"):
        for number in range(60):
            at = NOW - timedelta(hours=dice.uniform(1, 24) + 15 * number)
            plain = flat(record(at, CLIENT, event=event))
            changes = {name: dice.choice(told) for name, told in _CHOICES.items()}
            row = {**plain, **changes, "TimeGenerated": at.isoformat().replace("+00:00", "Z")}
            found.append({name: row[name] for name in _COLUMNS})
    return found


def _answer(records: list[dict[str, Any]], columns: tuple[str, ...], *, addresses: bool) -> list[dict[str, Any]]:
    """Run the query over tables of these columns; a table of Log Analytics has no column Type that is looked at."""
    query = kql.aggregation(TenantId(TENANT), addresses=addresses)

    def known(found: re.Match[str]) -> str:
        return found[1] if found[1] in columns else f'"{found[2]}"'

    query, number = re.subn(r'column_ifexists\("(\w+)", "([^"]*)"\)', known, query)
    assert number == len(kql._TEXTS)
    with duckdb_kql.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        for name in kql.TABLES:
            kinds = ", ".join(f"{one} {'TIMESTAMP' if one == 'TimeGenerated' else 'VARCHAR'}" for one in columns)
            database.execute(f"CREATE TABLE {name} ({kinds})")
            rows = [[one[column] for column in columns] for one in records if one["Type"] == name]
            if rows:
                marks = ", ".join("?" * len(columns))
                database.executemany(f"INSERT INTO {name} VALUES ({marks})", rows)  # noqa: S608 - our own
        answer = duckdb_kql.query(database, query)
        names = answer.columns
        return [{key: _cell(value) for key, value in zip(names, row, strict=True)} for row in answer.fetchall()]


def _cell(value: Any) -> Any:
    return value.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else value


def _of_workspace(folder: Path, rows: list[dict[str, Any]]) -> Told:
    workspace = MadeUpWorkspace(folder)
    workspace.answer({"tables": [table(rows)]})

    async def run() -> Told:
        async with workspace.open() as opened:
            request = EvidenceRequest(at=NOW, tenant_id=TenantId(TENANT), workspace=opened, days=90)
            return await reading(log_analytics.SOURCE, request)

    return asyncio.run(run())


def _of_folder(folder: Path, records: list[dict[str, Any]]) -> Told:
    folder.mkdir()
    (folder / "logs.json").write_text("".join(json.dumps(one) + "\n" for one in records))
    return read(exported_logs.SOURCE, EvidenceRequest(at=NOW, tenant_id=TenantId(TENANT), folder=folder))


def _uses(told: Told) -> tuple[Use, ...]:
    return merged(dataclasses.replace(use, source=exported_logs.NAME) for use in told.uses)


def _window(source: Source) -> tuple[Any, ...]:
    said = ("no record of anybody", "are of other tenants", "do not tell their tenant")
    apart = [one for one in source.blind_spots if any(each in one for each in said)]
    return (source.since, source.until, source.missing, sorted(apart))


@pytest.mark.parametrize("seed", [0, *(pytest.param(each, marks=pytest.mark.slow) for each in range(1, 6))])
def test_the_workspace_and_the_reader_of_exports_say_the_same_of_the_same_records(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)  # noqa: S311 - reproducible, not secret
    absent = {one for one in _OPTIONAL if dice.random() < 0.2}
    columns = tuple(one for one in _COLUMNS if one != "Type" and one not in absent)
    records = [{name: value for name, value in one.items() if name not in absent} for one in _records(dice)]
    workspace = _of_workspace(tmp_path, _answer(records, columns, addresses=True))
    folder = _of_folder(tmp_path / "export", records)
    assert _uses(workspace) == _uses(folder)
    assert len(_uses(folder)) > 30
    assert _window(workspace.source) == _window(folder.source)
    assert len(_window(folder.source)[3]) >= 2


def test_without_addresses_rows_are_added_up_over_all_of_them(tmp_path: Path) -> None:
    records = _records(random.Random(7))  # noqa: S311 - reproducible, not secret
    columns = tuple(one for one in _COLUMNS if one != "Type")
    with_them, without = (_of_workspace(tmp_path, _answer(records, columns, addresses=one)) for one in (True, False))
    anywhere = merged(dataclasses.replace(use, address=None) for use in with_them.uses)
    assert without.uses == anywhere
    assert _window(without.source) == _window(with_them.source)
