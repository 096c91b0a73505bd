"""Azure Resource Graph: queries over resources.

Sources: REST reference "Azure Resource Graph", Resources; pages "Guidance for pagination" (1,000 rows a page, when no
``$skipToken`` comes, and that ``resultTruncated`` is false where one does) and "Guidance for throttled requests" (15
queries in 5 seconds for each caller, headers); the error bodies are those of public issues. Assumed: the codes inside
the details of a refused column or table, and that a caller who may read nothing gets no rows.
"""

import base64
import binascii
import json
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from migrate.emulator.arm import values
from migrate.emulator.arm.call import ArmCall, ArmReply
from migrate.emulator.arm.errors import ArmError
from migrate.emulator.arm.kql import pipeline
from migrate.emulator.arm.kql.lexer import KqlError
from migrate.emulator.arm.limits import Quota, Verdict
from migrate.emulator.arm.results import Result
from migrate.emulator.arm.routing import Routes, Scope, route
from migrate.emulator.arm.rows import TABLES, rows_of
from migrate.emulator.ids import fresh_guid

PAGE: Final = 1000
QUOTA: Final = Quota(requests=15, seconds=5.0)
_MOST_SUBSCRIPTIONS: Final = 10_000
_READ: Final = "Microsoft.Resources/subscriptions/resources/read"
_TYPES: Final = {"string": "string", "long": "integer", "bool": "boolean"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    query: str
    subscriptions: tuple[str, ...] | None
    top: int
    skip: int
    token: str
    as_table: bool


def query_resources(call: ArmCall, scope: Scope) -> ArmReply:
    """POST /providers/Microsoft.ResourceGraph/resources."""
    del scope
    verdict = call.services.limits.take(f"resource graph {call.caller.object_id}", QUOTA)
    headers = _quota_headers(verdict)
    if not verdict.allowed:
        raise _throttled(call, verdict, headers)
    request = _read(call)
    try:
        parsed = pipeline.parse(request.query, TABLES)
        within = _subscriptions(call, request)
        result, name, position = _result(call, request, parsed, within)
        body = _answer(request, parsed, result, name, position)  # rows are computed when they are shown
    except KqlError as error:
        raise _invalid_query(call, error) from error
    return ArmReply(body=body, headers=headers)


def _quota_headers(verdict: Verdict) -> dict[str, str]:
    return {
        "x-ms-user-quota-remaining": str(verdict.remaining),
        "x-ms-user-quota-resets-after": f"00:00:{min(verdict.whole_seconds, 59):02}",
        "x-ms-resource-graph-request-duration": "0:00:00:00.0100000",
    }


def _support(call: ArmCall) -> str:
    now = f"{call.tenant.clock.now():%Y-%m-%dT%H:%M:%S.%f}0Z"
    return f"Please provide below info when asking for support: timestamp = {now}, correlationId = {fresh_guid()}."


def _throttled(call: ArmCall, verdict: Verdict, headers: dict[str, str]) -> ArmError:
    message = (
        "Client application has been throttled and should not attempt to repeat the request until an amount of time "
        "has elapsed. Please see https://aka.ms/resourcegraph-throttling for help."
    )
    return ArmError(
        429, "RateLimiting", _support(call), details=[{"code": "RateLimiting", "message": message}],
        headers={**headers, "retry-after": str(verdict.whole_seconds)},
    )  # fmt: skip


def _bad(call: ArmCall, code: str, message: str) -> ArmError:
    return ArmError(400, "BadRequest", _support(call), details=[{"code": code, "message": message}])


def _invalid_query(call: ArmCall, error: KqlError) -> ArmError:
    place: dict[str, Any] = {"code": error.code, "message": error.code, "line": error.line,
                             "characterPositionInLine": error.position, "token": error.token}  # fmt: skip
    if error.expected:
        place["expectedToken"] = error.expected
    general = {
        "code": "InvalidQuery",
        "message": "Query is invalid. Please refer to the documentation for the Azure Resource Graph service and fix "
        "the error before retrying.",
    }
    return ArmError(400, "BadRequest", _support(call), details=[general, place])


# --- the request -----------------------------------------------------------------------------------------------------


def _read(call: ArmCall) -> _Request:
    body = call.json()
    query = values.text(body, "query")
    if not query or not query.strip():
        raise _bad(call, "InvalidQuery", "The query must not be empty.")
    options = values.record(body, "options") or {}
    shape = (values.text(options, "resultFormat") or _default_format(call)).lower()
    if shape not in ("table", "objectarray"):
        raise _bad(call, "InvalidPayload", "The resultFormat must be 'table' or 'objectArray'.")
    values.texts(body, "managementGroups")  # every subscription is in the one group of the tenant
    return _Request(
        query=query,
        subscriptions=values.texts(body, "subscriptions"),
        top=_number(call, options, "$top", PAGE, least=1, most=PAGE),
        skip=_number(call, options, "$skip", 0, least=0, most=10**9),
        token=values.text(options, "$skipToken") or "",
        as_table=shape == "table",
    )


def _default_format(call: ArmCall) -> str:
    # The default became objectArray with 2020-04-01-preview (documentation of resultFormat).
    return "table" if call.version < "2020-04-01" else "objectArray"


def _number(call: ArmCall, options: dict[str, Any], name: str, default: int, *, least: int, most: int) -> int:
    value = options.get(name)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise _bad(call, "InvalidPayload", f"The {name} must be a whole number from {least} to {most}.")
    return value


def _subscriptions(call: ArmCall, request: _Request) -> frozenset[str]:
    """Give the subscriptions to look into: those that are named, or all that the caller sees."""
    visible = frozenset(each for each in call.tenant.azure.subscriptions if call.sees(each))
    if not request.subscriptions:
        return visible
    if len(request.subscriptions) > _MOST_SUBSCRIPTIONS:
        raise _bad(call, "TooManySubscriptions", f"No more than {_MOST_SUBSCRIPTIONS} subscriptions may be named.")
    named = frozenset(each.lower() for each in request.subscriptions)
    if not named & visible:
        raise _bad(
            call,
            "NoValidSubscriptionsInQueryRequest",
            "There must be at least one subscription that is eligible to contain resources. Given: '"
            + ", ".join(sorted(named)[:10])
            + "'.",
        )
    return named & visible


# --- the answer ------------------------------------------------------------------------------------------------------


def _result(
    call: ArmCall, request: _Request, parsed: pipeline.Query, within: frozenset[str]
) -> tuple[Result, str, int]:
    """Give the rows, from an earlier page's query where it is still at hand, and where the page begins."""
    tenant = call.tenant
    key: Hashable = (request.query, within, call.caller.object_id)
    name, position = _read_token(call, request)
    known = call.services.results.find(name, key) if name else None
    if known is not None:
        return known, name, position
    readable = frozenset(each for each in within if call.may(_READ, f"/subscriptions/{each}"))
    whole = readable == within
    rows = parsed.run(list(rows_of(tenant, parsed.table, lambda path: whole or call.may(_READ, path), within)))
    result = Result(key=key, rows=rows)
    return result, call.services.results.keep(result) if len(rows) > request.top else "", position


def _read_token(call: ArmCall, request: _Request) -> tuple[str, int]:
    if not request.token:
        return "", request.skip
    try:
        name, position = json.loads(base64.urlsafe_b64decode(request.token.encode()))
    except (binascii.Error, ValueError, TypeError, RecursionError):
        name, position = None, None
    if not isinstance(name, str) or not isinstance(position, int) or position < 0:
        raise _bad(call, "InvalidSkipToken", "The provided $skipToken is not valid.")
    return name, position


def _answer(request: _Request, parsed: pipeline.Query, result: Result, name: str, position: int) -> dict[str, Any]:
    rows = result.rows[position : position + request.top]
    is_more = position + len(rows) < len(result.rows)
    may_page = not parsed.is_limited and any(kind != "dynamic" for kind in parsed.columns.values())
    body: dict[str, Any] = {
        "totalRecords": len(result.rows),
        "count": len(rows),
        "data": _table(parsed, rows) if request.as_table else _objects(parsed, rows),
        "facets": [],
        "resultTruncated": "true" if is_more and not may_page else "false",
    }
    if is_more and may_page:
        token = json.dumps([name, position + len(rows)]).encode()
        body["$skipToken"] = base64.urlsafe_b64encode(token).decode()
    return body


def _objects(parsed: pipeline.Query, rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [{name: row[name] for name in parsed.columns} for row in rows]


def _table(parsed: pipeline.Query, rows: Sequence[Any]) -> dict[str, Any]:
    return {
        "columns": [{"name": name, "type": _TYPES.get(kind, "object")} for name, kind in parsed.columns.items()],
        "rows": [[row[name] for name in parsed.columns] for row in rows],
    }


ROUTES: Final[Routes] = {("microsoft.resourcegraph", "resources"): {"POST": route(query_resources)}}
