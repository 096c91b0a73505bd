"""From values to rows: one function for each table, cells in the order of ``inventory.tables.schema``.

The rows of service principals, credentials and owners are to the letter what SQLite gives back, since digests are made
of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from inventory.estate import Host, HostSetting, Policy, Restriction, RoleHeld
from inventory.model import (
    Application,
    Credential,
    FederatedCredential,
    Lock,
    ManagedIdentity,
    Owner,
    ScanNote,
    ServicePrincipal,
)
from inventory.secret_texts import withheld
from inventory.tables.texts import items_text, number, pairs_text, time, time_text
from inventory.usage import Source, Use

Row = tuple[Any, ...]

_NO_LOCK = (None,) * 5


def application(value: Application) -> Row:
    """Return the row of table ``applications``."""
    return (
        value.id,
        value.client_id,
        value.display_name,
        time(value.created),
        value.created_by,
        value.sign_in_audience,
        int(value.disabled),
        items_text(value.tags),
        value.encryption_key,
        value.management_reference,
        *(_NO_LOCK if value.lock is None else _lock(value.lock)),
        int(value.owners is not None),
        int(value.federated is not None),
        value.unknown,
        None if value.noted is None else items_text(value.noted),
    )


def _lock(lock: Lock) -> Row:
    return (lock.enabled, lock.everything, lock.verify, lock.sign, lock.encryption)


def service_principal(value: ServicePrincipal) -> Row:
    """Return the row of table ``service_principals``."""
    return (
        value.id,
        value.client_id,
        value.display_name,
        value.kind,
        value.home_tenant,
        number(value.enabled),
        time(value.created),
        items_text(value.tags),
        value.sign_on_mode,
        value.encryption_key,
        int(value.owners is not None),
        value.unknown,
    )


def identity(value: ManagedIdentity) -> Row:
    """Return the row of table ``identities``."""
    return (
        value.principal_id,
        value.client_id,
        value.name,
        value.resource_id,
        number(value.user_assigned),
        int(value.federated is not None),
        int(value.owners is not None),
    )


def identity_tags(principal_id: str, tags: tuple[tuple[str, str], ...]) -> Row:
    """Return the row of table ``identity_tags``."""
    return (principal_id, pairs_text(tags))


def credential(value: Credential) -> Row:
    """Return the row of table ``credentials``; what the other holder says of the purpose comes at the end of a scan."""
    return (
        value.holder_id,
        value.key_id,
        str(value.kind),
        str(value.purpose),
        value.purpose_reason,
        None,
        None,
        str(value.holder),
        value.client_id,
        value.display_name,
        value.hint,
        value.thumbprint,
        value.usage,
        value.type,
        time(value.start),
        time(value.end),
    )


def owner(holder_id: str, value: Owner) -> Row:
    """Return the row of table ``owners``."""
    return (holder_id, value.object_id, value.kind, value.display_name, number(value.enabled))


def federated(holder_id: str, holder: str, value: FederatedCredential) -> Row:
    """Return the row of table ``federated_credentials``."""
    return (
        holder_id,
        value.name,
        value.id,
        holder,
        value.issuer,
        value.subject,
        items_text(value.audiences),
        value.expression,
    )


def role(value: RoleHeld) -> Row:
    """Return the row of table ``roles``."""
    return (
        value.principal_id,
        str(value.kind),
        value.role_id,
        value.role,
        value.resource,
        value.scope,
        value.tier.value,
        value.reason,
    )


def policy(value: Policy) -> Row:
    """Return the row of table ``policies``."""
    return (value.id, value.name, value.is_default, value.enabled)


def restriction(policy_id: str, value: Restriction) -> Row:
    """Return the row of table ``policy_restrictions``."""
    return (
        policy_id,
        value.holder,
        value.credentials,
        value.type,
        value.state,
        value.longest,
        value.for_apps_created_after,
        value.excluded_actors,
    )


def host(value: Host) -> Row:
    """Return the row of table ``hosts``."""
    return (
        value.resource_id,
        value.type,
        value.name,
        value.subscription_id,
        value.resource_group,
        value.location,
        pairs_text(value.tags),
        value.system_principal,
        items_text(value.addresses),
        value.settings is not None,
        value.sign_in_client,
        value.issuer,
    )


def setting(resource_id: str, value: HostSetting) -> Row:
    """Return the row of table ``host_settings``."""
    return (resource_id, value.name, value.kind.value, value.client_id, value.reference)


def source(value: Source) -> Row:
    """Return the row of table ``sources``."""
    return (
        value.name,
        time_text(value.read_at),
        time(value.since),
        time(value.until),
        value.retention_days,
        value.missing,
        items_text(value.blind_spots),
        items_text(value.sees),
    )


def use(value: Use) -> Row:
    """Return the row of table ``uses``."""
    return (
        value.client_id,
        value.key_id,
        value.thumbprint,
        value.source,
        value.federated_credential_id,
        value.credential_type,
        value.address,
        value.resource,
        value.delegated,
        time(value.first),
        time(value.last),
        time(value.last_success),
        value.successes,
        value.failures,
    )


_REQUEST = re.compile(r", request id [0-9A-Za-z-]+")


def note(value: ScanNote) -> Row:
    """Return the row of table ``notes``; the id of a request would make every scan a different one."""
    return (value.subject, _REQUEST.sub("", value.text))


_UNREADABLE = "unreadable: "
_KINDS = {
    "federated credentials of application": "federated",
    "federated credentials of": "",
    "federated credential": "federated",
    "service principal": "service-principals",
    "managed identity": "service-principals",
    "credential activity": "graph-credential-activity",
    "app management policy assignment": "policies",
    "app management policy": "policies",
    "application": "applications",
}
"""Kinds whose name has several words, or begins another's, and their collections; empty: that of the note."""


def unreadable(collection: str, value: ScanNote) -> Iterator[Row]:
    """Return the row of table ``unreadable`` for a note about a single object, nothing for any other note.

    The subject of such a note is the kind of the object and its id; a kind that is not known here is one word, and its
    collection is the one that the note came with.
    """
    if not value.text.startswith(_UNREADABLE):
        return
    subject = withheld(value.subject)
    kind = next((one for one in _KINDS if subject.startswith(one)), subject.partition(" ")[0])
    yield (_KINDS.get(kind) or collection, subject.removeprefix(kind).strip(), value.text.removeprefix(_UNREADABLE))
