"""Applications and service principals as collections."""

from typing import Any, Final

from migrate.emulator.graph.bodies import (
    application_body,
    federated_body,
    federated_of,
    service_principal_body,
    user_body,
)
from migrate.emulator.graph.call import Call
from migrate.emulator.graph.lists import Kind
from migrate.emulator.graph.odata.options import Options, check_names, pick
from migrate.emulator.graph.schema import (
    APPLICATION,
    APPLICATION_BETA,
    SERVICE_PRINCIPAL,
    SERVICE_PRINCIPAL_BETA,
)
from migrate.emulator.state.records import Application, FederatedCredential, ServicePrincipal

EXPANDED_AT_MOST: Final = 20
_FEDERATED: Final = ("id", "name", "issuer", "subject", "description", "audiences", "claimsMatchingExpression")


def owner_bodies(call: Call, ids: tuple[str, ...]) -> list[dict[str, Any]]:
    """Give the owners that still exist: users, and service principals that own applications."""
    bodies = []
    for owner_id in ids:
        user = call.tenant.users.get(owner_id)
        principal = call.tenant.service_principals.get(owner_id)
        if user is not None:
            bodies.append(user_body(user))
        elif principal is not None:
            shown = service_principal_body(call.tenant, principal, call.version)
            bodies.append({"@odata.type": "#microsoft.graph.servicePrincipal", **shown})
    return bodies


def owners_shown(call: Call, ids: tuple[str, ...], select: tuple[str, ...]) -> list[dict[str, Any]]:
    """Give owners with $select applied; accountEnabled of users appears only when it is selected."""
    bodies = owner_bodies(call, ids)
    if select:
        return [pick(body, select) for body in bodies]
    return [
        {name: value for name, value in body.items() if name != "accountEnabled" or "userPrincipalName" not in body}
        for body in bodies
    ]


def federated_shown(
    call: Call, holder_id: str, federated: tuple[FederatedCredential, ...], select: tuple[str, ...]
) -> list[dict[str, Any]]:
    """Give federated credentials with $select applied, each with its address as the service adds it (recorded)."""
    check_names(select, _FEDERATED, "microsoft.graph.federatedIdentityCredential", clause="")
    host = call.tenant.cloud.graph_host
    where = (
        f"https://{host}/v2/{call.tenant.id}/directoryObjects/$/Microsoft.DirectoryServices.Application('{holder_id}')"
    )
    return [
        pick(
            {
                "@odata.id": f"{where}/federatedIdentityCredentials/{item.id}",
                **federated_body(item, call.version),
            },
            select,
        )
        for item in federated
    ]


def _show_application(
    call: Call,
    record: Application,
    wanted: frozenset[str] | None = None,
    *,
    with_key: bool = False,
) -> dict[str, Any]:
    return application_body(call.tenant, record, call.version, wanted, with_key=with_key)


def _show_principal(
    call: Call,
    record: ServicePrincipal,
    wanted: frozenset[str] | None = None,
    *,
    with_key: bool = False,
) -> dict[str, Any]:
    return service_principal_body(call.tenant, record, call.version, wanted, with_key=with_key)


def _expand(call: Call, record: Application | ServicePrincipal, options: Options) -> dict[str, Any]:
    federated = federated_of(call.tenant, record)
    expanded: dict[str, Any] = {}
    for item in options.expand:
        if item.name == "owners":
            expanded["owners"] = owners_shown(call, record.owners, item.select)[:EXPANDED_AT_MOST]
        else:
            shown = federated_shown(call, record.id, federated, item.select)
            expanded["federatedIdentityCredentials"] = shown[:EXPANDED_AT_MOST]
    return expanded


APPLICATIONS: Final[Kind[Application]] = Kind(
    name="applications",
    type_name="microsoft.graph.application",
    properties=lambda version: (*APPLICATION, *(APPLICATION_BETA if version == "beta" else ())),
    expandable=("owners", "federatedIdentityCredentials"),
    show=_show_application,
    expand=_expand,
)

SERVICE_PRINCIPALS: Final[Kind[ServicePrincipal]] = Kind(
    name="servicePrincipals",
    type_name="microsoft.graph.servicePrincipal",
    properties=lambda version: (*SERVICE_PRINCIPAL, *(SERVICE_PRINCIPAL_BETA if version == "beta" else ())),
    expandable=("owners", "federatedIdentityCredentials"),
    show=_show_principal,
    expand=_expand,
)
