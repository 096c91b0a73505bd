"""Manifests of Kubernetes and charts of Helm: ``env``, ``secretKeyRef``, other YAML."""

from __future__ import annotations

import re

from codemods.leftover import LeftoverKind
from codemods.leftovers.place import Place

_HELM = re.compile(r"(?:^|.*/)(?:values[\w.-]*\.ya?ml|templates/.*\.(?:ya?ml|tpl))")
_OTHER = re.compile(r".*\.ya?ml")

PLACE = Place(
    kind=LeftoverKind.KUBERNETES,
    matches=lambda name: (_HELM.fullmatch(name) or _OTHER.fullmatch(name)) is not None,
    rank=3,
)
