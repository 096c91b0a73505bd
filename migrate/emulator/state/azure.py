"""What Azure Resource Manager knows beside identities and hosts: subscriptions, groups, roles and other resources."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from migrate.emulator.state.records import ManagedIdentity
from migrate.emulator.state.shelf import Shelf

_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A subscription of the tenant."""

    id: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceGroup:
    """A resource group."""

    subscription_id: str
    name: str
    location: str = "westeurope"
    tags: Mapping[str, str] = field(default_factory=lambda: _NOTHING)

    @property
    def resource_id(self) -> str:
        """The ARM id."""
        return f"/subscriptions/{self.subscription_id}/resourceGroups/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureResource:
    """A resource that is neither an identity nor a host, such as a key vault."""

    resource_id: str
    type: str
    location: str
    kind: str | None = None
    sku: Mapping[str, Any] | None = None
    tags: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    properties: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)

    @property
    def name(self) -> str:
        """The last part of the id."""
        return self.resource_id.rpartition("/")[2]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleAssignment:
    """Who may do what, and where."""

    name: str
    """A GUID."""
    principal_id: str
    role: str
    """GUID of the role definition."""
    scope: str
    created: datetime
    created_by: str = ""
    principal_type: str = "ServicePrincipal"
    description: str | None = None


class Estate:
    """The part of a tenant that only Azure Resource Manager shows."""

    def __init__(self) -> None:
        self.subscriptions: dict[str, Subscription] = {}
        self.resources: Shelf[AzureResource] = Shelf()
        """By ARM id in lower case."""
        self.assignments: dict[str, RoleAssignment] = {}
        self._groups: Shelf[ResourceGroup] = Shelf()
        self._identity_of: dict[str, str] = {}
        self._indexed = 0

    def put_group(self, group: ResourceGroup) -> None:
        """Add or replace a resource group."""
        self._groups[group.resource_id.lower()] = group

    def remove_group(self, group: ResourceGroup) -> None:
        """Remove a resource group, and the role assignments at it and below it."""
        self._groups.remove(group.resource_id.lower())
        inside = f"{group.resource_id.lower()}/"
        for name in [each.name for each in self.assignments.values() if f"{each.scope.lower()}/".startswith(inside)]:
            del self.assignments[name]

    def ensure_group(self, subscription_id: str, name: str, location: str) -> None:
        """Add a resource group if it is missing."""
        if f"/subscriptions/{subscription_id}/resourcegroups/{name}".lower() not in self._groups:
            self.put_group(ResourceGroup(subscription_id=subscription_id, name=name, location=location))

    def group(self, subscription_id: str, name: str) -> ResourceGroup | None:
        """Find a resource group; names compare without case."""
        return self._groups.get(f"/subscriptions/{subscription_id}/resourcegroups/{name}".lower())

    def groups(self) -> Iterator[ResourceGroup]:
        """Walk the resource groups."""
        return iter(tuple(self._groups.values()))

    def identity_with_id(self, identities: Shelf[ManagedIdentity], resource_id: str) -> ManagedIdentity | None:
        """Find a user-assigned identity by its ARM id, which compares without case."""
        for position, identity in identities.after(self._indexed):
            self._indexed = position
            if identity.user_assigned:
                self._identity_of[identity.resource_id.lower()] = identity.principal_id
        return identities.get(self._identity_of.get(resource_id.lower(), ""))


RESOURCE_GROUP_PLACE: Final = 4
SUBSCRIPTION_PLACE: Final = 2


def group_of(resource_id: str) -> str:
    """Read the resource group out of an ARM id."""
    return resource_id.split("/", RESOURCE_GROUP_PLACE + 1)[RESOURCE_GROUP_PLACE]


def subscription_of(resource_id: str) -> str:
    """Read the subscription out of an ARM id."""
    return resource_id.split("/", SUBSCRIPTION_PLACE + 1)[SUBSCRIPTION_PLACE]
