"""What is asked of Azure Resource Graph and Resource Manager, and the fields of the answers that are decoded. Pure.

As in ``wire``: only what identifies a resource is required, and whatever is not named here is ignored.
Sources: "Azure Resource Graph table and resource type reference"; the REST references of Microsoft.Web, Microsoft.App,
Microsoft.ContainerInstance, Microsoft.ContainerService, Microsoft.ManagedIdentity and Microsoft.Network.
"""

from __future__ import annotations

import msgspec

from inventory.wire import WireObject

# Resources that code runs on, listed with or without an identity; anything else is listed for its identity.
_HOST_TYPES = (
    "microsoft.app/containerapps",
    "microsoft.app/jobs",
    "microsoft.compute/virtualmachines",
    "microsoft.compute/virtualmachinescalesets",
    "microsoft.containerinstance/containergroups",
    "microsoft.containerservice/managedclusters",
    "microsoft.hybridcompute/machines",
    "microsoft.kubernetes/connectedclusters",
    "microsoft.web/sites",
    "microsoft.web/sites/slots",
    "microsoft.web/staticsites",
)
# ``has`` because "SystemAssigned, UserAssigned" is also spelt without the blank.
HOSTS = f"""resources
| where type in~ ({", ".join(f"'{one}'" for one in _HOST_TYPES)})
    or tostring(identity.type) has 'SystemAssigned' or tostring(identity.type) has 'UserAssigned'
| project id=tolower(id), name, type=tolower(type), subscriptionId, resourceGroup, location, tags, identity,
    outbound=properties.outboundIpAddresses, possible=properties.possibleOutboundIpAddresses,
    publicIps=properties.publicIPAddresses, balancer=properties.networkProfile.loadBalancerProfile.effectiveOutboundIPs,
    gateway=properties.networkProfile.natGatewayProfile.effectiveOutboundIPs,
    containers=properties.template.containers, initContainers=properties.template.initContainers,
    groupContainers=properties.containers, secrets=properties.configuration.secrets,
    kubelet=properties.identityProfile, issuer=tostring(properties.oidcIssuerProfile.issuerURL)
| order by id asc"""

IDENTITIES = """resources
| where type =~ 'microsoft.managedidentity/userassignedidentities'
| project id=tolower(id), name, subscriptionId, resourceGroup, location, tags,
    clientId=tostring(properties.clientId), principalId=tostring(properties.principalId)
| order by id asc"""

SUBSCRIPTIONS = """resourcecontainers
| where type =~ 'microsoft.resources/subscriptions'
| project id=tolower(id), subscriptionId
| order by id asc"""

ADDRESSES = """resources
| where type =~ 'microsoft.network/publicipaddresses' and isnotempty(properties.ipAddress)
| project id=tolower(id), address=tostring(properties.ipAddress),
    attachedTo=tolower(tostring(properties.ipConfiguration.id))
| order by id asc"""

INTERFACES = """resources
| where type =~ 'microsoft.network/networkinterfaces' and isnotempty(properties.virtualMachine.id)
| where tostring(properties.ipConfigurations) contains 'publicIPAddress'
| project id=tolower(id), machine=tolower(tostring(properties.virtualMachine.id))
| order by id asc"""


class WireSubscription(WireObject, frozen=True, gc=False):
    """A subscription, in a list of Azure Resource Manager or in Resource Graph."""

    subscription_id: str


class WireAttached(WireObject, frozen=True, gc=False):
    """``identity`` of a resource."""

    type: str | None = None
    principal_id: str | None = None
    user_assigned_identities: dict[str, msgspec.Raw] | None = None


class WireResource(WireObject, frozen=True, gc=False):
    """What every resource has."""

    id: str
    name: str
    subscription_id: str
    resource_group: str
    location: str | None = None
    tags: dict[str, str | None] | str | None = None


class WireReference(WireObject, frozen=True, gc=False):
    """A mention of another resource."""

    id: str | None = None
    resource_id: str | None = None


class WireHost(WireResource, frozen=True, gc=False, kw_only=True):
    """A row of HOSTS; what is told of settings is decoded apart, so that an odd one does not cost the host."""

    type: str
    identity: WireAttached | None = None
    outbound: str | list[str] | None = None
    possible: str | list[str] | None = None
    public_ips: str | list[str] | None = None
    balancer: list[WireReference] | None = None
    gateway: list[WireReference] | None = None
    kubelet: dict[str, WireReference] | None = None
    issuer: str | None = None


class WireIdentityRow(WireResource, frozen=True, gc=False, kw_only=True):
    """A row of IDENTITIES."""

    client_id: str
    principal_id: str


class WireAddress(WireObject, frozen=True, gc=False):
    """A row of ADDRESSES."""

    id: str
    address: str
    attached_to: str = ""


class WireInterface(WireObject, frozen=True, gc=False):
    """A row of INTERFACES."""

    id: str
    machine: str


class WireVariable(WireObject, frozen=True, gc=False):
    """An environment variable of a container; a secure one of a container group has no value."""

    name: str
    value: str | None = None
    secret_ref: str | None = None


class WireGroupProperties(WireObject, frozen=True, gc=False):
    """``properties`` of a container of a container group."""

    environment_variables: list[WireVariable] | None = None


class WireContainer(WireObject, frozen=True, gc=False):
    """A container of a container app, or of a container group."""

    env: list[WireVariable] | None = None
    properties: WireGroupProperties | None = None


class WireStored(WireObject, frozen=True, gc=False):
    """A secret of a container app, without its value."""

    name: str
    key_vault_url: str | None = None


class WireVariables(WireObject, frozen=True, gc=False):
    """What a row of HOSTS tells of settings."""

    containers: list[WireContainer] | None = None
    init_containers: list[WireContainer] | None = None
    group_containers: list[WireContainer] | None = None
    secrets: list[WireStored] | None = None


class WireSettings(WireObject, frozen=True, gc=False):
    """``config/appsettings/list``: names and values."""

    properties: dict[str, str | None] | None = None


class WireConnection(WireObject, frozen=True, gc=False):
    """An entry of ``config/connectionstrings/list``."""

    value: str | None = None


class WireConnections(WireObject, frozen=True, gc=False):
    """``config/connectionstrings/list``."""

    properties: dict[str, WireConnection | None] | None = None


class WireRegistration(WireObject, frozen=True, gc=False):
    """``registration`` of the Microsoft provider of App Service authentication."""

    client_id: str | None = None
    client_secret_setting_name: str | None = None


class WireProvider(WireObject, frozen=True, gc=False):
    """The Microsoft provider of App Service authentication."""

    registration: WireRegistration | None = None


class WireProviders(WireObject, frozen=True, gc=False):
    """``identityProviders`` of App Service authentication."""

    azure_active_directory: WireProvider | None = None


class WireSignInProperties(WireObject, frozen=True, gc=False):
    """``properties`` of ``config/authsettingsV2``."""

    identity_providers: WireProviders | None = None


class WireSignInSettings(WireObject, frozen=True, gc=False):
    """``config/authsettingsV2``."""

    properties: WireSignInProperties | None = None


class WireTrustProperties(WireObject, frozen=True, gc=False):
    """``properties`` of a federated credential of an identity."""

    issuer: str | None = None
    subject: str | None = None
    audiences: list[str] | None = None


class WireTrust(WireObject, frozen=True, gc=False):
    """A federated credential of an identity as Azure Resource Manager tells it."""

    id: str
    name: str
    properties: WireTrustProperties | None = None
