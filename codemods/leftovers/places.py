"""Which files set variables, by their names; one file below ``kinds`` for each kind of place."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from codemods.leftovers import kinds
from codemods.leftovers.place import Place


@functools.cache
def load() -> tuple[Place, ...]:
    """Import every kind and list the places, more special ones first."""
    names = sorted(module.name for module in pkgutil.iter_modules(kinds.__path__))
    places = [importlib.import_module(f"{kinds.__name__}.{name}").PLACE for name in names]
    return tuple(sorted(places, key=lambda place: place.rank))


def place_of(name: str) -> Place | None:
    """Find the kind of a file by its path below the project."""
    return next((place for place in load() if place.matches(name)), None)
