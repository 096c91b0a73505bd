"""Finds what an emulator serves, by walking from its servers to the routes behind them."""

from collections.abc import Iterator
from typing import Any

from starlette.applications import Starlette
from starlette.routing import Route

from migrate.emulator.server import Emulator


def applications_of(emulator: Emulator) -> list[list[Starlette]]:
    """Give the applications behind each of the emulator's servers, however many layers wrap them."""
    return [list(_walk(server.config.app, set())) for server in emulator._servers]


def routes_of(emulator: Emulator) -> dict[str, set[str]]:
    """Give the methods of each path that some application answers."""
    found: dict[str, set[str]] = {}
    for applications in applications_of(emulator):
        for application in applications:
            for route in application.routes:
                assert isinstance(route, Route), f"{route} is of a kind that nobody has thought of"
                found.setdefault(route.path, set()).update(route.methods or ())
    return found


def _walk(thing: Any, seen: set[int]) -> Iterator[Starlette]:
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, Starlette):
        yield thing
        return
    inner = list(thing.values()) if isinstance(thing, dict) else list(getattr(thing, "__dict__", {}).values())
    for item in inner:
        if isinstance(item, dict) or callable(item):
            yield from _walk(item, seen)
