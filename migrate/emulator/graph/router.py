"""Which handler answers which request, and with which permission.

Permissions are the application permissions of the reference pages' tables. Reading a single federated credential asks
for no more than listing them does.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote

from migrate.emulator.graph import activity, federated, objects
from migrate.emulator.graph.call import Call, Reply
from migrate.emulator.graph.errors import GraphError, unknown_segment
from migrate.emulator.graph.objects import Key
from migrate.emulator.state.rules import RuleBreachError

_WRITE: Final = ("Application.ReadWrite.All",)
_READ: Final = ("Application.Read.All", "Directory.Read.All", *_WRITE)
_AUDIT: Final = ("AuditLog.Read.All",)
_ORGANIZATION: Final = ("Organization.Read.All", *_READ)

_ALTERNATE: Final = re.compile(r"(?P<collection>\w+)\((?P<name>\w+)='(?P<value>(?:[^']|'')*)'\)")
_ALTERNATE_KEYS: Final = {
    "applications": ("appId", "uniqueName"),
    "servicePrincipals": ("appId",),
    "federatedIdentityCredentials": ("name",),
}
_APP: Final = "applications"
_PRINCIPAL: Final = "servicePrincipals"
_FEDERATED: Final = "federatedIdentityCredentials"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Route:
    handler: Callable[..., Reply]
    permissions: tuple[str, ...]
    versions: tuple[str, ...] = ("v1.0", "beta")


def _read(handler: Callable[..., Reply], *versions: str) -> _Route:
    return _Route(handler=handler, permissions=_READ, versions=versions or ("v1.0", "beta"))


def _write(handler: Callable[..., Reply]) -> _Route:
    return _Route(handler=handler, permissions=_WRITE)


def _audit(handler: Callable[..., Reply], *versions: str) -> _Route:
    return _Route(handler=handler, permissions=_AUDIT, versions=versions or ("v1.0", "beta"))


# Paths with their keys taken out: "*" stands for a key.
_ROUTES: Final[dict[tuple[str, ...], dict[str, _Route]]] = {
    ("organization",): {"GET": _Route(handler=activity.organization, permissions=_ORGANIZATION)},
    (_APP,): {"GET": _read(objects.list_applications), "POST": _write(objects.create_application)},
    (_APP, "$count"): {"GET": _read(objects.count_applications)},
    (_APP, "*"): {
        "GET": _read(objects.get_application),
        "PATCH": _write(objects.update_application),
        "DELETE": _write(objects.delete_application),
    },
    (_APP, "*", "owners"): {"GET": _read(objects.application_owners)},
    (_APP, "*", "addPassword"): {"POST": _write(objects.add_application_password)},
    (_APP, "*", "removePassword"): {"POST": _write(objects.remove_application_password)},
    (_APP, "*", _FEDERATED): {"GET": _read(federated.list_federated), "POST": _write(federated.create_federated)},
    (_APP, "*", _FEDERATED, "*"): {
        "GET": _read(federated.get_federated),
        "PATCH": _write(federated.update_federated),
        "DELETE": _write(federated.delete_federated),
    },
    (_PRINCIPAL,): {"GET": _read(objects.list_principals), "POST": _write(objects.create_principal)},
    (_PRINCIPAL, "$count"): {"GET": _read(objects.count_principals)},
    (_PRINCIPAL, "*"): {"GET": _read(objects.get_principal), "PATCH": _write(objects.update_principal)},
    (_PRINCIPAL, "*", "owners"): {"GET": _read(objects.principal_owners)},
    (_PRINCIPAL, "*", "addPassword"): {"POST": _write(objects.add_principal_password)},
    (_PRINCIPAL, "*", "removePassword"): {"POST": _write(objects.remove_principal_password)},
    (_PRINCIPAL, "*", _FEDERATED): {"GET": _read(objects.principal_federated)},
    ("auditLogs", "signIns"): {"GET": _audit(activity.list_sign_ins)},
    ("reports", "appCredentialSignInActivities"): {"GET": _audit(activity.list_credential_activities, "beta")},
    ("reports", "servicePrincipalSignInActivities"): {"GET": _audit(activity.list_application_activities, "beta")},
}


def dispatch(call: Call, method: str) -> Reply:
    """Answer a request."""
    pattern, keys = _split(call.path)
    methods = _ROUTES.get(pattern)
    if methods is None:
        raise unknown_segment(_first_unknown(pattern, call.path))
    route = methods.get(method)
    if route is None:
        raise GraphError(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
    if call.version not in route.versions:
        raise unknown_segment(pattern[-1])
    call.demand(*route.permissions)
    try:
        return route.handler(call, *keys)
    except RuleBreachError as breach:
        raise GraphError(breach.status, breach.code, breach.message) from breach


def _split(path: str) -> tuple[tuple[str, ...], list[Key]]:
    """Take the keys out of a path: ``x/{id}``, ``x('id')`` and ``x(appId='..')`` all become ``x/*``."""
    pattern: list[str] = []
    keys: list[Key] = []
    for raw in path.split("/")[1:]:
        segment = unquote(raw)
        match = _ALTERNATE.fullmatch(segment) or re.fullmatch(r"(?P<collection>\w+)\('(?P<value>[^']*)'\)", segment)
        if match is not None and match["collection"] in _ALTERNATE_KEYS:
            name = match.groupdict().get("name") or "id"
            if name != "id" and name not in _ALTERNATE_KEYS[match["collection"]]:
                raise GraphError(400, "BadRequest", f"'{name}' is not an alternate key of '{match['collection']}'.")
            pattern += [match["collection"], "*"]
            keys.append((name, match["value"].replace("''", "'")))
        elif pattern and pattern[-1] in _ALTERNATE_KEYS and not segment.startswith("$"):
            pattern.append("*")
            keys.append(("id", segment))
        elif segment:
            pattern.append(segment)
    return tuple(pattern), keys


def _first_unknown(pattern: tuple[str, ...], path: str) -> str:
    known: Any = ()
    for index, segment in enumerate(pattern):
        known = pattern[: index + 1]
        if not any(route[: index + 1] == known for route in _ROUTES):
            return segment
    return path.rpartition("/")[2]
