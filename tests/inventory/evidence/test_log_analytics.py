"""The workspace source through azure-monitor-query's own client, against a workspace on loopback."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from inventory.evidence.log_analytics import SOURCE
from inventory.evidence_source import EvidenceRequest, Workspace
from inventory.graph import GraphSettings
from inventory.logs import kql
from inventory.model import TenantId
from tests.inventory.evidence.support import CLIENT, KEY, NOW, Told, reading
from tests.inventory.madeup import TOKEN
from tests.support.exported import TENANT
from tests.support.workspace import WORKSPACE, MadeUpWorkspace, refusal, table

PRINT = "AB" * 20


def _use(**changes: Any) -> dict[str, Any]:
    row = {
        "Client": CLIENT,
        "KeyId": KEY,
        "Thumbprint": "",
        "Federated": "",
        "CredentialType": "clientSecret",
        "Address": "203.0.113.7",
        "Resource": "00000003-0000-0000-c000-000000000000",
        "First": "2026-02-01T08:00:00.1234567Z",
        "Last": "2026-03-01T08:00:00Z",
        "LastSuccess": "2026-02-28T08:00:00Z",
        "Successes": 20,
        "Failures": 3,
        "Untold": 0,
        "Part": "use",
    }
    return {**row, **changes}


def _hours(since: datetime, until: datetime, step: timedelta = timedelta(hours=12)) -> list[dict[str, Any]]:
    found = []
    while since <= until:
        moment = since.isoformat().replace("+00:00", "Z")
        found.append({"First": moment, "Last": moment, "Part": "hour"})
        since += step
    return found


COVERED = _hours(NOW - timedelta(days=90), NOW - timedelta(hours=1))


@pytest.fixture
def workspace(tmp_path: Path) -> MadeUpWorkspace:
    return MadeUpWorkspace(tmp_path)


@pytest.fixture
def ask(workspace: MadeUpWorkspace) -> Callable[[], Told]:
    async def run() -> Told:
        async with workspace.open() as opened:
            return await reading(SOURCE, EvidenceRequest(at=NOW, tenant_id=TenantId(TENANT), workspace=opened, days=90))

    return lambda: asyncio.run(run())


def test_rows_of_the_workspace_are_uses_and_hours_its_window(
    workspace: MadeUpWorkspace, ask: Callable[[], Told]
) -> None:
    workspace.answer({"tables": [table([_use(), *COVERED])]})
    found = ask()
    (use,) = found.uses
    assert (use.client_id, use.key_id, use.credential_type, use.address) == (CLIENT, KEY, "clientSecret", "203.0.113.7")
    assert use.first == datetime(2026, 2, 1, 8, 0, 0, 123456, tzinfo=UTC)
    assert (use.last, use.last_success) == (datetime(2026, 3, 1, 8, tzinfo=UTC), datetime(2026, 2, 28, 8, tzinfo=UTC))
    assert (use.successes, use.failures, use.delegated) == (20, 3, False)
    source = found.source
    assert (source.missing, source.since) == ("", NOW - timedelta(days=90))
    assert source.until is not None
    assert source.until >= NOW - timedelta(hours=13)
    assert source.sees == ("certificate", "federated", "secret")


def test_one_question_is_asked_with_the_right_token_for_the_right_time(
    workspace: MadeUpWorkspace, ask: Callable[[], Told]
) -> None:
    workspace.answer({"tables": [table([_use(), *COVERED])]})
    ask()
    (body,) = workspace.bodies
    (head,) = workspace.heads
    assert head.startswith(f"POST /v1/workspaces/{WORKSPACE}/query ")
    assert f"Authorization: Bearer {TOKEN}" in head
    assert "wait=600" in head
    assert body["timespan"] == f"PT{90 * 86400}.0S"
    query = body["query"]
    assert "summarize" in query
    for name in (*kql.TABLES, "isfuzzy=true", "column_ifexists", "ClientCredentialType", "FederatedCredentialId"):
        assert name in query


def test_the_query_keeps_its_brackets_and_names_every_column_that_is_read() -> None:
    for addresses in (True, False):
        query = kql.aggregation(TenantId(TENANT), addresses=addresses)
        assert query.count("(") == query.count(")")
        assert query.count('"') % 2 == 0
        keys = re.findall(r" by ([\w, =>]+) \| extend Part", query)
        assert ("Address" in keys[0]) == addresses


def test_a_workspace_without_some_columns_is_not_asked_to_have_them(
    workspace: MadeUpWorkspace, ask: Callable[[], Told]
) -> None:
    absent = _use(KeyId="", CredentialType=kql.ABSENT, Federated=kql.ABSENT, Thumbprint=PRINT.lower())
    workspace.answer({"tables": [table([absent, *COVERED])]})
    found = ask()
    (use,) = found.uses
    assert (use.key_id, use.credential_type, use.federated_credential_id, use.thumbprint) == (None, None, None, PRINT)
    assert found.source.sees == ("certificate", "secret"), "what has no column is not seen"


def test_what_does_not_tell_whether_it_succeeded_is_a_row_of_its_own(
    workspace: MadeUpWorkspace, ask: Callable[[], Told]
) -> None:
    workspace.answer({"tables": [table([_use(Untold=4), *COVERED])]})
    counted, untold = ask().uses
    if counted.successes is None:
        counted, untold = untold, counted
    assert (counted.successes, counted.failures) == (20, 3)
    assert (untold.successes, untold.failures, untold.last_success) == (None, None, None)


def test_days_without_any_record_are_a_gap_and_the_window_begins_after_it(
    workspace: MadeUpWorkspace, ask: Callable[[], Told]
) -> None:
    gap = NOW - timedelta(days=10), NOW - timedelta(days=7)
    rows = [*_hours(NOW - timedelta(days=90), gap[0]), *_hours(gap[1], NOW)]
    workspace.answer({"tables": [table([_use(), *rows])]})
    source = ask().source
    assert source.since == gap[1]
    assert any("no record of anybody from 2026-02-20 10:00 to 2026-02-23 10:00" in spot for spot in source.blind_spots)


def test_a_workspace_that_has_only_identities_covers_nothing(
    workspace: MadeUpWorkspace, ask: Callable[[], Told]
) -> None:
    workspace.answer({"tables": [table([_use(CredentialType="managedIdentity", KeyId="")])]})
    found = ask()
    assert len(found.uses) == 1
    assert (found.source.since, found.source.until) == (None, None)


def test_an_answer_in_part_is_asked_for_again_without_addresses(
    workspace: MadeUpWorkspace, ask: Callable[[], Told]
) -> None:
    cut = {
        "tables": [table([_use()])],
        **refusal("PartialError", "There were some errors.", inner="Query result set too large"),
    }
    workspace.answer(cut)
    workspace.answer({"tables": [table([_use(Address=None), *COVERED])]})
    found = ask()
    assert [("Address, Resource" in body["query"]) for body in workspace.bodies] == [True, False]
    assert [use.address for use in found.uses] == [None]
    assert found.source.missing == ""
    assert any("addresses are left out" in spot for spot in found.source.blind_spots)


def test_an_answer_that_stays_partial_is_unknown(workspace: MadeUpWorkspace, ask: Callable[[], Told]) -> None:
    workspace.answer({"tables": [table([_use()])], **refusal("PartialError", "There were some errors.")})
    found = ask()
    assert found.uses == ()
    assert found.source.missing == "the workspace answered in part only (PartialError): usage is unknown"


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (403, refusal("InsufficientAccessError", "no"), "Log Analytics Reader on the workspace not granted"),
        (401, refusal("InvalidTokenError", "no"), "did not accept the sign-in (InvalidTokenError)"),
        (404, refusal("WorkspaceNotFoundError", "no"), f"no workspace has the id {WORKSPACE}"),
        (
            400,
            refusal("BadArgumentError", "wrong", inner="Failed to resolve 'AADServicePrincipalSignInLogs'"),
            "send ServicePrincipalSignInLogs to it by a diagnostic setting",
        ),
        (
            400,
            refusal("BadArgumentError", "The request had some invalid properties"),
            "answered 400 (BadArgumentError)",
        ),
        (409, "<html>", "answered 409"),
    ],
)
def test_a_refusal_says_what_is_missing_and_the_scan_goes_on(
    workspace: MadeUpWorkspace, ask: Callable[[], Told], status: int, body: Any, said: str
) -> None:
    workspace.answer(body, status)
    source = ask().source
    assert said in source.missing
    assert source.missing.endswith("usage is unknown")
    assert TOKEN not in source.missing


def test_a_workspace_that_cannot_be_reached_is_named() -> None:
    gone = Workspace(id=WORKSPACE, settings=GraphSettings(), endpoint="https://127.0.0.1:1", credential=_Credential())
    source = asyncio.run(reading(SOURCE, EvidenceRequest(at=NOW, workspace=gone))).source
    assert "https://127.0.0.1:1 cannot be reached" in source.missing


def test_a_credential_without_a_token_is_told_and_its_text_is_not() -> None:
    class Broken(_Credential):
        async def get_token(self, *_scopes: str, **_options: Any) -> Any:
            raise ClientAuthenticationError("AADSTS7000215: Invalid client secret provided.\nTrace ID: 1")

    workspace = Workspace(id=WORKSPACE, settings=GraphSettings(), endpoint="https://127.0.0.1:1", credential=Broken())
    source = asyncio.run(reading(SOURCE, EvidenceRequest(at=NOW, workspace=workspace))).source
    assert "AADSTS7000215" in source.missing
    assert "Trace ID" not in source.missing


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "azure.monitor.query.aio", None)
    gone = Workspace(id=WORKSPACE, settings=GraphSettings(), credential=_Credential())
    source = asyncio.run(reading(SOURCE, EvidenceRequest(at=NOW, workspace=gone))).source
    assert "pip install 'unsecret[logs]'" in source.missing


@pytest.mark.parametrize(
    "broken",
    [
        {"First": None},
        {"Last": "never"},
        {"Last": "2999-01-01T00:00:00Z"},
        {"Client": None, "First": None},
        {"Client": None},
        {"Client": " "},
        {"Successes": None},
        {"Failures": "many"},
        {"Untold": None},
        {"Part": None},
        {"Part": "something"},
    ],
)
def test_a_row_that_cannot_be_understood_makes_the_answer_unknown(
    workspace: MadeUpWorkspace, ask: Callable[[], Told], broken: dict[str, Any]
) -> None:
    workspace.answer({"tables": [table([_use(), _use(**broken), *COVERED])]})
    source = ask().source
    assert source.missing == "1 rows of the answer cannot be read: usage is unknown"


def test_the_question_tells_records_of_other_tenants_from_ours() -> None:
    """``TenantId`` of these tables is the workspace; the column of the tenant is ``AADTenantId``."""
    query = kql.aggregation(TenantId(TENANT.upper()))
    assert 'column_ifexists("AADTenantId"' in query
    assert f'Tenant =~ "{TENANT}", "ours"' in query
    uses, hours, apart = query.partition("union\n    (records")[2].split("(records")
    assert 'where Whose != "foreign"' in uses
    assert 'Whose == "ours"' in hours
    assert 'where Whose != "ours"' in apart
    assert "by Part = Whose" in apart


@pytest.mark.parametrize("tenant", [None, TenantId('" or true or "'), TenantId("contoso.com")])
def test_without_an_id_of_the_tenant_no_record_is_known_to_be_of_it(tenant: TenantId | None) -> None:
    assert 'Tenant =~ "", "ours"' in kql.aggregation(tenant)
    assert 'or "" == "", "untold"' in kql.aggregation(tenant)


def test_records_of_other_tenants_and_of_none_are_counted_and_told(
    workspace: MadeUpWorkspace, ask: Callable[[], Told]
) -> None:
    moment = NOW.isoformat()
    apart = [{"First": moment, "Last": moment, "Part": part, "Records": 7} for part in (kql.FOREIGN, kql.UNTOLD)]
    workspace.answer({"tables": [table([_use(), *apart])]})
    found = ask()
    assert (len(found.uses), found.source.since, found.source.missing) == (1, None, "")
    assert any("7 records are of other tenants" in spot for spot in found.source.blind_spots)
    assert any("7 records do not tell their tenant" in spot for spot in found.source.blind_spots)


def test_a_result_in_other_words_is_no_failure() -> None:
    """As in exported logs: a success, a failure, or not told."""
    query = kql.aggregation(TenantId(TENANT))
    outcome = query.partition("Succeeded = ")[2].partition("Whose")[0]
    assert 'in~ ("0", "0.0", "Success"), 1' in outcome
    assert '=~ "Failure", 0, -1)' in outcome


def test_another_workspace_is_another_place() -> None:
    one, other = (Workspace(id=name, settings=GraphSettings()) for name in (WORKSPACE, TENANT))
    places = {SOURCE.place(EvidenceRequest(at=NOW, workspace=each)) for each in (one, other)}
    assert len(places) == 2


@pytest.mark.parametrize(
    "body", [{}, {"tables": []}, {"tables": [{"name": "x", "columns": [], "rows": []}]}, {"tables": None}]
)
def test_an_empty_answer_covers_nothing(workspace: MadeUpWorkspace, ask: Callable[[], Told], body: Any) -> None:
    workspace.answer(body)
    found = ask()
    assert found.uses == ()
    assert found.source.since is None


def test_it_is_not_asked_where_no_workspace_is_given() -> None:
    async def pages() -> int:
        return len([page async for page in SOURCE.read(EvidenceRequest(at=NOW))])

    assert not SOURCE.wanted(EvidenceRequest(at=NOW))
    assert asyncio.run(pages()) == 0


class _Credential:
    async def get_token(self, *_scopes: str, **_options: Any) -> Any:
        return AccessToken(TOKEN, 4102444800)

    async def close(self) -> None:
        return None
