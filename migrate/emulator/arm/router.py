"""Which handler answers which request: the routes of all areas together, and what is said of everything else."""

from collections.abc import Iterable
from types import ModuleType
from typing import Final

from migrate.emulator.arm import (
    assignments,
    associated,
    containers,
    federated,
    hosts,
    identities,
    network,
    publishing,
    resource_graph,
    resources,
    settings,
    subscriptions,
    tags,
)
from migrate.emulator.arm.call import NO_CONTENT, ArmCall, ArmReply
from migrate.emulator.arm.errors import (
    ArmError,
    group_not_found,
    parent_not_found,
    resource_not_found,
    subscription_not_found,
    unknown_namespace,
    unknown_type,
    wrong_method,
)
from migrate.emulator.arm.lookup import find_resource
from migrate.emulator.arm.providers import PROVIDERS, all_providers, is_namespace
from migrate.emulator.arm.routing import ArmRoute, Routes, Target, parse

_AREAS: Final[tuple[ModuleType, ...]] = (
    assignments, associated, containers, federated, hosts, identities, network, publishing, resource_graph, resources,
    settings, subscriptions, tags,
)  # fmt: skip
"""The modules that declare ``ROUTES``."""


def _merged(areas: Iterable[ModuleType]) -> Routes:
    merged: dict[tuple[str, ...], dict[str, ArmRoute]] = {}
    for area in areas:
        for pattern, methods in area.ROUTES.items():
            taken = merged.setdefault(pattern, {})
            if not taken.keys().isdisjoint(methods):
                raise ValueError(f"{area.__name__} serves {'/'.join(pattern)}, which another area serves")
            taken.update(methods)
    return merged


ROUTES: Final = _merged(_AREAS)
"""Everything that is served, by pattern."""


def dispatch(call: ArmCall) -> ArmReply:
    """Answer a request."""
    if not call.version:
        raise ArmError(
            400,
            "MissingApiVersionParameter",
            "The api-version query parameter (?api-version=) is required for all requests.",
        )
    target = parse(call.path)
    subscription = target.scope.subscription_id
    if subscription and subscription not in call.tenant.azure.subscriptions:
        raise subscription_not_found(subscription)
    methods = ROUTES.get(target.pattern or _plain(target))
    if methods is None:
        return _not_served(call, target)
    found = methods.get(call.method) or (methods.get("GET") if call.method == "HEAD" else None)
    if found is None:
        raise wrong_method(call.method)
    if found.action:
        call.demand(found.action, target.named)
    if target.namespace:
        _check_group(call, target)
    return found.handler(call, target.scope, *target.names)


def is_served(path: str) -> bool:
    """Tell whether a handler answers for a path, or it is only answered as for resources that do not exist."""
    target = parse(path)
    is_provider = bool(target.namespace) and target.below in ((), ("register",))
    return (target.pattern or _plain(target)) in ROUTES or is_provider


def _plain(target: Target) -> tuple[str, ...]:
    """Give the pattern of a path without a provider: ids at the odd places become stars."""
    segments = target.scope.path.lower().split("/")[1:]
    return tuple("*" if index % 2 else part for index, part in enumerate(segments)) or ("",)


def _check_group(call: ArmCall, target: Target) -> None:
    scope = target.scope
    if scope.group and call.tenant.azure.group(scope.subscription_id, scope.group) is None:
        raise group_not_found(scope.group)


def _not_served(call: ArmCall, target: Target) -> ArmReply:
    """Answer for what no handler serves, as for resources that do not exist."""
    if not target.namespace:
        raise ArmError(404, "NotFound", f"The requested path '/{call.path.strip('/')}' was not found.")
    if not target.below:
        return _provider(call, target)
    if not is_namespace(target.namespace):
        raise unknown_namespace(target.namespace)
    if target.below == ("register",) and target.scope.subscription_id and call.method == "POST":
        call.demand(f"{target.namespace}/register/action", target.scope.path)
        return _provider(call, target)
    kind = "/".join(target.types)
    known = PROVIDERS.get(target.namespace.lower())
    if known is not None and kind.lower() not in {each.lower() for each in known.types}:
        raise unknown_type(target.namespace, kind, call.version)
    call.demand(f"{target.namespace}/{kind}/{_VERBS.get(call.method, 'action')}", target.named)
    _check_group(call, target)
    return _unserved_resource(call, target, kind)


_VERBS: Final = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}


def _unserved_resource(call: ArmCall, target: Target, kind: str) -> ArmReply:
    is_list = len(target.types) > len(target.names)
    if len(target.names) - (0 if is_list else 1) > 0:
        parent = target.scope.child("providers", target.namespace, *target.below[: 2 * (len(target.types) - 1)])
        if find_resource(call.tenant, parent) is None:
            raise parent_not_found(f"{target.namespace}/{kind}", parent)
    if is_list and call.method == "GET":
        return ArmReply(body={"value": []})
    if not is_list and call.method == "DELETE":
        return NO_CONTENT
    name = "/".join(target.names)
    if call.method == "PUT":
        raise ArmError(
            405, "HttpMethodNotAllowed",
            f"The embedded tenant does not make resources of the type '{target.namespace}/{kind}'.",
        )  # fmt: skip
    raise resource_not_found(f"{target.namespace}/{kind}", name, target.scope.group)


def _provider(call: ArmCall, target: Target) -> ArmReply:
    wanted = target.namespace.lower()
    known = next((each for each in all_providers() if each.namespace.lower() == wanted), None)
    if known is None:
        raise unknown_namespace(target.namespace)
    if call.method not in ("GET", "HEAD") and not target.below:
        raise wrong_method(call.method)
    return ArmReply(body=known.body(target.scope.subscription_id))
