"""Variables that the value of an entry names: settings are often filled from the environment when they are read.

OmegaConf: https://omegaconf.readthedocs.io/en/latest/custom_resolvers.html#oc-env; Dynaconf:
https://www.dynaconf.com/dynamic/; pyaml-env: https://pypi.org/project/pyaml-env/; Spring and Docker: ``${NAME}``
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from codemods.leftover import Leftover

_NAMED: Final = re.compile(
    r"\$\{(?:oc\.env:|env:|ENV:)?([A-Z][A-Z0-9_]{2,})\b|\$([A-Z][A-Z0-9_]{2,})\b|\benv\[[\"']?([A-Z][A-Z0-9_]{2,})\b"
    r"|\benv(?:_var)?\([\"']([A-Z][A-Z0-9_]{2,})[\"']"
)


def named_in_values(found: Iterable[Leftover], base: Path) -> Mapping[str, frozenset[str | None]]:
    """Map the variables that entries of settings are filled from to the applications of the entries."""
    owners: dict[str, set[str | None]] = {}
    for each in found:
        for name in _names(base / each.path, each.line):
            owners.setdefault(name, set()).add(each.application)
    return {name: frozenset(whose) for name, whose in owners.items()}


def _names(path: Path, line: int) -> Iterator[str]:
    try:
        text = path.read_text("utf-8", "replace").split("\n")[line - 1]
    except (OSError, IndexError):
        return
    yield from (name for groups in _NAMED.findall(text) for name in groups if name)
