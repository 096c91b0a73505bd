"""Which files set variables, by their names; one file below ``kinds`` for each kind of place."""

from __future__ import annotations

import functools
import importlib
import pkgutil
import re
from dataclasses import replace

from codemods.leftovers import kinds
from codemods.leftovers.place import Place

_TEMPLATE = re.compile(r"(?<=[\w-])[._-](?:dist|erb|example|gotmpl|in|j2|jinja2?|mustache|sample|template|tmpl|tpl)\Z")


@functools.cache
def load() -> tuple[Place, ...]:
    """Import every kind and list the places, more special ones first."""
    names = sorted(module.name for module in pkgutil.iter_modules(kinds.__path__))
    places = [importlib.import_module(f"{kinds.__name__}.{name}").PLACE for name in names]
    return tuple(sorted(places, key=lambda place: place.rank))


def place_of(name: str, text: str | None = None) -> Place | None:
    """Find the kind of a file by its path below the project, and by its text where that is known.

    What a template is made into is of a kind as well: ``app.env.j2``, ``settings.toml.example``.
    """
    made = _TEMPLATE.sub("", name)
    found = [place for place in load() if place.matches(name)]
    found += [replace(place, cut=None) for place in load() if made != name and place.matches(made)]
    return next((place for place in found if text is None or place.applies(text)), None)
