"""Small and empty collections around applications, so that programs which read a whole tenant find what they ask for.

Shapes follow the reference pages of each resource ("domain", "directoryRole", "authorizationPolicy",
"authenticationMethodsPolicy", "identitySecurityDefaultsEnforcementPolicy", "userRegistrationDetails"); what stands in
them is the default of a new tenant, as far as those pages show it, and a choice otherwise. There are no groups.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Final

from migrate.emulator.graph.bodies import stamp
from migrate.emulator.graph.call import Call, Reply
from migrate.emulator.graph.errors import bad_request
from migrate.emulator.graph.odata.options import pick, read_options
from migrate.emulator.graph.routing import READ, GraphRoute, Key, Routes
from migrate.emulator.graph.rows import RowType, answer_rows
from migrate.emulator.graph.shapes import service_principal_body
from migrate.emulator.ids import seeded_guid
from migrate.emulator.state.directory_roles import DIRECTORY_ROLES, GLOBAL_ADMINISTRATOR
from migrate.emulator.state.records import HeldRole
from migrate.emulator.state.rules import not_found

_DIRECTORY: Final = ("Directory.Read.All", "Directory.ReadWrite.All")
_POLICIES: Final = ("Policy.Read.All",)
_UNUSED_AFTER: Final = timedelta(days=30)


def _empty(context: str) -> Callable[..., Reply]:
    kind = RowType(context=context, type_name="microsoft.graph.entity")

    def answer(call: Call) -> Reply:
        return answer_rows(call, kind, ())

    return answer


def _missing(call: Call, key: Key, *more: Key) -> Reply:
    """GET .../{id} of a collection in which there is nothing."""
    del call, more
    raise not_found(key[1])


def domains(call: Call) -> Reply:
    """GET /domains."""
    return answer_rows(call, RowType(context="domains", type_name="microsoft.graph.domain"), [_domain(call)])


def domain(call: Call, key: Key) -> Reply:
    """GET /domains/{id}."""
    if key[1].lower() != call.tenant.domain:
        raise not_found(key[1])
    return _single(call, "domains/$entity", _domain(call))


def _domain(call: Call) -> dict[str, Any]:
    return {
        "id": call.tenant.domain,
        "authenticationType": "Managed",
        "availabilityStatus": None,
        "isAdminManaged": True,
        "isDefault": True,
        "isInitial": True,
        "isRoot": True,
        "isVerified": True,
        "supportedServices": ["Email", "OfficeCommunicationsOnline"],
        "passwordValidityPeriodInDays": 2147483647,
        "passwordNotificationWindowInDays": 14,
        "state": None,
    }


def _single(call: Call, context: str, body: dict[str, Any]) -> Reply:
    shown = pick(body, read_options(call.query).select)
    return Reply(body={"@odata.context": call.context(context), **shown})


def directory_roles(call: Call) -> Reply:
    """GET /directoryRoles: the one role that every tenant has activated."""
    row = {
        "id": _role_id(call),
        "deletedDateTime": None,
        "description": DIRECTORY_ROLES[GLOBAL_ADMINISTRATOR].description,
        "displayName": DIRECTORY_ROLES[GLOBAL_ADMINISTRATOR].name,
        "roleTemplateId": GLOBAL_ADMINISTRATOR,
    }
    return answer_rows(call, RowType(context="directoryRoles", type_name="microsoft.graph.directoryRole"), [row])


def directory_role_members(call: Call, key: Key) -> Reply:
    """GET /directoryRoles/{id}/members: service principals; no person holds a role here."""
    if key[1].lower() not in (_role_id(call), GLOBAL_ADMINISTRATOR):
        raise not_found(key[1])
    rows = (
        {"@odata.type": "#microsoft.graph.servicePrincipal", **service_principal_body(call.tenant, each, call.version)}
        for each in call.tenant.service_principals
        if HeldRole(template_id=GLOBAL_ADMINISTRATOR) in each.directory_roles
    )
    return answer_rows(call, RowType(context="directoryObjects", type_name="microsoft.graph.directoryObject"), rows)


def _role_id(call: Call) -> str:
    return seeded_guid(call.tenant.id, "directoryRole", GLOBAL_ADMINISTRATOR)


def authorization_policy(call: Call) -> Reply:
    """GET /policies/authorizationPolicy."""
    body = {
        "id": "authorizationPolicy",
        "allowInvitesFrom": "everyone",
        "allowedToSignUpEmailBasedSubscriptions": True,
        "allowedToUseSSPR": True,
        "allowEmailVerifiedUsersToJoinOrganization": False,
        "allowUserConsentForRiskyApps": None,
        "blockMsolPowerShell": False,
        "displayName": "Authorization Policy",
        "description": "Used to manage authorization related settings across the company.",
        "guestUserRoleId": "10dae51f-b6af-4016-8d66-8c2a99b929b3",
        "defaultUserRolePermissions": {
            "allowedToCreateApps": True,
            "allowedToCreateSecurityGroups": True,
            "allowedToCreateTenants": True,
            "allowedToReadBitlockerKeysForOwnedDevice": True,
            "allowedToReadOtherUsers": True,
            "permissionGrantPoliciesAssigned": ["ManagePermissionGrantsForSelf.microsoft-user-default-legacy"],
        },
    }
    return _single(call, "policies/authorizationPolicy/$entity", body)


def authentication_methods_policy(call: Call) -> Reply:
    """GET /policies/authenticationMethodsPolicy."""
    everyone = {"targetType": "group", "id": "all_users", "isRegistrationRequired": False}
    fido = {
        "@odata.type": "#microsoft.graph.fido2AuthenticationMethodConfiguration",
        "id": "Fido2",
        "state": "disabled",
        "isSelfServiceRegistrationAllowed": True,
        "isAttestationEnforced": True,
        "keyRestrictions": {"isEnforced": False, "enforcementType": "block", "aaGuids": []},
        "includeTargets": [everyone],
    }
    sms = {
        "@odata.type": "#microsoft.graph.smsAuthenticationMethodConfiguration",
        "id": "Sms",
        "state": "enabled",
        "includeTargets": [{**everyone, "isUsableForSignIn": True}],
    }
    body = {
        "id": "authenticationMethodsPolicy",
        "displayName": "Authentication Methods Policy",
        "description": "The tenant-wide policy that controls which authentication methods are allowed in the tenant",
        "lastModifiedDateTime": stamp(call.tenant.clock.start),
        "policyVersion": "1.5",
        "authenticationMethodConfigurations": [fido, sms],
    }
    return _single(call, "authenticationMethodsPolicy", body)


def security_defaults(call: Call) -> Reply:
    """GET /policies/identitySecurityDefaultsEnforcementPolicy."""
    body = {
        "id": "00000000-0000-0000-0000-000000000005",
        "displayName": "Security Defaults",
        "description": "Security defaults is a set of basic identity security mechanisms recommended by Microsoft.",
        "isEnabled": True,
    }
    return _single(call, "policies/identitySecurityDefaultsEnforcementPolicy/$entity", body)


def user_registration_details(call: Call) -> Reply:
    """GET /reports/authenticationMethods/userRegistrationDetails: nobody has registered anything."""
    rows: Iterator[dict[str, Any]] = (
        {
            "id": user.id,
            "userPrincipalName": user.user_principal_name,
            "userDisplayName": user.display_name,
            "userType": "member",
            "isAdmin": False,
            "isMfaCapable": False,
            "isMfaRegistered": False,
            "isPasswordlessCapable": False,
            "isSsprCapable": False,
            "isSsprEnabled": False,
            "isSsprRegistered": False,
            "isSystemPreferredAuthenticationMethodEnabled": False,
            "systemPreferredAuthenticationMethods": [],
            "methodsRegistered": [],
            "userPreferredMethodForSecondaryAuthentication": "none",
            "lastUpdatedDateTime": stamp(call.tenant.clock.start),
        }
        for user in tuple(call.tenant.users.values())
    )
    context = "reports/authenticationMethods/userRegistrationDetails"
    return answer_rows(call, RowType(context=context, type_name="microsoft.graph.userRegistrationDetails"), rows)


def recommendations(call: Call) -> Reply:
    """GET /directory/recommendations (beta): the one about unused credentials, when it applies.

    The row is the one of page "Recommendation: Remove unused credentials from apps", which also says that a credential
    counts as unused after thirty days; which applications it is about, the service says elsewhere.
    """
    tenant = call.tenant
    oldest = tenant.clock.now() - _UNUSED_AFTER
    used = {
        activity.last.key_id for activity in tenant.sign_ins.credential_activities() if activity.last.created >= oldest
    }
    unused = any(password.key_id not in used for item in tenant.applications for password in item.passwords)
    row = {
        "id": f"{tenant.id}_staleAppCreds",
        "recommendationType": "staleAppCreds",
        "createdDateTime": stamp(tenant.clock.start),
        "impactStartDateTime": stamp(tenant.clock.start),
        "postponeUntilDateTime": None,
        "lastModifiedDateTime": stamp(tenant.clock.start),
        "lastModifiedBy": "System",
        "displayName": "Remove unused credentials from applications",
        "featureAreas": ["applications"],
        "insights": "Your tenant has applications with credentials which have not been used in more than 30 days.",
        "benefits": "Unused credentials can be stolen without anybody noticing.",
        "category": "identityBestPractice",
        "status": "active",
        "priority": "medium",
        "releaseType": "preview",
        "requiredLicenses": "microsoftEntraWorkloadId",
        "impactType": "apps",
        "actionSteps": [],
    }
    kind = RowType(context="directory/recommendations", type_name="microsoft.graph.recommendation")
    return answer_rows(call, kind, [row] if unused else ())


def me(call: Call, *more: Key) -> Reply:
    """GET /me: an application is nobody (recorded)."""
    del call, more
    raise bad_request("/me request is only valid with delegated authentication flow.")


def _get(handler: Callable[..., Reply], *permissions: str) -> dict[str, GraphRoute]:
    return {"GET": GraphRoute(handler=handler, permissions=permissions)}


_CONDITIONAL: Final = ("identity", "conditionalAccess")

ROUTES: Final[Routes] = {
    ("domains",): _get(domains, "Domain.Read.All", *_DIRECTORY),
    ("domains", "*"): _get(domain, "Domain.Read.All", *_DIRECTORY),
    ("directoryRoles",): _get(directory_roles, "RoleManagement.Read.Directory", *_DIRECTORY),
    ("directoryRoles", "*", "members"): _get(directory_role_members, "RoleManagement.Read.Directory", *_DIRECTORY),
    ("groups",): _get(_empty("groups"), "Group.Read.All", *_DIRECTORY),
    ("groups", "*"): _get(_missing, "Group.Read.All", *_DIRECTORY),
    ("groupSettings",): _get(_empty("groupSettings"), *_DIRECTORY),
    ("oauth2PermissionGrants",): _get(_empty("oauth2PermissionGrants"), *_DIRECTORY),
    (*_CONDITIONAL, "policies"): _get(_empty("identity/conditionalAccess/policies"), *_POLICIES),
    (*_CONDITIONAL, "namedLocations"): _get(_empty("identity/conditionalAccess/namedLocations"), *_POLICIES),
    ("policies", "authorizationPolicy"): _get(authorization_policy, *_POLICIES),
    ("policies", "authenticationMethodsPolicy"): _get(authentication_methods_policy, *_POLICIES),
    ("policies", "identitySecurityDefaultsEnforcementPolicy"): _get(security_defaults, *_POLICIES),
    ("reports", "authenticationMethods", "userRegistrationDetails"): _get(
        user_registration_details, "AuditLog.Read.All"
    ),
    ("directory", "recommendations"): {
        "GET": GraphRoute(
            handler=recommendations, permissions=("DirectoryRecommendations.Read.All",), versions=("beta",)
        )
    },
    ("me",): _get(me, *READ),
    ("me", "*"): _get(me, *READ),
}
