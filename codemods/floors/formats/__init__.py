"""One file for each format. A file here is found by import; nothing else has to know it."""

from __future__ import annotations

import functools
import importlib
import pkgutil

from codemods.floors.format import Format


@functools.cache
def load() -> tuple[Format, ...]:
    """Import every format and list them by the name of their file."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    return tuple(importlib.import_module(f"{__name__}.{name}").FORMAT for name in names)


def format_of(name: str) -> Format | None:
    """Find the format of a file by its path."""
    return next((item for item in load() if item.matches(name)), None)
