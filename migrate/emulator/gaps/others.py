"""The rest of Graph, and what the authority and the managed-identity endpoints offer and this tenant does not."""

from typing import Final

_FAMILIES: Final = (
    "admin", "agreementAcceptances", "agreements", "appCatalogs", "applicationTemplates",
    "authenticationMethodConfigurations", "authenticationMethodsPolicy", "certificateBasedAuthConfiguration",
    "chats", "communications", "compliance", "connections", "contacts", "contracts", "dataPolicyOperations",
    "deviceAppManagement", "deviceManagement", "devices", "directoryRoleTemplates",
    "domainDnsRecords", "drives", "education", "employeeExperience", "external", "filterOperators",
    "functions", "groupLifecyclePolicies", "groupSettingTemplates",
    "identityGovernance", "identityProtection", "identityProviders", "informationProtection", "invitations",
    "permissionGrants", "places", "planner", "print", "privacy", "schemaExtensions", "scopedRoleMemberships", "search",
    "security", "shares", "sites", "solutions", "storage",
    "subscribedSkus", "subscriptions", "teams", "teamsTemplates", "teamwork", "tenantRelationships",
)  # fmt: skip
_FAMILIES_IN_PART: Final = (
    "directoryRoles", "domains", "groupSettings", "groups", "identity", "me", "oauth2PermissionGrants", "users",
)  # fmt: skip
"""Lists that scanners read and that are nearly empty here."""
_FAMILIES_OF_BETA: Final = (
    "accessReviewDecisions", "accessReviews", "activitystatistics", "administrativeUnits", "agentRegistry", "agents",
    "allowedDataLocations", "app", "approvalWorkflowProviders", "authenticationMethodDevices", "bookingBusinesses",
    "bookingCurrencies", "businessFlowTemplates", "certificateAuthorities", "commands", "dataClassification",
    "directorySettingTemplates", "filteringPolicies", "financials", "governanceResources",
    "governanceRoleAssignmentRequests", "governanceRoleAssignments", "governanceRoleDefinitions",
    "governanceRoleSettings", "governanceSubjects", "messageEvents", "messageRecipients", "messageTraces",
    "mobilityManagementPolicies", "monitoring", "network", "networkAccess", "onPremisesPublishingProfiles",
    "payloadResponse", "privilegedAccess", "privilegedApproval", "privilegedOperationEvents",
    "privilegedRoleAssignmentRequests", "privilegedRoleAssignments", "privilegedRoles", "privilegedSignupStatus",
    "programControlTypes", "programControls", "programs", "riskDetections", "riskyUsers", "settings",
    "teamTemplateDefinition", "templates", "termStore", "threatSubmission", "trustFramework", "workplace",
)  # fmt: skip
_ELSEWHERE: Final = "people, devices and other products: no credential of an application lives there"
_PEOPLE: Final = "people do not sign in here; applications do"

FAMILIES: Final = {
    **{f"{name}/**": _ELSEWHERE for name in _FAMILIES},
    **{f"beta/{name}/**": f"exists in beta alone; {_ELSEWHERE}" for name in _FAMILIES_OF_BETA},
    **{f"{name}/...": _ELSEWHERE for name in _FAMILIES_IN_PART},
    "oidc/userinfo": _PEOPLE,
    "roleManagement/...": "directory roles are read as they are held; eligibility and changes are not played",
}

LOGIN: Final = {
    "*/FederationMetadata/2007-06/FederationMetadata.xml": "sign-in by SAML and WS-Federation is not played",
    "*/kerberos": _PEOPLE,
    "*/oauth2/authorize": _PEOPLE,
    "*/oauth2/devicecode": _PEOPLE,
    "*/oauth2/logout": _PEOPLE,
    "*/oauth2/v2.0/authorize": _PEOPLE,
    "*/oauth2/v2.0/devicecode": _PEOPLE,
    "*/oauth2/v2.0/logout": _PEOPLE,
    "*/openid/userinfo": _PEOPLE,
    "*/saml2": "sign-in by SAML is not played",
    "*/wsfed": "sign-in by WS-Federation is not played",
    "common/GetCredentialType": _PEOPLE,
    "common/userrealm/*": _PEOPLE,
    "consumers/oauth2/v2.0/token": "personal accounts sign in to applications, applications do not sign in with them",
    "consumers/v2.0/.well-known/openid-configuration": "personal accounts are not played",
    "*/oauth2/v2.0/token grant_type=authorization_code": _PEOPLE,
    "*/oauth2/v2.0/token grant_type=device_code": _PEOPLE,
    "*/oauth2/v2.0/token grant_type=password": _PEOPLE,
    "*/oauth2/v2.0/token grant_type=refresh_token": _PEOPLE,
    "*/oauth2/v2.0/token grant_type=urn:ietf:params:oauth:grant-type:device_code": _PEOPLE,
    "*/oauth2/v2.0/token grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer": "on behalf of people: " + _PEOPLE,
    "*/oauth2/v2.0/token grant_type=urn:ietf:params:oauth:grant-type:saml1_1-bearer": _PEOPLE,
    "*/oauth2/v2.0/token grant_type=urn:ietf:params:oauth:grant-type:saml2-bearer": _PEOPLE,
    "*/oauth2/v2.0/token grant_type=urn:ietf:params:oauth:grant-type:token-exchange": "Entra has no such grant either",
}

_METADATA: Final = "what a machine is, not who it is"
_BOUND: Final = "certificates bound to a machine's attestation (the second version of IMDS) are not played"

MANAGED_IDENTITY: Final = {
    "metadata/attested/document": _METADATA,
    "metadata/identity/getplatformmetadata": _BOUND,
    "metadata/identity/info": _METADATA,
    "metadata/identity/issuecredential": _BOUND,
    "metadata/instance/**": _METADATA,
    "metadata/loadbalancer": _METADATA,
    "metadata/scheduledevents": _METADATA,
    "metadata/versions": _METADATA,
}
