"""One file for each library family. A file here is found by import; nothing else has to know it."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

from codemods.transform import Transform, registered


def load() -> tuple[Transform, ...]:
    """Import every family once and list the transforms by name."""
    _modules()
    return registered()


def summary_of(transform: Transform) -> str:
    """Return the first line of the docstring of the file that a transform is made in."""
    made_in = next((one for one in _modules() if any(value is transform for value in vars(one).values())), None)
    return ((made_in and made_in.__doc__) or transform.name).strip().partition("\n")[0].rstrip(".")


def _modules() -> list[ModuleType]:
    return [importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__)]
