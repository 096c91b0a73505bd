"""Settings in files of any name: a section and a key, whatever reads them."""

from __future__ import annotations

import re

from codemods.leftover import LeftoverKind
from codemods.leftovers.place import Place

_FILE = re.compile(r".*\.(?:toml|ini|cfg|conf|properties)")

PLACE = Place(
    kind=LeftoverKind.SETTINGS_FILE,
    matches=lambda name: _FILE.fullmatch(name) is not None,
    rank=6,
    guessed=True,
)
