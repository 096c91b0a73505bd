"""What Azure Resource Manager and the hosts beside it offer and this tenant does not.

Paths of Azure Resource Manager begin with the provider's namespace, or with the segment below a subscription. Lists of
types that no area serves are empty instead of refused.
"""

from typing import Final

_HOSTS: Final = "what runs on a host is not played"
_DATA: Final = "the data of a service, which is none of Azure Resource Manager's; the proxy refuses the host"

_VAULTS: Final = "of a vault's contents only secrets are played, and no state file keeps them"

AZURE: Final = {
    "POST Microsoft.App/containerApps/*/start|stop": _HOSTS,
    "PUT Microsoft.Authorization/roleDefinitions/*": "built-in roles are the only ones",
    "PUT Microsoft.Authorization/locks/*": "locks are not kept",
    "Microsoft.Authorization/roleEligibilityScheduleRequests/**": "roles are held, not activated",
    "POST Microsoft.Compute/virtualMachines/*/deallocate|powerOff|reimage|restart|runCommand|start": _HOSTS,
    "Microsoft.Compute/locations/**": "images and sizes of machines are not listed",
    "Microsoft.Compute/virtualMachines/*/extensions/*": _HOSTS,
    "POST Microsoft.ContainerService/managedClusters/*/list*Credential": "pods get their tokens from /_control/aks",
    "Microsoft.Insights/**": "who changed which resource, and how much it did, is not written down",
    "PUT Microsoft.KeyVault/vaults/*": "vaults come with the seed",
    "Microsoft.Management/managementGroups/**": "subscriptions lie in no management group",
    "PUT|DELETE Microsoft.Network/**": "network interfaces follow from the machines; nothing else of a network is kept",
    "Microsoft.Resources/deployments/**": "templates are not carried out",
    "PUT|DELETE Microsoft.Web/serverfarms/*": "plans follow from the sites",
    "PUT|PATCH Microsoft.Web/sites/*/config/authsettings|authsettingsV2|logs|slotConfigNames|web": "read, not written",
    "POST Microsoft.Web/sites/*/start|stop": _HOSTS,
    "subscriptions/*/moveResources": "resources stay where they are",
    "POST subscriptions/*/providers/*/unregister": "providers stay registered",
    "PUT|DELETE subscriptions/*/tagNames/**": "tags are set on resources and resource groups",
    "PUT|PATCH|DELETE subscriptions/*/providers/Microsoft.Resources/tags/default": "tags of subscriptions are not kept",
}

HOSTS: Final = {
    "*.azurewebsites.net/**": _HOSTS,
    "*.blob.core.windows.net/**": _DATA,
    "PATCH *.vault.azure.net/secrets/*": "attributes of a version are as it was set",
    "*.vault.azure.net/certificates/**": _VAULTS,
    "POST|DELETE *.vault.azure.net/deletedsecrets/**": "a deleted secret is neither recovered nor purged",
    "*.vault.azure.net/keys/**": _VAULTS,
    "aka.ms/**": "extensions of Azure CLI are not installed from here",
    "graph.windows.net/**": "Azure AD Graph was retired",
    "main.iam.ad.ext.azure.com/**": "the portal's own interface, by which az ad app permission admin-consent works",
}
