"""What a gate is asked and how it answers. The gates themselves are in ``migrate.gates``, one file each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from inventory.model import (
    Application,
    ClientId,
    Credential,
    FederatedCredential,
    IdentityNow,
    ServicePrincipal,
    SignInHistory,
)
from migrate.circumstances import Circumstances, Policy
from migrate.exchanged import ExchangeClaims
from migrate.model import CodeFinding, Pairing, PlannedCredential, Road, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeState:
    """What the code scans in the journal say: the paths they looked at, none where there was no scan."""

    roots: tuple[str, ...]
    findings: tuple[CodeFinding, ...]
    named: frozenset[ClientId] | None = frozenset()
    """Applications of which a scan found anything, settled by now or not; None where an earlier scan did not say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Everything known about one credential at the moment of asking; times are the tenant's own."""

    pairing: Target
    credential: PlannedCredential
    policy: Policy
    now: datetime
    application: Application | None
    principal: ServicePrincipal | None
    held: tuple[Credential, ...]
    """The credentials its holder carries now, each with the purpose that application and principal together give it."""
    identity: IdentityNow | None
    """The managed identity of a pairing; None where there is none with its principal id."""
    federated: tuple[FederatedCredential, ...]
    history: SignInHistory
    proofs: tuple[ExchangeClaims, ...]
    """Successful exchanges since the last failed one, oldest first."""
    code: CodeState
    circumstances: Circumstances
    road: Road = Road.FEDERATED
    probes: tuple[ExchangeClaims, ...] = ()
    """All successful exchanges of ours, those before a failed one included: the log shows them as sign-ins."""

    @property
    def paired(self) -> Pairing:
        """Return the pairing; TypeError for an application that has none, and that gates about one are not asked of."""
        if not isinstance(self.pairing, Pairing):
            raise TypeError(f"{self.pairing.application.client_id} is not paired")
        return self.pairing

    @property
    def trusts(self) -> tuple[FederatedCredential, ...]:
        """The federated credentials of the application that are the planned one; Entra allows one."""
        return tuple(each for each in self.federated if self.paired.federated.is_in(each))


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """The gate lets the removal pass, because of this."""

    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """The gate holds the credential: why, and what would open it."""

    because: str
    opens: str


Answer = Open | Closed


FEDERATED_ONLY: Final = frozenset({Road.FEDERATED})
ALWAYS: Final = frozenset(Road)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One condition of a removal; pure, so that it can be asked again at any time."""

    name: str
    ask: Callable[[Question], Answer]
    roads: frozenset[Road] = frozenset({Road.FEDERATED, Road.DEACTIVATED})
    """What it is asked for; by default for every removal."""


def behind(log_until: datetime | None, lately: datetime) -> Closed | None:
    """Close where the newest record of the whole sign-in log is older than it may be: what came since is unknown.

    For applications that have no exchange of ours in the log by which to see how far it is.
    """
    if log_until is not None and log_until >= lately:
        return None
    seen = f"ends at {log_until:%Y-%m-%d %H:%M} UTC" if log_until else "is empty, or cannot be read"
    return Closed(
        because=f"use is unknown: the sign-in log of the tenant {seen}", opens="waiting until it has caught up"
    )


def uncovered(history: SignInHistory, days: int, start: datetime) -> Closed | None:
    """Close where the log of an application cannot be read, or does not reach back to ``start`` without a gap."""
    if history.missing:
        return Closed(because=f"use is unknown: {history.missing}", opens="a log that can be read (AuditLog.Read.All)")
    if history.covers_since is not None and history.covers_since <= start:
        return None
    seen = f"reaches back to {history.covers_since:%Y-%m-%d}" if history.covers_since else "is empty"
    gap = f" ({history.gap})" if history.gap else ""
    return Closed(because=f"use is unknown: the sign-in log {seen}{gap}, {days} days are needed", opens="waiting")
