"""Machines, sites, slots, container apps, Arc machines and clusters: reading, making, changing and removing them.

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
from migrate.emulator.arm.errors import ArmError, parent_not_found
from migrate.emulator.arm.listing import listed
from migrate.emulator.arm.lookup import find_host, the_host
from migrate.emulator.arm.providers import is_location
from migrate.emulator.arm.resources import is_within
from migrate.emulator.arm.routing import ArmRoute, Routes, Scope, route
from migrate.emulator.arm.workloads import instance_view
from migrate.emulator.state import managed
from migrate.emulator.state.records import HOST_TYPES, Host, HostKind, host_path
from migrate.emulator.state.tenant import Tenant

_NAME: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9_])?", re.ASCII)
_DERIVED: Final = frozenset({"outboundIpAddresses", "possibleOutboundIpAddresses", "oidcIssuerProfile", "vmId",
                             "provisioningState", "state", "siteConfig"})  # fmt: skip
"""Properties that follow from the tenant's state, or are write-only; sending them back does not set them."""


_Handler = Callable[..., ArmReply]


def _lister(kind: HostKind) -> _Handler:
    def list_hosts(call: ArmCall, scope: Scope, *site: str) -> ArmReply:
        """GET the hosts of a kind in a subscription or a resource group, or the slots of a site."""
        tenant = call.tenant
        begin = "".join(f"{the_host(call, scope, 'app-service', one).name}/" for one in site)

        def show(host: Host) -> dict[str, Any] | None:
            if host.kind != kind or not host.name.startswith(begin) or not is_within(host, scope):
                return None
            return full_body(tenant, host)

        return listed(call, (tenant.hosts, show))

    return list_hosts


def _getter(kind: HostKind) -> _Handler:
    def get_host(call: ArmCall, scope: Scope, *names: str) -> ArmReply:
        """GET one host; ``$expand=instanceView`` adds the state of a virtual machine."""
        host = the_host(call, scope, kind, "/".join(names))
        shown = full_body(call.tenant, host)
        if kind == "vm" and "instanceview" in call.query.get("$expand", "").lower():
            shown["properties"]["instanceView"] = instance_view(call.tenant, host)
        return ArmReply(body=shown)

    return get_host


def _patcher(kind: HostKind) -> _Handler:
    def patch_host(call: ArmCall, scope: Scope, *names: str) -> ArmReply:
        """PATCH a host: what is not named stays."""
        body = call.json()
        wish, tags, others = read_wish(body), values.tags(body), values.record(body, "properties") or {}
        with call.tenant.lock:
            host = the_host(call, scope, kind, "/".join(names))
            if wish is not None:
                host = attach(call, host, wish, replaces=False)
            if tags is not None:
                host = replace(host, tags=MappingProxyType(tags))
            host = _with(call.tenant, host, others)
            call.tenant.hosts[host.name.lower()] = host
        return ArmReply(body=full_body(call.tenant, host))

    return patch_host


def _putter(kind: HostKind) -> _Handler:
    def put_host(call: ArmCall, scope: Scope, *names: str) -> ArmReply:
        """PUT a host: make it, or replace its tags and identities."""
        body = call.json()
        wish, tags, others = read_wish(body), values.tags(body), values.record(body, "properties") or {}
        location = values.text(body, "location")
        with call.tenant.lock:
            known = find_host(call.tenant, scope, kind, "/".join(names))
            host = _new(call, scope, kind, names, location) if known is None else known
            nothing = Wish(kinds=frozenset(), added=(), removed=())
            host = attach(call, host, wish or nothing, replaces=True)
            host = _with(call.tenant, replace(host, tags=MappingProxyType(tags or {})), others)
            call.tenant.hosts[host.name.lower()] = host
        return ArmReply(status=201 if known is None else 200, body=full_body(call.tenant, host))

    return put_host


def _deleter(kind: HostKind) -> _Handler:
    def delete_host(call: ArmCall, scope: Scope, *names: str) -> ArmReply:
        """DELETE a host with its system-assigned identity and its slots: 200, or 204 when there was none."""
        tenant = call.tenant
        with tenant.lock:
            known = find_host(tenant, scope, kind, "/".join(names))
            if known is None:
                return NO_CONTENT
            slots = [one for one in tenant.hosts.values() if one.name.startswith(f"{known.name}/")]
            for each in (*slots, known):
                managed.set_attached(tenant, each, (), has_own=False)
                tenant.hosts.remove(each.name.lower())
        return ArmReply(status=200)

    return delete_host


def get_instance_view(call: ArmCall, scope: Scope, name: str) -> ArmReply:
    """GET .../virtualMachines/{name}/instanceView."""
    return ArmReply(body=instance_view(call.tenant, the_host(call, scope, "vm", name)))


def _new(call: ArmCall, scope: Scope, kind: HostKind, names: tuple[str, ...], location: str | None) -> Host:
    if not location:
        raise ArmError(400, "LocationRequired", "The location property is required for this definition.")
    if not is_location(location):
        raise values.no_location(location)
    if not _NAME.fullmatch(names[-1]):
        raise ArmError(400, "InvalidResourceName", f"The resource name '{names[-1]}' is invalid.")
    for one in names[:-1]:
        if find_host(call.tenant, scope, "app-service", one) is None:
            raise parent_not_found(HOST_TYPES[kind], scope.child("providers", host_path("app-service", one)))
    name = "/".join(names)
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
    stars = "/".join("*" for _ in HOST_TYPES[kind].split("/")[1:])
    path, action = tuple(host_path(kind, stars).lower().split("/"))[:-1], HOST_TYPES[kind]
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
