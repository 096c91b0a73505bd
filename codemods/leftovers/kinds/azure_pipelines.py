"""Azure Pipelines: variables, and tasks with a service connection."""

from __future__ import annotations

import re

from codemods.leftover import LeftoverKind
from codemods.leftovers.makes import MAKES
from codemods.leftovers.place import Place
from codemods.leftovers.yaml_entries import Around, cutter

_FILE = re.compile(
    r"(?:.*/)?azure-pipelines?[\w.-]*\.ya?ml|(?:.*/)?\.?(?:azure-pipelines|pipelines|azuredevops)/.*\.ya?ml"
)
_CONNECTION = re.compile(r"\b(servicePrincipalKey|addSpnToEnvironment)\b")
_SCRIPTS = frozenset({"script", "bash", "pwsh", "powershell"})


def _rule(_name: str, around: Around) -> str | None:
    """Take out of ``variables`` and of the ``env`` of scripts; a task may read what is set for it."""
    if around.last == "variables" and around.path[-1] == "variables":
        return ""
    if around.last == "env" and around.path[-1] == "env":
        return "" if _SCRIPTS & around.owner else "the task may read it"
    return None


PLACE = Place(
    kind=LeftoverKind.AZURE_PIPELINES,
    matches=lambda name: _FILE.fullmatch(name) is not None,
    constructs=((_CONNECTION, LeftoverKind.AZURE_PIPELINES), *MAKES),
    rank=0,
    cut=cutter(_rule),
)
