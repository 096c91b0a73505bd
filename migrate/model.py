"""Plans, and what is found in code, as values. None of them can carry the text of a secret or a token."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime

from inventory.cloud import Cloud
from inventory.model import (
    ApplicationId,
    ClientId,
    CredentialKind,
    FederatedCredential,
    Holder,
    IdentityClientId,
    KeyId,
    PrincipalId,
    TenantId,
)
from migrate.days import Freeze
from migrate.refusalcodes import RefusalCode
from migrate.retirerule import RetireRule
from migrate.steps import CARRIED_OUT, Step

PLAN_SCHEMA = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationRef:
    """The application a block of the plan is about."""

    id: ApplicationId
    client_id: ClientId
    display_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityRef:
    """The managed identity an application is paired with."""

    principal_id: PrincipalId
    client_id: IdentityClientId
    name: str
    resource_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FederatedSpec:
    """The federated credential that lets the identity act as the application."""

    name: str
    issuer: str
    subject: PrincipalId
    audience: str
    exists: bool
    """Whether the application had it already when the snapshot was taken."""

    def is_in(self, present: FederatedCredential) -> bool:
        """Whether a federated credential is this one, letter for letter; its name does not matter."""
        return (present.issuer, present.subject, present.audiences) == (self.issuer, self.subject, (self.audience,))


Carried = tuple[Holder, KeyId]
"""One credential of an application: who adds a certificate chooses its key id, so that the application and its service
principal may carry the same one (Microsoft Graph, "keyCredential resource type": keyId)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCredential:
    """A credential that is to be retired, or would be if its application could be paired."""

    key_id: KeyId
    kind: CredentialKind
    holder: Holder
    holder_id: str
    display_name: str | None
    hint: str | None
    thumbprint: str | None
    end: datetime | None

    @property
    def carried(self) -> Carried:
        """Return which one of its application's credentials it is."""
        return self.holder, self.key_id


class Confidence(enum.StrEnum):
    """How sure a pairing is, said apart from its points: many weak hints add up and stay weak."""

    CERTAIN = "certain"
    """It is in force already, or was decided in ``unsecret.toml``."""
    HIGH = "high"
    """A host that uses the application has this identity and no other, and something else agrees."""
    MEDIUM = "medium"
    """One strong hint, or several kinds of evidence that agree."""
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An identity that was considered, with its points and the reasons for them."""

    identity: IdentityRef
    score: int
    reasons: tuple[str, ...]
    confidence: Confidence = Confidence.LOW
    why_not: str = ""
    """Why it was not chosen; empty where it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairing:
    """An application, the identity that takes the place of its credentials, and why this one.

    Journals hold pairings of earlier versions, so whatever was added since schema 1 has a default.
    """

    application: ApplicationRef
    identity: IdentityRef
    federated: FederatedSpec
    wave: int
    score: int
    reasons: tuple[str, ...]
    credentials: tuple[PlannedCredential, ...]
    confidence: Confidence = Confidence.LOW
    alternatives: tuple[Candidate, ...] = ()
    """Identities that were not chosen, each with the reason."""
    risk: int = 0
    """Points of risk that its credentials are, which retiring them removes."""
    order: tuple[str, ...] = ()
    """Why it is in its wave."""
    tenants: tuple[TenantId, ...] = ()
    """Tenants whose resources it signs in to: the exchange is to be proven in each; the first is its home."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Abandoned:
    """An application that nobody uses: it is deactivated, and loses its credentials when nobody has missed it."""

    application: ApplicationRef
    credentials: tuple[PlannedCredential, ...]
    wave: int = 0
    """None of the plan's: it waits for no wave, and none for it."""


Target = Pairing | Abandoned


class Road(enum.StrEnum):
    """What gates are asked for."""

    FEDERATED = "federated"
    """The removal of a credential that a federated credential has replaced."""
    DEACTIVATION = "deactivation"
    """The deactivation of an application that nobody uses."""
    DEACTIVATED = "deactivated"
    """The removal of a credential of an application that was deactivated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """An application that the plan leaves alone, why, and the steps of the way that does work."""

    application: ApplicationRef
    code: RefusalCode
    explanation: str
    candidates: tuple[Candidate, ...]
    credentials: tuple[PlannedCredential, ...]
    steps: tuple[Step, ...] = ()
    """What to do instead or first."""

    @property
    def can_be_carried_out(self) -> bool:
        """Whether ``unsecret federate`` can do all of it."""
        return bool(self.steps) and all(each.action in CARRIED_OUT for each in self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """One wave of the rollout, and what is left of the risk after it."""

    number: int
    name: str
    """``canary``, or the hazard of its applications: ``low``, ``medium``, ``high``."""
    applications: int
    risk: int
    """Points of risk that it removes."""
    risk_left: int
    """Points of risk that the pairings after it still are."""
    start: date | None
    """First day, where ``unsecret.toml`` gives a schedule; never inside a freeze window."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustFault:
    """A federated credential that exists and cannot work, or that should not be there."""

    application: ApplicationRef
    federated: str
    """Its name."""
    code: str
    explanation: str
    advice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedIdentity:
    """An identity that several applications of the plan trust: each of its hosts can act as every one of them."""

    identity: IdentityRef
    applications: tuple[ApplicationRef, ...]
    lateral_paths: int
    """How many times a host can act as an application that it does not use itself."""
    split: tuple[Step, ...]
    """The fewest new identities that end this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenUse:
    """A source of the scan saw a planned credential used, or a sign-in that may have used it."""

    client_id: ClientId
    holder: Holder
    key_id: KeyId
    address: str | None
    """None: the source tells no addresses."""
    last: datetime
    """Its last success from there."""
    unclear: bool = False
    """Whether the record leaves open which credential of the application it was."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done in one tenant; the digest covers everything else."""

    schema: int
    tenant_id: TenantId
    cloud: Cloud
    snapshot_digest: str
    snapshot_taken_at: datetime
    policy_digest: str
    """SHA-256 of what ``unsecret.toml`` decides."""
    pairings: tuple[Pairing, ...]
    refusals: tuple[Refusal, ...]
    waves: tuple[Wave, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    retire: tuple[RetireRule, ...] = ()
    """What ``[retire]`` said: removals are judged by it for as long as the plan lives, by a later file if stricter."""
    shared: tuple[SharedIdentity, ...] = ()
    audit: tuple[TrustFault, ...] = ()
    notes: tuple[str, ...] = ()
    """What the plan could not see, and decisions that no longer hold."""
    seen: tuple[SeenUse, ...] = ()
    """Beside the pairings, which do not change with every scan."""
    digest: str = ""

    @property
    def credential_count(self) -> int:
        """How many credentials the plan means to retire."""
        return sum(len(pairing.credentials) for pairing in self.pairings)


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeFinding:
    """A place in code that still needs the secret; ``application`` is None where the code does not say whose it is."""

    path: str
    line: int
    reason: str
    application: ClientId | None
    advice: str = ""
    repository: str | None = None
    """The repository it is in (``migrate.repository``); None where none is known."""
