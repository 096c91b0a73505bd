"""Sign-in logs as a diagnostic setting writes them to a storage account, made up.

Shape: Azure Monitor, "Send resource logs to a storage account" and the common schema of resource logs; ``properties``
holds a beta ``signIn`` of Microsoft Graph. Values are this project's own.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

CATEGORIES = {
    "servicePrincipal": "ServicePrincipalSignInLogs",
    "managedIdentity": "ManagedIdentitySignInLogs",
    "interactiveUser": "SignInLogs",
    "nonInteractiveUser": "NonInteractiveUserSignInLogs",
}
GRAPH_APPLICATION = "00000003-0000-0000-c000-000000000000"
TENANT = "aaaaaaaa-0000-4000-8000-000000000000"
WORKSPACE = "77777777-0000-4000-8000-000000000001"
"""What column ``TenantId`` of a workspace's tables holds: the id of the workspace (Azure Monitor reference)."""
_LATE = timedelta(minutes=7)


def record(
    at: datetime, client: str, *, event: str = "servicePrincipal", error: int = 0, tenant: str = TENANT, **changes: Any
) -> dict[str, Any]:
    """One record; times with seven digits, in the two forms that one record has."""
    stamp, arrived = (f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}7" for moment in (at, at + _LATE))
    properties = {
        "id": f"{at.timestamp():.0f}-{client[:8]}",
        "createdDateTime": f"{stamp}+00:00",
        "appId": client,
        "appDisplayName": "",
        "ipAddress": "203.0.113.7",
        "status": {"errorCode": error, "failureReason": "Other." if error else None},
        "location": {"city": "Frankfurt am Main", "state": "Hessen", "countryOrRegion": "DE"},
        "resourceDisplayName": "Microsoft Graph",
        "resourceId": GRAPH_APPLICATION,
        "servicePrincipalId": client,
        "servicePrincipalCredentialKeyId": "",
        "servicePrincipalCredentialThumbprint": "",
        "federatedCredentialId": "",
        "clientCredentialType": "clientSecret",
        "authenticationProcessingDetails": [],
        "uniqueTokenIdentifier": "",
        **changes,
    }
    return {
        "time": f"{arrived}Z",
        "resourceId": f"/tenants/{tenant}/providers/Microsoft.aadiam",
        "operationName": "Sign-in activity",
        "operationVersion": "1.0",
        "category": CATEGORIES[event],
        "tenantId": tenant,
        "resultType": str(error),
        "resultSignature": "None",
        "durationMs": 0,
        "callerIpAddress": properties["ipAddress"],
        "level": "4",
        "properties": properties,
    }


def flat(one: Mapping[str, Any]) -> dict[str, Any]:
    """The same record as a workspace exports its tables, and as a table of Parquet has it."""
    told = one["properties"]
    return {
        "TimeGenerated": one["time"],
        "CreatedDateTime": told["createdDateTime"],
        "Category": one["category"],
        "Type": f"AAD{one['category']}",
        "TenantId": WORKSPACE,
        "AADTenantId": one["tenantId"],
        "AppId": told["appId"],
        "IPAddress": told["ipAddress"],
        "ResourceIdentity": told["resourceId"],
        "ResourceDisplayName": told["resourceDisplayName"],
        "ServicePrincipalCredentialKeyId": told["servicePrincipalCredentialKeyId"],
        "ServicePrincipalCredentialThumbprint": told["servicePrincipalCredentialThumbprint"],
        "FederatedCredentialId": told["federatedCredentialId"],
        "ResultType": one["resultType"],
    }


def blob(
    folder: Path,
    hour: datetime,
    category: str = "ServicePrincipalSignInLogs",
    name: str = "PT1H.json",
    tenant: str = TENANT,
) -> Path:
    """Give the path of the blob of an hour, with its folders made."""
    container = folder / f"insights-logs-{category.lower()}" / f"tenantId={tenant}"
    path = container / f"y={hour:%Y}" / f"m={hour:%m}" / f"d={hour:%d}" / f"h={hour:%H}" / "m=00" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def lines(records: Iterable[Mapping[str, Any]]) -> bytes:
    return b"".join(json.dumps(one, separators=(",", ":")).encode() + b"\r\n" for one in records)


def export(folder: Path, records: Iterable[Mapping[str, Any]], *, zipped: bool = False) -> None:
    """Write records to the blobs of the hours in which they arrived, one container for each category."""
    held: dict[Path, list[Mapping[str, Any]]] = {}
    for one in records:
        arrived = datetime.fromisoformat(one["time"])
        name = "PT1H.json.gz" if zipped else "PT1H.json"
        held.setdefault(blob(folder, arrived, one["category"], name), []).append(one)
    for path, some in held.items():
        raw = lines(some)
        path.write_bytes(gzip.compress(raw) if zipped else raw)
