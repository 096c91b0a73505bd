"""A circle of pages is noticed, whatever its length and wherever it begins; a way without one is never taken for it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inventory.trail import Trail


def _followed(links: list[str]) -> int:
    """Return how many pages are read until one is known to have been read before; all where none is."""
    trail = Trail()
    for number, link in enumerate(links):
        if trail.meets(link):
            return number
        trail = trail.after(link)
    return len(links)


@given(st.integers(0, 200), st.integers(1, 200))
def test_a_circle_is_noticed_soon(before: int, length: int) -> None:
    way = [f"way {number}" for number in range(before)]
    circle = [f"circle {number}" for number in range(length)]
    read = _followed([*way, *(circle * (3 * (before + length) // length + 3))])
    assert before + length <= read <= 3 * (before + length) + 3


@given(st.integers(0, 1000))
def test_links_that_differ_are_all_followed(length: int) -> None:
    assert _followed([str(number) for number in range(length)]) == length
