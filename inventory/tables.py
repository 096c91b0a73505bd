"""The tables of a snapshot file, and how a row and a value become each other. ``docs/snapshot.md`` describes them.

Times are text in RFC 3339, UTC, with six fractional digits, so that they sort as text; truth values are 0 and 1; lists
are JSON arrays. The columns stand in sorting order: all rows of a table sorted by all columns are its canonical form.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec

from inventory.model import (
    Application,
    Credential,
    CredentialActivity,
    CredentialKind,
    FederatedCredential,
    Holder,
    ManagedIdentity,
    Owner,
    Purpose,
    ScanNote,
    ServicePrincipal,
)

Row = tuple[Any, ...]

APPLICATION_ID = 0x756E7363  # "unsc": marks the file as ours in its SQLite header
SCHEMA_VERSION = 2

SCAN_TABLE = (
    "CREATE TABLE scan (tenant_id TEXT NOT NULL, cloud TEXT NOT NULL, taken_at TEXT NOT NULL, digest TEXT NOT NULL)"
)
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "applications": (
        "id TEXT PRIMARY KEY",
        "client_id TEXT NOT NULL",
        "display_name TEXT NOT NULL",
        "created TEXT",
        "sign_in_audience TEXT",
        "disabled INTEGER NOT NULL",
        "tags TEXT NOT NULL",
        "encryption_key TEXT",
        "owners_known INTEGER NOT NULL",
        "federated_known INTEGER NOT NULL",
    ),
    "service_principals": (
        "id TEXT PRIMARY KEY",
        "client_id TEXT NOT NULL",
        "display_name TEXT NOT NULL",
        "kind TEXT NOT NULL",
        "home_tenant TEXT",
        "enabled INTEGER",
        "sign_on_mode TEXT",
        "encryption_key TEXT",
        "owners_known INTEGER NOT NULL",
    ),
    "identities": (
        "principal_id TEXT PRIMARY KEY",
        "client_id TEXT NOT NULL",
        "name TEXT NOT NULL",
        "resource_id TEXT",
        "user_assigned INTEGER",
    ),
    "credentials": (
        "holder_id TEXT NOT NULL",
        "key_id TEXT NOT NULL",
        "kind TEXT NOT NULL",
        "purpose TEXT NOT NULL",
        "purpose_reason TEXT NOT NULL",
        "holder TEXT NOT NULL",
        "client_id TEXT NOT NULL",
        "display_name TEXT",
        "hint TEXT",
        "thumbprint TEXT",
        "starts TEXT",
        "ends TEXT",
    ),
    "owners": (
        "holder_id TEXT NOT NULL",
        "object_id TEXT NOT NULL",
        "kind TEXT NOT NULL",
        "display_name TEXT",
        "enabled INTEGER",
    ),
    "federated_credentials": (
        "application_id TEXT NOT NULL",
        "name TEXT NOT NULL",
        "id TEXT NOT NULL",
        "issuer TEXT NOT NULL",
        "subject TEXT",
        "audiences TEXT NOT NULL",
    ),
    "activity": (
        "key_id TEXT NOT NULL",
        "client_id TEXT NOT NULL",
        "holder TEXT",
        "last_sign_in TEXT",
        "last_successful_sign_in TEXT",
    ),
    "notes": ("subject TEXT NOT NULL", "text TEXT NOT NULL"),
}
INDEXES = (
    "CREATE INDEX credentials_by_holder ON credentials (holder_id)",
    "CREATE INDEX credentials_by_client ON credentials (client_id)",
    "CREATE INDEX credentials_by_key ON credentials (key_id)",
    "CREATE INDEX activity_by_key ON activity (key_id)",
)


def schema() -> str:
    """Return the statements that make an empty snapshot."""
    tables = (f"CREATE TABLE {name} ({', '.join(columns)})" for name, columns in COLUMNS.items())
    return ";\n".join((SCAN_TABLE, *tables)) + ";"


def time_text(value: datetime) -> str:
    """Write an aware UTC time."""
    return value.isoformat(timespec="microseconds").replace("+00:00", "Z")


def application_row(value: Application) -> Row:
    """Return the row of table ``applications``."""
    return (
        value.id,
        value.client_id,
        value.display_name,
        _time(value.created),
        value.sign_in_audience,
        value.disabled,
        _list(value.tags),
        value.encryption_key,
        value.owners is not None,
        value.federated is not None,
    )


def service_principal_row(value: ServicePrincipal) -> Row:
    """Return the row of table ``service_principals``."""
    return (
        value.id,
        value.client_id,
        value.display_name,
        value.kind,
        value.home_tenant,
        value.enabled,
        value.sign_on_mode,
        value.encryption_key,
        value.owners is not None,
    )


def identity_row(value: ManagedIdentity) -> Row:
    """Return the row of table ``identities``."""
    return (value.principal_id, value.client_id, value.name, value.resource_id, value.user_assigned)


def credential_row(value: Credential) -> Row:
    """Return the row of table ``credentials``."""
    return (
        value.holder_id,
        value.key_id,
        value.kind.value,
        value.purpose.value,
        value.purpose_reason,
        value.holder.value,
        value.client_id,
        value.display_name,
        value.hint,
        value.thumbprint,
        _time(value.start),
        _time(value.end),
    )


def owner_row(holder_id: str, value: Owner) -> Row:
    """Return the row of table ``owners``."""
    return (holder_id, value.object_id, value.kind, value.display_name, value.enabled)


def federated_row(application_id: str, value: FederatedCredential) -> Row:
    """Return the row of table ``federated_credentials``."""
    return (application_id, value.name, value.id, value.issuer, value.subject, _list(value.audiences))


def activity_row(value: CredentialActivity) -> Row:
    """Return the row of table ``activity``."""
    holder = value.holder.value if value.holder else None
    return (value.key_id, value.client_id, holder, _time(value.last_sign_in), _time(value.last_successful_sign_in))


def note_row(value: ScanNote) -> Row:
    """Return the row of table ``notes``."""
    return (value.subject, value.text)


Children = Callable[[str], tuple[Any, ...]]


def application(row: Row, owners: Children, credentials: Children, federated: Children) -> Application:
    """Return the value of a row; the children of an object are asked for by its id."""
    key, client_id, name, created, audience, disabled, tags, encryption_key, owners_known, federated_known = row
    return Application(
        id=key,
        client_id=client_id,
        display_name=name,
        created=_moment(created),
        sign_in_audience=audience,
        disabled=bool(disabled),
        tags=_items(tags),
        encryption_key=encryption_key,
        owners=owners(key) if owners_known else None,
        credentials=credentials(key),
        federated=federated(key) if federated_known else None,
    )


def service_principal(row: Row, owners: Children, credentials: Children) -> ServicePrincipal:
    """Return the value of a row; the children of an object are asked for by its id."""
    key, client_id, name, kind, home_tenant, enabled, mode, encryption_key, owners_known = row
    return ServicePrincipal(
        id=key,
        client_id=client_id,
        display_name=name,
        kind=kind,
        home_tenant=home_tenant,
        enabled=_truth(enabled),
        sign_on_mode=mode,
        encryption_key=encryption_key,
        owners=owners(key) if owners_known else None,
        credentials=credentials(key),
    )


def identity(row: Row) -> ManagedIdentity:
    """Return the value of a row."""
    principal_id, client_id, name, resource_id, user_assigned = row
    return ManagedIdentity(
        principal_id=principal_id,
        client_id=client_id,
        name=name,
        resource_id=resource_id,
        user_assigned=_truth(user_assigned),
    )


def credential(row: Row) -> Credential:
    """Return the value of a row."""
    holder_id, key_id, kind, purpose, reason, holder, client_id, name, hint, mark, starts, ends = row
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
        start=_moment(starts),
        end=_moment(ends),
    )


def owner(row: Row) -> Owner:
    """Return the value of a row."""
    _, object_id, kind, name, enabled = row
    return Owner(object_id=object_id, kind=kind, display_name=name, enabled=_truth(enabled))


def federated(row: Row) -> FederatedCredential:
    """Return the value of a row."""
    _, name, key, issuer, subject, audiences = row
    return FederatedCredential(id=key, name=name, issuer=issuer, subject=subject, audiences=_items(audiences))


def activity(row: Row) -> CredentialActivity:
    """Return the value of a row."""
    key_id, client_id, holder, last, successful = row
    return CredentialActivity(
        key_id=key_id,
        client_id=client_id,
        holder=Holder(holder) if holder else None,
        last_sign_in=_moment(last),
        last_successful_sign_in=_moment(successful),
    )


def note(row: Row) -> ScanNote:
    """Return the value of a row."""
    subject, text = row
    return ScanNote(subject=subject, text=text)


def _time(value: datetime | None) -> str | None:
    return None if value is None else time_text(value)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _list(items: tuple[str, ...]) -> str:
    return msgspec.json.encode(items).decode()


def _items(text: str) -> tuple[str, ...]:
    return msgspec.json.decode(text, type=tuple[str, ...])


def _truth(value: int | None) -> bool | None:
    return None if value is None else bool(value)
