"""Which of many requests a fault takes."""

import re
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
        return (not self._methods or method in self._methods) and self._path.fullmatch(path) is not None


def glob(pattern: str) -> re.Pattern[str]:
    """Read a path pattern: ``*`` stays within a segment, ``**`` does not, and ``/**`` at the end may match nothing.

    Case does not matter, as it does not to the services.
    """
    parts = _WILD.split(pattern)
    wild = {"/**": "(?:/.*)?", "**": ".*", "*": "[^/]*"}
    return re.compile("".join(wild.get(part) or re.escape(part) for part in parts), re.DOTALL | re.IGNORECASE)
