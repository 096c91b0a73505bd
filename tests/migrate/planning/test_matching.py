"""The assignment against every assignment there is, and against scipy's dense one."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from migrate.planning import matching
from migrate.planning.matching import components, match

LIMIT = 30
Graph = dict[int, dict[int, int]]
VALUES = st.integers(-10, 40).map(lambda value: 2 * value + 1)
GRAPHS = st.dictionaries(
    st.integers(0, 5), st.dictionaries(st.integers(0, 5), VALUES, min_size=1, max_size=4), max_size=5
)


def every(graph: Graph) -> Iterator[tuple[int, dict[int, int]]]:
    """Yield every assignment with its total."""

    def rest(rows: list[int], used: frozenset[int]) -> Iterator[dict[int, int]]:
        if not rows:
            yield {}
            return
        yield from rest(rows[1:], used)
        for column in graph[rows[0]].keys() - used:
            for more in rest(rows[1:], used | {column}):
                yield {rows[0]: column, **more}

    for chosen in rest(sorted(graph), frozenset()):
        yield sum(graph[row][column] for row, column in chosen.items()), chosen


def dense(graph: Graph) -> float:
    """Return the highest total by a dense solver, where 0 stands for staying open."""
    if not graph:
        return 0
    rows, columns = sorted(graph), sorted({column for values in graph.values() for column in values})
    weights = np.zeros((len(rows), len(columns) + len(rows)))
    for at, row in enumerate(rows):
        for column, value in graph[row].items():
            weights[at, columns.index(column)] = max(value, 0)
    chosen = linear_sum_assignment(weights, maximize=True)
    return float(weights[chosen].sum())


@given(graph=GRAPHS)
def test_the_total_is_the_highest_there_is(graph: Graph) -> None:
    matched = match(graph, LIMIT)
    assert len(set(matched.chosen.values())) == len(matched.chosen)
    assert matched.total(graph) == max(total for total, _ in every(graph)) == dense(graph)


@given(graph=GRAPHS)
def test_a_margin_is_what_giving_the_row_or_the_column_to_another_costs(graph: Graph) -> None:
    matched = match(graph, LIMIT)
    everything = list(every(graph))
    best = max(total for total, _ in everything)
    assert matched.margins.keys() == matched.chosen.keys()
    for row, column in matched.chosen.items():
        others = [
            total
            for total, chosen in everything
            if chosen.get(row, column) != column or any(one == column and other != row for other, one in chosen.items())
        ]
        assert matched.margins[row] == min(LIMIT, best - max(others, default=-1000))


@given(graph=GRAPHS, data=st.data())
def test_what_stands_by_a_margin_stands_in_any_order(graph: Graph, data: st.DataObject) -> None:
    new_row = dict(zip(sorted(graph), data.draw(st.permutations(sorted(graph))), strict=True))
    new_column = dict(enumerate(data.draw(st.permutations(range(6)))))
    renamed = {new_row[row]: {new_column[at]: value for at, value in values.items()} for row, values in graph.items()}
    before, after = match(graph, LIMIT), match(renamed, LIMIT)
    assert {new_row[row]: new_column[before.chosen[row]] for row, margin in before.margins.items() if margin > 0} == {
        row: after.chosen[row] for row, margin in after.margins.items() if margin > 0
    }


@pytest.mark.parametrize("size", [50, 300])
def test_large_components_are_as_good_as_the_dense_solver(size: int) -> None:
    dice = random.Random(size)  # noqa: S311 - no secrets
    graph = {
        row: {dice.randrange(size): 2 * dice.randrange(-10, 60) + 1 for _ in range(6)} for row in range(size)
    }  # fmt: skip
    assert len(list(components(graph))) < 5
    assert match(graph, LIMIT).total(graph) == dense(graph)


def test_small_components_are_solved_in_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = random.Random(3)  # noqa: S311 - no secrets
    graph = {
        row: {4 * (row // 3) + dice.randrange(4): 2 * dice.randrange(60) + 1 for _ in range(3)} for row in range(90)
    }
    whole = match(graph, LIMIT)
    monkeypatch.setattr(matching, "_BATCH", 5)
    assert match(graph, LIMIT).total(graph) == whole.total(graph) == dense(graph)
    assert [len(rows) for rows in components({0: {0: 1}, 1: {1: 1}, 2: {0: 1}})] == [2, 1]
