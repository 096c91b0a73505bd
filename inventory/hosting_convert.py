"""From the rows of Azure Resource Graph and the answers of Azure Resource Manager to the values of estate.py. Pure.

A row that cannot be understood becomes a ScanNote, so that one odd resource never hides the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from ipaddress import ip_address
from typing import Protocol, TypeVar

import msgspec

from inventory import settings_kind
from inventory.estate import AssignedIdentity, Host, HostSetting
from inventory.hosting_wire import (
    WireAddress,
    WireAttached,
    WireConnections,
    WireContainer,
    WireHost,
    WireIdentityRow,
    WireInterface,
    WireResource,
    WireSettings,
    WireSignInSettings,
    WireTrust,
    WireTrustProperties,
    WireVariable,
    WireVariables,
)
from inventory.model import (
    ClientId,
    FederatedCredential,
    IdentityClientId,
    ManagedIdentity,
    PrincipalId,
    ScanNote,
)
from inventory.settings_kind import KnownIds
from inventory.wire import WireObject

_Wire = TypeVar("_Wire", bound=WireObject)
_Value = TypeVar("_Value")

_VARIABLE_TYPES = frozenset({"microsoft.app/containerapps", "microsoft.app/jobs",
                             "microsoft.containerinstance/containergroups"})  # fmt: skip


class _WireId(WireObject, frozen=True, gc=False):
    id: str


# --- hosts -----------------------------------------------------------------------------------------------------------


class Addresses(Protocol):
    """Joins public addresses with machines by their network interfaces; ids are in lower case."""

    def tell(self, address_id: str, address: str, interface: str) -> None:
        """Take an address, and the network interface it is attached to (empty: none)."""

    def attach(self, interface: str, machine: str) -> None:
        """Take a network interface of a machine."""

    def addresses(self, ids: Iterable[str], machine: str) -> list[str]:
        """Return the addresses that are told by their ids, and those of a machine."""


def addresses(rows: Iterable[bytes], book: Addresses) -> None:
    """Take rows of public addresses; those that are unreadable tell none."""
    for row in _readable(rows, WireAddress, lambda row: row):
        book.tell(row.id, row.address, row.attached_to.partition("/ipconfigurations/")[0])


def interfaces(rows: Iterable[bytes], book: Addresses) -> None:
    """Take rows of network interfaces, in the same way."""
    for row in _readable(rows, WireInterface, lambda row: row):
        if row.id and row.machine:
            book.attach(row.id, row.machine)


def host(raw: bytes, public: Addresses, known: KnownIds) -> tuple[Host | ScanNote, ...]:
    """Convert a row of HOSTS; a site comes without its settings, which no query tells."""
    found = _converted("host", WireHost, raw, lambda wire: _host(wire, public))
    if isinstance(found, ScanNote) or found.type not in _VARIABLE_TYPES:
        return (found,)
    settings = _converted("settings of host", WireVariables, raw, lambda wire: _variables(wire, known))
    if isinstance(settings, ScanNote):
        return (found, settings)
    return (replace(found, settings=settings),)


def _host(wire: WireHost, public: Addresses) -> Host:
    attached = wire.identity or WireAttached()
    kubelet = (one.resource_id for one in (wire.kubelet or {}).values())
    return Host(
        resource_id=wire.id.lower(),
        type=wire.type.lower(),
        name=wire.name,
        subscription_id=wire.subscription_id.lower(),
        resource_group=wire.resource_group,
        location=wire.location,
        tags=_tags(wire),
        system_principal=PrincipalId(attached.principal_id.lower()) if attached.principal_id else None,
        identities=tuple(
            sorted({one.lower() for one in (*(attached.user_assigned_identities or ()), *kubelet) if one})
        ),
        addresses=_addresses(wire, public),
        issuer=wire.issuer or None,
    )


def _addresses(wire: WireHost, public: Addresses) -> tuple[str, ...]:
    told = [one for listed in (wire.outbound, wire.possible, wire.public_ips) for one in _listed(listed)]
    mentioned = (*(wire.balancer or ()), *(wire.gateway or ()))
    told += public.addresses([(one.id or "").lower() for one in mentioned], wire.id.lower())
    return tuple(sorted({one for one in told if _is_address(one)}))


def _listed(told: str | list[str] | None) -> Iterator[str]:
    """Read addresses as App Service writes them (one text with commas) and as Container Apps does (a list)."""
    for one in told.split(",") if isinstance(told, str) else told or ():
        yield one.strip()


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _tags(wire: WireResource) -> tuple[tuple[str, str], ...]:
    told = wire.tags if isinstance(wire.tags, dict) else {}
    return tuple(sorted((name, value or "") for name, value in told.items()))


# --- settings --------------------------------------------------------------------------------------------------------


def _variables(wire: WireVariables, known: KnownIds) -> tuple[HostSetting, ...]:
    """Judge environment variables, and the secrets that no variable mentions: the platform or a scaler uses those."""
    stored = {one.name: one.key_vault_url for one in wire.secrets or ()}
    containers = (*(wire.containers or ()), *(wire.init_containers or ()), *(wire.group_containers or ()))
    variables = [variable for one in containers for variable in _variables_of(one)]
    mentioned = {one.secret_ref for one in variables}
    found = [
        settings_kind.stored(one.name, one.secret_ref, stored.get(one.secret_ref))
        if one.secret_ref
        else settings_kind.setting(one.name, one.value, known)
        for one in variables
    ]
    found += [settings_kind.stored(name, name, uri) for name, uri in stored.items() if name not in mentioned]
    return in_order(found)


def _variables_of(container: WireContainer) -> Iterator[WireVariable]:
    yield from container.env or ()
    yield from (container.properties.environment_variables or ()) if container.properties else ()


def app_settings(wire: WireSettings, known: KnownIds) -> list[HostSetting]:
    """Judge the app settings of a site."""
    return [settings_kind.setting(name, value or "", known) for name, value in (wire.properties or {}).items()]


def connection_strings(wire: WireConnections, known: KnownIds) -> list[HostSetting]:
    """Judge the connection strings of a site."""
    told = (wire.properties or {}).items()
    return [settings_kind.connection_string(name, one.value if one else "", known) for name, one in told]


def in_order(settings: Iterable[HostSetting]) -> tuple[HostSetting, ...]:
    """Return settings in a stable order, each once: containers of one app share variables."""
    return tuple(sorted(set(settings), key=lambda one: (one.name, one.kind, one.client_id or "", one.reference or "")))


def with_sign_in(site: Host, wire: WireSignInSettings) -> Host:
    """Add what App Service authentication tells: whose client id it uses, and in which setting the secret stands."""
    providers = wire.properties.identity_providers if wire.properties else None
    provider = providers.azure_active_directory if providers else None
    registration = provider.registration if provider else None
    if registration is None or not registration.client_id:
        return site
    client, name = ClientId(registration.client_id.lower()), registration.client_secret_setting_name
    if site.settings is None:
        return replace(site, sign_in_client=client)
    settings = (
        replace(one, client_id=client) if one.name == name and one.client_id is None else one for one in site.settings
    )
    return replace(site, sign_in_client=client, settings=in_order(settings))


# --- identities ------------------------------------------------------------------------------------------------------


def identity(raw: bytes) -> AssignedIdentity | ScanNote:
    """Convert a row of IDENTITIES."""
    return _converted("user-assigned identity", WireIdentityRow, raw, _identity)


def _identity(wire: WireIdentityRow) -> AssignedIdentity:
    return AssignedIdentity(
        resource_id=wire.id.lower(),
        name=wire.name,
        principal_id=PrincipalId(wire.principal_id.lower()),
        client_id=IdentityClientId(wire.client_id.lower()),
        subscription_id=wire.subscription_id.lower(),
        resource_group=wire.resource_group,
        location=wire.location,
        tags=_tags(wire),
    )


def trust(raw: bytes) -> FederatedCredential | ScanNote:
    """Convert a federated credential of an identity; its id is the ARM id, Graph's own id is not told there."""
    return _converted("federated credential", WireTrust, raw, _trust)


def _trust(wire: WireTrust) -> FederatedCredential:
    told = wire.properties or WireTrustProperties()
    return FederatedCredential(
        id=wire.id.lower(),
        name=wire.name,
        issuer=told.issuer or "",
        subject=told.subject,
        audiences=tuple(told.audiences or ()),
    )


def joined(known: ManagedIdentity, listed: Mapping[str, AssignedIdentity]) -> ManagedIdentity:
    """Complete an identity that Graph told by the same one that Azure Resource Manager told.

    ``listed`` has every identity under its principal id and under its ARM id in lower case, as ``by_any_id`` makes it.
    """
    found = listed.get(known.principal_id.lower()) or listed.get((known.resource_id or "").lower())
    if found is None:
        return known
    return replace(known, resource_id=known.resource_id or found.resource_id, user_assigned=True)


def by_any_id(identities: Iterable[AssignedIdentity]) -> dict[str, AssignedIdentity]:
    """Index identities by principal id and by ARM id."""
    return {key: one for one in identities for key in (one.principal_id, one.resource_id)}


# --- what cannot be understood ---------------------------------------------------------------------------------------


def _readable(rows: Iterable[bytes], shape: type[_Wire], value: Callable[[_Wire], _Value]) -> Iterator[_Value]:
    found = (_converted("", shape, row, value) for row in rows)
    return (one for one in found if not isinstance(one, ScanNote))


def _converted(what: str, shape: type[_Wire], raw: bytes, value: Callable[[_Wire], _Value]) -> _Value | ScanNote:
    try:
        return value(msgspec.json.decode(raw, type=shape))
    except (msgspec.DecodeError, ValueError) as error:
        # msgspec names the field and the types, never the value.
        reason = str(error) if isinstance(error, msgspec.MsgspecError) else "it is not UTF-8"
        return ScanNote(subject=f"{what} {_id_in(raw)}".rstrip(), text=f"unreadable: {reason}")


def _id_in(raw: bytes) -> str:
    try:
        return msgspec.json.decode(raw, type=_WireId).id
    except (msgspec.DecodeError, ValueError):
        return ""
