"""Scripts without an ending, known by their first line (Python is judged by its syntax)."""

from __future__ import annotations

import re

from codemods.leftover import LeftoverKind
from codemods.leftovers.makes import MAKES
from codemods.leftovers.place import Place

_FILE = re.compile(r"(?:.*/)?[^./]+")
_FIRST = re.compile(r"#!(?![^\n]*python)")

PLACE = Place(
    kind=LeftoverKind.SHELL,
    matches=lambda name: _FILE.fullmatch(name) is not None,
    applies=lambda text: _FIRST.match(text) is not None,
    constructs=MAKES,
    rank=5,
    guessed=True,
)
