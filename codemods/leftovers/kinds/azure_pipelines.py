"""Azure Pipelines: variables, and tasks with a service connection."""

from __future__ import annotations

import re

from codemods.leftover import LeftoverKind
from codemods.leftovers.place import Place

_FILE = re.compile(
    r"(?:.*/)?azure-pipelines?[\w.-]*\.ya?ml|(?:.*/)?\.?(?:azure-pipelines|pipelines|azuredevops)/.*\.ya?ml"
)
_CONNECTION = re.compile(r"\b(servicePrincipalKey|addSpnToEnvironment)\b")

PLACE = Place(
    kind=LeftoverKind.AZURE_PIPELINES,
    matches=lambda name: _FILE.fullmatch(name) is not None,
    constructs=((_CONNECTION, LeftoverKind.AZURE_PIPELINES),),
    rank=0,
)
