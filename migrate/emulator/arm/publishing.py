"""What ``az webapp show`` reads beside a site itself: its plan and its publishing profile; and restarting it.

Sources: REST reference "App Service", operation groups Web Apps (List Publishing Profile Xml With Secrets, Restart),
App Service Plans (List, List By Resource Group, Get) and Check Name Availability. One plan for each resource group that
has sites, which follows from them. Assumed: the addresses in a profile, and that its password is withheld where basic
authentication is off, as it is here.
"""

from typing import Any, Final
from xml.sax.saxutils import quoteattr

from migrate.emulator.arm import values
from migrate.emulator.arm.call import ArmCall, ArmReply
from migrate.emulator.arm.errors import bad_content, resource_not_found
from migrate.emulator.arm.lookup import the_host
from migrate.emulator.arm.routing import Routes, Scope, route
from migrate.emulator.arm.workloads import PLAN_SKU, PLAN_TYPE, plan_id
from migrate.emulator.state.records import Host


def list_plans(call: ArmCall, scope: Scope) -> ArmReply:
    """GET .../serverfarms of a subscription or a resource group."""
    return ArmReply(body={"value": [_plan(sites) for sites in _sites_by_plan(call, scope).values()]})


def get_plan(call: ArmCall, scope: Scope, name: str) -> ArmReply:
    """GET .../serverfarms/{name}."""
    wanted = scope.child("providers", PLAN_TYPE, name).lower()
    sites = _sites_by_plan(call, scope).get(wanted)
    if sites is None:
        raise resource_not_found(PLAN_TYPE, name, scope.group)
    return ArmReply(body=_plan(sites))


def _sites_by_plan(call: ArmCall, scope: Scope) -> dict[str, list[Host]]:
    found: dict[str, list[Host]] = {}
    for host in tuple(call.tenant.hosts.values()):
        is_here = host.subscription_id == scope.subscription_id and scope.group.lower() in ("", host.group.lower())
        if host.kind == "app-service" and is_here:
            found.setdefault(plan_id(host).lower(), []).append(host)
    return found


def _plan(sites: list[Host]) -> dict[str, Any]:
    where = plan_id(sites[0])
    return {
        "id": where,
        "name": where.rpartition("/")[2],
        "type": PLAN_TYPE,
        "kind": "linux",
        "location": sites[0].location,
        "properties": {
            "status": "Ready",
            "numberOfSites": len(sites),
            "numberOfWorkers": 1,
            "maximumNumberOfWorkers": 30,
            "reserved": True,
            "resourceGroup": sites[0].group,
            "provisioningState": "Succeeded",
        },
        "sku": {"name": "P1v3", "tier": PLAN_SKU, "size": "P1v3", "family": "Pv3", "capacity": 1},
    }


def publishing_profile(call: ArmCall, scope: Scope, name: str) -> ArmReply:
    """POST .../publishxml."""
    host = the_host(call, scope, "app-service", name)
    site = f"{host.name}.azurewebsites.net"
    profiles = (
        ("MSDeploy", "Web Deploy", f"{host.name}.scm.azurewebsites.net:443", f"${host.name}"),
        ("FTP", "FTP", f"ftps://{host.name}.ftp.azurewebsites.windows.net/site/wwwroot", f"{host.name}\\${host.name}"),
    )
    shown = "".join(
        f"<publishProfile profileName={quoteattr(f'{host.name} - {title}')} publishMethod={quoteattr(method)} "
        f"publishUrl={quoteattr(url)} userName={quoteattr(user)} userPWD={quoteattr('REDACTED')} "
        f"destinationAppUrl={quoteattr(f'https://{site}')}><databases /></publishProfile>"
        for method, title, url, user in profiles
    )
    return ArmReply(text=f"<publishData>{shown}</publishData>")


def restart(call: ArmCall, scope: Scope, name: str) -> ArmReply:
    """POST .../restart: nothing of a site that runs is kept, so nothing changes."""
    the_host(call, scope, "app-service", name)
    return ArmReply()


def check_name(call: ArmCall, scope: Scope) -> ArmReply:
    """POST .../checknameavailability: whether a site may have a name, which is one in all of Azure."""
    del scope
    name = values.text(call.json(), "name")
    if not name:
        raise bad_content("The property name is required")
    known = call.tenant.hosts.get(name.lower())
    if known is None:
        return ArmReply(body={"nameAvailable": True, "reason": "", "message": ""})
    message = f"Hostname '{name}' already exists. Please select a different name."
    return ArmReply(body={"nameAvailable": False, "reason": "AlreadyExists", "message": message})


_PLANS: Final = ("microsoft.web", "serverfarms")
_SITE: Final = ("microsoft.web", "sites", "*")

ROUTES: Final[Routes] = {
    ("microsoft.web", "checknameavailability"): {"POST": route(check_name)},
    _PLANS: {"GET": route(list_plans, f"{PLAN_TYPE}/read")},
    (*_PLANS, "*"): {"GET": route(get_plan, f"{PLAN_TYPE}/read")},
    (*_SITE, "publishxml"): {"POST": route(publishing_profile, "Microsoft.Web/sites/publishxml/action")},
    (*_SITE, "restart"): {"POST": route(restart, "Microsoft.Web/sites/restart/action")},
}
