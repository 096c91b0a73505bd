"""Environment files, examples included: what they set is never shown."""

from __future__ import annotations

import re

from codemods.leftover import LeftoverKind
from codemods.leftovers.place import Place

_FILE = re.compile(r"(?:.*/)?(?:\.env(?:\.[\w.-]+)?|[\w-]+\.env|\.envrc|\.flaskenv)")

PLACE = Place(
    kind=LeftoverKind.ENV_FILE,
    matches=lambda name: _FILE.fullmatch(name) is not None,
)
