"""Handlers for the sign-in log and the activity reports.

The credential fields of ``signIn`` and the reports exist in beta alone. Rows of credentials that were removed stay in
the report, which is assumed.
"""

import base64
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

from migrate.emulator.certificates import thumbprint
from migrate.emulator.graph.bodies import stamp
from migrate.emulator.graph.call import Call, Reply
from migrate.emulator.graph.errors import bad_request
from migrate.emulator.graph.lists import DEFAULT_PAGE
from migrate.emulator.graph.odata.filters import Filter
from migrate.emulator.graph.odata.options import Options, check_names, pick, read_options
from migrate.emulator.graph.odata.paging import decode_position, next_link
from migrate.emulator.graph.routing import READ, GraphRoute, Routes, audit
from migrate.emulator.state.records import KeyCredential, PasswordCredential
from migrate.emulator.state.signins import Activity, SignIn
from migrate.emulator.state.tenant import Tenant

LARGEST_PAGE: Final = 1000
_NO_DEVICE: Final = dict.fromkeys(("deviceId", "displayName", "operatingSystem", "browser", "trustType"), None)


def sign_in_body(tenant: Tenant, entry: SignIn) -> dict[str, Any]:
    """Give a beta signIn of a service principal or a managed identity."""
    is_identity = entry.event == "managedIdentity"
    kind = ("userAssigned" if entry.user_assigned else "systemAssigned") if is_identity else "none"
    resource = tenant.service_principals.with_app_id(entry.resource_id) if entry.resource_id else None
    return {
        "id": entry.id,
        "createdDateTime": stamp(entry.created),
        "userDisplayName": None,
        "userPrincipalName": None,
        "userId": "",
        "appId": entry.app_id,
        "appDisplayName": entry.app_display_name,
        "appOwnerTenantId": entry.owner_tenant,
        "authenticationProtocol": "none",
        "clientAppUsed": None,
        "clientCredentialType": entry.credential_type,
        "conditionalAccessStatus": "notApplied",
        "correlationId": entry.correlation_id,
        "crossTenantAccessType": "none",
        "deviceDetail": _NO_DEVICE,
        "federatedCredentialId": entry.federated_credential_id,
        "homeTenantId": tenant.id,
        "incomingTokenType": "none",
        "ipAddress": entry.ip_address,
        "isInteractive": False,
        "isTenantRestricted": False,
        "location": {"city": None, "state": None, "countryOrRegion": None, "geoCoordinates": {}},
        "managedServiceIdentity": {
            "msiType": kind,
            "associatedResourceId": entry.identity_resource_id,
            "federatedTokenId": entry.federated_token_id,
            "federatedTokenIssuer": entry.federated_token_issuer,
        },
        "processingTimeInMilliseconds": 0,
        "resourceDisplayName": entry.resource_display_name,
        "resourceId": entry.resource_id,
        "resourceServicePrincipalId": resource.id if resource else "",
        "resourceTenantId": tenant.id,
        "riskState": "none",
        "servicePrincipalCredentialKeyId": entry.key_id,
        "servicePrincipalCredentialThumbprint": thumbprint(entry.certificate).hex().upper()
        if entry.certificate
        else "",
        "servicePrincipalId": entry.service_principal_id,
        "servicePrincipalName": entry.app_display_name,
        "signInEventTypes": [entry.event],
        "status": {
            "errorCode": entry.error_code,
            "failureReason": entry.failure_reason or "Other.",
            "additionalDetails": None,
        },
        "tokenIssuerType": "AzureAD",
        "uniqueTokenIdentifier": entry.token_id,
        "userAgent": None,
    }


_SIGN_IN_FIELDS: Final = frozenset({
    "id", "createdDateTime", "appId", "appDisplayName", "servicePrincipalId", "servicePrincipalName",
    "signInEventTypes", "status", "resourceId", "resourceDisplayName", "ipAddress", "correlationId",
    "isInteractive", "servicePrincipalCredentialKeyId", "servicePrincipalCredentialThumbprint",
    "federatedCredentialId", "clientCredentialType", "userId", "uniqueTokenIdentifier",
})  # fmt: skip


def list_sign_ins(call: Call) -> Reply:
    """GET /auditLogs/signIns; without a filter on signInEventTypes only interactive ones, of which there are none."""
    options = read_options(call.query, largest_page=LARGEST_PAGE)
    names = options.filter.properties if options.filter else frozenset()
    check_names(names, _SIGN_IN_FIELDS, "microsoft.graph.signIn", clause="Invalid filter clause: ")
    context = {"@odata.context": call.context("auditLogs/signIns")}
    if call.version != "beta" or options.filter is None or "signInEventTypes" not in names:
        return Reply(body={**context, "value": []})
    positions = _sign_in_positions(call.tenant, options)
    size = options.top or LARGEST_PAGE
    found = _visible(call.tenant, positions, options.filter)
    page = list(islice(found, size))
    if len(page) == size and next(found, None) is not None:
        context["@odata.nextLink"] = next_link(f"{call.base}/{call.path}", call.query, page[-1][0])
    return Reply(body={**context, "value": [pick(body, options.select) for _, body in page]})


def _sign_in_positions(tenant: Tenant, options: Options) -> Iterator[int]:
    log, ascending = tenant.sign_ins, _ascending(options)
    app_id = options.filter.equalities.get("appId") if options.filter else None
    positions = log.positions(app_id.lower() if isinstance(app_id, str) else None)
    first, last = log.first_since(tenant.clock.now() - tenant.retention, positions), len(positions)
    if options.skip_token is not None:
        seen = decode_position(options.skip_token)
        first, last = (
            (max(first, bisect_right(positions, seen)), last) if ascending else (first, bisect_left(positions, seen))
        )
    indexes = range(first, last) if ascending else range(last - 1, first - 1, -1)
    return (positions[index] for index in indexes)


def _ascending(options: Options) -> bool:
    if not options.order_by:
        return False  # newest first
    if [name for name, _ in options.order_by] != ["createdDateTime"]:
        raise bad_request("Sign-ins can be ordered by createdDateTime only.")
    return not options.order_by[0][1]


def _visible(tenant: Tenant, positions: Iterator[int], condition: Filter) -> Iterator[tuple[int, dict[str, Any]]]:
    for position in positions:
        body = sign_in_body(tenant, tenant.sign_ins.at(position))
        if condition.test(body):
            yield position, body


def _dates(activity: Activity | None) -> dict[str, Any]:
    last = activity.last if activity else None
    success = activity.last_success if activity else None
    return {
        "lastSignInDateTime": stamp(last.created) if last else None,
        "lastSignInRequestId": last.id if last else None,
        "lastSuccessfulSignInDateTime": stamp(success.created) if success else None,
        "lastSuccessfulSignInRequestId": success.id if success else None,
    }


def _credential_row(tenant: Tenant, activity: Activity) -> dict[str, Any]:
    last = activity.last
    application = tenant.applications.with_app_id(last.app_id)
    principal = tenant.service_principals.with_app_id(last.app_id)
    holder = application if last.origin == "application" else principal
    held: list[PasswordCredential | KeyCredential] = [*holder.passwords, *holder.keys] if holder else []
    found = [item for item in held if item.key_id == last.key_id]
    resource = tenant.service_principals.with_app_id(last.resource_id) if last.resource_id else None
    return {
        "id": base64.b64encode(f"{last.key_id}|{last.origin}".encode()).decode(),
        "keyId": last.key_id,
        "keyType": last.credential_type,
        "keyUsage": "verify",
        "appId": last.app_id,
        "appObjectId": application.id if application else "",
        "servicePrincipalObjectId": last.service_principal_id,
        "resourceId": resource.id if resource else "",
        "credentialOrigin": last.origin,
        "createdDateTime": stamp(found[0].start) if found else None,
        "expirationDateTime": stamp(found[0].end) if found else None,
        "signInActivity": _dates(activity),
    }


def list_credential_activities(call: Call) -> Reply:
    """GET /reports/appCredentialSignInActivities: one row for each credential that was ever used."""
    log = call.tenant.sign_ins
    return _report(
        call,
        "appCredentialSignInActivities",
        lambda place: (
            (following, _credential_row(call.tenant, activity)) for following, activity in log.credentials_after(place)
        ),
    )


def list_application_activities(call: Call) -> Reply:
    """GET /reports/servicePrincipalSignInActivities: one row for each application that ever signed in."""
    log = call.tenant.sign_ins
    return _report(
        call,
        "servicePrincipalSignInActivities",
        lambda place: (
            (following, _application_row(call.tenant, app_id, activity))
            for following, app_id, activity in log.applications_after(place)
        ),
    )


def _application_row(tenant: Tenant, app_id: str, activity: Activity) -> dict[str, Any]:
    return {
        "id": base64.b64encode(app_id.encode()).decode(),
        "appId": app_id,
        "lastSignInActivity": _dates(activity),
        "delegatedClientSignInActivity": _dates(None),
        "delegatedResourceSignInActivity": _dates(None),
        "applicationAuthenticationClientSignInActivity": _dates(activity),
        "applicationAuthenticationResourceSignInActivity": _dates(tenant.sign_ins.resource_activity(app_id)),
    }


def _report(call: Call, name: str, rows_after: Callable[[int], Iterator[tuple[int, dict[str, Any]]]]) -> Reply:
    options = read_options(call.query)
    test: Callable[[dict[str, Any]], bool] = options.filter.test if options.filter else lambda _: True
    found = ((place, row) for place, row in rows_after(decode_position(options.skip_token)) if test(row))
    size = options.top or DEFAULT_PAGE
    page = list(islice(found, size))
    body: dict[str, Any] = {"@odata.context": call.context(f"reports/{name}")}
    if len(page) == size and next(found, None) is not None:
        body["@odata.nextLink"] = next_link(f"{call.base}/{call.path}", call.query, page[-1][0])
    return Reply(body={**body, "value": [pick(row, options.select) for _, row in page]})


def organization(call: Call) -> Reply:
    """GET /organization."""
    tenant = call.tenant
    domain = {"capabilities": "Email", "isDefault": True, "isInitial": True, "name": tenant.domain, "type": "Managed"}
    row = {
        "id": tenant.id,
        "displayName": tenant.display_name,
        "tenantType": "AAD",
        "countryLetterCode": "DE",
        "createdDateTime": stamp(tenant.clock.start.replace(year=tenant.clock.start.year - 8, day=1)),
        "verifiedDomains": [domain],
        "assignedPlans": [],
    }
    options = read_options(call.query)
    return Reply(body={"@odata.context": call.context("organization"), "value": [pick(row, options.select)]})


ROUTES: Final[Routes] = {
    ("organization",): {"GET": GraphRoute(handler=organization, permissions=("Organization.Read.All", *READ))},
    ("auditLogs", "signIns"): {"GET": audit(list_sign_ins)},
    ("reports", "appCredentialSignInActivities"): {"GET": audit(list_credential_activities, "beta")},
    ("reports", "servicePrincipalSignInActivities"): {"GET": audit(list_application_activities, "beta")},
}
