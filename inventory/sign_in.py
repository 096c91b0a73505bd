"""How a connection signs in: azure-identity's chain of credentials, or the one that is named for a tenant.

The one place that makes credentials, for Microsoft Graph, Azure Resource Manager and Log Analytics alike.
"""

from __future__ import annotations

import os
from typing import Any

from azure.core.credentials_async import AsyncTokenCredential
from azure.identity.aio import CertificateCredential, ClientSecretCredential, DefaultAzureCredential

from inventory.errors import SignInFailedError
from inventory.graph_settings import GraphSettings


def credential(settings: GraphSettings) -> AsyncTokenCredential:
    """Return a credential, to be closed by the caller; SignInFailedError where none can be made of the settings.

    Without ``settings.variables`` it is DefaultAzureCredential. With ``CONTOSO`` there, it is that of the application
    CONTOSO_CLIENT_ID, with CONTOSO_CLIENT_SECRET or CONTOSO_CLIENT_CERTIFICATE_PATH (and
    CONTOSO_CLIENT_CERTIFICATE_PASSWORD): what azure-identity's EnvironmentCredential reads, by other names.
    """
    trust = {"connection_verify": settings.bundle} if settings.bundle else {}
    options: dict[str, Any] = {"authority": settings.authority, "retry_total": 2, **trust}  # not six seconds, but two
    try:
        if settings.variables:
            return _named(settings.variables, settings.tenant_id, options)
        allowed = [settings.tenant_id] if settings.tenant_id else []
        return DefaultAzureCredential(additionally_allowed_tenants=allowed, **options)
    except ValueError as error:  # azure-identity checks the authority, the tenant id and the certificate
        raise SignInFailedError(f"cannot sign in at {settings.authority}: {error}") from None


def _named(prefix: str, tenant_id: str | None, options: dict[str, Any]) -> AsyncTokenCredential:
    client_id, secret, certificate = (
        os.environ.get(f"{prefix}_{name}") for name in ("CLIENT_ID", "CLIENT_SECRET", "CLIENT_CERTIFICATE_PATH")
    )
    if not tenant_id:
        raise SignInFailedError(f"variables of {prefix}_ need the tenant to sign in to; name it with --tenant")
    if client_id and secret:
        return ClientSecretCredential(tenant_id, client_id, secret, **options)
    if client_id and certificate:
        password = os.environ.get(f"{prefix}_CLIENT_CERTIFICATE_PASSWORD")
        try:
            return CertificateCredential(tenant_id, client_id, certificate, password=password, **options)
        except OSError as error:
            raise SignInFailedError(f"{prefix}_CLIENT_CERTIFICATE_PATH cannot be read: {error.strerror}") from None
    raise SignInFailedError(
        f"no credential for tenant {tenant_id}: set {prefix}_CLIENT_ID and {prefix}_CLIENT_SECRET "
        f"(or {prefix}_CLIENT_CERTIFICATE_PATH)"
    )
