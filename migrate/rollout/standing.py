"""Where one application stands and how it came there: values that journal entries are folded into. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from inventory.model import ClientId
from migrate.entry import Kind
from migrate.glass import GlassSecret
from migrate.model import Abandoned, ApplicationRef, Carried, Pairing, Refusal, Target
from migrate.rollout.states import State
from migrate.steps import Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What the plan means to do with one application."""

    application: ApplicationRef
    keys: frozenset[Carried]
    """The credentials to be removed."""
    hosts: frozenset[str] = frozenset()
    """ARM ids, in lower case, of the hosts that the identity is to be attached to."""
    federated: bool = False
    """Whether the application had the federated credential already when the snapshot was taken."""
    issuer: str = ""
    subject: str = ""
    """Issuer and subject of the assertion that counts as a proof; empty where a step is to make the identity."""
    trusts: bool = True
    """Whether a federated credential is among what is to be done."""
    abandoned: bool = False
    """Whether it is deactivated instead of federated."""
    wave: int | None = None
    """None for an application that waits for its steps."""

    @property
    def client_id(self) -> ClientId:
        """Return the client id of the application."""
        return self.application.client_id


def course(pairing: Pairing) -> Course:
    """Return what the plan means to do with a paired application."""
    return Course(
        application=pairing.application,
        keys=frozenset(each.carried for each in pairing.credentials),
        federated=pairing.federated.exists,
        issuer=pairing.federated.issuer,
        subject=pairing.federated.subject,
        wave=pairing.wave,
    )


def course_of_abandoned(abandoned: Abandoned) -> Course:
    """Return what becomes of an application that nobody uses: it is deactivated, and then loses its credentials."""
    return Course(
        application=abandoned.application,
        keys=frozenset(each.carried for each in abandoned.credentials),
        trusts=False,
        abandoned=True,
    )


def course_of(target: Target) -> Course:
    """Return what the plan means to do with an application from which credentials are removed."""
    return course(target) if isinstance(target, Pairing) else course_of_abandoned(target)


def course_of_steps(refusal: Refusal) -> Course:
    """Return what the steps of an application do that cannot be paired before; it is not retired by this plan."""
    steps = refusal.steps
    return Course(
        application=refusal.application,
        keys=frozenset(),
        hosts=frozenset(each.on.lower() for each in steps if each.action is Action.ATTACH_IDENTITY),
        trusts=any(each.action is Action.CREATE_FEDERATED for each in steps),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Well:
    """Nothing holds it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBy:
    """Gates are closed."""

    gates: Mapping[str, Mapping[str, str]]
    """For each gate ``because`` and ``opens``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedIn:
    """The last change failed, or the exchange does."""

    kind: Kind
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenBack:
    """What was done was taken back, as it was asked for."""


Condition = Well | HeldBy | FailedIn | TakenBack


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """The federated credential as it was seen, and whether it is of our making."""

    name: str
    id: str
    ours: bool
    subject: str = ""
    """Principal id of the identity; empty in journals of earlier versions."""


POLICY: Final = "app-management-policy"
LOCK: Final = "service-principal-lock"
SEAL: Final = frozenset({POLICY, LOCK})
"""The parts of a seal, as the subjects of their entries."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where one application stands."""

    station: State = State.PLANNED
    """Never held, failed or reverted: those are ``condition``."""
    condition: Condition = field(default_factory=Well)
    removed: frozenset[Carried] = frozenset()
    """Every credential of it that was ever removed, those of earlier plans too."""
    hosts: frozenset[str] = frozenset()
    """Hosts that carry the identity, as it was last seen: ARM ids in lower case."""
    attached: frozenset[str] = frozenset()
    """Those among them to which it was attached by us."""
    created: frozenset[str] = frozenset()
    """ARM ids of identities of our making, in lower case."""
    trust: Trust | None = None
    glass: tuple[GlassSecret, ...] = ()
    """Break-glass secrets of which nothing says that they are over, oldest first."""
    sealed: frozenset[str] = frozenset()
    """The parts of the seal that were seen."""
    begun: frozenset[tuple[Kind, str]] = frozenset()
    """What was meant and never confirmed, with what it was about: only the tenant can tell whether it was done."""

    @property
    def state(self) -> State:
        """Return the state in one word; one that is partly retired is called so whatever holds the rest of it."""
        if self.station is State.PARTLY_RETIRED:
            return self.station
        match self.condition:
            case HeldBy():
                return State.HELD
            case FailedIn():
                return State.FAILED
            case TakenBack():
                return State.REVERTED
            case _:
                return self.station
