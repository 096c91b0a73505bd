"""What Graph offers about the directory and the organization and this tenant does not."""

from typing import Final

from migrate.emulator.gaps.reasons import (
    CASTS,
    COUNTS,
    ELSEWHERE,
    EXTENSIONS,
    FUNCTIONS_FOR_ALL,
    MEMBERSHIP,
    NOT_DOCUMENTED,
    PROVISIONING,
)

_OTHER_TYPES: Final = "applications and service principals are the only objects that this tenant deletes and restores"

DIRECTORY: Final = {
    "directory": NOT_DOCUMENTED,
    "directory/administrativeUnits/**": MEMBERSHIP,
    "directory/attributeSets/**": EXTENSIONS,
    "directory/customSecurityAttributeDefinitions/**": EXTENSIONS,
    "directory/deletedItems": "read the list of a type",
    "directory/deletedItems/$count": COUNTS,
    "directory/deletedItems/*/check*": MEMBERSHIP,
    "directory/deletedItems/*/getMember*": MEMBERSHIP,
    "directory/deletedItems/*/microsoft.graph.*": CASTS,
    "directory/deletedItems/getAvailableExtensionProperties": EXTENSIONS,
    "directory/deletedItems/getByIds": "ask directoryObjects/getByIds",
    "directory/deletedItems/microsoft.graph.*/$count": COUNTS,
    "directory/deletedItems/validateProperties": FUNCTIONS_FOR_ALL,
    "directory/deviceLocalCredentials/**": ELSEWHERE,
    "directory/federationConfigurations/**": "sign-in of people from other directories is not played",
    "directory/onPremisesSynchronization/**": PROVISIONING,
    "directory/publicKeyInfrastructure/**": "certificates of people are not kept",
    "directory/recovery/**": "backups of the directory are not played",
    "directory/remoteTenantGroups/**": MEMBERSHIP,
    "directory/subscriptions/**": "licences are not kept",
    "directory/tenantGovernance/**": ELSEWHERE,
    "beta/directory/authenticationMethodDevices/**": "devices of people are not kept",
    "beta/directory/certificateAuthorities/**": "policies may not name trusted certificate authorities here",
    "beta/directory/externalUserProfiles/**": ELSEWHERE,
    "beta/directory/impactedResources/**": "recommendations are not worked out; the activity reports hold their facts",
    "beta/directory/recommendations/...": "recommendations are not worked out; the activity reports hold their facts",
    "beta/directory/recommendationConfiguration": "recommendations are not worked out",
    "directoryObjects": "read applications, servicePrincipals or the owners of one",
    "directoryObjects/$count": COUNTS,
    "DELETE|PATCH directoryObjects/*": "read applications, servicePrincipals or ask getByIds",
    "directoryObjects/*/checkMember*": MEMBERSHIP,
    "directoryObjects/*/getMember*": MEMBERSHIP,
    "directoryObjects/*/restore": "restore through directory/deletedItems",
    "directoryObjects/delta": "ask for the changes of applications or servicePrincipals",
    "directoryObjects/getAvailableExtensionProperties": EXTENSIONS,
    "directoryObjects/validateProperties": FUNCTIONS_FOR_ALL,
    "beta/directoryObjects/getUserOwnedObjects": FUNCTIONS_FOR_ALL,
}

ORGANIZATION: Final = {
    "POST organization": NOT_DOCUMENTED,
    "organization/$count": COUNTS,
    "organization/*/**": "the row of the list is all that is kept about the organization",
    "organization/delta": "the organization does not change here",
    "organization/getAvailableExtensionProperties": EXTENSIONS,
    "organization/getByIds": "ask directoryObjects/getByIds",
    "organization/validateProperties": FUNCTIONS_FOR_ALL,
}
