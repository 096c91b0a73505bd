"""What the rules of ``inventory.hygiene`` look things up in, made once for a snapshot. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from inventory.classify import Expiry, expiry
from inventory.estate import RoleHeld
from inventory.lifetimes import Policies
from inventory.model import (
    Application,
    ClientId,
    Credential,
    CredentialKind,
    Purpose,
    ScanNote,
    ServicePrincipal,
    Snapshot,
)
from inventory.usage import Use
from inventory.usage_subject import has_agents, of_holder
from inventory.usage_verdict import Terms, Verdict, verdict

_IN_FORCE = frozenset({Expiry.LIVE, Expiry.ENDLESS})


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From which number of days on something is worth a look."""

    expiring_days: int = 30
    longest_days: int = 731
    """Two years with a leap day among them: what addPassword gives, and the portal at most, is not too long."""
    old_days: int = 365
    unused_days: int = 28
    """Length of the window in which nothing may have been seen; a log of 30 days cannot show 30."""


STANDARD: Final = Thresholds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A snapshot with its look-ups. A service principal and its application have one client id."""

    snapshot: Snapshot
    thresholds: Thresholds
    applications: Mapping[str, Application]
    """By client id, as the others."""
    principals: Mapping[str, ServicePrincipal]
    creators: Mapping[str, Application | ServicePrincipal]
    """Of the whole tenant, where the snapshot is a piece of one."""
    uses: Mapping[str, tuple[Use, ...]]
    roles: Mapping[str, tuple[RoleHeld, ...]]
    policies: Policies

    @classmethod
    def of(
        cls,
        snapshot: Snapshot,
        thresholds: Thresholds,
        creators: Mapping[str, Application | ServicePrincipal] | None = None,
    ) -> Context:
        """Make the look-ups; the snapshot is one that was reconciled. Without ``creators`` it tells those itself."""
        clients: dict[str, str] = {one.id: one.client_id for one in snapshot.service_principals}
        uses: dict[str, list[Use]] = defaultdict(list)
        roles: dict[str, list[RoleHeld]] = defaultdict(list)
        for use in snapshot.uses:
            uses[use.client_id.lower()].append(use)
        for role in snapshot.roles:
            if role.principal_id in clients:
                roles[clients[role.principal_id]].append(role)
        applications: dict[str, Application] = {one.client_id: one for one in snapshot.applications}
        principals: dict[str, ServicePrincipal] = {one.client_id: one for one in snapshot.service_principals}
        return cls(
            snapshot=snapshot,
            thresholds=thresholds,
            applications=applications,
            principals=principals,
            creators={**applications, **principals} if creators is None else creators,
            uses={key: tuple(some) for key, some in uses.items()},
            roles={key: tuple(some) for key, some in roles.items()},
            policies=Policies(snapshot.policies, whole=not any(map(_hides_a_policy, snapshot.notes))),
        )

    def in_force(self, credential: Credential) -> bool:
        """Whether a credential authenticates today."""
        return in_force(self.snapshot, credential)

    def held(self, client_id: ClientId) -> tuple[Credential, ...]:
        """Return all credentials of an application and of its service principal."""
        holders = (self.applications.get(client_id), self.principals.get(client_id))
        return tuple(credential for holder in holders if holder is not None for credential in holder.credentials)

    def live_secrets(self, client_id: ClientId) -> tuple[Credential, ...]:
        """Return the secrets of an application and of its service principal that authenticate today."""
        found = (one for one in self.held(client_id) if one.kind is CredentialKind.SECRET)
        return tuple(one for one in found if self.in_force(one))

    def use_of(self, credential: Credential) -> Verdict:
        """Judge whether a credential is used."""
        application = self.applications.get(credential.client_id)
        audience = application.sign_in_audience if application else None
        agents = has_agents((application, self.principals.get(credential.client_id)))
        asked = of_holder(credential, audience, agents=agents)
        terms = Terms(days=self.thresholds.unused_days)
        return verdict(asked, self.uses.get(asked.client_id, ()), self.snapshot.sources, self.snapshot.taken_at, terms)


def _hides_a_policy(note: ScanNote) -> bool:
    return note.subject == "policies" or note.subject.startswith("app management policy")


def label(display_name: str, client_id: str) -> str:
    """Name an application for people: names are not unique, client ids are."""
    return f"{display_name} ({client_id})" if display_name else client_id


def in_force(snapshot: Snapshot, credential: Credential) -> bool:
    """Whether a credential authenticates today."""
    return credential.purpose is Purpose.AUTHENTICATION and expiry(credential, snapshot.taken_at) in _IN_FORCE


def named(credentials: tuple[Credential, ...]) -> str:
    """List credentials by their key ids."""
    return ", ".join(one.key_id for one in credentials)
