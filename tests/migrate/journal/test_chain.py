"""What a hash chain can tell: everything that was changed, but for an end that was cut off."""

from __future__ import annotations

import hashlib
import json
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from migrate.journal import chain, schema
from tests.support.examples import share

JOURNAL = "8a3f1a52-6a3e-4c26-9f43-0d6f5a0a7a11"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
FEW = settings(max_examples=share(40))
"""Six entries have few places where something can be changed; drawing journals takes most of the time."""
CHANGEABLE = tuple(name for name in chain.FIELDS if name not in {"number", "previous"})


@st.composite
def journals(draw: st.DrawFn, least: int = 1) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    head = chain.genesis(JOURNAL)
    for number in range(1, draw(st.integers(least, 6)) + 1):
        texts = {name: draw(TEXT) for name in ("actor", "at", "data", "kind", "plan", "subject")}
        maybe = {name: draw(st.none() | TEXT) for name in ("application", "meant", "seen_before", "done", "seen_after")}
        fence = {"fence": draw(st.none() | st.integers(1, 9))}
        rows.append(schema.chained({**texts, **maybe, **fence, "number": number}, head))
        head = rows[-1]["hash"]
    return rows


def broken(rows: list[dict[str, Any]], anchor: str | None = None) -> int | None:
    verdict = chain.check(JOURNAL, rows, anchor)
    return verdict.number if isinstance(verdict, chain.Broken) else None


@FEW
@given(journals())
def test_a_journal_as_it_was_written_is_sound_and_every_hash_in_it_is_an_anchor(rows: list[dict[str, Any]]) -> None:
    assert chain.check(JOURNAL, rows) == chain.Sound(entries=len(rows), head=rows[-1]["hash"])
    for row in rows:
        assert broken(rows, row["hash"]) is None
    assert broken(rows, chain.genesis(JOURNAL)) is None
    assert broken(rows, "0" * 64) == 0


@FEW
@given(journals(), st.data())
def test_a_field_that_was_changed_is_found_where_it_is(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    row = data.draw(st.sampled_from(rows))
    name = data.draw(st.sampled_from(CHANGEABLE))
    value = data.draw((st.none() | TEXT | st.integers(0, 9)).filter(lambda new: new != row[name]))
    number = row["number"]
    row[name] = value
    assert broken(rows) == number


@FEW
@given(journals(least=2), st.data())
def test_a_field_that_was_changed_with_its_hash_is_found_at_the_next_entry(
    rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(rows) - 2))
    row = {**rows[at], "subject": rows[at]["subject"] + "x"}
    rows[at] = {**row, "hash": chain.link(row)}
    assert broken(rows) == rows[at + 1]["number"]


@FEW
@given(journals(least=2), st.data())
def test_an_entry_that_was_removed_is_found(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(rows) - 2))
    next_one = rows[at + 1]["number"]
    del rows[at]
    assert broken(rows) == next_one


@FEW
@given(journals(), st.data())
def test_an_end_that_was_cut_off_is_found_with_an_anchor_alone(rows: list[dict[str, Any]], data: st.DataObject) -> None:
    left = data.draw(st.integers(0, len(rows) - 1))
    anchor = rows[data.draw(st.integers(left, len(rows) - 1))]["hash"]
    assert broken(rows[:left]) is None
    assert broken(rows[:left], anchor) == 0


@FEW
@given(journals(least=2), st.data(), st.booleans())
def test_entries_that_were_swapped_are_found(
    rows: list[dict[str, Any]],
    data: st.DataObject,
    renumbered: bool,  # noqa: FBT001 - drawn
) -> None:
    first, second = sorted(data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=2, max_size=2, unique=True)))
    rows[first], rows[second] = rows[second], rows[first]
    if renumbered:
        rows = [{**row, "number": number} for number, row in enumerate(rows, start=1)]
    assert broken(rows) == rows[first]["number"]


@FEW
@given(journals(), journals(), st.data())
def test_an_entry_that_was_put_in_is_found(
    rows: list[dict[str, Any]], others: list[dict[str, Any]], data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(rows) - 1))
    forged = {**data.draw(st.sampled_from(others)), "previous": rows[at]["previous"], "number": rows[at]["number"]}
    forged["subject"] += "x"
    forged["hash"] = chain.link(forged)
    later = [{**row, "number": row["number"] + 1} for row in rows[at:]]
    assert broken([*rows[:at], forged, *later]) == rows[at]["number"] + 1
    assert broken([*rows[:at], forged, *rows[at:]]) == rows[at]["number"]


@FEW
@given(journals())
def test_a_journal_of_another_id_is_not_this_one(rows: list[dict[str, Any]]) -> None:
    verdict = chain.check("another", rows)
    assert isinstance(verdict, chain.Broken)
    assert verdict.number == 1


@pytest.mark.parametrize("value", ["\ud800", b"x", 1.5, float("nan"), ["x"]])
def test_what_no_entry_can_hold_is_told(value: object) -> None:
    row: dict[str, Any] = {**dict.fromkeys(chain.FIELDS), "number": 1, "previous": chain.genesis(JOURNAL)}
    row |= {"subject": value, "hash": "0" * 64}
    assert broken([row]) == 1


def test_the_hash_is_that_of_the_canonical_json_of_rfc_8785() -> None:
    row: dict[str, Any] = {**dict.fromkeys(chain.FIELDS), "number": 7, "fence": 2, "previous": "ab"}
    row["subject"] = '\x00\x08\t\n\x0c\r\x1f"\\/\x7f\u00e9\u202e\U0001f512'
    text = (
        '{"actor":null,"application":null,"at":null,"data":null,"done":null,"fence":2,"kind":null,"meant":null,'
        '"number":7,"plan":null,"previous":"ab","seen_after":null,"seen_before":null,'
        '"subject":"\\u0000\\b\\t\\n\\f\\r\\u001f\\"\\\\/\x7f\u00e9\u202e\U0001f512"}'
    )
    assert chain.link(row) == hashlib.sha256(text.encode()).hexdigest()


def test_the_hash_covers_every_column_but_itself() -> None:
    assert {*chain.FIELDS, "hash"} == set(schema.entries_table.columns.keys())


@given(st.dictionaries(TEXT, st.none() | TEXT | st.integers()))
def test_what_is_hashed_is_the_canonical_json_that_any_encoder_makes(value: dict[str, Any]) -> None:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert chain.canonical(value) == text.encode()


def test_every_character_is_written_as_the_json_module_writes_it() -> None:
    every = "".join(chr(code) for code in range(sys.maxunicode + 1) if not 0xD800 <= code <= 0xDFFF)
    assert chain.canonical({"k": every}) == json.dumps({"k": every}, ensure_ascii=False, separators=(",", ":")).encode()


@pytest.mark.parametrize("value", [b"x", 1.0, True, [], {}, "\ud800"])
def test_what_is_no_cell_has_no_hash(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        chain.canonical({"k": value})
