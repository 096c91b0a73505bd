"""What the names in ``unsecret.toml`` mean in one tenant; one that means nothing, or two things, is an error. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from inventory.model import ClientId, ManagedIdentity, PrincipalId, Snapshot
from migrate.errors import PolicyError
from migrate.planning.decisions import Decisions, Exclude, Pair, RunsOn

_Id = TypeVar("_Id", bound=str)
_Listed = TypeVar("_Listed", Exclude, RunsOn)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """Decisions by the client id of the application that they are about."""

    pairs: Mapping[ClientId, tuple[PrincipalId, Pair]]
    excluded: Mapping[ClientId, Exclude]
    runs: Mapping[ClientId, RunsOn]
    notes: tuple[str, ...]
    """Decisions that no longer hold."""


def resolve(decisions: Decisions, snapshot: Snapshot) -> Resolved:
    """Look every name up in a snapshot; raises PolicyError that names the key of the file."""
    if not (decisions.pairs or decisions.excludes or decisions.runs or decisions.repositories):
        return Resolved(pairs={}, excluded={}, runs={}, notes=())
    applications = _applications(snapshot)
    on = snapshot.taken_at.date()
    pairs = _pairs(decisions, applications, snapshot.identities)
    _check_tenants(decisions, pairs, snapshot)
    gone = [one for one in decisions.excludes if one.until < on and one.application.casefold() not in applications]
    named = _each_once(applications, decisions.excludes, "exclude", besides=gone)
    runs = _each_once(applications, decisions.runs, "runs")
    both = sorted(key for key in named.keys() & pairs.keys() if named[key].until >= on)
    if both:
        at = decisions.excludes.index(named[both[0]])
        raise _error(f"exclude[{at}].application", f"{named[both[0]].application!r} is paired too: keep one of the two")
    over = [one for one in named.values() if one.until < on]
    return Resolved(
        pairs=pairs,
        excluded={key: one for key, one in named.items() if one.until >= on},
        runs=runs,
        notes=(
            *(_ended(one.application, one.until) for one in over),
            *(f"the exclusion of {one.application} ended on {one.until}, and it is gone: remove it" for one in gone),
            *_idle(pairs, snapshot),
            *_unplaced(decisions, snapshot),
        ),
    )


def _ended(application: str, until: date) -> str:
    return f"the exclusion of {application} ended on {until}: it is planned again"


def _idle(pairs: Mapping[ClientId, tuple[PrincipalId, Pair]], snapshot: Snapshot) -> Iterator[str]:
    """Say which pairs decide nothing, as their application holds no credential, nor does its service principal."""
    if pairs:
        holding = {one.client_id for one in snapshot.applications if one.credentials}
        holding |= {one.client_id for one in snapshot.service_principals if one.credentials}
        for key, (_, pair) in pairs.items():
            if key not in holding:
                yield f"{pair.application} holds no credential: the pair in unsecret.toml decides nothing"


def _unplaced(decisions: Decisions, snapshot: Snapshot) -> Iterator[str]:
    """Say which hosts of repositories are not in the snapshot: they may lie where nobody could look."""
    names = Counter(one.name.casefold() for one in snapshot.hosts) if decisions.repositories else Counter[str]()
    ids = {one.resource_id for one in snapshot.hosts} if decisions.repositories else set()
    for at, repository in enumerate(decisions.repositories):
        for host in repository.hosts:
            number = 1 if host.lower() in ids else names[host.casefold()]
            if number > 1:
                what = f"{number} hosts are called {host!r}, give the ARM id"
                yield f"repository[{at}].hosts: {what}: code in {repository.path} says nothing of them"
            elif number == 0:
                yield f"repository[{at}].hosts: no host is called {host!r}: code in {repository.path} says nothing"


def _check_tenants(
    decisions: Decisions, pairs: Mapping[ClientId, tuple[PrincipalId, Pair]], snapshot: Snapshot
) -> None:
    audiences = {one.client_id: one.sign_in_audience for one in snapshot.applications}
    for key, (_, pair) in pairs.items():
        if set(pair.tenants) - {snapshot.tenant_id} and audiences[key] == "AzureADMyOrg":
            raise _error(
                f"pair[{decisions.pairs.index(pair)}].tenants",
                f"{pair.application!r} serves this tenant alone (AzureADMyOrg): leave the others out",
            )


def _applications(snapshot: Snapshot) -> Mapping[str, set[ClientId]]:
    named = [(one.display_name, one.client_id) for one in snapshot.applications]
    return _known([(key, one.client_id) for one in snapshot.applications for key in (one.client_id, one.id)], named)


def _known(ids: Iterable[tuple[str, _Id]], named: Iterable[tuple[str, _Id]]) -> Mapping[str, set[_Id]]:
    """Index by ids and by names, without case; a name that is another one's id means nobody."""
    found: defaultdict[str, set[_Id]] = defaultdict(set)
    for key, value in ids:
        found[key.casefold()].add(value)
    taken = frozenset(found)
    for name, value in named:
        if name.casefold() not in taken:
            found[name.casefold()].add(value)
    return found


def _pairs(
    decisions: Decisions, applications: Mapping[str, set[ClientId]], identities: tuple[ManagedIdentity, ...]
) -> dict[ClientId, tuple[PrincipalId, Pair]]:
    keys = ((one, key) for one in identities for key in (one.principal_id, one.client_id, one.resource_id or ""))
    known = _known([(key, one.principal_id) for one, key in keys], [(one.name, one.principal_id) for one in identities])
    pairs: dict[ClientId, tuple[PrincipalId, Pair]] = {}
    taken: dict[PrincipalId, Pair] = {}
    assigned = {one.principal_id for one in identities if one.user_assigned}
    for at, pair in enumerate(decisions.pairs):
        client_id = _one(applications, pair.application, f"pair[{at}].application")
        identity = _one(known, pair.identity, f"pair[{at}].identity")
        if identity not in assigned:
            raise _error(f"pair[{at}].identity", _unassigned(pair.identity, identity, identities))
        if client_id in pairs:
            raise _error(f"pair[{at}].application", f"{pair.application!r} is paired twice: keep one of the two")
        other = taken.get(identity)
        if other is not None and not (other.shared and pair.shared):
            raise _error(
                f"pair[{at}].identity",
                f"{pair.identity!r} is {other.application}'s already: each could act as the other; write shared = true "
                "in both if that is meant",
            )
        pairs[client_id] = (identity, pair)
        taken[identity] = pair
    return pairs


def _each_once(
    applications: Mapping[str, set[ClientId]], listed: tuple[_Listed, ...], key: str, besides: Container[_Listed] = ()
) -> dict[ClientId, _Listed]:
    found: dict[ClientId, _Listed] = {}
    for at, one in enumerate(listed):
        if one in besides:
            continue
        client_id = _one(applications, one.application, f"{key}[{at}].application")
        if client_id in found:
            raise _error(f"{key}[{at}].application", f"{one.application!r} is there twice: keep one of the two")
        found[client_id] = one
    return found


def _unassigned(text: str, key: PrincipalId, identities: Iterable[ManagedIdentity]) -> str:
    if all(one.user_assigned is False for one in identities if one.principal_id == key):
        return f"{text!r} is no user-assigned identity: choose one that is"
    return f"whether {text!r} is user-assigned could not be read: scan with Azure rights"


def _one(known: Mapping[str, set[_Id]], text: str, key: str) -> _Id:
    found = known.get(text.casefold(), set())
    if len(found) == 1:
        return next(iter(found))
    if not found:
        raise _error(key, f"the snapshot has no {text!r}: correct it, or scan again")
    raise _error(key, f"{len(found)} objects are called {text!r}: give the id instead")


def _error(key: str, text: str) -> PolicyError:
    return PolicyError(f"{key}: {text}")
