"""How much worse an assignment gets when one of its pairs is given up: shortest paths in the residual graph. Pure.

An optimal assignment is left by an alternating cycle (Ahuja, Magnanti, Orlin, "Network Flows", chapter 12): the row
goes to another column, whose row goes on, until one stays open or the cycle closes. The cheapest cycle through a pair
is its margin. That the row stays open and its column free is not counted: nobody else claims anything there.
"""

from __future__ import annotations

import heapq
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass

_FAR = 1 << 60
_Edges = Mapping[int, Mapping[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Graph:
    edges: _Edges
    mate: Mapping[int, int]
    """Column of an assigned row."""
    owner: Mapping[int, int]
    """Row of a taken column."""
    rows_of: Mapping[int, list[int]]
    """Rows that have a candidate in a column."""


def margins(edges: _Edges, chosen: Mapping[int, int], limit: int) -> dict[int, int]:
    """Return the margin of every assigned row of one component, at most ``limit``."""
    mate = {row: chosen[row] for row in edges if row in chosen}
    rows_of: defaultdict[int, list[int]] = defaultdict(list)
    for row, values in edges.items():
        for column in values:
            rows_of[column].append(row)
    graph = _Graph(edges=edges, mate=mate, owner={column: row for row, column in mate.items()}, rows_of=rows_of)
    leaving, entering = _leaving(graph), _entering(graph)
    found = {row: _by_leaving(graph, row, leaving, entering, limit) for row in mate}
    if len(mate) == 1:
        return found
    steps = {row: _steps(graph, row, entering, limit) for row in mate}
    return {row: _cycle(steps, row, margin) for row, margin in found.items()}


def _leaving(graph: _Graph) -> dict[int, int]:
    """Return for each column what it costs at least to end there: it is free, or its row leaves it."""
    cost = {column: 0 if column not in graph.owner else _FAR for column in graph.rows_of}
    for column, row in graph.owner.items():
        cost[column] = graph.edges[row][column]  # its row stays open
    waiting = deque(sorted(cost))
    queued = set(waiting)
    while waiting:
        column = waiting.popleft()
        queued.discard(column)
        for row in graph.rows_of[column]:
            own = graph.mate.get(row)
            if own is None or own == column:
                continue
            found = graph.edges[row][own] - graph.edges[row][column] + cost[column]
            if found < cost[own]:
                cost[own] = found
                if own not in queued:
                    waiting.append(own)
                    queued.add(own)
    return cost


def _entering(graph: _Graph) -> dict[int, int]:
    """Return for each row what it costs at least that it loses its column, which somebody else may then take."""
    cost = {row: 0 if row not in graph.mate else graph.edges[row][graph.mate[row]] for row in graph.edges}
    waiting = deque(sorted(cost))
    queued = set(waiting)
    while waiting:
        row = waiting.popleft()
        queued.discard(row)
        for column, value in graph.edges[row].items():
            other = graph.owner.get(column)
            if other is None or other == row:
                continue
            found = cost[row] - value + graph.edges[other][column]
            if found < cost[other]:
                cost[other] = found
                if other not in queued:
                    waiting.append(other)
                    queued.add(other)
    return cost


def _by_leaving(graph: _Graph, row: int, leaving: Mapping[int, int], entering: Mapping[int, int], limit: int) -> int:
    """Return the cheapest way that ends in a column that becomes free or a row that stays open, at most ``limit``."""
    own = graph.mate[row]
    value = graph.edges[row][own]
    goes = min((leaving[column] - worth for column, worth in graph.edges[row].items() if column != own), default=_FAR)
    comes = min(
        (entering[other] - graph.edges[other][own] for other in graph.rows_of[own] if other != row), default=_FAR
    )
    return min(limit, value + goes, value + comes, value + goes + comes)


def _steps(graph: _Graph, row: int, entering: Mapping[int, int], limit: int) -> list[tuple[int, int]]:
    """Return what it costs that a row takes the column of another one, for each, the cheapest first.

    What it costs that a row loses its column serves as potential, so that no step costs less than nothing.
    """
    found = []
    for column, value in graph.edges[row].items():
        other = graph.owner.get(column, row)
        if other != row:
            cost = entering[row] - value + graph.edges[other][column] - entering[other]
            if cost < limit:
                found.append((cost, other))
    return sorted(found)


def _cycle(steps: Mapping[int, list[tuple[int, int]]], start: int, limit: int) -> int:
    """Return the cheapest exchange of columns among assigned rows through one row, or ``limit``: Dijkstra."""
    best = {start: 0}
    heap = [(0, start)]
    while heap and heap[0][0] < limit:
        cost, row = heapq.heappop(heap)
        if cost > best[row]:
            continue
        for step, other in steps[row]:
            reached = cost + step
            if reached >= limit:
                break
            if other == start:
                limit = reached
            elif reached < best.get(other, limit):
                best[other] = reached
                heapq.heappush(heap, (reached, other))
    return limit
