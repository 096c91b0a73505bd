"""Members of JSON files of any name: settings, lists of variables of a deployment."""

from __future__ import annotations

from codemods.leftover import LeftoverKind
from codemods.leftovers.place import Place

PLACE = Place(
    kind=LeftoverKind.SETTINGS_FILE,
    matches=lambda name: name.endswith((".json", ".jsonc", ".json5")),
    comment="//",
    only=r"\"{name}\"\s*:|\"(?:name|key|Name|Key)\"\s*:\s*\"{name}\"|\$\{{?(?:\w+:)?{name}\b",
    rank=6,
    guessed=True,
)
