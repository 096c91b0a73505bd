"""A Log Analytics workspace that a diagnostic setting sends the sign-in logs to: the engine for logs of any size.

The workspace adds up, and one answer comes back. It is asked through azure-monitor-query, which the extra ``logs``
installs and which is imported only when a workspace is given. An answer that the service cuts short (500,000 rows or
100 MB; Azure Monitor reference, "Query limits") is asked for again without addresses.
"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

from inventory import sign_in
from inventory.cloud import Cloud
from inventory.directory import Page
from inventory.errors import InventoryError, PermissionMissingError, ReadFailedError, SignInFailedError
from inventory.evidence_source import USERS, Entry, EvidenceRequest, Workspace, unread, why
from inventory.ids import guid
from inventory.logs import kql
from inventory.logs.extent import Extent, Span
from inventory.logs.standing import said_apart
from inventory.logs.tally import Tally, key_of
from inventory.logs.tally import row as summed
from inventory.refusals import sign_in_failed, unreachable
from inventory.usage import Source, SourceName, Use

NAME = SourceName("log-analytics")
_ENDPOINTS: Mapping[Cloud, str] = {
    Cloud.PUBLIC: "https://api.loganalytics.io",
    Cloud.USGOV: "https://api.loganalytics.us",
    Cloud.CHINA: "https://api.loganalytics.azure.cn",
}
_ROLE = "Log Analytics Reader on the workspace"
_LONGEST_WAIT = 600
"""Seconds: the service's own limit ("Query limits")."""
_AHEAD = timedelta(days=1)
_BLIND = (
    "it holds what was sent to it since the diagnostic setting was made, less what a transformation of it leaves out",
    "a host keeps the token of a managed identity for about 24 hours, so that one record stands for a day of use",
    "sign-ins of an application in other tenants are in their logs",
    USERS,
    "records come minutes to hours late",
)
_NO_ADDRESSES = "addresses are left out, as the answer was too large with them"

_COUNTS = ("Successes", "Failures", "Untold")

_Row = Mapping[str, Any]


class _LogAnalytics:
    name = NAME

    def wanted(self, request: EvidenceRequest) -> bool:
        return request.workspace is not None

    def place(self, request: EvidenceRequest) -> str:
        return f"{request.workspace.id} {_endpoint(request.workspace)}".lower() if request.workspace else ""

    async def read(
        self,
        request: EvidenceRequest,
        cursor: str | None = None,  # noqa: ARG002 - see below
    ) -> AsyncIterator[Page[Entry]]:
        """Yield one page: there is one answer, and a reading that was interrupted asks for it again."""
        if request.workspace is None:
            return
        try:
            tables, cut = await _asked(request.workspace, request)
        except InventoryError as error:
            yield Page(entries=(unread(NAME, request.at, why(error), blind_spots=_BLIND),), cursor=None)
        else:
            yield Page(entries=_evidence(tables, request.at, cut=cut), cursor=None)


async def _asked(workspace: Workspace, request: EvidenceRequest) -> tuple[list[Any], bool]:
    """Return the tables and whether they had to do without addresses; raises only InventoryErrors."""
    try:
        from azure.core import exceptions  # noqa: PLC0415 - an extra
        from azure.monitor.query.aio import LogsQueryClient  # noqa: PLC0415 - an extra
    except ImportError:
        raise ReadFailedError("azure-monitor-query is not installed; pip install 'unsecret[logs]'") from None
    authority = workspace.settings.authority
    async with AsyncExitStack() as stack:
        try:
            client = await stack.enter_async_context(LogsQueryClient(**await _settings(workspace, stack)))
            return await _answer(client, workspace.id, request)
        except exceptions.HttpResponseError as error:
            no_token = error.response is None  # azure-identity says so with the error of an answer, and has none
            raise sign_in_failed(str(error), authority) if no_token else _refused(error, workspace) from None
        except exceptions.AzureError as error:
            raise unreachable(_endpoint(workspace), str(error)) from None
        except ValueError as error:  # azure-core on an address or a tenant id that is none
            raise ReadFailedError(f"workspace {workspace.id}: {error}") from None


async def _settings(workspace: Workspace, stack: AsyncExitStack) -> dict[str, Any]:
    settings, credential = workspace.settings, workspace.credential
    trust = {"connection_verify": settings.bundle} if settings.bundle else {}
    if credential is None:
        credential = await stack.enter_async_context(sign_in.credential(settings))
    return {
        "credential": credential,
        "endpoint": _endpoint(workspace),
        "audience": _ENDPOINTS[settings.cloud],
        **trust,
    }


def _endpoint(workspace: Workspace) -> str:
    return (workspace.endpoint or _ENDPOINTS[workspace.settings.cloud]).rstrip("/")


async def _answer(client: Any, workspace_id: str, request: EvidenceRequest) -> tuple[list[Any], bool]:
    how = {"timespan": timedelta(days=request.days), "server_timeout": _LONGEST_WAIT}
    whole = await client.query_workspace(workspace_id, kql.aggregation(request.tenant_id), **how)
    if hasattr(whole, "tables"):
        return whole.tables, False
    del whole
    less = await client.query_workspace(workspace_id, kql.aggregation(request.tenant_id, addresses=False), **how)
    if hasattr(less, "tables"):
        return less.tables, True
    said = less.partial_error
    raise ReadFailedError(f"the workspace answered in part only ({said.code if said else 'no reason given'})")


def _rows(tables: list[Any]) -> Iterator[_Row]:
    return (dict(zip(table.columns, row, strict=False)) for table in tables for row in table.rows)


def _refused(error: Any, workspace: Workspace) -> InventoryError:
    status, code = error.status_code, getattr(error.error, "code", None) or ""
    if status == 401:  # noqa: PLR2004 - RFC 9110
        return SignInFailedError(
            f"workspace {workspace.id} did not accept the sign-in ({code or 401}); check its cloud"
        )
    if status == 403:  # noqa: PLR2004 - RFC 9110
        return PermissionMissingError(f"workspace {workspace.id}: {code or 403}", permission=_ROLE)
    if status == 404:  # noqa: PLR2004 - RFC 9110
        return ReadFailedError(f"no workspace has the id {workspace.id}", status=status, code=code)
    if status == 400 and any(table in str(error) for table in kql.TABLES):  # noqa: PLR2004 - RFC 9110
        told = "the workspace has no sign-in logs; send ServicePrincipalSignInLogs to it by a diagnostic setting"
        return ReadFailedError(told, status=status, code=code)
    return ReadFailedError(f"the workspace answered {status} ({code or 'no code given'})", status=status, code=code)


def _evidence(tables: list[Any], at: datetime, *, cut: bool) -> tuple[Entry, ...]:
    """Make values of the rows; times to come, which a clock that is wrong writes, are not believed."""
    limit, tally, unreadable = at + _AHEAD, Tally(NAME), 0
    spans: list[Span] = []
    absent: set[str] = set()
    apart: dict[str, int] = {}
    for row in _rows(tables):
        first, last, part = _moment(row.get("First")), _moment(row.get("Last")), row.get("Part")
        if part in {kql.FOREIGN, kql.UNTOLD}:
            apart[part] = _number(row.get("Records")) or 0
        elif first is None or last is None or last > limit or not _understood(row):
            unreadable += 1
        elif part == "hour":
            spans.append((first, last))
        else:
            absent |= {name for name, value in row.items() if value == kql.ABSENT}
            for use in _uses(row, first, last):
                tally.include(use)
    lost = f"{unreadable} rows of the answer cannot be read: usage is unknown" if unreadable else ""
    source = _source(Extent().with_seen(spans), at, lost, (*said_apart(apart), *((_NO_ADDRESSES,) if cut else ())))
    return (*tally.drain(), dataclasses.replace(source, sees=_sees(absent)))


def _source(extent: Extent, at: datetime, lost: str, more: tuple[str, ...]) -> Source:
    covered = extent.covered()
    return Source(
        name=NAME,
        read_at=at,
        since=covered[0] if covered else None,
        until=covered[1] if covered else None,
        retention_days=None,
        missing=lost,
        blind_spots=(*_BLIND, *extent.gaps(), *more),
    )


def _uses(row: _Row, first: datetime, last: datetime) -> tuple[Use, ...]:
    """Make one row of what was counted, and one of what does not tell whether it succeeded."""
    successes, failures, untold = (_number(row.get(name)) or 0 for name in _COUNTS)
    uses = []
    for counted in (True, False):
        if not (successes + failures if counted else untold):
            continue
        key = key_of(
            _text(row, "Client") or "",
            key_id=_text(row, "KeyId"),
            thumbprint=_text(row, "Thumbprint"),
            federated=_text(row, "Federated"),
            credential_type=_text(row, "CredentialType"),
            address=_text(row, "Address"),
            resource=_text(row, "Resource"),
            counted=counted,
        )
        sums = {"successes": successes, "failures": failures}
        good = _moment(row.get("LastSuccess"))
        uses.append(summed(NAME, key, first=first, last=last, last_success=good, **sums))
    return tuple(uses)


def _sees(absent: set[str]) -> tuple[str, ...]:
    """Tell which kinds of credential the workspace has columns for; a row without the column names none."""
    columns = {"certificate": "KeyId", "federated": "Federated", "secret": "KeyId"}
    return tuple(kind for kind, column in columns.items() if column not in absent)


def _text(row: _Row, name: str) -> str | None:
    value = row.get(name)
    return value if isinstance(value, str) and value != kql.ABSENT else None


def _understood(row: _Row) -> bool:
    """Whether a row is an hour, or names an application and counts what it did."""
    if row.get("Part") != "use":
        return row.get("Part") == "hour"
    counts = [_number(row.get(name)) for name in _COUNTS]
    return guid(_text(row, "Client")) is not None and None not in counts and any(counts)


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None


def _moment(value: object) -> datetime | None:
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)


SOURCE = _LogAnalytics()
