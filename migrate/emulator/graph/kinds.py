"""Applications and service principals as collections."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, Final

from migrate.emulator.graph.bodies import federated_body, federated_of, user_body
from migrate.emulator.graph.call import Call
from migrate.emulator.graph.lists import Kind
from migrate.emulator.graph.odata.options import Options, check_names, pick
from migrate.emulator.graph.schema import (
    APPLICATION,
    APPLICATION_BETA,
    SERVICE_PRINCIPAL,
    SERVICE_PRINCIPAL_BETA,
)
from migrate.emulator.graph.shapes import Shape, application_shape, service_principal_body, service_principal_shape
from migrate.emulator.state.records import Application, FederatedCredential, ServicePrincipal

EXPANDED_AT_MOST: Final = 20
_FEDERATED: Final = ("id", "name", "issuer", "subject", "description", "audiences", "claimsMatchingExpression")


def owners_shown(call: Call, ids: Iterable[str], select: tuple[str, ...]) -> list[dict[str, Any]]:
    """Give the owners that still exist, with $select applied: users, and service principals that own applications."""
    found = (_owner_shown(call, owner_id, select) for owner_id in ids)
    return [body for body in found if body is not None]


def _owner_shown(call: Call, owner_id: str, select: tuple[str, ...]) -> dict[str, Any] | None:
    user = call.tenant.users.get(owner_id)
    principal = call.tenant.service_principals.get(owner_id)
    if user is not None:
        body = user_body(user)
        if not select:
            del body["accountEnabled"]  # it appears only when it is selected
        return pick(body, select)
    if principal is None:
        return None
    shown = service_principal_body(call.tenant, principal, call.version)
    return pick({"@odata.type": "#microsoft.graph.servicePrincipal", **shown}, select)


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


def _application_shape(
    call: Call, wanted: frozenset[str] | None = None, *, with_key: bool = False
) -> Shape[Application]:
    return application_shape(call.tenant, call.version, wanted, with_key=with_key)


def _principal_shape(
    call: Call, wanted: frozenset[str] | None = None, *, with_key: bool = False
) -> Shape[ServicePrincipal]:
    return service_principal_shape(call.tenant, call.version, wanted, with_key=with_key)


def _expansion(call: Call, options: Options) -> Callable[[Application | ServicePrincipal], dict[str, Any]]:
    # A few people own most applications, so that a page shows each of them many times.
    owner = cache(lambda owner_id, select: _owner_shown(call, owner_id, select))

    def expand(record: Application | ServicePrincipal) -> dict[str, Any]:
        expanded: dict[str, Any] = {}
        for item in options.expand:
            if item.name == "owners":
                shown = [body for owner_id in record.owners if (body := owner(owner_id, item.select)) is not None]
            else:
                shown = federated_shown(call, record.id, federated_of(call.tenant, record), item.select)
            expanded[item.name] = shown[:EXPANDED_AT_MOST]
        return expanded

    return expand


APPLICATIONS: Final[Kind[Application]] = Kind(
    name="applications",
    type_name="microsoft.graph.application",
    properties=lambda version: (*APPLICATION, *(APPLICATION_BETA if version == "beta" else ())),
    expandable=("owners", "federatedIdentityCredentials"),
    shape=_application_shape,
    expansion=_expansion,
)

SERVICE_PRINCIPALS: Final[Kind[ServicePrincipal]] = Kind(
    name="servicePrincipals",
    type_name="microsoft.graph.servicePrincipal",
    properties=lambda version: (*SERVICE_PRINCIPAL, *(SERVICE_PRINCIPAL_BETA if version == "beta" else ())),
    expandable=("owners", "federatedIdentityCredentials"),
    shape=_principal_shape,
    expansion=_expansion,
)
