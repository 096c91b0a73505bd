"""Compose files (https://docs.docker.com/reference/compose-file/)."""

from __future__ import annotations

import re

from codemods.leftover import LeftoverKind
from codemods.leftovers.place import Place
from codemods.leftovers.yaml_entries import Around, cutter

_FILE = re.compile(r"(?:.*/)?(?:docker-)?compose[\w.-]*\.ya?ml")


def _rule(_name: str, around: Around) -> str | None:
    """Take out of services that are built here; who reads in an image of somebody else cannot be seen."""
    match around.path:
        case ("services", _, "environment"):
            return "" if "build" in around.owner else "its service is not built here, so who reads it cannot be seen"
        case _:
            return None


PLACE = Place(
    kind=LeftoverKind.COMPOSE,
    matches=lambda name: _FILE.fullmatch(name) is not None,
    cut=cutter(_rule),
)
