"""A set of very many ids that takes 16 bytes for each GUID, where Python's own takes more than a hundred. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

_SIZE = 16


class IdSet:
    """Answers ``in`` for ids in lower case; what is no GUID in its usual form is kept as text."""

    __slots__ = ("_others", "_packed")

    def __init__(self, ids: Iterable[str]) -> None:
        """Take ids in ascending order, as SQLite sorts text; ValueError where GUIDs come in another."""
        others: set[str] = set()
        packed, last = bytearray(), b""
        for one in ids:
            found = _bytes(one)
            if found is None:
                others.add(one)
            elif found > last or not packed:
                packed += found
                last = found
            elif found < last:
                raise ValueError("ids are not in order")
        self._packed, self._others = bytes(packed), frozenset(others)

    def __contains__(self, one: object) -> bool:
        wanted = _bytes(one) if isinstance(one, str) else None
        if wanted is None:
            return one in self._others
        low, high = 0, len(self._packed) // _SIZE
        while low < high:
            middle = (low + high) // 2
            found = self._packed[middle * _SIZE : (middle + 1) * _SIZE]
            if found == wanted:
                return True
            low, high = (middle + 1, high) if found < wanted else (low, middle)
        return False


def _bytes(text: str) -> bytes | None:
    """Return the bytes of a GUID that is written as this set gives it back: lower case, with its four hyphens."""
    try:
        found = UUID(text)
    except ValueError:
        return None
    return found.bytes if str(found) == text else None
