"""Lists, changes, batches and the odd single object of Graph."""

from typing import Final

from tests.emulator.fidelity.known.objects import context
from tests.emulator.fidelity.shapes import (
    ADDRESS,
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
    Scalar,
    constant,
    one_of,
    text,
)

_OBJECT: Final = Scalar("an object with an id", lambda value: isinstance(value, dict) and isinstance(value["id"], str))
_LATER: Final = "later than the page's sample, in the metadata"
_RESTRICTION: Final = Fields(
    {
        "restrictionType": TEXT,
        "maxLifetime": Nullable(text(r"P\S+")),
        "restrictForAppsCreatedAfterDateTime": Nullable(MOMENT),
    }
)
_RESTRICTIONS: Final = Fields({"passwordCredentials": ListOf(_RESTRICTION), "keyCredentials": ListOf(_RESTRICTION)})

SETS: Final = (
    Known(
        name="changes of applications",
        source="page application: delta (2021); its properties are those of an older schema",
        sure="documented",
        shape=Fields(
            {
                "@odata.context": context(r"applications\S*"),
                "@odata.nextLink": Maybe(text(r"https://[^/]+/v1\.0/applications/delta\?\$skiptoken=\S+")),
                "@odata.deltaLink": Maybe(ADDRESS),
                "value": ListOf(_OBJECT),
            }
        ),
    ),
    Known(
        name="answers of a batch",
        source="page Combine multiple requests in one HTTP call using JSON batching (2021)",
        sure="documented",
        shape=Fields(
            {
                "responses": ListOf(
                    Fields(
                        {
                            "id": TEXT,
                            "status": INTEGER,
                            "headers": Maybe(ANYTHING),
                            "body": Nullable(Scalar("an object", lambda value: isinstance(value, dict))),
                        }
                    )
                )
            }
        ),
    ),
    Known(
        name="deleted applications",
        source="page List deletedItems (2021); its sample lists groups",
        sure="documented",
        shape=Fields({"@odata.context": context("applications"), "value": ListOf(_OBJECT)}),
    ),
    Known(
        name="restored object",
        source="page Restore deleted directory object item (2021); its sample is a group, of which the envelope counts",
        sure="documented",
        shape=Fields(
            {
                "@odata.context": context(r"directoryObjects/\$entity"),
                "@odata.type": constant("#microsoft.graph.application"),
                "id": GUID,
                "displayName": TEXT,
            }
        ),
    ),
    Known(
        name="default policy about credentials",
        source="page Update tenantAppManagementPolicy (its request, older than state), the v1.0 metadata of 2026-08",
        sure="documented",
        shape=Fields(
            {
                "@odata.context": context(r"policies/defaultAppManagementPolicy/\$entity"),
                "@odata.id": ADDRESS,
                "id": TEXT,
                "displayName": TEXT,
                "description": TEXT,
                "isEnabled": BOOLEAN,
                "applicationRestrictions": _RESTRICTIONS,
                "servicePrincipalRestrictions": _RESTRICTIONS,
            }
        ),
        added={
            f"applicationRestrictions.{kind}[].{name}": _LATER
            for kind in ("passwordCredentials", "keyCredentials")
            for name in ("excludeActors", "state")
        },
    ),
    Known(
        name="recommendation about unused credentials",
        source="page Recommendation: Remove unused credentials from apps; texts of benefits and actionSteps not read",
        sure="documented",
        shape=Fields(
            {
                "@odata.context": context("directory/recommendations"),
                "value": ListOf(
                    Fields(
                        {
                            "id": text(r"[0-9a-f-]{36}_staleAppCreds"),
                            "recommendationType": constant("staleAppCreds"),
                            "createdDateTime": MOMENT,
                            "impactStartDateTime": MOMENT,
                            "postponeUntilDateTime": Nullable(MOMENT),
                            "lastModifiedDateTime": MOMENT,
                            "lastModifiedBy": constant("System"),
                            "displayName": constant("Remove unused credentials from applications"),
                            "featureAreas": TEXTS,
                            "insights": constant(
                                "Your tenant has applications with credentials which have not been used in more than "
                                "30 days."
                            ),
                            "benefits": TEXT,
                            "category": constant("identityBestPractice"),
                            "status": one_of(
                                "active", "completedBySystem", "completedByUser", "dismissed", "postponed"
                            ),
                            "priority": constant("medium"),
                            "releaseType": constant("preview"),
                            "requiredLicenses": constant("microsoftEntraWorkloadId"),
                            "impactType": constant("apps"),
                            "actionSteps": ListOf(ANYTHING),
                        }
                    )
                ),
            }
        ),
    ),
)
