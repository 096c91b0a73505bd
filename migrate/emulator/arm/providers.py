"""The resource providers that are registered, and their types."""

import re
from dataclasses import dataclass
from typing import Any, Final

_NAMESPACE: Final = re.compile(r"[A-Za-z][A-Za-z0-9]*(\.[A-Za-z0-9]+)+", re.ASCII)
_LOCATIONS: Final = {"westeurope": "West Europe", "northeurope": "North Europe", "eastus": "East US"}
_VERSIONS: Final = ("2025-05-01", "2024-11-30", "2023-01-31")


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A resource provider."""

    namespace: str
    types: tuple[str, ...]

    def body(self, subscription_id: str) -> dict[str, Any]:
        """Give what Azure Resource Manager shows of it."""
        within = f"/subscriptions/{subscription_id}" if subscription_id else ""
        kinds = [
            {"resourceType": each, "locations": list(_LOCATIONS.values()), "apiVersions": list(_VERSIONS),
             "capabilities": "None"}
            for each in self.types
        ]  # fmt: skip
        shown: dict[str, Any] = {"id": f"{within}/providers/{self.namespace}", "namespace": self.namespace}
        if subscription_id:
            shown["registrationState"] = "Registered"
        return {**shown, "registrationPolicy": "RegistrationRequired", "resourceTypes": kinds}


def _provider(namespace: str, *types: str) -> Provider:
    return Provider(namespace=namespace, types=types)


PROVIDERS: Final = {
    provider.namespace.lower(): provider
    for provider in (
        _provider("Microsoft.ManagedIdentity", "userAssignedIdentities",
                  "userAssignedIdentities/federatedIdentityCredentials", "identities", "operations"),
        _provider("Microsoft.Authorization", "roleAssignments", "roleDefinitions", "denyAssignments", "locks",
                  "policyAssignments", "policyDefinitions", "roleEligibilityScheduleInstances",
                  "classicAdministrators"),
        _provider("Microsoft.ResourceGraph", "resources", "resourceChanges", "operations"),
        _provider("Microsoft.Resources", "subscriptions", "tenants", "resourceGroups", "deployments", "tags"),
    )
}  # fmt: skip
"""Providers of which every type is known, by namespace in lower case; other types of theirs are refused."""
_IN_PART: Final = (
    _provider("Microsoft.App", "containerApps", "managedEnvironments"),
    _provider("Microsoft.Compute", "virtualMachines", "virtualMachines/extensions", "virtualMachineScaleSets", "disks"),
    _provider("Microsoft.ContainerService", "managedClusters"),
    _provider("Microsoft.HybridCompute", "machines", "machines/extensions"),
    _provider("Microsoft.KeyVault", "vaults", "managedHSMs"),
    _provider("Microsoft.MachineLearningServices", "workspaces"),
    _provider("Microsoft.Management", "managementGroups"),
    _provider("Microsoft.Network", "networkInterfaces", "publicIPAddresses", "virtualNetworks"),
    _provider("Microsoft.Storage", "storageAccounts"),
    _provider("Microsoft.Web", "sites", "sites/slots", "serverFarms"),
)
"""Providers that have many more types than these; lists of the others are empty."""


def is_namespace(text: str) -> bool:
    """Whether a text can be the namespace of a Microsoft provider."""
    return _NAMESPACE.fullmatch(text) is not None and text.lower().startswith("microsoft.")


def all_providers() -> list[Provider]:
    """List the registered providers."""
    return [*PROVIDERS.values(), *_IN_PART]


def location_bodies(subscription_id: str) -> list[dict[str, Any]]:
    """List the regions of a subscription."""
    return [
        {
            "id": f"/subscriptions/{subscription_id}/locations/{name}",
            "name": name,
            "type": "Region",
            "displayName": shown,
            "regionalDisplayName": f"({shown.rpartition(' ')[2]}) {shown}",
            "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
        }
        for name, shown in _LOCATIONS.items()
    ]


def is_location(name: str) -> bool:
    """Whether a region exists, written with or without blanks."""
    return name.replace(" ", "").lower() in _LOCATIONS
