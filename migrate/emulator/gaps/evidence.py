"""What Graph offers of logs, reports and policies and this tenant does not."""

from typing import Final

from migrate.emulator.gaps.reasons import (
    COUNTS,
    ELSEWHERE,
    EXTENSIONS,
    MEMBERSHIP,
    NOT_DOCUMENTED,
    ONE_BY_ONE,
    PROVISIONING,
    SHAPING_POLICIES,
)

_LOGS_ARE_READ: Final = "logs are read; the metadata names the method, no reference page does"
_USAGE: Final = "usage reports of Microsoft 365, Intune and printing"

LOGS: Final = {
    "auditLogs": NOT_DOCUMENTED,
    "POST auditLogs/directoryAudits": _LOGS_ARE_READ,
    "auditLogs/directoryAudits/$count": "read the list; changes are not counted",
    "auditLogs/directoryAudits/*": "read the list with $filter=id eq '...'; only changes of credentials are in it",
    "auditLogs/provisioning/**": PROVISIONING,
    "POST auditLogs/signIns": _LOGS_ARE_READ,
    "auditLogs/signIns/$count": "read the list; the service counts no sign-ins",
    "auditLogs/signIns/*": "read the list with $filter=id eq '...'",
    "auditLogs/signIns/confirm*": "risk is not judged",
    "auditLogs/signIns/dismiss": "risk is not judged",
    "beta/auditLogs/auditActivityTypes/**": "who changed which object is not written down",
    "beta/auditLogs/customSecurityAttributeAudits/**": EXTENSIONS,
    "beta/auditLogs/directoryProvisioning/**": PROVISIONING,
    "beta/auditLogs/getSummarized*": "read auditLogs/signIns; sign-ins are not summed up",
    "beta/auditLogs/signInEvents*/**": "read auditLogs/signIns; sign-ins are not summed up",
    "beta/auditLogs/signUps/**": "people do not sign up here",
    "reports": NOT_DOCUMENTED,
    "reports/authenticationMethods/...": "people do not sign in here",
    "reports/*PrintUsage*/**": _USAGE,
    "reports/deviceConfiguration*": _USAGE,
    "reports/get*": _USAGE,
    "reports/managedDeviceEnrollment*": _USAGE,
    "reports/partners/**": _USAGE,
    "reports/security/**": ELSEWHERE,
    "POST beta/reports/*SignInActivities": _LOGS_ARE_READ,
    "beta/reports/*SignInActivities/*": ONE_BY_ONE,
    "beta/reports/applicationSignInDetailedSummary/**": "read auditLogs/signIns; sign-ins are not summed up",
    "beta/reports/credentialUserRegistrationDetails/**": "people do not sign in here",
    "beta/reports/serviceActivity/**": _USAGE,
    "beta/reports/userCredentialUsageDetails/**": "people do not sign in here",
    "beta/reports/userInsights/**": _USAGE,
}

POLICIES: Final = {
    "policies": NOT_DOCUMENTED,
    "policies/activityBasedTimeoutPolicies/**": SHAPING_POLICIES,
    "policies/adminConsentRequestPolicy": "users do not consent here",
    "policies/appManagementPolicies/$count": COUNTS,
    "GET policies/appManagementPolicies/*/appliesTo/$count": COUNTS,
    "policies/appManagementPolicies/*/appliesTo/*": ONE_BY_ONE,
    "policies/authenticationFlowsPolicy": "people do not sign in here",
    "policies/authenticationMethodsPolicy/...": "people do not sign in here",
    "policies/authenticationStrengthPolicies/**": "people do not sign in here",
    "PATCH|DELETE policies/authorizationPolicy": "permissions come from app roles alone",
    "policies/claimsMappingPolicies/**": SHAPING_POLICIES,
    "policies/conditionalAccessPolicies/**": "conditional access is not judged",
    "policies/crossTenantAccessPolicy/**": "this tenant knows no other",
    "DELETE policies/defaultAppManagementPolicy": NOT_DOCUMENTED,
    "policies/deviceRegistrationPolicy": "devices are not kept",
    "policies/featureRolloutPolicies/**": "people do not sign in here",
    "policies/federatedTokenValidationPolicy": "people do not sign in here",
    "policies/homeRealmDiscoveryPolicies/**": SHAPING_POLICIES,
    "PATCH|DELETE policies/identitySecurityDefaultsEnforcementPolicy": "people do not sign in here",
    "policies/ownerlessGroupPolicy": MEMBERSHIP,
    "policies/permissionGrantPolicies/**": "users do not consent here",
    "policies/roleManagementPolic*/**": MEMBERSHIP,
    "policies/tokenIssuancePolicies/**": SHAPING_POLICIES,
    "policies/tokenLifetimePolicies/**": SHAPING_POLICIES,
    "beta/policies/servicePrincipalCreationPolicies/**": "who may bring in service principals is decided by permission",
}
