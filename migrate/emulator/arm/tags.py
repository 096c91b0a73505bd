"""Tags: those in use in a subscription, and those of one resource or resource group.

Source: REST reference "Resource Management", operation group Tags (List, Get, Create Or Update, Update, Delete at
scope). Assumed: that ``tagNames`` counts resources and resource groups alike.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from migrate.emulator.arm import values
from migrate.emulator.arm.bodies import Record
from migrate.emulator.arm.call import ArmCall, ArmReply
from migrate.emulator.arm.errors import bad_content, group_not_found, resource_not_found, wrong_method
from migrate.emulator.arm.lookup import find_resource
from migrate.emulator.arm.resources import is_within
from migrate.emulator.arm.routing import Routes, Scope, route
from migrate.emulator.state.azure import ResourceGroup
from migrate.emulator.state.records import Host, ManagedIdentity
from migrate.emulator.state.tenant import Tenant

_TYPE: Final = "Microsoft.Resources/tags"
_OPERATIONS: Final = ("merge", "replace", "delete")
Tagged = Record | ResourceGroup


def list_names(call: ArmCall, scope: Scope) -> ArmReply:
    """GET /subscriptions/{id}/tagNames: every tag with its values, and how often each is used."""
    call.demand(f"{_TYPE}/read", scope.path)
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for record in _tagged(call.tenant, scope):
        for name, value in record.tags.items():
            found[name][value] += 1
    where = f"/subscriptions/{scope.subscription_id}/tagNames"
    return ArmReply(body={"value": [_name_body(where, name, found[name]) for name in sorted(found)]})


def _tagged(tenant: Tenant, scope: Scope) -> list[Tagged]:
    held: tuple[Record, ...] = (*tenant.identities.values(), *tenant.hosts.values(), *tenant.azure.resources.values())
    groups = (each for each in tenant.azure.groups() if each.subscription_id == scope.subscription_id)
    return [*groups, *(each for each in held if is_within(each, scope))]


def _name_body(where: str, name: str, counts: Mapping[str, int]) -> dict[str, Any]:
    tag_values = [
        {"id": f"{where}/{name}/tagValues/{value}", "tagValue": value, "count": _total(counts[value])}
        for value in sorted(counts)
    ]
    return {
        "id": f"{where}/{name}",
        "tagName": name,
        "count": _total(sum(counts.values())),
        "values": tag_values,
    }


def _total(number: int) -> dict[str, Any]:
    return {"type": "Total", "value": number}


def get_tags(call: ArmCall, scope: Scope, name: str) -> ArmReply:
    """GET {scope}/providers/Microsoft.Resources/tags/default."""
    call.demand(f"{_TYPE}/read", scope.path)
    if scope.subscription_id and not scope.group:
        return _answer(scope, {})  # a subscription's own tags are not kept
    return _answer(scope, _find(call, scope, name).tags)


def change_tags(call: ArmCall, scope: Scope, name: str) -> ArmReply:
    """PUT all tags, PATCH them by an operation, or DELETE them."""
    call.demand(f"{_TYPE}/{'delete' if call.method == 'DELETE' else 'write'}", scope.path)
    operation, sent = ("replace", {}) if call.method == "DELETE" else _sent(call)
    with call.tenant.lock:
        record = _find(call, scope, name)
        changed = _changed(record.tags, operation, sent)
        values.tags({"tags": changed})
        _save(call.tenant, replace(record, tags=MappingProxyType(changed)))
    return ArmReply() if call.method == "DELETE" else _answer(scope, changed)


def _sent(call: ArmCall) -> tuple[str, dict[str, str]]:
    body = call.json()
    tags = values.tags(values.record(body, "properties") or {})
    operation = "replace" if call.method == "PUT" else (values.text(body, "operation") or "").lower()
    if tags is None or operation not in _OPERATIONS:
        raise bad_content("The body must have properties.tags, and an operation that is Merge, Replace or Delete")
    return operation, tags


def _changed(held: Mapping[str, str], operation: str, sent: Mapping[str, str]) -> dict[str, str]:
    """Work out the new tags; their names compare without case, their values with it."""
    if operation == "replace":
        return dict(sent)
    folded = {name.lower(): value for name, value in sent.items()}
    if operation == "delete":
        return {name: value for name, value in held.items() if folded.get(name.lower()) != value}
    return {**{name: value for name, value in held.items() if name.lower() not in folded}, **sent}


def _find(call: ArmCall, scope: Scope, name: str) -> Tagged:
    kind = "/".join(scope.path.split("/")[-2:-1])
    if name.lower() != "default":
        raise resource_not_found(_TYPE, name, scope.group)
    is_group = scope.group and "/providers/" not in scope.path
    group = call.tenant.azure.group(scope.subscription_id, scope.group) if is_group else None
    found = group or find_resource(call.tenant, scope.path)
    if found is not None:
        return found
    if is_group:
        raise group_not_found(scope.group)
    if not scope.group:
        raise wrong_method(call.method)
    raise resource_not_found(kind, scope.path.rpartition("/")[2], scope.group)


def _save(tenant: Tenant, record: Tagged) -> None:
    if isinstance(record, ResourceGroup):
        tenant.azure.put_group(record)
    elif isinstance(record, ManagedIdentity):
        tenant.identities[record.principal_id] = record
    elif isinstance(record, Host):
        tenant.hosts[record.name.lower()] = record
    else:
        tenant.azure.resources[record.resource_id.lower()] = record


def _answer(scope: Scope, tags: Mapping[str, str]) -> ArmReply:
    where = f"{scope.path}/providers/{_TYPE}/default"
    return ArmReply(body={"id": where, "name": "default", "type": _TYPE, "properties": {"tags": dict(tags)}})


ROUTES: Final[Routes] = {
    ("subscriptions", "*", "tagnames"): {"GET": route(list_names)},
    ("microsoft.resources", "tags", "*"): {
        "GET": route(get_tags),
        "PUT": route(change_tags),
        "PATCH": route(change_tags),
        "DELETE": route(change_tags),
    },
}
