"""Settings of .NET and Azure Functions, and what programs name ``config`` or ``settings``."""

from __future__ import annotations

import re

from codemods.leftover import LeftoverKind
from codemods.leftovers.place import Place

_FILE = re.compile(
    r"(?:.*/)?(?:appsettings[\w.-]*|host|local\.settings|(?:config|settings|secrets)[\w.-]*)\.(?:json|toml|ini|ya?ml)"
)

PLACE = Place(
    kind=LeftoverKind.SETTINGS_FILE,
    matches=lambda name: _FILE.fullmatch(name) is not None,
    comment="",
    rank=2,
)
