"""Adding up, and what is covered: order and portions do not matter."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.ids import guid
from inventory.logs.extent import SILENCE, Extent, Span, hour, joined
from inventory.logs.tally import Key, Tally, key_of, merged
from inventory.model import ClientId
from inventory.usage import SourceName, Use
from tests.inventory.evidence.support import CLIENT, KEY, NOW

NAME = SourceName("made-up")
RECORDS = st.lists(
    st.tuples(
        st.sampled_from([None, "203.0.113.1", "203.0.113.2"]),
        st.integers(0, 50).map(lambda hours: NOW - timedelta(hours=hours)),
        st.sampled_from([True, False, None]),
    ),
    max_size=12,
)


def _key(address: str | None, *, counted: bool) -> Key:
    return Key(client_id=ClientId(CLIENT), address=address, counted=counted)


def _tallied(records: list[Any]) -> tuple[Use, ...]:
    tally = Tally(NAME)
    for address, at, succeeded in records:
        tally.add(_key(address, counted=succeeded is not None), at, succeeded=succeeded)
    return tally.drain()


@given(RECORDS, st.integers(0, 12), st.randoms())
def test_portions_in_any_order_add_up_to_the_whole(records: list[Any], cut: int, chance: Any) -> None:
    whole = _tallied(records)
    parts = [*_tallied(records[:cut]), *_tallied(records[cut:])]
    chance.shuffle(parts)
    assert merged(parts) == whole
    assert merged(whole) == whole


@given(RECORDS)
def test_sums_are_those_of_the_records(records: list[Any]) -> None:
    rows = _tallied(records)
    assert sum(use.successes or 0 for use in rows) == sum(succeeded is True for *_, succeeded in records)
    assert sum(use.failures or 0 for use in rows) == sum(succeeded is False for *_, succeeded in records)
    assert max((use.last for use in rows if use.last), default=None) == max((at for _, at, _ in records), default=None)
    good = [at for _, at, succeeded in records if succeeded]
    assert max((use.last_success for use in rows if use.last_success), default=None) == max(good, default=None)
    assert len(rows) == len({(address, succeeded is None) for address, _, succeeded in records})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (KEY.upper(), KEY),
        (f" {KEY} ", KEY),
        ("", None),
        (None, None),
        ("00000000-0000-0000-0000-000000000000", None),
        ("no guid", None),
    ],
)
def test_a_key_id_is_a_guid_or_nothing(text: str | None, expected: str | None) -> None:
    assert guid(text) == expected


def test_fields_come_in_one_spelling_and_bounded_length() -> None:
    key = key_of(
        CLIENT.upper(),
        key_id="",
        thumbprint="ab:" * 19 + "ab",
        federated=" F1 ",
        credential_type="",
        address="x" * 10_000,
        resource="Microsoft Graph",
        counted=True,
    )
    assert (key.client_id, key.key_id, key.thumbprint, key.federated_credential_id) == (CLIENT, None, "AB" * 20, "f1")
    assert (key.credential_type, key.resource, key.delegated) == (None, "microsoft graph", False)
    assert len(key.address or "") == 256


def _spans(*pairs: tuple[float, float]) -> list[Span]:
    return [(NOW + timedelta(hours=begin), NOW + timedelta(hours=end)) for begin, end in pairs]


def test_a_silence_is_a_gap_and_the_newest_stretch_counts() -> None:
    limit = SILENCE / timedelta(hours=1)
    quiet = Extent().with_seen(_spans((-200, -100), (-100 + limit, 0)))
    assert quiet.covered() == _spans((-200, 0))[0]
    assert quiet.gaps() == ()
    gap = Extent().with_seen(_spans((-200, -100), (-99 + limit, 0)))
    assert gap.covered() == _spans((-99 + limit, 0))[0]
    assert len(gap.gaps()) == 1


def test_a_hole_cuts_and_one_at_the_end_moves_the_end() -> None:
    seen = Extent().with_seen(_spans((-200, 0)))
    assert seen.with_hole(_spans((-50, -49))[0]).covered() == _spans((-49, 0))[0]
    assert seen.with_hole(_spans((-1, 3))[0]).covered() == _spans((-200, -1))[0]
    assert seen.with_hole(_spans((-300, 300))[0]).covered() is None
    assert seen.with_hole(_spans((5, 6))[0]).covered() == _spans((-200, 0))[0]
    assert Extent().covered() is None


SPANS = st.lists(st.tuples(st.integers(-500, 0), st.integers(0, 30)).map(lambda pair: _spans((pair[0], sum(pair)))[0]))


@given(SPANS, SPANS, st.integers(0, 10))
def test_the_order_in_which_times_come_does_not_matter(seen: list[Span], holes: list[Span], cut: int) -> None:
    def built(order: list[Span], portions: Iterator[list[Span]]) -> Extent:
        extent = Extent()
        for span in order:
            extent = extent.with_hole(span)
        for portion in portions:
            extent = extent.with_seen(portion)
        return extent

    one = built(holes, iter([seen]))
    two = built(holes[::-1], iter([seen[cut:], seen[:cut]]))
    assert one == two
    assert msgspec.json.decode(msgspec.json.encode(one), type=Extent) == one
    covered = one.covered()
    if covered is not None:
        assert not any(begin < covered[1] and end > covered[0] for begin, end in one.holes if begin < end)


def test_joining_keeps_what_is_far_apart() -> None:
    assert joined(_spans((3, 4), (0, 1)), timedelta(hours=1)) == tuple(_spans((0, 1), (3, 4)))
    assert joined(_spans((0, 5), (1, 2), (6, 7)), timedelta(hours=1)) == tuple(_spans((0, 7)))


def test_an_hour_that_does_not_exist_is_none() -> None:
    assert hour(2026, 3, 1, 23) == (datetime(2026, 3, 1, 23, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))
    assert hour(2026, 2, 30, 0) is None
    assert hour(2026, 3, 1, 24) is None
    assert hour(9999, 12, 31, 23) is None
