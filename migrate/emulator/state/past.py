"""Sign-ins that were made up before the tenant started, kept as columns because a large tenant has half a million.

What the sign-ins of one credential have in common stands once, as a pattern; each sign-in is its pattern, a moment, a
number that its ids come from, and the last part of an address. A whole record appears when somebody reads it.
"""

from array import array
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import accumulate, chain, count, repeat
from math import inf
from random import Random
from typing import Final

from migrate.emulator.ids import random_looking, seeded_guid
from migrate.emulator.state.signins import SignIn

NETWORK: Final = "203.0.113."
"""A documentation network (RFC 5737)."""
_OCTETS: Final = bytes(1 + byte * 249 // 256 for byte in range(256))
"""Last parts of addresses, by a random byte."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """One credential's use of one resource: what its sign-ins share."""

    pattern: SignIn
    """A sign-in whose id, moment, address and random-looking texts do not count."""
    salt: str
    ends: datetime | None = None
    """End of the credential: later attempts failed."""
    error_code: int = 0
    failure_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """Sign-ins in the order of their time; position i has the i-th element of each column."""

    start: datetime
    uses: tuple[Use, ...] = ()
    use: Sequence[int] = ()
    """Index of its use."""
    offset: Sequence[int] = ()
    """Seconds from the start of the tenant's clock, negative."""
    chance: Sequence[float] = ()
    octet: Sequence[int] = ()

    def __len__(self) -> int:
        return len(self.use)

    def created(self, position: int) -> datetime:
        """Give the moment of the sign-in at a position."""
        return self.start + timedelta(seconds=self.offset[position])

    def last_uses(self) -> Iterator[tuple[Use, int, int]]:
        """Walk the uses that have sign-ins, with the places of the last one and the last that did not fail, or -1."""
        last = dict(zip(self.use, count(), strict=False))
        ended = {use: limit for use, limit in enumerate(self._limits()) if self.offset and limit <= self.offset[-1]}
        late = ((position, use) for position, use in enumerate(self.use) if use in ended)
        success = {use: position for position, use in late if self.offset[position] < ended[use]}
        for use in sorted(last):
            yield self.uses[use], last[use], success.get(use, -1) if use in ended else last[use]

    def _limits(self) -> Iterator[float]:
        """Give, for each use, the offset from which on its sign-ins failed."""
        second = timedelta(seconds=1)
        return (inf if use.ends is None else (use.ends - self.start) / second for use in self.uses)

    def at(self, position: int) -> SignIn:
        """Give the whole sign-in at a position."""
        use, created = self.uses[self.use[position]], self.created(position)
        entry_id = seeded_guid(self.chance[position], use.salt)
        failed = use.ends is not None and created >= use.ends
        return replace(
            use.pattern,
            id=entry_id,
            created=created,
            ip_address=f"{NETWORK}{self.octet[position]}",
            correlation_id=seeded_guid(entry_id, "correlation"),
            token_id="" if failed else random_looking(entry_id),
            error_code=use.error_code if failed else 0,
            failure_reason=use.failure_reason if failed else None,
        )


class PastOfApps:
    """Finds the sign-ins of one application in a past."""

    def __init__(self, past: Past) -> None:
        self._uses: dict[str, list[int]] = {}
        for use, item in enumerate(past.uses):
            self._uses.setdefault(item.pattern.app_id, []).append(use)
        self._by_use = array("I", sorted(range(len(past)), key=past.use.__getitem__))
        numbers = Counter(past.use)
        self._ends = [0, *accumulate(numbers[use] for use in range(len(past.uses)))]

    def positions(self, app_id: str) -> list[int]:
        """Give their positions, oldest first."""
        found = [self._by_use[self._ends[use] : self._ends[use + 1]] for use in self._uses.get(app_id, ())]
        return sorted(chain.from_iterable(found))


class PastWriter:
    """Collects made-up sign-ins in any order."""

    def __init__(self, start: datetime) -> None:
        self._start = start
        self._uses: list[Use] = []
        self._use, self._offset, self._chance, self._octet = array("I"), array("i"), array("d"), array("B")

    def add_use(self, use: Use) -> int:
        """Enter a use and give its index."""
        self._uses.append(use)
        return len(self._uses) - 1

    def add(self, use: int, offset: int, chance: float, octet: int) -> None:
        """Enter a sign-in."""
        self._use.append(use)
        self._offset.append(offset)
        self._chance.append(chance)
        self._octet.append(octet)

    def add_moments(self, use: int, offsets: Sequence[int]) -> None:
        """Enter sign-ins whose ids and addresses are left to ``scatter``."""
        self._use.extend(repeat(use, len(offsets)))
        self._offset.extend(offsets)

    def scatter(self, dice: Random) -> None:
        """Choose ids and addresses for the sign-ins that have none."""
        missing, random = len(self._use) - len(self._chance), dice.random
        self._chance.extend([random() for _ in range(missing)])
        self._octet.frombytes(dice.randbytes(missing).translate(_OCTETS))

    def finish(self) -> Past:
        """Put the sign-ins in order of time; those of one second stay in the order of their entry."""
        order = sorted(range(len(self._use)), key=self._offset.__getitem__)
        return Past(
            start=self._start,
            uses=tuple(self._uses),
            use=array("I", [self._use[place] for place in order]),
            offset=array("i", [self._offset[place] for place in order]),
            chance=array("d", [self._chance[place] for place in order]),
            octet=array("B", [self._octet[place] for place in order]),
        )
