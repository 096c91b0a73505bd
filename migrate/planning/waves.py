"""The order of a rollout: a canary wave, then by hazard, and within a hazard the most risk first. Pure.

Limits are the only reason why one application moves another: without them the band of an application depends on itself
alone.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from inventory.model import ClientId
from migrate.days import Freeze
from migrate.errors import PolicyError
from migrate.model import Wave
from migrate.planning.decisions import Decisions, Limits
from migrate.planning.risk import Risk

_BANDS = ("low", "medium", "high")
_CANARY_SHARE = 8
"""At most one in eight goes first, however few there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """What the order looks at in one pairing."""

    client_id: ClientId
    owner: str
    """Empty where nobody owns it: no limit counts those together."""
    risk: Risk


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Where everybody goes, and why."""

    number: Mapping[ClientId, int]
    why: Mapping[ClientId, str]
    waves: tuple[Wave, ...]


def order(members: Iterable[Member], decisions: Decisions) -> Order:
    """Put everybody into a wave."""
    everybody = sorted(members, key=lambda one: one.client_id)
    canaries = _canaries(everybody, decisions.limits)
    number: dict[ClientId, int] = {}
    why: dict[ClientId, str] = {}
    named: list[tuple[str, list[Member]]] = []
    if canaries:
        named.append(("canary", canaries))
        for one in canaries:
            number[one.client_id], why[one.client_id] = 1, "canary: one of the least hazardous"
    for band in _BANDS:
        rest = [one for one in everybody if one.risk.band == band and one.client_id not in number]
        for group, moved in _filled(sorted(rest, key=_most_risk_first), decisions.limits):
            named.append((band, group))
            for one in group:
                number[one.client_id] = len(named)
                why[one.client_id] = f"hazard {one.risk.hazard} ({band}){moved.get(one.client_id, '')}"
    return Order(number=number, why=why, waves=_waves(named, decisions))


def _most_risk_first(member: Member) -> tuple[int, int, ClientId]:
    return -member.risk.risk, member.risk.hazard, member.client_id


def _canaries(everybody: list[Member], limits: Limits) -> list[Member]:
    """Choose the least hazardous, each of another owner where that is possible, evenly over the tenant by hash."""
    suited = sorted((one for one in everybody if one.risk.band == _BANDS[0]), key=_canary_order)
    most = min(limits.canary, max(1, len(everybody) // _CANARY_SHARE))
    chosen: dict[ClientId, Member] = {}
    owners: set[str] = set()
    for other in (True, False):
        for one in suited:
            if len(chosen) < most and one.client_id not in chosen and not (other and one.owner in owners):
                chosen[one.client_id] = one
                owners.add(one.owner)
    return list(chosen.values())


def _canary_order(member: Member) -> tuple[int, bytes]:
    return member.risk.hazard, hashlib.sha256(member.client_id.encode()).digest()


def _filled(ordered: list[Member], limits: Limits) -> Iterable[tuple[list[Member], dict[ClientId, str]]]:
    """Fill waves one after the other; who finds one full, or too many of the same owner in it, goes to the next."""
    groups: list[list[Member]] = []
    moved: dict[ClientId, str] = {}
    first, of_owner, count = 0, {"": 0}, Counter[tuple[str, int]]()
    for one in ordered:
        at = max(first, of_owner.get(one.owner, 0)) if one.owner else first
        while at < len(groups) and len(groups[at]) >= limits.wave:
            at += 1
        while at >= len(groups):
            groups.append([])
        if at > first and one.owner and of_owner.get(one.owner, 0) > first:
            moved[one.client_id] = f", later because {one.owner} has {limits.owner} applications in each wave before"
        groups[at].append(one)
        count[one.owner, at] += 1
        if one.owner and count[one.owner, at] >= limits.owner:
            of_owner[one.owner] = at + 1
        while first < len(groups) and len(groups[first]) >= limits.wave:
            first += 1
    return [(group, moved) for group in groups if group]


def _waves(named: list[tuple[str, list[Member]]], decisions: Decisions) -> tuple[Wave, ...]:
    left = sum(one.risk.risk for _, group in named for one in group)
    found = []
    day = decisions.schedule.start
    for at, (name, group) in enumerate(named, 1):
        removed = sum(one.risk.risk for one in group)
        left -= removed
        day = _thawed(day, decisions.freezes) if day else None
        found.append(
            Wave(number=at, name=name, applications=len(group), risk=removed, risk_left=left, start=day)
        )  # fmt: skip
        day = _later(day, decisions.schedule.days_between) if day and at < len(named) else None
    return tuple(found)


def _later(day: date, days: int) -> date:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        raise PolicyError(
            "schedule: the calendar ends before the waves do; shorten days_between, or a freeze"
        ) from None


def _thawed(day: date, freezes: Iterable[Freeze]) -> date:
    """Return the first day from this one on that is in no freeze window."""
    for freeze in sorted(freezes, key=lambda one: one.first):
        if freeze.holds(day):
            day = _later(freeze.last, 1)
    return day
