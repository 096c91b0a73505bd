"""Which of many requests a fault takes."""

import re
from collections.abc import Callable, Sequence
from typing import Final

from migrate.emulator.faults.model import Matched, Triggered
from migrate.emulator.ids import seeded_dice

_WILD: Final = re.compile(r"(/\*\*$|\*\*|\*)")


class Trigger:
    """Counts the requests that a fault could take, and takes those that it should."""

    def __init__(self, fault: Triggered, salt: str) -> None:
        self._fault = fault
        self._salt = salt
        self.seen = 0
        self.fired = 0

    def fires(self) -> bool:
        """Count one more request and say whether it is taken."""
        fault = self._fault
        self.seen += 1
        number = self.seen - fault.after
        if number < 1 or number % fault.every or (fault.times is not None and self.fired >= fault.times):
            return False
        if fault.share < 1 and seeded_dice(self._salt, number).random() >= fault.share:
            return False
        self.fired += 1
        return True


class Matching:
    """Says whether a request is one that a fault is about."""

    def __init__(self, fault: Matched) -> None:
        self._methods = frozenset(fault.methods)
        self._path = glob(fault.path)

    def matches(self, method: str, path: str) -> bool:
        """Whether method and path match."""
        return (not self._methods or method in self._methods) and self._path(path)


def glob(pattern: str) -> Callable[[str], bool]:
    """Read a path pattern: ``*`` stays within a segment, ``**`` does not, and ``/**`` at the end may match nothing.

    Case does not matter, as it does not to the services. The work grows with the lengths of pattern and path alone: a
    pattern comes from whoever writes the plan, a path from any client, and a regular expression with several wild
    cards can take for ever.
    """
    parts = [part for part in _WILD.split(pattern.lower()) if part]
    return lambda path: _matches(parts, path.lower())


def _matches(parts: Sequence[str], path: str) -> bool:
    reached = [0]
    """Where what has been matched so far may end, in order."""
    for part in parts:
        reached = _onward(part, path, reached)
        if not reached:
            return False
    return reached[-1] == len(path)


def _onward(part: str, path: str, reached: Sequence[int]) -> list[int]:
    if part == "**":
        return list(range(reached[0], len(path) + 1))
    if part == "/**":
        return [len(path)] if any(path[place : place + 1] in ("", "/") for place in reached) else []
    if part != "*":
        return [place + len(part) for place in reached if path.startswith(part, place)]
    found: list[int] = []
    for place in reached:
        end = path.find("/", place)
        first = max(place, found[-1] + 1 if found else place)
        found.extend(range(first, (len(path) if end < 0 else end) + 1))
    return found
