"""The table of docs/emulator.md that says how sure each behaviour is: whole, counted, and with tests that exist."""

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, get_args

import pytest

from migrate.emulator.faults.model import Fault
from migrate.emulator.graph.router import ROUTES
from migrate.emulator.tokens.refusals import Refusal

ROOT: Final = Path(__file__).parents[2]
LEVELS: Final = ("documented", "recorded", "read in a client", "assumed")
_SURE: Final = re.compile(rf"({'|'.join(LEVELS)})(?: \([^()].*\))?")
_TEST: Final = re.compile(r"`([\w/]+\.py)::(\w+)`")
_SHARED: Final = ("directory", "identity", "policies", "reports")
"""First segments of paths that say nothing without the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One behaviour; ``sure`` is one of the four words, without its note."""

    behaviour: str
    sure: str
    tests: tuple[tuple[str, str], ...]


def section() -> str:
    """Give the part of the page that holds the tables."""
    _, found, rest = (ROOT / "docs" / "emulator.md").read_text("utf-8").partition("\n## How sure\n")
    assert found
    return rest.partition("\n## ")[0]


def rows(text: str) -> Iterator[Row]:
    """Read the rows; AssertionError for one that is none."""
    for line in text.splitlines():
        if not line.startswith("|") or line in ("| behaviour | how sure | test |", "|---|---|---|"):
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert len(cells) == 3, f"three cells: {line}"
        behaviour, sure, tests = cells
        level = _SURE.fullmatch(sure)
        assert level is not None, f"{behaviour}: {sure} begins with none of {LEVELS}"
        found = tuple(_TEST.findall(tests))
        assert ", ".join(f"`{path}::{name}`" for path, name in found) == tests, f"{behaviour}: {tests}"
        assert behaviour, line
        assert found, line
        yield Row(behaviour=behaviour, sure=level[1], tests=found)


@cache
def names_in(path: str) -> frozenset[str]:
    """List the tests of a file, relative to tests/emulator or to the repository; nothing where there is no file."""
    file = next((each for each in (ROOT / "tests" / "emulator" / path, ROOT / path) if each.is_file()), None)
    names: set[str] = set()
    for item in ast.parse(file.read_text("utf-8")).body if file else ():
        if isinstance(item, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(item.name)
        elif isinstance(item, ast.Assign):
            names.update(target.id for target in item.targets if isinstance(target, ast.Name))
    return frozenset(name for name in names if name.lower().startswith("test"))


def missing_tests(table: list[Row]) -> list[str]:
    return [f"{path}::{name}" for row in table for path, name in row.tests if name not in names_in(path)]


def repeated(table: list[Row]) -> list[str]:
    folded = [row.behaviour.casefold() for row in table]
    return [name for name in dict.fromkeys(folded) if folded.count(name) > 1]


def count_sentence(table: list[Row]) -> str:
    counts = [f"{sum(row.sure == level for row in table)} {level}" for level in LEVELS]
    return f"\n{len(table)} behaviours: {', '.join(counts)}.\n"


def unnamed(table: list[Row], wanted: set[str]) -> list[str]:
    """List what no row names, each as a word of its own."""
    text = "\n".join(row.behaviour for row in table)
    return sorted(name for name in wanted if not re.search(rf"(?<![\w/]){re.escape(name)}(?!\w)", text))


def areas() -> set[str]:
    return {"/".join(pattern[:2]) if pattern[0] in _SHARED else pattern[0] for pattern in ROUTES}


def test_every_row_names_a_test_that_exists() -> None:
    table = list(rows(section()))
    assert len(table) >= 90
    assert missing_tests(table) == []


def test_no_behaviour_stands_twice() -> None:
    assert repeated(list(rows(section()))) == []


def test_the_counts_are_right() -> None:
    text = section()
    assert count_sentence(list(rows(text))) in text
    assert f"\nOf the documented ones, {text.count('| documented (here')} are means of this tenant" in text


def test_every_fault_has_a_row() -> None:
    kinds = {kind.__struct_config__.tag for kind in get_args(Fault)}
    begun = {row.behaviour.partition(":")[0].partition(" ")[0] for row in rows(section())}
    assert kinds - begun == set()


def test_every_area_of_graph_and_every_refusal_is_named() -> None:
    table = list(rows(section()))
    assert unnamed(table, areas()) == []
    assert unnamed(table, {str(refusal.value.code) for refusal in Refusal}) == []


def test_every_assumption_is_taken_up_below() -> None:
    tables, found, rest = section().partition("\n### Not known\n")
    assert found
    assert not list(rows(rest))
    assert any(row.sure == "assumed" for row in rows(tables))
    assert rest.count("\n- **") >= 10


GOOD: Final = "| x | recorded (where) | `test_seed.py::test_names_that_are_not_there_are_refused` |\n"


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: line.replace("recorded", "certain"),
        lambda line: line.replace("recorded (where)", "recorded, where"),
        lambda line: line.replace("| x ", "|  "),
        lambda line: line.replace("| x ", "| x | y "),
        lambda line: line.replace("`test_seed", "test_seed"),
        lambda line: line.replace("::", ":"),
        lambda line: line.partition(" `")[0] + " |",
    ],
)
def test_a_row_that_is_none_is_noticed(spoil: Callable[[str], str]) -> None:
    assert len(list(rows(GOOD))) == 1
    with pytest.raises(AssertionError):
        list(rows(spoil(GOOD)))


def test_what_is_missing_twice_or_miscounted_is_noticed() -> None:
    table = list(rows(GOOD + GOOD.replace("| x", "| X").replace("_refused", "_welcome")))
    assert missing_tests(table) == ["test_seed.py::test_names_that_are_not_there_are_welcome"]
    assert missing_tests(list(rows(GOOD.replace("test_seed", "test_nobody")))) == [
        "test_nobody.py::test_names_that_are_not_there_are_refused"
    ]
    assert repeated(table) == ["x"]
    assert count_sentence(table) == "\n2 behaviours: 0 documented, 2 recorded, 0 read in a client, 0 assumed.\n"
    assert unnamed(table, {"x", "y"}) == ["y"]
