"""Shell and PowerShell scripts."""

from __future__ import annotations

import re

from codemods.leftover import LeftoverKind
from codemods.leftovers.place import Place

_FILE = re.compile(r".*\.(?:sh|bash|zsh|ps1|cmd|bat)|(?:.*/)?(?:Makefile|Procfile|justfile)")

PLACE = Place(
    kind=LeftoverKind.SHELL,
    matches=lambda name: _FILE.fullmatch(name) is not None,
    rank=2,
)
