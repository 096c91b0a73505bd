"""The ids that get confused, each with a type of its own; ``inventory.model`` hands them on."""

from __future__ import annotations

from typing import NewType

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
