"""Members of JSON files of any name: settings, lists of variables of a deployment, commands of ``package.json``."""

from __future__ import annotations

import re
from typing import Final

from codemods.leftover import LeftoverKind
from codemods.leftovers.place import Place

_FINDINGS = re.compile(r"\s*\{\s*\"\$?schema\"\s*:\s*\"(?:unsecret/|[^\"]*\bsarif\b)", re.IGNORECASE)
_PLAN: Final = ('"schema":', '"pairings":')


def _sets_something(text: str) -> bool:
    """Tell settings from what this tool and others found: results and plans name a variable and set nothing."""
    return _FINDINGS.match(text) is None and not all(key in text for key in _PLAN)


PLACE = Place(
    kind=LeftoverKind.SETTINGS_FILE,
    matches=lambda name: name.endswith((".json", ".jsonc", ".json5")),
    comment="//",
    applies=_sets_something,
    only=r"\b{name}=|\"{name}\"\s*:|\"(?:name|key|Name|Key)\"\s*:\s*\"{name}\"|\$\{{?(?:\w+:)?{name}\b",
    rank=6,
    guessed=True,
)
