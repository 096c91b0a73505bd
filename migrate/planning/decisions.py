"""What people decided, as ``unsecret.toml`` says it: pairs, exclusions, owners, limits, thresholds, freezes. Values."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date

from inventory.model import ClientId, TenantId
from migrate.days import Freeze
from migrate.model import Confidence
from migrate.retirerule import RetireRule


class Runs(enum.StrEnum):
    """Where an application runs, in the words of ``[[runs]]``."""

    AKS = "aks"
    ARC_SERVER = "arc-server"
    CLOUD_SHELL = "cloud-shell"
    GITHUB_ACTIONS = "github-actions"
    AZURE_DEVOPS = "azure-devops"
    OTHER_ISSUER = "other-issuer"
    OTHER_CLOUD = "other-cloud"
    OTHER_TENANT = "other-tenant"
    OFF_AZURE = "off-azure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A pairing that a person decided."""

    application: str
    """Client id, object id, or a display name that only one application has."""
    identity: str
    """Principal id, client id, ARM id, or a name that only one identity has."""
    reason: str
    shared: bool = False
    """Whether other applications may have the same identity."""
    tenants: tuple[TenantId, ...] = ()
    """Other tenants whose resources the application signs in to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclude:
    """An application that is left alone, for a reason and until a day."""

    application: str
    reason: str
    until: date
    """Last day on which it holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerRule:
    """Whose applications and resources these are; texts are compared without regard to case, ``*`` stands for any."""

    name: str
    applications: tuple[str, ...] = ()
    subscriptions: tuple[str, ...] = ()
    resource_groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsOn:
    """Where an application runs, where Azure cannot tell."""

    application: str
    on: Runs
    reason: str = ""
    issuer: str | None = None
    subject: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository and the hosts that its code is deployed to."""

    path: str
    """Beginning of the paths that ``unsecret rewrite`` tells."""
    hosts: tuple[str, ...]
    """ARM ids, or names that only one host has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Managed:
    """Applications whose credentials another tool makes and renews."""

    tool: str
    created_by: tuple[ClientId, ...] = ()
    tags: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """From where on a pairing is made without a person."""

    score: int = 45
    margin: int = 15
    """By how many points any other way to assign must be worse."""
    confidence: Confidence = Confidence.MEDIUM
    unused_days: int = 28


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The most applications that go at once."""

    wave: int = 200
    owner: int = 20
    """Of one owner in one wave."""
    canary: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """When waves start; without a first day they have no dates."""

    start: date | None = None
    days_between: int = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """Everything that ``unsecret.toml`` says; the default is an empty file."""

    thresholds: Thresholds = Thresholds()
    limits: Limits = Limits()
    schedule: Schedule = Schedule()
    pairs: tuple[Pair, ...] = ()
    excludes: tuple[Exclude, ...] = ()
    owners: tuple[OwnerRule, ...] = ()
    freezes: tuple[Freeze, ...] = ()
    runs: tuple[RunsOn, ...] = ()
    repositories: tuple[Repository, ...] = ()
    managed: tuple[Managed, ...] = ()
    retire: tuple[RetireRule, ...] = ()
    """Only what the file says; what it leaves out is nobody's decision."""
    digest: str = ""
    """SHA-256 of all of the above."""


NOTHING = Decisions()
"""What holds where nobody decided anything."""
