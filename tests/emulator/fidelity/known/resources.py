"""What Azure Resource Manager says of identities."""

from typing import Final

from tests.emulator.fidelity.shapes import (
    ADDRESS,
    GUID,
    INTEGER,
    TEXT,
    Fields,
    Known,
    ListOf,
    Maybe,
    Scalar,
    Shape,
    constant,
    text,
)

_IDENTITY_ID: Final = text(
    r"/subscriptions/[0-9a-f-]{36}/resource[Gg]roups/[^/]+/providers/"
    r"Microsoft\.ManagedIdentity/userAssignedIdentities/[^/]+"
)
_GRAPH_PAGE: Final = (
    "REST reference, Resources, 2022-10-01; facets, resultTruncated as azure-mgmt-resourcegraph reads them; page Azure "
    "Resource Graph table and resource type reference for the columns"
)


def _rows(columns: dict[str, Shape]) -> Fields:
    return Fields(
        {
            "totalRecords": INTEGER,
            "count": INTEGER,
            "data": ListOf(Fields(columns)),
            "facets": constant([]),
            "resultTruncated": constant("false"),
        }
    )


RESOURCES: Final = (
    Known(
        name="user-assigned identities",
        source="REST reference, User Assigned Identities - List By Subscription, 2024-11-30; its sample is cut off "
        "behind principalId, tenantId is in the reference's table",
        sure="documented",
        shape=Fields(
            {
                "nextLink": Maybe(ADDRESS),
                "value": ListOf(
                    Fields(
                        {
                            "name": TEXT,
                            "type": constant("Microsoft.ManagedIdentity/userAssignedIdentities"),
                            "id": _IDENTITY_ID,
                            "location": TEXT,
                            "tags": Scalar("an object", lambda value: isinstance(value, dict)),
                            "properties": Fields(
                                {
                                    "clientId": GUID,
                                    "isolationScope": constant("None"),
                                    "principalId": GUID,
                                    "tenantId": GUID,
                                }
                            ),
                        }
                    )
                ),
            }
        ),
    ),
    Known(
        name="resources of an identity",
        source="page View associated resources for a user-assigned managed identity",
        sure="documented",
        shape=Fields(
            {
                "totalCount": INTEGER,
                "value": ListOf(
                    Fields(
                        {
                            "id": text(r"/subscriptions/[0-9a-f-]{36}/resource[Gg]roups/\S+"),
                            "name": TEXT,
                            "type": text(r"microsoft\.[a-z]+/[a-z/]+"),
                            "resourceGroup": TEXT,
                            "subscriptionId": GUID,
                            "subscriptionDisplayName": TEXT,
                        }
                    )
                ),
                "nextLink": Maybe(ADDRESS),
            }
        ),
    ),
    Known(
        name="identities by resource graph",
        source=_GRAPH_PAGE,
        sure="documented",
        shape=_rows(
            {
                "id": text(r"/subscriptions/[0-9a-f-]{36}/resourcegroups/[^/A-Z]+/providers/[^A-Z]+"),
                "name": TEXT,
                "resourceGroup": text(r"[^A-Z]+"),
                "subscriptionId": GUID,
                "tenantId": GUID,
                "clientId": GUID,
                "principalId": GUID,
            }
        ),
    ),
    Known(
        name="resources with identities by resource graph",
        source=_GRAPH_PAGE,
        sure="documented",
        shape=_rows(
            {
                "resourceId": text(r"/subscriptions/[0-9a-f-]{36}/resourcegroups/[^A-Z]+"),
                "type": text(r"microsoft\.[a-z]+/[a-z/]+"),
                "name": TEXT,
                "uamiId": text(r"/subscriptions/[0-9a-f-]{36}/resourcegroups/[^A-Z]+/userassignedidentities/[^/A-Z]+"),
                "subscriptionId": GUID,
                "resourceGroup": text(r"[^A-Z]+"),
            }
        ),
    ),
)
