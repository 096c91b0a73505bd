"""The fields of Microsoft Graph's answers that are decoded; everything else in an answer is ignored.

Names follow the Graph reference (camelCase there). Only what identifies an object is required; every other field may
be missing or null, because both happen: ``$expand`` that is not granted, new properties, old tenants.
"""

from __future__ import annotations

import msgspec


class WireObject(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """Base of all shapes."""


class WireSecret(WireObject, frozen=True, gc=False):
    """``passwordCredential`` without ``secretText``."""

    key_id: str
    display_name: str | None = None
    hint: str | None = None
    custom_key_identifier: str | None = None
    start_date_time: str | None = None
    end_date_time: str | None = None


class WireCertificate(WireObject, frozen=True, gc=False):
    """``keyCredential`` without ``key``."""

    key_id: str
    display_name: str | None = None
    type: str | None = None
    usage: str | None = None
    custom_key_identifier: str | None = None
    start_date_time: str | None = None
    end_date_time: str | None = None


class WireOwner(WireObject, frozen=True, gc=False):
    """``directoryObject`` in ``owners``; without rights on the owner's type only id and type are filled."""

    id: str
    odata_type: str | None = msgspec.field(default=None, name="@odata.type")
    display_name: str | None = None
    account_enabled: bool | None = None


class WireExpression(WireObject, frozen=True, gc=False):
    """``federatedIdentityExpression`` (beta)."""

    value: str | None = None


class WireFederated(WireObject, frozen=True, gc=False):
    """``federatedIdentityCredential``; only beta tells the expression of a flexible one, which has no subject."""

    id: str
    name: str | None = None
    issuer: str | None = None
    subject: str | None = None
    audiences: list[str] | None = None
    claims_matching_expression: WireExpression | None = None


class WireIdentified(WireObject, frozen=True, gc=False):
    """A row with nothing but its id and, where expanded, its federated credentials."""

    id: str
    federated_identity_credentials: list[WireFederated] | None = None


class WireLock(WireObject, frozen=True, gc=False):
    """``servicePrincipalLockConfiguration``."""

    is_enabled: bool | None = None
    all_properties: bool | None = None
    credentials_with_usage_verify: bool | None = None
    credentials_with_usage_sign: bool | None = None
    token_encryption_key_id: bool | None = None


class WireHolder(WireObject, frozen=True, gc=False):
    """What ``application`` and ``servicePrincipal`` share."""

    id: str
    app_id: str
    display_name: str | None = None
    created_date_time: str | None = None
    tags: list[str] | None = None
    owners: list[WireOwner] | None = None
    token_encryption_key_id: str | None = None
    password_credentials: list[WireSecret] | msgspec.UnsetType | None = msgspec.UNSET
    key_credentials: list[WireCertificate] | msgspec.UnsetType | None = msgspec.UNSET
    """Null, which Graph documents for neither, tells nothing: not that there are none."""


class WireApplication(WireHolder, frozen=True, gc=False):
    """``application``."""

    sign_in_audience: str | None = None
    notes: str | None = None
    is_disabled: bool | None = None
    disabled_by_microsoft_status: str | None = None
    created_by_app_id: str | None = None
    service_management_reference: str | None = None
    service_principal_lock_configuration: WireLock | None = None


class WireServicePrincipal(WireHolder, frozen=True, gc=False):
    """``servicePrincipal``."""

    service_principal_type: str | None = None
    alternative_names: list[str] | None = None
    account_enabled: bool | None = None
    app_owner_organization_id: str | None = None
    preferred_single_sign_on_mode: str | None = None
    preferred_token_signing_key_thumbprint: str | None = None


class WireAppRole(WireObject, frozen=True, gc=False):
    """``appRole``."""

    id: str
    value: str | None = None
    display_name: str | None = None


class WireResource(WireObject, frozen=True, gc=False):
    """``servicePrincipal`` as the resource whose app roles are granted."""

    id: str
    display_name: str | None = None
    app_roles: list[WireAppRole] | None = None


class WireGrant(WireObject, frozen=True, gc=False):
    """``appRoleAssignment``."""

    principal_id: str
    app_role_id: str
    principal_type: str | None = None


class WireRoleDefinition(WireObject, frozen=True, gc=False):
    """``unifiedRoleDefinition``."""

    id: str
    display_name: str | None = None


class WireDirectoryRole(WireObject, frozen=True, gc=False):
    """``unifiedRoleAssignment`` with its principal expanded."""

    principal_id: str
    role_definition_id: str
    directory_scope_id: str | None = None
    principal: WireOwner | None = None


class WireRestriction(WireObject, frozen=True, gc=False):
    """``passwordCredentialConfiguration`` and ``keyCredentialConfiguration``."""

    restriction_type: str
    state: str | None = None
    max_lifetime: str | None = None
    restrict_for_apps_created_after_date_time: str | None = None
    exclude_actors: object = None


class WireRestrictions(WireObject, frozen=True, gc=False):
    """``appManagementConfiguration`` and its kin."""

    password_credentials: list[WireRestriction] | None = None
    key_credentials: list[WireRestriction] | None = None


class WirePolicy(WireObject, frozen=True, gc=False):
    """``tenantAppManagementPolicy`` and ``appManagementPolicy``."""

    id: str
    display_name: str | None = None
    is_enabled: bool | None = None
    restrictions: WireRestrictions | None = None
    application_restrictions: WireRestrictions | None = None
    service_principal_restrictions: WireRestrictions | None = None


class WireGone(WireObject, frozen=True, gc=False):
    """``@removed`` of a delta query."""

    reason: str | None = None


class WireChange(WireObject, frozen=True, gc=False):
    """A row of a delta query, of which only the id is looked at: what it tells of the object is not the whole."""

    id: str
    removed: WireGone | None = msgspec.field(default=None, name="@removed")


class WireStatus(WireObject, frozen=True, gc=False):
    """``signInStatus``; 0 means that a token was issued."""

    error_code: int | None = None


class WireSignIn(WireObject, frozen=True, gc=False):
    """``signIn`` (beta)."""

    created_date_time: str
    app_id: str
    service_principal_credential_key_id: str | None = None
    service_principal_credential_thumbprint: str | None = None
    federated_credential_id: str | None = None
    client_credential_type: str | None = None
    ip_address: str | None = None
    unique_token_identifier: str | None = None
    status: WireStatus | None = None


class WireActor(WireObject, frozen=True, gc=False):
    """``userIdentity`` and ``appIdentity``, with the fields of both."""

    id: str | None = None
    display_name: str | None = None
    user_principal_name: str | None = None
    ip_address: str | None = None
    app_id: str | None = None
    service_principal_id: str | None = None


class WireInitiator(WireObject, frozen=True, gc=False):
    """``auditActivityInitiator``."""

    user: WireActor | None = None
    app: WireActor | None = None


class WireModified(WireObject, frozen=True, gc=False):
    """``modifiedProperty``; both values are JSON in a string."""

    display_name: str | None = None
    old_value: str | None = None
    new_value: str | None = None


class WireTarget(WireObject, frozen=True, gc=False):
    """``targetResource``."""

    modified_properties: tuple[WireModified, ...] | None = None


class WireAudit(WireObject, frozen=True, gc=False):
    """``directoryAudit``."""

    activity_date_time: str
    result: str | None = None
    initiated_by: WireInitiator | None = None
    target_resources: tuple[WireTarget, ...] | None = None


class WireLastSeen(WireObject, frozen=True, gc=False):
    """``signInActivity`` (beta)."""

    last_sign_in_date_time: str | None = None
    last_successful_sign_in_date_time: str | None = None


class WirePage(WireObject, frozen=True, gc=False):
    """A page of any collection; every row is decoded on its own, so that one bad row does not cost the page."""

    value: list[msgspec.Raw]
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")
    delta_link: str | None = msgspec.field(default=None, name="@odata.deltaLink")


class WirePart(WireObject, frozen=True, gc=False):
    """One answer in a ``$batch``; the names of the headers come in any case."""

    id: str
    status: int
    headers: dict[str, str] | None = None
    body: msgspec.Raw = msgspec.Raw(b"")


class WireBatch(WireObject, frozen=True, gc=False):
    """The answer to a ``$batch``, in an order of its own."""

    responses: list[WirePart]


class WireErrorBody(WireObject, frozen=True, gc=False):
    """``error`` of a Graph error answer."""

    code: str | None = None
    message: str | None = None
    inner_error: dict[str, object] | None = None


class WireError(WireObject, frozen=True, gc=False):
    """A Graph error answer."""

    error: WireErrorBody
