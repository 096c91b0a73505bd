"""The federated credential of a pairing: kept where it is right, created where there is room. Pure."""

from __future__ import annotations

from inventory.model import Application
from migrate.model import FederatedSpec, IdentityRef
from migrate.planning.facts import Facts
from migrate.refusalcodes import RefusalCode

FEDERATED_LIMIT = 20
"""Federated credentials an application can hold (Graph, "federatedIdentityCredential resource type")."""


def federated_name(identity: IdentityRef) -> str:
    """Return the name of the federated credential that is created for an identity; names cannot be changed later."""
    return f"unsecret-{identity.principal_id}"


def federated_spec(
    application: Application, identity: IdentityRef, facts: Facts
) -> FederatedSpec | tuple[RefusalCode, str]:
    """Return the federated credential to create or keep, or why the application cannot take it."""
    wanted = (facts.issuer, identity.principal_id, (facts.audience,))
    present = application.federated or ()
    kept = next((each for each in present if (each.issuer, each.subject, each.audiences) == wanted), None)
    name = kept.name if kept else federated_name(identity)
    for each in () if kept else present:
        if each.name == name or (each.issuer, each.subject) == wanted[:2]:
            explanation = f"its federated credential {each.name} has the same name or subject but another content"
            return RefusalCode.FEDERATED_CONFLICT, explanation
    if not kept and len(present) >= FEDERATED_LIMIT:
        return RefusalCode.FEDERATED_LIMIT, f"it holds {len(present)} federated credentials, the most there can be"
    return FederatedSpec(
        name=name, issuer=facts.issuer, subject=identity.principal_id, audience=facts.audience, exists=kept is not None
    )
