"""Sign-ins and what the activity reports say of them.

Field names are those of the beta resource ``signIn``; which of them a managed-identity exchange fills is inferred from
their descriptions, as no log of one has been seen.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from migrate.emulator.certificates import CertificateRecipe

EventType = Literal["servicePrincipal", "managedIdentity"]
CredentialType = Literal[
    "none", "clientSecret", "clientAssertion", "federatedIdentityCredential", "managedIdentity", "certificate"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """One attempt to get a token."""

    id: str
    created: datetime
    event: EventType
    app_id: str
    app_display_name: str
    service_principal_id: str
    owner_tenant: str | None
    resource_id: str
    resource_display_name: str
    ip_address: str
    correlation_id: str
    credential_type: CredentialType = "none"
    key_id: str = ""
    """Key id of the credential that matched. Assumed: empty when the presented secret matched none."""
    certificate: CertificateRecipe | bytes | None = None
    federated_credential_id: str = ""
    origin: Literal["application", "servicePrincipal"] = "application"
    error_code: int = 0
    failure_reason: str | None = None
    token_id: str = ""
    identity_resource_id: str | None = None
    user_assigned: bool = True
    federated_token_id: str | None = None
    federated_token_issuer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """When something was last used."""

    last: SignIn
    last_success: SignIn | None = None
