"""A page of objects as they were decoded, with a value of each where one is asked for. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Generic, TypeVar, overload

_Wire = TypeVar("_Wire")
_Value_co = TypeVar("_Value_co", covariant=True)


class Decoded(Sequence[_Value_co], Generic[_Wire, _Value_co]):
    """The values of a page, in its order; each is made when it is asked for, and made anew when it is asked for again.

    What takes a page as a whole, as the writer of a snapshot does, reads ``wires`` instead, and ``unknown``: of each
    the properties that are not known, a JSON object as text, empty where there is none.
    """

    __slots__ = ("_value", "unknown", "wires")

    def __init__(
        self, wires: Sequence[_Wire], unknown: Sequence[str], value: Callable[[_Wire, str], _Value_co]
    ) -> None:
        self.wires = wires
        self.unknown = unknown
        self._value = value

    def __len__(self) -> int:
        return len(self.wires)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment] # as a list has none

    def of(self, chosen: Callable[[_Wire], bool]) -> Iterator[_Value_co]:
        """Yield the values of those objects alone for which something holds."""
        return (self[at] for at, wire in enumerate(self.wires) if chosen(wire))

    @overload
    def __getitem__(self, at: int) -> _Value_co: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[_Value_co, ...]: ...

    def __getitem__(self, at: Any) -> Any:
        if isinstance(at, slice):
            return tuple(map(self._value, self.wires[at], self.unknown[at]))
        return self._value(self.wires[at], self.unknown[at])
