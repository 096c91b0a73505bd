"""One file for each library family. A file here is found by import; nothing else has to know it."""

from __future__ import annotations

import importlib
import pkgutil

from codemods.transform import Transform, registered


def load() -> tuple[Transform, ...]:
    """Import every family once and list the transforms by name."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return registered()
