"""Rules about federated credentials that trust an identity of the tenant: what can never match. Pure.

Sources: "Important considerations and restrictions for federated identity credentials" and "Configure an application to
trust a managed identity" (Microsoft Entra documentation).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from inventory.hygiene_context import label
from inventory.hygiene_rules import finding
from inventory.model import Application, FederatedCredential, Snapshot
from reports.model import Finding

_PRINCIPAL = "service principal"
_UNREADABLE = "unreadable: "
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


@dataclass(frozen=True, slots=True)
class Trust:
    """What a federated credential that trusts an identity of this tenant must match, to the letter."""

    tenant_id: str
    principals: frozenset[str]
    clients: frozenset[str]
    hidden: frozenset[str] = frozenset()
    """Object ids of service principals that could not be read; empty ones stand for some that nothing names."""

    @classmethod
    def of(cls, snapshot: Snapshot) -> Trust:
        """Collect the ids of a snapshot."""
        return cls(
            snapshot.tenant_id.lower(),
            frozenset(one.principal_id for one in snapshot.identities),
            frozenset(one.client_id.lower() for one in snapshot.identities),
            frozenset(
                one.subject.removeprefix(_PRINCIPAL).strip()
                for one in snapshot.notes
                if one.subject.startswith(_PRINCIPAL) and one.text.startswith(_UNREADABLE)
            ),
        )


_Judge = Callable[[FederatedCredential, Trust], str]


def federated(application: Application, credential: FederatedCredential, trust: Trust) -> Iterator[Finding]:
    """Yield the first fault only: one wrong copy often breaks several rules."""
    for rule, judge in _FAULTS:
        message = judge(credential, trust)
        if message:
            message = f"The federated credential {credential.name}: {message}"
            yield finding(rule, message, label(application.display_name, application.client_id))
            return


def _is_ours(federated: FederatedCredential, trust: Trust) -> bool:
    return trust.tenant_id in federated.issuer.lower()


def _audience_is_guid(federated: FederatedCredential, _: Trust) -> str:
    wrong = next((one for one in federated.audiences if _GUID.fullmatch(one)), None)
    return f"the audience is the id {wrong} and not a name such as api://AzureADTokenExchange." if wrong else ""


def _issuer_is_bent(federated: FederatedCredential, trust: Trust) -> str:
    exact = re.fullmatch(rf"https://[^/\s]+/{re.escape(trust.tenant_id)}/v2\.0", federated.issuer)
    return (
        "" if exact or not _is_ours(federated, trust) else f"the issuer {federated.issuer!r} is not the tenant's own."
    )


def _subject_is_client_id(federated: FederatedCredential, trust: Trust) -> str:
    subject = (federated.subject or "").lower()
    if not _is_ours(federated, trust) or subject not in trust.clients:
        return ""
    return f"the subject {federated.subject} is an identity's client id, not its principal id."


def _subject_case(federated: FederatedCredential, trust: Trust) -> str:
    subject = federated.subject or ""
    if not _is_ours(federated, trust) or subject in trust.principals or subject.lower() not in trust.principals:
        return ""
    return f"the subject {subject} differs from the identity's principal id in upper and lower case."


def _identity_is_gone(federated: FederatedCredential, trust: Trust) -> str:
    subject = federated.subject or ""
    if not _is_ours(federated, trust) or not subject or subject in trust.principals:
        return ""
    if trust.hidden & {subject, ""}:
        return ""
    return f"no managed identity of this tenant has the principal id {subject}."


_FAULTS: tuple[tuple[str, _Judge], ...] = (
    ("federated-audience-is-id", _audience_is_guid),
    ("federated-issuer-is-bent", _issuer_is_bent),
    ("federated-subject-is-client-id", _subject_is_client_id),
    ("federated-subject-in-wrong-case", _subject_case),
    ("federated-identity-is-gone", _identity_is_gone),
)
