"""Bicep and its parameter files."""

from __future__ import annotations

import re

from codemods.leftover import LeftoverKind
from codemods.leftovers.blocks import bicep
from codemods.leftovers.place import Place

_FILE = re.compile(r".*\.(?:bicep|bicepparam)")

PLACE = Place(
    kind=LeftoverKind.BICEP,
    matches=lambda name: _FILE.fullmatch(name) is not None,
    comment="//",
    cut=bicep,
)
