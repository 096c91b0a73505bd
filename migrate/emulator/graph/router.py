"""Which handler answers which request: the routes of all areas together."""

import re
from collections.abc import Iterable
from types import ModuleType
from typing import Any, Final
from urllib.parse import unquote

from migrate.emulator.graph import activity, federated, objects
from migrate.emulator.graph.call import Call, Reply
from migrate.emulator.graph.errors import GraphError, unknown_segment
from migrate.emulator.graph.routing import GraphRoute, Key, Routes
from migrate.emulator.state.rules import RuleBreachError

_AREAS: Final[tuple[ModuleType, ...]] = (activity, federated, objects)
"""The modules that declare ``ROUTES``."""

_ALTERNATE_KEYS: Final = {
    "applications": ("appId", "uniqueName"),
    "servicePrincipals": ("appId",),
    "federatedIdentityCredentials": ("name",),
}
_KEYED: Final = re.compile(r"(?P<collection>\w+)\((?:(?P<name>\w+)=)?'(?P<value>(?:[^']|'')*)'\)")


def _merged(areas: Iterable[ModuleType]) -> Routes:
    merged: dict[tuple[str, ...], dict[str, GraphRoute]] = {}
    for area in areas:
        for pattern, methods in area.ROUTES.items():
            taken = merged.setdefault(pattern, {})
            if not taken.keys().isdisjoint(methods):
                raise ValueError(f"{area.__name__} serves {'/'.join(pattern)}, which another area serves")
            taken.update(methods)
    return merged


ROUTES: Final = _merged(_AREAS)
"""Everything that is served, by path."""
_PREFIXES: Final = frozenset(pattern[:length] for pattern in ROUTES for length in range(1, len(pattern) + 1))


def dispatch(call: Call, method: str) -> Reply:
    """Answer a request."""
    pattern, keys = _split(call.path)
    methods = ROUTES.get(pattern)
    if methods is None:
        raise unknown_segment(_first_unknown(pattern, call.path))
    route = methods.get(method)
    if route is None:
        raise GraphError(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
    if call.version not in route.versions:
        raise unknown_segment(pattern[-1])
    call.demand(*route.permissions)
    try:
        return route.handler(call, *keys)
    except RuleBreachError as breach:
        raise GraphError(breach.status, breach.code, breach.message) from breach


def _split(path: str) -> tuple[tuple[str, ...], list[Key]]:
    """Take the keys out of a path: ``x/{id}``, ``x('id')`` and ``x(appId='..')`` all become ``x/*``."""
    pattern: tuple[str, ...] = ()
    keys: list[Key] = []
    for raw in path.split("/")[1:]:
        segment = unquote(raw).removesuffix("()")  # functions may be called with or without parentheses
        match = _KEYED.fullmatch(segment)
        if match is not None and (*pattern, match["collection"], "*") in _PREFIXES:
            pattern = (*pattern, match["collection"], "*")
            keys.append(_key(match))
        elif (*pattern, segment) not in _PREFIXES and (*pattern, "*") in _PREFIXES and not segment.startswith("$"):
            pattern = (*pattern, "*")
            keys.append(("id", segment))
        elif segment:
            pattern = (*pattern, segment)
    return pattern, keys


def _key(match: re.Match[str]) -> Key:
    name = match["name"] or "id"
    if name != "id" and name not in _ALTERNATE_KEYS.get(match["collection"], ()):
        raise GraphError(400, "BadRequest", f"'{name}' is not an alternate key of '{match['collection']}'.")
    return name, match["value"].replace("''", "'")


def _first_unknown(pattern: tuple[str, ...], path: str) -> str:
    known: Any = ()
    for index, segment in enumerate(pattern):
        known = pattern[: index + 1]
        if known not in _PREFIXES:
            return segment
    return path.rpartition("/")[2]
