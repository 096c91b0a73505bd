"""Which objects of the two large tables an unfinished file may hold, in the same memory for every size of tenant.

A table of their ids would have to be kept in order beside them, and costs the more the larger it is: a third of all the
writing at 100,000 objects. A Bloom filter says of almost every object that it is not there yet; of any other SQLite is
asked, which reads the table for it.
"""

from __future__ import annotations

from collections.abc import Iterable

_BITS = 1 << 24
"""2 MiB for a table: of 200,000 ids one in 20,000 is asked for in vain."""
_MASK = _BITS - 1
LARGE = ("applications", "service_principals")


class Seen:
    """Remembers ids by table; it forgets none, so that what it may have seen has to be looked up."""

    def __init__(self) -> None:
        self._bits = {table: bytearray(_BITS // 8) for table in LARGE}

    def suspects(self, table: str, ids: Iterable[str]) -> list[str]:
        """Remember ids, and return those that may have been remembered before."""
        bits, found = self._bits[table], []
        for one in ids:
            number = hash(one)  # keyed anew in each process: no tenant can make ids that are alike
            first, second, third = number & _MASK, number >> 20 & _MASK, number >> 40 & _MASK
            if (
                bits[first >> 3] >> (first & 7)
                & bits[second >> 3] >> (second & 7)
                & bits[third >> 3] >> (third & 7)
                & 1
            ):
                found.append(one)
            else:
                bits[first >> 3] |= 1 << (first & 7)
                bits[second >> 3] |= 1 << (second & 7)
                bits[third >> 3] |= 1 << (third & 7)
        return found
