"""Templates of Azure Resource Manager, known by their schema."""

from __future__ import annotations

from codemods.leftover import LeftoverKind
from codemods.leftovers.place import Place

PLACE = Place(
    kind=LeftoverKind.BICEP,
    matches=lambda name: name.endswith(".json"),
    comment="//",
    applies=lambda text: "schema.management.azure.com" in text,
    rank=4,
)
