"""What the error codes of the token endpoint mean for a migration, and what to do.

Microsoft asks clients not to branch on these numbers ("Microsoft Entra authentication and authorization error codes"):
they only choose a hint here, never a decision, and an unknown code has a hint too.
"""

from __future__ import annotations

import re

_HINTS = {
    7000215: "a client secret was sent and is wrong or removed: this caller still uses the old code",
    7000222: "a client secret was sent and has expired: this caller still uses the old code",
    7000218: "neither a secret nor an assertion was sent: the rewrite of this caller is incomplete",
    7000229: "the application has no service principal in this tenant: create it (az ad sp create)",
    7000112: "the application or its service principal is disabled: unsecret revert, if unsecret deactivated it",
    700016: "the application is not in this tenant: check --tenant and the client id",
    700038: "the client id is no application: check the plan's tenant",
    700024: "the assertion is out of its time: check the clock of the host",
    700211: "the issuer differs: compare it with the federated credential, trailing slash included",
    700212: "the audience differs: it must be the one of this cloud, in its api:// form",
    700213: "the subject differs: it must be the identity's principal (object) id, not its client id",
    7002138: "the subject differs in upper and lower case only: write it as the identity's principal id",
    700214: "the audience must be written as api://AzureADTokenExchange, not as a GUID",
    70021: "no federated credential matches: unsecret federate PLAN --apply, then wait some minutes",
    70025: "the application has no federated credential, or the first one has not spread yet: wait some minutes",
    700222: "the identity's token was itself obtained by federation (AKS): federate the application with the cluster",
    700226: "the assertion is not a managed identity's token: use the user-assigned identity",
    700231: "the identity's token was itself obtained by federation (AKS): federate the application with the cluster",
    700236: "application and identity are in different tenants: use an identity of the application's tenant",
    500011: "the scope names no resource of this tenant: check --cloud",
    53003: "conditional access for workload identities blocks this host",
    90002: "the tenant does not exist in this cloud: check --tenant and --cloud",
}
_CODE = re.compile(r"AADSTS(\d+)")


def code(text: str) -> int | None:
    """Return the first AADSTS code in an error text."""
    found = _CODE.search(text)
    return int(found[1]) if found else None


def hint(number: int | None) -> str:
    """Return what to do about a code."""
    if number is None:
        return "check that this host has the identity attached"
    return _HINTS.get(number, "see https://login.microsoftonline.com/error for this code")
