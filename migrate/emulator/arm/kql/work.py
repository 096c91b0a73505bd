"""How much a query may make this tenant do.

Page "Query limits" of Kusto: a query that needs too much is a runaway query and is aborted; a text holds at most one
megabyte. Which code Azure Resource Graph gives such a query is assumed, and so is where its limits lie.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from migrate.emulator.arm.kql.lexer import KqlError

LONGEST_TEXT: Final = 1_048_576
MOST_WORK: Final = 5_000_000
WORK_FOR_A_ROW: Final = 500
"""What each row of the table allows beyond that, so that an ordinary query of a large tenant is none too large."""
_CHARACTERS_OF_A_STEP: Final = 4
_CHARACTERS_OF_A_MEMBER: Final = 64


class Work:
    """What is left of the work that one query may make, in words of it that are applied to a row."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = MOST_WORK

    def allow(self, rows: int) -> None:
        """Take note of the size of the table that is asked."""
        self._left += rows * WORK_FOR_A_ROW

    def spend(self, amount: int) -> None:
        """Take note of work, or abort the query."""
        self._left -= amount
        if self._left < 0:
            raise KqlError("RunawayQuery")

    def handle(self, *values: Any) -> None:
        """Take note of values that are looked at from end to end."""
        for value in values:
            if isinstance(value, str):
                self.spend(len(value) // _CHARACTERS_OF_A_STEP)
            elif isinstance(value, (dict, list)):
                self.spend(len(value) * _CHARACTERS_OF_A_MEMBER // _CHARACTERS_OF_A_STEP)

    def made(self, value: Any) -> Any:
        """Take note of a value that was made, and hand it on."""
        if isinstance(value, str) and len(value) > LONGEST_TEXT:
            raise KqlError("RunawayQuery")
        self.handle(value)
        return value

    def rows(self, rows: Iterable[Any], words: int) -> Iterator[Any]:
        """Hand on rows that a number of words will be applied to."""
        for row in rows:
            self.spend(words)
            yield row
