"""Federated credentials that the application has: what trusts an identity already needs no guess.

Source: "Configure an application to trust a managed identity" (Microsoft Entra): issuer, subject and audience are
compared to the letter, and are stored unchecked, so a trust that was meant and written wrongly is common.
"""

from __future__ import annotations

from collections.abc import Iterator

from inventory.model import Application, FederatedCredential, PrincipalId
from migrate.planning.facts import Facts
from migrate.planning.hint import Evidence, Hint, Pairs, Stage

RIGHT, MEANT = 100, 20


def _hints(facts: Facts, _: Pairs) -> Iterator[Hint]:
    clients = {one.client_id.lower(): key for key, one in facts.identities.items()}
    principals = {key.lower(): key for key in facts.identities}
    for application in facts.applications:
        best: dict[PrincipalId, Hint] = {}
        for trust in application.federated or ():
            subject = (trust.subject or "").lower()
            identity = principals.get(subject) or clients.get(subject)
            if identity is not None:
                hint = _hint(facts, application, trust, identity)
                if identity not in best or hint.points > best[identity].points:
                    best[identity] = hint
        yield from best.values()


def _hint(facts: Facts, application: Application, trust: FederatedCredential, identity: PrincipalId) -> Hint:
    if (trust.issuer, trust.subject, trust.audiences) == (facts.issuer, identity, (facts.audience,)):
        reason = f"federated credential {trust.name} trusts it already"
        return Hint(application.client_id, identity, RIGHT, reason, strong=True, certain=True)
    reason = f"federated credential {trust.name} means it, but is written wrongly"
    return Hint(application.client_id, identity, MEANT, reason)


EVIDENCE = Evidence(name="federated", stage=Stage.FINDS, hints=_hints)
