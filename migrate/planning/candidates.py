"""Which identities could take the place of an application's credentials, with points and reasons."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from inventory.model import Application, ManagedIdentity
from migrate.model import Candidate, IdentityRef
from migrate.planning import names

_COMMON = 200
"""A word that more identities share than this finds nobody; other words of the name do."""


def reference(identity: ManagedIdentity) -> IdentityRef:
    """Return what a plan keeps of an identity."""
    return IdentityRef(
        principal_id=identity.principal_id,
        client_id=identity.client_id,
        name=identity.name,
        resource_id=identity.resource_id,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    identity: ManagedIdentity
    name: names.Name


class CandidateIndex:
    """Finds candidates by word, tag and existing trust instead of comparing everything with everything.

    Only user-assigned identities are candidates: "system-assigned identities aren't supported"
    (Microsoft Entra, "Configure an application to trust a managed identity").
    """

    def __init__(self, identities: Iterable[ManagedIdentity]) -> None:
        self._by_word: dict[str, list[_Known]] = defaultdict(list)
        self._by_key: dict[str, list[_Known]] = defaultdict(list)
        for identity in sorted(identities, key=lambda each: each.principal_id):
            if identity.user_assigned:
                self._add(_Known(identity=identity, name=names.parse(identity.name)))

    def _add(self, known: _Known) -> None:
        for word in set(known.name.words):
            self._by_word[word].append(known)
        identity = known.identity
        for key in {identity.principal_id, identity.client_id, identity.name, identity.resource_id or identity.name}:
            self._by_key[key.casefold()].append(known)

    def candidates(self, application: Application, issuer: str) -> tuple[Candidate, ...]:
        """Return every candidate with at least one point, the best first."""
        name = names.parse(application.display_name)
        scored = (self._score(application, name, known, issuer) for known in self._near(application, name))
        found = [candidate for candidate in scored if candidate.score > 0]
        return tuple(sorted(found, key=lambda each: (-each.score, each.identity.principal_id)))

    def _near(self, application: Application, name: names.Name) -> Iterable[_Known]:
        groups = [self._by_word[word] for word in name.words if word in self._by_word]
        keys = [*application.tags, *(federated.subject or "" for federated in application.federated or ())]
        near = [known for group in groups if len(group) <= _COMMON for known in group]
        near += [known for key in keys for known in self._by_key.get(key.casefold(), ())]
        return {known.identity.principal_id: known for known in near}.values()

    @staticmethod
    def _score(application: Application, name: names.Name, known: _Known, issuer: str) -> Candidate:
        score, reason = names.points(name, known.name)
        reasons = [f"{reason}: {known.identity.name}"] if reason else []
        identity = known.identity
        for federated in application.federated or ():
            if federated.issuer == issuer and federated.subject == identity.principal_id:
                score += 100
                reasons.append(f"federated credential {federated.name} trusts it already")
            elif (federated.subject or "").casefold() in {identity.client_id.casefold(), identity.principal_id}:
                score += 20
                reasons.append(f"federated credential {federated.name} means it, but is written wrongly")
        marks = {identity.name.casefold(), identity.client_id.casefold(), (identity.resource_id or "").casefold()} - {
            ""
        }
        for tag in sorted(application.tags):
            if tag.casefold() in marks:
                score += 40
                reasons.append(f"tag {tag} names it")
        return Candidate(identity=reference(identity), score=score, reasons=tuple(reasons))
