"""From the JSON of Microsoft Graph to the values of ``inventory.model``. Pure.

Only the fields named here are decoded; unknown fields are ignored, and the text of a secret has no field to land in.
An object that cannot be understood becomes a ScanNote, so that one odd object never hides the others.
Sources: Microsoft Graph reference, resource types ``application``, ``servicePrincipal`` and
``federatedIdentityCredential`` (v1.0), ``signIn`` and ``appCredentialSignInActivity`` (beta).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import TypeVar

import msgspec

from inventory.classify import HolderFacts, KeyFacts, named_thumbprint, purposes, secret_thumbprint, thumbprint
from inventory.model import (
    Application,
    ApplicationId,
    ClientId,
    Credential,
    CredentialActivity,
    CredentialKind,
    FederatedCredential,
    Holder,
    IdentityClientId,
    KeyId,
    ManagedIdentity,
    Owner,
    PrincipalId,
    ScanNote,
    ServicePrincipal,
    ServicePrincipalId,
    SignIn,
    TenantId,
)
from inventory.wire import (
    WireActivity,
    WireApplication,
    WireCertificate,
    WireFederated,
    WireIdentified,
    WireObject,
    WireOwner,
    WireSecret,
    WireServicePrincipal,
    WireSignIn,
)

_SHORT_OFFSET = re.compile(r"([+-])(\d:\d\d)$")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NO_GUID = "00000000-0000-0000-0000-000000000000"  # .NET's Guid.Empty: "no id"
_UNSET_YEAR = 1  # .NET writes 0001-01-01 for "no date"
_Wire = TypeVar("_Wire", bound=WireObject)
_Value = TypeVar("_Value")


def instant(text: str | None) -> datetime | None:
    """Read a Graph time as UTC, to the microsecond; None for null, empty and the .NET "no date".

    Real answers carry seven fractional digits, and the report samples of the Graph reference an offset of one digit
    (``-8:00``), which is no ISO 8601. Raises ValueError for anything else that is not a time.
    """
    if not text:
        return None
    value = datetime.fromisoformat(_SHORT_OFFSET.sub(r"\g<1>0\2", text))
    if value.year <= _UNSET_YEAR:
        return None
    if value.tzinfo is None:
        value = value.replace(tzinfo=UTC)
    try:
        return value.astimezone(UTC)
    except OverflowError:  # the last hours of the year 9999 in a western offset
        return value.replace(tzinfo=UTC)


def application(raw: bytes, federated: tuple[FederatedCredential, ...] | None) -> Application | ScanNote:
    """Convert one application; federated credentials come from a listing of their own (None: unknown)."""

    def value(wire: WireApplication) -> Application:
        key = _named_key(wire.token_encryption_key_id)
        return Application(
            id=ApplicationId(wire.id),
            client_id=ClientId(wire.app_id.lower()),
            display_name=wire.display_name or "",
            created=instant(wire.created_date_time),
            sign_in_audience=wire.sign_in_audience,
            disabled=bool(wire.is_disabled) or wire.disabled_by_microsoft_status not in {None, "NotDisabled"},
            tags=tuple(wire.tags or ()),
            encryption_key=key,
            owners=_owners(wire.owners),
            credentials=_credentials(wire, Holder.APPLICATION, HolderFacts(encryption_key_id=key)),
            federated=federated,
        )

    return _converted("application", WireApplication, raw, value)


def service_principal(raw: bytes) -> ServicePrincipal | ManagedIdentity | ScanNote:
    """Convert one service principal; a managed identity comes back as what it is, without its own certificates.

    Microsoft makes and rotates the certificates of a managed identity; nobody can retire them.
    """
    return _converted("service principal", WireServicePrincipal, raw, _principal)


def federated_credential(raw: bytes) -> FederatedCredential | ScanNote:
    """Convert one federated credential; a flexible one (beta) has no subject."""
    return _converted("federated credential", WireFederated, raw, _federated)


def in_order(federated: Iterable[FederatedCredential]) -> tuple[FederatedCredential, ...]:
    """Return federated credentials in the order that every reader of ours uses: names are unique on an application."""
    return tuple(sorted(federated, key=lambda one: (one.name, one.id)))


def federated_of(raw: bytes) -> tuple[str, tuple[FederatedCredential, ...] | None] | ScanNote:
    """Read one row of the listing that expands federated credentials: object id and credentials (None: not told)."""

    def value(wire: WireIdentified) -> tuple[str, tuple[FederatedCredential, ...] | None]:
        listed = wire.federated_identity_credentials
        return wire.id, None if listed is None else in_order(_federated(one) for one in listed)

    return _converted("federated credentials of application", WireIdentified, raw, value)


def sign_in(raw: bytes) -> SignIn | ScanNote:
    """Convert one row of the beta sign-in log; Graph writes an empty string where a credential field does not apply."""
    return _converted("sign-in", WireSignIn, raw, _sign_in)


def activity(raw: bytes) -> CredentialActivity | ScanNote:
    """Convert one row of the beta credential activity report."""
    return _converted("credential activity", WireActivity, raw, _activity)


def _converted(what: str, shape: type[_Wire], raw: bytes, value: Callable[[_Wire], _Value]) -> _Value | ScanNote:
    try:
        return value(msgspec.json.decode(raw, type=shape))
    except (msgspec.DecodeError, ValueError) as error:
        # msgspec names the field and the types, never the value; the other ValueErrors might quote Graph's own text.
        reason = str(error) if isinstance(error, msgspec.MsgspecError) else _other_reason(error)
        return ScanNote(subject=f"{what} {_id_in(raw)}".rstrip(), text=f"unreadable: {reason}")


def _other_reason(error: ValueError) -> str:
    return "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else "it holds a time that is none"


def _id_in(raw: bytes) -> str:
    try:
        return msgspec.json.decode(raw, type=WireIdentified).id
    except (msgspec.DecodeError, ValueError):
        return ""


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
    owners = (
        Owner(
            object_id=wire.id,
            kind=(wire.odata_type or "").rpartition(".")[2] or "unknown",
            display_name=wire.display_name,
            enabled=wire.account_enabled,
        )
        for wire in wires
    )
    return tuple(sorted(owners, key=lambda owner: owner.object_id))


def _credentials(wire: WireApplication, holder: Holder, facts: HolderFacts) -> tuple[Credential, ...]:
    wires = (*(wire.password_credentials or ()), *(wire.key_credentials or ()))
    judged = purposes((_key_facts(one) for one in wires), facts)
    credentials = (
        Credential(
            key_id=KeyId(one.key_id.strip().lower()),
            kind=_kind(one),
            purpose=purpose,
            purpose_reason=reason,
            holder=holder,
            holder_id=wire.id,
            client_id=ClientId(wire.app_id.lower()),
            display_name=one.display_name,
            hint=one.hint if isinstance(one, WireSecret) else None,
            thumbprint=_thumbprint(one),
            start=instant(one.start_date_time),
            end=instant(one.end_date_time),
        )
        for one, (purpose, reason) in zip(wires, judged, strict=True)
    )
    return tuple(sorted(credentials, key=lambda credential: (credential.key_id, credential.kind)))


def _kind(wire: WireSecret | WireCertificate) -> CredentialKind:
    return CredentialKind.SECRET if isinstance(wire, WireSecret) else CredentialKind.CERTIFICATE


def _thumbprint(wire: WireSecret | WireCertificate) -> str | None:
    read = secret_thumbprint if isinstance(wire, WireSecret) else thumbprint
    return read(wire.custom_key_identifier)


def _key_facts(wire: WireSecret | WireCertificate) -> KeyFacts:
    usage, form = (wire.usage, wire.type) if isinstance(wire, WireCertificate) else (None, None)
    return KeyFacts(
        key_id=wire.key_id.strip().lower(),
        kind=_kind(wire),
        usage=usage,
        type=form,
        identifier=wire.custom_key_identifier,
    )


def _principal(wire: WireServicePrincipal) -> ServicePrincipal | ManagedIdentity:
    if wire.service_principal_type == "ManagedIdentity":
        return _identity(wire)
    key = _named_key(wire.token_encryption_key_id)
    facts = HolderFacts(
        encryption_key_id=key,
        signing_thumbprint=wire.preferred_token_signing_key_thumbprint,
        sign_on_mode=wire.preferred_single_sign_on_mode,
    )
    home = _guid(wire.app_owner_organization_id)
    return ServicePrincipal(
        id=ServicePrincipalId(wire.id),
        client_id=ClientId(wire.app_id.lower()),
        display_name=wire.display_name or "",
        kind=wire.service_principal_type or "unknown",
        home_tenant=TenantId(home) if home else None,
        enabled=wire.account_enabled,
        sign_on_mode=wire.preferred_single_sign_on_mode,
        encryption_key=key,
        owners=_owners(wire.owners),
        credentials=_credentials(wire, Holder.SERVICE_PRINCIPAL, facts),
    )


_EXPLICIT: Mapping[str, bool] = {"isexplicit=true": True, "isexplicit=false": False}


def _identity(wire: WireServicePrincipal) -> ManagedIdentity:
    """Read ``alternativeNames``: ``isExplicit=True`` (user-assigned) or ``False``, and the ARM id, in any order."""
    names = wire.alternative_names or ()
    explicit = [_EXPLICIT[name.casefold()] for name in names if name.casefold() in _EXPLICIT]
    resources = [name for name in names if name.casefold().startswith("/subscriptions/")]
    return ManagedIdentity(
        principal_id=PrincipalId(wire.id),
        client_id=IdentityClientId(wire.app_id),
        name=wire.display_name or "",
        resource_id=min(resources, default=None),
        user_assigned=explicit[0] if len(set(explicit)) == 1 else None,
    )


def _federated(wire: WireFederated) -> FederatedCredential:
    return FederatedCredential(
        id=wire.id,
        name=wire.name or "",
        issuer=wire.issuer or "",
        subject=wire.subject,
        audiences=tuple(wire.audiences or ()),
    )


def _sign_in(wire: WireSignIn) -> SignIn:
    at = instant(wire.created_date_time)
    if at is None:
        raise ValueError("a sign-in without a time")
    return SignIn(
        at=at,
        client_id=ClientId(wire.app_id.lower()),
        key_id=_key_id(wire.service_principal_credential_key_id),
        thumbprint=named_thumbprint(wire.service_principal_credential_thumbprint),
        federated_credential_id=wire.federated_credential_id or None,
        credential_type=wire.client_credential_type or None,
        address=wire.ip_address or None,
        error_code=wire.status.error_code if wire.status else None,
        token_id=wire.unique_token_identifier or None,
    )


_ORIGINS: Mapping[str, Holder] = {"application": Holder.APPLICATION, "serviceprincipal": Holder.SERVICE_PRINCIPAL}


def _activity(wire: WireActivity) -> CredentialActivity:
    seen = wire.sign_in_activity
    return CredentialActivity(
        key_id=KeyId(wire.key_id.strip().lower()),
        client_id=ClientId(wire.app_id.lower()),
        holder=_ORIGINS.get((wire.credential_origin or "").casefold()),
        last_sign_in=instant(seen.last_sign_in_date_time) if seen else None,
        last_successful_sign_in=instant(seen.last_successful_sign_in_date_time) if seen else None,
    )
