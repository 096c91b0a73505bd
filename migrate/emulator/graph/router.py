"""Which handler answers which request: the routes of all areas together."""

import re
from collections.abc import Iterable
from types import ModuleType
from typing import Any, Final
from urllib.parse import unquote

from migrate.emulator.graph import (
    activity,
    assignments,
    audits,
    collections,
    deleted,
    delta,
    directory_objects,
    federated,
    keys,
    objects,
    owners,
    passwords,
    policies,
    role_management,
)
from migrate.emulator.graph.batch import SEGMENT, answer_batch
from migrate.emulator.graph.call import Call, Reply
from migrate.emulator.graph.errors import GraphError, bad_request, unknown_segment
from migrate.emulator.graph.ownership import is_admitted
from migrate.emulator.graph.routing import GraphRoute, Key, Routes
from migrate.emulator.state.rules import RuleBreachError

_AREAS: Final[tuple[ModuleType, ...]] = (
    activity,
    assignments,
    audits,
    collections,
    deleted,
    delta,
    directory_objects,
    federated,
    keys,
    objects,
    owners,
    passwords,
    policies,
    role_management,
)
"""The modules that declare ``ROUTES``."""

_ALTERNATE_KEYS: Final = {
    "applications": ("appId", "uniqueName"),
    "servicePrincipals": ("appId",),
    "federatedIdentityCredentials": ("name",),
}
_KEYED: Final = re.compile(r"(?P<collection>\w+)\((?:(?P<name>\w+)=)?'(?P<value>(?:[^']|'')*)'\)")


def _merged(areas: Iterable[Routes]) -> Routes:
    merged: dict[tuple[str, ...], dict[str, GraphRoute]] = {}
    for area in areas:
        for pattern, methods in area.items():
            taken = merged.setdefault(pattern, {})
            if not taken.keys().isdisjoint(methods):
                raise ValueError(f"{'/'.join(pattern)} is served by two areas")
            taken.update(methods)
    return merged


def _batch(call: Call) -> Reply:
    return answer_batch(call, _dispatch_part)


def _dispatch_part(call: Call, method: str) -> Reply:
    if _split(call.path)[0] == (SEGMENT,):
        raise bad_request("A batch cannot be part of a batch.")
    return dispatch(call, method)


ROUTES: Final = _merged((
    *(area.ROUTES for area in _AREAS),
    {(SEGMENT,): {"POST": GraphRoute(handler=_batch, permissions=())}},
))  # fmt: skip
"""Everything that is served, by path."""
_PREFIXES: Final = frozenset(pattern[:length] for pattern in ROUTES for length in range(1, len(pattern) + 1))
_SPELLINGS: Final = {(*prefix[:-1], prefix[-1].lower()): prefix[-1] for prefix in _PREFIXES}


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
    if route.permissions and not is_admitted(call, route, pattern, keys):
        call.demand(*route.permissions)
    try:
        handler = audits.noting(route.handler, method, pattern)
        reply: Reply = call.tenant.faults.serve(call, method, pattern, keys, handler)
    except RuleBreachError as breach:
        raise GraphError(breach.status, breach.code, breach.message, target=breach.target) from breach
    return reply


def _split(path: str) -> tuple[tuple[str, ...], list[Key]]:
    """Take the keys out of a path: ``x/{id}``, ``x('id')`` and ``x(appId='..')`` all become ``x/*``."""
    pattern: tuple[str, ...] = ()
    keys: list[Key] = []
    for raw in path.split("/")[1:]:
        segment = _spelled(pattern, unquote(raw).removesuffix("()"))  # functions may be called without parentheses
        match = _KEYED.fullmatch(segment)
        if match is not None and (*pattern, match["collection"], "*") in _PREFIXES:
            pattern = (*pattern, match["collection"], "*")
            keys.append(_key(match))
        elif _is_key(pattern, segment):
            pattern = (*pattern, "*")
            keys.append(("id", segment))
        elif segment:
            pattern = (*pattern, segment)
    return pattern, keys


def _spelled(pattern: tuple[str, ...], segment: str) -> str:
    """Write a segment as the routes do: its case does not matter, nor does the namespace of a function or a type."""
    for name in (segment, f"microsoft.{segment}", segment.removeprefix("microsoft.").removeprefix("graph.")):
        known = _SPELLINGS.get((*pattern, name.lower()))
        if known is not None:
            return known
    return segment


def _is_key(pattern: tuple[str, ...], segment: str) -> bool:
    named = segment == "*" or (*pattern, segment) not in _PREFIXES  # an asterisk is a client's key, not the pattern's
    return named and (*pattern, "*") in _PREFIXES and not segment.startswith("$")


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
