"""Which credential a row of evidence is about. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from inventory.classify import named_thumbprint, thumbprint
from inventory.ids import guid, spelled
from inventory.model import Application, ClientId, Credential, FederatedCredential, Holder, Purpose, ServicePrincipal
from inventory.usage import Use

FEDERATED = "federated"
BLUEPRINT = '"#microsoft.graph.agentIdentityBlueprint'
"""Stands among the unknown properties of a blueprint, and of its service principal."""
AGENTS = "its agent identities sign in by it, and nothing documents that their records name it"
_TYPES = {
    "clientsecret": "secret",
    "certificate": "certificate",
    "clientassertion": "certificate",
    "federatedidentitycredential": FEDERATED,
    "managedidentity": "none",
}
"""What ``clientCredentialType`` (beta ``signIn``) says of a credential; a value that is not here says nothing.

"none" is not here, as in the gate secret-unused: a record may be written before the application shows its secret.
"""
_HERE_ALONE = "AzureADMyOrg"
_UNDECIDED = frozenset({"clientassertion"})
"""Types that fit our kind and still do not say that it was ours: an assertion is signed by a certificate or another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """The credential that is asked about."""

    client_id: ClientId
    kind: str
    """``secret``, ``certificate`` or ``federated``; anything else is a key that no sign-in log names."""
    id: str
    """Key id, or id of the federated credential."""
    thumbprint: str | None
    elsewhere: bool
    """Whether it may be used in other tenants, whose logs are not read."""
    begins: datetime | None = None
    """From when on it can be used, where that is told."""
    agents: bool = False
    """Whether agent identities sign in by it, whose records are of applications of their own."""


def has_agents(holders: Iterable[Application | ServicePrincipal | None]) -> bool:
    """Whether one of the objects of an application is the blueprint of agent identities, by its type.

    Source: Microsoft Graph reference, "agentIdentityBlueprint resource type", which inherits from ``application``, and
    Microsoft Entra Agent ID: a blueprint gets the tokens of its agent identities, which have client ids of their own.
    """
    return any(BLUEPRINT in one.unknown for one in holders if one is not None)


def subject(credential: Credential, *, elsewhere: bool, agents: bool = False) -> Subject:
    """Return what to ask about a secret or certificate; ``elsewhere``: the application is not for this tenant alone."""
    return Subject(
        client_id=ClientId(spelled(credential.client_id)),
        kind=str(credential.kind) if credential.purpose is Purpose.AUTHENTICATION else str(credential.purpose),
        id=spelled(credential.key_id),
        thumbprint=named_thumbprint(credential.thumbprint),
        elsewhere=elsewhere,
        begins=credential.start,
        agents=agents,
    )


def of_holder(credential: Credential, audience: str | None, *, agents: bool) -> Subject:
    """Return what to ask about a credential of an application with this ``signInAudience``, None where it is not told.

    What the service principal holds authenticates in this tenant alone.
    """
    here = credential.holder is Holder.SERVICE_PRINCIPAL or audience == _HERE_ALONE
    return subject(credential, elsewhere=not here, agents=agents)


def federated_subject(client_id: ClientId, federated: FederatedCredential, *, elsewhere: bool) -> Subject:
    """Return what to ask about a federated credential of an application or managed identity."""
    return Subject(
        client_id=ClientId(spelled(client_id)),
        kind=FEDERATED,
        id=spelled(federated.id),
        thumbprint=None,
        elsewhere=elsewhere,
    )


class Whose(enum.Enum):
    """What a row says of the credential asked about."""

    OURS = enum.auto()
    ANOTHERS = enum.auto()
    UNCLEAR = enum.auto()


def whose(use: Use, asked: Subject) -> Whose:
    """Tell whether a row of the same application is about the credential asked about, or does not say."""
    if asked.kind == FEDERATED:
        return _whose_federated(use, asked)
    if use.key_id is not None and use.key_id.lower() == asked.id:
        return Whose.OURS
    if asked.kind == "certificate" and use.thumbprint and use.thumbprint == asked.thumbprint:
        return Whose.OURS
    if guid(use.key_id) or guid(use.federated_credential_id):
        return Whose.ANOTHERS
    if thumbprint(use.thumbprint):
        return _whose_thumbprint(use.thumbprint or "", asked)
    return _whose_type(use, asked)


def _whose_federated(use: Use, asked: Subject) -> Whose:
    if use.federated_credential_id:
        ours = use.federated_credential_id.lower() == asked.id
        return Whose.OURS if ours else Whose.ANOTHERS
    return Whose.ANOTHERS if guid(use.key_id) or thumbprint(use.thumbprint) else _whose_type(use, asked)


def _whose_thumbprint(thumbprint: str, asked: Subject) -> Whose:
    if asked.kind != "certificate":
        return Whose.ANOTHERS
    comparable = len(thumbprint) == len(asked.thumbprint or "")  # SHA-1 and SHA-256 of one certificate differ
    return Whose.ANOTHERS if comparable else Whose.UNCLEAR


def _whose_type(use: Use, asked: Subject) -> Whose:
    said = (use.credential_type or "").casefold()
    kind = _TYPES.get(said)
    fits = kind is None or kind == asked.kind or (said in _UNDECIDED and asked.kind == FEDERATED)
    return Whose.UNCLEAR if fits else Whose.ANOTHERS
