"""Workflows and actions of GitHub; ``azure/login`` with a secret still signs in with it.

https://github.com/Azure/login: ``creds`` holds a client secret, ``client-id`` alone uses OpenID Connect.
"""

from __future__ import annotations

import re

from codemods.leftover import LeftoverKind
from codemods.leftovers.makes import MAKES
from codemods.leftovers.place import Place
from codemods.leftovers.yaml_entries import Around, cutter

_FILE = re.compile(r"(?:.*/)?\.github/(?:workflows|actions)/.*\.ya?ml|(?:.*/)?action\.ya?ml")
_LOGIN = re.compile(r"^[ \t]*(creds|client-secret)[ \t]*:", re.MULTILINE)


def _rule(_name: str, around: Around) -> str | None:
    """Take out of ``env``; an action that is used by a step may read what is set for that step."""
    match around.path:
        case ("env",) | ("jobs", _, "env") | ("jobs", _, "container", "env"):
            return ""
        case ("jobs", _, "steps", int(), "env") | ("runs", "steps", int(), "env"):
            return "the action that the step uses may read it" if "uses" in around.owner else ""
        case _:
            return None


PLACE = Place(
    kind=LeftoverKind.GITHUB_ACTIONS,
    matches=lambda name: _FILE.fullmatch(name) is not None,
    constructs=((_LOGIN, LeftoverKind.GITHUB_LOGIN), *MAKES),
    rank=0,
    cut=cutter(_rule),
)
