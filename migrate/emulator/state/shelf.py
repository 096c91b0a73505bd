"""A dictionary whose entries keep their place, so that a client which pages through it loses none."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

V = TypeVar("V")


class Shelf(dict[str, V]):
    """Values by key, in the order of their arrival, with places that removals do not shift.

    Everything a dictionary does works as usual; only assignment, ``del`` and ``pop`` may change one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.revision = 0
        """Rises with every change."""
        self._order: list[str | None] = []
        self._place: dict[str, int] = {}
        """Places of the first so many in the order; the others are entered when one is taken out."""
        self._entered = 0

    def __setitem__(self, key: str, value: V) -> None:
        if key not in self:
            self._order.append(key)
        self.revision += 1
        super().__setitem__(key, value)

    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        self._order[self._places().pop(key)] = None
        self.revision += 1

    def _places(self) -> dict[str, int]:
        for place in range(self._entered, len(self._order)):
            key = self._order[place]
            if key is not None:
                self._place[key] = place
        self._entered = len(self._order)
        return self._place

    def remove(self, key: str) -> V | None:
        """Take a value out; its place stays empty."""
        value = self.get(key)
        if key in self:
            del self[key]
        return value

    def slots(self) -> tuple[list[str | None], list[V | None]]:
        """Give the key and the value at each place, None where it is empty; writers are to be kept out meanwhile."""
        return self._order.copy(), [None if key is None else self[key] for key in self._order]

    def resume(self, keys: Sequence[str | None], values: Sequence[V | None]) -> None:
        """Fill an empty shelf, empty places included; ValueError where keys and values do not belong together."""
        for key, value in zip(keys, values, strict=True):
            if key is not None and value is not None:
                self[key] = value
            elif key is None and value is None:
                self._order.append(None)
            else:
                raise ValueError("a key without a value, or a value without a key")

    def after(self, position: int) -> Iterator[tuple[int, V]]:
        """Walk the values from a position on, each with the position that follows it."""
        for index in range(position, len(self._order)):
            key = self._order[index]
            if key is not None:
                yield index + 1, self[key]
