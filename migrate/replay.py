"""Retirement policies tried on past sign-in logs: what each would have removed, and whom that would have broken. Pure.

A policy removes a credential after a quiet time, in which the log shows that nothing used it: the window of
``secret-unused`` and the soak. Of a credential nothing is known before its first use in the log, so the quiet time is
counted from a use; what the log does not cover is never quiet.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from inventory.model import ClientId, CredentialKind, Holder, KeyId, SignIn
from inventory.usage import DayOfUse
from migrate.model import PlannedCredential
from migrate.usedby import Whose, whose

_DAY = timedelta(days=1)
CURVE = (1, 2, 3, 5, 7, 10, 14, 21, 28, 30, 35, 42, 60, 90, 120, 180, 270, 365, 400, 540, 730)
"""Quiet times of a curve, in days; those that the log is too short for are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """The stretch of the past that a log shows without a gap."""

    since: datetime
    until: datetime

    def shows(self, at: datetime) -> bool:
        """Whether a moment lies in it."""
        return self.since <= at <= self.until

    @property
    def days(self) -> float:
        """How long it is."""
        return (self.until - self.since) / _DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A use of a credential, or one that cannot be ruled out."""

    at: datetime
    address: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """When a credential was used, oldest first."""

    client_id: ClientId
    credential: str
    """Its key id, or the thumbprint where no record tells a key id."""
    uses: tuple[Moment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A policy: how long a credential has to be unused, and how long it then soaks."""

    name: str
    unused_days: int
    soak_hours: int = 0
    scream_days: int = 30
    """On the road of ``deactivate``: how long an application stays deactivated before its credentials go."""

    @property
    def quiet(self) -> timedelta:
        """The time without use after which it removes a credential."""
        return timedelta(days=self.unused_days, hours=self.soak_hours)


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """What a policy would have removed, when, and who would have needed it then."""

    timeline: Timeline
    at: datetime
    broken: Moment | None
    """The next use after it."""
    addresses: tuple[str, ...] = ()
    """All addresses that used it afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a policy would have done."""

    trial: Trial
    removals: tuple[Removal, ...]
    exposure_days: float
    """Days that credentials would not have been there for the taking: up to their next use, or the end of the log."""

    @property
    def broken(self) -> tuple[Removal, ...]:
        """The removals that would have broken a caller."""
        return tuple(each for each in self.removals if each.broken is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """When an application was used, by whatever credential and federated ones too, oldest first."""

    client_id: ClientId
    credentials: int
    """How many of its secrets and certificates the log names."""
    uses: tuple[Moment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A policy would have deactivated an application: what came of it."""

    whole: Whole
    at: datetime
    missed: Moment | None
    """The first use while it was deactivated: refused, until ``revert`` activates it again; nothing is removed."""
    removed: datetime | None
    """When its credentials would have gone; None where it was missed, or the log ends before."""
    broken: Moment | None
    """The first use after they had gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """What a policy would have done by ``deactivate`` first and removals later."""

    trial: Trial
    stops: tuple[Stop, ...]
    exposure_days: float
    """As in ``Result``: only from the removal on, although what is deactivated signs nobody in."""

    @property
    def missed(self) -> tuple[Stop, ...]:
        """Those that somebody would have missed in time."""
        return tuple(each for each in self.stops if each.missed is not None)

    @property
    def broken(self) -> tuple[Stop, ...]:
        """Those that somebody would have missed too late."""
        return tuple(each for each in self.stops if each.broken is not None)

    @property
    def removals(self) -> int:
        """How many credentials would have gone."""
        return sum(each.whole.credentials for each in self.stops if each.removed is not None)


def wholes(days: Iterable[DayOfUse], lines: Iterable[Timeline], covered: Covered) -> tuple[Whole, ...]:
    """Return when each application was used of which the log names a credential."""
    uses: dict[ClientId, set[tuple[datetime, str]]] = defaultdict(set)
    for day in days:
        uses[day.client_id] |= {(at, day.address or "") for at in (day.first, day.last) if covered.shows(at)}
    counts = Counter(each.client_id for each in lines)
    return tuple(
        Whole(client_id=one, credentials=counts[one], uses=_moments(uses[one])) for one in sorted(counts)
    )  # fmt: skip


def deactivate(some: Iterable[Whole], covered: Covered, trial: Trial) -> Road:
    """Tell what a policy would have deactivated, who would have screamed, and what would have gone afterwards."""
    stops = tuple(stop for each in some if (stop := _stop(each, covered, trial)) is not None)
    gained = sum(
        each.whole.credentials * (((each.broken.at if each.broken else covered.until) - each.removed) / _DAY)
        for each in stops
        if each.removed is not None
    )
    return Road(trial=trial, stops=stops, exposure_days=gained)


def _stop(whole: Whole, covered: Covered, trial: Trial) -> Stop | None:
    """Return the first time that it would have been deactivated; what a scream sets right is not tried again."""
    for number, use in enumerate(whole.uses, start=1):
        at, following = use.at + timedelta(days=trial.unused_days), next(iter(whole.uses[number:]), None)
        if at > covered.until:
            return None
        if following is not None and following.at <= at:
            continue
        gone = at + timedelta(days=trial.scream_days)
        if following is not None and following.at <= gone:
            return Stop(whole=whole, at=at, missed=following, removed=None, broken=None)
        removed = gone if gone <= covered.until else None
        return Stop(whole=whole, at=at, missed=None, removed=removed, broken=following if removed else None)
    return None


def timelines(days: Iterable[DayOfUse], covered: Covered) -> tuple[Timeline, ...]:
    """Return when each secret and certificate that a log names was used, inside of what the log covers.

    A record that does not say which credential it used counts as use of each one of its application.
    """
    by_client: dict[ClientId, list[DayOfUse]] = defaultdict(list)
    for day in days:
        by_client[day.client_id].append(day)
    found = (_timeline(one, some, covered) for _, some in sorted(by_client.items()) for one in _credentials(some))
    return tuple(each for each in found if each.uses)


def replay(lines: Iterable[Timeline], covered: Covered, trial: Trial) -> Result:
    """Tell what a policy would have removed."""
    removals = tuple(removal for line in lines if (removal := _removal(line, covered, trial.quiet)) is not None)
    gained = sum(((each.broken.at if each.broken else covered.until) - each.at) / _DAY for each in removals)
    return Result(trial=trial, removals=removals, exposure_days=gained)


def curve(lines: Sequence[Timeline], covered: Covered) -> tuple[Result, ...]:
    """Tell what each quiet time of ``CURVE`` would have removed that the log is long enough for."""
    trials = (Trial(name=f"{days} days", unused_days=days) for days in CURVE if days <= covered.days)
    return tuple(replay(lines, covered, trial) for trial in trials)


def longest_quiet(lines: Iterable[Timeline]) -> timedelta:
    """Return the longest time between two uses of any credential: no shorter quiet time is safe."""
    return max((two.at - one.at for line in lines for one, two in pairwise(line.uses)), default=timedelta(0))


def _removal(line: Timeline, covered: Covered, quiet: timedelta) -> Removal | None:
    for number, use in enumerate(line.uses, start=1):
        at, later = use.at + quiet, line.uses[number:]
        if at > covered.until:
            return None
        if not later:
            return Removal(timeline=line, at=at, broken=None)
        if later[0].at > at:
            addresses = tuple(sorted({each.address for each in later if each.address}))
            return Removal(timeline=line, at=at, broken=later[0], addresses=addresses)
    return None


def _credentials(days: Iterable[DayOfUse]) -> list[PlannedCredential]:
    """Return the secrets and certificates that the records of an application name."""
    named: dict[str, PlannedCredential] = {}
    digests: set[str] = set()
    for day in sorted(days, key=lambda each: each.key_id is None):
        if day.federated_credential_id or (day.key_id is None and (not day.thumbprint or day.thumbprint in digests)):
            continue
        name = day.key_id or day.thumbprint or ""
        known = named.get(name)
        digest = day.thumbprint or (known.thumbprint if known else None)
        digests |= {digest} if digest else set()
        named[name] = PlannedCredential(
            key_id=KeyId(name),
            kind=CredentialKind.CERTIFICATE if digest else CredentialKind.SECRET,
            holder=Holder.APPLICATION,
            holder_id="",
            display_name=None,
            hint=None,
            thumbprint=digest,
            end=None,
        )
    return list(named.values())


def _timeline(credential: PlannedCredential, days: Iterable[DayOfUse], covered: Covered) -> Timeline:
    uses: set[tuple[datetime, str]] = set()
    for day in days:
        if whose(_record(day), credential) is not Whose.ANOTHERS:
            uses |= {(at, day.address or "") for at in (day.first, day.last) if covered.shows(at)}
    client_id = next(iter(days)).client_id
    return Timeline(client_id=client_id, credential=credential.key_id, uses=_moments(uses))


def _moments(uses: Iterable[tuple[datetime, str]]) -> tuple[Moment, ...]:
    return tuple(Moment(at=at, address=address or None) for at, address in sorted(uses))


def _record(day: DayOfUse) -> SignIn:
    return SignIn(
        at=day.first,
        client_id=day.client_id,
        key_id=day.key_id,
        thumbprint=day.thumbprint,
        federated_credential_id=day.federated_credential_id,
        credential_type=day.credential_type,
        address=day.address,
        error_code=0,
    )
