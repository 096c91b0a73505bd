"""Bodies of Azure Resource Manager and Azure Resource Graph."""

from typing import Any, Final

from tests.emulator.conftest import World
from tests.emulator.fidelity.fetching.registry import asked, body

MANAGEMENT: Final = "https://management.azure.com/"


def resource_manager(world: World, method: str, path: str, version: str, **options: Any) -> Any:
    operator = world.emulator.tenant.application_named("unsecret-operator")
    form = world.secret_form(operator, scope=f"{MANAGEMENT}.default")
    headers = {"Authorization": f"Bearer {asked(world.token_request(form), 200)['access_token']}"}
    answer = world.web.request(method, path, params={"api-version": version}, headers=headers, **options)
    return asked(answer, 200)


@body("user-assigned identities")
def identities(world: World) -> Any:
    subscription = next(iter(world.emulator.tenant.azure.subscriptions))
    path = f"/subscriptions/{subscription}/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
    return resource_manager(world, "GET", path, "2024-11-30")


@body("resources of an identity")
def resources_of_an_identity(world: World) -> Any:
    used = next(iter(world.emulator.tenant.hosts.values())).identities[0]
    found = next(item for item in world.emulator.tenant.identities.values() if item.principal_id == used)
    path = f"{found.resource_id}/listAssociatedResources"
    return resource_manager(world, "POST", path, "2021-09-30-preview")


IDENTITIES: Final = """
resources
| where type =~ 'microsoft.managedidentity/userassignedidentities'
| project id=tolower(id), name, resourceGroup, subscriptionId, tenantId, clientId=tostring(properties.clientId),
  principalId=tostring(properties.principalId)
"""
ATTACHED: Final = """
resources
| where identity.type has 'UserAssigned'
| mv-expand uami = bag_keys(identity.userAssignedIdentities)
| project resourceId=tolower(id), type=tolower(type), name, uamiId=tolower(tostring(uami)), subscriptionId,
  resourceGroup
"""


def queried(world: World, query: str) -> Any:
    content = {"subscriptions": [*world.emulator.tenant.azure.subscriptions], "query": query}
    path = "/providers/Microsoft.ResourceGraph/resources"
    found = resource_manager(world, "POST", path, "2022-10-01", json=content)
    assert found["count"] == found["totalRecords"] == len(found["data"]) > 0
    return found


@body("identities by resource graph")
def identities_by_resource_graph(world: World) -> Any:
    found = queried(world, IDENTITIES)
    tenant = world.emulator.tenant
    user_assigned = {item.principal_id for item in tenant.identities.values() if item.user_assigned}
    assert {row["principalId"] for row in found["data"]} == user_assigned
    return found


@body("resources with identities by resource graph")
def resources_with_identities_by_resource_graph(world: World) -> Any:
    found = queried(world, ATTACHED)
    tenant = world.emulator.tenant
    attached = {
        (host.resource_id.lower(), tenant.identities[principal].resource_id.lower())
        for host in tenant.hosts.values()
        for principal in host.identities
        if tenant.identities[principal].user_assigned
    }
    assert {(row["resourceId"], row["uamiId"]) for row in found["data"]} == attached
    return found
