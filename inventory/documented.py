"""Names of the properties that Graph documents, so that any other one can be told as unknown.

Source: Graph metadata, v1.0, entity types ``application`` and ``servicePrincipal`` with ``directoryObject`` and
``entity`` below them, navigation properties included (they come with ``$expand``). Both types are open: a tenant may
answer with more.
"""

from __future__ import annotations

_BOTH = frozenset({
    "addIns", "appDescription", "appDisplayName", "appId", "appManagementPolicies", "appRoles", "applicationTemplateId",
    "certification", "createdByAppId", "createdDateTime", "createdOnBehalfOf", "customSecurityAttributes",
    "deletedDateTime", "description", "disabledByMicrosoftStatus", "displayName", "federatedIdentityCredentials",
    "homeRealmDiscoveryPolicies", "id", "info", "isDisabled", "keyCredentials", "notes", "owners",
    "passwordCredentials", "signInAudience", "synchronization", "tags", "tokenEncryptionKeyId", "tokenIssuancePolicies",
    "tokenLifetimePolicies", "verifiedPublisher",
})  # fmt: skip

APPLICATION = _BOTH | {
    "api", "authenticationBehaviors", "defaultRedirectUri", "extensionProperties", "groupMembershipClaims",
    "identifierUris", "isDeviceOnlyAuthSupported", "isFallbackPublicClient", "logo", "managerApplications",
    "nativeAuthenticationApisEnabled", "oauth2RequirePostResponse", "optionalClaims", "parentalControlSettings",
    "publicClient", "publisherDomain", "requestSignatureVerification", "requiredResourceAccess", "samlMetadataUrl",
    "serviceManagementReference", "servicePrincipalLockConfiguration", "spa", "uniqueName", "web",
}  # fmt: skip

SERVICE_PRINCIPAL = _BOTH | {
    "accountEnabled", "alternativeNames", "appOwnerOrganizationId", "appRoleAssignedTo", "appRoleAssignmentRequired",
    "appRoleAssignments", "claimsMappingPolicies", "claimsPolicy", "createdObjects",
    "delegatedPermissionClassifications", "endpoints", "homepage", "loginUrl", "logoutUrl", "memberOf",
    "notificationEmailAddresses", "oauth2PermissionGrants", "oauth2PermissionScopes", "ownedObjects",
    "preferredSingleSignOnMode",
    "preferredTokenSigningKeyThumbprint", "remoteDesktopSecurityConfiguration", "replyUrls",
    "resourceSpecificApplicationPermissions", "samlSingleSignOnSettings", "servicePrincipalNames",
    "servicePrincipalType", "transitiveMemberOf",
}  # fmt: skip
