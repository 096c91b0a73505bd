"""The list of gaps is complete and names nothing that is served."""

from dataclasses import replace
from itertools import chain
from typing import Final

import pytest

from migrate.emulator.arm.router import ROUTES as ARM_ROUTES
from migrate.emulator.gaps import GAPS
from migrate.emulator.graph.router import ROUTES
from tests.emulator.fidelity.coverage import Place, place_of
from tests.emulator.fidelity.operations import Operation, families, first_segment, operations

GRAPH: Final = [(gap, place_of(gap)) for gap in GAPS if gap.service == "graph"]
SERVED: Final = {pattern[0] for pattern in ROUTES}


def served_in_part() -> list[str]:
    return [family for family in families() if first_segment(family) in SERVED]


def is_served(operation: Operation) -> bool:
    route = ROUTES.get(operation.pattern, {}).get(operation.method)
    return route is not None and "v1.0" in route.versions


def listed(operation: Operation, version: str = "v1.0", *, rest: bool = True) -> list[str]:
    return [
        gap.path
        for gap, place in GRAPH
        if place.version == version
        and place.covers(operation.method, operation.pattern)
        and (rest or not place.is_rest)
    ]


@pytest.mark.parametrize("family", served_in_part())
def test_every_operation_of_the_sdk_is_served_or_listed(family: str) -> None:
    missing = [
        f"{operation.method} {'/'.join(operation.pattern)}"
        for operation in operations(family)
        if not is_served(operation) and not listed(operation)
    ]
    assert missing == [], "neither served nor listed as gaps"


def test_every_family_of_the_sdk_is_served_in_part_or_listed() -> None:
    whole = {place.pattern[0] for _, place in GRAPH if place.pattern[1:] == ("**",) and place.version == "v1.0"}
    assert {first_segment(family) for family in families()} - SERVED == whole


@pytest.mark.parametrize("version", ["v1.0", "beta"])
def test_nothing_that_is_served_is_listed(version: str) -> None:
    routes = [
        Operation(method=method, pattern=pattern, model="")
        for pattern, methods in ROUTES.items()
        for method, route in methods.items()
        if version in route.versions
    ]
    assert {route: found for route in routes if (found := listed(route, version, rest=False))} == {}


def test_every_gap_is_about_something_the_sdk_can_ask() -> None:
    known = tuple(chain.from_iterable(operations(family) for family in served_in_part()))

    def is_known(place: Place) -> bool:
        return any(
            place.covers(operation.method, operation.pattern) and not is_served(operation) for operation in known
        )

    stale = [
        gap.path
        for gap, place in GRAPH
        if place.version == "v1.0" and place.pattern[0] in SERVED - {"me"} and not is_known(place)
    ]
    assert stale == []  # the sdk asks for users instead of me


def test_nothing_that_azure_resource_manager_serves_is_listed() -> None:
    listed = [place_of(gap) for gap in GAPS if gap.service == "arm"]
    places = [replace(each, pattern=tuple(part.lower() for part in each.pattern)) for each in listed]
    served = [
        (method, pattern)
        for pattern, methods in ARM_ROUTES.items()
        for method in methods
        if any(place.covers(method, pattern) for place in places)
    ]
    assert served == []


def test_gaps_are_sorted_and_say_why() -> None:
    assert list(GAPS) == sorted(set(GAPS))
    assert len({(gap.service, gap.path) for gap in GAPS}) == len(GAPS)
    assert all(gap.why.strip() for gap in GAPS)
