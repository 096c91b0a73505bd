"""Evidence for a pairing. Each file of this package is one kind, found by being there; none imports another."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from migrate.planning.hint import Evidence


@functools.cache
def kinds() -> tuple[Evidence, ...]:
    """Return every kind in the order in which they are asked; a name that is there twice is an error."""
    modules = sorted(module.name for module in pkgutil.iter_modules(__path__))
    found: tuple[Evidence, ...] = tuple(importlib.import_module(f"{__name__}.{name}").EVIDENCE for name in modules)
    if len({one.name for one in found}) != len(found):
        raise ValueError(f"two kinds of evidence have the same name: {sorted(one.name for one in found)}")
    return tuple(sorted(found, key=lambda one: (one.stage, one.name)))
