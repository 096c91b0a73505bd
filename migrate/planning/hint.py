"""Evidence for a pairing, as values: what a kind of evidence says of an application and an identity."""

from __future__ import annotations

import enum
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from inventory.model import ClientId, PrincipalId
from migrate.planning.facts import Facts

Pairs = Mapping[ClientId, Collection[PrincipalId]]
"""What was found so far; in no order, as the order of hints does not matter."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Points for or against one pair, and the reason in words."""

    application: ClientId
    identity: PrincipalId
    points: int
    """Negative where it speaks against the pair."""
    reason: str
    strong: bool = False
    """Whether it is enough for medium confidence alone."""
    certain: bool = False
    """Whether it states the pairing, instead of suggesting it."""
    doubtful: bool = False
    """Whether it makes the confidence low, whatever else speaks for the pair: a person has to look."""


class Stage(enum.IntEnum):
    """When a kind of evidence is asked."""

    FINDS = 1
    """It finds pairs, whatever others have found."""
    FINDS_MORE = 2
    """It judges the pairs that were found, and finds others."""
    JUDGES = 3
    """It judges the pairs that all others have found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """One kind of evidence."""

    name: str
    stage: Stage
    hints: Callable[[Facts, Pairs], Iterable[Hint]]
    """Says what it knows, at most one hint for a pair; the pairs are those found by earlier stages."""
