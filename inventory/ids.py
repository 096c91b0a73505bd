"""The ids that get confused, each with a type of its own; ``inventory.model`` hands them on."""

from __future__ import annotations

import re
from typing import NewType

_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_NO_GUID = "00000000-0000-0000-0000-000000000000"  # .NET's Guid.Empty: "no id"

TenantId = NewType("TenantId", str)
ApplicationId = NewType("ApplicationId", str)
"""Object id of an application registration."""
ClientId = NewType("ClientId", str)
"""``appId`` of an application: what code calls the client id."""
ServicePrincipalId = NewType("ServicePrincipalId", str)
"""Object id of a service principal."""
IdentityClientId = NewType("IdentityClientId", str)
"""``appId`` of a managed identity: what code passes to ``ManagedIdentityCredential``."""
PrincipalId = NewType("PrincipalId", str)
"""Object id of a managed identity's service principal: the subject of a federated credential."""
KeyId = NewType("KeyId", str)


def spelled(text: str) -> str:
    """Bring an id that is compared between listings to one spelling: GUIDs differ in case alone (RFC 9562, 4)."""
    return text.strip().lower()


def each_spelled(column: list[str]) -> list[str]:
    """Return what ``spelled`` makes of each: the column itself where, as almost always, that changes nothing."""
    whole = "".join(column)
    same = whole == whole.lower() and whole.split(None, 1) == ([whole] if whole else [])
    return column if same else [spelled(text) for text in column]


def guid(text: str | None) -> str | None:
    """Return a GUID in lower case; None for all that cannot be one, and for zeros, which mean that there is none."""
    found = spelled(text or "")
    return found if found != _NO_GUID and _GUID.fullmatch(found) else None
