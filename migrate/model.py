"""Plans, proofs and journal entries, as values. None of them can carry the text of a secret or a token."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Final

from inventory.model import (
    ApplicationId,
    ClientId,
    Cloud,
    CredentialKind,
    FederatedCredential,
    Holder,
    IdentityClientId,
    KeyId,
    PrincipalId,
    TenantId,
)
from migrate.refusalcodes import RefusalCode as RefusalCode  # noqa: PLC0414 - handed on
from migrate.steps import CARRIED_OUT, Step

PLAN_SCHEMA = 3


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


_FIRST_TO_LAST: Final = (timedelta(hours=14), timedelta(0), timedelta(hours=-12))


def days_at(moment: datetime) -> frozenset[date]:
    """Return the days that it is somewhere on Earth at a moment (aware): UTC+14 has a day first, UTC-12 has it last.

    Whoever names a day that something is to be left alone on means their own, from its beginning to its end.
    """
    utc = moment.astimezone(UTC)
    return frozenset((utc + each).date() for each in _FIRST_TO_LAST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Freeze:
    """Days on which no wave starts and nothing is changed, both included."""

    first: date
    last: date
    reason: str

    def holds(self, day: date) -> bool:
        """Whether a day is one of them."""
        return self.first <= day <= self.last

    def holds_at(self, moment: datetime) -> bool:
        """Whether it is one of them anywhere."""
        return any(map(self.holds, days_at(moment)))


class RetireKey(enum.StrEnum):
    """What ``[retire]`` of ``unsecret.toml`` may say."""

    UNUSED_DAYS = "unused_days"
    PROOF_HOURS = "proof_hours"
    LOG_HOURS = "log_hours"
    PROOF_SUCCESSES = "proof_successes"
    PROOF_SPREAD_MINUTES = "proof_spread_minutes"
    SIGN_INS_FROM_WAVE = "sign_ins_from_wave"
    PLAN_HOURS = "plan_hours"
    SOAK_HOURS = "soak_hours"
    WATCH_HOURS = "watch_hours"
    OWNER_DAYS = "owner_days"
    SCREAM_DAYS = "scream_days"
    SCREAM_ACTIVATES = "scream_activates"
    PER_RUN = "per_run"
    PER_HOUR = "per_hour"
    ROLLBACK = "rollback"


@dataclass(frozen=True, slots=True, kw_only=True)
class RetireRule:
    """One line of ``[retire]``, as it stood when a plan was made."""

    key: RetireKey
    value: int | bool

    def __str__(self) -> str:
        """Return it as the file says it."""
        return f"{self.key} = {str(self.value).lower()}"


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
    """A source of the scan saw a planned credential used."""

    client_id: ClientId
    holder: Holder
    key_id: KeyId
    address: str | None
    """None: the source tells no addresses."""
    last: datetime
    """Its last success from there."""


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


class Kind(enum.StrEnum):
    """What a journal entry records. A change has two: what was meant, then what was seen, or why it failed."""

    PLAN = "plan"
    FREEZE_OVERRIDDEN = "freeze-overridden"
    IDENTITY_MEANT = "identity-meant"
    IDENTITY_CREATED = "identity-created"
    IDENTITY_FAILED = "identity-failed"
    ATTACH_MEANT = "attach-meant"
    ATTACHED = "attached"
    ATTACH_FAILED = "attach-failed"
    FEDERATE_MEANT = "federate-meant"
    FEDERATED = "federated"
    FEDERATE_FAILED = "federate-failed"
    CODE_SCANNED = "code-scanned"
    PROOF_REQUESTED = "proof-requested"
    """Proofs are to be made on a host without the journal; the subject is the nonce."""
    PROOF_IMPORTED = "proof-imported"
    """What answered it was taken in; the nonce counts no more."""
    PROVEN = "proven"
    PROOF_FAILED = "proof-failed"
    OWNER_TOLD = "owner-told"
    CALLERS = "callers"
    HELD = "held"
    SCHEDULED = "scheduled"
    """The set of credentials to be removed is fixed, and the soak begins."""
    SOAKING = "soaking"
    """A look during the soak that found nothing amiss."""
    SOAKED = "soaked"
    UNSCHEDULED = "unscheduled"
    RETIRE_MEANT = "retire-meant"
    RETIRED = "retired"
    RETIRE_FAILED = "retire-failed"
    GONE = "gone"
    """A credential was found removed by somebody else."""
    WATCHING = "watching"
    """A look after the removal that found nothing amiss."""
    WATCHED = "watched"
    WATCH_FAILED = "watch-failed"
    SEAL_MEANT = "seal-meant"
    SEALED = "sealed"
    SEAL_FAILED = "seal-failed"
    BREAK_GLASS_MEANT = "break-glass-meant"
    """A new secret is to be made after a removal that went wrong; the subject is its label."""
    BREAK_GLASS_MADE = "break-glass-made"
    BREAK_GLASS_FAILED = "break-glass-failed"
    BREAK_GLASS_OVER = "break-glass-over"
    """It has ended, was removed again, or never came to be; ``because`` says which."""
    DEACTIVATE_MEANT = "deactivate-meant"
    DEACTIVATED = "deactivated"
    DEACTIVATE_FAILED = "deactivate-failed"
    ACTIVATE_MEANT = "activate-meant"
    ACTIVATED = "activated"
    ACTIVATE_FAILED = "activate-failed"
    SCREAM_FAILED = "scream-failed"
    """Somebody misses a deactivated application: a sign-in was tried, or its owners said no."""
    UNSEAL_MEANT = "unseal-meant"
    UNSEALED = "unsealed"
    UNSEAL_FAILED = "unseal-failed"
    UNFEDERATE_MEANT = "unfederate-meant"
    UNFEDERATED = "unfederated"
    UNFEDERATE_FAILED = "unfederate-failed"
    DETACH_MEANT = "detach-meant"
    DETACHED = "detached"
    DETACH_FAILED = "detach-failed"
    IDENTITY_DELETE_MEANT = "identity-delete-meant"
    IDENTITY_DELETED = "identity-deleted"
    IDENTITY_DELETE_FAILED = "identity-delete-failed"
    REVERTED = "reverted"
    CHAIN_STARTED = "chain-started"
    """Written once, where a journal of an older version was upgraded: its entries are chained only since then."""


Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the journal; everything from ``number`` on is given by the journal when it is recorded.

    A change has two entries. The first holds what is ``meant`` and what was ``seen_before``; the second what was
    ``done`` and what was ``seen_after``. ``data`` holds facts that belong to no change: proofs, gates, plans.
    """

    kind: Kind
    plan: str
    """Digest of the plan, in hex."""
    application: ClientId | None = None
    """An entry about an application is taken only from whoever has its lease."""
    subject: str = ""
    data: Mapping[str, Json] = field(default_factory=dict)
    meant: Mapping[str, Json] = field(default_factory=dict)
    seen_before: Mapping[str, Json] = field(default_factory=dict)
    done: Mapping[str, Json] = field(default_factory=dict)
    seen_after: Mapping[str, Json] = field(default_factory=dict)
    number: int = 0
    at: datetime | None = None
    """By the journal's clock: the database's where it is a server, this machine's for SQLite."""
    actor: str = ""
    """``user@host``."""
    fence: int | None = None
    """The lease's fencing token under which it was written; None for an entry about no application."""
    previous: str = ""
    """Hash of the entry before it, of the journal's id for the first; SHA-256 in hex."""
    hash: str = ""
    """Hash of all the above."""

    @property
    def carried(self) -> Carried:
        """Return which credential of its application an entry about one is about."""
        return Holder(str(self.data.get("holder", Holder.APPLICATION))), KeyId(self.subject)

    @property
    def tenant_time(self) -> datetime:
        """Return the tenant's own time of what was seen, or the journal's where it was not written down.

        Raises ValueError for an entry that has neither.
        """
        told = self.data.get("tenant_time")
        if isinstance(told, str):
            return datetime.fromisoformat(told)
        if self.at is None:
            raise ValueError("the entry has no time")
        return self.at


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
