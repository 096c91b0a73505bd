"""Handlers for app management policies and for assigning them to applications and service principals.

Reference pages "tenantAppManagementPolicy", "appManagementPolicy", "Assign appliesTo", "Remove appliesTo" and "List
appliesTo". Assumed: the refusal of a second policy on an object, which is recorded for token lifetime policies, and of
one that is assigned already, which is recorded for owners.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import urlsplit

from migrate.emulator.graph import values
from migrate.emulator.graph.call import NO_CONTENT, Call, Reply
from migrate.emulator.graph.errors import GraphError, bad_request
from migrate.emulator.graph.objects import find_application, find_principal
from migrate.emulator.graph.odata.options import read_options
from migrate.emulator.graph.restrictions import DEFAULT, OWN, read_restrictions, restrictions_body
from migrate.emulator.graph.routing import READ, GraphRoute, Key, Routes
from migrate.emulator.graph.rows import RowType, answer_rows, check_row_options, show_row
from migrate.emulator.graph.shapes import application_body, service_principal_body
from migrate.emulator.ids import fresh_guid
from migrate.emulator.state.credentials import current
from migrate.emulator.state.policies import Policy, Restrictions
from migrate.emulator.state.purposes import Holder
from migrate.emulator.state.rules import not_found

_WRITE: Final = ("Policy.ReadWrite.ApplicationConfiguration",)
_READ: Final = ("Policy.Read.All", *_WRITE)
_ROWS: Final = RowType(
    context="policies/appManagementPolicies",
    type_name="microsoft.graph.appManagementPolicy",
    properties=frozenset({"id", "displayName", "description", "isEnabled", "restrictions"}),
)
_DEFAULT: Final = RowType(
    context="policies/defaultAppManagementPolicy",
    type_name="microsoft.graph.tenantAppManagementPolicy",
    properties=frozenset({
        "id", "displayName", "description", "isEnabled", "applicationRestrictions", "servicePrincipalRestrictions",
    }),
)  # fmt: skip
_OBJECTS: Final = RowType(context="directoryObjects", type_name="microsoft.graph.directoryObject")
_ADDRESS: Final = re.compile(r"(?:/(?:v1\.0|beta))?/+policies/appManagementPolicies(?:/([^/()]+)|\('([^/']+)'\))/*")


def _body(call: Call, policy: Policy) -> dict[str, Any]:
    return {
        "id": policy.id,
        "displayName": policy.display_name,
        "description": policy.description,
        "isEnabled": policy.enabled,
        "restrictions": restrictions_body(policy.restrictions, OWN, call.version),
    }


def get_default(call: Call) -> Reply:
    """GET /policies/defaultAppManagementPolicy."""
    policy = call.tenant.policies.default
    body = {
        "@odata.id": f"https://{call.tenant.cloud.graph_host}/v2/{call.tenant.id}/defaultAppManagementPolicy/{policy.id}",
        **_body(call, policy),
        "applicationRestrictions": restrictions_body(policy.restrictions, DEFAULT, call.version),
        "servicePrincipalRestrictions": restrictions_body(
            policy.principal_restrictions or Restrictions(), "servicePrincipalRestrictions", call.version
        ),
    }
    del body["restrictions"]
    return _shown(call, _DEFAULT, body, 200)


def update_default(call: Call) -> Reply:
    """PATCH /policies/defaultAppManagementPolicy."""
    body = call.json()
    values.known_only(body, (*_DEFAULT.properties, "@odata.id"), _DEFAULT.type_name)
    with call.tenant.lock:
        known = call.tenant.policies.default
        call.tenant.policies.default = replace(
            _named(known, body),
            restrictions=read_restrictions(body, DEFAULT, known.restrictions, call.version),
            principal_restrictions=read_restrictions(
                body, "servicePrincipalRestrictions", known.principal_restrictions or Restrictions(), call.version
            ),
        )
    return NO_CONTENT


def _named(policy: Policy, body: Mapping[str, Any]) -> Policy:
    """Apply what both kinds of policy have in common."""
    name, description = values.text(body, "displayName"), values.text(body, "description")
    enabled = values.flag(body, "isEnabled")
    return replace(
        policy,
        display_name=policy.display_name if name is None else name,
        description=policy.description if description is None else description,
        enabled=policy.enabled if enabled is None else enabled,
    )


def list_policies(call: Call) -> Reply:
    """GET /policies/appManagementPolicies."""
    return answer_rows(call, _ROWS, (_body(call, each) for each in call.tenant.policies.custom.values()))


def create_policy(call: Call) -> Reply:
    """POST /policies/appManagementPolicies; a display name and a description are required."""
    body = call.json()
    values.known_only(body, tuple(_ROWS.properties), _ROWS.type_name)
    for name in ("displayName", "description"):
        if not values.text(body, name):
            raise bad_request(f"A value is required for property '{name}' of resource 'AppManagementPolicy'.",
                              "Request_BadRequest")  # fmt: skip
    policy = _changed(call, Policy(id=fresh_guid(), display_name="", description=""), body)
    with call.tenant.lock:
        call.tenant.policies.custom[policy.id] = policy
    return _shown(call, _ROWS, _body(call, policy), 201)


def _changed(call: Call, policy: Policy, body: Mapping[str, Any]) -> Policy:
    restrictions = read_restrictions(body, OWN, policy.restrictions, call.version)
    return replace(_named(policy, body), restrictions=restrictions)


def _shown(call: Call, kind: RowType, body: dict[str, Any], status: int) -> Reply:
    options = read_options(call.query)
    check_row_options(kind, options)
    context = call.context(f"{kind.context}/$entity")
    return Reply(status=status, body={"@odata.context": context, **show_row(kind, body, options)})


def _find(call: Call, key: Key) -> Policy:
    policy = call.tenant.policies.custom.get(key[1].lower())
    if policy is None:
        raise not_found(key[1])
    return policy


def get_policy(call: Call, key: Key) -> Reply:
    """GET /policies/appManagementPolicies/{id}."""
    return _shown(call, _ROWS, _body(call, _find(call, key)), 200)


def update_policy(call: Call, key: Key) -> Reply:
    """PATCH /policies/appManagementPolicies/{id}."""
    body = call.json()
    values.known_only(body, tuple(_ROWS.properties), _ROWS.type_name)
    with call.tenant.lock:
        policy = _find(call, key)
        call.tenant.policies.custom[policy.id] = _changed(call, policy, body)
    return NO_CONTENT


def delete_policy(call: Call, key: Key) -> Reply:
    """DELETE /policies/appManagementPolicies/{id}."""
    with call.tenant.lock:
        call.tenant.policies.delete(_find(call, key).id)
    return NO_CONTENT


def list_applies_to(call: Call, key: Key) -> Reply:
    """GET /policies/appManagementPolicies/{id}/appliesTo; needs a permission to read applications as well."""
    call.demand(*READ)
    return answer_rows(call, _OBJECTS, _holders(call, _find(call, key).id))


def _holders(call: Call, policy_id: str) -> Iterator[dict[str, Any]]:
    tenant = call.tenant
    for holder_id in [holder for holder, policy in tenant.policies.assigned.items() if policy == policy_id]:
        application, principal = tenant.applications.get(holder_id), tenant.service_principals.get(holder_id)
        if application is not None:
            body = application_body(tenant, application, call.version)
            yield {"@odata.type": "#microsoft.graph.application", **body}
        elif principal is not None:
            body = service_principal_body(tenant, principal, call.version)
            yield {"@odata.type": "#microsoft.graph.servicePrincipal", **body}


def application_policies(call: Call, key: Key) -> Reply:
    """GET /applications/{key}/appManagementPolicies."""
    return _assigned(call, find_application(call, key))


def principal_policies(call: Call, key: Key) -> Reply:
    """GET /servicePrincipals/{key}/appManagementPolicies."""
    return _assigned(call, find_principal(call, key))


def _assigned(call: Call, holder: Holder) -> Reply:
    call.demand(*READ)
    book = call.tenant.policies
    policy = book.custom.get(book.assigned.get(holder.id, ""))
    return answer_rows(call, _ROWS, () if policy is None else (_body(call, policy),))


def assign_to_application(call: Call, key: Key) -> Reply:
    """POST /applications/{key}/appManagementPolicies/$ref."""
    return _assign(call, find_application(call, key))


def assign_to_principal(call: Call, key: Key) -> Reply:
    """POST /servicePrincipals/{key}/appManagementPolicies/$ref."""
    return _assign(call, find_principal(call, key))


def _assign(call: Call, holder: Holder) -> Reply:
    call.demand(*READ)
    with call.tenant.lock:
        policy = _find(call, ("id", _named_in(values.text(call.json(), "@odata.id"))))
        assigned = call.tenant.policies.assigned
        if assigned.get(current(call.tenant, holder).id) == policy.id:
            raise bad_request("One or more added object references already exist for the following modified "
                              "properties: 'appManagementPolicies'.", "Request_BadRequest")  # fmt: skip
        if holder.id in assigned:
            raise GraphError(409, "Request_MultipleObjectsWithSameKeyValue",
                             "Request contains property changes that would result in property-uniqueness "
                             "violation(s). Please retry your request with corrected values.")  # fmt: skip
        assigned[holder.id] = policy.id
    return NO_CONTENT


def _named_in(address: str | None) -> str:
    try:
        match = _ADDRESS.fullmatch(urlsplit(address or "").path)
    except ValueError:
        match = None
    policy_id = (match[1] or match[2]) if match else ""
    if not values.GUID.fullmatch(policy_id):
        raise bad_request(f"Invalid object reference '{address}' in '@odata.id'.", "Request_BadRequest")
    return policy_id


def remove_from_application(call: Call, key: Key, policy: Key) -> Reply:
    """DELETE /applications/{key}/appManagementPolicies/{id}/$ref."""
    return _unassign(call, find_application(call, key), policy)


def remove_from_principal(call: Call, key: Key, policy: Key) -> Reply:
    """DELETE /servicePrincipals/{key}/appManagementPolicies/{id}/$ref."""
    return _unassign(call, find_principal(call, key), policy)


def _unassign(call: Call, holder: Holder, policy: Key) -> Reply:
    call.demand(*READ)
    with call.tenant.lock:
        if call.tenant.policies.assigned.get(holder.id) != policy[1].lower():
            raise not_found(policy[1])
        del call.tenant.policies.assigned[holder.id]
    return NO_CONTENT


_POLICIES: Final = ("policies", "appManagementPolicies")
_APPLICATION: Final = ("applications", "*", "appManagementPolicies")
_PRINCIPAL: Final = ("servicePrincipals", "*", "appManagementPolicies")


def _read(handler: Any) -> GraphRoute:
    return GraphRoute(handler=handler, permissions=_READ)


def _write(handler: Any) -> GraphRoute:
    return GraphRoute(handler=handler, permissions=_WRITE)


ROUTES: Final[Routes] = {
    ("policies", "defaultAppManagementPolicy"): {"GET": _read(get_default), "PATCH": _write(update_default)},
    _POLICIES: {"GET": _read(list_policies), "POST": _write(create_policy)},
    (*_POLICIES, "*"): {"GET": _read(get_policy), "PATCH": _write(update_policy), "DELETE": _write(delete_policy)},
    (*_POLICIES, "*", "appliesTo"): {"GET": _read(list_applies_to)},
    _APPLICATION: {"GET": _read(application_policies)},
    (*_APPLICATION, "$ref"): {"POST": _write(assign_to_application)},
    (*_APPLICATION, "*", "$ref"): {"DELETE": _write(remove_from_application)},
    _PRINCIPAL: {"GET": _read(principal_policies)},
    (*_PRINCIPAL, "$ref"): {"POST": _write(assign_to_principal)},
    (*_PRINCIPAL, "*", "$ref"): {"DELETE": _write(remove_from_principal)},
}
