"""Manifests of Kubernetes and charts of Helm: ``env``, ``secretKeyRef``, other YAML."""

from __future__ import annotations

import re

from codemods.leftover import LeftoverKind
from codemods.leftovers.makes import MAKES
from codemods.leftovers.place import Place
from codemods.leftovers.yaml_entries import Around, cutter

_HELM = re.compile(r"(?:^|.*/)(?:values[\w.-]*\.ya?ml|templates/.*\.(?:ya?ml|tpl))")
_OTHER = re.compile(r".*\.ya?ml")
_VALUES = re.compile(r"(?:^|.*/)values[\w.-]*\.ya?ml")
_VARIABLES = frozenset({"env", "extraEnv", "extraEnvVars", "envVars", "environment"})


def _rule(name: str, around: Around) -> str | None:
    """Take out of the ``env`` of a container, and out of maps and lists of variables in the values of a chart."""
    if not around.path or around.path[-1] != around.last:
        return None
    if {"apiVersion", "kind"} <= around.root:
        return "" if around.last == "env" and "image" in around.owner else None
    return "" if _VALUES.fullmatch(name) and around.last in _VARIABLES else None


PLACE = Place(
    kind=LeftoverKind.KUBERNETES,
    matches=lambda name: (_HELM.fullmatch(name) or _OTHER.fullmatch(name)) is not None,
    constructs=MAKES,
    rank=3,
    cut=cutter(_rule),
)
