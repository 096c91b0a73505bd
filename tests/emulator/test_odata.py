"""Filters: what they mean, and that nothing a client sends can break the parser."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from migrate.emulator.graph.errors import GraphError
from migrate.emulator.graph.odata.filters import parse_filter
from migrate.emulator.graph.odata.options import read_options
from migrate.emulator.graph.odata.paging import decode_position, encode_position

BODY: dict[str, Any] = {
    "name": "Alpha",
    "number": 7,
    "flag": True,
    "nothing": None,
    "date": "2026-03-01T00:00:00Z",
    "exact": "2026-03-01T00:00:00.2500000Z",
    "names": ["a", "isExplicit=True"],
    "rows": [{"key": "x", "size": 1}, {"key": "y", "size": 5}],
    "inner": {"code": 50},
}

CASES: list[tuple[str, bool]] = [
    ("name eq 'alpha'", True),
    ("name ne 'alpha'", False),
    ("name eq 'al''pha'", False),
    ("number ge 7 and number lt 8", True),
    ("number gt 7 or flag eq true", True),
    ("not (flag eq true)", False),
    ("not flag eq true or nothing eq null", True),
    ("nothing ne null", False),
    ("nothing gt 1", False),
    ("date ge 2026-02-28T23:59:59Z and date le 2026-03-01T00:00:00Z", True),
    ("date lt 2026-01-01T00:00:00Z", False),
    ("startswith(name, 'AL')", True),
    ("endswith(name,'pha')", True),
    ("exact ge 2026-03-01T00:00:00Z", True),
    ("exact lt 2026-03-01T00:00:00.5Z", True),
    ("exact eq 2026-03-01T01:00:00.2500000+01:00", True),
    ("date ge 2026-03-01 and date lt 2026-03-02", True),
    ("name ge 2026-03-01", False),
    ("startswith(number,'7')", False),
    ("names/any(n:n eq 'A')", True),
    ("names/any( n : startswith(n,'isExplicit=') )", True),
    ("names/all(n:n eq 'a')", False),
    ("names/any()", True),
    ("rows/any(r:r/key eq 'y' and r/size gt 2)", True),
    ("rows/any(r:r/key eq 'x' and r/size gt 2)", False),
    ("rows/$count eq 2", True),
    ("nothing/any(n:n eq 'a')", False),
    ("inner/code eq 50", True),
    ("name in ('beta','alpha')", True),
    ("number in (1,2)", False),
    ("((name eq 'alpha'))", True),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_a_filter_means_what_odata_says(text: str, expected: bool) -> None:  # noqa: FBT001 - the case's answer
    assert parse_filter(text).test(BODY) is expected


def test_only_a_plain_conjunction_demands_equalities() -> None:
    assert parse_filter("appId eq 'x' and flag eq true").equalities == {"appId": "x", "flag": True}
    assert parse_filter("appId eq 'x' or flag eq true").equalities == {}
    assert parse_filter("not (appId eq 'x')").equalities == {}
    assert parse_filter("rows/any(r:r/key eq 'x')").equalities == {}
    assert parse_filter("rows/any(r:r/key eq 'x')").properties == frozenset({"rows"})


@pytest.mark.parametrize(
    "text",
    ["name", "name eq", "eq 'x'", "name eq 'x", "name eq 'x' and", "(name eq 'x'", "name eq 'x')", "name eq x y",
     "startswith(name)", "startswith(name,7)", "names/any(n)", "names/any(n:)", "name in ()", "a//b eq 1", "1 eq 1"],
)  # fmt: skip
def test_a_broken_filter_is_refused(text: str) -> None:
    with pytest.raises(GraphError) as refused:
        parse_filter(text)
    assert refused.value.status == 400


def answered_or_refused(action: Callable[[], object]) -> bool:
    try:
        action()
    except GraphError as refused:
        return refused.status == 400
    return True


WORDS = st.sampled_from([
    "name", "eq", "'x'", "(", ")", ",", ":", "and", "or", "not", "names/any", "n", "in", "7", "null", "startswith",
    "$count", "/", "'", "x:y", "rows/$count", "\u202e",
])  # fmt: skip


@given(st.lists(WORDS, max_size=25).map(" ".join) | st.lists(WORDS, max_size=25).map("".join) | st.text(max_size=60))
def test_any_text_is_either_a_filter_or_a_refusal(text: str) -> None:
    assert answered_or_refused(lambda: parse_filter(text).test(BODY))


@given(st.dictionaries(st.sampled_from(["$select", "$top", "$expand", "$orderby", "$count", "$x", "y"]), st.text()))
def test_any_options_are_read_or_refused(query: dict[str, str]) -> None:
    assert answered_or_refused(lambda: read_options(query))


@given(st.integers(min_value=0, max_value=10**9))
def test_positions_survive_their_token(position: int) -> None:
    assert decode_position(encode_position(position)) == position


@given(st.text(max_size=40))
def test_any_other_token_is_refused(token: str) -> None:
    assert answered_or_refused(lambda: decode_position(token))
