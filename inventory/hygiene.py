"""What a person should look at in a snapshot: credentials and federated credentials that are not as they should be.

Pure. Sources of the rules about federated credentials: "Important considerations and restrictions for federated
identity credentials" and "Configure an application to trust a managed identity" (Microsoft Entra documentation).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from inventory.classify import Expiry, expiry, reconciled
from inventory.model import (
    Application,
    Credential,
    CredentialKind,
    FederatedCredential,
    Purpose,
    ServicePrincipal,
    Snapshot,
)
from reports.model import Confidence, Finding, Severity

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_IN_FORCE = frozenset({Expiry.LIVE, Expiry.ENDLESS})


def findings(snapshot: Snapshot) -> tuple[Finding, ...]:
    """Return all findings, in the order of the snapshot; times are judged at ``taken_at``."""
    snapshot = reconciled(snapshot)
    trust = _Trust.of(snapshot)
    found: list[Finding] = []
    holders: tuple[Application | ServicePrincipal, ...] = (*snapshot.applications, *snapshot.service_principals)
    for holder in holders:
        subject = label(holder.display_name, holder.client_id)
        for credential in holder.credentials:
            found.extend(_dates(snapshot, subject, credential))
    for application in snapshot.applications:
        found.extend(_ownership(snapshot, application))
        found.extend(_several(snapshot, application))
        for federated in application.federated or ():
            found.extend(_federated(application, federated, trust))
    return tuple(found)


def label(display_name: str, client_id: str) -> str:
    """Name an application for people: names are not unique, client ids are."""
    return f"{display_name} ({client_id})" if display_name else client_id


def in_force(snapshot: Snapshot, credential: Credential) -> bool:
    """Whether a credential authenticates today."""
    return credential.purpose is Purpose.AUTHENTICATION and expiry(credential, snapshot.taken_at) in _IN_FORCE


def _dates(snapshot: Snapshot, subject: str, credential: Credential) -> Iterator[Finding]:
    if credential.purpose is not Purpose.AUTHENTICATION:
        return
    what = f"{credential.kind.value} {credential.key_id}"
    match expiry(credential, snapshot.taken_at):
        case Expiry.EXPIRED:
            yield Finding(
                rule="credential-expired",
                message=f"The {what} ended on {credential.end:%Y-%m-%d} and is still there.",
                severity=Severity.NOTE,
                confidence=Confidence.HIGH,
                subject=subject,
                advice="Remove it: it authenticates nobody.",
            )
        case Expiry.ENDLESS:
            yield Finding(
                rule="credential-endless",
                message=f"The {what} practically never expires.",
                severity=Severity.WARNING,
                confidence=Confidence.HIGH,
                subject=subject,
                advice="Migrate this application first; a leaked copy works for ever.",
            )
        case Expiry.LIVE | Expiry.PENDING:
            return


def _ownership(snapshot: Snapshot, application: Application) -> Iterator[Finding]:
    if application.owners != ():  # None is unknown
        return
    live = any(in_force(snapshot, credential) for credential in application.credentials)
    yield Finding(
        rule="application-without-owner",
        message="Nobody owns this application" + (", and it has a live credential." if live else "."),
        severity=Severity.WARNING if live else Severity.NOTE,
        confidence=Confidence.HIGH,
        subject=label(application.display_name, application.client_id),
        advice="Name an owner: somebody has to answer for the change.",
    )


def _several(snapshot: Snapshot, application: Application) -> Iterator[Finding]:
    live = [one for one in application.credentials if one.kind is CredentialKind.SECRET and in_force(snapshot, one)]
    if len(live) > 1:
        yield Finding(
            rule="several-live-secrets",
            message=f"{len(live)} client secrets work at the same time: {', '.join(one.key_id for one in live)}.",
            severity=Severity.NOTE,
            confidence=Confidence.HIGH,
            subject=label(application.display_name, application.client_id),
            advice="Find out who uses which; a finished rotation leaves one.",
        )


@dataclass(frozen=True, slots=True)
class _Trust:
    """What a federated credential that trusts an identity of this tenant must match, to the letter."""

    tenant_id: str
    principals: frozenset[str]
    clients: frozenset[str]

    @classmethod
    def of(cls, snapshot: Snapshot) -> _Trust:
        """Collect the ids of a snapshot."""
        return cls(
            snapshot.tenant_id.lower(),
            frozenset(one.principal_id for one in snapshot.identities),
            frozenset(one.client_id.lower() for one in snapshot.identities),
        )


_Judge = Callable[[FederatedCredential, _Trust], str]
_Fault = tuple[str, Severity, Confidence, _Judge, str]


def _federated(application: Application, federated: FederatedCredential, trust: _Trust) -> Iterator[Finding]:
    """Yield the first fault only: one wrong copy often breaks several rules."""
    for rule, severity, confidence, judge, advice in _FAULTS:
        message = judge(federated, trust)
        if message:
            yield Finding(
                rule=rule,
                message=f"The federated credential {federated.name}: {message}",
                severity=severity,
                confidence=confidence,
                subject=label(application.display_name, application.client_id),
                advice=advice,
            )
            return


def _is_ours(federated: FederatedCredential, trust: _Trust) -> bool:
    return trust.tenant_id in federated.issuer.lower()


def _audience_is_guid(federated: FederatedCredential, _: _Trust) -> str:
    wrong = next((one for one in federated.audiences if _GUID.fullmatch(one)), None)
    return f"the audience is the id {wrong} and not a name such as api://AzureADTokenExchange." if wrong else ""


def _issuer_is_bent(federated: FederatedCredential, trust: _Trust) -> str:
    exact = re.fullmatch(rf"https://[^/\s]+/{re.escape(trust.tenant_id)}/v2\.0", federated.issuer)
    return (
        "" if exact or not _is_ours(federated, trust) else f"the issuer {federated.issuer!r} is not the tenant's own."
    )


def _subject_is_client_id(federated: FederatedCredential, trust: _Trust) -> str:
    subject = (federated.subject or "").lower()
    if not _is_ours(federated, trust) or subject not in trust.clients:
        return ""
    return f"the subject {federated.subject} is an identity's client id, not its principal id."


def _subject_case(federated: FederatedCredential, trust: _Trust) -> str:
    subject = federated.subject or ""
    if not _is_ours(federated, trust) or subject in trust.principals or subject.lower() not in trust.principals:
        return ""
    return f"the subject {subject} differs from the identity's principal id in upper and lower case."


def _identity_is_gone(federated: FederatedCredential, trust: _Trust) -> str:
    subject = federated.subject or ""
    if not _is_ours(federated, trust) or not subject or subject in trust.principals:
        return ""
    return f"no managed identity of this tenant has the principal id {subject}."


_RENEW = "Delete it and create it again: a federated credential matches to the letter or not at all."
_FAULTS: tuple[_Fault, ...] = (
    ("federated-audience-is-id", Severity.ERROR, Confidence.HIGH, _audience_is_guid, _RENEW),
    ("federated-issuer-is-bent", Severity.ERROR, Confidence.HIGH, _issuer_is_bent, _RENEW),
    ("federated-subject-is-client-id", Severity.ERROR, Confidence.HIGH, _subject_is_client_id, _RENEW),
    ("federated-subject-in-wrong-case", Severity.ERROR, Confidence.HIGH, _subject_case, _RENEW),
    (
        "federated-identity-is-gone",
        Severity.WARNING,
        Confidence.MEDIUM,
        _identity_is_gone,
        "Delete it when the identity was deleted on purpose; nothing can use it.",
    ),
)
