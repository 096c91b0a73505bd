"""The sign-in log and the activity reports (beta)."""

from typing import Final

from tests.emulator.fidelity.beta import CREDENTIAL_TYPES, flags
from tests.emulator.fidelity.known.objects import context
from tests.emulator.fidelity.shapes import (
    ANYTHING,
    BOOLEAN,
    GUID,
    INTEGER,
    MOMENT,
    TEXT,
    TEXTS,
    Fields,
    Known,
    ListOf,
    Maybe,
    Nullable,
    Shape,
    constant,
    one_of,
    text,
)

EXPORT: Final = "microsoft/zerotrustassessment: a row with every property that real objects had"
_PERSON: Final = "about people, who do not sign in here"
_NO_RISK: Final = "risk is not judged"
_NO_NETWORK: Final = "where a request comes from is not looked up"
_NOT_ANSWERED: Final = "not known what the service writes for an application"

_SIGN_IN: Final[dict[str, Shape]] = {
    "agent": ANYTHING,
    "appDisplayName": TEXT,
    "appId": GUID,
    "appOwnerTenantId": Nullable(GUID),
    "appliedConditionalAccessPolicies": ListOf(ANYTHING),
    "appliedEventListeners": ListOf(ANYTHING),
    "authenticationAppDeviceDetails": ANYTHING,
    "authenticationAppPolicyEvaluationDetails": ListOf(ANYTHING),
    "authenticationContextClassReferences": ListOf(ANYTHING),
    "authenticationDetails": ListOf(ANYTHING),
    "authenticationMethodsUsed": TEXTS,
    "authenticationProcessingDetails": ListOf(ANYTHING),
    "authenticationProtocol": one_of("none", "clientCredentials"),
    "authenticationRequirement": TEXT,
    "authenticationRequirementPolicies": ListOf(ANYTHING),
    "autonomousSystemNumber": INTEGER,
    "clientAppUsed": Nullable(TEXT),
    "clientCredentialType": CREDENTIAL_TYPES,
    "conditionalAccessAudiences": TEXTS,
    "conditionalAccessStatus": one_of("success", "failure", "notApplied"),
    "correlationId": GUID,
    "createdDateTime": MOMENT,
    "crossTenantAccessType": flags("none", "serviceProvider", "passthrough"),
    "deviceDetail": Fields(
        {
            **dict.fromkeys(("browser", "operatingSystem", "displayName", "deviceId", "trustType"), Nullable(TEXT)),
            "isCompliant": Nullable(BOOLEAN),
            "isManaged": Nullable(BOOLEAN),
        }
    ),
    "federatedCredentialId": Nullable(TEXT),
    "flaggedForReview": BOOLEAN,
    "globalSecureAccessIpAddress": TEXT,
    "homeTenantId": GUID,
    "homeTenantName": TEXT,
    "id": TEXT,
    "incomingTokenType": flags("none", "primaryRefreshToken", "saml11", "saml20"),
    "ipAddress": TEXT,
    "ipAddressFromResourceProvider": ANYTHING,
    "isInteractive": constant(value=False),
    "isTenantRestricted": BOOLEAN,
    "isThroughGlobalSecureAccess": BOOLEAN,
    "location": Fields(
        {
            **dict.fromkeys(("city", "state", "countryOrRegion"), Nullable(TEXT)),
            "geoCoordinates": ANYTHING,
        }
    ),
    "managedServiceIdentity": Fields(
        {
            "msiType": one_of("none", "userAssigned", "systemAssigned"),
            **dict.fromkeys(("associatedResourceId", "federatedTokenId", "federatedTokenIssuer"), Nullable(TEXT)),
        }
    ),
    "mfaDetail": ANYTHING,
    "networkLocationDetails": ListOf(ANYTHING),
    "originalRequestId": TEXT,
    "originalTransferMethod": TEXT,
    "privateLinkDetails": ANYTHING,
    "processingTimeInMilliseconds": INTEGER,
    "resourceDisplayName": TEXT,
    "resourceId": TEXT,
    "resourceOwnerTenantId": TEXT,
    "resourceServicePrincipalId": TEXT,
    "resourceTenantId": GUID,
    "riskDetail": TEXT,
    "riskEventTypes_v2": TEXTS,
    "riskLevelAggregated": TEXT,
    "riskLevelDuringSignIn": TEXT,
    "riskState": constant("none"),
    "servicePrincipalCredentialKeyId": TEXT,
    "servicePrincipalCredentialThumbprint": Nullable(text(r"([0-9A-F]{40})?")),
    "servicePrincipalId": GUID,
    "servicePrincipalName": TEXT,
    "sessionId": TEXT,
    "sessionLifetimePolicies": ListOf(ANYTHING),
    "signInEventTypes": ListOf(one_of("servicePrincipal", "managedIdentity")),
    "signInIdentifier": TEXT,
    "signInIdentifierType": TEXT,
    "signInTokenProtectionStatus": TEXT,
    "status": Fields({"errorCode": INTEGER, "failureReason": Nullable(TEXT), "additionalDetails": Nullable(TEXT)}),
    "tokenIssuerName": TEXT,
    "tokenIssuerType": constant("AzureAD"),
    "tokenProtectionStatusDetails": ANYTHING,
    "uniqueTokenIdentifier": TEXT,
    "userAgent": Nullable(TEXT),
    "userDisplayName": Nullable(TEXT),
    "userId": Nullable(TEXT),
    "userPrincipalName": Nullable(TEXT),
    "userType": TEXT,
}
_LEFT_OUT: Final = {
    "agent": "agents are not played",
    "appliedConditionalAccessPolicies": "conditional access is not judged",
    "appliedEventListeners": _PERSON,
    "authenticationAppDeviceDetails": _PERSON,
    "authenticationAppPolicyEvaluationDetails": _PERSON,
    "authenticationContextClassReferences": _PERSON,
    "authenticationDetails": _PERSON,
    "authenticationMethodsUsed": _PERSON,
    "authenticationProcessingDetails": _NOT_ANSWERED,
    "authenticationRequirement": _PERSON,
    "authenticationRequirementPolicies": _PERSON,
    "autonomousSystemNumber": _NO_NETWORK,
    "conditionalAccessAudiences": "conditional access is not judged",
    "deviceDetail.isCompliant": _PERSON,
    "deviceDetail.isManaged": _PERSON,
    "flaggedForReview": _PERSON,
    "globalSecureAccessIpAddress": _NO_NETWORK,
    "homeTenantName": _NOT_ANSWERED,
    "ipAddressFromResourceProvider": _NO_NETWORK,
    "isThroughGlobalSecureAccess": _NO_NETWORK,
    "mfaDetail": _PERSON,
    "networkLocationDetails": _NO_NETWORK,
    "originalRequestId": _NOT_ANSWERED,
    "originalTransferMethod": _PERSON,
    "privateLinkDetails": _NO_NETWORK,
    "resourceOwnerTenantId": _NOT_ANSWERED,
    "riskDetail": _NO_RISK,
    "riskEventTypes_v2": _NO_RISK,
    "riskLevelAggregated": _NO_RISK,
    "riskLevelDuringSignIn": _NO_RISK,
    "sessionId": _PERSON,
    "sessionLifetimePolicies": _PERSON,
    "signInIdentifier": _PERSON,
    "signInIdentifierType": _PERSON,
    "signInTokenProtectionStatus": _PERSON,
    "tokenIssuerName": _NOT_ANSWERED,
    "tokenProtectionStatusDetails": _PERSON,
    "userType": _PERSON,
}
_SUCCESS: Final = {
    "lastSuccessfulSignInDateTime": "in the metadata of beta, later than the sample",
    "lastSuccessfulSignInRequestId": "in the metadata of beta, later than the sample",
}
_ACTIVITIES: Final = (
    "applicationAuthenticationClientSignInActivity",
    "applicationAuthenticationResourceSignInActivity",
    "delegatedClientSignInActivity",
    "delegatedResourceSignInActivity",
    "lastSignInActivity",
)
_ACTIVITY: Final = Fields({"lastSignInDateTime": Nullable(MOMENT), "lastSignInRequestId": Nullable(TEXT)})

EVIDENCE: Final = (
    Known(
        name="sign-ins",
        source=EXPORT,
        sure="recorded",
        shape=Fields(
            {
                "@odata.context": context("auditLogs/signIns"),
                "@odata.nextLink": Maybe(TEXT),
                "value": ListOf(Fields(_SIGN_IN)),
            }
        ),
        left_out={f"value[].{name}": reason for name, reason in _LEFT_OUT.items()},
    ),
    Known(
        name="credential activity",
        source="page List appCredentialSignInActivities, spellings and dates by the metadata of beta",
        sure="documented",
        shape=Fields(
            {
                "value": ListOf(
                    Fields(
                        {
                            "appId": GUID,
                            "appObjectId": Nullable(TEXT),
                            "createdDateTime": Nullable(MOMENT),
                            "credentialOrigin": one_of("application", "servicePrincipal"),
                            "expirationDateTime": Nullable(MOMENT),
                            "id": text(r"[A-Za-z0-9+/]+={0,2}"),
                            "keyId": TEXT,
                            "keyType": one_of("clientSecret", "certificate"),
                            "keyUsage": one_of("sign", "verify"),
                            "resourceId": TEXT,
                            "servicePrincipalObjectId": Nullable(TEXT),
                            "signInActivity": _ACTIVITY,
                        }
                    )
                ),
                "@odata.nextLink": Maybe(TEXT),
            }
        ),
        added={
            "@odata.context": "every collection of the service has one; the page cut it off",
            **{f"value[].signInActivity.{name}": reason for name, reason in _SUCCESS.items()},
        },
    ),
    Known(
        name="application activity",
        source=f"page List servicePrincipalSignInActivities; {EXPORT}",
        sure="recorded",
        shape=Fields(
            {
                "@odata.context": context("reports/servicePrincipalSignInActivities"),
                "@odata.nextLink": Maybe(TEXT),
                "value": ListOf(
                    Fields(
                        {
                            "appId": GUID,
                            "id": text(r"[A-Za-z0-9+/]+={0,2}"),
                            **dict.fromkeys(_ACTIVITIES, _ACTIVITY),
                        }
                    )
                ),
            }
        ),
        added={f"value[].{activity}.{name}": reason for activity in _ACTIVITIES for name, reason in _SUCCESS.items()},
    ),
)
