"""Where evidence of use comes from. Each file of this package is one source, found by being there."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from inventory.evidence_source import EvidenceSource


@functools.cache
def sources() -> tuple[EvidenceSource, ...]:
    """Return every source of this package by name; a module without one, or a second one of a name, is an error."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    found: tuple[EvidenceSource, ...] = tuple(importlib.import_module(f"{__name__}.{name}").SOURCE for name in names)
    if len({source.name for source in found}) != len(found):
        raise ValueError(f"two sources of evidence have the same name: {sorted(source.name for source in found)}")
    return found
