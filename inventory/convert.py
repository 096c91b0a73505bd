"""From the JSON of Microsoft Graph to the values of ``inventory.model``. Pure.

The text of a secret has no field to land in, and properties that this version does not know are kept as text. An object
that cannot be understood becomes a ScanNote, so that one odd object never hides the others.
Sources: Microsoft Graph reference, resource types ``application``, ``servicePrincipal`` and
``federatedIdentityCredential`` (v1.0), ``signIn`` and ``appCredentialSignInActivity`` (beta).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import TypeVar

from inventory import documented
from inventory.building import quick
from inventory.classify import HolderFacts, named_thumbprint
from inventory.convert_credentials import NOTHING, credentials
from inventory.directory import FederatedOf
from inventory.ids import spelled
from inventory.instants import instant
from inventory.model import (
    Application,
    ApplicationId,
    ClientId,
    Credential,
    FederatedCredential,
    Holder,
    IdentityClientId,
    IdentityNow,
    KeyId,
    Lock,
    ManagedIdentity,
    Owner,
    PrincipalId,
    ScanNote,
    ServicePrincipal,
    ServicePrincipalId,
    SignIn,
    TenantId,
)
from inventory.noting import noted
from inventory.rows import Json, Reading, SenselessError
from inventory.wire import (
    WireApplication,
    WireFederated,
    WireHolder,
    WireIdentified,
    WireLock,
    WireObject,
    WireOwner,
    WireServicePrincipal,
    WireSignIn,
)

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NO_GUID = "00000000-0000-0000-0000-000000000000"  # .NET's Guid.Empty: "no id"
_new_application, _new_principal, _new_owner = quick(Application), quick(ServicePrincipal), quick(Owner)
_Wire = TypeVar("_Wire", bound=WireObject)
_Value = TypeVar("_Value")
Principal = ServicePrincipal | ManagedIdentity


def applications() -> Reading[WireApplication, Application]:
    """Read applications; their federated credentials, which a listing of their own tells, stay unknown here."""
    return Reading("application", WireApplication, _application, documented.APPLICATION)


def service_principals() -> Reading[WireServicePrincipal, Principal]:
    """Read service principals; a managed identity comes back as what it is, without its own certificates.

    Microsoft makes and rotates the certificates of a managed identity; nobody can retire them.
    """
    return Reading("service principal", WireServicePrincipal, _principal, documented.SERVICE_PRINCIPAL)


def federated_listing() -> Reading[WireIdentified, FederatedOf]:
    """Read the listings that expand federated credentials and tell nothing else of their holders."""
    return Reading("federated credentials of", WireIdentified, _federated_of)


def federated_credentials() -> Reading[WireFederated, FederatedCredential]:
    """Read federated credentials; a flexible one has no subject, and v1.0 does not tell its expression."""
    return _plain("federated credential", WireFederated, _federated)


def sign_ins() -> Reading[WireSignIn, SignIn]:
    """Read the beta sign-in log; Graph writes an empty string where a credential field does not apply."""
    return _plain("sign-in", WireSignIn, _sign_in)


def application(raw: Json, federated: tuple[FederatedCredential, ...] | None) -> Application | ScanNote:
    """Convert one application with its federated credentials (None: unknown)."""
    found = applications().one(raw)
    return found if isinstance(found, ScanNote) else dataclasses.replace(found, federated=federated)


def service_principal(raw: Json) -> Principal | ScanNote:
    """Convert one service principal."""
    return service_principals().one(raw)


def identity_now(raw: Json) -> IdentityNow | ScanNote | None:
    """Convert the service principal of a managed identity; None for that of something else."""
    return _plain("managed identity", WireServicePrincipal, _identity_now).one(raw)


def _identity_now(wire: WireServicePrincipal) -> IdentityNow | None:
    if wire.service_principal_type != "ManagedIdentity":
        return None
    client_id = IdentityClientId(spelled(wire.app_id))
    return IdentityNow(principal_id=PrincipalId(spelled(wire.id)), client_id=client_id, enabled=wire.account_enabled)


def sign_in(raw: Json) -> SignIn | ScanNote:
    """Convert one row of the beta sign-in log."""
    return sign_ins().one(raw)


def in_order(federated: Iterable[FederatedCredential]) -> tuple[FederatedCredential, ...]:
    """Return federated credentials in the order that every reader of ours uses: names are unique on an application."""
    return tuple(sorted(federated, key=lambda one: (one.name, one.id)))


def _plain(what: str, shape: type[_Wire], convert: Callable[[_Wire], _Value]) -> Reading[_Wire, _Value]:
    return Reading(what, shape, lambda wire, _: convert(wire))


def _application(wire: WireApplication, unknown: str) -> Application:
    key = _named_key(wire.token_encryption_key_id)
    lock = wire.service_principal_lock_configuration
    return _new_application(
        id=ApplicationId(wire.id),
        client_id=ClientId(spelled(wire.app_id)),
        display_name=wire.display_name or "",
        created=instant(wire.created_date_time),
        sign_in_audience=wire.sign_in_audience,
        disabled=bool(wire.is_disabled) or wire.disabled_by_microsoft_status not in {None, "NotDisabled"},
        tags=tuple(wire.tags or ()),
        encryption_key=key,
        owners=_owners(wire.owners),
        credentials=_credentials(wire, Holder.APPLICATION, HolderFacts(encryption_key_id=key) if key else NOTHING),
        federated=None,
        created_by=ClientId(spelled(wire.created_by_app_id)) if wire.created_by_app_id else None,
        management_reference=wire.service_management_reference or None,
        lock=_lock(lock) if lock else None,
        noted=noted(wire.notes) if wire.notes else (),
        unknown=unknown,
    )


def _lock(wire: WireLock) -> Lock:
    return Lock(
        enabled=bool(wire.is_enabled),
        everything=bool(wire.all_properties),
        verify=bool(wire.credentials_with_usage_verify),
        sign=bool(wire.credentials_with_usage_sign),
        encryption=bool(wire.token_encryption_key_id),
    )


def _federated_of(wire: WireIdentified, _: str) -> FederatedOf:
    """Return the credentials of one holder; where the row tells none at all, they are not shown to be none."""
    listed = wire.federated_identity_credentials
    if listed is None:
        raise SenselessError("they were not told")
    return FederatedOf(holder_id=wire.id, federated=in_order(_federated(one) for one in listed))


def _guid(text: str | None) -> str | None:
    """Normalise a GUID that is compared between listings; None for null and the empty string."""
    return text.lower() if text else None


def _named_key(text: str | None) -> KeyId | None:
    """Normalise the id of a key that an object names; None for null, the empty string and all zeros."""
    found = (text or "").strip().lower()
    return KeyId(found) if found and found != _NO_GUID else None


def _key_id(text: str | None) -> KeyId | None:
    """Normalise a key id from the log; None for everything that cannot be one."""
    found = _named_key(text)
    return found if found and _GUID.fullmatch(found) else None


def _owners(wires: list[WireOwner] | None) -> tuple[Owner, ...] | None:
    if wires is None:
        return None
    owners = [
        _new_owner(
            object_id=wire.id,
            kind=(wire.odata_type or "").rpartition(".")[2] or "unknown",
            display_name=wire.display_name,
            enabled=wire.account_enabled,
        )
        for wire in wires
    ]
    if len(owners) > 1:
        owners.sort(key=attrgetter("object_id"))
    return tuple(owners)


def _credentials(wire: WireHolder, holder: Holder, facts: HolderFacts) -> tuple[Credential, ...]:
    if wire.password_credentials is None or wire.key_credentials is None:
        raise SenselessError("its credentials are null: there may be some")
    found = credentials(wire, holder, facts)
    if not all(one.key_id for one in found):  # nothing could ask for it, and nothing remove it
        raise SenselessError("one of its credentials has no key id")
    return found


def _principal(wire: WireServicePrincipal, unknown: str) -> Principal:
    if wire.service_principal_type == "ManagedIdentity":
        return _identity(wire)
    key = _named_key(wire.token_encryption_key_id)
    told = (key, wire.preferred_token_signing_key_thumbprint, wire.preferred_single_sign_on_mode)
    facts = (
        HolderFacts(encryption_key_id=told[0], signing_thumbprint=told[1], sign_on_mode=told[2])
        if any(told)
        else NOTHING
    )
    home = _guid(wire.app_owner_organization_id)
    return _new_principal(
        id=ServicePrincipalId(wire.id),
        client_id=ClientId(spelled(wire.app_id)),
        display_name=wire.display_name or "",
        kind=wire.service_principal_type or "unknown",
        home_tenant=TenantId(home) if home else None,
        enabled=wire.account_enabled,
        sign_on_mode=wire.preferred_single_sign_on_mode,
        encryption_key=key,
        owners=_owners(wire.owners),
        credentials=_credentials(wire, Holder.SERVICE_PRINCIPAL, facts),
        created=instant(wire.created_date_time),
        tags=tuple(wire.tags or ()),
        unknown=unknown,
    )


_EXPLICIT: Mapping[str, bool] = {"isexplicit=true": True, "isexplicit=false": False}


def _identity(wire: WireServicePrincipal) -> ManagedIdentity:
    """Read ``alternativeNames``: ``isExplicit=True`` (user-assigned) or ``False``, and the ARM id, in any order."""
    names = wire.alternative_names or ()
    explicit = [_EXPLICIT[name.casefold()] for name in names if name.casefold() in _EXPLICIT]
    resources = [name for name in names if name.casefold().startswith("/subscriptions/")]
    return ManagedIdentity(
        principal_id=PrincipalId(wire.id),
        client_id=IdentityClientId(spelled(wire.app_id)),
        name=wire.display_name or "",
        resource_id=min(resources, default=None),
        user_assigned=explicit[0] if len(set(explicit)) == 1 else None,
        owners=_owners(wire.owners),
    )


def _federated(wire: WireFederated) -> FederatedCredential:
    flexible = wire.claims_matching_expression
    return FederatedCredential(
        id=wire.id,
        name=wire.name or "",
        issuer=wire.issuer or "",
        subject=wire.subject,
        audiences=tuple(wire.audiences or ()),
        expression=flexible.value if flexible else None,
    )


def _sign_in(wire: WireSignIn) -> SignIn:
    at = instant(wire.created_date_time)
    if at is None:
        raise SenselessError("it has no time")
    return SignIn(
        at=at,
        client_id=ClientId(spelled(wire.app_id)),
        key_id=_key_id(wire.service_principal_credential_key_id),
        thumbprint=named_thumbprint(wire.service_principal_credential_thumbprint),
        federated_credential_id=wire.federated_credential_id or None,
        credential_type=wire.client_credential_type or None,
        address=wire.ip_address or None,
        error_code=wire.status.error_code if wire.status else None,
        token_id=wire.unique_token_identifier or None,
    )
