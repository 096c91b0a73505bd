"""One file for each format: ``to_<name>.py`` with a ``FORMAT``; a new file is found by being there.

A format never imports another; what they share stands in ``reports.text`` and ``reports.findings``.
"""

from __future__ import annotations

import functools
import pkgutil
from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType

from reports.format import Format

_PREFIX = "to_"


@functools.cache
def formats() -> Mapping[str, Format]:
    """Return every format by name, in alphabetical order; refuse two files that claim one name."""
    found: dict[str, Format] = {}
    for module in sorted(info.name for info in pkgutil.iter_modules(__path__) if info.name.startswith(_PREFIX)):
        one: Format = import_module(f"{__name__}.{module}").FORMAT
        if one.name in found:
            raise ValueError(f"reports/formats/{module}.py: the format {one.name!r} exists already")
        found[one.name] = one
    return MappingProxyType(found)
