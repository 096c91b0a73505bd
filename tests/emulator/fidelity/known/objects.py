"""Applications, service principals and their credentials as Graph shows them."""

from typing import Final

from tests.emulator.fidelity.shapes import (
    ANYTHING,
    BASE64,
    BOOLEAN,
    GUID,
    INTEGER,
    MOMENT,
    NULL,
    TEXT,
    TEXTS,
    Fields,
    Known,
    ListOf,
    Nullable,
    Shape,
    constant,
    one_of,
    text,
)

AUDIENCES: Final = one_of(
    "AzureADMyOrg", "AzureADMultipleOrgs", "AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount"
)
METADATA: Final = "the v1.0 metadata of 2026-08"
_LINK: Final = Nullable(TEXT)
_INFO: Final = Fields(
    dict.fromkeys(("termsOfServiceUrl", "supportUrl", "privacyStatementUrl", "marketingUrl", "logoUrl"), _LINK)
)
_PUBLISHER: Final = Fields({"displayName": _LINK, "verifiedPublisherId": _LINK, "addedDateTime": Nullable(MOMENT)})


def context(tail: str) -> Shape:
    """Describe an @odata.context of v1.0; the pattern may leave out an id."""
    return text(rf"https://graph\.microsoft\.com/(v1\.0|beta)/\$metadata#{tail}")


PASSWORD: Final = Fields(
    {
        "customKeyIdentifier": Nullable(BASE64),
        "displayName": Nullable(TEXT),
        "endDateTime": MOMENT,
        "hint": Nullable(text(r".{1,3}")),
        "keyId": GUID,
        "secretText": NULL,
        "startDateTime": MOMENT,
    }
)
KEY: Final = Fields(
    {
        "customKeyIdentifier": BASE64,
        "displayName": Nullable(TEXT),
        "endDateTime": MOMENT,
        "key": Nullable(BASE64),
        "keyId": GUID,
        "startDateTime": MOMENT,
        "type": one_of("AsymmetricX509Cert", "X509CertAndPassword", "Symmetric"),
        "usage": one_of("Verify", "Sign"),
    }
)
_API: Final[dict[str, Shape]] = {
    "acceptMappedClaims": Nullable(BOOLEAN),
    "knownClientApplications": ListOf(GUID),
    "oauth2PermissionScopes": ListOf(ANYTHING),
    "preAuthorizedApplications": ListOf(ANYTHING),
    "requestedAccessTokenVersion": Nullable(INTEGER),
}
_WEB: Final[dict[str, Shape]] = {
    "homePageUrl": _LINK,
    "logoutUrl": _LINK,
    "redirectUris": TEXTS,
    "implicitGrantSettings": Fields({"enableIdTokenIssuance": BOOLEAN, "enableAccessTokenIssuance": BOOLEAN}),
}
_APPLICATION: Final[dict[str, Shape]] = {
    "id": GUID,
    "deletedDateTime": Nullable(MOMENT),
    "isFallbackPublicClient": Nullable(BOOLEAN),
    "appId": GUID,
    "applicationTemplateId": _LINK,
    "identifierUris": TEXTS,
    "createdDateTime": MOMENT,
    "disabledByMicrosoftStatus": Nullable(TEXT),
    "displayName": TEXT,
    "isDeviceOnlyAuthSupported": Nullable(BOOLEAN),
    "groupMembershipClaims": _LINK,
    "optionalClaims": ANYTHING,
    "addIns": ListOf(ANYTHING),
    "publisherDomain": text(r"[a-z0-9-]+\.onmicrosoft\.com"),
    "signInAudience": AUDIENCES,
    "tags": TEXTS,
    "tokenEncryptionKeyId": Nullable(GUID),
    "api": Fields(_API),
    "appRoles": ListOf(ANYTHING),
    "publicClient": Fields({"redirectUris": TEXTS}),
    "info": _INFO,
    "keyCredentials": ListOf(KEY),
    "parentalControlSettings": Fields(
        {"countriesBlockedForMinors": TEXTS, "legalAgeGroupRule": Nullable(constant("Allow"))}
    ),
    "passwordCredentials": ListOf(PASSWORD),
    "requiredResourceAccess": ListOf(ANYTHING),
    "web": Fields({**_WEB, "redirectUriSettings": ListOf(ANYTHING)}),
    # Later than the page's sample of 2021, in the metadata and in the export of real objects.
    "certification": ANYTHING,
    "createdByAppId": Nullable(GUID),
    "defaultRedirectUri": _LINK,
    "description": Nullable(TEXT),
    "isDisabled": Nullable(BOOLEAN),
    "nativeAuthenticationApisEnabled": Nullable(TEXT),
    "notes": Nullable(TEXT),
    "oauth2RequirePostResponse": BOOLEAN,
    "requestSignatureVerification": ANYTHING,
    "samlMetadataUrl": _LINK,
    "serviceManagementReference": Nullable(TEXT),
    "servicePrincipalLockConfiguration": ANYTHING,
    "spa": Fields({"redirectUris": TEXTS}),
    "uniqueName": Nullable(TEXT),
    "verifiedPublisher": _PUBLISHER,
}
_BETA_APPLICATION: Final[dict[str, Shape]] = {
    **_APPLICATION,
    "api": Fields(
        {
            **_API,
            "tokenEncryptionSetting": Fields(
                {
                    "automatedTokenVersion": Fields({"available": ListOf(ANYTHING), "current": ANYTHING}),
                    "scheme": _LINK,
                    "audience": _LINK,
                }
            ),
        }
    ),
    "appCapabilities": ListOf(ANYTHING),
    "isAuthorizationServiceEnabled": BOOLEAN,
    "isManagementRestricted": Nullable(BOOLEAN),
    "migrationStatus": Nullable(TEXT),
    "orgRestrictions": TEXTS,
    "windows": ANYTHING,
}
_PRINCIPAL: Final[dict[str, Shape]] = {
    "accountEnabled": BOOLEAN,
    "addIns": ListOf(ANYTHING),
    "alternativeNames": TEXTS,
    "appDisplayName": Nullable(TEXT),
    "appId": GUID,
    "appOwnerOrganizationId": Nullable(GUID),
    "appRoleAssignmentRequired": BOOLEAN,
    "appRoles": ListOf(ANYTHING),
    "disabledByMicrosoftStatus": Nullable(TEXT),
    "displayName": TEXT,
    "endpoints": ListOf(ANYTHING),
    "homepage": _LINK,
    "id": GUID,
    "info": _INFO,
    "keyCredentials": ListOf(KEY),
    "logoutUrl": _LINK,
    "oauth2PermissionScopes": ListOf(ANYTHING),
    "passwordCredentials": ListOf(PASSWORD),
    "publisherName": Nullable(TEXT),
    "replyUrls": TEXTS,
    "servicePrincipalNames": TEXTS,
    "servicePrincipalType": one_of("Application", "ManagedIdentity", "Legacy", "SocialIdp", "ServiceIdentity"),
    "signInAudience": Nullable(AUDIENCES),
    "tags": TEXTS,
    "tokenEncryptionKeyId": Nullable(GUID),
    # Later than the page's sample of 2021, in the metadata.
    "appDescription": Nullable(TEXT),
    "applicationTemplateId": _LINK,
    "createdByAppId": Nullable(GUID),
    "deletedDateTime": Nullable(MOMENT),
    "description": Nullable(TEXT),
    "isDisabled": Nullable(BOOLEAN),
    "loginUrl": _LINK,
    "notes": Nullable(TEXT),
    "notificationEmailAddresses": TEXTS,
    "preferredSingleSignOnMode": Nullable(one_of("password", "saml", "notSupported", "oidc")),
    "preferredTokenSigningKeyThumbprint": Nullable(text(r"[0-9A-F]{40}")),
    "resourceSpecificApplicationPermissions": ListOf(ANYTHING),
    "samlSingleSignOnSettings": ANYTHING,
    "verifiedPublisher": _PUBLISHER,
    # Not in the metadata: microsoftgraph/msgraph-sdk-java#2246.
    "createdDateTime": Nullable(MOMENT),
}
_FEDERATED: Final[dict[str, Shape]] = {
    "id": GUID,
    "name": text(r"[A-Za-z0-9][A-Za-z0-9_-]{2,119}"),
    "issuer": text(r"https://login\.microsoftonline\.com/[0-9a-f-]{36}/v2\.0"),
    "subject": GUID,
    "description": Nullable(TEXT),
    "audiences": ListOf(constant("api://AzureADTokenExchange")),
}
_FEDERATED_ID: Final = text(
    r"https://graph\.microsoft\.com/v2/[0-9a-f-]{36}/directoryObjects/\$/Microsoft\.DirectoryServices\.Application"
    r"\('[0-9a-f-]{36}'\)/federatedIdentityCredentials/[0-9a-f-]{36}"
)
_ONE_FEDERATED: Final = context(r"applications\('[0-9a-f-]{36}'\)/federatedIdentityCredentials/\$entity")
_ROW: Final = {name: _APPLICATION[name] for name in ("appId", "identifierUris", "displayName", "publisherDomain",
                                                     "signInAudience")}  # fmt: skip

OBJECTS: Final = (
    Known(
        name="application",
        source=f"page Get application (2021), {METADATA}",
        sure="documented",
        shape=Fields({"@odata.context": context(r"applications/\$entity"), **_APPLICATION}),
    ),
    Known(
        name="application in beta",
        source="microsoft/zerotrustassessment: a row with every property that real objects had",
        sure="recorded",
        shape=Fields({"@odata.context": context(r"applications/\$entity"), **_BETA_APPLICATION}),
        left_out={"api.tokenEncryptionSetting": "nobody reads it; v1.0 does not have it"},
    ),
    Known(
        name="chosen properties of applications",
        source="page List applications",
        sure="documented",
        shape=Fields(
            {
                "@odata.context": context(r"applications\(\S+\)"),
                "@odata.count": INTEGER,
                "value": ListOf(Fields(_ROW)),
            }
        ),
    ),
    Known(
        name="service principal",
        source=f"page Get servicePrincipal (2021), {METADATA}",
        sure="documented",
        shape=Fields({"@odata.context": context(r"servicePrincipals/\$entity"), **_PRINCIPAL}),
        left_out={
            "endpoints": "a navigation property in the metadata, which is not shown unless it is expanded",
            "publisherName": "exists in beta alone by the metadata",
        },
    ),
    Known(
        name="federated credential that was made",
        source="page Create federatedIdentityCredential",
        sure="documented",
        shape=Fields({"@odata.context": _ONE_FEDERATED, "@odata.id": _FEDERATED_ID, **_FEDERATED}),
    ),
    Known(
        name="federated credentials",
        source="page List federatedIdentityCredentials",
        sure="documented",
        shape=Fields({"value": ListOf(Fields({"@odata.id": _FEDERATED_ID, **_FEDERATED}))}),
        added={"@odata.context": "every collection of the service has one; the page cut it off"},
    ),
    Known(
        name="federated credential that was upserted",
        source="page Upsert federatedIdentityCredential",
        sure="documented",
        shape=Fields({"@odata.context": _ONE_FEDERATED, **_FEDERATED}),
        added={"@odata.id": "the page about creating shows it, this one does not"},
    ),
    Known(
        name="new secret",
        source="page application: addPassword (2021)",
        sure="documented",
        shape=Fields(
            {
                **PASSWORD.shapes,
                "customKeyIdentifier": NULL,
                "displayName": TEXT,
                "endDateTime": text(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z"),
                "startDateTime": text(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z"),
                "hint": text(r".{3}"),
                "secretText": text(r"\S{16,64}"),
            }
        ),
        added={"@odata.context": "every single object of the service has one; the page cut it off"},
    ),
)
