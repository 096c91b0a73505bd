"""The tables of Azure Resource Graph: rows whose columns are made when a query asks for them.

Source: page "Azure Resource Graph table and resource type reference". Types and resource groups are in lower case
there, ids and names are as their providers write them.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from migrate.emulator.arm.bodies import KINDS, Record, group_name, identity_of_host, properties_of, type_of
from migrate.emulator.arm.subscriptions import group_body
from migrate.emulator.state.azure import AzureResource, ResourceGroup, Subscription, subscription_of
from migrate.emulator.state.records import Host
from migrate.emulator.state.tenant import Tenant

_TEXTS: Final = ("id", "name", "type", "tenantId", "kind", "location", "resourceGroup", "subscriptionId", "managedBy")
_OBJECTS: Final = ("sku", "plan", "properties", "tags", "identity", "zones", "extendedLocation")
COLUMNS: Final[Mapping[str, str]] = {**dict.fromkeys(_TEXTS, "string"), **dict.fromkeys(_OBJECTS, "dynamic")}
TABLES: Final[Mapping[str, Mapping[str, str]]] = {"resources": COLUMNS, "resourcecontainers": COLUMNS}
"""Columns of each table; the first is the one of a query that names none."""

_LOWER: dict[str, str] = {}


def _folded(text: str) -> str:
    # A tenant has a handful of types and groups and a hundred thousand resources.
    return _LOWER.setdefault(text, text.lower())


class ResourceRow:
    """A resource as a row."""

    __slots__ = ("_record", "_tenant")

    def __init__(self, tenant: Tenant, record: Record) -> None:
        self._tenant = tenant
        self._record = record

    def __getitem__(self, name: str) -> Any:
        read = _READ.get(name)
        return None if read is None else read(self._tenant, self._record)


def _identity(tenant: Tenant, record: Record) -> dict[str, Any] | None:
    return identity_of_host(tenant, record) if isinstance(record, Host) else None


_READ: Final[Mapping[str, Callable[[Tenant, Record], Any]]] = {
    "id": lambda _, record: record.resource_id,
    "name": lambda _, record: record.name,
    "type": lambda _, record: _folded(type_of(record)),
    "tenantId": lambda tenant, _: tenant.id,
    "kind": lambda _, record: KINDS.get(record.kind, "") if isinstance(record, Host) else "",
    "location": lambda _, record: record.location,
    "resourceGroup": lambda _, record: _folded(group_name(record)),
    "subscriptionId": lambda _, record: (
        record.subscription_id if isinstance(record, Host) else subscription_of(record.resource_id)
    ),
    "managedBy": lambda *_: "",
    "sku": lambda _, record: record.sku if isinstance(record, AzureResource) else None,
    "properties": properties_of,
    "tags": lambda _, record: dict(record.tags) or None,
    "identity": _identity,
}


class ContainerRow:
    """A subscription or resource group as a row."""

    __slots__ = ("_values",)

    def __init__(self, tenant: Tenant, record: ResourceGroup | Subscription) -> None:
        if isinstance(record, ResourceGroup):
            body = group_body(record)
            shared = {"type": "microsoft.resources/subscriptions/resourcegroups", "location": record.location,
                      "resourceGroup": record.name.lower(), "subscriptionId": record.subscription_id}  # fmt: skip
            shown = {"id": record.resource_id, "properties": body["properties"], "tags": body["tags"] or None}
        else:
            shared = {"type": "microsoft.resources/subscriptions", "subscriptionId": record.id}
            shown = {"id": f"/subscriptions/{record.id}", "properties": {"state": "Enabled", "managedByTenants": []}}
        self._values = {"name": record.name, "tenantId": tenant.id, **shared, **shown}

    def __getitem__(self, name: str) -> Any:
        return self._values.get(name, "" if name in _TEXTS else None)


def rows_of(tenant: Tenant, table: str, sees: Callable[[str], bool], within: frozenset[str]) -> Iterator[Any]:
    """Walk a table's rows in the given subscriptions, as far as the caller may read them (``sees`` an ARM id)."""
    if table == "resourcecontainers":
        yield from _containers(tenant, sees, within)
        return
    for record in _records(tenant):
        subscription = record.subscription_id if isinstance(record, Host) else subscription_of(record.resource_id)
        if subscription in within and sees(record.resource_id):
            yield ResourceRow(tenant, record)


def _records(tenant: Tenant) -> Iterator[Record]:
    for identity in tuple(tenant.identities.values()):
        if identity.user_assigned:
            yield identity
    yield from tuple(tenant.hosts.values())
    yield from tuple(tenant.azure.resources.values())


def _containers(tenant: Tenant, sees: Callable[[str], bool], within: frozenset[str]) -> Iterator[ContainerRow]:
    for subscription in tuple(tenant.azure.subscriptions.values()):
        if subscription.id in within and sees(f"/subscriptions/{subscription.id}"):
            yield ContainerRow(tenant, subscription)
    for group in tenant.azure.groups():
        if group.subscription_id in within and sees(group.resource_id):
            yield ContainerRow(tenant, group)
