"""Settings of .NET and Azure Functions, and what programs name ``config`` or ``settings``."""

from __future__ import annotations

import re

from codemods.leftover import LeftoverKind
from codemods.leftovers.cut import Cut
from codemods.leftovers.json_entries import Keys, cutter
from codemods.leftovers.place import Place

_FILE = re.compile(
    r"(?:.*/)?(?:appsettings[\w.-]*|host|local\.settings|\.?(?:config|settings|secrets)[\w.-]*)\.(?:json|toml|ini|cfg|conf|ya?ml)"
)
_HOST = re.compile(r"(?:.*/)?local\.settings\.json")
_APP = re.compile(r"(?:.*/)?appsettings[\w.-]*\.json")


def _cut(name: str, text: str, names: frozenset[str]) -> Cut:
    """Leave files alone that programs read by themselves: they may insist on an entry."""
    known = _HOST.fullmatch(name) or _APP.fullmatch(name)
    return cutter(_rule)(name, text, names) if known else Cut(text=text)


def _rule(name: str, keys: Keys) -> bool:
    """Take out of the variables of Azure Functions, and out of the settings of .NET, which have no schema.

    https://learn.microsoft.com/azure/azure-functions/functions-develop-local#local-settings-file
    """
    return keys == ("Values",) if _HOST.fullmatch(name) else _APP.fullmatch(name) is not None


PLACE = Place(
    kind=LeftoverKind.SETTINGS_FILE,
    matches=lambda name: _FILE.fullmatch(name) is not None,
    comment="",
    rank=2,
    cut=_cut,
)
