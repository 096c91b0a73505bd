"""Workflows and actions of GitHub; ``azure/login`` with a secret still signs in with it.

https://github.com/Azure/login: ``creds`` holds a client secret, ``client-id`` alone uses OpenID Connect.
"""

from __future__ import annotations

import re

from codemods.leftover import LeftoverKind
from codemods.leftovers.place import Place

_FILE = re.compile(r"(?:.*/)?\.github/(?:workflows|actions)/.*\.ya?ml|(?:.*/)?action\.ya?ml")
_LOGIN = re.compile(r"^[ \t]*(creds|client-secret)[ \t]*:", re.MULTILINE)


PLACE = Place(
    kind=LeftoverKind.GITHUB_ACTIONS,
    matches=lambda name: _FILE.fullmatch(name) is not None,
    constructs=((_LOGIN, LeftoverKind.GITHUB_LOGIN),),
    rank=0,
)
