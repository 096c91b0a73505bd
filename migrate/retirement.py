"""What became of a credential that was to be removed; a closed union."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from migrate.gate import Closed
from migrate.model import PlannedCredential, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Retired:
    """Removed, confirmed by reads, and the exchange works without it."""

    pairing: Target
    credential: PlannedCredential


@dataclass(frozen=True, slots=True, kw_only=True)
class GoneAlready:
    """It was not there any more: removed by an earlier run, or by somebody else."""

    pairing: Target
    credential: PlannedCredential
    ours: bool
    """Whether the journal tells of its removal; else somebody removed it by hand, or the journal is an older copy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldRetire:
    """Dry run: every gate is open."""

    pairing: Target
    credential: PlannedCredential


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheduled:
    """Every gate is open; it is removed by the first run after ``until`` that finds them open still."""

    pairing: Target
    credential: PlannedCredential
    until: datetime
    new: bool
    """Whether this run scheduled it, or would."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """At least one gate is closed."""

    pairing: Target
    credential: PlannedCredential
    closed: tuple[tuple[str, Closed], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NotRemoved:
    """Graph refused the removal, or the credential did not go away."""

    pairing: Target
    credential: PlannedCredential
    message: str


Retirement = Retired | GoneAlready | WouldRetire | Scheduled | Held | NotRemoved
