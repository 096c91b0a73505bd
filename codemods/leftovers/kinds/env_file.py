"""Environment files, examples included: what they set is never shown."""

from __future__ import annotations

import re

from codemods.leftover import LeftoverKind
from codemods.leftovers.cut import Cut
from codemods.leftovers.env_lines import cut
from codemods.leftovers.place import Place

_FILE = re.compile(r"(?:.*/)?(?:\.env(?:[._-][\w.-]+)?|[\w.-]+\.env|\.envrc|\.flaskenv|(?:dot)?env)")
_SCRIPT = ".envrc"


def _cut(name: str, text: str, names: frozenset[str]) -> Cut:
    """Leave what direnv runs as a script alone (https://direnv.net/man/direnv.1.html)."""
    return Cut(text=text) if name.endswith(_SCRIPT) else cut(name, text, names)


PLACE = Place(
    kind=LeftoverKind.ENV_FILE,
    matches=lambda name: _FILE.fullmatch(name) is not None,
    cut=_cut,
)
