"""The question asked of a Log Analytics workspace: one aggregation, so that only sums travel. Pure.

Source: Azure Monitor reference, tables ``AADServicePrincipalSignInLogs`` and ``AADManagedIdentitySignInLogs``. The
reference names no column for the type of a credential, and a workspace may have either table alone or columns of its
own; ``column_ifexists`` and ``union isfuzzy=true`` (Kusto reference) cope with all of that.
"""

from __future__ import annotations

from collections.abc import Mapping

from inventory.ids import guid
from inventory.model import TenantId

ABSENT = "<no such column>"
"""Stands in a column that the workspace does not have."""
TABLES = {
    "AADServicePrincipalSignInLogs": "servicePrincipal",
    "AADManagedIdentitySignInLogs": "managedIdentity",
}
FOREIGN, UNTOLD = "foreign", "untold"
"""``Part`` of the rows that count the records which are not known to be of this tenant."""
_TEXTS: Mapping[str, str] = {
    "Client": "AppId",
    "KeyId": "ServicePrincipalCredentialKeyId",
    "Thumbprint": "ServicePrincipalCredentialThumbprint",
    "Federated": "FederatedCredentialId",
    "CredentialType": "ClientCredentialType",
    "Address": "IPAddress",
    "ResourceId": "ResourceIdentity",
    "ResourceName": "ResourceDisplayName",
    "Result": "ResultType",
    "Tenant": "AADTenantId",
}
"""Columns of the tables, by the names they have here."""
_KEPT = ("Client", "KeyId", "Thumbprint", "Federated", "CredentialType")
_SUMS = (
    "First = min(TimeGenerated), Last = max(TimeGenerated), "
    "LastSuccess = max(iff(Succeeded == 1, TimeGenerated, datetime(null))), "
    "Successes = countif(Succeeded == 1), Failures = countif(Succeeded == 0), Untold = countif(Succeeded == -1)"
)


def aggregation(tenant: TenantId | None, *, addresses: bool = True) -> str:
    """Return the query; without ``addresses`` it gives one row for a credential and resource, from anywhere.

    Its rows: ``Part`` ``use`` with the sums of one credential, address and resource, those of records that do not tell
    whether they succeeded apart, and ``Part`` ``hour`` with first
    and last record of an hour of the log of service principals, by which gaps are found, and ``Part`` ``foreign`` or
    ``untold`` with the number (``Records``) of those that are of other tenants or do not tell theirs; the former are in
    no other row, the latter in ``use`` alone. ``ResultType`` is ``0`` or an error code, or ``Success`` or ``Failure``
    as the reference says; ``TenantId`` is the id of the workspace, ``AADTenantId`` the tenant.
    """
    ours = guid(tenant) or ""
    tables = ",\n    ".join(f'({table} | extend Log = "{log}")' for table, log in TABLES.items())
    texts = ",\n    ".join(
        f'{name} = tostring(column_ifexists("{column}", "{ABSENT}"))' for name, column in _TEXTS.items()
    )
    keys = ", ".join((*_KEPT, *(("Address",) if addresses else ()), "Resource", "Told = Succeeded >= 0"))
    return f"""let records = union isfuzzy=true
    {tables}
| extend
    {texts}
| extend
    Client = tolower(Client),
    Resource = tolower(iff(isempty(ResourceId) or ResourceId == "{ABSENT}", ResourceName, ResourceId)),
    Succeeded = case(isempty(Result) or Result == "{ABSENT}", -1, trim(" ", Result) in~ ("0", "0.0", "Success"), 1,
        Result matches regex "^ *-?[0-9]+([.][0-9]+)? *$" or trim(" ", Result) =~ "Failure", 0, -1),
    Whose = case(isempty(Tenant) or Tenant == "{ABSENT}" or "{ours}" == "", "untold", Tenant =~ "{ours}", "ours",
        "foreign");
union
    (records | where Whose != "foreign" | summarize {_SUMS} by {keys} | extend Part = "use"),
    (records | where Log == "servicePrincipal" and Whose == "ours"
        | summarize First = min(TimeGenerated), Last = max(TimeGenerated) by Hour = bin(TimeGenerated, 1h)
        | project First, Last, Part = "hour"),
    (records | where Whose != "ours"
        | summarize First = min(TimeGenerated), Last = max(TimeGenerated), Records = count() by Part = Whose)
"""
