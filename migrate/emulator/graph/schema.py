"""The properties of Graph's objects and what they are on an empty one.

Names and empty values follow the v1.0 metadata (CSDL) and, for beta, a published export of real objects.
"""

from typing import Any, Final

from migrate.emulator.graph.errors import bad_request
from migrate.emulator.graph.nested import PROPERTIES, has_shape

_INFO: Final = {
    "termsOfServiceUrl": None, "supportUrl": None, "privacyStatementUrl": None, "marketingUrl": None, "logoUrl": None,
}  # fmt: skip
_VERIFIED_PUBLISHER: Final = {"displayName": None, "verifiedPublisherId": None, "addedDateTime": None}

APPLICATION: Final[dict[str, Any]] = {
    "id": "",
    "deletedDateTime": None,
    "appId": "",
    "applicationTemplateId": None,
    "disabledByMicrosoftStatus": None,
    "createdByAppId": None,
    "createdDateTime": None,
    "displayName": "",
    "description": None,
    "groupMembershipClaims": None,
    "identifierUris": [],
    "isDeviceOnlyAuthSupported": None,
    "isDisabled": None,
    "isFallbackPublicClient": None,
    "nativeAuthenticationApisEnabled": None,
    "notes": None,
    "oauth2RequirePostResponse": False,
    "publisherDomain": None,
    "serviceManagementReference": None,
    "signInAudience": "AzureADMyOrg",
    "tags": [],
    "tokenEncryptionKeyId": None,
    "uniqueName": None,
    "samlMetadataUrl": None,
    "defaultRedirectUri": None,
    "certification": None,
    "optionalClaims": None,
    "requestSignatureVerification": None,
    "servicePrincipalLockConfiguration": None,
    "addIns": [],
    "api": {
        "acceptMappedClaims": None,
        "knownClientApplications": [],
        "requestedAccessTokenVersion": None,
        "oauth2PermissionScopes": [],
        "preAuthorizedApplications": [],
    },
    "appRoles": [],
    "info": _INFO,
    "keyCredentials": [],
    "parentalControlSettings": {"countriesBlockedForMinors": [], "legalAgeGroupRule": "Allow"},
    "passwordCredentials": [],
    "publicClient": {"redirectUris": []},
    "requiredResourceAccess": [],
    "verifiedPublisher": _VERIFIED_PUBLISHER,
    "web": {
        "homePageUrl": None,
        "logoutUrl": None,
        "redirectUris": [],
        "implicitGrantSettings": {"enableAccessTokenIssuance": False, "enableIdTokenIssuance": False},
        "redirectUriSettings": [],
    },
    "spa": {"redirectUris": []},
}

APPLICATION_BETA: Final[dict[str, Any]] = {
    "isAuthorizationServiceEnabled": False,
    "isManagementRestricted": None,
    "migrationStatus": None,
    "orgRestrictions": [],
    "appCapabilities": [],
    "windows": None,
}

SERVICE_PRINCIPAL: Final[dict[str, Any]] = {
    "id": "",
    "deletedDateTime": None,
    "accountEnabled": True,
    "alternativeNames": [],
    "appDisplayName": None,
    "appDescription": None,
    "appId": "",
    "applicationTemplateId": None,
    "appOwnerOrganizationId": None,
    "appRoleAssignmentRequired": False,
    "createdByAppId": None,
    "createdDateTime": None,
    "description": None,
    "disabledByMicrosoftStatus": None,
    "displayName": "",
    "homepage": None,
    "isDisabled": None,
    "loginUrl": None,
    "logoutUrl": None,
    "notes": None,
    "notificationEmailAddresses": [],
    "preferredSingleSignOnMode": None,
    "preferredTokenSigningKeyThumbprint": None,
    "replyUrls": [],
    "servicePrincipalNames": [],
    "servicePrincipalType": "Application",
    "signInAudience": None,
    "tags": [],
    "tokenEncryptionKeyId": None,
    "samlSingleSignOnSettings": None,
    "addIns": [],
    "appRoles": [],
    "info": _INFO,
    "keyCredentials": [],
    "oauth2PermissionScopes": [],
    "passwordCredentials": [],
    "resourceSpecificApplicationPermissions": [],
    "verifiedPublisher": _VERIFIED_PUBLISHER,
}

SERVICE_PRINCIPAL_BETA: Final[dict[str, Any]] = {
    "errorUrl": None,
    "isAuthorizationServiceEnabled": False,
    "isManagementRestricted": None,
    "passwordSingleSignOnSettings": None,
    "preferredTokenSigningKeyEndDateTime": None,
    "publisherName": None,
    "samlMetadataUrl": None,
}

READ_ONLY: Final = frozenset({
    "id", "appId", "createdDateTime", "deletedDateTime", "publisherDomain", "createdByAppId", "certification",
    "disabledByMicrosoftStatus", "verifiedPublisher", "applicationTemplateId", "servicePrincipalType",
    "appOwnerOrganizationId", "appDisplayName", "appDescription",
})  # fmt: skip

READ_ONLY_OF_PRINCIPAL: Final = frozenset({"isDisabled", "signInAudience"})
"""What a service principal has of its application (reference page "servicePrincipal")."""

READ_ONLY_OF_FOREIGN: Final = frozenset({
    "displayName", "appRoles", "oauth2PermissionScopes", "servicePrincipalNames", "info",
})  # fmt: skip
"""What another tenant's application, Microsoft's included, gives its service principal here (assumed)."""

AUDIENCES: Final = (
    "AzureADMyOrg", "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount",
)  # fmt: skip

_BOOLEANS: Final = frozenset({
    "isDisabled", "isFallbackPublicClient", "isDeviceOnlyAuthSupported", "oauth2RequirePostResponse",
    "accountEnabled", "appRoleAssignmentRequired",
})  # fmt: skip
_TEXT_LISTS: Final = frozenset({
    "tags", "identifierUris", "alternativeNames", "notificationEmailAddresses", "replyUrls", "servicePrincipalNames",
})  # fmt: skip


def check_value(name: str, value: Any, empty: Any) -> None:
    """Refuse a value of another type than the property's (the text is assumed)."""
    if not _fits(name, value, empty):
        raise bad_request(f"Invalid value specified for property '{name}' of resource.", "Request_BadRequest")


def _fits(name: str, value: Any, empty: Any) -> bool:
    if value is None:
        return empty is None and name != "displayName"
    if name in _BOOLEANS:
        return isinstance(value, bool)
    if name in _TEXT_LISTS:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if name in PROPERTIES:
        return has_shape(value, PROPERTIES[name])
    return isinstance(value, _type_of(name, empty))


def _type_of(name: str, empty: Any) -> type:
    if isinstance(empty, list):
        return list
    return dict if isinstance(empty, dict) or name == "servicePrincipalLockConfiguration" else str
