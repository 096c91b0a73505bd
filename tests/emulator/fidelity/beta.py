"""What the service has and msgraph-sdk's models (v1.0) do not know, by the class that knows the rest.

msgraph-beta-sdk would know most of it, but it takes 50 MB of download and 235 MB of disk; its models (1.66) were read
once for this table. What that package does not know either comes from a published export of real objects.
"""

from typing import Any, Final

from tests.emulator.fidelity.shapes import (
    BOOLEAN,
    INTEGER,
    MOMENT,
    TEXT,
    TEXTS,
    Fields,
    ListOf,
    Maybe,
    Nullable,
    Scalar,
    constant,
    one_of,
)
from tests.emulator.fidelity.strict import Extras

_LIST: Final = Scalar("a list", lambda value: isinstance(value, list))


def flags(*names: str) -> Scalar:
    """Make the shape of one or more values of an enumeration with commas between them."""

    def fits(value: Any) -> bool:
        return isinstance(value, str) and set(value.split(",")) <= set(names)

    return Scalar(f"some of {names}", fits)


CREDENTIAL_TYPES: Final = one_of(
    "none", "clientSecret", "clientAssertion", "federatedIdentityCredential", "managedIdentity", "certificate"
)

UNDECLARED: Final[Extras] = {
    "ServicePrincipal": {"createdDateTime": Nullable(MOMENT)},
}
"""What v1.0 answers although its metadata does not declare it: microsoftgraph/msgraph-sdk-java#2246, in which the SDK's
makers advise to read it from the additional data."""

BETA_ONLY: Final[Extras] = {
    "Application": {
        "appCapabilities": _LIST,  # export
        "isAuthorizationServiceEnabled": BOOLEAN,  # export
        "isManagementRestricted": Nullable(BOOLEAN),  # export
        "migrationStatus": Nullable(TEXT),  # export
        "orgRestrictions": TEXTS,  # export
        "windows": Nullable(Fields({"packageSid": TEXT, "redirectUris": TEXTS})),
    },
    "FederatedIdentityCredential": {
        "claimsMatchingExpression": Nullable(Fields({"value": TEXT, "languageVersion": INTEGER})),
    },
    "ServicePrincipal": {
        **UNDECLARED["ServicePrincipal"],
        "errorUrl": Nullable(TEXT),
        "isAuthorizationServiceEnabled": BOOLEAN,  # export, of applications
        "isManagementRestricted": Nullable(BOOLEAN),  # export, of applications
        "passwordSingleSignOnSettings": Nullable(Fields({"fields": _LIST})),
        "preferredTokenSigningKeyEndDateTime": Nullable(MOMENT),
        "publisherName": Nullable(TEXT),
        "samlMetadataUrl": Nullable(TEXT),
    },
    "UnifiedRoleDefinition": {"isPrivileged": BOOLEAN},
    "ServicePrincipalLockConfiguration": {
        "enforcementScope": Nullable(one_of("notConfigured", "foreignTenantOnly", "everywhere")),
    },
    "SignIn": {
        "appOwnerTenantId": Nullable(TEXT),
        "authenticationProtocol": one_of("none", "clientCredentials"),
        "clientCredentialType": CREDENTIAL_TYPES,
        "crossTenantAccessType": flags("none", "b2bCollaboration", "serviceProvider", "passthrough"),
        "federatedCredentialId": Nullable(TEXT),
        "incomingTokenType": flags("none", "primaryRefreshToken", "saml11", "saml20", "refreshToken"),
        "isTenantRestricted": Nullable(BOOLEAN),
        "managedServiceIdentity": Nullable(
            Fields(
                {
                    "msiType": one_of("none", "userAssigned", "systemAssigned"),
                    "associatedResourceId": Nullable(TEXT),
                    "federatedTokenId": Nullable(TEXT),
                    "federatedTokenIssuer": Nullable(TEXT),
                }
            )
        ),
        "processingTimeInMilliseconds": INTEGER,
        "resourceServicePrincipalId": Nullable(TEXT),
        "servicePrincipalCredentialKeyId": Nullable(TEXT),
        "servicePrincipalCredentialThumbprint": Nullable(TEXT),
        "signInEventTypes": ListOf(
            one_of("interactiveUser", "nonInteractiveUser", "servicePrincipal", "managedIdentity")
        ),
        "tokenIssuerType": one_of("AzureAD", "AzureADBackupAuth"),
        "uniqueTokenIdentifier": Nullable(TEXT),
    },
}

_ACTIVITY: Final = Nullable(
    Fields(
        {
            "lastSignInDateTime": Nullable(MOMENT),
            "lastSignInRequestId": Nullable(TEXT),
            "lastSuccessfulSignInDateTime": Nullable(MOMENT),
            "lastSuccessfulSignInRequestId": Nullable(TEXT),
        }
    )
)


def _page(row: Fields) -> Fields:
    return Fields({"@odata.context": TEXT, "@odata.nextLink": Maybe(TEXT), "value": ListOf(row)})


_PARTS: Final = Fields(
    {
        "responses": ListOf(
            Fields(
                {
                    "id": TEXT,
                    "status": INTEGER,
                    "headers": Fields(
                        {name: Maybe(TEXT) for name in ("OData-Version", "Content-Type", "Cache-Control")}
                    ),
                    "body": Scalar("an object or nothing", lambda value: value is None or isinstance(value, dict)),
                }
            )
        )
    }
)

OTHER_BODIES: Final = {
    ("$batch",): _PARTS,
    ("directory", "recommendations"): _page(
        Fields(
            {
                "id": TEXT,
                "recommendationType": constant("staleAppCreds"),
                "createdDateTime": MOMENT,
                "impactStartDateTime": MOMENT,
                "postponeUntilDateTime": Nullable(MOMENT),
                "lastModifiedDateTime": MOMENT,
                "lastModifiedBy": TEXT,
                "displayName": TEXT,
                "featureAreas": TEXTS,
                "insights": TEXT,
                "benefits": TEXT,
                "category": constant("identityBestPractice"),
                "status": one_of("active", "completedBySystem", "completedByUser", "dismissed", "postponed"),
                "priority": one_of("low", "medium", "high"),
                "releaseType": TEXT,
                "requiredLicenses": TEXT,
                "impactType": TEXT,
                "actionSteps": _LIST,
            }
        )
    ),
    ("reports", "appCredentialSignInActivities"): _page(
        Fields(
            {
                "id": TEXT,
                "appId": TEXT,
                "appObjectId": TEXT,
                "createdDateTime": Nullable(MOMENT),
                "credentialOrigin": one_of("application", "servicePrincipal"),
                "expirationDateTime": Nullable(MOMENT),
                "keyId": TEXT,
                "keyType": one_of("clientSecret", "certificate"),
                "keyUsage": one_of("sign", "verify"),
                "resourceId": TEXT,
                "servicePrincipalObjectId": TEXT,
                "signInActivity": _ACTIVITY,
            }
        )
    ),
    ("reports", "servicePrincipalSignInActivities"): _page(
        Fields(
            {
                "id": TEXT,
                "appId": TEXT,
                "applicationAuthenticationClientSignInActivity": _ACTIVITY,
                "applicationAuthenticationResourceSignInActivity": _ACTIVITY,
                "delegatedClientSignInActivity": _ACTIVITY,
                "delegatedResourceSignInActivity": _ACTIVITY,
                "lastSignInActivity": _ACTIVITY,
            }
        )
    ),
}
"""Bodies of paths that msgraph-sdk has no request builder for, whole; of beta with every property of its models."""
