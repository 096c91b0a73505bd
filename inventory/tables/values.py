"""From rows to values; the children of an object are asked for by its id. ValueError for what can be no such value."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from inventory.estate import Host, HostSetting, Policy, Restriction, RoleHeld, RoleKind, SettingKind, Subscription, Tier
from inventory.model import (
    Application,
    Credential,
    CredentialKind,
    FederatedCredential,
    Holder,
    Lock,
    ManagedIdentity,
    Owner,
    Purpose,
    ScanNote,
    ServicePrincipal,
)
from inventory.tables.rows import Row
from inventory.tables.texts import count, items, moment, pairs, truth
from inventory.usage import Source, SourceName, Use

Children = Callable[[str], tuple[Any, ...]]


def application(row: Row, owners: Children, credentials: Children, federated: Children) -> Application:
    """Return the value of a row of ``applications``."""
    key, client_id, name, created, created_by, audience, disabled, tags, encryption_key, reference, *rest = row
    *lock, owners_known, federated_known, unknown, noted = rest
    return Application(
        id=key,
        client_id=client_id,
        display_name=name,
        created=moment(created),
        created_by=created_by,
        sign_in_audience=audience,
        disabled=bool(disabled),
        tags=items(tags),
        encryption_key=encryption_key,
        management_reference=reference,
        lock=_lock(lock),
        owners=owners(key) if owners_known else None,
        credentials=credentials(key),
        federated=federated(key) if federated_known else None,
        noted=None if noted is None else items(noted),
        unknown=unknown,
    )


def _lock(cells: list[int | None]) -> Lock | None:
    if cells[0] is None:
        return None
    enabled, everything, verify, sign, encryption = (bool(cell) for cell in cells)
    return Lock(enabled=enabled, everything=everything, verify=verify, sign=sign, encryption=encryption)


def service_principal(row: Row, owners: Children, credentials: Children) -> ServicePrincipal:
    """Return the value of a row of ``service_principals``."""
    key, client_id, name, kind, home_tenant, enabled, created, tags, mode, encryption_key, owners_known, unknown = row
    return ServicePrincipal(
        id=key,
        client_id=client_id,
        display_name=name,
        kind=kind,
        home_tenant=home_tenant,
        enabled=truth(enabled),
        created=moment(created),
        tags=items(tags),
        sign_on_mode=mode,
        encryption_key=encryption_key,
        owners=owners(key) if owners_known else None,
        credentials=credentials(key),
        unknown=unknown,
    )


def identity(row: Row, federated: Children, owners: Children, tags: Children) -> ManagedIdentity:
    """Return the value of a row of ``identities``; ``tags`` has one entry where Azure told the identity, else none."""
    principal_id, client_id, name, resource_id, user_assigned, federated_known, owners_known = row
    return ManagedIdentity(
        principal_id=principal_id,
        client_id=client_id,
        name=name,
        resource_id=resource_id,
        user_assigned=truth(user_assigned),
        federated=federated(principal_id) if federated_known else None,
        owners=owners(principal_id) if owners_known else None,
        tags=next(iter(tags(principal_id)), None),
    )


def identity_tags(row: Row) -> tuple[tuple[str, str], ...]:
    """Return the tags of a row of ``identity_tags``."""
    return pairs(row[1])


def credential(row: Row) -> Credential:
    """Return the value of a row of ``credentials``, with the purpose that both holders together say."""
    holder_id, key_id, kind, purpose, reason, _, _, holder, client_id, name, hint, mark, usage, form, starts, ends = row
    return Credential(
        key_id=key_id,
        kind=CredentialKind(kind),
        purpose=Purpose(purpose),
        purpose_reason=reason,
        holder=Holder(holder),
        holder_id=holder_id,
        client_id=client_id,
        display_name=name,
        hint=hint,
        thumbprint=mark,
        usage=usage,
        type=form,
        start=moment(starts),
        end=moment(ends),
    )


def owner(row: Row) -> Owner:
    """Return the value of a row of ``owners``."""
    _, object_id, kind, name, enabled = row
    return Owner(object_id=object_id, kind=kind, display_name=name, enabled=truth(enabled))


def federated(row: Row) -> FederatedCredential:
    """Return the value of a row of ``federated_credentials``."""
    _, name, key, _, issuer, subject, audiences, expression = row
    return FederatedCredential(
        id=key, name=name, issuer=issuer, subject=subject, audiences=items(audiences), expression=expression
    )


def role(row: Row) -> RoleHeld:
    """Return the value of a row of ``roles``."""
    principal_id, kind, role_id, name, resource, scope, tier, reason = row
    return RoleHeld(
        principal_id=principal_id,
        kind=RoleKind(kind),
        role_id=role_id,
        role=name,
        resource=resource,
        scope=scope,
        tier=Tier(tier),
        reason=reason,
    )


def policy(row: Row, restrictions: Children, assignments: Children) -> Policy:
    """Return the value of a row of ``policies``."""
    key, name, is_default, enabled = row
    return Policy(
        id=key,
        name=name,
        is_default=bool(is_default),
        enabled=bool(enabled),
        restrictions=restrictions(key),
        applies_to=assignments(key),
    )


def restriction(row: Row) -> Restriction:
    """Return the value of a row of ``policy_restrictions``."""
    _, holder, credentials, form, state, longest, after, excluded = row
    return Restriction(
        holder=holder,
        credentials=credentials,
        type=form,
        state=state,
        longest=longest,
        for_apps_created_after=after,
        excluded_actors=excluded,
    )


def subscription(row: Row) -> Subscription:
    """Return the value of a row of ``subscriptions``."""
    return Subscription(id=row[0])


def second(row: Row) -> str:
    """Return the only value of a row that says which holder and what."""
    return str(row[1])


def host(row: Row, identities: Children, settings: Children) -> Host:
    """Return the value of a row of ``hosts``."""
    key, form, name, subscription_id, group, location, tags, principal, addresses, settings_known, client, issuer = row
    return Host(
        resource_id=key,
        type=form,
        name=name,
        subscription_id=subscription_id,
        resource_group=group,
        location=location,
        tags=pairs(tags),
        system_principal=principal,
        identities=identities(key),
        addresses=items(addresses),
        settings=settings(key) if settings_known else None,
        sign_in_client=client,
        issuer=issuer,
    )


def setting(row: Row) -> HostSetting:
    """Return the value of a row of ``host_settings``."""
    _, name, kind, client_id, reference = row
    return HostSetting(name=name, kind=SettingKind(kind), client_id=client_id, reference=reference)


def source(row: Row) -> Source:
    """Return the value of a row of ``sources``."""
    name, read_at, since, until, retention, missing, blind, sees = row
    at = moment(read_at)
    if at is None:
        raise ValueError("a source without the time of its reading")
    return Source(
        name=SourceName(name),
        read_at=at,
        since=moment(since),
        until=moment(until),
        retention_days=count(retention),
        missing=missing,
        blind_spots=items(blind),
        sees=items(sees),
    )


def use(row: Row) -> Use:
    """Return the value of a row of ``uses``."""
    client_id, key_id, mark, name, trust, form, address, resource, delegated, first, last, success, good, bad = row
    return Use(
        source=name,
        client_id=client_id,
        key_id=key_id,
        thumbprint=mark,
        federated_credential_id=trust,
        credential_type=form,
        address=address,
        resource=resource,
        delegated=truth(delegated),
        first=moment(first),
        last=moment(last),
        last_success=moment(success),
        successes=count(good),
        failures=count(bad),
    )


def note(row: Row) -> ScanNote:
    """Return the value of a row of ``notes``."""
    subject, text = row
    return ScanNote(subject=subject, text=text)
