"""Which record a request to Microsoft Graph is about."""

from typing import Any

from migrate.emulator.state.hooks import Keys, Pattern
from migrate.emulator.state.records import Application, ServicePrincipal
from migrate.emulator.state.table import Table
from migrate.emulator.state.tenant import Tenant


def addressed(tenant: Tenant, pattern: Pattern, keys: Keys) -> Application | ServicePrincipal | None:
    """Find the application or service principal that the first key of a path names; None where it names none."""
    if not keys or pattern[0] not in ("applications", "servicePrincipals"):
        return None
    (name, value), table = keys[0], _table(tenant, pattern[0])
    if name == "uniqueName":
        return next((each for each in tenant.applications if each.others.get("uniqueName") == value), None)
    found: Application | ServicePrincipal | None = table.with_app_id(value) if name == "appId" else table.get(value)
    return found


def _table(tenant: Tenant, name: str) -> Table[Any]:
    return tenant.applications if name == "applications" else tenant.service_principals
