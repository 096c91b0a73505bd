"""Dockerfiles: ``ENV`` and ``ARG`` (https://docs.docker.com/reference/dockerfile/)."""

from __future__ import annotations

import re

from codemods.leftover import LeftoverKind
from codemods.leftovers.place import Place

_FILE = re.compile(r"(?:.*/)?(?:(?:Docker|Container)file(?:\.[\w.-]+)?|Earthfile)|(?:.*/)?[\w.-]+\.[Dd]ockerfile")

PLACE = Place(
    kind=LeftoverKind.DOCKERFILE,
    matches=lambda name: _FILE.fullmatch(name) is not None,
)
