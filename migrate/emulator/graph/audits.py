"""The audit log of the directory: noting changes of credentials as they happen, and ``auditLogs/directoryAudits``.

Pages "List directoryAudits" and "directoryAudit resource type". Assumed: records show at once, an application that asks
is told by its service principal, and the newest comes first.
"""

import json
import uuid
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from migrate.emulator.graph.bodies import stamp
from migrate.emulator.graph.call import Call, Reply
from migrate.emulator.graph.odata.options import check_names, pick, read_options
from migrate.emulator.graph.odata.paging import decode_position, next_link
from migrate.emulator.graph.routing import Key, Routes, audit
from migrate.emulator.state.audits import Audit, activity, described
from migrate.emulator.state.purposes import Holder
from migrate.emulator.state.tenant import Tenant

_LARGEST: Final = 1000
_FIELDS: Final = frozenset({
    "id", "category", "correlationId", "result", "resultReason", "activityDisplayName", "activityDateTime",
    "loggedByService", "operationType", "initiatedBy", "targetResources", "additionalDetails",
})  # fmt: skip
_HOLDERS: Final = ("applications", "servicePrincipals")
Handler = Callable[..., Reply]


def noting(handler: Handler, method: str, pattern: tuple[str, ...]) -> Handler:
    """Return a handler that also notes which credentials it changed."""
    if method == "GET" or pattern[0] not in _HOLDERS:
        return handler

    def noted(call: Call, *keys: Key) -> Reply:
        before = _addressed(call.tenant, pattern, keys)
        reply = handler(call, *keys)
        after = _addressed(call.tenant, pattern, keys) if keys else _made(call.tenant, pattern, reply)
        if after is not None and described(before) != described(after):
            _note(call, before, after)
        return reply

    return noted


def _addressed(tenant: Tenant, pattern: tuple[str, ...], keys: Sequence[Key]) -> Holder | None:
    if not keys:
        return None
    table: Any = tenant.applications if pattern[0] == _HOLDERS[0] else tenant.service_principals
    name, value = keys[0]
    found: Holder | None
    if name == "uniqueName":
        found = next((each for each in table if each.others.get("uniqueName") == value), None)
    else:
        found = table.with_app_id(value) if name == "appId" else table.get(value)
    return found


def _made(tenant: Tenant, pattern: tuple[str, ...], reply: Reply) -> Holder | None:
    made = json.loads(reply.body) if isinstance(reply.body, str) else reply.body
    return _addressed(tenant, pattern, [("id", str(made["id"]))]) if made and "id" in made else None


def _note(call: Call, before: Holder | None, after: Holder) -> None:
    tenant, asks = call.tenant, call.tenant.service_principals.with_app_id(call.caller.app_id)
    name, operation = activity(before, after)
    correlation = str(uuid.uuid4())
    on_principal = tenant.service_principals.get(after.id) is not None
    with tenant.lock:
        number = len(tenant.audits) + 1
        tenant.audits.append(
            Audit(
                id=f"Directory_{correlation}_{correlation[:5].upper()}_{number}", at=tenant.clock.now(),
                correlation_id=correlation, activity=name, operation=operation, actor_id=asks.id if asks else "",
                actor_name=asks.display_name if asks else "", target_id=after.id, target_app_id=after.app_id,
                target_name=after.display_name, on_service_principal=on_principal, before=described(before),
                after=described(after),
            )
        )  # fmt: skip


def _body(entry: Audit) -> dict[str, Any]:
    target = {
        "id": entry.target_id,
        "displayName": entry.target_name,
        "type": "ServicePrincipal" if entry.on_service_principal else "Application",
        "userPrincipalName": None,
        "groupType": None,
        "modifiedProperties": [
            _property("KeyDescription", json.dumps(entry.before), json.dumps(entry.after)),
            _property("Included Updated Properties", None, json.dumps("KeyDescription")),
        ],
    }
    app = {
        "appId": None,
        "displayName": entry.actor_name or None,
        "servicePrincipalId": entry.actor_id or None,
        "servicePrincipalName": None,
    }
    return {
        "id": entry.id,
        "category": "ApplicationManagement",
        "correlationId": entry.correlation_id,
        "result": "success",
        "resultReason": "",
        "activityDisplayName": entry.activity,
        "activityDateTime": stamp(entry.at),
        "loggedByService": "Core Directory",
        "operationType": entry.operation,
        "initiatedBy": {"user": None, "app": app},
        "targetResources": [target],
        "additionalDetails": [{"key": "AppId", "value": entry.target_app_id}],
    }


def _property(name: str, old: str | None, new: str) -> dict[str, Any]:
    return {"displayName": name, "oldValue": old, "newValue": new}


def list_audits(call: Call) -> Reply:
    """GET /auditLogs/directoryAudits."""
    options = read_options(call.query, largest_page=_LARGEST)
    names = options.filter.properties if options.filter else frozenset()
    check_names(names, _FIELDS, "microsoft.graph.directoryAudit", clause="Invalid filter clause: ")
    context = {"@odata.context": call.context("auditLogs/directoryAudits")}
    size = options.top or _LARGEST
    last = None if options.skip_token is None else decode_position(options.skip_token)
    found = (
        (place, body) for place, body in _newest_first(call.tenant, last)
        if options.filter is None or options.filter.test(body)
    )  # fmt: skip
    page = list(islice(found, size))
    if len(page) == size and next(found, None) is not None:
        context["@odata.nextLink"] = next_link(f"{call.base}/{call.path}", call.query, page[-1][0])
    return Reply(body={**context, "value": [pick(body, options.select) for _, body in page]})


def _newest_first(tenant: Tenant, before: int | None) -> Iterator[tuple[int, dict[str, Any]]]:
    log = tuple(tenant.audits)
    oldest = bisect_left(log, tenant.clock.now() - tenant.retention, key=lambda entry: entry.at)
    for place in range((len(log) if before is None else min(before, len(log))) - 1, oldest - 1, -1):
        yield place, _body(log[place])


ROUTES: Final[Routes] = {("auditLogs", "directoryAudits"): {"GET": audit(list_audits)}}
