"""The best assignment of all applications at once, and how much worse every other one is. Exact; knows numbers only.

Rows are applications, columns identities, a value is what a pair adds to the total; a row may stay open for 0, and a
column serves one row. Rows and columns that hang together are solved alone, so that an application that shares no
candidate with others is assigned as if it were the only one. Components of more than one row are solved by scipy's
sparse matching (LAPJVsp: Jonker and Volgenant, "A shortest augmenting path algorithm for dense and sparse linear
assignment problems", 1987), each row with a private column that stands for staying open.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from migrate.planning import residual

Edges = Mapping[int, Mapping[int, int]]
"""Row to column to value; no value is 0, so that no pair is worth exactly as much as none."""
_BATCH = 400
"""Rows that are handed to scipy at once: calls cost, and the algorithm grows faster than its input."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """The best assignment."""

    chosen: Mapping[int, int]
    """Column of every row that is assigned."""
    margins: Mapping[int, int]
    """By how much every assignment that gives the row or its column to somebody else is worse, at most the limit."""

    def total(self, edges: Edges) -> int:
        """Return what the assignment is worth."""
        return sum(edges[row][column] for row, column in self.chosen.items())


def match(edges: Edges, limit: int) -> Matching:
    """Return the assignment of the highest total; margins are exact below ``limit``, and ``limit`` above it."""
    chosen: dict[int, int] = {}
    margins: dict[int, int] = {}
    several: list[Sequence[int]] = []
    for rows in components(edges):
        if len(rows) == 1:
            _alone(rows[0], edges[rows[0]], limit, chosen, margins)
        else:
            several.append(rows)
    for group in _batches(several):
        chosen |= _solved(edges, [row for rows in group for row in rows])
    for island in several:
        margins |= residual.margins({row: edges[row] for row in island}, chosen, limit)
    return Matching(chosen=chosen, margins=margins)


def components(edges: Edges) -> Iterator[list[int]]:
    """Yield the rows that hang together by common columns, in the order of their first rows."""
    parent = {row: row for row in edges}

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    first: dict[int, int] = {}
    for row in sorted(edges):
        for column in edges[row]:
            if column in first:
                low, high = sorted((root(first[column]), root(row)))
                parent[high] = low
            else:
                first[column] = row
    found: defaultdict[int, list[int]] = defaultdict(list)
    for row in sorted(edges):
        found[root(row)].append(row)
    yield from found.values()


def _alone(row: int, values: Mapping[int, int], limit: int, chosen: dict[int, int], margins: dict[int, int]) -> None:
    ranked = sorted(((value, -column) for column, value in values.items()), reverse=True)
    if not ranked or ranked[0][0] <= 0:
        return
    chosen[row] = -ranked[0][1]
    margins[row] = min(limit, ranked[0][0] - ranked[1][0]) if len(ranked) > 1 else limit


def _batches(components: Iterable[Sequence[int]]) -> Iterator[list[Sequence[int]]]:
    group: list[Sequence[int]] = []
    for rows in components:
        if group and sum(map(len, group)) + len(rows) > _BATCH:
            yield group
            group = []
        group.append(rows)
    if group:
        yield group


def _solved(edges: Edges, rows: list[int]) -> dict[int, int]:
    """Solve components together by scipy; a constant on every value changes no choice, as every row gets a column."""
    from scipy.sparse import csr_array  # noqa: PLC0415 - heavy, and most tenants have few components that need it
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching  # noqa: PLC0415 - the same

    columns = sorted({column for row in rows for column in edges[row]})
    place = {column: at for at, column in enumerate(columns)}
    ground = 1 + max(abs(value) for row in rows for value in edges[row].values())
    weights, where, starts = [], [], [0]
    for at, row in enumerate(rows):
        for column in sorted(edges[row]):
            weights.append(edges[row][column] + ground)
            where.append(place[column])
        weights.append(ground)
        where.append(len(columns) + at)
        starts.append(len(where))
    graph = csr_array((weights, where, starts), shape=(len(rows), len(columns) + len(rows)), dtype=float)
    _, assigned = min_weight_full_bipartite_matching(graph, maximize=True)
    pairs = zip(rows, assigned.tolist(), strict=True)
    return {row: columns[column] for row, column in pairs if column < len(columns)}
