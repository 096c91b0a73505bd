"""One request or more for everything that Graph serves here, with an answer that has something in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

BOTH: Final = ("v1.0", "beta")
BETA: Final = ("beta",)
ADVANCED: Final = {"ConsistencyLevel": "eventual"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemplar:
    """A request; ``{names}`` in its path, query and body are objects of the scene."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    versions: tuple[str, ...] = BOTH

    def __str__(self) -> str:
        return " ".join([self.method, self.path, *self.query.values(), *self.headers.values()])


def get(
    path: str, *, versions: tuple[str, ...] = BOTH, headers: Mapping[str, str] | None = None, **query: str
) -> Exemplar:
    """Describe a reading request; query options are named without their dollar sign."""
    options = {f"${name}": value for name, value in query.items()}
    return Exemplar(method="GET", path=path, query=options, versions=versions, headers=headers or {})


def post(path: str, body: Any = None, status: int = 200, **options: Any) -> Exemplar:
    """Describe a request that makes something."""
    return Exemplar(method="POST", path=path, body=body, status=status, **options)


def patch(path: str, body: Any, status: int = 204, **options: Any) -> Exemplar:
    """Describe a request that changes something."""
    return Exemplar(method="PATCH", path=path, body=body, status=status, **options)


def delete(path: str, **options: Any) -> Exemplar:
    """Describe a request that removes something."""
    return Exemplar(method="DELETE", path=path, status=204, **options)


_FEDERATED: Final = {
    "name": "mi-fidelity",
    "issuer": "{issuer}",
    "subject": "{subject}",
    "audiences": ["api://AzureADTokenExchange"],
    "description": "made by an exemplar",
}
_EXPANDED: Final = "owners,federatedIdentityCredentials"
_APPLICATION: Final = {
    "displayName": "exemplar",
    "description": "d",
    "notes": "n",
    "serviceManagementReference": "CMDB-1",
    "signInAudience": "AzureADMultipleOrgs",
    "tags": ["one"],
    "isFallbackPublicClient": True,
    "identifierUris": ["api://{unique}"],
    "uniqueName": "exemplar-{unique}",
    "web": {"homePageUrl": "https://x.example", "redirectUris": ["https://x.example/cb"]},
    "spa": {"redirectUris": ["https://x.example/spa"]},
    "publicClient": {"redirectUris": ["http://localhost"]},
    "requiredResourceAccess": [
        {
            "resourceAppId": "00000003-0000-0000-c000-000000000000",
            "resourceAccess": [{"id": "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30", "type": "Role"}],
        }
    ],
    "servicePrincipalLockConfiguration": {"isEnabled": True, "allProperties": True},
    "keyCredentials": [{"type": "AsymmetricX509Cert", "usage": "Verify", "key": "{certificate}"}],
}

OBJECTS: Final = (
    get("applications", top="999", expand="owners"),
    get("applications", filter="id eq '{rich}'", expand="federatedIdentityCredentials"),
    get("applications", top="10", select="id,appId,displayName,passwordCredentials,keyCredentials"),
    get("applications", top="1"),
    get(
        "applications",
        count="true",
        top="5",
        filter="startswith(displayName,'o')",
        orderby="displayName",
        headers=ADVANCED,
    ),
    get("applications/$count", headers=ADVANCED),
    post("applications", _APPLICATION, 201),
    get("applications/{rich}"),
    get("applications/{rich}", select="keyCredentials,passwordCredentials"),
    get("applications/{rich}", expand=_EXPANDED),
    get("applications/{owned}", expand="owners($select=id,displayName)"),
    get("applications(appId='{rich_app_id}')"),
    patch("applications/{fresh}", {"displayName": "renamed", "isDisabled": True}),
    delete("applications/{fresh}"),
    get("applications/{owned}/owners"),
    get("applications/{owned}/owners", select="id,accountEnabled,userPrincipalName"),
    post("applications/{fresh}/addPassword", {"passwordCredential": {"displayName": "by exemplar"}}),
    post("applications/{fresh}/removePassword", {"keyId": "{fresh_secret}"}, 204),
    get("servicePrincipals", top="999", expand="owners"),
    get("servicePrincipals", top="3"),
    get("servicePrincipals/{owned_principal}", expand="owners"),
    get("servicePrincipals/$count", headers=ADVANCED),
    post("servicePrincipals", {"appId": "{fresh_without_principal}", "tags": ["two"]}, 201),
    get("servicePrincipals/{principal}"),
    get("servicePrincipals/{signing_principal}", select="keyCredentials,passwordCredentials,tags"),
    get("servicePrincipals(appId='{rich_app_id}')"),
    patch("servicePrincipals/{fresh_principal}", {"accountEnabled": False, "tags": ["three"]}),
    delete("servicePrincipals/{fresh_principal}"),
    post("servicePrincipals/{fresh_principal}/addPassword", {}),
    post("servicePrincipals/{fresh_principal}/removePassword", {"keyId": "{fresh_principal_secret}"}, 204),
    get("servicePrincipals/{identity_principal}/federatedIdentityCredentials"),
)

_NEW_KEY: Final = {"type": "AsymmetricX509Cert", "usage": "Verify", "key": "{other_certificate}"}
_OBJECTS_AT: Final = "https://graph.microsoft.com/v1.0/directoryObjects/"
_LISTED: Final = {"ids": ["{rich}", "{principal}", "{user}"], "types": ["application", "servicePrincipal", "user"]}

RELATIONS: Final = (
    get("servicePrincipals/{owned_principal}/owners"),
    get("servicePrincipals/{owner_principal}/ownedObjects"),
    post("applications/{fresh}/owners/$ref", {"@odata.id": f"{_OBJECTS_AT}{{user}}"}, 204),
    post("servicePrincipals/{fresh_principal}/owners/$ref", {"@odata.id": f"{_OBJECTS_AT}{{user}}"}, 204),
    delete("applications/{fresh_owned}/owners/{user}/$ref"),
    delete("servicePrincipals/{fresh_owned_principal}/owners/{user}/$ref"),
    post("applications/{keyed}/addKey", {"keyCredential": _NEW_KEY, "passwordCredential": None, "proof": "{proof}"}),
    post("applications/{keyed}/removeKey", {"keyId": "{keyed_key}", "proof": "{proof}"}, 204),
    post("servicePrincipals/{keyed_principal}/addKey", {"keyCredential": _NEW_KEY, "proof": "{principal_proof}"}),
    post("servicePrincipals/{keyed_principal}/removeKey",
         {"keyId": "{keyed_principal_key}", "proof": "{principal_proof}"}, 204),
    get("servicePrincipals/{operator}/appRoleAssignments"),
    get("servicePrincipals/{operator}/appRoleAssignments/{assignment}"),
    post("servicePrincipals/{fresh_principal}/appRoleAssignments",
         {"principalId": "{last_principal_id}", "resourceId": "{graph_principal}", "appRoleId": "{role}"}, 201),
    delete("servicePrincipals/{assigned}/appRoleAssignments/{its_assignment}"),
    get("servicePrincipals/{graph_principal}/appRoleAssignedTo", top="999"),
    get("servicePrincipals/{graph_principal}/appRoleAssignedTo/{assignment}"),
    post("servicePrincipals/{graph_principal}/appRoleAssignedTo",
         {"principalId": "{fresh_principal}", "resourceId": "{graph_principal}", "appRoleId": "{role}"}, 201),
    delete("servicePrincipals/{graph_principal}/appRoleAssignedTo/{fresh_assignment}"),
)  # fmt: skip

_NEVER_DELETED: Final = ("user", "group", "device", "administrativeUnit")

DIRECTORY: Final = (
    get("applications/delta", select="displayName,passwordCredentials,keyCredentials"),
    get("servicePrincipals/delta", filter="id eq '{principal}' or id eq '{identity_principal}'"),
    get("directory/deletedItems/microsoft.graph.application"),
    get("directory/deletedItems/microsoft.graph.servicePrincipal"),
    *(get(f"directory/deletedItems/microsoft.graph.{kind}") for kind in _NEVER_DELETED),
    get("directory/deletedItems/{deleted}"),
    post("directory/deletedItems/{deleted}/restore"),
    delete("directory/deletedItems/{deleted}"),
    post("directoryObjects/getByIds", _LISTED),
    post("applications/getByIds", {"ids": ["{rich}"]}),
    post("servicePrincipals/getByIds", {"ids": ["{principal}"]}),
    get("directoryObjects/{rich}"),
    get("directoryObjects/{user}"),
    get("users"),
    get("users/{user}"),
    get("users/{user}/ownedObjects"),
    get("directoryRoles"),
    get("directoryRoles/{directory_role}/members"),
    get("roleManagement/directory/roleDefinitions"),
    get("roleManagement/directory/roleDefinitions/{role_definition}"),
    get("roleManagement/directory/roleAssignments", expand="principal"),
    get("roleManagement/directory/roleAssignments", filter="principalId eq '{role_holder}'"),
    get("roleManagement/directory/roleAssignments/{role_assignment}"),
    get("domains"),
    get("domains/{domain}"),
    get("groups"),
    Exemplar(method="GET", path="groups/{unknown}", status=404),
    get("groupSettings"),
    get("oauth2PermissionGrants"),
    Exemplar(method="GET", path="me", status=400),
    Exemplar(method="GET", path="me/messages", status=400),
    get("identity/conditionalAccess/policies"),
    get("identity/conditionalAccess/namedLocations"),
    get("policies/authorizationPolicy"),
    get("policies/authenticationMethodsPolicy"),
    get("policies/identitySecurityDefaultsEnforcementPolicy"),
    get("reports/authenticationMethods/userRegistrationDetails"),
    get("directory/recommendations", versions=BETA),
    post("$batch", {"requests": [
        {"id": "1", "method": "GET", "url": "/applications/{rich}"},
        {"id": "2", "method": "GET", "url": "/applications/{unknown}", "dependsOn": ["1"]},
        {"id": "3", "method": "GET", "url": "/organization", "dependsOn": ["2"]},
        {"id": "4", "method": "PATCH", "url": "/applications/{rich}", "body": {"notes": "by batch"},
         "headers": {"Content-Type": "application/json"}},
    ]}),
)  # fmt: skip

_PASSWORDS: Final = [
    {
        "restrictionType": "passwordAddition",
        "state": "enabled",
        "maxLifetime": None,
        "restrictForAppsCreatedAfterDateTime": "2021-01-01T10:37:00Z",
    },
    {
        "restrictionType": "passwordLifetime",
        "state": "enabled",
        "maxLifetime": "P40D",
        "restrictForAppsCreatedAfterDateTime": "2017-01-01T10:37:00Z",
    },
]
_KEYS: Final = [
    {
        "restrictionType": "asymmetricKeyLifetime",
        "state": "disabled",
        "maxLifetime": "P90D",
        "restrictForAppsCreatedAfterDateTime": "2015-01-01T10:37:00Z",
    }
]
_POLICY: Final = {
    "displayName": "by exemplar",
    "description": "no new secrets",
    "isEnabled": True,
    "restrictions": {"passwordCredentials": _PASSWORDS, "keyCredentials": _KEYS},
}
_POLICY_LINK: Final = {"@odata.id": "https://graph.microsoft.com/v1.0/policies/appManagementPolicies/{policy}"}

POLICIES: Final = (
    patch(
        "policies/defaultAppManagementPolicy",
        {"isEnabled": False, "applicationRestrictions": {"passwordCredentials": _PASSWORDS, "keyCredentials": _KEYS}},
    ),
    get("policies/defaultAppManagementPolicy"),
    post("policies/appManagementPolicies", _POLICY, 201),
    get("policies/appManagementPolicies/{policy}"),
    get("policies/appManagementPolicies"),
    patch("policies/appManagementPolicies/{policy}", {"displayName": "renamed"}),
    delete("policies/appManagementPolicies/{fresh_policy}"),
    post("applications/{fresh}/appManagementPolicies/$ref", _POLICY_LINK, 204),
    post("servicePrincipals/{fresh_principal}/appManagementPolicies/$ref", _POLICY_LINK, 204),
    get("policies/appManagementPolicies/{policy}/appliesTo"),
    get("applications/{governed}/appManagementPolicies"),
    get("servicePrincipals/{governed_principal}/appManagementPolicies"),
    delete("applications/{fresh_governed}/appManagementPolicies/{policy}/$ref"),
    delete("servicePrincipals/{fresh_governed_principal}/appManagementPolicies/{policy}/$ref"),
)

FEDERATED: Final = (
    get("applications/{rich}/federatedIdentityCredentials"),
    get("applications/{rich}/federatedIdentityCredentials", filter="name eq 'mi-1'"),
    get("applications/{rich}/federatedIdentityCredentials/{rich_federated}"),
    get("applications/{rich}/federatedIdentityCredentials/mi-1"),
    get("applications/{rich}/federatedIdentityCredentials(name='mi-1')", select="id,name,subject"),
    post("applications/{fresh}/federatedIdentityCredentials", _FEDERATED, 201),
    patch("applications/{federated}/federatedIdentityCredentials/{its_credential}", {"description": "changed"}),
    patch(
        "applications/{fresh}/federatedIdentityCredentials(name='upserted')",
        {name: value for name, value in _FEDERATED.items() if name != "name"},
        201,
        headers={"Prefer": "create-if-missing"},
    ),
    delete("applications/{federated}/federatedIdentityCredentials/{its_credential}"),
)

EVIDENCE: Final = (
    get("organization"),
    get("auditLogs/directoryAudits", top="5"),
    get("auditLogs/signIns"),
    get("auditLogs/signIns", filter="signInEventTypes/any(t:t eq 'servicePrincipal')", top="100"),
    get("auditLogs/signIns", filter="signInEventTypes/any(t:t eq 'managedIdentity')", top="20"),
    get("reports/appCredentialSignInActivities", versions=BETA),
    get("reports/servicePrincipalSignInActivities", versions=BETA),
)

EXEMPLARS: Final = (*OBJECTS, *FEDERATED, *EVIDENCE, *RELATIONS, *DIRECTORY, *POLICIES)
