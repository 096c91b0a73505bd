"""Compose files (https://docs.docker.com/reference/compose-file/)."""

from __future__ import annotations

import re

from codemods.leftover import LeftoverKind
from codemods.leftovers.place import Place

_FILE = re.compile(r"(?:.*/)?(?:docker-)?compose[\w.-]*\.ya?ml")

PLACE = Place(
    kind=LeftoverKind.COMPOSE,
    matches=lambda name: _FILE.fullmatch(name) is not None,
)
