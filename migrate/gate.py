"""What a gate is asked and how it answers. The gates themselves are in ``migrate.gates``, one file each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from inventory.model import Application, Credential, FederatedCredential, ServicePrincipal, SignInHistory
from migrate.circumstances import Circumstances, Policy
from migrate.model import CodeFinding, ExchangeClaims, Pairing, PlannedCredential


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeState:
    """What the code scans in the journal say: the paths they looked at, none where there was no scan."""

    roots: tuple[str, ...]
    findings: tuple[CodeFinding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Everything known about one credential at the moment of asking; times are the tenant's own."""

    pairing: Pairing
    credential: PlannedCredential
    policy: Policy
    now: datetime
    application: Application | None
    principal: ServicePrincipal | None
    held: tuple[Credential, ...]
    """The credentials its holder carries now, each with the purpose that application and principal together give it."""
    federated: tuple[FederatedCredential, ...]
    history: SignInHistory
    proofs: tuple[ExchangeClaims, ...]
    """Successful exchanges since the last failed one, oldest first."""
    code: CodeState
    circumstances: Circumstances

    @property
    def trusts(self) -> tuple[FederatedCredential, ...]:
        """The federated credentials of the application that are the planned one; Entra allows one."""
        return tuple(each for each in self.federated if self.pairing.federated.is_in(each))


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """One condition of a removal; pure, so that it can be asked again at any time."""

    name: str
    ask: Callable[[Question], Answer]
