"""Virtual machines, sites, container apps, Arc machines and clusters: reading, making, changing and removing them.

Sources: the REST references of their providers. Properties that a client sets beyond those served are kept and shown
again. Assumed: that a host's name must be free in the whole tenant, which is so for sites alone; the embedded tenant
finds a host's metadata service by its name.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from migrate.emulator.arm import values
from migrate.emulator.arm.attach import Wish, attach, read_wish
from migrate.emulator.arm.bodies import full_body, properties_of
from migrate.emulator.arm.call import NO_CONTENT, ArmCall, ArmReply
from migrate.emulator.arm.errors import ArmError
from migrate.emulator.arm.listing import listed
from migrate.emulator.arm.lookup import find_host, the_host
from migrate.emulator.arm.providers import is_location
from migrate.emulator.arm.resources import is_within
from migrate.emulator.arm.routing import ArmRoute, Routes, Scope, route
from migrate.emulator.arm.workloads import instance_view
from migrate.emulator.state import managed
from migrate.emulator.state.records import HOST_TYPES, Host, HostKind
from migrate.emulator.state.tenant import Tenant

_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9_])?", re.ASCII)
_DERIVED: Final = frozenset({"outboundIpAddresses", "possibleOutboundIpAddresses", "oidcIssuerProfile", "vmId",
                             "provisioningState", "state", "siteConfig"})  # fmt: skip
"""Properties that follow from the tenant's state, or are write-only; sending them back does not set them."""


def _lister(kind: HostKind) -> Callable[[ArmCall, Scope], ArmReply]:
    def list_hosts(call: ArmCall, scope: Scope) -> ArmReply:
        """GET the hosts of a kind in a subscription or a resource group."""
        tenant = call.tenant

        def show(host: Host) -> dict[str, Any] | None:
            return full_body(tenant, host) if host.kind == kind and is_within(host, scope) else None

        return listed(call, (tenant.hosts, show))

    return list_hosts


def _getter(kind: HostKind) -> Callable[[ArmCall, Scope, str], ArmReply]:
    def get_host(call: ArmCall, scope: Scope, name: str) -> ArmReply:
        """GET one host; ``$expand=instanceView`` adds the state of a virtual machine."""
        host = the_host(call, scope, kind, name)
        shown = full_body(call.tenant, host)
        if kind == "vm" and "instanceview" in call.query.get("$expand", "").lower():
            shown["properties"]["instanceView"] = instance_view(call.tenant, host)
        return ArmReply(body=shown)

    return get_host


def _patcher(kind: HostKind) -> Callable[[ArmCall, Scope, str], ArmReply]:
    def patch_host(call: ArmCall, scope: Scope, name: str) -> ArmReply:
        """PATCH a host: what is not named stays."""
        body = call.json()
        wish, tags, others = read_wish(body), values.tags(body), values.record(body, "properties") or {}
        with call.tenant.lock:
            host = the_host(call, scope, kind, name)
            if wish is not None:
                host = attach(call, host, wish, replaces=False)
            if tags is not None:
                host = replace(host, tags=MappingProxyType(tags))
            host = _with(call.tenant, host, others)
            call.tenant.hosts[host.name.lower()] = host
        return ArmReply(body=full_body(call.tenant, host))

    return patch_host


def _putter(kind: HostKind) -> Callable[[ArmCall, Scope, str], ArmReply]:
    def put_host(call: ArmCall, scope: Scope, name: str) -> ArmReply:
        """PUT a host: make it, or replace its tags and identities."""
        body = call.json()
        wish, tags, others = read_wish(body), values.tags(body), values.record(body, "properties") or {}
        location = values.text(body, "location")
        with call.tenant.lock:
            known = find_host(call.tenant, scope, kind, name)
            host = _new(call, scope, kind, name, location) if known is None else known
            nothing = Wish(kinds=frozenset(), added=(), removed=())
            host = attach(call, host, wish or nothing, replaces=True)
            host = _with(call.tenant, replace(host, tags=MappingProxyType(tags or {})), others)
            call.tenant.hosts[host.name.lower()] = host
        return ArmReply(status=201 if known is None else 200, body=full_body(call.tenant, host))

    return put_host


def _deleter(kind: HostKind) -> Callable[[ArmCall, Scope, str], ArmReply]:
    def delete_host(call: ArmCall, scope: Scope, name: str) -> ArmReply:
        """DELETE a host with its system-assigned identity: 200, or 204 when there was none."""
        with call.tenant.lock:
            known = find_host(call.tenant, scope, kind, name)
            if known is None:
                return NO_CONTENT
            managed.set_attached(call.tenant, known, (), has_own=False)
            call.tenant.hosts.remove(known.name.lower())
        return ArmReply(status=200)

    return delete_host


def get_instance_view(call: ArmCall, scope: Scope, name: str) -> ArmReply:
    """GET .../virtualMachines/{name}/instanceView."""
    return ArmReply(body=instance_view(call.tenant, the_host(call, scope, "vm", name)))


def _new(call: ArmCall, scope: Scope, kind: HostKind, name: str, location: str | None) -> Host:
    if not location:
        raise ArmError(400, "LocationRequired", "The location property is required for this definition.")
    if not is_location(location):
        raise values.no_location(location)
    if not _NAME.fullmatch(name):
        raise ArmError(400, "InvalidResourceName", f"The resource name '{name}' is invalid.")
    if name.lower() in call.tenant.hosts:
        raise ArmError(409, "Conflict", f"A host with the name '{name}' already exists in the embedded tenant.")
    return Host(
        name=name,
        kind=kind,
        subscription_id=scope.subscription_id,
        group=scope.group,
        location=values.region(location),
    )


def _with(tenant: Tenant, host: Host, others: dict[str, Any]) -> Host:
    shown = properties_of(tenant, replace(host, others=MappingProxyType({})))
    changed = {
        name: value for name, value in others.items() if name not in _DERIVED and shown.get(name) != value
    }  # fmt: skip
    return replace(host, others=MappingProxyType({**host.others, **changed})) if changed else host


def _routes(kind: HostKind) -> dict[tuple[str, ...], dict[str, ArmRoute]]:
    path, action = tuple(HOST_TYPES[kind].lower().split("/")), HOST_TYPES[kind]
    return {
        path: {"GET": route(_lister(kind), f"{action}/read")},
        (*path, "*"): {
            "GET": route(_getter(kind), f"{action}/read"),
            "PUT": route(_putter(kind), f"{action}/write"),
            "PATCH": route(_patcher(kind), f"{action}/write"),
            "DELETE": route(_deleter(kind), f"{action}/delete"),
        },
    }


_VIEW: Final = ("microsoft.compute", "virtualmachines", "*", "instanceview")

ROUTES: Final[Routes] = {
    **{pattern: methods for kind in HOST_TYPES for pattern, methods in _routes(kind).items()},
    _VIEW: {"GET": route(get_instance_view, "Microsoft.Compute/virtualMachines/instanceView/read")},
}
