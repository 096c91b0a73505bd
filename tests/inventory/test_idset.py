from __future__ import annotations

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.idset import IdSet

_IDS = st.uuids().map(str) | st.text(max_size=40) | st.uuids().map(lambda one: str(one).upper())


@given(held=st.sets(_IDS, max_size=30), asked=st.lists(_IDS, max_size=10))
def test_it_holds_what_a_set_holds(held: set[str], asked: list[str]) -> None:
    made = IdSet(sorted(held))
    assert all(one in made for one in held)
    assert [one in made for one in asked] == [one in held for one in asked]
    assert 7 not in made
    assert made.__contains__(None) is False


def test_the_same_id_twice_is_one_and_another_order_is_refused() -> None:
    one, two = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
    assert two in IdSet([one, one, two])
    with pytest.raises(ValueError, match="not in order"):
        IdSet([two, one])


def test_a_guid_takes_sixteen_bytes() -> None:
    made = IdSet(f"{number:08x}-0000-4000-8000-000000000000" for number in range(1000))
    assert sys.getsizeof(made._packed) < 16_100
