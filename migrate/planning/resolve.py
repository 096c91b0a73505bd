"""What the names in ``unsecret.toml`` mean in one tenant; one that means nothing, or two things, is an error. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
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
    if not (decisions.pairs or decisions.excludes or decisions.runs):
        return Resolved(pairs={}, excluded={}, runs={}, notes=())
    applications = _applications(snapshot)
    on = snapshot.taken_at.date()
    pairs = _pairs(decisions, applications, snapshot.identities)
    named = _each_once(applications, decisions.excludes, "exclude")
    runs = _each_once(applications, decisions.runs, "runs")
    both = sorted(named.keys() & pairs.keys())
    if both:
        at = decisions.excludes.index(named[both[0]])
        raise _error(f"exclude[{at}].application", f"{named[both[0]].application!r} is paired too: keep one of the two")
    over = [one for one in named.values() if one.until < on]
    return Resolved(
        pairs=pairs,
        excluded={key: one for key, one in named.items() if one.until >= on},
        runs=runs,
        notes=tuple(_ended(one.application, one.until) for one in over),
    )


def _ended(application: str, until: date) -> str:
    return f"the exclusion of {application} ended on {until}: it is planned again"


def _applications(snapshot: Snapshot) -> Mapping[str, set[ClientId]]:
    found: defaultdict[str, set[ClientId]] = defaultdict(set)
    for one in snapshot.applications:
        for key in (one.client_id, one.id, one.display_name):
            found[key.casefold()].add(one.client_id)
    return found


def _pairs(
    decisions: Decisions, applications: Mapping[str, set[ClientId]], identities: tuple[ManagedIdentity, ...]
) -> dict[ClientId, tuple[PrincipalId, Pair]]:
    known: defaultdict[str, set[PrincipalId]] = defaultdict(set)
    for one in identities:
        for key in (one.principal_id, one.client_id, one.name, one.resource_id or ""):
            known[key.casefold()].add(one.principal_id)
    pairs: dict[ClientId, tuple[PrincipalId, Pair]] = {}
    taken: dict[PrincipalId, Pair] = {}
    assigned = {one.principal_id for one in identities if one.user_assigned}
    for at, pair in enumerate(decisions.pairs):
        client_id = _one(applications, pair.application, f"pair[{at}].application")
        identity = _one(known, pair.identity, f"pair[{at}].identity")
        if identity not in assigned:
            raise _error(f"pair[{at}].identity", f"{pair.identity!r} is no user-assigned identity: choose one that is")
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
    applications: Mapping[str, set[ClientId]], listed: tuple[_Listed, ...], key: str
) -> dict[ClientId, _Listed]:
    found: dict[ClientId, _Listed] = {}
    for at, one in enumerate(listed):
        client_id = _one(applications, one.application, f"{key}[{at}].application")
        if client_id in found:
            raise _error(f"{key}[{at}].application", f"{one.application!r} is there twice: keep one of the two")
        found[client_id] = one
    return found


def _one(known: Mapping[str, set[_Id]], text: str, key: str) -> _Id:
    found = known.get(text.casefold(), set())
    if len(found) == 1:
        return next(iter(found))
    if not found:
        raise _error(key, f"the snapshot has no {text!r}: correct it, or scan again")
    raise _error(key, f"{len(found)} objects are called {text!r}: give the id instead")


def _error(key: str, text: str) -> PolicyError:
    return PolicyError(f"{key}: {text}")
