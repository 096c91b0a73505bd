"""A snapshot as a document: figures, tables and findings. Pure; every time is judged at the time of the scan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from inventory.classify import Expiry, expiry, reconciled
from inventory.hygiene import findings, in_force
from inventory.model import (
    Application,
    Credential,
    CredentialActivity,
    CredentialKind,
    Holder,
    KeyId,
    Owner,
    Purpose,
    ServicePrincipal,
    Snapshot,
)
from reports.frame import cross
from reports.model import Align, Column, Document, Fact, Table

_UNKNOWN = "unknown"
_CREDENTIAL_COLUMNS = (
    Column(key="application", title="Application"),
    Column(key="client_id", title="Client id"),
    Column(key="kind", title="Kind"),
    Column(key="purpose", title="Purpose"),
    Column(key="state", title="State"),
    Column(key="end", title="End"),
    Column(key="last_successful_sign_in", title="Last successful sign-in"),
    Column(key="federated", title="Federated credentials", align=Align.RIGHT),
    Column(key="owners", title="Owners"),
    Column(key="holder", title="Held by"),
    Column(key="name", title="Name"),
    Column(key="hint", title="Hint or thumbprint"),
    Column(key="key_id", title="Key id"),
    Column(key="start", title="Start"),
    Column(key="purpose_reason", title="Why this purpose"),
)


def document(snapshot: Snapshot) -> Document:
    """Return the report on a snapshot; the table of credentials, one row each, is the first."""
    snapshot = reconciled(snapshot)
    credentials = _credential_table(snapshot)
    overview = cross(
        credentials, down="purpose", across="state", name="overview", title="Credentials by purpose and state"
    )
    return Document(
        title="Credentials of a Microsoft Entra tenant",
        as_of=snapshot.taken_at,
        facts=tuple(_facts(snapshot)),
        tables=(
            credentials,
            overview,
            _application_table(snapshot),
            _identity_table(snapshot),
            _note_table(snapshot),
        ),
        findings=findings(snapshot),
    )


def _facts(snapshot: Snapshot) -> Iterator[Fact]:
    held = [one for holder in _holders(snapshot) for one in holder.credentials]
    purposes = Counter(one.purpose for one in held)
    states = Counter(expiry(one, snapshot.taken_at) for one in held)
    kinds = Counter(one.kind for one in held if one.purpose is Purpose.AUTHENTICATION)
    yield Fact(label="Tenant", value=snapshot.tenant_id)
    yield Fact(label="Applications", value=len(snapshot.applications))
    yield Fact(label="Credentials", value=len(held))
    yield Fact(label="Client secrets", value=kinds[CredentialKind.SECRET])
    yield Fact(label="Client certificates", value=kinds[CredentialKind.CERTIFICATE])
    yield Fact(label="Signing", value=purposes[Purpose.SIGNING])
    yield Fact(label="Encryption", value=purposes[Purpose.ENCRYPTION])
    yield Fact(label="Purpose unknown", value=purposes[Purpose.UNKNOWN])
    yield Fact(label="Expired", value=states[Expiry.EXPIRED])
    yield Fact(label="Never expiring", value=states[Expiry.ENDLESS])
    yield Fact(label="Without owner", value=sum(one.owners == () for one in snapshot.applications))
    yield Fact(label="Already federated", value=sum(bool(one.federated) for one in snapshot.applications))
    yield Fact(label="Managed identities", value=len(snapshot.identities))


def _holders(snapshot: Snapshot) -> Iterable[Application | ServicePrincipal]:
    return (*snapshot.applications, *snapshot.service_principals)


def _credential_table(snapshot: Snapshot) -> Table:
    used = _last_success(snapshot.activity)
    federated = {one.client_id: _size(one.federated) for one in snapshot.applications}
    rows = (
        (
            holder.display_name,
            holder.client_id,
            one.kind.value,
            one.purpose.value,
            expiry(one, snapshot.taken_at).value,
            one.end,
            used.get(one.key_id, _UNKNOWN),
            federated.get(holder.client_id),
            _owners(holder.owners),
            _holder(snapshot, holder, one),
            one.display_name,
            one.hint or one.thumbprint,
            one.key_id,
            one.start,
            one.purpose_reason,
        )
        for holder in _holders(snapshot)
        for one in holder.credentials
    )
    return Table(
        name="credentials",
        title="Credentials",
        columns=_CREDENTIAL_COLUMNS,
        rows=tuple(rows),
        note="Unknown is not unused: Microsoft's report of sign-ins has no row for everything that signs in.",
    )


def _holder(snapshot: Snapshot, holder: Application | ServicePrincipal, credential: Credential) -> str:
    if credential.holder is Holder.APPLICATION:
        return "application"
    home = holder.home_tenant if isinstance(holder, ServicePrincipal) else None
    foreign = home is not None and home != snapshot.tenant_id
    return "service principal of another tenant's application" if foreign else "service principal"


def _application_table(snapshot: Snapshot) -> Table:
    rows = (
        (
            one.display_name,
            one.client_id,
            sum(in_force(snapshot, credential) for credential in one.credentials),
            len(one.credentials),
            _size(one.federated),
            _owners(one.owners),
            one.sign_in_audience,
            one.disabled,
            one.created,
        )
        for one in snapshot.applications
    )
    return Table(
        name="applications",
        title="Applications",
        columns=(
            Column(key="application", title="Application"),
            Column(key="client_id", title="Client id"),
            Column(key="live", title="Live credentials", align=Align.RIGHT),
            Column(key="credentials", title="All credentials", align=Align.RIGHT),
            Column(key="federated", title="Federated credentials", align=Align.RIGHT),
            Column(key="owners", title="Owners"),
            Column(key="sign_in_audience", title="Audience"),
            Column(key="disabled", title="Disabled"),
            Column(key="created", title="Created"),
        ),
        rows=tuple(rows),
        note="Live credentials are secrets and certificates that authenticate today.",
    )


def _identity_table(snapshot: Snapshot) -> Table:
    trusted = Counter(
        subject
        for application in snapshot.applications
        for subject in {one.subject for one in application.federated or ()}
    )
    kinds: Mapping[bool | None, str] = {True: "user-assigned", False: "system-assigned", None: _UNKNOWN}
    rows = (
        (
            one.name,
            one.client_id,
            one.principal_id,
            kinds[one.user_assigned],
            trusted[one.principal_id],
            one.resource_id,
        )
        for one in snapshot.identities
    )
    return Table(
        name="identities",
        title="Managed identities",
        columns=(
            Column(key="name", title="Identity"),
            Column(key="client_id", title="Client id"),
            Column(key="principal_id", title="Principal id"),
            Column(key="kind", title="Kind"),
            Column(key="trusted_by", title="Trusted by applications", align=Align.RIGHT),
            Column(key="resource_id", title="Azure resource"),
        ),
        rows=tuple(rows),
        note="Only user-assigned identities can stand in for a secret.",
    )


def _note_table(snapshot: Snapshot) -> Table:
    return Table(
        name="notes",
        title="What the scan could not see",
        columns=(Column(key="subject", title="Subject"), Column(key="text", title="Note")),
        rows=tuple((one.subject, one.text) for one in snapshot.notes),
    )


def _last_success(activity: Iterable[CredentialActivity]) -> Mapping[KeyId, datetime]:
    """Return the latest success for each key: the report has a row for each resource that was signed in to."""
    found: dict[KeyId, datetime] = {}
    for row in activity:
        at = row.last_successful_sign_in
        if at is not None and at > found.get(row.key_id, at.min.replace(tzinfo=at.tzinfo)):
            found[row.key_id] = at
    return found


def _owners(owners: tuple[Owner, ...] | None) -> str:
    if owners is None:
        return _UNKNOWN
    return "; ".join(one.display_name or one.object_id for one in owners) or "none"


def _size(items: tuple[object, ...] | None) -> int | str:
    return _UNKNOWN if items is None else len(items)
