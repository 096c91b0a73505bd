"""Sign-ins that were made up before the tenant started, kept as columns because a large tenant has half a million.

What the sign-ins of one credential have in common stands once, as a pattern; each sign-in is its pattern, a moment, a
number that its ids come from, and the last part of an address. A whole record appears when somebody reads it.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import inf
from typing import Final

from migrate.emulator.ids import random_looking, seeded_guid
from migrate.emulator.state.signins import SignIn

NETWORK: Final = "203.0.113."
"""A documentation network (RFC 5737)."""


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

    def limits(self) -> list[float]:
        """Give, for each use, the offset from which on its sign-ins failed."""
        return [inf if use.ends is None else (use.ends - self.start) / timedelta(seconds=1) for use in self.uses]

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

    def finish(self) -> Past:
        """Put the sign-ins in order of time; those of one second stay in the order of their entry."""
        order = sorted(range(len(self._use)), key=self._offset.__getitem__)
        return Past(
            start=self._start,
            uses=tuple(self._uses),
            use=array("I", map(self._use.__getitem__, order)),
            offset=array("i", map(self._offset.__getitem__, order)),
            chance=array("d", map(self._chance.__getitem__, order)),
            octet=array("B", map(self._octet.__getitem__, order)),
        )
